from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, product

import pytest
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import (
    CLOCK_SKEW,
    KEPT_ANSWER,
    LEASE,
    Answer,
    Batch,
    Evidence,
    OrderStatus,
    State,
    Transitions,
)
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import KEPT_TIMES, STEPS, IllegalStep, NeedsConfirmation, Retry

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

LATER = NOW + timedelta(seconds=10)
ANSWER = Answer(202, '{"batchUuid":"u1"}')
REFUSAL = Answer(400, '{"message":"no"}')

type Step = Callable[[Batch], Batch]


def in_state(state: State, **changes: object) -> Batch:
    """A batch in that state; a held one has been announced, so that it may be released."""
    order = a_batch_order(status=OrderStatus.HELD if state is State.HELD else OrderStatus.IN_PROGRESS)
    due = None if state is State.HELD else NOW
    return a_batch(**{"state": state, "cause": "so it came", "due": due, "orders": (order,)} | changes)


def ending(state: State, status: OrderStatus) -> Step:
    return lambda batch: steps.ended(batch, state, status, "ARM's result", LATER)


#: Every public step, with the state it leads to.
WAYS: dict[str, tuple[State, Step]] = {
    "lease_over": (State.UNCONFIRMED, lambda batch: steps.lease_over(batch, LATER)),
    "in_doubt": (State.UNCONFIRMED, lambda batch: steps.in_doubt(batch, "no answer", None, LATER)),
    "taken": (State.CLAIMED, lambda batch: steps.begun(batch, "next attempt", LATER, TIMES)),
    "accepted": (State.PENDING, lambda batch: steps.pending(batch, "u1", ANSWER, LATER)),
    "not_taken": (State.QUEUED, lambda batch: steps.requeued(batch, "no connection", LATER)),
    "refused": (State.REFUSED, lambda batch: steps.refused(batch, REFUSAL, LATER)),
    "succeeded": (State.SUCCEEDED, ending(State.SUCCEEDED, OrderStatus.SUCCEEDED)),
    "partially-failed": (State.PARTIALLY_FAILED, ending(State.PARTIALLY_FAILED, OrderStatus.FAILED)),
    "failed": (State.FAILED, ending(State.FAILED, OrderStatus.FAILED)),
    "held": (State.HELD, lambda batch: steps.held(batch, "not understood", LATER)),
}

#: What only a person may do, and only with a held batch.
RELEASES: dict[str, Step] = {
    "asked about": lambda batch: steps.asked(batch, "look again", "arn:me", LATER),
    "resubmitted": lambda batch: steps.resubmitted(batch, "not in ARM", "arn:me", LATER),
    "closed as succeeded": lambda batch: steps.closed(batch, State.SUCCEEDED, "seen in ARM", "arn:me", LATER),
    "closed as failed": lambda batch: steps.closed(batch, State.FAILED, "not in ARM", "arn:me", LATER),
}

ALLOWED = [(name, state) for name, (to, _) in WAYS.items() for state in State if to in STEPS[state]]
FORBIDDEN = [(name, state) for name, (to, _) in WAYS.items() for state in State if to not in STEPS[state]]


def test_a_claim_is_due_once_for_its_lease_and_the_first_poll() -> None:
    batch = steps.claimed("batch-1", "2218", [a_batch_order()], b"{}", NOW, TIMES)

    assert (batch.state, batch.due, batch.attempt) == (State.CLAIMED, NOW + TIMES.first_poll, 1)
    assert (batch.claimed_at, batch.opened_at, batch.attempt_at) == (NOW, NOW, NOW)
    assert batch.history == (Transitions(state=State.CLAIMED, cause="accepted", at=(NOW,)),)
    assert not batch.rests


@pytest.mark.parametrize(("name", "state"), ALLOWED, ids=[f"{state}-{name}" for name, state in ALLOWED])
def test_every_arrow_of_the_table_can_be_taken(name: str, state: State) -> None:
    to, step = WAYS[name]
    batch = in_state(state)
    after = step(batch)

    assert after.state is to
    assert after.history[: len(batch.history)] == batch.history
    assert after.history[-1] == Transitions(state=to, cause=after.cause, at=(LATER,))
    assert after.version == batch.version


