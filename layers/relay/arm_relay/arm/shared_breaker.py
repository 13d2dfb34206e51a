"""The webhook's breaker: while ARM is out of reach, a batch is not sent, so that nothing is in doubt.

What it knows is shared by all environments of the function and by the poller, in one item of the table. The poller asks
ARM again, and any answer closes the breaker.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol, override

from arm_relay.arm.errors import ArmError, NoAnswer, NotSent, Scope
from arm_relay.arm.ledger import ForwardingLedger, Ledger
from arm_relay.observability import Journal
from arm_relay.store.outage import LIMIT
from arm_relay.store.table import StoreUnavailable

#: How long what was read of the outage counts, in an environment.
READ_EVERY: Final = timedelta(seconds=5)

#: Why a batch waits whose submission was not even tried.
OUT_OF_REACH: Final = "ARM is out of reach"


class Outages(Protocol):
    """What is known of an outage of ARM. Every call may raise `StoreUnavailable`."""

    def failures(self, now: datetime) -> int:
        """How many calls to ARM in a row failed lately."""

    def failed(self, now: datetime) -> None:
        """Count a failure."""

    def answered(self) -> None:
        """Forget the failures."""


class SharedBreaker(ForwardingLedger):
    """A ledger that is not called while it is known to be out of reach."""

    def __init__(self, ledger: Ledger, outages: Outages, journal: Journal, now: Callable[[], datetime]) -> None:
        super().__init__(ledger)
        self._outages = outages
        self._journal = journal
        self._now = now
        self._failures = 0
        self._read_at: datetime | None = None

    @override
    def _forward[T](self, name: str, client_no: str, call: Callable[[], T]) -> T:
        if self._known_failures() >= LIMIT:
            raise NotSent(OUT_OF_REACH, scope=Scope.ARM)
        try:
            answer = call()
        except ArmError as error:
            if error.scope is Scope.ARM:
                self._report(lambda: self._outages.failed(self._now()))
                self._read_at = None
            raise
        if self._failures:
            self._report(self._outages.answered)
            self._read_at = None
        return answer

    @override
    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """Not asked while ARM is out of reach. What becomes of it is not counted: previews must not hold up orders."""
        if self._known_failures() >= LIMIT:
            raise NoAnswer(OUT_OF_REACH, scope=Scope.ARM)
        return super().customer(client_no, customer_no, within)

    def _known_failures(self) -> int:
        now = self._now()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < READ_EVERY:
            self._read_at = now
            self._failures = 0
            self._report(self._read)
        return self._failures

    def _read(self) -> None:
        self._failures = self._outages.failures(self._now())

    def _report(self, call: Callable[[], None]) -> None:
        """Without the table's word ARM is called as if nothing were known."""
        try:
            call()
        except StoreUnavailable as error:
            self._journal.transient_error(str(error))
