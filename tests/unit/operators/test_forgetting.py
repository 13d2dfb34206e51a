"""An operator has what the relay holds of the people of one order removed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.operators.forgetting import Forgetting, Forgotten, InvalidForget, NotForgettable
from arm_relay.operators.inquiries import UnknownBatch, UnknownOrder
from arm_relay.orders.json_bodies import NotJson
from arm_relay.store.table import Store, StoreUnavailable
from moto import mock_aws

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.diary import Diary
from tests.support.store_contract import MARKER_LIFE, PAYLOAD_LIFE, TABLE, create_tables

KARI = "arn:aws:iam::123456789012:user/kari"
LATER = NOW + timedelta(days=4)
PACE = Pace(TIMES, lambda: LATER, lambda: 0.5)


def a_payload(filling: str) -> bytes:
    documents = [
        {"documentNo": "1", "customerMessage": f"Kari Nordmann {filling}", "price": 0.10},
        {"documentNo": "2", "customerMessage": f"Ola Hansen {filling}", "price": 1234567890.12},
    ]
    return json.dumps({"metadata": {"userId": "arm-relay"}, "documents": documents}, separators=(",", ":")).encode()


class World:
    def __init__(self) -> None:
        self.diary = Diary()
        self.dynamodb: Any = boto3.client("dynamodb")
        create_tables(self.dynamodb)
        self.store = Store(
            self.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE, payload_life=PAYLOAD_LIFE
        )

    def claimed(self, *, filling: str = "") -> Batch:
        orders = tuple(a_batch_order(id=f"evt-{number}", document_no=str(number)) for number in (1, 2))
        claimed = self.store.claim(a_batch(orders=orders, payload=a_payload(filling)), {})
        assert claimed
        return claimed

    def ended(self, *, filling: str = "") -> Batch:
        pending = self.saved(steps.pending(self.claimed(filling=filling), "uuid-1", Answer(202, "Kari Nordmann"), NOW))
        orders = [replace(order, status=OrderStatus.FAILED, errors=("Kari?",)) for order in pending.orders]
        return self.saved(steps.announced(self.saved(steps.ended_each(pending, State.FAILED, orders, "result", NOW))))

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def stored(self) -> Batch:
        batch = self.store.batch("batch-1")
        assert batch
        return batch

    def forget(self, order_id: str = "evt-1", client_no: str = "2218", **more: object) -> Forgotten:
        body = json.dumps({"id": order_id, "reason": "case 4711"} | more).encode()
        return Forgetting(store=self.store, journal=self.diary, pace=PACE).forget(client_no, body, KARI)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


#: Enough for the payload to stand in an item of its own.
LONG = "".join(f"{number:x}" for number in range(1500))


@pytest.mark.parametrize("filling", ["", LONG], ids=["in the batch's item", "in an item of its own"])
def test_one_order_is_forgotten_and_the_others_stay_as_they_were(world: World, filling: str) -> None:
    world.ended(filling=filling)

    forgotten = world.forget()

    stored = world.stored()
    payload = world.store.payload(stored) or b""
    before = a_payload(filling)
    other = before[before.index(b'{"documentNo":"2"') :]
    assert payload == b'{"metadata":{"userId":"arm-relay"},"documents":[null,' + other
    assert (forgotten.batch, forgotten.order) == (stored, stored.orders[0])
    assert (stored.orders[0].errors, stored.orders[0].forgotten_at, stored.answer) == ((), LATER, None)
    assert stored.orders[1].errors == ("Kari?",)
    assert (stored.state, stored.due, stored.cause) == (State.FAILED, None, "result")


def test_the_senders_own_words_about_the_order_go_and_those_about_another_stay(world: World) -> None:
    before = world.ended()
    words = (("contact", "Kari Nordmann"),)
    world.saved(replace(before, orders=tuple(replace(order, metadata=words) for order in before.orders)))

    world.forget()

    assert [order.metadata for order in world.stored().orders] == [(), words]


def test_what_an_order_is_known_by_stays(world: World) -> None:
    before = world.ended()

    order = world.forget().order

    assert order == replace(before.orders[0], errors=(), metadata=(), forgotten_at=LATER)
    assert world.store.markers("2218", ["evt-1"]).keys() == {"evt-1"}


def test_the_history_says_who_did_it_when_and_why(world: World) -> None:
    world.ended()

    batch = world.forget().batch

    last = batch.history[-1]
    assert (last.state, last.cause, last.by, last.at) == (
        State.FAILED,
        "order evt-1 forgotten: case 4711",
        KARI,
        (LATER,),
    )
    assert batch.by is None
    assert world.diary.notes == [("an order was forgotten", {"batchId": "batch-1", "clientNo": "2218"})]


def test_doing_it_again_changes_nothing(world: World) -> None:
    world.ended()
    first = world.forget()

    assert world.forget() == first
    assert world.stored().version == first.batch.version


def test_both_orders_may_be_forgotten_one_after_the_other(world: World) -> None:
    world.ended()
    world.forget("evt-1")
    world.forget("evt-2")

    payload = world.store.payload(world.stored()) or b""
    assert json.loads(payload)["documents"] == [None, None]


def test_an_order_whose_payload_is_gone_is_forgotten_all_the_same(world: World) -> None:
    world.saved(steps.trimmed(world.ended(), NOW))

    assert world.forget().order.errors == ()


@pytest.mark.parametrize("state", [State.CLAIMED, State.HELD])
def test_what_has_not_ended_is_kept(world: World, state: State) -> None:
    batch = world.claimed()
    if state is State.HELD:
        batch = world.saved(steps.announced(world.saved(steps.held(batch, "too old", NOW))))

    with pytest.raises(NotForgettable, match=f"has not ended. Its status is {state.value}"):
        world.forget()
    assert world.stored() == batch


def test_an_end_that_is_being_announced_is_kept_a_minute_longer(world: World) -> None:
    world.saved(steps.refused(world.claimed(), Answer(400, ""), NOW))

    with pytest.raises(NotForgettable, match="still being announced"):
        world.forget()


def test_an_earlier_batch_of_the_order_is_named_by_its_id(world: World) -> None:
    world.ended()
    later = a_batch(id="batch-2", orders=(a_batch_order(id="evt-1", document_no="1"),))
    assert world.store.claim(later, {"evt-1": "batch-1"}, {"1": "batch-1"})

    assert world.forget(batchId="batch-1").batch.id == "batch-1"
    with pytest.raises(NotForgettable):
        world.forget()


def test_what_is_unknown_is_not_forgotten(world: World) -> None:
    world.ended()

    with pytest.raises(UnknownOrder):
        world.forget("evt-9")
    with pytest.raises(UnknownOrder):
        world.forget(client_no="2219")
    with pytest.raises(UnknownBatch):
        world.forget(batchId="batch-9")
    with pytest.raises(UnknownOrder):
        world.forget("evt-9", batchId="batch-1")


def test_a_crash_before_the_batch_is_saved_leaves_a_request_that_can_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ended(filling=LONG)

    def unavailable(_: Batch) -> Batch:
        raise StoreUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(world.store, "save", unavailable)
        with pytest.raises(StoreUnavailable):
            world.forget()

    assert b"Kari Nordmann" not in (world.store.payload(world.stored()) or b"")
    assert world.forget().order.forgotten_at == LATER


def test_another_writer_in_between_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ended()
    monkeypatch.setattr(world.store, "save", lambda _: None)

    with pytest.raises(NotForgettable, match="Another writer"):
        world.forget()


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("{}", ["/id", "/reason"]),
        ('{"id": "", "reason": " "}', ["/id", "/reason"]),
        ('{"id": 7, "reason": "x", "batch": "y"}', ["/id", "/batch"]),
        ('{"id": "a", "id": "b", "reason": "x"}', ["/id"]),
        ("[]", [""]),
    ],
)
def test_a_body_that_says_too_little_is_told_with_pointers(world: World, body: str, pointers: list[str]) -> None:
    with pytest.raises(InvalidForget) as error:
        Forgetting(store=world.store, journal=world.diary, pace=PACE).forget("2218", body.encode(), KARI)

    assert [fault.pointer for fault in error.value.faults] == pointers


def test_a_body_that_is_not_json_is_told(world: World) -> None:
    with pytest.raises(NotJson):
        Forgetting(store=world.store, journal=world.diary, pace=PACE).forget("2218", b"{", KARI)