@pytest.mark.parametrize(("name", "state"), FORBIDDEN, ids=[f"{state}-{name}" for name, state in FORBIDDEN])
def test_no_other_step_exists(name: str, state: State) -> None:
    with pytest.raises(IllegalStep, match=f"from {state} to"):
        WAYS[name][1](in_state(state))


def test_every_pair_of_states_is_tried() -> None:
    tried = {(state, WAYS[name][0]) for name, state in ALLOWED + FORBIDDEN}

    assert tried == set(product(State, State))


def test_every_arrow_has_a_step() -> None:
    arrows = {(state, to) for state, reached in STEPS.items() for to in reached}

    assert arrows == {(state, WAYS[name][0]) for name, state in ALLOWED}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("state", [state for state in State if state is not State.HELD])
def test_nobody_releases_a_batch_that_is_not_held(release: str, state: State) -> None:
    with pytest.raises(IllegalStep, match=f"not held. Its status is {state}"):
        RELEASES[release](in_state(state))


@pytest.mark.parametrize("release", RELEASES)
def test_a_hold_is_announced_before_it_is_released(release: str) -> None:
    held = steps.held(in_state(State.PENDING), "not understood", NOW)

    with pytest.raises(IllegalStep, match="is still being announced"):
        RELEASES[release](held)


# Doubt


def doubted(attempt: int, doubt: int | None, state: State = State.CLAIMED) -> Batch:
    return in_state(state, attempt=attempt, doubt=doubt)


@pytest.mark.parametrize("step", ["lease_over", "in_doubt"])
def test_an_attempt_without_an_outcome_is_in_doubt(step: str) -> None:
    assert WAYS[step][1](doubted(3, None)).doubt == 3


@pytest.mark.parametrize("step", ["lease_over", "in_doubt"])
def test_the_first_doubt_is_the_one_remembered(step: str) -> None:
    assert WAYS[step][1](doubted(3, 1)).doubt == 1


@pytest.mark.parametrize("step", ["accepted", "not_taken", "refused"])
def test_a_late_outcome_of_the_same_attempt_clears_the_doubt(step: str) -> None:
    late = WAYS[step][1](doubted(2, 2, State.UNCONFIRMED))

    assert late.doubt is None
    assert late.state is WAYS[step][0]


@pytest.mark.parametrize("step", ["accepted", "not_taken"])
def test_an_outcome_leaves_an_earlier_doubt_standing(step: str) -> None:
    assert WAYS[step][1](doubted(3, 2)).doubt == 2


@pytest.mark.parametrize("state", [State.CLAIMED, State.UNCONFIRMED])
def test_a_refusal_after_a_doubtful_attempt_holds_the_batch(state: State) -> None:
    batch = steps.refused(doubted(2, 1, state), REFUSAL, LATER)

    assert batch.state is State.HELD
    assert batch.cause == "ARM answered 400 to a repeated submission"
    assert [order.status for order in batch.orders] == [OrderStatus.HELD]
    assert (batch.due, batch.answer) == (NOW, REFUSAL)


def test_a_refusal_without_doubt_ends_the_batch() -> None:
    batch = steps.refused(doubted(2, None), REFUSAL, LATER)

    assert (batch.state, batch.cause, batch.answer) == (State.REFUSED, "ARM answered 400", REFUSAL)
    assert [order.status for order in batch.orders] == [OrderStatus.REFUSED]


def test_a_doubt_survives_being_submitted_again() -> None:
    first = steps.lease_over(in_state(State.CLAIMED), LATER)
    again = steps.begun(first, "ARM's ledger has none of it", LATER, TIMES)

    assert (again.doubt, again.attempt) == (1, 2)
    assert steps.refused(again, REFUSAL, LATER).state is State.HELD


# Due times


@pytest.mark.parametrize("state", [State.CLAIMED, State.UNCONFIRMED])
def test_a_batch_uuid_leaves_the_due_time_alone(state: State) -> None:
    batch = in_state(state, due=NOW + timedelta(seconds=77), polls=5)
    accepted = steps.pending(batch, "u1", ANSWER, LATER)

    assert (accepted.due, accepted.polls) == (batch.due, 0)
    assert (accepted.batch_uuid, accepted.answer) == ("u1", ANSWER)


