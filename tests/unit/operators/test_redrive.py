from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import boto3
import pytest
from arm_relay.arm.documents import documents_of, to_text
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, BatchOrder, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import IllegalStep, NeedsConfirmation
from arm_relay.operators.inquiries import Inquiries, UnknownBatch
from arm_relay.operators.redrive import InvalidRedrive, Redrive
from arm_relay.orders.json_bodies import NotJson
from arm_relay.redriving import Redriving
from arm_relay.store.table import Store, StoreUnavailable
from moto import mock_aws

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.diary import Diary
from tests.support.store_contract import MARKER_LIFE, TABLE, create_tables, random_bytes

KARI = "arn:aws:iam::123456789012:user/kari"
LATER = NOW + timedelta(days=4)
PACE = Pace(TIMES, lambda: LATER, lambda: 0.5)

RESUBMIT = b'{"action":"resubmit","reason":"asked by phone","mayBeBilledTwice":true}'
UNCONFIRMED = b'{"action":"resubmit","reason":"asked by phone"}'
ASK = b'{"action":"ask","reason":"the outage is over"}'
RETRY = b'{"action":"retry","reason":"the customer exists now"}'
SUCCEEDED = b'{"action":"close","status":"SUCCEEDED","reason":"asked by phone"}'
ANNOUNCE = b'{"action":"announce","reason":"a queue was lost"}'
FAILED = b'{"action":"close","status":"FAILED","reason":"asked by phone"}'


class World:
    def __init__(self) -> None:
        self.diary = Diary()
        self.dynamodb: Any = boto3.client("dynamodb")
        create_tables(self.dynamodb)
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


def test_an_end_that_is_to_be_announced_again_is_due_and_its_history_says_who_wants_it_and_why(world: World) -> None:
    claimed = world.store.claim(a_batch(), {})
    assert claimed
    ended = world.saved(steps.announced(world.saved(steps.refused(claimed, Answer(400, "no"), NOW)), NOW))

    after = world.redrive.release("2218", "batch-1", ANNOUNCE, KARI)

    assert after == world.stored()
    assert (after.state, after.cause, after.due, after.announcements) == (State.REFUSED, ended.cause, LATER, 1)
    assert (after.history[-1].by, after.history[-1].cause) == (KARI, "announced again: a queue was lost")
    # It has ended once: nothing is counted again.
    assert world.diary.moves == []


def test_a_batch_under_way_has_nothing_to_announce_again(world: World) -> None:
    assert world.store.claim(a_batch(), {})

    with pytest.raises(IllegalStep, match="nothing to announce again"):
        world.redrive.release("2218", "batch-1", ANNOUNCE, KARI)


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


@pytest.mark.parametrize("body", [ASK, RESUBMIT, SUCCEEDED, FAILED])
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
            world.saved(steps.resubmitted(held, "I was first", KARI, NOW, may_be_billed_twice=True))
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
        (b'{"action":"ask","status":"FAILED"}', ["/reason", "/status"]),
        (b'{"action":"retry"}', ["/reason"]),
        (b'{"action":"resubmit","reason":"x","mayBeBilledTwice":"yes"}', ["/mayBeBilledTwice"]),
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


# Ask.


def queued(world: World, **changes: object) -> Batch:
    """A held batch of which ARM certainly has nothing."""
    claimed = world.store.claim(a_batch(**changes), {})
    assert claimed
    waiting = world.saved(steps.requeued(claimed, "no connection", NOW))
    return world.saved(steps.announced(world.saved(steps.held(waiting, "too old", NOW))))


def test_asking_opens_the_batch_for_the_poller_and_sends_nothing(world: World) -> None:
    world.held()

    after = world.release(ASK)

    assert (after.state, after.due, after.opened_at) == (State.UNCONFIRMED, LATER, LATER)
    assert (after.history[-1].by, after.history[-1].cause) == (KARI, "the outage is over")


