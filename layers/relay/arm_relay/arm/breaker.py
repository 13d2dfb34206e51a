"""Notices that ARM is out of reach, or refuses to serve a client, so that a run need not find out once per batch."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Final, override

from arm_relay.arm.errors import ArmError, NoAnswer, Scope
from arm_relay.arm.ledger import ForwardingLedger, Ledger

#: How many calls in a row must fail for a reason that does not lie with the batch.
LIMIT: Final = 3

#: A document number to ask for only to see whether ARM answers.
ANY_NUMBER: Final = "0"


class Breaker(ForwardingLedger):
    """A ledger, watched for one run of the poller: once open, it stays open."""

    def __init__(self, ledger: Ledger, *, suspected: bool = False) -> None:
        """`suspected` where ARM was out of reach a moment ago: nothing is submitted until it answers a question."""
        super().__init__(ledger)
        self._lock = Lock()
        self._probe_lock = Lock()
        self._suspected = suspected
        self._is_probed = False
        self._has_answered = False
        self._fell_silent = False
        #: Failures in a row that affect everybody, and those that affect each client.
        self._failures = 0
        self._of_clients: Counter[str] = Counter()

    @property
    def has_answered(self) -> bool:
        """Whether ARM has answered any call of the run."""
        return self._has_answered

    @property
    def fell_silent(self) -> bool:
        """Whether ARM failed to answer a call of the run."""
        return self._fell_silent

    def is_down(self) -> bool:
        """Whether ARM is out of reach for everybody."""
        return self._failures >= LIMIT

    def is_open(self, client_no: str) -> bool:
        """Whether ARM is out of reach, or refuses to serve this client."""
        return self.is_down() or self._of_clients[client_no] >= LIMIT

    def takes_submissions(self, client_no: str, within: float) -> bool:
        """Whether something may be submitted. Where ARM was out of reach, it is asked a question first, once."""
        with self._probe_lock:
            if self._suspected and not self._is_probed and not self._has_answered:
                self._is_probed = True
                # What the answer means, or its absence, is counted on the way.
                with suppress(NoAnswer):
                    self.document(client_no, ANY_NUMBER, within)
            return self._has_answered or not self._suspected

    @override
    def _forward[T](self, name: str, client_no: str, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except ArmError as error:
            self._count(client_no, error.scope)
            raise
        self._count(client_no, Scope.BATCH)
        return answer

    def _count(self, client_no: str, scope: Scope) -> None:
        """Any answer ends the row of failures of a wider scope; an open breaker stays open."""
        with self._lock:
            self._has_answered |= scope in (Scope.BATCH, Scope.CLIENT)
            self._fell_silent |= scope is Scope.ARM
            if self.is_open(client_no):
                return
            self._failures = self._failures + 1 if scope in (Scope.ARM, Scope.TOKEN) else 0
            if scope is Scope.CLIENT:
                self._of_clients[client_no] += 1
            elif scope is Scope.BATCH:
                self._of_clients[client_no] = 0