def test_a_submission_in_doubt_leaves_the_due_time_alone_and_keeps_the_answer() -> None:
    batch = in_state(State.CLAIMED, due=NOW + timedelta(seconds=77), answer=ANSWER)

    assert steps.in_doubt(batch, "no answer", None, LATER).due == batch.due
    assert steps.in_doubt(batch, "no answer", None, LATER).answer == ANSWER
    assert steps.in_doubt(batch, "500", REFUSAL, LATER).answer == REFUSAL


def test_what_arm_did_not_take_waits_until_it_is_told_to() -> None:
    batch = in_state(State.CLAIMED, due=NOW + timedelta(seconds=77))

    assert steps.requeued(batch, "429", LATER).due == batch.due
    assert steps.requeued(batch, "429", LATER, NOW + timedelta(hours=1)).due == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("looked_after", "due_after"),
    [
        pytest.param(LEASE, LEASE + CLOCK_SKEW, id="the submitter may have a slower clock"),
        pytest.param(timedelta(minutes=5), timedelta(minutes=5), id="long over: at once"),
    ],
)
def test_a_lost_outcome_gives_the_submitter_its_time(looked_after: timedelta, due_after: timedelta) -> None:
    batch = steps.lease_over(in_state(State.CLAIMED), NOW + looked_after)

    assert batch.due == NOW + due_after


def test_a_poll_during_the_lease_is_postponed_to_its_end() -> None:
    batch = in_state(State.CLAIMED)
    postponed = steps.postponed(batch)

    assert postponed == replace(batch, due=NOW + LEASE)


def test_a_new_attempt_is_counted_and_due_like_a_claim() -> None:
    taken = steps.begun(in_state(State.QUEUED, attempt=4, polls=3), "next attempt", LATER, TIMES)

    assert (taken.attempt, taken.attempt_at, taken.polls) == (5, LATER, 4)
    assert taken.due == LATER + TIMES.first_poll


def test_a_poll_without_news_changes_nothing_but_the_next_one() -> None:
    batch = in_state(State.PENDING, undecided_since=NOW)
    polled = steps.polled(batch, LATER)

    assert polled == replace(batch, polls=1, due=LATER)


@pytest.mark.parametrize("name", ["refused", "failed", "held"])
@pytest.mark.parametrize(
    ("due", "due_after"),
    [
        pytest.param(NOW, NOW, id="due already: the index is not touched"),
        pytest.param(LATER + timedelta(minutes=1), LATER, id="not due yet: at once"),
        pytest.param(None, LATER, id="nothing was left to do: at once"),
    ],
)
def test_an_end_is_due_at_once_and_numbered(name: str, due: datetime | None, due_after: datetime) -> None:
    batch = in_state(State.CLAIMED if name == "refused" else State.PENDING, announcements=4, due=due)
    ended = WAYS[name][1](batch)

    assert (ended.due, ended.ended_at, ended.announcements) == (due_after, LATER, 5)
    assert ended.rests


def an_announced_end() -> Batch:
    return steps.announced(steps.held(a_batch(), "too old", NOW), NOW)


def test_an_announced_end_may_be_announced_once_more_and_keeps_its_state() -> None:
    before = an_announced_end()

    after = steps.to_be_repeated(before, "a queue was lost", "kari", LATER)

    assert after.is_to_be_repeated
    assert (after.state, after.cause, after.by) == (before.state, before.cause, before.by)
    assert (after.due, after.announcement_id, after.ended_at) == (LATER, before.announcement_id, before.ended_at)
    assert (after.history[-1].cause, after.history[-1].by) == ("announced again: a queue was lost", "kari")
    assert steps.announced(after).announced_at == NOW


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        pytest.param(a_batch(), "nothing to announce again", id="under way"),
        pytest.param(steps.held(a_batch(), "too old", NOW), "still being announced", id="not announced"),
        pytest.param(
            steps.to_be_repeated(an_announced_end(), "lost", "kari", NOW), "still being announced", id="to be repeated"
        ),
    ],
)
def test_what_was_not_announced_is_not_announced_again(batch: Batch, why: str) -> None:
    with pytest.raises(IllegalStep, match=why):
        steps.to_be_repeated(batch, "a queue was lost", "kari", LATER)