def test_a_batch_that_may_be_sent_is_asked_about_only_while_its_ids_are_its_own(world: World) -> None:
    held = world.held()
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "ORDER#2218#evt-1"}})

    with pytest.raises(IllegalStep, match="may have been sent again"):
        world.redrive.release("2218", "batch-1", ASK, KARI)
    assert world.stored() == held


def test_of_what_arm_took_the_result_is_asked_even_when_nothing_is_kept_to_send(world: World) -> None:
    assert world.store.claim(a_batch(payload=random_bytes(5_000)), {})
    pending = world.saved(steps.pending(replace(a_batch(), payload=None), "uuid-1", Answer(202, ""), NOW))
    world.saved(steps.announced(world.saved(steps.held(pending, "too old", NOW))))
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "PAYLOAD#batch-1"}})

    assert world.release(ASK).state is State.PENDING


# Confirm.


def test_what_arm_may_have_is_not_resubmitted_by_one_word(world: World) -> None:
    held = world.held()

    with pytest.raises(NeedsConfirmation, match="mayBeBilledTwice"):
        world.redrive.release("2218", "batch-1", UNCONFIRMED, KARI)
    assert world.stored() == held


def test_what_arm_certainly_has_none_of_needs_no_second_word(world: World) -> None:
    queued(world)

    assert world.release(UNCONFIRMED).state is State.QUEUED


# Retry.


def failed(world: World, *statuses: OrderStatus, payload: bytes | None = None) -> Batch:
    """An ended batch, announced, of orders that ended so."""
    orders = tuple(a_batch_order(id=f"evt-{place}", status=status) for place, status in enumerate(statuses))
    batch = a_batch(orders=orders) if payload is None else a_batch(orders=orders, payload=payload)
    claimed = world.store.claim(batch, {})
    assert claimed
    pending = world.saved(steps.pending(claimed, "uuid-1", Answer(202, ""), NOW))
    ended = steps.ended_each(pending, State.PARTIALLY_FAILED, orders, "ARM's result", NOW)
    return world.saved(steps.announced(world.saved(ended)))


def retry(world: World) -> Batch:
    return world.redrive.release("2218", "batch-1", RETRY, KARI)


def test_a_document_that_is_gone_is_not_sent_though_its_batch_does_not_say_so_yet(world: World) -> None:
    document = {"documentNo": "2"}
    payload = to_text({"documents": [None, document]}).encode()
    failed(world, OrderStatus.FAILED, OrderStatus.FAILED, payload=payload)

    new = retry(world)

    assert [order.id for order in new.orders] == ["evt-1"]
    assert documents_of(world.store.payload(new) or b"") == [document]


def test_where_every_document_is_gone_nothing_is_retried(world: World) -> None:
    failed(world, OrderStatus.FAILED, payload=b'{"documents":[null]}')

    with pytest.raises(IllegalStep, match="no longer kept"):
        retry(world)


def test_a_retry_sends_the_documents_of_what_failed_as_they_were(world: World) -> None:
    documents = [{"documentNo": str(number), "price": Decimal(f"0.0000{number}")} for number in range(1, 4)]
    stored = to_text({"metadata": {"userId": "me"}, "documents": documents}).encode()
    failed(world, OrderStatus.FAILED, OrderStatus.SUCCEEDED, OrderStatus.FAILED, payload=stored)

    new = retry(world)

    assert (new.id, new.state, new.due, new.retry_of, new.by) == ("new-1", State.QUEUED, LATER, "batch-1", KARI)
    assert [order.id for order in new.orders] == ["evt-0", "evt-2"]
    sent = to_text({"metadata": {"userId": "me"}, "documents": [documents[0], documents[2]]}).encode()
    assert world.store.payload(new) == sent
    assert world.store.batch("new-1") == new == world.diary.moves[-1]


