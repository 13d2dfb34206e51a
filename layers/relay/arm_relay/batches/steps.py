"""Every step a batch may take. Pure: each function returns the next batch, and its caller saves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arm_relay.batches import causes
from arm_relay.batches.batch import (
    CLOCK_SKEW,
    ENDS,
    FAILURES,
    LEASE,
    Answer,
    Batch,
    BatchOrder,
    Evidence,
    OrderStatus,
    State,
    Times,
    Transitions,
)

#: Every allowed step; `_moved` refuses the others.
STEPS: Final[Mapping[State, frozenset[State]]] = {
    State.CLAIMED: frozenset({State.PENDING, State.QUEUED, State.UNCONFIRMED, State.REFUSED, State.HELD}),
    State.QUEUED: frozenset({State.CLAIMED, State.REFUSED, State.HELD}),
    State.UNCONFIRMED: frozenset(
        {State.PENDING, State.QUEUED, State.REFUSED, State.CLAIMED, State.SUCCEEDED, State.HELD}
    ),
    State.PENDING: frozenset({State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.HELD}),
    State.HELD: frozenset(
        {State.QUEUED, State.UNCONFIRMED, State.PENDING, State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED}
    ),
    State.SUCCEEDED: frozenset(),
    State.PARTIALLY_FAILED: frozenset(),
    State.FAILED: frozenset(),
    State.REFUSED: frozenset(),
}

#: How many times of transitions the history keeps. Beyond that the oldest of the most frequent kind is dropped. The
#: default waiting times stay below it.
KEPT_TIMES: Final = 600

#: How often operators may redrive a batch; its history has room for no more.
MAX_REDRIVES: Final = 10

#: How many document numbers a message names.
SHOWN: Final = 5

#: How often a batch may be announced again by operators, for the same reason.
MAX_REPETITIONS: Final = 10


class IllegalStep(Exception):
    """The batch cannot take this step now."""


class NeedsConfirmation(IllegalStep):
    """ARM may have the batch, so that a person must confirm that it is submitted again."""


def claimed(
    batch_id: str, client_no: str, orders: Sequence[BatchOrder], payload: bytes, now: datetime, times: Times
) -> Batch:
    """A new batch. Its first due time serves both the lease of the submission and the first poll of the result."""
    cause = causes.ACCEPTED
    return Batch(
        id=batch_id,
        client_no=client_no,
        state=State.CLAIMED,
        orders=tuple(orders),
        payload=payload,
        claimed_at=now,
        opened_at=now,
        due=now + times.first_poll,
        attempt_at=now,
        cause=cause,
        history=(Transitions(state=State.CLAIMED, cause=cause, at=(now,)),),
    )


def waiting(batch_id: str, client_no: str, credit: BatchOrder, payload: bytes, now: datetime, times: Times) -> Batch:
    """A new batch of a credit note whose invoice is under way: nothing is submitted before that has ended."""
    cause = causes.AWAITS_INVOICE
    return replace(
        claimed(batch_id, client_no, (credit,), payload, now, times),
        state=State.QUEUED,
        cause=cause,
        attempt=0,
        history=(Transitions(state=State.QUEUED, cause=cause, at=(now,)),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The new batch that sends failed orders again: its id; who wants it, why and when."""

    batch_id: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a submission."""

    #: PENDING, QUEUED, UNCONFIRMED or REFUSED.
    state: State
    cause: str
    #: ARM's answer; None where there was none.
    answer: Answer | None = None
    #: With PENDING only.
    batch_uuid: str | None = None
    #: With QUEUED: when to submit again. None leaves the present due time.
    due: datetime | None = None


def after(batch: Batch, outcome: Outcome, now: datetime) -> Batch:
    """The batch after its submission had this outcome."""
    if outcome.batch_uuid and outcome.answer:
        return pending(batch, outcome.batch_uuid, outcome.answer, now)
    if outcome.state is State.REFUSED and outcome.answer:
        return refused(batch, outcome.answer, now)
    if outcome.state is State.QUEUED:
        return requeued(batch, outcome.cause, now, outcome.due)
    return in_doubt(batch, outcome.cause, outcome.answer, now)


def lease_over(batch: Batch, now: datetime) -> Batch:
    """Nobody recorded the outcome of the submission in flight, so ARM may have it.

    It is due only once the submitter's time is over by the submitter's own clock, too.
    """
    moved = _moved(batch, State.UNCONFIRMED, causes.OUTCOME_LOST, now)
    due = max(now, batch.attempt_at + LEASE + CLOCK_SKEW)
    return replace(moved, due=due, doubt=batch.doubt or batch.attempt)


def begun(batch: Batch, cause: str, now: datetime, times: Times) -> Batch:
    """About to be submitted again. Saved before ARM is called, so that nobody else submits it meanwhile."""
    moved = _moved(batch, State.CLAIMED, cause, now)
    return replace(
        moved,
        attempt=batch.attempt + 1,
        attempt_at=now,
        polls=batch.polls + 1,
        due=now + times.first_poll,
        settling_since=None,
    )


def pending(batch: Batch, batch_uuid: str, answer: Answer, now: datetime) -> Batch:
    """ARM returned a batchUuid. The due time stays, so that the index need not be written."""
    moved = _moved(batch, State.PENDING, causes.BATCH_UUID, now)
    return replace(
        moved, batch_uuid=batch_uuid, answer=answer.kept(), submission_answer=None, polls=0, doubt=_earlier_doubt(batch)
    )


def answered(batch: Batch, answer: Answer) -> Batch:
    """ARM answered about the result of the batch."""
    return replace(batch, answer=answer.kept(), submission_answer=batch.submission_answer or batch.answer)


def requeued(batch: Batch, cause: str, now: datetime, due: datetime | None = None) -> Batch:
    """ARM certainly does not have this attempt: it will be made again.

    If an earlier attempt is in doubt, the ledger is asked first. Without a `due` time the present one stays.
    """
    doubt = _earlier_doubt(batch)
    moved = _moved(batch, State.UNCONFIRMED if doubt else State.QUEUED, cause, now)
    return replace(moved, due=due or batch.due, doubt=doubt)


def in_doubt(batch: Batch, cause: str, answer: Answer | None, now: datetime) -> Batch:
    """ARM may have it."""
    moved = _moved(batch, State.UNCONFIRMED, cause, now)
    return replace(moved, answer=answer.kept() if answer else batch.answer, doubt=batch.doubt or batch.attempt)


def refused(batch: Batch, answer: Answer, now: datetime) -> Batch:
    """ARM refused this attempt.

    That ends the batch, unless an earlier attempt is in doubt: ARM may have refused this one because it has that one.
    """
    known = replace(batch, answer=answer.kept(), doubt=_earlier_doubt(batch))
    if known.doubt:
        return held(known, causes.repeated_submission_refused(answer.status), now)
    return ended(known, State.REFUSED, OrderStatus.REFUSED, causes.arm_answered(answer.status), now)


def ended(batch: Batch, state: State, orders: OrderStatus, cause: str, now: datetime) -> Batch:
    """Ended, all its orders with the same status."""
    return ended_each(batch, state, [replace(order, status=orders) for order in batch.orders], cause, now)


def ended_each(batch: Batch, state: State, orders: Sequence[BatchOrder], cause: str, now: datetime) -> Batch:
    """Ended, each order with its own status; due at once, to be announced.

    A batch that is due already keeps its time, so that the index need not be written.
    """
    moved = replace(_moved(batch, state, cause, now), orders=tuple(orders))
    return replace(moved, due=min(batch.due or now, now), ended_at=now, announcements=batch.announcements + 1)


def held(batch: Batch, cause: str, now: datetime) -> Batch:
    """Held for a person to decide; orders whose status is known keep it.

    A submission whose outcome nobody recorded is in doubt from now on.
    """
    if batch.state is State.CLAIMED and not batch.doubt:
        batch = in_doubt(batch, causes.OUTCOME_LOST, None, now)
    orders = [
        replace(order, status=OrderStatus.HELD) if order.status is OrderStatus.IN_PROGRESS else order
        for order in batch.orders
    ]
    return ended_each(batch, State.HELD, orders, cause, now)


def not_created(batch: Batch, now: datetime) -> Batch:
    """The invoice that it credits was not created: ended without a submission, so it may be corrected."""
    return ended(batch, State.REFUSED, OrderStatus.REFUSED, causes.INVOICE_NOT_CREATED, now)


def polled(batch: Batch, due: datetime) -> Batch:
    """Polled without news, to be polled again at `due`."""
    return replace(batch, polls=batch.polls + 1, due=due)


def looked_up(batch: Batch, answers: Mapping[int, tuple[Evidence, datetime]]) -> Batch:
    """The ledger answered about some of its orders, by their places in the batch. What it said is kept."""
    orders = [
        replace(order, evidence=answers[place][0], asked_at=answers[place][1]) if place in answers else order
        for place, order in enumerate(batch.orders)
    ]
    return replace(batch, orders=tuple(orders))


def failing(batch: Batch, orders: Sequence[BatchOrder], now: datetime) -> Batch:
    """ARM's result reports that these orders failed. The time counts from the first time it reported the same."""
    failure = ",".join(f"{order.status.value}:{order.id}" for order in orders)
    since = batch.failing_since if batch.failure == failure and batch.failing_since else now
    return replace(batch, failing_since=since, failure=failure)