def test_a_batch_is_announced_again_a_bounded_number_of_times() -> None:
    batch = an_announced_end()
    for number in range(steps.MAX_REPETITIONS):
        batch = steps.announced(steps.to_be_repeated(batch, f"lost {number % 2}", "kari", LATER))

    with pytest.raises(IllegalStep, match="announced again 10 times"):
        steps.to_be_repeated(batch, "lost", "kari", LATER)


def test_a_new_end_is_not_the_one_that_was_announced() -> None:
    closed = steps.closed(an_announced_end(), State.SUCCEEDED, "found", "kari", LATER)

    assert (closed.is_announced, closed.is_to_be_repeated) == (False, False)


def test_announced_leaves_nothing_to_do() -> None:
    held = steps.held(in_state(State.PENDING), "not understood", LATER)

    assert steps.announced(held, NOW) == replace(held, due=None, announced=1, announced_at=NOW)


def test_another_state_forgets_since_when_the_result_is_not_understood() -> None:
    batch = in_state(State.PENDING, undecided_since=NOW)

    assert steps.held(batch, "not understood", LATER).undecided_since is None


# Orders


def test_a_hold_keeps_what_is_known_of_single_orders() -> None:
    statuses = [OrderStatus.SUCCEEDED, OrderStatus.FAILED, OrderStatus.IN_PROGRESS]
    orders = tuple(a_batch_order(id=f"evt-{status}", status=status) for status in statuses)
    held = steps.held(in_state(State.PENDING, orders=orders), "not understood", LATER)

    assert [order.status for order in held.orders] == [OrderStatus.SUCCEEDED, OrderStatus.FAILED, OrderStatus.HELD]


def test_ended_each_takes_the_orders_as_they_ended() -> None:
    orders = (a_batch_order(status=OrderStatus.FAILED, errors=("no such customer",)),)
    ended = steps.ended_each(in_state(State.PENDING), State.FAILED, orders, "ARM's result", LATER)

    assert ended.orders == orders


@pytest.mark.parametrize("state", State)
def test_ends_and_holds_rest(state: State) -> None:
    resting = {State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED, State.HELD}

    assert in_state(state).rests == (state in resting)


# Redrive


def test_a_resubmitted_batch_begins_anew() -> None:
    order = a_batch_order(status=OrderStatus.FAILED, errors=("late",))
    held = in_state(
        State.HELD,
        orders=(order, a_batch_order(id="evt-2", status=OrderStatus.HELD)),
        attempt=3,
        doubt=1,
        polls=9,
        batch_uuid="u1",
        answer=ANSWER,
        announcements=1,
        ended_at=NOW,
    )
    queued = steps.resubmitted(held, "not in ARM", "arn:me", LATER, may_be_billed_twice=True)

    assert (queued.state, queued.cause, queued.by) == (State.QUEUED, "not in ARM", "arn:me")
    assert (queued.due, queued.opened_at, queued.claimed_at) == (LATER, LATER, NOW)
    assert (queued.doubt, queued.polls, queued.batch_uuid, queued.answer, queued.ended_at) == (
        None,
        0,
        None,
        None,
        None,
    )
    assert {(order.status, order.errors) for order in queued.orders} == {(OrderStatus.IN_PROGRESS, ())}
    # Late answers belong to attempts that were counted before, and the hold was announced once.
    assert (queued.attempt, queued.announcements) == (3, 1)


@pytest.mark.parametrize(
    "known",
    [{"status": OrderStatus.SUCCEEDED}, {"status": OrderStatus.HELD, "evidence": Evidence.FOUND}],
    ids=["succeeded", "found in the ledger"],
)
def test_a_batch_of_which_arm_has_documents_is_not_resubmitted(known: dict[str, object]) -> None:
    orders = (a_batch_order(**known), a_batch_order(id="evt-2", status=OrderStatus.HELD))

    with pytest.raises(IllegalStep, match="ARM already has documents"):
        steps.resubmitted(in_state(State.HELD, orders=orders), "again", "arn:me", LATER, may_be_billed_twice=True)