def test_the_ids_and_numbers_of_a_retry_change_over_to_the_new_batch(world: World) -> None:
    before = failed(world, OrderStatus.FAILED, OrderStatus.SUCCEEDED)

    retry(world)

    ids, numbers = world.store.markers_of("2218", ["evt-0", "evt-1"], [str(before.orders[0].document_no)])
    assert {name: marker.batch_id for name, marker in ids.items()} == {"evt-0": "new-1", "evt-1": "batch-1"}
    assert [marker.batch_id for marker in numbers.values()] == ["new-1"]
    assert world.stored().retried_as == "new-1"
    assert world.stored().history[-1].by == KARI


def test_what_failed_is_retried_once(world: World) -> None:
    failed(world, OrderStatus.FAILED)
    retry(world)

    with pytest.raises(IllegalStep, match="sent again in batch new-1"):
        retry(world)
    assert world.store.batch("new-2") is None


def test_what_its_sender_has_corrected_is_left_out(world: World) -> None:
    before = failed(world, OrderStatus.FAILED, OrderStatus.FAILED)
    corrected = a_batch(id="b2", orders=(replace(before.orders[0], digest="d2", status=OrderStatus.IN_PROGRESS),))
    assert world.store.claim(corrected, {"evt-0": "batch-1"}, {str(before.orders[0].document_no): "batch-1"})

    assert [order.id for order in retry(world).orders] == ["evt-1"]


def test_an_order_whose_number_another_order_has_by_now_is_left_out(world: World) -> None:
    before = failed(world, OrderStatus.FAILED, OrderStatus.FAILED)
    number = before.orders[0].document_no
    other = a_batch(id="b2", orders=(a_batch_order(id="other", document_no=number),))
    assert world.store.claim(other, {}, {str(number): "batch-1"})

    assert [order.id for order in retry(world).orders] == ["evt-1"]


def test_a_batch_all_of_whose_failed_orders_were_corrected_is_not_retried(world: World) -> None:
    before = failed(world, OrderStatus.FAILED)
    corrected = a_batch(id="b2", orders=(replace(before.orders[0], digest="d2", status=OrderStatus.IN_PROGRESS),))
    assert world.store.claim(corrected, {"evt-0": "batch-1"}, {str(before.orders[0].document_no): "batch-1"})

    with pytest.raises(IllegalStep, match="has been sent again or forgotten since"):
        retry(world)
    assert world.stored() == before


def test_a_correction_that_comes_at_the_same_moment_wins_or_loses_whole(world: World) -> None:
    """The retry has read the markers, then the sender's correction is recorded."""
    before = failed(world, OrderStatus.FAILED)
    corrected = a_batch(id="b2", orders=(replace(before.orders[0], digest="d2", status=OrderStatus.IN_PROGRESS),))

    class Late(Store):
        def payload(self, batch: Batch) -> bytes | None:
            assert world.store.claim(corrected, {"evt-0": "batch-1"}, {str(before.orders[0].document_no): "batch-1"})
            return super().payload(batch)

    redrive = world.redrive_of(Late(world.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE))

    with pytest.raises(IllegalStep, match="was first"):
        redrive.release("2218", "batch-1", RETRY, KARI)
    assert world.stored() == before
    assert world.store.batch("new-1") is None


def test_what_is_no_longer_kept_is_not_retried(world: World) -> None:
    documents = [{"documentNo": "1", "customerMessage": random_bytes(5_000).hex()}]
    failed(world, OrderStatus.FAILED, payload=to_text({"metadata": {}, "documents": documents}).encode())
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "PAYLOAD#batch-1"}})

    with pytest.raises(IllegalStep, match="no longer kept"):
        retry(world)


def test_a_retry_whose_answer_is_lost_is_found_in_the_table(world: World) -> None:
    failed(world, OrderStatus.FAILED)

    class Lost(Store):
        def claim(self, *arguments: Any, **named: Any) -> Batch | None:  # noqa: ANN401 (whatever it is called with)
            super().claim(*arguments, **named)
            raise StoreUnavailable("the answer is lost")

    redrive = world.redrive_of(Lost(world.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE))

    assert redrive.release("2218", "batch-1", RETRY, KARI) == world.store.batch("new-1")
