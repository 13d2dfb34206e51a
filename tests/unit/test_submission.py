"""Every way a submission can end, with the simulated ARM behind the real client and moto behind the real store."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import httpx
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import KEPT_ANSWER, LEASE, Batch, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.store.table import Store
from arm_relay.submission import Submission
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from sandbox.arm.faults import ABORTS_AFTER, ABORTS_BEFORE, TOKEN_GARBAGE
from sandbox.arm.transport import SimulatedTransport
from tests.support.arm_builders import a_payload, a_simulator
from tests.support.builders import NOW, TIMES, a_batch
from tests.support.diary import Diary
from tests.support.simulated_arm import arm_client
from tests.support.store_contract import MARKER_LIFE, TABLE, create_tables

#: Raised by httpx before a request is sent; the other ways to lose a connection leave it open what ARM got.
NOTHING_SENT = ("refuse", "dns", "tls", "connect-timeout", "pool-timeout")

PAYLOAD = httpx.Request("POST", "https://arm.example", json=a_payload()).content


class World:
    def __init__(self) -> None:
        self.arm = a_simulator()
        self.network = Network(self.arm.api, self.arm.clock.sleep)
        self.diary = Diary()
        self.dynamodb: Any = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
        create_tables(self.dynamodb)
        self.store = Store(self.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self.submission = Submission(
            store=self.store,
            ledger=arm_client(self.network),
            journal=self.diary,
            pace=Pace(TIMES, self.arm.clock.now, lambda: 0.5),
        )

    def claimed(self, **changes: object) -> Batch:
        batch = a_batch(payload=PAYLOAD, **changes)
        assert self.store.claim(batch, {})
        return batch

    def stored(self) -> Batch:
        batch = self.store.batch("batch-1")
        assert batch
        return batch

    def run(self, batch: Batch | None = None) -> Batch:
        """What became of a claimed batch: told and stored alike."""
        after = self.submission.run(batch or self.claimed(), PAYLOAD)
        assert self.stored() == after
        return after

    def between(self, step: Callable[[Batch], Batch]) -> None:
        """Somebody else's step, taken while ARM is at work."""
        self.network.meanwhile = lambda: self.store.save(step(self.stored()))


