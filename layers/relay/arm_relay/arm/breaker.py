"""Notices that ARM is out of reach, or refuses to serve a client, so that a run need not find out once per batch."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Final, override

from arm_relay.arm.errors import ArmError, Scope
from arm_relay.arm.ledger import ForwardingLedger, Ledger

#: How many calls in a row must fail for a reason that does not lie with the batch.
LIMIT: Final = 3


class Breaker(ForwardingLedger):
    """A ledger, watched for one run of the poller: once open, it stays open."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._lock = Lock()
        #: Failures in a row that affect everybody, and those that affect each client.
        self._failures = 0
        self._of_clients: Counter[str] = Counter()

    def is_open(self, client_no: str) -> bool:
        """Whether ARM is out of reach, or refuses to serve this client."""
        return max(self._failures, self._of_clients[client_no]) >= LIMIT

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
            if self.is_open(client_no):
                return
            self._failures = self._failures + 1 if scope in (Scope.ARM, Scope.TOKEN) else 0
            if scope is Scope.CLIENT:
                self._of_clients[client_no] += 1
            elif scope is Scope.BATCH:
                self._of_clients[client_no] = 0