def test_what_arms_ledger_has_is_not_closed_as_failed() -> None:
    found = a_batch_order(status=OrderStatus.HELD, evidence=Evidence.FOUND)
    open_order = a_batch_order(id="evt-2", status=OrderStatus.HELD)

    with pytest.raises(IllegalStep, match="Close it as SUCCEEDED"):
        steps.closed(in_state(State.HELD, orders=(found,)), State.FAILED, "looked", "arn:me", LATER)
    closed = steps.closed(in_state(State.HELD, orders=(found, open_order)), State.FAILED, "looked", "arn:me", LATER)

    assert closed.state is State.PARTIALLY_FAILED
    assert [order.status for order in closed.orders] == [OrderStatus.SUCCEEDED, OrderStatus.FAILED]


@pytest.mark.parametrize(
    ("known", "closed_as", "end"),
    [
        pytest.param([], State.SUCCEEDED, State.SUCCEEDED, id="nothing known: as the person says"),
        pytest.param([], State.FAILED, State.FAILED, id="nothing known: as the person says, failed"),
        pytest.param([OrderStatus.SUCCEEDED], State.SUCCEEDED, State.SUCCEEDED, id="the same as known"),
        pytest.param([OrderStatus.FAILED], State.SUCCEEDED, State.PARTIALLY_FAILED, id="one had failed"),
        pytest.param([OrderStatus.SUCCEEDED], State.FAILED, State.PARTIALLY_FAILED, id="one had succeeded"),
    ],
)
def test_closing_ends_only_the_orders_nobody_knew_about(known: list[OrderStatus], closed_as: State, end: State) -> None:
    orders = (*(a_batch_order(id="known", status=status) for status in known), a_batch_order(status=OrderStatus.HELD))
    held = in_state(State.HELD, orders=orders, announcements=1)
    closed = steps.closed(held, closed_as, "asked Amili", "arn:me", LATER)

    assert closed.state is end
    assert [order.status for order in closed.orders] == [*known, OrderStatus(closed_as)]
    assert (closed.due, closed.ended_at, closed.announcements, closed.by) == (LATER, LATER, 2, "arn:me")


def test_by_names_who_brought_it_into_its_present_state_only() -> None:
    queued = steps.resubmitted(in_state(State.HELD), "not in ARM", "arn:me", LATER)
    taken = steps.begun(queued, "next attempt", LATER, TIMES)

    assert (queued.by, taken.by) == ("arn:me", None)


def test_by_does_not_trust_clocks() -> None:
    queued = steps.resubmitted(in_state(State.HELD), "not in ARM", "arn:me", NOW + CLOCK_SKEW)
    taken = steps.begun(queued, "next attempt", NOW, TIMES)
    held = steps.held(steps.lease_over(taken, NOW), "still PENDING after HoldAfterSeconds", NOW)

    assert held.by is None


def test_by_names_the_latest_of_several_operators() -> None:
    def released(batch: Batch, by: str, minutes: int) -> Batch:
        at = NOW + timedelta(minutes=minutes)
        return steps.resubmitted(replace(batch, due=None), "not in ARM", by, at)

    first = released(in_state(State.HELD), "arn:zoe", 1)
    second = released(steps.held(first, "still QUEUED after HoldAfterSeconds", NOW), "arn:ada", 2)

    assert second.by == "arn:ada"


# History


def around(batch: Batch, times: int) -> Batch:
    """So many vain attempts, one minute each."""
    for minute in range(1, times + 1):
        at = NOW + timedelta(minutes=minute)
        batch = steps.requeued(steps.begun(batch, "next attempt", at, TIMES), "ARM answered 429", at)
    return batch


def test_the_history_groups_transitions_by_kind_in_order_of_their_first_time() -> None:
    batch = around(in_state(State.QUEUED), 3)
    times = tuple(NOW + timedelta(minutes=minute) for minute in (1, 2, 3))

    assert batch.history == (
        Transitions(state=State.QUEUED, cause="so it came", at=(NOW,)),
        Transitions(state=State.CLAIMED, cause="next attempt", at=times),
        Transitions(state=State.QUEUED, cause="ARM answered 429", at=times),
    )


def test_the_same_transition_by_another_person_is_another_kind() -> None:
    held = in_state(State.HELD)
    first = steps.resubmitted(held, "again", "arn:ada", NOW)
    again = steps.announced(steps.held(first, "so it came", NOW))
    second = steps.resubmitted(again, "again", "arn:zoe", LATER)

    assert [(entry.cause, entry.by, len(entry.at)) for entry in second.history] == [
        ("so it came", None, 2),
        ("again", "arn:ada", 1),
        ("again", "arn:zoe", 1),
    ]


