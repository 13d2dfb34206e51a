"""What became of a batch that ARM does not tell us about: asked of its ledger by document number.

ARM stores a batch whole, and a document number is its sender's own. So a document found under its number proves that
the batch arrived, and all of them absent after the settling time prove that it did not. An order without a number of
its own cannot be looked up: nothing is proven about it, and nothing is sent again on a guess.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol

from arm_relay.arm.errors import NoAnswer
from arm_relay.batches import Batch, BatchOrder, OrderStatus, Times
from arm_relay.concurrency import AtOnce

#: Numbers that arrive in a path as they are, whatever server reads it.
PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

#: The fields that tell whose a document is.
IDENTITY: Final = ("documentNo", "documentType", "salesOrderId", "customerNo")

#: A look that comes this much later than it was due has been left out: nobody knows whether the ledger answered.
LEFT_OUT: Final = timedelta(minutes=2)


class OutOfTime(Exception):
    """There was no time left to look up every document."""


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
        NoAnswer: the ledger did not answer, or not so that it is understood.
        OutOfTime: the caller's time is over.
    """
    sent = json.loads(batch.payload)["documents"]

    def evidence(pair: tuple[BatchOrder, Mapping[str, object]]) -> Evidence:
        if not in_time():
            raise OutOfTime(OutOfTime.__doc__)
        return _evidence(batch.client_no, *pair, ledger)

    return at_once(evidence, zip(batch.orders, sent, strict=True))


def answering_since(batch: Batch, now: datetime) -> datetime:
    """Since when the ledger has answered without a break, now that it has.

    While ARM stands still, what was sent does not settle.
    """
    left_out = batch.due is not None and now > batch.due + LEFT_OUT
    return now if batch.answering_since is None or left_out else batch.answering_since


def _settled(batch: Batch, now: datetime, times: Times) -> bool:
    """Whether what was sent must be in the ledger by now, if it arrived."""
    return batch.answering_since is not None and now >= batch.answering_since + times.settling


def unconfirmed(batch: Batch, evidence: Sequence[Evidence], now: datetime, times: Times) -> Verdict:
    """What to do about a submission that ARM may have got."""
    orders = known(batch, evidence)
    seen = set(evidence)
    if seen == {Evidence.FOUND}:
        return Proven(orders)
    if not _settled(batch, now, times) and seen != {Evidence.UNASKED}:
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


def _evidence(client_no: str, order: BatchOrder, sent: Mapping[str, object], ledger: Ledger) -> Evidence:
    number = order.document_no
    if number is None or not PLAIN.fullmatch(number) or order.status is not OrderStatus.IN_PROGRESS:
        return Evidence.UNASKED
    document = ledger.document(client_no, number)
    if document is None:
        return Evidence.ABSENT
    return Evidence.FOUND if _is_the_same(sent, document) else Evidence.ANOTHER


def _is_the_same(sent: Mapping[str, object], document: Mapping[str, object]) -> bool:
    """Whether ARM's document is the one sent: its body is not documented, so an absent field proves nothing.

    Raises:
        NoAnswer: not one field says whose it is, so it need not even be a document.
    """
    inner = document.get("document")
    fields = {**document, **inner} if isinstance(inner, dict) else document
    pairs = ((fields.get(name), sent.get(name)) for name in IDENTITY)
    # ARM compares data values without case (ARM page "About").
    same = [str(theirs).casefold() == str(ours).casefold() for theirs, ours in pairs if theirs and ours]
    if not same:
        raise NoAnswer("ARM's answer about a document is not understood")
    return all(same)
