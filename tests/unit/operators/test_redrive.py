from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, BatchOrder, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import IllegalStep
from arm_relay.operators.inquiries import Inquiries, UnknownBatch
from arm_relay.operators.redrive import InvalidRedrive, Redrive
from arm_relay.orders.json_bodies import NotJson
from arm_relay.redriving import Redriving
from arm_relay.store.table import Store
from moto import mock_aws

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.diary import Diary
from tests.support.store_contract import MARKER_LIFE, TABLE, create_table, random_bytes

KARI = "arn:aws:iam::123456789012:user/kari"
LATER = NOW + timedelta(days=4)
PACE = Pace(TIMES, lambda: LATER, lambda: 0.5)

RESUBMIT = b'{"action":"resubmit","reason":"asked by phone"}'
SUCCEEDED = b'{"action":"close","status":"SUCCEEDED","reason":"asked by phone"}'
FAILED = b'{"action":"close","status":"FAILED","reason":"asked by phone"}'


class World:
    def __init__(self) -> None:
        self.diary = Diary()
        self.dynamodb: Any = boto3.client("dynamodb")
        create_table(self.dynamodb)
        self.store = Store(self.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self.redrive = self.redrive_of(self.store)

    def redrive_of(self, store: Store) -> Redrive:
        ids = map("new-{}".format, count(1))
        redriving = Redriving(store=store, journal=self.diary, pace=PACE, new_id=lambda: next(ids))
        return Redrive(Inquiries(store), redriving)

    def held(self, *statuses: OrderStatus, **changes: object) -> Batch:
        """A batch on hold, announced; its orders stand as they are given."""
        orders = [a_batch_order(id=f"evt-{number}", status=status) for number, status in enumerate(statuses)]
        claimed = self.store.claim(a_batch(orders=tuple(orders) or (a_batch_order(),), **changes), {})
        assert claimed
        return self.saved(steps.announced(self.saved(steps.held(claimed, "too old", NOW))))

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def stored(self) -> Batch:
        batch = self.store.batch("batch-1")
        assert batch
        return batch

    def release(self, body: bytes) -> Batch:
        """What became of the batch: told, logged and stored alike."""
        after = self.redrive.release("2218", "batch-1", body, KARI)
        assert after == self.stored() == self.diary.moves[-1]
        return after


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def test_a_resubmitted_batch_is_queued_as_if_for_the_first_time(world: World) -> None:
    held = world.held()

    after = world.release(RESUBMIT)

    assert (after.state, after.due, after.opened_at) == (State.QUEUED, LATER, LATER)
    assert (after.batch_uuid, after.answer, after.doubt, after.ended_at, after.polls) == (None, None, None, None, 0)
    assert [order.status for order in after.orders] == [OrderStatus.IN_PROGRESS]
    assert (after.payload, after.claimed_at) == (held.payload, held.claimed_at)


@pytest.mark.parametrize(("body", "state"), [(SUCCEEDED, State.SUCCEEDED), (FAILED, State.FAILED)])
def test_a_closed_batch_ends_as_the_person_says(world: World, body: bytes, state: State) -> None:
    world.held()

    after = world.release(body)

    assert (after.state, [order.status for order in after.orders]) == (state, [OrderStatus(state)])


def test_a_closed_batch_is_due_to_be_announced(world: World) -> None:
    held = world.held()

    after = world.release(FAILED)

    assert (after.due, after.ended_at, after.announcements) == (LATER, LATER, held.announcements + 1)


def test_orders_whose_end_is_known_keep_it_when_the_batch_is_closed(world: World) -> None:
    world.held(OrderStatus.SUCCEEDED, OrderStatus.IN_PROGRESS)

    after = world.release(FAILED)

    assert after.state is State.PARTIALLY_FAILED
    assert [order.status for order in after.orders] == [OrderStatus.SUCCEEDED, OrderStatus.FAILED]


def test_who_released_it_when_and_why_stands_in_the_history(world: World) -> None:
    world.held()

    latest = world.release(RESUBMIT).history[-1]

    assert (latest.state, latest.by, latest.cause, latest.at) == (State.QUEUED, KARI, "asked by phone", (LATER,))


def test_what_arm_has_documents_of_is_not_submitted_again(world: World) -> None:
    held = world.held(OrderStatus.SUCCEEDED, OrderStatus.IN_PROGRESS)

    with pytest.raises(IllegalStep, match="documents"):
        world.redrive.release("2218", "batch-1", RESUBMIT, KARI)
    assert world.stored() == held


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("ORDER#2218#evt-1", a_batch_order(document_no=None)),
        ("INVOICE#2218#88776655", a_batch_order(id="evt-2", document_no="88776655")),
    ],
)
def test_orders_whose_ids_or_numbers_have_another_batch_by_now_are_not_submitted_again(
    world: World, key: str, other: BatchOrder
) -> None:
    """Such an order may have been sent, and billed, again after its id was free."""
    held = world.held()
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": key}})
    assert world.store.claim(a_batch(id="batch-2", orders=(other,)), {})

    with pytest.raises(IllegalStep, match="may have been sent again"):
        world.redrive.release("2218", "batch-1", RESUBMIT, KARI)
    assert world.stored() == held


