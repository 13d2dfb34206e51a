"""What a run of the poller does: announcements, outages, several pollers, failures."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from arm_relay.arm.breaker import LIMIT
from arm_relay.batches import steps
from arm_relay.batches.batch import State
from arm_relay.observability import Metric
from arm_relay.poller.notifications import NotPublished, to_event
from arm_relay.poller.polling import RESERVE, PollingFailed
from arm_relay.store.records import SHARDS, shard_of
from arm_relay.store.table import StoreUnavailable
from botocore.exceptions import ReadTimeoutError

from tests.support.arm_builders import a_document
from tests.support.builders import TIMES
from tests.support.poller_in_memory import MINUTE, Killed, Moment, World, an_order


@pytest.fixture
def world() -> World:
    return World()


# Ends, holds and redrives.


def test_an_end_is_recorded_before_it_is_announced_and_announced_before_that_is(world: World) -> None:
    world.submitted()
    world.outside.calls.clear()

    world.poll(after=MINUTE)

    at = world.outside.calls.index("publish")
    assert (world.outside.calls[at - 1], world.outside.calls[at + 1]) == ("put_item", "put_item")


def test_what_webhook_functions_saw_refused_is_announced_by_the_poller(world: World) -> None:
    world.submitted(kind="status", status=400)
    assert world.topic.events == []

    world.poll()

    assert world.is_over(State.REFUSED)


def test_an_end_is_announced_once_where_nothing_fails(world: World) -> None:
    world.submitted()

    for _ in range(3):
        world.poll(after=MINUTE)

    assert world.announced() == [("batch-1.1", "SUCCEEDED")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_end_that_could_not_be_published_is_announced_by_the_next_run_in_the_same_words(
    world: World, moment: Moment
) -> None:
    world.submitted()
    world.outside.plan("publish", moment, NotPublished("the topic is busy"))

    world.poll(after=MINUTE)
    assert world.stored().state is State.SUCCEEDED
    expected = to_event(world.stored())
    assert world.diary.transient_errors == [("the topic is busy", {"batchId": "batch-1"})]

    world.poll(after=MINUTE)
    assert world.is_over(State.SUCCEEDED)
    assert world.topic.events == [expected] * (1 if moment == "before" else 2)


def test_an_announcement_that_could_not_be_recorded_is_made_again_in_the_same_words(world: World) -> None:
    world.submitted()
    world.outside.plan("publish", "after", Killed())
    with pytest.raises(Killed):
        world.poll(after=MINUTE)

    world.poll(after=TIMES.hold_after)

    assert world.is_over(State.SUCCEEDED)
    assert len(world.topic.events) == 2
    assert world.topic.events[0] == world.topic.events[1]


def test_a_resubmitted_batch_goes_its_way_once_more(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-before")
    world.poll(after=MINUTE)
    assert world.is_over(State.HELD)

    released = steps.resubmitted(world.stored(), "ARM has none of it", "kari", world.now, TIMES)
    assert world.store.save(released)
    world.poll()
    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.announced() == [("batch-1.1", "HELD"), ("batch-1.2", "SUCCEEDED")]
    assert world.billed() == ["B-1"]


def test_a_closed_batch_is_announced(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-before")
    world.poll(after=MINUTE)

    assert world.store.save(steps.closed(world.stored(), State.FAILED, "asked by phone", "kari", world.now))
    world.poll()

    assert world.is_over(State.FAILED)
    assert world.announced() == [("batch-1.1", "HELD"), ("batch-1.2", "FAILED")]


# ARM is down, or time is.


def several(world: World, count: int, **fault: Any) -> list[str]:  # noqa: ANN401 (a fault's parameters)
    """Batches of one shard, in the order in which they are due."""
    names = [name for name in map("batch-{}".format, range(100 * count)) if shard_of(name) == "0"][:count]
    for number, name in enumerate(names):
        world.submitted(an_order(number), batch_id=name, **fault)
        world.arm.clock.sleep(1)
    return names


@pytest.mark.parametrize("fault", ["refuse", "drop-before", "error-500-before"])
def test_a_run_stops_early_when_arm_is_down(world: World, fault: str) -> None:
    names = several(world, LIMIT + 3)
    world.arm.fail("result", fault)
    world.arm.clock.time += MINUTE
    before = [world.stored(name) for name in names]
    calls = len(world.arm.api.log)

    world.poll()

    assert len([call for call in world.arm.api.log[calls:] if call.endpoint == "result"]) == LIMIT
    after = [world.stored(name) for name in names]
    assert after[LIMIT:] == before[LIMIT:]
    assert all(was.due and now.due and now.due > was.due for was, now in zip(before, after[:LIMIT], strict=False))


def test_a_run_that_stops_early_still_announces_and_ends_leases(world: World) -> None:
    names = several(world, LIMIT)
    refused, claimed = [name for name in map("other-{}".format, range(100)) if shard_of(name) == "7"][:2]
    world.submitted(an_order(8), batch_id=refused, kind="status", status=400)
    world.claimed(an_order(9), batch_id=claimed)
    world.arm.fail("any", "refuse")

    world.poll(after=MINUTE)

    assert all(world.stored(name).polls == 1 for name in names)
    assert world.is_over(State.REFUSED, refused)
    assert world.stored(claimed).state is State.UNCONFIRMED


def test_the_next_run_finds_out_anew_whether_arm_is_down(world: World) -> None:
    several(world, LIMIT + 2)
    world.arm.fail("result", "refuse", LIMIT)

    world.poll(after=MINUTE)
    world.poll(after=MINUTE * 3)

    assert len(world.topic.events) == LIMIT + 2


def test_trouble_with_one_batch_is_not_taken_for_arm_being_down(world: World) -> None:
    world.arm.settings.forget_after_seconds = 0
    several(world, LIMIT + 2)

    world.poll(after=MINUTE)

    assert len([call for call in world.arm.api.log if call.endpoint == "result"]) == LIMIT + 2


def test_a_run_without_time_begins_nothing(world: World) -> None:
    world.submitted()
    world.outside.calls.clear()

    world.poll(after=MINUTE, remaining=lambda: RESERVE)

    assert world.outside.calls == []


def test_a_run_begins_no_further_look_once_its_time_is_short(world: World) -> None:
    names = several(world, 4)
    start = world.now + MINUTE

    world.arm.fail("result", "slow", seconds=10.0)
    world.poll(after=MINUTE, remaining=lambda: 55 - (world.now - start).total_seconds())

    # 55 seconds less the reserve of 25 leave room for those begun at 0, 10 and 20.
    assert [world.stored(name).due is None for name in names] == [True, True, True, False]


def test_look_ups_that_took_all_the_time_leave_the_submission_to_the_next_run(world: World) -> None:
    world.submitted(kind="drop-before")
    settled = replace(world.stored(), unbroken_since=world.now - TIMES.settling)
    assert world.store.save(settled)
    start = world.now + MINUTE
    world.arm.fail("document", "slow", 1, seconds=9.0)

    world.poll(after=MINUTE, remaining=lambda: RESERVE + 5 - (world.now - start).total_seconds())
    assert world.stored().state is State.UNCONFIRMED
    assert world.arm.ledger.batches == []

    world.poll(after=MINUTE)
    assert world.stored().state is State.PENDING


def test_documents_that_cannot_all_be_looked_up_in_time_are_left_to_the_next_run(world: World) -> None:
    before = world.submitted(an_order(1), an_order(2), kind="drop-before")
    start = world.now + MINUTE
    world.arm.fail("document", "slow", 1, seconds=9.0)

    world.poll(after=MINUTE, remaining=lambda: RESERVE + 5 - (world.now - start).total_seconds())

    assert world.stored() == before


# ARM stands still.


def test_an_outage_longer_than_the_settling_time_settles_nothing(world: World) -> None:
    """ARM took the batch, stood still for an hour, and works off its queue only after it is back."""
    world.arm.settings.processing_seconds = 65 * 60
    world.submitted(kind="status", status=502, taken=True)
    world.arm.fail("any", "refuse")
    for _ in range(60):
        world.poll(after=MINUTE)
    world.arm.faults.clear()

    for _ in range(30):
        world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1"]


def test_a_repetition_that_arm_did_not_take_asks_the_ledger_again_before_the_next(world: World) -> None:
    """The first attempt's document may have come meanwhile."""
    world.arm.settings.processing_seconds = 25 * 60
    world.submitted(kind="status", status=502, taken=True)
    world.arm.fail("submit", "status", 1, status=429, retryAfter="900")
    while world.stored().attempt == 1:
        world.poll(after=MINUTE)
    assert (world.stored().state, world.stored().doubt) == (State.UNCONFIRMED, 1)

    for _ in range(60):
        world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1"]


