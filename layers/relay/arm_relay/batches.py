"""The states of a batch and every step it may take. Pure: each step returns the next batch, and somebody else saves it.

Times are UTC. A batch with a `due` time has something left to do; without one it rests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a batch stands."""

    #: Recorded, submission in flight, lease running. Leaves by the submission's outcome, or to UNCONFIRMED when the
    #: lease is over.
    CLAIMED = "CLAIMED"
    #: ARM certainly did not take it. Leaves when the poller submits it, backing off.
    QUEUED = "QUEUED"
    #: ARM may have taken it. Leaves by reconciliation or a late answer, never by a blind resend.
    UNCONFIRMED = "UNCONFIRMED"
    #: ARM gave a batchUuid. Leaves by ARM's result.
    PENDING = "PENDING"
    #: Every document was created: by ARM's result, its ledger or an operator. Final.
    SUCCEEDED = "SUCCEEDED"
    #: Some documents were created, by the same. Final; a corrected resend of a failed order is a new batch.
    PARTIALLY_FAILED = "PARTIALLY_FAILED"
    #: No document was created, by the same. Final; a corrected resend is a new batch.
    FAILED = "FAILED"
    #: ARM answered 4xx to the submission. Final; a corrected resend is a new batch.
    REFUSED = "REFUSED"
    #: A person must look: not confirmable, result not understood, or too old. Leaves by redrive.
    HELD = "HELD"


class OrderStatus(StrEnum):
    """How one order of a batch stands."""

    #: Not known yet.
    IN_PROGRESS = "IN_PROGRESS"
    #: ARM created its document.
    SUCCEEDED = "SUCCEEDED"
    #: ARM did not create its document; it may be sent again with other content.
    FAILED = "FAILED"
    #: ARM refused the submission; it may be sent again with other content.
    REFUSED = "REFUSED"
    #: A person must find out.
    HELD = "HELD"


#: The states after which nothing follows.
ENDS: Final = frozenset({State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED})

#: The orders that may be sent again with other content.
CORRECTABLE: Final = frozenset({OrderStatus.FAILED, OrderStatus.REFUSED})

#: Every allowed step; `_moved` refuses the others.
STEPS: Final[Mapping[State, frozenset[State]]] = {
    State.CLAIMED: frozenset({State.PENDING, State.QUEUED, State.UNCONFIRMED, State.REFUSED, State.HELD}),
    State.QUEUED: frozenset({State.CLAIMED, State.HELD}),
    State.UNCONFIRMED: frozenset(
        {State.PENDING, State.QUEUED, State.REFUSED, State.CLAIMED, State.SUCCEEDED, State.HELD}
    ),
    State.PENDING: frozenset({State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.HELD}),
    State.HELD: frozenset({State.QUEUED, State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED}),
    State.SUCCEEDED: frozenset(),
    State.PARTIALLY_FAILED: frozenset(),
    State.FAILED: frozenset(),
    State.REFUSED: frozenset(),
}

#: How many transitions' times the history keeps: beyond that the oldest of the most frequent kind is left out. The
#: waiting times' defaults stay below it.
KEPT_TIMES: Final = 600


#: How often a batch may be resubmitted by hand: its history has room for no more.
MAX_RESUBMISSIONS: Final = 10

#: How much of ARM's answer is kept, in bytes.
KEPT_ANSWER: Final = 32_768

#: For `str.translate`: no control characters, each of which would take six bytes in a record's JSON.
PRINTABLE: Final[Mapping[int, str]] = dict.fromkeys(
    set(range(ord(" "))) - {ord("\t"), ord("\n"), ord("\r")}, "\N{REPLACEMENT CHARACTER}"
)

#: How long a submission may be in flight before its outcome counts as lost: longer than the webhook function's timeout.
LEASE: Final = timedelta(seconds=30)

#: How far the clocks of two functions may be apart.
CLOCK_SKEW: Final = timedelta(seconds=60)