@pytest.mark.parametrize("left", [None, TIMES.hold_after - timedelta(seconds=1)])
def test_orders_whose_ids_are_free_or_soon_will_be_are_not_submitted_again(
    world: World, left: timedelta | None
) -> None:
    store = world.store
    if left:
        world.store = Store(world.dynamodb, TABLE, retention=TIMES.retention, marker_life=LATER + left - NOW)
    held = world.held()
    if left is None:
        world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "ORDER#2218#evt-1"}})
    world.store = store

    with pytest.raises(IllegalStep, match="of 1 of its 1 orders are free or will soon be, the first is evt-1"):
        world.redrive.release("2218", "batch-1", RESUBMIT, KARI)
    assert world.stored() == held


def test_a_batch_whose_payload_has_expired_is_not_submitted_again(world: World) -> None:
    held = world.held(payload=random_bytes(5_000))
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "PAYLOAD#batch-1"}})

    with pytest.raises(IllegalStep, match="no longer kept"):
        world.redrive.release("2218", "batch-1", RESUBMIT, KARI)
    assert world.stored() == held


@pytest.mark.parametrize("body", [RESUBMIT, SUCCEEDED, FAILED])
def test_a_batch_that_is_not_held_is_not_released(world: World, body: bytes) -> None:
    world.store.claim(a_batch(), {})
    pending = world.saved(steps.pending(a_batch(), "uuid-1", Answer(202, ""), NOW))

    with pytest.raises(IllegalStep, match="PENDING"):
        world.redrive.release("2218", "batch-1", body, KARI)
    assert world.stored() == pending


@pytest.mark.parametrize("body", [RESUBMIT, SUCCEEDED, FAILED])
def test_a_batch_whose_hold_is_not_announced_yet_is_not_released(world: World, body: bytes) -> None:
    held = world.held()
    unannounced = world.saved(replace(held, due=NOW))

    with pytest.raises(IllegalStep, match="minute"):
        world.redrive.release("2218", "batch-1", body, KARI)
    assert world.stored() == unannounced


def test_of_two_people_one_releases_it(world: World) -> None:
    held = world.held()
    read = world.store.batch

    class Late(Store):
        def batch(self, batch_id: str) -> Batch | None:
            found = read(batch_id)
            world.saved(steps.resubmitted(held, "I was first", KARI, NOW))
            return found

    store = Late(world.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    redrive = world.redrive_of(store)

    with pytest.raises(IllegalStep, match="Another writer saved the batch first"):
        redrive.release("2218", "batch-1", FAILED, KARI)
    assert world.stored().state is State.QUEUED
    assert world.diary.moves == []


@pytest.mark.parametrize(("client_no", "batch_id"), [("2219", "batch-1"), ("2218", "batch-2"), ("", "batch-1")])
def test_nobody_releases_another_clients_batch(world: World, client_no: str, batch_id: str) -> None:
    world.held()

    with pytest.raises(UnknownBatch):
        world.redrive.release(client_no, batch_id, RESUBMIT, KARI)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b"[]", [""]),
        (b"{}", ["/action"]),
        (b'{"action":"forget","reason":"x"}', ["/action"]),
        (b'{"action":"close","status":"FAILED","status":"SUCCEEDED","reason":"x"}', ["/status"]),
        (b'{"action":"resubmit","reason":"\\u0000"}', ["/reason"]),
        (b'{"action":"resubmit"}', ["/reason"]),
        (b'{"action":"resubmit","reason":" "}', ["/reason"]),
        (b'{"action":"resubmit","reason":"x","status":"FAILED"}', ["/status"]),
        (b'{"action":"close","status":"HELD"}', ["/status", "/reason"]),
        (b'{"action":"close","reason":5}', ["/status", "/reason"]),
    ],
)
def test_every_fault_of_a_redrive_is_told_with_its_pointer(world: World, body: bytes, pointers: list[str]) -> None:
    with pytest.raises(InvalidRedrive) as raised:
        world.redrive.release("2218", "batch-1", body, KARI)

    assert [fault.pointer for fault in raised.value.faults] == pointers
    assert all(fault.detail for fault in raised.value.faults)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{}{}"])
def test_a_redrive_that_is_not_json_is_told(world: World, body: bytes) -> None:
    with pytest.raises(NotJson):
        world.redrive.release("2218", "batch-1", body, KARI)
