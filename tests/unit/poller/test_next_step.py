"""What one step does to a batch, in each state."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from arm_relay.batches import causes
from arm_relay.batches.batch import CLOCK_SKEW, LEASE, OrderStatus, State

from tests.support.arm_builders import a_document
from tests.support.builders import NOW, TIMES
from tests.support.poller_in_memory import MINUTE, Killed, World, an_order
from tests.support.store_contract import TABLE, random_bytes

#: An order whose payload does not fit into a write unit.
MANY_LINES: Final = an_order(1) | {"customerMessage": random_bytes(1_000).hex()}


@pytest.fixture
def world() -> World:
    return World()


# CLAIMED.


def test_a_submission_that_may_be_in_flight_is_looked_at_when_its_lease_is_over(world: World) -> None:
    world.claimed(due=NOW + timedelta(seconds=10))

    world.poll(after=timedelta(seconds=11))

    assert (world.stored().state, world.stored().due) == (State.CLAIMED, NOW + LEASE)


def test_a_submission_whose_outcome_is_missing_is_unconfirmed(world: World) -> None:
    world.claimed()

    world.poll(after=LEASE)

    after = world.stored()
    assert (after.state, after.doubt) == (State.UNCONFIRMED, 1)
    assert world.billed() == []


def test_what_is_unconfirmed_waits_for_what_the_submitters_clock_may_allow_it(world: World) -> None:
    world.claimed()

    world.poll(after=LEASE)

    assert world.stored().due == NOW + LEASE + CLOCK_SKEW


# QUEUED.


def test_a_payload_in_an_item_of_its_own_is_submitted_as_it_is(world: World) -> None:
    queued = world.submitted(MANY_LINES, kind="refuse")
    assert queued.payload is None

    world.poll(after=MINUTE)

    assert world.arm.ledger.batches[0].raw == world.store.payload(queued)


def test_a_batch_whose_payload_has_expired_is_held_and_says_why(world: World) -> None:
    world.submitted(MANY_LINES, kind="refuse")
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "PAYLOAD#batch-1"}})

    world.poll(after=MINUTE)

    assert world.is_over(State.HELD)
    assert world.stored().cause == "its documents are no longer kept"
    assert world.billed() == []


def test_what_arm_did_not_take_is_submitted_once_arm_is_back(world: World) -> None:
    queued = world.submitted(kind="refuse")
    assert queued.state is State.QUEUED

    world.poll(after=MINUTE)
    assert world.stored().state is State.PENDING

    world.poll(after=MINUTE)
    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1"]


def test_attempts_become_rarer(world: World) -> None:
    world.submitted(kind="refuse", times=None)
    pauses = []
    for _ in range(7):
        due = world.stored().due
        assert due
        world.poll(after=due - world.now)
        after = world.stored()
        assert after.state is State.QUEUED
        assert after.due
        pauses.append(after.due - world.now)

    assert pauses == [MINUTE * minutes for minutes in (1, 2, 4, 8, 15, 15, 15)]


def test_arm_says_when_the_next_attempt_may_be(world: World) -> None:
    world.submitted(kind="refuse")
    world.arm.fail("submit", "status", 1, status=429, retryAfter="300")

    world.poll(after=MINUTE)

    assert world.stored().due == world.now + timedelta(seconds=300)


def test_an_attempt_is_recorded_before_arm_is_called(world: World) -> None:
    world.submitted(kind="refuse")
    world.outside.plan("batches", "before", Killed())

    with pytest.raises(Killed):
        world.poll(after=MINUTE)

    after = world.stored()
    assert (after.state, after.attempt, after.attempt_at) == (State.CLAIMED, 2, world.now)


def test_what_arm_never_takes_is_held_in_the_end(world: World) -> None:
    world.submitted(kind="refuse")
    world.arm.fail("any", "refuse")

    world.keep_polling(TIMES.hold_after + 15 * MINUTE)

    assert world.is_over(State.HELD)
    assert world.stored().cause == "still QUEUED after HoldAfterSeconds"
    assert world.billed() == []


def test_what_arm_refuses_at_the_next_attempt_is_announced_in_the_same_run(world: World) -> None:
    world.submitted(kind="refuse")
    world.arm.fail("submit", "status", 1, status=400)

    world.poll(after=MINUTE)

    assert world.is_over(State.REFUSED)


# UNCONFIRMED.


def test_documents_that_are_found_prove_that_the_batch_arrived(world: World) -> None:
    doubted = world.submitted(an_order(1), an_order(2), kind="drop-after")
    assert doubted.state is State.UNCONFIRMED

    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1", "B-2"]


def test_documents_that_are_absent_prove_nothing_before_they_settled(world: World) -> None:
    world.submitted(kind="drop-before")

    world.poll(after=TIMES.settling - timedelta(seconds=1))

    assert world.stored().state is State.UNCONFIRMED
    assert world.billed() == []


def test_documents_that_stay_absent_let_the_batch_be_sent_again(world: World) -> None:
    world.submitted(an_order(1), an_order(2), kind="drop-before")

    world.settle()
    assert (world.stored().state, world.stored().attempt) == (State.PENDING, 2)

    world.poll(after=MINUTE)
    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1", "B-2"]


def test_a_slow_ledger_is_waited_for(world: World) -> None:
    world.arm.settings.processing_seconds = 600
    world.submitted(kind="drop-after")
    while world.stored().due:
        world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.billed() == ["B-1"]


def test_without_a_number_of_its_own_a_batch_in_doubt_is_held(world: World) -> None:
    world.submitted(an_order(1, documentNo=None), kind="drop-after")

    world.poll(after=MINUTE)

    assert world.is_over(State.HELD)
    assert world.billed() == ["B-1"]


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_with_one_number_missing_nothing_is_sent_again(world: World, kind: str) -> None:
    world.submitted(an_order(1), an_order(2, documentNo=None), kind=kind)

    world.settle()

    assert world.is_over(State.HELD)
    assert len(world.arm.ledger.batches) == (kind == "drop-after")


def test_a_document_of_another_order_under_the_same_number_proves_nothing(world: World) -> None:
    world.arm.submit(a_document(documentNo="A1", salesOrderId="another", customerNo="1"))
    world.submitted(kind="drop-before")

    world.settle()

    assert world.is_over(State.HELD)
    assert world.billed() == ["another"]


def test_of_a_batch_that_arrived_in_part_the_orders_found_are_told(world: World) -> None:
    world.arm.settings.failing_documents = {"A2"}
    world.submitted(an_order(1), an_order(2), kind="drop-after")

    world.settle()

    assert world.is_over(State.HELD)
    assert [order.status for order in world.stored().orders] == [OrderStatus.SUCCEEDED, OrderStatus.HELD]


@pytest.mark.parametrize("fault", ["refuse", "drop-before", "not-json", "error-500-before"])
def test_a_ledger_that_does_not_answer_is_asked_again(world: World, fault: str) -> None:
    world.submitted(kind="drop-after")
    world.arm.fail("document", fault, 1)

    world.poll(after=MINUTE)
    assert world.stored().state is State.UNCONFIRMED

    world.poll(after=TIMES.longest_poll)
    assert world.is_over(State.SUCCEEDED)


def test_what_the_ledger_never_tells_is_held_in_the_end(world: World) -> None:
    world.submitted(kind="drop-after")
    world.arm.fail("document", "error-500-before")

    world.poll(after=TIMES.hold_after)

    assert world.is_over(State.HELD)


def test_a_repeated_submission_that_is_refused_is_held(world: World) -> None:
    world.submitted(kind="drop-before")
    world.arm.fail("submit", "status", 1, status=422)

    world.settle()

    assert world.is_over(State.HELD)


# PENDING.


def test_a_result_that_is_not_there_yet_is_asked_for_ever_more_rarely(world: World) -> None:
    world.arm.settings.processing_seconds = 86400
    world.submitted()
    pauses = []
    for _ in range(6):
        due = world.stored().due
        assert due
        world.poll(after=due - world.now)
        after = world.stored()
        assert after.due
        pauses.append(after.due - world.now)

    assert pauses == [MINUTE * minutes for minutes in (1, 2, 4, 8, 15, 15)]
    assert world.topic.events == []


def test_a_poll_in_vain_costs_one_write(world: World) -> None:
    world.arm.settings.processing_seconds = 86400
    world.submitted()
    world.outside.calls.clear()

    world.poll(after=MINUTE)

    # One write is the shard's lease, one gives it back.
    assert world.outside.calls.count("put_item") == 3


@pytest.mark.parametrize("shape", ["per-document", "by-order", "by-position", "whole-batch"])
def test_a_result_in_any_known_shape_ends_the_batch(world: World, shape: Any) -> None:  # noqa: ANN401 (a literal)
    world.arm.settings.result_shape = shape
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)
    assert world.diary.states[-1] is State.SUCCEEDED


def test_arms_answer_is_kept(world: World) -> None:
    world.submitted()

    world.poll(after=MINUTE)

    answer = world.topic.events[0]["data"]["answer"]
    assert (answer["status"], json.loads(answer["body"])["result"]) == (200, "OK")


def test_a_partly_failed_batch_tells_which_of_its_orders_failed(world: World) -> None:
    world.arm.settings.failing_documents = {"A2"}
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.PARTIALLY_FAILED)
    assert [(order.status, order.errors) for order in world.stored().orders] == [
        (OrderStatus.SUCCEEDED, ()),
        (OrderStatus.FAILED, ("Document is not valid",)),
    ]


def test_a_batch_that_failed_whole_is_failed(world: World) -> None:
    world.arm.settings.all_or_nothing = True
    world.arm.settings.failing_documents = {"A2"}
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.FAILED)
    assert world.billed() == []


@pytest.mark.parametrize("shape", ["unknown-words", "not-json", "empty"])
def test_a_result_that_is_not_understood_is_settled_by_the_ledger(world: World, shape: Any) -> None:  # noqa: ANN401
    world.arm.settings.result_shape = shape
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)


def test_a_failure_in_words_that_are_not_known_is_no_success_because_of_an_earlier_document(world: World) -> None:
    world.arm.settings.result_shape = "unknown-words"
    world.arm.settings.duplicates = "reject"
    world.arm.submit(a_document(**an_order(1)))
    world.submitted(an_order(1))

    world.poll(after=MINUTE)

    assert world.stored().state is State.HELD
    assert world.stored().cause == causes.FAILED_BUT_IN_LEDGER


def test_a_result_that_contradicts_the_ledger_is_held(world: World) -> None:
    world.arm.settings.result_shape = "contradictory"
    world.submitted(an_order(1), an_order(2))

    world.poll(after=MINUTE)

    assert world.is_over(State.HELD)


def test_the_form_of_a_result_that_is_not_understood_is_logged_once_and_no_value_of_it(world: World) -> None:
    world.arm.settings.result_shape = "unknown-words"
    world.submitted(an_order(1, documentNo=None))

    world.poll(after=MINUTE)
    world.poll(after=TIMES.longest_poll)

    entry = '{"documentNo":"text","salesOrderId":"text","status":"text","result":"text","message":"text"}'
    head = '"status":"text","result":"text","message":"text","batchUuid":"text"'
    assert world.diary.shapes == [f'{{{head},"documents":[{entry}]}}']


def test_a_result_that_arm_no_longer_knows_is_settled_by_the_ledger(world: World) -> None:
    world.arm.settings.forget_after_seconds = 1
    world.submitted()

    world.settle()

    assert world.is_over(State.SUCCEEDED)
    assert "404" in world.stored().cause


@pytest.mark.parametrize("orders", [[an_order(1, documentNo=None)], [an_order(1), an_order(2, documentNo=None)]])
def test_a_result_that_nobody_can_settle_is_held_after_a_while(world: World, orders: list[dict[str, Any]]) -> None:
    world.arm.settings.result_shape = "unknown-words"
    world.submitted(*orders)

    world.poll(after=MINUTE)
    assert world.stored().undecided_since == world.now

    world.poll(after=TIMES.undecided - MINUTE)
    assert world.stored().state is State.PENDING

    world.poll(after=TIMES.longest_poll)
    assert world.is_over(State.HELD)
    assert OrderStatus.HELD in {order.status for order in world.stored().orders}


def test_a_result_that_the_ledger_never_tells_more_of_is_held_after_a_while(world: World) -> None:
    world.arm.settings.result_shape = "unknown-words"
    world.submitted()
    world.arm.fail("document", "status", status=403)

    world.poll(after=MINUTE)
    world.settle()
    assert world.stored().state is State.PENDING

    world.poll(after=TIMES.undecided)
    assert world.is_over(State.HELD)


def test_a_failure_of_a_repetition_is_asked_of_the_ledger(world: World) -> None:
    """ARM may have refused the repeated documents just because it had got the first ones after all."""
    submitted = world.submitted(an_order(1), kind="drop-after")
    world.arm.settings.failing_documents = {"A1"}
    repeated = world.store.save(replace(submitted, state=State.CLAIMED, attempt=2))
    assert repeated
    assert world.submission().run(repeated, world.store.payload(repeated) or b"").doubt == 1

    world.poll(after=MINUTE)

    assert world.is_over(State.SUCCEEDED)


@pytest.mark.parametrize("fault", [{"kind": "refuse"}, {"kind": "status", "status": 403}, {"kind": "drop-before"}])
def test_a_result_that_is_not_given_is_asked_for_again(world: World, fault: dict[str, Any]) -> None:
    world.submitted()
    world.arm.fail("result", times=1, **fault)

    world.poll(after=MINUTE)
    assert world.stored().state is State.PENDING

    world.poll(after=2 * MINUTE)
    assert world.is_over(State.SUCCEEDED)


def test_arm_says_when_to_ask_again(world: World) -> None:
    world.submitted()
    world.arm.fail("result", "status", 1, status=429, retryAfter="600")

    world.poll(after=MINUTE)

    assert world.stored().due == world.now + timedelta(seconds=600)


def test_a_result_that_never_comes_is_held_in_the_end(world: World) -> None:
    world.arm.settings.processing_seconds = 864_000
    world.submitted()

    world.poll(after=TIMES.hold_after)

    assert world.is_over(State.HELD)
    assert world.stored().cause == "still PENDING after HoldAfterSeconds"
