"""Bulk redrives go on in runs of the poller, whatever happens to a run."""

from dataclasses import replace
from typing import Any, cast

import pytest
from arm_relay.batches import bulk_redrive, steps
from arm_relay.batches.batch import Batch, State
from arm_relay.batches.bulk_redrive import Action, BulkRedrive, Progress
from arm_relay.batches.selection import Wanted
from arm_relay.poller.bulk_redrives import CHANGED, ENDED_RUNS, IN_HAND, SPELL
from arm_relay.redriving import Redriving
from arm_relay.store.redrives import Redrives
from botocore.exceptions import ReadTimeoutError

from tests.support.builders import TIMES
from tests.support.poller_in_memory import MINUTE, Killed, Moment, World, an_order
from tests.support.store_contract import TABLE

REASON = "the outage is over"


class BulkWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.redrives = Redrives(cast("Any", self.dynamodb), TABLE, life=TIMES.retention)

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def hold(self, count: int, first: int = 1) -> list[str]:
        """So many batches that were held while ARM was out of reach."""
        ids = [f"batch-{number}" for number in range(first, first + count)]
        for number, batch_id in enumerate(ids, first):
            queued = steps.requeued(self.claimed(an_order(number), batch_id=batch_id), "no connection", self.now)
            held = self.saved(steps.held(self.saved(queued), "too old", self.now))
            self.saved(steps.announced(held))
        return ids

    def fail(self, number: int) -> Batch:
        """A batch that ARM refused."""
        self.arm.fail("submit", "status", 1, status=422)
        batch = self.submission().run(claimed := self.claimed(an_order(number), batch_id=f"batch-{number}"), b"{}")
        assert (claimed.id, batch.state) == (batch.id, State.REFUSED)
        return self.saved(steps.announced(batch))

    def lost(self) -> dict[str, Any]:
        """All that was accepted so far."""
        return {"claimed_after": self.now - 60 * MINUTE, "claimed_before": self.now + MINUTE}

    def begin(self, most: int, action: Action = Action.ASK, **wanted: Any) -> None:  # noqa: ANN401 (fields)
        self.arm.clock.time += MINUTE
        self.redrives.create(
            BulkRedrive(
                id="r1",
                action=action,
                wanted=Wanted(listing=action.listing, **{"since_before": self.now} | wanted),
                reason=REASON,
                by="kari",
                created_at=self.now,
                most=most,
            )
        )
        self.arm.clock.time += MINUTE

    @property
    def redrive(self) -> BulkRedrive:
        redrive = self.redrives.redrive("r1")
        assert redrive
        return redrive

    def counts(self) -> tuple[Progress, int, int, int]:
        return self.redrive.status, self.redrive.done, self.redrive.refused, self.redrive.left

    def redriven(self, batch_id: str) -> int:
        """How often the batch was redriven."""
        return sum(len(entry.at) for entry in self.stored(batch_id).history if entry.by)

    def poll_until_it_ends(self) -> None:
        for _ in range(30):
            if not self.redrive.is_under_way:
                return
            self.poll(after=MINUTE)
        raise AssertionError(self.redrive)


@pytest.fixture
def world() -> BulkWorld:
    return BulkWorld()


def test_every_batch_is_opened_again_and_goes_its_way(world: BulkWorld) -> None:
    ids = world.hold(2 * IN_HAND + 3)
    world.begin(len(ids))

    world.poll_until_it_ends()
    for _ in range(3):
        world.poll(after=MINUTE)

    assert world.counts() == (Progress.DONE, len(ids), 0, 0)
    assert [world.stored(batch_id).state for batch_id in ids] == [State.SUCCEEDED] * len(ids)
    assert len(world.billed()) == len(ids)
    assert {world.redriven(batch_id) for batch_id in ids} == {1}
    entry = next(entry for entry in world.stored("batch-1").history if entry.by)
    assert (entry.by, entry.cause, world.stored("batch-1").redrive_id) == ("kari", REASON, "r1")


def test_what_failed_is_sent_again_as_new_batches(world: BulkWorld) -> None:
    world.fail(1)
    world.fail(2)
    world.begin(2, Action.RETRY)

    world.poll_until_it_ends()
    for _ in range(3):
        world.poll(after=MINUTE)

    assert world.counts() == (Progress.DONE, 2, 0, 0)
    assert sorted(map(str, world.billed())) == ["B-1", "B-2"]
    assert [world.stored(f"batch-{number}").retried_as for number in (1, 2)] == ["new-1", "new-2"]


def test_no_more_are_touched_than_were_seen(world: BulkWorld) -> None:
    ids = world.hold(5)
    world.begin(3)

    world.poll_until_it_ends()

    assert world.counts() == (Progress.DONE, 3, 0, 0)
    assert sum(world.redriven(batch_id) for batch_id in ids) == 3