def no_longer_failing(batch: Batch) -> Batch:
    """What ARM's result reported to have failed does not count: the time begins anew where it is reported again."""
    return replace(batch, failing_since=None, failure=None)


def postponed(batch: Batch) -> Batch:
    """Its submission may still be in flight: due again when the lease is over."""
    return replace(batch, due=batch.attempt_at + LEASE)


def announced(batch: Batch, at: datetime | None = None) -> Batch:
    """Its end or hold has been announced: nothing is left to do. What ARM said after it was trimmed goes."""
    told = replace(batch, due=None, announced=batch.announcements, announced_at=at or batch.announced_at)
    return replace(told, answer=None, submission_answer=None) if batch.trimmed_at else told


def trimmed(batch: Batch, now: datetime) -> Batch:
    """Without what it holds of people: what was sent of its orders, the senders' words, and ARM's raw answers.

    Its state stays. So do ids, numbers, digests, statuses and ARM's reasons: they were announced, and by them an order
    that is sent again is known.
    """
    orders = tuple(replace(order, metadata=()) for order in batch.orders)
    return replace(
        batch, payload=None, answer=None, submission_answer=None, orders=orders, trimmed_at=batch.trimmed_at or now
    )


def forgotten(batch: Batch, order_id: str, payload: bytes | None, reason: str, by: str, now: datetime) -> Batch:
    """Without what it holds of the people of one order, as an operator wants it; `payload` is what remains of its own.

    ARM's raw answers about the whole batch go, too, because they may name anybody.

    Raises:
        IllegalStep: it has not ended, or its end is not announced yet.
    """
    if batch.state not in ENDS:
        raise IllegalStep(f"The order's batch has not ended. Its status is {batch.state}.")
    if batch.due:
        raise IllegalStep("The end is still being announced. Try again in a minute.")
    orders = [
        replace(order, errors=(), metadata=(), forgotten_at=now) if order.id == order_id else order
        for order in batch.orders
    ]
    entry = Transitions(state=batch.state, cause=causes.forgotten(order_id, reason), by=by, at=(now,))
    return replace(
        batch,
        orders=tuple(orders),
        payload=payload,
        answer=None,
        submission_answer=None,
        history=_remembered(batch.history, entry),
    )