class IllegalStep(Exception):
    """A batch was to take a step that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long a batch waits for what. The template's parameters of the same names give the meaning of each."""

    first_look: timedelta
    longest_look: timedelta
    settling: timedelta
    undecided: timedelta
    hold_after: timedelta
    retention: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrder:
    """One order of a batch, and how it stands."""

    id: str
    order_id: str | None
    customer_no: str
    document_no: str | None
    #: Of its content (`Order.digest`).
    digest: str
    status: OrderStatus = OrderStatus.IN_PROGRESS
    #: ARM's words on why it failed.
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """ARM's latest answer about a batch, as it came."""

    status: int
    body: str

    def kept(self) -> "Answer":
        """As much of it as is stored and announced."""
        body = self.body.translate(PRINTABLE).encode()[:KEPT_ANSWER]
        return Answer(self.status, body.decode(errors="ignore"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """The times at which a batch came into one state for one cause."""

    state: State
    cause: str
    #: Who redrove it; None where the relay acted by itself.
    by: str | None = None
    at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The orders of one request on their way through ARM."""

    id: str
    client_no: str
    state: State
    orders: tuple[BatchOrder, ...]
    #: The body of POST documents/batches, the same for every attempt.
    payload: bytes
    claimed_at: datetime
    #: The claim or the latest redrive: the age at which a batch is held counts from here.
    opened_at: datetime
    #: When the poller looks at it next: for its end to be announced, too. None: nothing is left to do.
    due: datetime | None
    #: Counts the submissions begun, so that a late answer finds the one it belongs to.
    attempt: int = 1
    attempt_at: datetime
    #: The first attempt that ARM may have got without the relay knowing.
    doubt: int | None = None
    #: Looks and attempts without news since the claim, the batchUuid or the redrive.
    looks: int = 0
    #: Since when ARM's ledger has answered every look-up about the attempt in doubt.
    answering_since: datetime | None = None
    #: Since when ARM's result has not been understood.
    undecided_since: datetime | None = None
    batch_uuid: str | None = None
    answer: Answer | None = None
    #: Ends and holds so far: numbers the announcements.
    announcements: int = 0
    #: When it came into its present end or hold.
    ended_at: datetime | None = None
    #: Why it is in its present state.
    cause: str
    #: Grouped by kind, in the order of each kind's first time.
    history: tuple[Transitions, ...]
    #: Of the record: every save is conditional on it.
    version: int = 1

    @property
    def rests(self) -> bool:
        """Whether it has ended or is held; where it still is due, that is to be announced."""
        return self.state in ENDS or self.state is State.HELD

    def waited(self, now: datetime) -> timedelta:
        """How long it has been waiting for its end, since its claim or redrive; ended or held, to be announced."""
        since = self.ended_at if self.rests and self.ended_at else self.opened_at
        # The clocks of two functions differ.
        return max(now - since, timedelta(0))

    def order(self, order_id: str) -> BatchOrder:
        """Its order of this id."""
        return next(order for order in self.orders if order.id == order_id)

    @property
    def by(self) -> str | None:
        """Who brought it into its present state; None for the relay itself."""
        # Their times do not tell which of all transitions is the latest: two functions' clocks differ.
        present = [entry for entry in self.history if (entry.state, entry.cause) == (self.state, self.cause)]
        latest = max(present, key=lambda entry: entry.at[-1], default=None)
        return latest.by if latest else None


def claimed(
    batch_id: str, client_no: str, orders: Sequence[BatchOrder], payload: bytes, now: datetime, times: Times
) -> Batch:
    """A new batch. Its first due time is the lease of the submission and the first look at the result in one."""
    cause = "accepted"
    return Batch(
        id=batch_id,
        client_no=client_no,
        state=State.CLAIMED,
        orders=tuple(orders),
        payload=payload,
        claimed_at=now,
        opened_at=now,
        due=now + times.first_look,
        attempt_at=now,
        cause=cause,
        history=(Transitions(state=State.CLAIMED, cause=cause, at=(now,)),),
    )


def lease_over(batch: Batch, now: datetime) -> Batch:
    """Nobody recorded the outcome of the submission in flight: ARM may have taken it.

    Before anything else is decided, the submitter gets the time it may have by its own clock.
    """
    moved = _moved(batch, State.UNCONFIRMED, "the submission's outcome was never recorded", now)
    due = max(now, batch.attempt_at + LEASE + CLOCK_SKEW)
    return replace(moved, due=due, doubt=batch.doubt or batch.attempt)


def taken(batch: Batch, cause: str, now: datetime, times: Times) -> Batch:
    """About to be submitted again: saved before ARM is called, so that nobody else submits it meanwhile."""
    moved = _moved(batch, State.CLAIMED, cause, now)
    return replace(
        moved,
        attempt=batch.attempt + 1,
        attempt_at=now,
        looks=batch.looks + 1,
        due=now + times.first_look,
        answering_since=None,
    )


def accepted(batch: Batch, batch_uuid: str, answer: Answer, now: datetime) -> Batch:
    """ARM gave a batchUuid. The due time stays, so the index is not touched."""
    moved = _moved(batch, State.PENDING, "ARM took it", now)
    return replace(moved, batch_uuid=batch_uuid, answer=answer.kept(), looks=0, doubt=_earlier_doubt(batch))


def not_taken(batch: Batch, cause: str, now: datetime, due: datetime | None = None) -> Batch:
    """ARM certainly has not got this attempt: it is to be made again.

    Where an earlier one is in doubt, the ledger is asked again before. Without a `due` time the present one stays.
    """
    doubt = _earlier_doubt(batch)
    moved = _moved(batch, State.UNCONFIRMED if doubt else State.QUEUED, cause, now)
    return replace(moved, due=due or batch.due, doubt=doubt)


def in_doubt(batch: Batch, cause: str, answer: Answer | None, now: datetime) -> Batch:
    """ARM may have got it."""
    moved = _moved(batch, State.UNCONFIRMED, cause, now)
    return replace(moved, answer=answer.kept() if answer else batch.answer, doubt=batch.doubt or batch.attempt)


def refused(batch: Batch, answer: Answer, now: datetime) -> Batch:
    """ARM refused this attempt.

    That ends the batch, unless an earlier attempt is in doubt: its documents may be why this one was refused.
    """
    known = replace(batch, answer=answer.kept(), doubt=_earlier_doubt(batch))
    if known.doubt:
        return held(known, f"ARM answered {answer.status} to a repeated submission", now)
    return ended(known, State.REFUSED, OrderStatus.REFUSED, f"ARM answered {answer.status}", now)


def ended(batch: Batch, state: State, orders: OrderStatus, cause: str, now: datetime) -> Batch:
    """At an end that all its orders share."""
    return ended_each(batch, state, [replace(order, status=orders) for order in batch.orders], cause, now)


def ended_each(batch: Batch, state: State, orders: Sequence[BatchOrder], cause: str, now: datetime) -> Batch:
    """At an end, to be announced at once: where it is due already it stays so, and the index is not touched."""
    moved = replace(_moved(batch, state, cause, now), orders=tuple(orders))
    return replace(moved, due=min(batch.due or now, now), ended_at=now, announcements=batch.announcements + 1)


def held(batch: Batch, cause: str, now: datetime) -> Batch:
    """For a person to look at; what is known of single orders stays."""
    orders = [
        replace(order, status=OrderStatus.HELD) if order.status is OrderStatus.IN_PROGRESS else order
        for order in batch.orders
    ]
    return ended_each(batch, State.HELD, orders, cause, now)


def looked(batch: Batch, due: datetime) -> Batch:
    """Looked at without news: to be looked at again."""
    return replace(batch, looks=batch.looks + 1, due=due)


def postponed(batch: Batch) -> Batch:
    """Looked at while its submission may still be in flight: to be looked at when the lease is over."""
    return replace(batch, due=batch.attempt_at + LEASE)


def announced(batch: Batch) -> Batch:
    """Its end or hold has been published: nothing is left to do."""
    return replace(batch, due=None)


def resubmitted(batch: Batch, reason: str, by: str, now: datetime, times: Times) -> Batch:
    """Released by a person who says that ARM has none of it: to be submitted as if for the first time.

    Raises:
        IllegalStep: it is not held, its hold is not announced yet, ARM has documents of it, it is older than its
            orders' ids are remembered, or it has been resubmitted very often.
    """
    _check_released(batch)
    if now > batch.claimed_at + times.retention:
        raise IllegalStep("it is too old: close it, and send its orders again")
    if sum(len(entry.at) for entry in batch.history if entry.by) >= MAX_RESUBMISSIONS:
        raise IllegalStep(f"it has been resubmitted {MAX_RESUBMISSIONS} times: close it")
    if any(order.status is OrderStatus.SUCCEEDED for order in batch.orders):
        raise IllegalStep("ARM has documents of this batch: close it, and send the other orders again")
    orders = tuple(replace(order, status=OrderStatus.IN_PROGRESS, errors=()) for order in batch.orders)
    moved = _moved(batch, State.QUEUED, reason, now, by)
    return replace(
        moved,
        orders=orders,
        due=now,
        opened_at=now,
        doubt=None,
        answering_since=None,
        looks=0,
        batch_uuid=None,
        answer=None,
        ended_at=None,
    )


def closed(batch: Batch, state: State, reason: str, by: str, now: datetime) -> Batch:
    """Ended by a person who found out how; orders whose end was known keep it.

    Raises:
        IllegalStep: it is not held, or its hold is not announced yet.
    """
    _check_released(batch)
    status = OrderStatus(state)
    orders = [replace(order, status=status) if order.status is OrderStatus.HELD else order for order in batch.orders]
    known = {order.status for order in orders}
    end = state if known == {status} else State.PARTIALLY_FAILED
    moved = replace(_moved(batch, end, reason, now, by), orders=tuple(orders))
    return replace(moved, due=now, ended_at=now, announcements=batch.announcements + 1)


def _check_released(batch: Batch) -> None:
    # Some of these steps exist for the relay, too: it knows more than the person does.
    if batch.state is not State.HELD:
        raise IllegalStep(f"it is not held: it is {batch.state}")
    if batch.due:
        raise IllegalStep("its hold is being announced: try again in a minute")


def backed_off(looks: int, now: datetime, times: Times, jitter: Callable[[], float]) -> datetime:
    """The next look after so many without news: twice as late each time, up to the longest, spread by a fifth.

    `jitter` gives a number from 0 to 1.
    """
    # Beyond 2^20 times the first look every allowed longest look is reached.
    pause: timedelta = min(times.first_look * (1 << min(looks, 20)), times.longest_look)
    return now + pause * (0.8 + 0.4 * jitter())


def _moved(batch: Batch, state: State, cause: str, now: datetime, by: str | None = None) -> Batch:
    if state not in STEPS[batch.state]:
        raise IllegalStep(f"no step leads from {batch.state} to {state}")
    return replace(
        batch,
        state=state,
        cause=cause,
        undecided_since=None,
        history=_remembered(batch.history, Transitions(state=state, cause=cause, by=by, at=(now,))),
    )


def _earlier_doubt(batch: Batch) -> int | None:
    """What is left of the doubt once the outcome of the present attempt is certain."""
    return batch.doubt if batch.doubt and batch.doubt < batch.attempt else None


def _remembered(history: tuple[Transitions, ...], new: Transitions) -> tuple[Transitions, ...]:
    kinds = {(entry.state, entry.cause, entry.by): entry for entry in history}
    kind = (new.state, new.cause, new.by)
    kinds[kind] = replace(new, at=kinds[kind].at + new.at) if kind in kinds else new
    if sum(len(entry.at) for entry in kinds.values()) > KEPT_TIMES:
        most = max(kinds, key=lambda kind: len(kinds[kind].at))
        kinds[most] = replace(kinds[most], at=kinds[most].at[1:])
    return tuple(kinds.values())