class Network(SimulatedTransport):
    """The way to ARM; something may happen while a submission is on it."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/documents/batches"):
            self.meanwhile()
        return super().handle_request(request)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def test_what_arm_takes_is_pending(world: World) -> None:
    after = world.run()

    (batch,) = world.arm.ledger.batches
    assert (after.state, after.batch_uuid, after.cause) == (State.PENDING, batch.uuid, "ARM returned a batchUuid")
    assert after.answer
    assert after.answer.status == 202


def test_recording_the_batch_uuid_leaves_the_due_time_and_so_the_index(world: World) -> None:
    batch = world.claimed()

    assert world.run(batch).due == batch.due


def test_arm_gets_the_payload_as_it_was_claimed(world: World) -> None:
    batch = world.claimed()

    world.run(batch)

    assert world.arm.ledger.batches[0].raw == batch.payload


def test_a_200_with_a_batch_uuid_is_taken_too(world: World) -> None:
    world.arm.fail("submit", "ok-200")

    assert world.run().state is State.PENDING


# What ARM certainly did not take.


@pytest.mark.parametrize("kind", NOTHING_SENT)
@pytest.mark.parametrize("endpoint", ["token", "submit"])
def test_what_was_not_sent_is_queued(world: World, endpoint: str, kind: str) -> None:
    batch = world.claimed()
    world.arm.fail(endpoint, kind)

    after = world.run(batch)

    assert (after.state, after.due, after.doubt) == (State.QUEUED, batch.due, None)
    assert world.arm.ledger.batches == []


@pytest.mark.parametrize("kind", [*ABORTS_BEFORE, *ABORTS_AFTER, "not-json", "not-object", "bad-encoding", "redirect"])
def test_without_a_token_nothing_is_sent(world: World, kind: str) -> None:
    world.arm.fail("token", kind)

    assert world.run().state is State.QUEUED
    assert [call.endpoint for call in world.arm.api.log] == ["token"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_whatever_the_identity_service_refuses_with_nothing_is_sent(world: World, status: int) -> None:
    world.arm.fail("token", "status", status=status)

    after = world.run()

    assert (after.state, after.cause) == (
        State.QUEUED,
        f"no token: the identity service answered {status}",
    )


@pytest.mark.parametrize("variant", [name for name in TOKEN_GARBAGE if not name.startswith("expires")])
def test_a_token_that_is_none_is_not_sent(world: World, variant: str) -> None:
    world.arm.fail("token", "token-garbage", variant=variant)

    assert world.run().state is State.QUEUED
    assert world.arm.ledger.batches == []


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_is_about_us_rather_than_the_batch_is_queued(world: World, status: int) -> None:
    world.arm.fail("submit", "status", status=status)

    after = world.run()

    assert (after.state, after.cause) == (State.QUEUED, f"ARM answered {status}")


def test_an_expired_token_is_renewed_at_once(world: World) -> None:
    world.arm.fail("submit", "token-expired", 1)

    assert world.run().state is State.PENDING
    assert [call.ending for call in world.arm.api.log] == [200, 401, 200, 202]


def test_arm_says_when_to_come_back(world: World) -> None:
    world.arm.fail("submit", "status", status=429, retryAfter="120")

    assert world.run().due == NOW + timedelta(seconds=120)


def test_nobody_comes_back_later_than_at_the_longest_poll(world: World) -> None:
    world.arm.fail("submit", "status", status=429, retryAfter="86400")

    assert world.run().due == NOW + TIMES.longest_poll


def test_repeated_attempts_back_off(world: World) -> None:
    world.arm.fail("submit", "status", status=403)
    after = world.run()
    pauses = []
    for _ in range(8):
        taken = world.store.save(steps.begun(after, "next attempt", world.arm.clock.now(), TIMES))
        after = world.run(taken)
        assert after.due
        pauses.append(after.due - world.arm.clock.now())

    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)] + [timedelta(minutes=15)] * 4


# What ARM refused.


@pytest.mark.parametrize("status", [400, 422])
def test_what_arm_refuses_is_refused(world: World, status: int) -> None:
    world.arm.fail("submit", "status", status=status)

    after = world.run()

    assert (after.state, after.cause) == (State.REFUSED, f"ARM answered {status}")
    assert [order.status for order in after.orders] == [OrderStatus.REFUSED]
    assert after.due == NOW
    assert after.answer
    assert after.answer.status == status


@pytest.mark.parametrize("status", [402, 404, 405, 406, 410, 413, 415, 451])
def test_what_says_nothing_about_the_batch_refuses_nothing(world: World, status: int) -> None:
    world.arm.fail("submit", "status", status=status)

    after = world.run()

    assert (after.state, after.cause) == (State.QUEUED, f"ARM answered {status}")
    assert [order.status for order in after.orders] == [OrderStatus.IN_PROGRESS]


def test_a_conflict_is_in_doubt(world: World) -> None:
    world.arm.fail("submit", "status", status=409)

    assert world.run().state is State.UNCONFIRMED


def test_what_arm_refuses_after_an_attempt_in_doubt_is_held(world: World) -> None:
    # The first one's documents may be why.
    first = world.claimed()
    world.arm.fail("submit", "drop-after", 1)
    doubted = world.run(first)
    taken = world.store.save(steps.begun(doubted, "ARM's ledger has none of it", NOW, TIMES))
    world.arm.fail("submit", "status", status=422)

    after = world.run(taken)

    assert (after.state, [order.status for order in after.orders]) == (State.HELD, [OrderStatus.HELD])


# What ARM may have taken.


@pytest.mark.parametrize("kind", sorted({*ABORTS_BEFORE, *ABORTS_AFTER} - {*NOTHING_SENT}))
def test_what_was_sent_without_an_answer_is_unconfirmed(world: World, kind: str) -> None:
    world.arm.fail("submit", kind)

    after = world.run()

    assert (after.state, after.doubt) == (State.UNCONFIRMED, 1)
    assert len(world.arm.ledger.batches) == (kind in ABORTS_AFTER)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("taken", [False, True])
def test_what_arm_failed_on_is_unconfirmed(world: World, status: int, *, taken: bool) -> None:
    world.arm.fail("submit", "status", status=status, taken=taken)

    after = world.run()

    assert (after.state, after.cause) == (State.UNCONFIRMED, f"ARM answered {status}")


@pytest.mark.parametrize("kind", ["not-json", "not-object", "no-uuid", "redirect", "bad-encoding", "trickle"])
def test_an_answer_without_a_batch_uuid_is_unconfirmed(world: World, kind: str) -> None:
    world.arm.fail("submit", kind)

    assert world.run().state is State.UNCONFIRMED


def test_an_answer_of_megabytes_is_not_read_to_its_end(world: World) -> None:
    world.arm.fail("submit", "huge", megabytes=5)

    after = world.run()

    assert after.state in (State.PENDING, State.UNCONFIRMED)
    assert after.answer is None or len(after.answer.body) <= KEPT_ANSWER


def test_a_redirect_is_not_followed(world: World) -> None:
    world.arm.fail("submit", "redirect")

    world.run()

    assert [call.endpoint for call in world.arm.api.log] == ["token", "submit"]


# When others were first.


def lease_over(batch: Batch) -> Batch:
    return steps.lease_over(batch, NOW)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({}, State.PENDING),
        ({"kind": "status", "status": 429}, State.QUEUED),
        ({"kind": "status", "status": 400}, State.REFUSED),
    ],
)
def test_a_late_outcome_is_recorded_on_an_unconfirmed_batch(world: World, fault: dict[str, Any], state: State) -> None:
    batch = world.claimed()
    world.between(lease_over)
    if fault:
        world.arm.fail("submit", **fault)

    after = world.run(batch)

    assert (after.state, after.version) == (state, 3)
    assert world.diary.transient_errors == []


def test_a_late_doubt_about_an_unconfirmed_batch_changes_nothing(world: World) -> None:
    batch = world.claimed()
    world.between(lease_over)
    world.arm.fail("submit", "status", status=500)

    after = world.run(batch)

    assert (after.state, after.version) == (State.UNCONFIRMED, 2)


def test_an_outcome_that_comes_too_late_is_told_with_its_batch_uuid(world: World) -> None:
    batch = world.claimed()
    world.between(lambda current: steps.held(current, "ARM may have it", NOW))

    after = world.run(batch)

    assert after.state is State.HELD
    assert world.diary.transient_errors == [
        (
            "the outcome of a submission came too late",
            {"batchId": "batch-1", "state": "PENDING", "batchUuid": world.arm.ledger.batches[0].uuid},
        )
    ]


def test_an_outcome_of_an_earlier_attempt_does_not_touch_a_later_one(world: World) -> None:
    batch = world.claimed()
    world.between(lambda current: steps.begun(lease_over(current), "again", NOW, TIMES))

    after = world.run(batch)

    assert (after.state, after.attempt, after.batch_uuid) == (State.CLAIMED, 2, None)
    assert [where["batchUuid"] for _, where in world.diary.transient_errors] == [world.arm.ledger.batches[0].uuid]


def test_an_outcome_that_somebody_else_recorded_is_no_trouble(world: World) -> None:
    # Botocore repeats a write whose answer was lost, and meets its own effect.
    batch = world.claimed()

    put = world.dynamodb.put_item

    def put_twice(**request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        put(**request)
        world.dynamodb.put_item = put
        return put(**request)

    world.dynamodb.put_item = put_twice

    after = world.run(batch)

    assert (after.state, after.version) == (State.PENDING, 2)
    assert world.diary.transient_errors == []


@pytest.mark.parametrize("lost", ["before-send.dynamodb.PutItem", "after-call.dynamodb.PutItem"])
def test_an_outcome_that_cannot_be_recorded_is_told_with_its_batch_uuid(world: World, lost: str) -> None:
    batch = world.claimed()

    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="dynamodb")

    world.dynamodb.meta.events.register_first(lost, lose)

    after = world.submission.run(batch, PAYLOAD)

    assert after == batch
    assert world.diary.transient_errors == [
        (
            "the outcome of a submission could not be recorded",
            {"batchId": "batch-1", "state": "PENDING", "batchUuid": world.arm.ledger.batches[0].uuid},
        )
    ]


# What is told.


def test_a_recorded_outcome_is_told(world: World) -> None:
    after = world.run()

    assert world.diary.moves == [after]


def test_nothing_is_told_of_an_outcome_that_is_not_recorded(world: World) -> None:
    batch = world.claimed()
    world.between(lambda current: steps.held(current, "ARM may have it", NOW))

    world.run(batch)

    assert world.diary.moves == []


def test_a_wrong_base_url_loses_nothing_and_refuses_nothing(world: World) -> None:
    elsewhere = arm_client(world.network, "https://arm.example/collection/v1")
    pace = Pace(TIMES, world.arm.clock.now, lambda: 0.5)
    world.submission = Submission(store=world.store, ledger=elsewhere, journal=world.diary, pace=pace)

    after = world.run()

    assert (after.state, after.cause) == (State.QUEUED, "ARM answered 404")
    assert world.arm.ledger.batches == []


def test_what_comes_after_its_lease_is_not_sent(world: World) -> None:
    """The environment may have been frozen between the claim and the call: others may have acted since."""
    batch = world.claimed()
    world.arm.clock.sleep(LEASE.total_seconds())

    assert world.submission.run(batch, PAYLOAD) == batch

    assert world.arm.ledger.batches == []
    assert world.stored() == batch
    assert [what for what, _ in world.diary.transient_errors] == ["a submission came too late and was not made"]