def to_be_repeated(batch: Batch, reason: str, by: str, now: datetime) -> Batch:
    """To be announced once more, word for word, because a person asked for it.

    Raises:
        IllegalStep: it was not announced, or has been announced again `MAX_REPETITIONS` times.
    """
    if not batch.rests:
        raise IllegalStep(f"There is nothing to announce again. The batch's status is {batch.state}.")
    if batch.due or not batch.is_announced:
        raise IllegalStep("The batch is still being announced. Try again in a minute.")
    cause = causes.announced_again(reason)
    if sum(len(entry.at) for entry in batch.history if _is_repetition(entry)) >= MAX_REPETITIONS:
        raise IllegalStep(f"The batch has been announced again {MAX_REPETITIONS} times.")
    entry = Transitions(state=batch.state, cause=cause, by=by, at=(now,))
    return replace(batch, due=now, history=_remembered(batch.history, entry))


def asked(batch: Batch, reason: str, by: str, now: datetime) -> Batch:
    """Opened again, so that the relay finds out by its own rules how it ended.

    What ARM certainly does not have is submitted. Of what ARM took the result is asked for. About anything else ARM's
    ledger is asked, and it is settled like every submission in doubt.

    Raises:
        IllegalStep: it is not held, its hold is not announced yet, or it has been redriven `MAX_REDRIVES` times.
    """
    _check_released(batch)
    _check_not_too_often(batch)
    if batch.is_certainly_absent:
        return _reopened(batch, State.QUEUED, reason, by, now)
    if batch.batch_uuid:
        return _reopened(batch, State.PENDING, reason, by, now)
    doubted = replace(batch, doubt=batch.doubt or batch.attempt)
    return _reopened(doubted, State.UNCONFIRMED, reason, by, now)