def test_only_what_is_meant_at_that_moment_is_touched(world: BulkWorld) -> None:
    world.hold(3)
    world.begin(3)
    closed = steps.closed(world.stored("batch-2"), State.SUCCEEDED, "found", "ola", world.now)
    world.saved(steps.announced(world.saved(closed)))
    world.hold(1, first=9)

    world.poll_until_it_ends()

    assert world.counts() == (Progress.DONE, 2, 0, 1)
    assert (world.stored("batch-2").state, world.stored("batch-9").state) == (State.SUCCEEDED, State.HELD)


def test_what_is_held_again_is_not_redriven_again(world: BulkWorld) -> None:
    (batch_id,) = world.hold(1)
    world.begin(5)
    asked = steps.asked(world.stored(batch_id), REASON, "kari", world.now)
    held = steps.held(world.saved(replace(asked, redrive_id="r1")), "too old", world.redrive.created_at)
    world.saved(steps.announced(world.saved(held)))

    world.poll_until_it_ends()

    assert world.redriven(batch_id) == 1
    assert world.stored(batch_id).state is State.HELD


def test_a_batch_that_cannot_be_redriven_is_told_with_its_reason(world: BulkWorld) -> None:
    world.hold(2)
    del world.dynamodb.items["ORDER#2218#batch-1-B-1"]
    world.begin(2)

    world.poll_until_it_ends()

    assert world.counts() == (Progress.DONE, 1, 1, 0)
    (refusal,) = world.redrive.refusals
    assert refusal.batch_id == "batch-1"
    assert "may have been sent again" in refusal.reason


