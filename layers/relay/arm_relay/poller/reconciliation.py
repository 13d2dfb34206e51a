"""What became of a batch when ARM does not say so: its ledger is asked by document number. Pure but for `ask`.

We assume that ARM receives a batch completely or not at all, and the sender chooses a document's number. So a document
found under its number proves that the batch arrived, and all of them absent after the settling time prove that it did
not. An order without a number of its own cannot be looked up: nothing is proven about it, and nothing is sent again on
a guess.

What the ledger said is kept on the batch, so that a poll that runs out of time has made progress.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.ledger import PLAIN, Ledger
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Batch, BatchOrder, Evidence, OrderStatus, Times
from arm_relay.comparison import same_value
from arm_relay.poller.concurrency import AtOnce

#: The answers of ARM that only delay: it is well, and does not serve us now.
DELAYS: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


class Unknown(Enum):
    """What is not known of an order's document."""

    #: The ledger has not been asked, or too long ago for a decision.
    UNASKED = auto()
    #: The ledger cannot be asked: the order has no number that can be looked up.
    UNASKABLE = auto()


@dataclass(frozen=True, slots=True)
class Proven:
    """Every order's document exists."""


@dataclass(frozen=True, slots=True)
class Resend:
    """ARM has none of it: the batch may be submitted again, where a positive control allows it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The ledger may still change, or has more to be asked."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The ledger cannot decide; the orders carry what it did say."""

    cause: str
    orders: tuple[BatchOrder, ...]


type Verdict = Proven | Resend | Wait | Hold


@dataclass(frozen=True, slots=True)
class Asked:
    """A batch after its ledger was asked, with all that it said."""

    batch: Batch
    #: Why the ledger did not answer; None where it did, as often as it was asked.
    failure: NoAnswer | None
    #: Whether every question has its answer.
    is_complete: bool


def is_askable(order: BatchOrder) -> bool:
    """Whether the ledger can be asked for the order's document."""
    return order.document_no is not None and bool(PLAIN.fullmatch(order.document_no))


def unsettled(batch: Batch, now: datetime, times: Times) -> bool:
    """Whether documents may still appear in the ledger that arrived there."""
    return batch.settling_since is None or now < batch.settling_since + times.settling


def questions(batch: Batch, now: datetime, times: Times, *, deciding: bool) -> list[int]:
    """The places of the orders to ask the ledger for, about a submission that ARM may have received.

    While nothing is decided, one order stands for all, as ARM stores a batch whole. For a decision, and once one of its
    documents has appeared, each order is asked for, unless it was asked lately.
    """
    open_places = [
        place
        for place, order in enumerate(batch.orders)
        if is_askable(order) and order.status is OrderStatus.IN_PROGRESS and order.evidence is not Evidence.FOUND
    ]
    if deciding or any(order.evidence is Evidence.FOUND for order in batch.orders):
        return [place for place in open_places if not _is_fresh(batch.orders[place], batch, now, times)]
    return open_places[batch.polls % len(open_places) :][:1] if open_places else []


def appeared(batch: Batch, now: datetime, times: Times) -> list[int]:
    """The places of the orders to ask for once one document of the batch has appeared; none before."""
    is_there = any(order.evidence is Evidence.FOUND for order in batch.orders)
    return questions(batch, now, times, deciding=True) if is_there else []


def verdict(batch: Batch, now: datetime, times: Times) -> Verdict:
    """What to do about a submission that ARM may have received, by what its ledger has said so far."""
    said = {_said(order, batch, now, times) for order in batch.orders}
    if said == {Evidence.FOUND}:
        return Proven()
    if said == {Unknown.UNASKABLE}:
        return Hold(causes.NOT_ALL_NUMBERED, batch.orders)
    if unsettled(batch, now, times) or Unknown.UNASKED in said:
        return Wait()
    return Resend() if said == {Evidence.ABSENT} else Hold(_why(said), with_found(batch))


def with_found(batch: Batch) -> tuple[BatchOrder, ...]:
    """The batch's orders, with those whose documents were found as succeeded."""
    return tuple(
        replace(order, status=OrderStatus.SUCCEEDED) if order.evidence is Evidence.FOUND else order
        for order in batch.orders
    )


def restarts_settling(failure: NoAnswer) -> bool:
    """Whether ARM itself failed, so that what it received may take longer to appear. A refusal to serve only delays."""
    return failure.answer is None or failure.answer.status not in DELAYS


def ask(
    batch: Batch,
    places: Sequence[int],
    *,
    ledger: Ledger,
    at_once: AtOnce,
    may_begin: Callable[[], bool],
    within: Callable[[], float],
    now: Callable[[], datetime],
) -> Asked:
    """Look up the documents of some orders of a batch, by their places; after a failure no further one is begun.

    `may_begin` says whether there is time to begin one, `within` how many seconds it may take.
    """
    failures: list[NoAnswer] = []

    def answer(place: int) -> tuple[int, Evidence | None, datetime]:
        asked_at = now()
        if failures or not may_begin():
            return place, None, asked_at
        try:
            return place, _evidence(batch.client_no, batch.orders[place], ledger, within()), asked_at
        except NoAnswer as error:
            failures.append(error)
            return place, None, asked_at

    answers = {place: (said, at) for place, said, at in at_once(answer, places) if said}
    # A look-up that we cut short failed for no reason of ARM's.
    failure = next((failure for failure in failures if not failure.is_cut), None)
    return Asked(steps.looked_up(batch, answers), failure, is_complete=len(answers) == len(places))


def _is_fresh(order: BatchOrder, batch: Batch, now: datetime, times: Times) -> bool:
    """Whether what the ledger said of an order still counts for a decision: it said so lately, and after settling."""
    if order.asked_at is None or order.asked_at < now - times.longest_poll:
        return False
    return batch.settling_since is None or unsettled(batch, now, times) or not unsettled(batch, order.asked_at, times)


def _said(order: BatchOrder, batch: Batch, now: datetime, times: Times) -> Evidence | Unknown:
    if order.evidence is Evidence.FOUND or order.status is OrderStatus.SUCCEEDED:
        return Evidence.FOUND
    if not is_askable(order):
        return Unknown.UNASKABLE
    return order.evidence if order.evidence and _is_fresh(order, batch, now, times) else Unknown.UNASKED


def _why(said: AbstractSet[Evidence | Unknown]) -> str:
    if Evidence.ANOTHER in said:
        return causes.NUMBER_TAKEN
    return causes.PARTLY_IN_LEDGER if Evidence.FOUND in said else causes.NOT_ALL_NUMBERED


def _evidence(client_no: str, order: BatchOrder, ledger: Ledger, within: float) -> Evidence:
    document = ledger.document(client_no, order.document_no or "", within)
    if document is None:
        return Evidence.ABSENT
    return Evidence.FOUND if _is_the_same(order, document) else Evidence.ANOTHER


def _is_the_same(order: BatchOrder, document: Mapping[str, object]) -> bool:
    """Whether ARM's document is the order's. Its body is not documented, so an absent field proves nothing.

    Raises:
        NoAnswer: no field says whose it is, so the answer may not even be a document.
    """
    inner = document.get("document")
    fields = {**document, **inner} if isinstance(inner, dict) else document
    ours = {
        "documentNo": order.document_no,
        "documentType": order.document_type,
        "salesOrderId": order.order_id,
        "customerNo": order.customer_no,
    }
    pairs = ((fields.get(name), value) for name, value in ours.items())
    same = [same_value(theirs, value) for theirs, value in pairs if theirs and value]
    if not same:
        raise NoAnswer("ARM's answer about a document is not understood")
    return all(same)