def resubmitted(batch: Batch, reason: str, by: str, now: datetime, *, may_be_billed_twice: bool = False) -> Batch:
    """Released by a person who states that ARM has none of it: to be submitted as if for the first time.

    Raises:
        NeedsConfirmation: ARM may have it, and the person did not say that it `may_be_billed_twice`.
        IllegalStep: it is not held, its hold is not announced yet, ARM has documents of it, or it has been redriven
            `MAX_REDRIVES` times.
    """
    _check_released(batch)
    _check_not_too_often(batch)
    if any(order.status is OrderStatus.SUCCEEDED or _is_in_ledger(order) for order in batch.orders):
        raise IllegalStep("ARM already has documents from this batch. Close it, then send the remaining orders again.")
    if not batch.is_certainly_absent and not may_be_billed_twice:
        raise NeedsConfirmation(_what_to_check(batch))
    moved = _reopened(batch, State.QUEUED, reason, by, now)
    return replace(moved, doubt=None, batch_uuid=None, answer=None, submission_answer=None)


def retried(failed: Batch, places: Sequence[int], payload: bytes, new: Retry) -> Batch:
    """A new batch of some of a failed batch's orders, by their places. Nothing of it has been submitted yet."""
    orders = [failed.orders[place] for place in places]
    return Batch(
        id=new.batch_id,
        client_no=failed.client_no,
        state=State.QUEUED,
        orders=tuple(
            replace(order, status=OrderStatus.IN_PROGRESS, errors=(), arm_no=None, evidence=None, asked_at=None)
            for order in orders
        ),
        payload=payload,
        claimed_at=new.at,
        opened_at=new.at,
        due=new.at,
        attempt=0,
        attempt_at=new.at,
        cause=new.reason,
        history=(Transitions(state=State.QUEUED, cause=new.reason, by=new.by, at=(new.at,)),),
        retry_of=failed.id,
    )


def superseded(failed: Batch, new: Retry) -> Batch:
    """A failed batch whose failed orders are sent again in a new one.

    Raises:
        IllegalStep: no order of it failed, its end is not announced yet, they have been sent again already, or it is a
            credit note whose invoice was not created.
    """
    if failed.retried_as:
        raise IllegalStep(f"Its failed orders have been sent again in batch {failed.retried_as}.")
    if failed.state not in FAILURES:
        raise IllegalStep(f"No order of the batch has failed. Its status is {failed.state}.")
    if failed.cause == causes.INVOICE_NOT_CREATED:
        # What it waited for has ended, and another batch may have the invoice by now.
        raise IllegalStep("The invoice that it credits was not created. Its sender can send the credit note again.")
    if failed.due:
        raise IllegalStep("The end is still being announced. Try again in a minute.")
    cause = causes.sent_again(new.batch_id, new.reason)
    entry = Transitions(state=failed.state, cause=cause, by=new.by, at=(new.at,))
    return replace(failed, retried_as=new.batch_id, history=_remembered(failed.history, entry))


def _reopened(batch: Batch, state: State, reason: str, by: str, now: datetime) -> Batch:
    """Under way again; what is known to be in ARM stays known."""
    orders = tuple(
        order if order.status is OrderStatus.SUCCEEDED else replace(order, status=OrderStatus.IN_PROGRESS, errors=())
        for order in batch.orders
    )
    moved = _moved(batch, state, reason, now, by)
    return replace(moved, orders=orders, due=now, opened_at=now, settling_since=None, polls=0, ended_at=None)


