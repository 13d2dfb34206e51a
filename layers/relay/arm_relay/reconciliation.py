"""What became of a batch that ARM does not tell us about: asked of its ledger by document number.

ARM stores a batch whole, and a document number is its sender's own. So a document found under its number proves that
the batch arrived, and all of them absent after the settling time prove that it did not. An order without a number of
its own cannot be looked up: nothing is proven about it, and nothing is sent again on a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from arm_relay.arm.errors import NoAnswer
from arm_relay.batches import Batch, BatchOrder, OrderStatus, Times
from arm_relay.concurrency import AtOnce


class Ledger(Protocol):
    """The one question reconciliation asks."""

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        """The document, or None where ARM does not know it; raises `NoAnswer`."""


class Evidence(Enum):
    """What the ledger says of one order."""

    #: It has the order's document.
    FOUND = auto()
    #: It has no document of that number.
    ABSENT = auto()
    #: It has a document of that number which is another order's.
    ANOTHER = auto()
    #: Not looked up: the order has no number of its own that can be, or its end is known already.
    UNASKED = auto()


@dataclass(frozen=True, slots=True)
class Proven:
    """Every order's document exists."""

    orders: tuple[BatchOrder, ...]


@dataclass(frozen=True, slots=True)
class Resend:
    """ARM has none of it: it may be submitted again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The ledger may still change."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The ledger cannot tell; the orders carry what it did."""

    cause: str
    orders: tuple[BatchOrder, ...]


type Verdict = Proven | Resend | Wait | Hold


def look_up(batch: Batch, ledger: Ledger, at_once: AtOnce, in_time: Callable[[], bool]) -> list[Evidence]:
    """Ask the ledger for each order of the batch whose end is not known.

    Raises:
        NoAnswer: the ledger did not answer, or not so that it is understood; or the caller's time is over.
    """

    def evidence(order: BatchOrder) -> Evidence:
        if not in_time():
            raise NoAnswer("no time left to look up every document")
        return _evidence(batch, order, ledger)

    return at_once(evidence, batch.orders)


def _fits_a_path(document_no: str) -> bool:
    """Whether the number arrives as it is: dots alone are a way up, and servers differ about an escaped slash."""
    return bool(document_no.strip(".")) and not {"/", "\\"} & set(document_no)


def settled(batch: Batch, now: datetime, times: Times) -> bool:
    """Whether what was sent must be in the ledger by now, if it arrived."""
    return now >= batch.attempt_at + times.settling


def unconfirmed(batch: Batch, evidence: Sequence[Evidence], now: datetime, times: Times) -> Verdict:
    """What to do about a submission that ARM may have got."""
    orders = known(batch, evidence)
    seen = set(evidence)
    if seen == {Evidence.FOUND}:
        return Proven(orders)
    if not settled(batch, now, times) and seen != {Evidence.UNASKED}:
        return Wait()
    return Resend() if seen == {Evidence.ABSENT} else Hold(_why(seen), orders)


def _why(seen: AbstractSet[Evidence]) -> str:
    if Evidence.ANOTHER in seen:
        return "ARM has another document under the invoice number of an order"
    if Evidence.FOUND in seen:
        return "ARM has it, but not the document of every order"
    return "ARM may have it, and not every order has an invoice number to look up"


def known(batch: Batch, evidence: Sequence[Evidence]) -> tuple[BatchOrder, ...]:
    """The batch's orders, those found as succeeded."""
    return tuple(
        replace(order, status=OrderStatus.SUCCEEDED) if found is Evidence.FOUND else order
        for order, found in zip(batch.orders, evidence, strict=True)
    )


def _evidence(batch: Batch, order: BatchOrder, ledger: Ledger) -> Evidence:
    number = order.document_no
    if number is None or not _fits_a_path(number) or order.status is not OrderStatus.IN_PROGRESS:
        return Evidence.UNASKED
    document = ledger.document(batch.client_no, number)
    if document is None:
        return Evidence.ABSENT
    return Evidence.FOUND if _is_of(order, document) else Evidence.ANOTHER


def _is_of(order: BatchOrder, document: Mapping[str, object]) -> bool:
    """Whether the document is the order's: its body is not documented, so an absent field proves nothing.

    Raises:
        NoAnswer: not one field says whose it is, so it need not even be a document.
    """
    inner = document.get("document")
    fields = {**document, **inner} if isinstance(inner, dict) else document
    pairs = (
        (fields.get("documentNo"), order.document_no),
        (fields.get("salesOrderId"), order.order_id),
        (fields.get("customerNo"), order.customer_no),
    )
    same = [str(theirs).casefold() == ours.casefold() for theirs, ours in pairs if theirs and ours]
    if not same:
        raise NoAnswer("ARM's answer about a document is not understood")
    return all(same)