def test_a_client_that_arm_does_not_serve_holds_up_no_other(world: World) -> None:
    for number in range(50):
        world.claimed(batch_id=f"shut-{number}", client_no="666", state=State.QUEUED, due=world.now)
    world.arm.clock.sleep(1)
    world.claimed(an_order(2), batch_id="batch-1", state=State.QUEUED, due=world.now)
    world.arm.fail("submit", "status", LIMIT, status=403)

    world.poll()

    assert world.stored().state is State.PENDING


# ARM's word on a failure.


def test_a_failed_order_that_the_ledger_has_is_held(world: World) -> None:
    world.arm.submit(a_document(**an_order(2)))
    world.arm.settings.failing_documents = {"A2"}
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.HELD)


# Several pollers, and trouble.


def test_a_shard_that_another_poller_works_on_is_left_to_it(world: World) -> None:
    world.submitted()
    world.arm.clock.time += MINUTE
    world.store.lease(shard_of("batch-1"), "another", world.now, world.now + MINUTE)

    world.poll()
    assert world.topic.events == []

    world.store.release(shard_of("batch-1"), "another", world.now)
    world.poll()
    assert world.is_over(State.SUCCEEDED)


def test_a_run_gives_its_shards_back(world: World) -> None:
    world.submitted()

    world.poll(after=MINUTE)

    assert world.store.lease(shard_of("batch-1"), "another", world.now, world.now + MINUTE)