def test_a_long_history_leaves_out_the_oldest_times_of_what_was_most_frequent() -> None:
    batch = around(in_state(State.QUEUED), KEPT_TIMES)

    first, *often = batch.history
    assert len(first.at) == 1
    assert sum(len(entry.at) for entry in batch.history) == KEPT_TIMES
    assert abs(len(often[0].at) - len(often[1].at)) <= 1
    assert {entry.at[-1] for entry in often} == {NOW + timedelta(minutes=KEPT_TIMES)}


# Back-off


@pytest.mark.parametrize(
    ("polls", "seconds"),
    [
        pytest.param(0, 30, id="the first poll's time"),
        pytest.param(1, 60, id="twice"),
        pytest.param(2, 120, id="twice again"),
        pytest.param(4, 480, id="grows"),
        pytest.param(5, 900, id="the longest"),
        pytest.param(20, 900, id="no longer than the longest"),
        pytest.param(10**9, 900, id="however often"),
    ],
)
def test_polls_grow_rarer_up_to_the_longest_pause(polls: int, seconds: int) -> None:
    due = Pace(TIMES, lambda: NOW, lambda: 0.5).backed_off(polls)

    assert due == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.8), (0.25, 0.9), (1.0, 1.2)])
def test_looks_are_spread_by_a_fifth(jitter: float, share: float) -> None:
    due = Pace(TIMES, lambda: NOW, lambda: jitter).backed_off(3)

    assert due == NOW + timedelta(seconds=240 * share)


def test_each_look_is_later_than_the_one_before_whatever_the_jitter() -> None:
    slowest = [Pace(TIMES, lambda: NOW, lambda: 1).backed_off(polls) for polls in range(4)]
    fastest = [Pace(TIMES, lambda: NOW, lambda: 0).backed_off(polls) for polls in range(1, 5)]

    assert all(slow < fast for slow, fast in zip(slowest, fastest, strict=True))
    assert all(first < second for first, second in pairwise(slowest))


# ARM's answer


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        pytest.param("x" * KEPT_ANSWER, "x" * KEPT_ANSWER, id="as large as may be"),
        pytest.param("x" * (KEPT_ANSWER + 1), "x" * KEPT_ANSWER, id="one more"),
        pytest.param("x" * (KEPT_ANSWER - 1) + "æ", "x" * (KEPT_ANSWER - 1), id="no half of a character"),
        pytest.param("a\x7fb\x9b2Jc\xa0", "a\ufffdb\ufffd2Jc\xa0", id="a terminal obeys these, too"),
        pytest.param("a\x00b\x1b\r\n\tc", "a\ufffdb\ufffd\r\n\tc", id="control characters would swell a record"),
    ],
)
def test_an_answer_is_kept_as_far_as_it_fits(body: str, kept: str) -> None:
    assert Answer(200, body).kept() == Answer(200, kept)


# How long a batch has waited.


def test_a_batch_waits_for_its_end_from_its_claim_on() -> None:
    assert in_state(State.PENDING).waited(LATER) == LATER - NOW


def test_a_resubmitted_batch_waits_from_then_on() -> None:
    queued = steps.resubmitted(in_state(State.HELD), "not in ARM", "arn:me", LATER)

    assert queued.waited(LATER + timedelta(seconds=5)) == timedelta(seconds=5)