def test_an_unexpected_failure_of_one_batch_stops_no_other(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.hold(2)
    world.begin(2)
    ask = Redriving.ask

    def fails(self: Redriving, batch: Batch, *wish: Any) -> Batch:  # noqa: ANN401 (as it is called)
        if batch.id == "batch-1":
            raise RuntimeError
        return ask(self, batch, *wish)

    monkeypatch.setattr(Redriving, "ask", fails)

    world.poll_until_it_ends()

    assert world.counts() == (Progress.DONE, 1, 1, 0)
    assert len(world.diary.failures) == 1


# Stopped.


def test_what_is_stopped_goes_no_further(world: BulkWorld) -> None:
    ids = world.hold(3)
    world.begin(3)
    assert world.redrives.save(bulk_redrive.stopped(world.redrive, "ola", world.now))

    world.poll(after=MINUTE)

    assert {world.stored(batch_id).state for batch_id in ids} == {State.HELD}
    assert world.counts() == (Progress.STOPPED, 0, 0, 3)


def test_what_was_in_hand_when_it_was_stopped_is_counted_and_not_continued(world: BulkWorld) -> None:
    world.hold(2)
    world.begin(2)
    taken = bulk_redrive.taken_in_hand(world.redrive, ["batch-1", "batch-2"], ("held", world.now, "batch-2"))
    assert world.redrives.save(taken)
    asked = steps.asked(world.stored("batch-1"), REASON, "kari", world.now)
    world.saved(replace(asked, redrive_id="r1"))
    assert world.redrives.save(bulk_redrive.stopped(world.redrive, "ola", world.now))

    world.poll(after=MINUTE)

    assert (world.redrive.status, world.redrive.done, world.redrive.in_hand) == (Progress.STOPPED, 1, ())
    assert [refusal.reason for refusal in world.redrive.refusals] == [CHANGED]
    assert world.stored("batch-2").state is State.HELD
    assert world.redrives.under_way() == []


# Runs that end early.


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("action", list(Action))
def test_killed_at_any_call_each_batch_is_redriven_once(action: Action, moment: Moment) -> None:
    number = 0
    while True:
        world = BulkWorld()
        if action is Action.ASK:
            world.hold(2)
        else:
            world.fail(1)
            world.fail(2)
        world.begin(2, action, **(world.lost() if action is Action.ANNOUNCE else {}))
        world.outside.plan(number, moment, Killed())
        try:
            world.poll_until_it_ends()
        except Killed:
            world.outside.is_dead = False
        else:
            break
        world.arm.clock.time += 5 * MINUTE

        world.poll_until_it_ends()
        for _ in range(6):
            world.poll(after=5 * MINUTE)

        assert world.counts() == (Progress.DONE, 2, 0, 0), number
        assert [world.redriven(f"batch-{each}") for each in (1, 2)] == [1, 1], number
        billed = [] if action is Action.ANNOUNCE else ["B-1", "B-2"]
        assert sorted(map(str, world.billed())) == billed, number
        number += 1
    assert number > 20


def test_batches_that_end_every_run_are_given_up(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.hold(2)
    world.begin(2)

    def ends(*_: object) -> Batch:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Redriving, "ask", ends)
        for _ in range(3):
            with pytest.raises(Killed):
                world.poll(after=5 * MINUTE)

    world.poll(after=5 * MINUTE)

    assert world.counts() == (Progress.DONE, 0, 2, 0)
    assert {refusal.reason for refusal in world.redrive.refusals} == {ENDED_RUNS}


def test_what_was_done_before_a_batch_ended_every_run_is_counted_as_done(
    world: BulkWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hold(2)
    world.begin(2)
    ask = Redriving.ask

    def ends(self: Redriving, batch: Batch, *wish: Any) -> Batch:  # noqa: ANN401 (as it is called)
        if batch.id == "batch-2":
            raise Killed
        return ask(self, batch, *wish)

    with monkeypatch.context() as patched:
        patched.setattr(Redriving, "ask", ends)
        for _ in range(3):
            with pytest.raises(Killed):
                world.poll(after=5 * MINUTE)

    world.poll(after=5 * MINUTE)

    assert world.counts() == (Progress.DONE, 1, 1, 0)
    assert [refusal.batch_id for refusal in world.redrive.refusals] == ["batch-2"]


def test_two_runs_at_once_redrive_each_batch_once(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run takes place while the first one has batches in hand."""
    ids = world.hold(3)
    world.begin(3)
    ask = Redriving.ask
    runs: list[None] = []

    def overlapped(self: Redriving, batch: Batch, *wish: Any) -> Batch:  # noqa: ANN401 (as it is called)
        if not runs:
            runs.append(None)
            world.poll()
        return ask(self, batch, *wish)

    monkeypatch.setattr(Redriving, "ask", overlapped)
    world.poll(after=MINUTE)
    world.poll_until_it_ends()

    assert world.counts() == (Progress.DONE, 3, 0, 0)
    assert {world.redriven(batch_id) for batch_id in ids} == {1}


# Its share of a run.


def test_a_run_spends_a_bounded_time_on_it_and_the_next_goes_on(world: BulkWorld) -> None:
    ids = world.hold(3 * IN_HAND)
    world.begin(len(ids))

    # Each portion takes longer than the spell.
    world.poll(after=MINUTE, remaining=lambda: 55.0 - 0.6 * world.outside.calls.count("put_item"))

    assert world.redrive.status is Progress.RUNNING
    assert 0 < world.redrive.done < len(ids)
    world.poll_until_it_ends()
    assert world.counts() == (Progress.DONE, len(ids), 0, 0)


def test_polls_leave_time_for_it(world: BulkWorld) -> None:
    """With only so much left that the polls may not begin, it goes on all the same."""
    (batch_id,) = world.hold(1)
    world.begin(1)
    world.submitted(an_order(9), batch_id="batch-9")

    world.poll(after=MINUTE, remaining=lambda: SPELL + 3)

    assert (world.stored("batch-9").state, world.stored(batch_id).state) == (State.PENDING, State.QUEUED)


def test_a_table_that_cannot_be_asked_about_it_fails_no_run(world: BulkWorld) -> None:
    (batch_id,) = world.hold(1)
    world.begin(1)
    world.outside.plan("query", "before", ReadTimeoutError(endpoint_url="dynamodb"))

    world.poll(after=MINUTE)
    assert world.stored(batch_id).state is State.HELD

    world.poll(after=MINUTE)
    assert world.stored(batch_id).state is not State.HELD


def test_one_that_cannot_be_read_stops_no_other_and_fails_no_run(world: BulkWorld) -> None:
    (batch_id,) = world.hold(1)
    world.begin(1)
    item = {**world.dynamodb.items["REDRIVE#r1"], "pk": {"S": "REDRIVE#r0"}, "body": {"S": '{"action": "ask"}'}}
    world.dynamodb.put_item(TableName=TABLE, Item=item)

    world.poll(after=MINUTE)

    assert world.stored(batch_id).state is not State.HELD
    assert world.diary.failures == [("a bulk redrive failed unexpectedly", {"redriveId": "r0"})]


def test_a_lost_day_is_announced_once_more_in_the_same_words(world: BulkWorld) -> None:
    for number in range(1, 13):
        world.submitted(an_order(number), batch_id=f"batch-{number}")
    world.keep_polling(20 * MINUTE)
    before = {event["id"]: event for event in world.topic.events}
    world.topic.events.clear()

    world.begin(12, Action.ANNOUNCE, **world.lost())
    world.poll_until_it_ends()
    world.keep_polling(5 * MINUTE)

    assert world.counts() == (Progress.DONE, 12, 0, 0)
    assert {event["id"]: event for event in world.topic.events} == before
    assert [world.redriven(f"batch-{number}") for number in range(1, 13)] == [1] * 12
    assert len(world.billed()) == 12