def test_a_run_that_was_killed_keeps_others_out_of_its_shard_for_as_long_as_it_may_have_lived(world: World) -> None:
    world.submitted()
    world.outside.plan("publish", "before", Killed())
    with pytest.raises(Killed):
        world.poll(after=MINUTE)

    world.poll(after=MINUTE)
    assert world.topic.events == []

    world.poll(after=MINUTE)
    assert world.is_over(State.SUCCEEDED)


def test_where_nothing_is_due_nothing_is_written(world: World) -> None:
    world.submitted()
    world.outside.calls.clear()

    world.poll()

    assert set(world.outside.calls) == {"query"}


def test_what_the_index_still_shows_but_is_done_is_left_alone(world: World) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    done = world.stored()
    find = world.dynamodb.query

    def stale(**request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        answer = find(**request)
        if request["ExpressionAttributeValues"][":shard"]["S"] == shard_of("batch-1"):
            answer["Items"] = [{"pk": {"S": "BATCH#batch-1"}}, {"pk": {"S": "BATCH#gone"}}]
        return answer

    world.dynamodb.query = stale  # type: ignore[method-assign]
    world.poll(after=MINUTE)

    assert world.stored() == done
    assert len(world.topic.events) == 1


def test_a_batch_that_somebody_else_changed_meanwhile_is_left_to_them(world: World) -> None:
    world.submitted()
    uuid = world.stored().batch_uuid or ""
    sent = world.outside.call

    def changed(name: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the call answers)
        answer = sent(name, call)
        if name == uuid:
            world.store.save(replace(world.stored(), polls=77))
        return answer

    world.outside.call = changed  # type: ignore[method-assign]
    world.poll(after=MINUTE)

    assert (world.stored().state, world.stored().polls) == (State.PENDING, 77)
    assert world.topic.events == []


def test_a_poisoned_batch_stops_no_other_and_makes_the_run_fail(world: World) -> None:
    first, poisoned, last = several(world, 3)
    item = world.dynamodb.items[f"BATCH#{poisoned}"]
    world.dynamodb.items[f"BATCH#{poisoned}"] = {**item, "body": {"B": b"{"}}

    with pytest.raises(PollingFailed):
        world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED, last)
    assert [event["subject"] for event in world.topic.events] == [first, last]
    assert world.diary.failures == [("a step of a batch failed", {"batchId": poisoned})]


def unreachable() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="dynamodb")


def test_a_batch_that_could_not_be_read_is_looked_at_by_the_next_run(world: World) -> None:
    first, second = several(world, 2)
    world.outside.plan("get_item", "before", unreachable())

    world.poll(after=MINUTE)
    assert [event["subject"] for event in world.topic.events] == [second]

    world.poll()
    assert [event["subject"] for event in world.topic.events] == [second, first]


@pytest.mark.parametrize("call", [pytest.param(SHARDS, id="the first query for due batches"), "put_item"])
def test_a_table_out_of_reach_fails_the_run(world: World, call: int | str) -> None:
    world.submitted()
    world.outside.plan(call, "before", unreachable())

    with pytest.raises(StoreUnavailable):
        world.poll(after=MINUTE)


def test_what_waits_is_measured_when_a_run_begins(world: World) -> None:
    world.submitted()
    world.submitted(batch_id="batch-2")

    world.poll(after=MINUTE)
    world.poll()

    assert world.diary.measures[Metric.BATCHES_WAITING] == [2, 0]


def test_what_cannot_be_counted_is_worked_on_nevertheless(world: World) -> None:
    world.submitted()
    world.outside.plan("query", "before", unreachable())

    world.poll(after=MINUTE)

    assert world.stored().state is State.SUCCEEDED
    assert Metric.BATCHES_WAITING not in world.diary.measures


def test_each_look_measures_how_long_the_batch_has_waited(world: World) -> None:
    world.submitted()
    world.arm.fail("result", "status", 1, status=503)

    world.poll(after=MINUTE)
    world.poll(after=MINUTE)

    assert world.diary.measures[Metric.BATCH_AGE] == [60, 120]


def test_a_batch_left_out_while_arm_is_out_of_reach_is_measured_too(world: World) -> None:
    several(world, LIMIT + 1)
    world.arm.fail("result", "refuse")

    world.poll(after=MINUTE)

    assert len(world.diary.measures[Metric.BATCH_AGE]) == LIMIT + 1


def test_runs_and_announcements_are_counted(world: World) -> None:
    world.submitted()

    world.poll(after=MINUTE)
    world.poll(after=MINUTE)

    assert world.diary.counts == {Metric.POLLER_RUNS: 2, Metric.ANNOUNCEMENTS: 1}
