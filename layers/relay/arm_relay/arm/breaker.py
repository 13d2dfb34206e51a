"""Notices that ARM as a whole is out of reach, so that a poller need not find out once per batch."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, Protocol

from arm_relay.arm.errors import ArmError
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
        self._failures = 0

    def reset(self) -> None:
        """A new run begins: ARM is taken to be in reach."""
        with self._lock:
            self._failures = 0

    @property
    def is_open(self) -> bool:
        """Whether ARM is out of reach; it stays so until `reset`."""
        return self._failures >= LIMIT

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Arm`."""
        return self._watched(lambda: self._arm.submit(client_no, payload))

    def result(self, client_no: str, batch_uuid: str) -> Answer:
        """See `Arm`."""
        return self._watched(lambda: self._arm.result(client_no, batch_uuid))

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        """See `Arm`."""
        return self._watched(lambda: self._arm.document(client_no, document_no))

    def _watched[T](self, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except ArmError as error:
            with self._lock:
                if error.unreachable:
                    self._failures += 1
                elif not self.is_open:
                    self._failures = 0
            raise
        with self._lock:
            if not self.is_open:
                self._failures = 0
        return answer
