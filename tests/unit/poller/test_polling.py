"""What a run of the poller does: announcements, outages, several pollers, failures."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from arm_relay.arm.breaker import LIMIT
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Batch, Evidence, State
from arm_relay.observability import Metric
from arm_relay.poller.next_step import NextStep
from arm_relay.poller.notifications import Message, to_event
from arm_relay.poller.polling import MANY_FAILURES, TO_FINISH, TO_SUBMIT, PollingFailed
from arm_relay.poller.stream import Stream
from arm_relay.store import records
from arm_relay.store.announced import Announced
from arm_relay.store.records import HELD, SHARDS, Item, Lease, batch_key, shard_of, to_text
from arm_relay.store.table import StoreUnavailable
from botocore.exceptions import ReadTimeoutError

from tests.simulation.dynamodb import client_error
from tests.support.arm_builders import a_document
from tests.support.builders import TIMES
from tests.support.poller_in_memory import MINUTE, Killed, Moment, TopicIsBusy, World, an_order
from tests.support.store_contract import TABLE


@pytest.fixture
def world() -> World:
    return World()


# Ends, holds and redrives.


def test_an_end_is_recorded_before_it_is_published_then_kept_and_then_recorded_as_announced(world: World) -> None:
    world.submitted()
    world.outside.calls.clear()

    world.poll(after=MINUTE)

    at = world.outside.calls.index("publish")
    assert world.outside.calls[at - 1 : at + 3] == ["put_item", "publish", "batch_write_item", "put_item"]


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
    world.outside.plan("publish", moment, TopicIsBusy("the topic is busy"))

    world.poll(after=MINUTE)
    assert world.stored().state is State.SUCCEEDED
    expected = to_event(world.stored())

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


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_announcement_that_could_not_be_kept_is_made_again_in_the_same_words(world: World, moment: Moment) -> None:
    world.submitted()
    world.outside.plan("batch_write_item", moment, client_error("InternalServerError", "BatchWriteItem"))
    world.poll(after=MINUTE)
    assert world.stored().due is not None

    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.topic.events == [to_event(world.stored())] * 2
    assert {json.dumps(event) for event in kept(world)} == {json.dumps(world.topic.events[0])}


def test_what_was_announced_is_kept_word_for_word(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-before")
    world.poll(after=MINUTE)
    assert world.store.save(steps.closed(world.stored(), State.FAILED, "asked by phone", "kari", world.now))
    world.poll(after=MINUTE)

    assert [event["data"]["sequence"] for event in kept(world)] == [1, 2]
    assert kept(world) == world.topic.events


def test_what_somebody_asked_for_again_is_published_word_for_word_although_the_words_have_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    assert world.store.save(steps.to_be_repeated(world.stored(), "a queue was lost", "kari", world.now))
    monkeypatch.setattr("arm_relay.poller.announcing.message_of", no_message)

    world.poll(after=400 * MINUTE)
    world.poll(after=MINUTE)

    first, again = world.topic.events
    assert first == again
    assert world.topic.replayed == ["batch-1.1"]
    assert kept(world) == [first]
    after = world.stored()
    assert (after.due, after.state, after.history[-1].by) == (None, State.SUCCEEDED, "kari")


def test_a_repetition_that_could_not_be_published_is_published_by_the_next_run(world: World) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    assert world.store.save(steps.to_be_repeated(world.stored(), "a queue was lost", "kari", world.now))
    world.outside.plan("publish", "before", TopicIsBusy("the topic is busy"))
    world.poll(after=MINUTE)
    assert world.topic.replayed == []

    world.poll(after=MINUTE)

    assert world.topic.replayed == ["batch-1.1"]


def test_what_cannot_be_read_now_is_published_again_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    assert world.store.save(steps.to_be_repeated(world.stored(), "a queue was lost", "kari", world.now))
    with monkeypatch.context() as patched:
        patched.setattr(world.announced_table, "get_item", out_of_reach)
        world.poll(after=MINUTE)
    assert (world.topic.replayed, len(world.topic.events)) == ([], 1)

    world.poll(after=MINUTE)

    assert world.topic.replayed == ["batch-1.1"]


def test_what_is_not_kept_any_more_is_given_up_and_reported(world: World) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    assert world.store.save(steps.to_be_repeated(world.stored(), "a queue was lost", "kari", world.now))
    world.announced_table.items.clear()

    world.poll(after=MINUTE)

    assert (world.stored().due, world.topic.replayed) == (None, [])
    assert any("not kept any more" in str(error) for error in world.diary.transient_errors)


def test_what_is_announced_later_is_kept_later_although_the_clock_went_back(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-before")
    world.poll(after=MINUTE)
    assert world.store.save(steps.closed(world.stored(), State.FAILED, "asked by phone", "kari", world.now))

    world.poll(after=timedelta(seconds=-40))
    world.poll(after=2 * MINUTE)

    assert [event["id"] for event in kept(world)] == ["batch-1.1", "batch-1.2"]


def kept(world: World) -> list[dict[str, Any]]:
    """What a reader of the client's announcements finds."""
    announced = Announced(cast("Any", world.announced_table), "announced", TIMES.retention)
    return [json.loads(entry.text) for entry in announced.after("2218", "", 100)]