def test_an_ended_batch_waits_for_its_announcement_from_its_end_on() -> None:
    ended = steps.ended(in_state(State.PENDING), State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", LATER)

    assert ended.waited(LATER + timedelta(seconds=5)) == timedelta(seconds=5)


def test_nobody_waits_less_than_no_time() -> None:
    assert in_state(State.PENDING).waited(NOW - timedelta(seconds=1)) == timedelta(0)


# What ARM certainly has none of.


def queued() -> Batch:
    return steps.requeued(a_batch(), "no connection to ARM", NOW)


def held_from(batch: Batch) -> Batch:
    return steps.announced(steps.held(batch, "too old", NOW))


@pytest.mark.parametrize(
    ("batch", "is_certain"),
    [
        pytest.param(queued(), True, id="never taken"),
        pytest.param(held_from(queued()), True, id="held while it waited"),
        pytest.param(steps.refused(a_batch(), REFUSAL, NOW), True, id="refused"),
        pytest.param(a_batch(), False, id="being submitted"),
        pytest.param(held_from(a_batch()), False, id="held while it was submitted"),
        pytest.param(steps.in_doubt(a_batch(), "no answer", None, NOW), False, id="in doubt"),
        pytest.param(held_from(steps.in_doubt(a_batch(), "no answer", None, NOW)), False, id="held in doubt"),
        pytest.param(held_from(steps.pending(a_batch(), "u1", ANSWER, NOW)), False, id="taken"),
        pytest.param(
            replace(a_batch(), state=State.HELD, due=None, ended_at=NOW), False, id="held while it could not be read"
        ),
    ],
)
def test_what_arm_certainly_has_none_of_is_known_by_what_happened(batch: Batch, is_certain: bool) -> None:  # noqa: FBT001
    assert batch.is_certainly_absent is is_certain


@pytest.mark.parametrize("held", [held_from(a_batch()), held_from(steps.pending(a_batch(), "u1", ANSWER, NOW))])
def test_the_word_of_a_person_makes_nothing_certain(held: Batch) -> None:
    released = steps.resubmitted(held, "not in ARM", "arn:me", LATER, may_be_billed_twice=True)

    assert not released.is_certainly_absent
    assert not held_from(released).is_certainly_absent


# Asking.


@pytest.mark.parametrize(
    ("held", "state", "doubt"),
    [
        pytest.param(held_from(queued()), State.QUEUED, None, id="certainly not in ARM"),
        pytest.param(held_from(steps.pending(a_batch(), "u1", ANSWER, NOW)), State.PENDING, None, id="taken"),
        pytest.param(held_from(steps.in_doubt(a_batch(), "no", None, NOW)), State.UNCONFIRMED, 1, id="in doubt"),
        pytest.param(held_from(a_batch()), State.UNCONFIRMED, 1, id="being submitted"),
    ],
)
def test_a_batch_that_is_asked_about_goes_on_where_the_relay_can_find_out(
    held: Batch, state: State, doubt: int | None
) -> None:
    asked = steps.asked(replace(held, settling_since=NOW, polls=9), "the outage is over", "arn:me", LATER)

    assert (asked.state, asked.doubt, asked.batch_uuid) == (state, doubt, held.batch_uuid)
    assert (asked.cause, asked.by) == ("the outage is over", "arn:me")
    assert (asked.due, asked.opened_at, asked.settling_since, asked.polls) == (LATER, LATER, None, 0)
    assert (asked.ended_at, [order.status for order in asked.orders]) == (None, [OrderStatus.IN_PROGRESS])


def test_after_a_persons_word_the_ledger_is_asked_before_anything_is_sent() -> None:
    held = held_from(steps.pending(a_batch(), "u1", ANSWER, NOW))
    released = steps.resubmitted(held, "not in ARM", "arn:me", LATER, may_be_billed_twice=True)

    assert steps.asked(held_from(released), "look", "arn:me", LATER).state is State.UNCONFIRMED


def test_what_is_known_to_be_in_arm_stays_known() -> None:
    orders = (a_batch_order(status=OrderStatus.SUCCEEDED), a_batch_order(id="evt-2"))
    held = held_from(steps.in_doubt(a_batch(orders=orders), "no answer", None, NOW))

    asked = steps.asked(held, "look", "arn:me", LATER)

    assert [order.status for order in asked.orders] == [OrderStatus.SUCCEEDED, OrderStatus.IN_PROGRESS]


def test_a_batch_is_not_redriven_for_ever() -> None:
    batch = held_from(queued())
    for number in range(steps.MAX_REDRIVES):
        batch = held_from(steps.asked(batch, f"again {number}", "arn:me", LATER))

    with pytest.raises(IllegalStep, match="10 times"):
        steps.asked(batch, "again", "arn:me", LATER)


def test_what_is_announced_again_is_not_counted_among_the_redrives() -> None:
    batch = held_from(queued())
    for number in range(steps.MAX_REPETITIONS):
        batch = steps.announced(steps.to_be_repeated(batch, f"lost {number}", "arn:me", LATER))
    for number in range(steps.MAX_REDRIVES):
        batch = held_from(steps.asked(batch, f"again {number}", "arn:me", LATER))

    assert steps.to_be_repeated(held_from(queued()), "lost", "arn:me", LATER).due == LATER
    with pytest.raises(IllegalStep, match="redriven 10 times"):
        steps.asked(batch, "again", "arn:me", LATER)
    with pytest.raises(IllegalStep, match="announced again 10 times"):
        steps.to_be_repeated(batch, "lost", "arn:me", LATER)


def test_a_redrive_counts_as_one_whatever_its_reason_says() -> None:
    batch = held_from(queued())
    for number in range(steps.MAX_REDRIVES):
        batch = held_from(steps.asked(batch, causes.announced_again(f"again {number}"), "arn:me", LATER))

    assert steps.to_be_repeated(batch, "lost", "arn:me", LATER).due == LATER
    with pytest.raises(IllegalStep, match="redriven 10 times"):
        steps.asked(batch, "again", "arn:me", LATER)


# Confirming.


def test_what_arm_may_have_is_resubmitted_only_if_that_is_said_again() -> None:
    held = held_from(steps.in_doubt(a_batch(), "no answer", None, NOW))

    with pytest.raises(NeedsConfirmation, match="Look for the documents 88776655 in ARM"):
        steps.resubmitted(held, "not in ARM", "arn:me", LATER)

    assert steps.resubmitted(held, "not in ARM", "arn:me", LATER, may_be_billed_twice=True).state is State.QUEUED


def test_what_arm_certainly_has_none_of_is_resubmitted_without_more_words() -> None:
    assert steps.resubmitted(held_from(queued()), "outage", "arn:me", LATER).state is State.QUEUED


def test_of_many_documents_only_some_are_named() -> None:
    orders = tuple(a_batch_order(id=f"e{number}", document_no=str(number)) for number in range(8))

    with pytest.raises(NeedsConfirmation, match="documents 0, 1, 2, 3, 4 and 3 more"):
        steps.resubmitted(held_from(a_batch(orders=orders)), "not in ARM", "arn:me", LATER)


# Retrying.

NEW = Retry(batch_id="batch-2", reason="the customer exists now", by="arn:me", at=LATER)


def failed(*statuses: OrderStatus, **changes: object) -> Batch:
    orders = tuple(a_batch_order(id=f"e{place}", status=status) for place, status in enumerate(statuses))
    return in_state(State.PARTIALLY_FAILED, **{"orders": orders, "due": None, "ended_at": NOW} | changes)


def test_a_retry_is_a_new_batch_that_nobody_has_submitted() -> None:
    before = failed(OrderStatus.SUCCEEDED, OrderStatus.FAILED)

    after = steps.retried(before, [1], b"payload", NEW)

    assert (after.id, after.retry_of, after.client_no, after.payload) == ("batch-2", "batch-1", "2218", b"payload")
    assert (after.state, after.attempt, after.due, after.claimed_at) == (State.QUEUED, 0, LATER, LATER)
    assert [(order.id, order.status, order.digest) for order in after.orders] == [("e1", OrderStatus.IN_PROGRESS, "d1")]
    assert (after.by, after.cause, after.is_certainly_absent) == ("arn:me", "the customer exists now", True)


def test_the_failed_batch_says_in_which_batch_its_orders_are_sent_again() -> None:
    before = failed(OrderStatus.FAILED)

    after = steps.superseded(before, NEW)

    assert (after.retried_as, after.state, after.orders, after.by) == ("batch-2", before.state, before.orders, None)
    assert (after.history[-1].cause, after.history[-1].by) == (
        "sent again in batch batch-2: the customer exists now",
        "arn:me",
    )


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        pytest.param(failed(OrderStatus.FAILED, retried_as="b9"), "sent again in batch b9", id="retried already"),
        pytest.param(failed(OrderStatus.FAILED, due=NOW), "being announced", id="not announced yet"),
        pytest.param(in_state(State.SUCCEEDED), "Its status is SUCCEEDED", id="succeeded"),
        pytest.param(in_state(State.HELD), "Its status is HELD", id="held"),
    ],
)
def test_only_an_announced_failure_is_retried_and_once(batch: Batch, why: str) -> None:
    with pytest.raises(IllegalStep, match=why):
        steps.superseded(batch, NEW)