def _what_to_check(batch: Batch) -> str:
    numbers = [order.document_no for order in batch.orders if order.document_no]
    documents = f"the documents {', '.join(numbers[:SHOWN])}" if numbers else "documents of its orders"
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return (
        f"ARM may have the batch, and would bill its orders twice. Look for {documents}{more} in ARM, or let the relay"
        " look: redrive it with the action ask. If ARM has none of them and will not get them later, send the same"
        " redrive with mayBeBilledTwice true."
    )


def _check_not_too_often(batch: Batch) -> None:
    if sum(len(entry.at) for entry in _redrives(batch)) >= MAX_REDRIVES:
        raise IllegalStep(f"The batch has been redriven {MAX_REDRIVES} times. Close it.")


def last_redrive(batch: Batch) -> Transitions | None:
    """What an operator did last about how the batch ends; None where nobody did."""
    return max(_redrives(batch), key=lambda entry: entry.at[-1], default=None)


def _redrives(batch: Batch) -> list[Transitions]:
    """What operators did about how the batch ends. To have it announced again is nothing of that."""
    return [entry for entry in batch.history if entry.by and not _is_repetition(entry)]


def _is_repetition(entry: Transitions) -> bool:
    """Whether an operator had the batch announced again. The reason of a redrive may begin with the same words."""
    rests = entry.state in ENDS or entry.state is State.HELD
    return rests and entry.by is not None and entry.cause.startswith(causes.announced_again(""))


def closed(batch: Batch, state: State, reason: str, by: str, now: datetime) -> Batch:
    """Ended by a person who found out how; orders whose status was known keep it, and what ARM's ledger has succeeded.

    Raises:
        IllegalStep: it is not held, its hold is not announced yet, or ARM's ledger has what is said to have failed.
    """
    _check_released(batch)
    status = OrderStatus(state)
    open_orders = [order for order in batch.orders if order.status is OrderStatus.HELD]
    if state is State.FAILED and open_orders and all(map(_is_in_ledger, open_orders)):
        raise IllegalStep("ARM's ledger has the documents of this batch. Close it as SUCCEEDED.")
    orders = [_ended_by_hand(order, status) for order in batch.orders]
    known = {order.status for order in orders}
    end = state if known == {status} else State.PARTIALLY_FAILED
    moved = replace(_moved(batch, end, reason, now, by), orders=tuple(orders))
    return replace(moved, due=now, ended_at=now, announcements=batch.announcements + 1)


def _ended_by_hand(order: BatchOrder, status: OrderStatus) -> BatchOrder:
    if order.status is not OrderStatus.HELD:
        return order
    return replace(order, status=OrderStatus.SUCCEEDED if _is_in_ledger(order) else status)


def _is_in_ledger(order: BatchOrder) -> bool:
    return order.evidence is Evidence.FOUND


def _check_released(batch: Batch) -> None:
    # The relay itself may take some of these steps from other states, because it has evidence that a person lacks.
    if batch.state is not State.HELD:
        raise IllegalStep(f"The batch is not held. Its status is {batch.state}.")
    if batch.due:
        raise IllegalStep("The hold is still being announced. Try again in a minute.")


def _moved(batch: Batch, state: State, cause: str, now: datetime, by: str | None = None) -> Batch:
    if state not in STEPS[batch.state]:
        raise IllegalStep(f"A batch cannot go from {batch.state} to {state}.")
    return replace(
        batch,
        state=state,
        cause=cause,
        undecided_since=None,
        failing_since=None,
        failure=None,
        history=_remembered(batch.history, Transitions(state=state, cause=cause, by=by, at=(now,))),
    )


def _earlier_doubt(batch: Batch) -> int | None:
    """The doubt that remains once the outcome of the present attempt is certain."""
    return batch.doubt if batch.doubt and batch.doubt < batch.attempt else None


def _remembered(history: tuple[Transitions, ...], new: Transitions) -> tuple[Transitions, ...]:
    kinds = {(entry.state, entry.cause, entry.by): entry for entry in history}
    kind = (new.state, new.cause, new.by)
    kinds[kind] = replace(new, at=kinds[kind].at + new.at) if kind in kinds else new
    if sum(len(entry.at) for entry in kinds.values()) > KEPT_TIMES:
        most = max(kinds, key=lambda kind: len(kinds[kind].at))
        kinds[most] = replace(kinds[most], at=kinds[most].at[1:])
    return tuple(kinds.values())
