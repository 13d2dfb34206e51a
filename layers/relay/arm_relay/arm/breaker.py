"""Notices that ARM is out of reach or does not serve a client, so that a poller need not find out once per batch."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, Protocol

from arm_relay.arm.errors import ArmError, Scope
from arm_relay.batches import Answer

#: So many calls in a row must fail for a reason that is not the batch's.
LIMIT: Final = 3


class Arm(Protocol):
    """ARM's three calls; `arm.client` tells them."""

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """POST documents/batches."""

    def result(self, client_no: str, batch_uuid: str) -> Answer:
        """GET batches/{batchuuid}."""

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        """GET documents/{documentno}."""


class Breaker:
    """ARM's three calls, watched."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._lock = Lock()
        #: In a row: ARM's own, and each client's.
        self._failures = 0
        self._of_clients: Counter[str] = Counter()

    def reset(self) -> None:
        """A new run begins: ARM is taken to be in reach."""
        with self._lock:
            self._failures = 0
            self._of_clients.clear()

    def is_open(self, client_no: str) -> bool:
        """Whether ARM is out of reach, or does not serve this client; it stays so until `reset`."""
        return max(self._failures, self._of_clients[client_no]) >= LIMIT

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Arm`."""
        return self._watched(client_no, lambda: self._arm.submit(client_no, payload))

    def result(self, client_no: str, batch_uuid: str) -> Answer:
        """See `Arm`."""
        return self._watched(client_no, lambda: self._arm.result(client_no, batch_uuid))

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        """See `Arm`."""
        return self._watched(client_no, lambda: self._arm.document(client_no, document_no))

    def _watched[T](self, client_no: str, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except ArmError as error:
            self._count(client_no, error.scope)
            raise
        self._count(client_no, Scope.BATCH)
        return answer

    def _count(self, client_no: str, scope: Scope) -> None:
        """An answer, even one of trouble, ends the row of failures of a wider scope; an open breaker stays open."""
        with self._lock:
            if self.is_open(client_no):
                return
            self._failures = self._failures + 1 if scope in (Scope.ARM, Scope.TOKEN) else 0
            if scope is Scope.CLIENT:
                self._of_clients[client_no] += 1
            elif scope is Scope.BATCH:
                self._of_clients[client_no] = 0
