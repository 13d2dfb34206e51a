"""What became of a batch when ARM does not say so: its ledger is asked by document number.

ARM stores a batch as a whole, and the sender chooses a document's number. So a document found under its number proves
that the batch arrived, and all of them absent after the settling time prove that it did not. An order without a number
of its own cannot be looked up: nothing is proven about it, and nothing is sent again on a guess.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.ledger import Ledger
from arm_relay.batches import causes
from arm_relay.batches.batch import Batch, BatchOrder, OrderStatus, Times
from arm_relay.comparison import same_value
from arm_relay.poller.concurrency import AtOnce

#: Document numbers that every server reads from a path as they were written.
PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

#: The fields that say whose a document is.
IDENTITY: Final = ("documentNo", "documentType", "salesOrderId", "customerNo")

#: A poll that comes this much later than it was due counts as missed: nobody knows whether the ledger answered.
MISSED: Final = timedelta(minutes=2)


class OutOfTime(Exception):
    """There was no time left to look up every document."""


class Evidence(Enum):
    """What the ledger says about one order."""

    #: The ledger has the order's document.
    FOUND = auto()
    #: The ledger has no document with its number.
    ABSENT = auto()
    #: The ledger has a different document with its number.
    ANOTHER = auto()
    #: Not looked up: the order has no number that can be looked up, or its end is known already.
    UNASKED = auto()


@dataclass(frozen=True, slots=True)
class Proven:
    """Every order's document exists."""


@dataclass(frozen=True, slots=True)
class Resend:
    """ARM has none of it: the batch may be submitted again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The ledger may still change."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The ledger cannot decide; the orders carry what it did say."""

    cause: str
    orders: tuple[BatchOrder, ...]


type Verdict = Proven | Resend | Wait | Hold


def look_up(batch: Batch, ledger: Ledger, at_once: AtOnce, in_time: Callable[[], bool]) -> list[Evidence]:
    """Ask the ledger for each order of the batch whose end is not known.

    Raises:
        NoAnswer: the ledger did not answer, or its answer is not understood.
        OutOfTime: the caller's time is over.
    """
    sent = json.loads(batch.payload)["documents"]

    def evidence(pair: tuple[BatchOrder, Mapping[str, object]]) -> Evidence:
        if not in_time():
            raise OutOfTime(OutOfTime.__doc__)
        return _evidence(batch.client_no, *pair, ledger)

    return at_once(evidence, zip(batch.orders, sent, strict=True))


def unbroken_since(batch: Batch, now: datetime) -> datetime:
    """Since when the ledger has answered without a break, given that it has just answered.

    While ARM stands still, a submission does not settle.
    """
    missed = batch.due is not None and now > batch.due + MISSED
    return now if batch.unbroken_since is None or missed else batch.unbroken_since


def _settled(batch: Batch, now: datetime, times: Times) -> bool:
    """Whether the documents must be in the ledger by now, if they arrived."""
    return batch.unbroken_since is not None and now >= batch.unbroken_since + times.settling


def verdict(batch: Batch, evidence: Sequence[Evidence], now: datetime, times: Times) -> Verdict:
    """What to do about a submission that ARM may have received."""
    orders = with_found(batch, evidence)
    seen = set(evidence)
    if seen == {Evidence.FOUND}:
        return Proven()
    if not _settled(batch, now, times) and seen != {Evidence.UNASKED}:
        return Wait()
    return Resend() if seen == {Evidence.ABSENT} else Hold(_why(seen), orders)


def _why(seen: AbstractSet[Evidence]) -> str:
    if Evidence.ANOTHER in seen:
        return causes.NUMBER_TAKEN
    if Evidence.FOUND in seen:
        return causes.PARTLY_IN_LEDGER
    return causes.NOT_ALL_NUMBERED


def with_found(batch: Batch, evidence: Sequence[Evidence]) -> tuple[BatchOrder, ...]:
    """The batch's orders, with those that were found as succeeded."""
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
    """Whether ARM's document is the one that was sent. Its body is not documented, so an absent field proves nothing.

    Raises:
        NoAnswer: no field says whose it is, so the answer may not even be a document.
    """
    inner = document.get("document")
    fields = {**document, **inner} if isinstance(inner, dict) else document
    pairs = ((fields.get(name), sent.get(name)) for name in IDENTITY)
    same = [same_value(theirs, ours) for theirs, ours in pairs if theirs and ours]
    if not same:
        raise NoAnswer("ARM's answer about a document is not understood")
    return all(same)
