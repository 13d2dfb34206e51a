"""The port to ARM's ledger: its four calls, as every implementation offers them.

`client` makes them over HTTP, `metered` measures them, `breaker` stops calling a ledger that is out of reach. A second
ledger beside ARM would be another implementation of `Ledger`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from arm_relay.batches.batch import Answer

#: Numbers that every server reads from a path as they were written.
PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class Ledger(Protocol):
    """The four calls."""

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """POST documents/batches: the batchUuid, and the answer it came with.

        Raises:
            NotSent: ARM certainly does not have the batch.
            Refused: ARM has refused it.
            InDoubt: ARM may have it.
        """

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        """GET batches/{batchuuid}: whatever ARM says about the batch, within so many seconds.

        Raises:
            NoAnswer: ARM said nothing about it.
        """

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        """GET documents/{documentno}, within so many seconds: the document, or None where ARM does not know it.

        Raises:
            NoAnswer: ARM said neither.
        """

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """GET customers/{customerno}, within so many seconds: whether ARM knows the customer.

        Raises:
            NoAnswer: ARM said neither.
        """


class ForwardingLedger:
    """A ledger that passes every call on to another one, through `_forward`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Ledger`."""
        return self._forward("submit", client_no, lambda: self._ledger.submit(client_no, payload))

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        """See `Ledger`."""
        return self._forward("result", client_no, lambda: self._ledger.result(client_no, batch_uuid, within))

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        """See `Ledger`."""
        return self._forward("document", client_no, lambda: self._ledger.document(client_no, document_no, within))

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """See `Ledger`. It is passed on without more: only previews ask for customers, and no batch depends on it."""
        return self._ledger.customer(client_no, customer_no, within)

    def _forward[T](self, name: str, client_no: str, call: Callable[[], T]) -> T:
        """Make the call of that name."""
        raise NotImplementedError