def out_of_reach(**_: object) -> None:
    raise client_error("InternalServerError", "GetItem")


def no_message(_: Batch) -> Message:
    raise AssertionError("made anew")


def test_a_resubmitted_batch_goes_its_way_once_more(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-before")
    world.poll(after=MINUTE)
    assert world.is_over(State.HELD)

    released = steps.resubmitted(world.stored(), "ARM has none of it", "kari", world.now, may_be_billed_twice=True)
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

    world.poll(after=MINUTE, remaining=lambda: TO_FINISH)

    assert "put_item" not in world.outside.calls
    assert [call.endpoint for call in world.arm.api.log] == ["token", "submit"]


def test_a_run_asks_as_long_as_it_lasts(world: World) -> None:
    names = several(world, 7)
    start = world.now + MINUTE

    world.arm.fail("result", "slow", seconds=9.0)
    world.poll(after=MINUTE, remaining=lambda: 55 - (world.now - start).total_seconds())

    # 55 seconds less the 4 for finishing leave room for those begun at 0, 9, 18, 27 and 36, and for a part of the next.
    assert [world.stored(name).due is None for name in names] == [True, True, True, True, True, False, False]


def test_a_call_that_asks_is_given_no_more_than_what_is_left(world: World) -> None:
    world.submitted()
    start = world.now + MINUTE
    world.arm.fail("result", "slow", seconds=8.0)

    world.poll(after=MINUTE, remaining=lambda: TO_FINISH + 3 - (world.now - start).total_seconds())

    assert world.now - start <= timedelta(seconds=3.5)
    assert (world.stored().polls, world.stored().due) == (0, world.now)


def test_a_submission_begins_only_where_it_can_end_in_time(world: World) -> None:
    world.submitted(kind="refuse")

    world.poll(after=MINUTE, remaining=lambda: TO_SUBMIT)
    assert (world.stored().state, world.stored().attempt) == (State.QUEUED, 1)

    world.poll(after=MINUTE)
    assert world.stored().state is State.PENDING


def test_look_ups_that_took_all_the_time_leave_the_submission_to_the_next_run(world: World) -> None:
    world.submitted(kind="drop-before")
    settled = replace(world.stored(), settling_since=world.now - TIMES.settling)
    assert world.store.save(settled)
    start = world.now + MINUTE
    world.arm.fail("document", "slow", 1, seconds=9.0)

    world.poll(after=MINUTE, remaining=lambda: TO_SUBMIT + 5 - (world.now - start).total_seconds())
    assert world.stored().state is State.UNCONFIRMED
    assert world.arm.ledger.batches == []

    world.poll(after=MINUTE)
    assert world.stored().state is State.PENDING


def test_look_ups_that_do_not_fit_into_one_run_go_on_in_the_next(world: World) -> None:
    """What the ledger said is kept, so that a poll that runs out of time has moved."""
    world.submitted(*(an_order(number) for number in range(1, 7)), kind="drop-after")
    world.arm.fail("document", "slow", seconds=8.0)
    looked_up = []
    while world.stored().state is State.UNCONFIRMED:
        start = world.now + MINUTE
        world.poll(after=MINUTE, remaining=lambda start=start: 55 - (world.now - start).total_seconds())  # type: ignore[misc]
        looked_up.append(sum(order.evidence is Evidence.FOUND for order in world.stored().orders))

    assert world.is_over(State.SUCCEEDED)
    assert looked_up == sorted(set(looked_up))
    assert len([call for call in world.arm.api.log if call.endpoint == "document"]) <= 8


def test_a_batch_that_is_too_old_is_held_though_its_look_ups_never_end(world: World) -> None:
    world.submitted(*(an_order(number) for number in range(1, 7)), kind="drop-before")
    world.arm.fail("document", "slow", seconds=100.0)

    world.keep_polling(TIMES.hold_after + 30 * MINUTE)

    assert world.is_over(State.HELD)
    assert world.stored().cause == "still UNCONFIRMED after HoldAfterSeconds"


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


def test_an_outage_in_the_middle_starts_the_settling_again(world: World) -> None:
    """ARM took the batch, fell silent after the first look-up, and works off its queue only after it is back."""
    world.arm.settings.processing_seconds = 55 * 60
    world.submitted(kind="status", status=502, taken=True)
    world.poll(after=MINUTE)
    assert world.stored().settling_since
    world.arm.fail("any", "refuse")
    for _ in range(40):
        world.poll(after=MINUTE)
    world.arm.faults.clear()

    for _ in range(60):
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
        order = an_order(10 + number)
        world.claimed(order, batch_id=f"shut-{number}", client_no="666", state=State.QUEUED, due=world.now)
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

    world.store.release(shard_of("batch-1"), "another", world.now, Lease())
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

    assert world.outside.calls[:2] == ["update_item", "get_item"]
    assert set(world.outside.calls[2:]) == {"query"}


def test_what_the_index_still_shows_but_is_done_is_left_alone(world: World) -> None:
    world.submitted()
    world.poll(after=MINUTE)
    done = world.stored()
    find = world.dynamodb.query
    due = {name: {"S": to_text(world.now)} for name in ("claimedAt", "due")} | {"clientNo": {"S": "2218"}}

    def stale(**request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        answer = find(**request)
        if request["ExpressionAttributeValues"][":shard"]["S"] == shard_of("batch-1"):
            answer["Items"] = [due | {"pk": {"S": key}} for key in ("BATCH#batch-1", "BATCH#gone")]
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


def test_a_record_that_cannot_be_read_stops_no_other_and_is_held_in_the_end(world: World) -> None:
    first, damaged, last = several(world, 3)
    item = world.dynamodb.items[f"BATCH#{damaged}"]
    world.dynamodb.items[f"BATCH#{damaged}"] = {**item, "body": {"B": b"{"}}

    world.poll(after=MINUTE)
    assert sorted(event["subject"] for event in world.topic.events) == sorted([first, last])
    assert [where for _, where in world.diary.transient_errors] == [{"batchId": damaged}]

    world.keep_polling(TIMES.hold_after + 30 * MINUTE)
    assert world.dynamodb.items[f"BATCH#{damaged}"]["state"] == {"S": "HELD"}
    assert world.store.waiting(HELD) == 1
    assert len(world.diary.transient_errors) < 400


def raises(*_: object) -> Any:  # noqa: ANN401 (it never returns)
    raise ZeroDivisionError("a mistake in the code")


def test_a_poll_that_always_raises_backs_off_and_is_held_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submitted()
    monkeypatch.setattr("arm_relay.poller.next_step.read", raises)

    world.poll(after=MINUTE)
    assert (world.stored().polls, world.stored().due) == (1, world.pace.backed_off(1))
    assert world.diary.failures == [("a poll of a batch failed", {"batchId": "batch-1"})]

    world.keep_polling(TIMES.hold_after + 30 * MINUTE)
    assert world.is_over(State.HELD)
    assert world.stored().cause == "its polls failed unexpectedly"


def test_a_run_fails_where_most_polls_raise(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    several(world, MANY_FAILURES)
    monkeypatch.setattr("arm_relay.poller.next_step.read", raises)

    with pytest.raises(PollingFailed, match="10 of 10 polls"):
        world.poll(after=MINUTE)


def test_a_batch_that_ends_its_runs_is_tried_alone_and_then_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = several(world, 3)
    poison, others = names[1], [names[0], names[2]]
    advance = NextStep.advance

    def dying(step: NextStep, batch: Batch) -> Any:  # noqa: ANN401 (as `advance`)
        if batch.id == poison:
            world.outside.is_dead = True
            raise Killed
        return advance(step, batch)

    monkeypatch.setattr(NextStep, "advance", dying)
    deaths = 0
    while world.stored(poison).state is State.PENDING and deaths < 10:
        try:
            world.poll(after=5 * MINUTE)
        except Killed:
            deaths += 1

    assert deaths == 3
    assert world.stored(poison).due is None
    assert ("HELD", poison) in [(event["data"]["status"], event["subject"]) for event in world.topic.events]
    assert world.stored(poison).cause == "the poller ended abnormally while it handled this batch"
    assert all(world.stored(name).state is State.SUCCEEDED for name in others)


def unreachable() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="dynamodb")


def test_a_batch_that_could_not_be_read_is_looked_at_by_the_next_run(world: World) -> None:
    first, second = several(world, 2)
    world.outside.plan("batch_get_item", "before", unreachable())

    world.poll(after=MINUTE)
    assert world.topic.events == []

    world.poll()
    assert sorted(event["subject"] for event in world.topic.events) == sorted([first, second])


@pytest.mark.parametrize(
    "call", [pytest.param(SHARDS + 4, id="the first query for due batches"), "put_item", "update_item"]
)
def test_a_table_out_of_reach_fails_the_run(world: World, call: int | str) -> None:
    world.submitted()
    world.outside.plan(call, "before", unreachable())

    with pytest.raises(StoreUnavailable):
        world.poll(after=MINUTE)


def test_what_waits_is_measured_when_a_run_begins(world: World) -> None:
    world.submitted()
    world.submitted(an_order(2), batch_id="batch-2")

    world.poll(after=MINUTE)
    world.poll()

    assert world.diary.measures[Metric.BATCHES_WAITING] == [2, 0]


def test_what_cannot_be_counted_is_worked_on_nevertheless(world: World) -> None:
    world.submitted()
    # After the note that a run begins, the breaker, and what bulk redrives there are.
    world.outside.plan(3, "before", unreachable())

    world.poll(after=MINUTE)

    assert world.stored().state is State.SUCCEEDED
    assert Metric.BATCHES_WAITING not in world.diary.measures


def test_each_poll_measures_how_long_the_batch_has_waited(world: World) -> None:
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


# What nobody foresaw.


def test_a_step_that_cannot_be_written_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submitted(an_order(1), batch_id="batch-1")
    world.submitted(an_order(2), batch_id="batch-2")
    written = records.to_item

    def to_item(batch: Batch, expires_at: datetime | None = None) -> Item:
        if batch.id == "batch-1" and batch.version > 2:
            raise ValueError("this step cannot be written")
        return written(batch, expires_at)

    monkeypatch.setattr(records, "to_item", to_item)
    world.poll(after=MINUTE)

    assert world.stored("batch-2").state is State.SUCCEEDED
    assert world.stored("batch-1").state is State.PENDING
    due = world.stored("batch-1").due
    assert due
    assert due > world.now


def test_a_run_that_fails_unexpectedly_names_what_it_had_in_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submitted()
    with monkeypatch.context() as broken:
        broken.setattr(Stream, "_collect", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.poll(after=MINUTE)

    later = world.now + 5 * MINUTE
    lease = world.store.lease(shard_of("batch-1"), "next", later, later)
    assert lease
    assert lease.in_hand == ("batch-1",)


# Records that cannot be read.


def write_over(world: World, name: str, value: dict[str, str]) -> None:
    """Give an attribute of the stored batch another value."""
    world.dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": batch_key("batch-1")}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def cause_of(world: World) -> str | None:
    item = world.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": batch_key("batch-1")}})["Item"]
    return item["cause"]["S"] if item["state"]["S"] == State.HELD else None


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", {"N": "2"}), ("format", {"S": "new"}), ("body", {"S": ""})],
)
def test_a_record_that_cannot_be_read_waits_and_is_held_in_the_end(
    world: World, name: str, value: dict[str, str]
) -> None:
    world.submitted()
    other = world.submitted(an_order(2), batch_id="batch-2")
    write_over(world, name, value)

    world.poll(after=MINUTE)

    assert cause_of(world) is None
    assert world.is_over(State.SUCCEEDED, other.id)
    world.keep_polling(TIMES.hold_after + TIMES.longest_poll)
    assert cause_of(world) == causes.UNREADABLE


@pytest.mark.parametrize("name", ["claimedAt", "due"])
def test_a_record_whose_times_are_damaged_stops_no_other_and_is_held(world: World, name: str) -> None:
    world.submitted()
    other = world.submitted(an_order(2), batch_id="batch-2")
    # It sorts before every time, so it is due.
    write_over(world, name, {"S": "1 yesterday"})

    world.poll(after=MINUTE)
    world.poll(after=MINUTE)

    assert cause_of(world) == (causes.UNREADABLE if name == "claimedAt" else None)
    assert world.is_over(State.SUCCEEDED, other.id)


def test_a_poller_that_was_stopped_holds_no_record_of_a_newer_release_at_once(world: World) -> None:
    world.submitted()
    write_over(world, "format", {"N": "2"})
    world.poll(after=MINUTE)

    world.poll(after=TIMES.hold_after + MINUTE)

    assert cause_of(world) is None
