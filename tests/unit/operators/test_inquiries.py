"""What operators ask, with the simulation's DynamoDB behind the real store."""

import base64
from datetime import timedelta
from typing import Any, cast

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.operators.inquiries import Inquiries, InvalidCursor, UnknownBatch, UnknownOrder
from arm_relay.store.table import Store
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

IDS = ["order.invoiced:B-1", "evt 1", "2025/0001", "50%", "a%3Ab", "a#b?c=d&e", "ærlig \N{PILE OF POO}", "x" * 128]


class World:
    def __init__(self) -> None:
        self.dynamodb = InMemoryDynamoDB()
        client = cast("Any", self.dynamodb)
        self.store = Store(client, "relay", retention=TIMES.retention, marker_life=TIMES.retention)
        self.inquiries = Inquiries(self.store)

    def claim(self, number: int, *order_ids: str, **changes: object) -> Batch:
        batch = a_batch(id=f"b{number}", orders=tuple(a_batch_order(id=order_id) for order_id in order_ids), **changes)
        assert self.store.claim(batch, {})
        return batch

    def hold(self, count: int) -> None:
        for number in range(count):
            held = steps.held(self.claim(number, f"evt-{number}"), "too old", NOW + timedelta(minutes=number))
            assert self.store.save(held)

    def pages(self, limit: int) -> list[list[str]]:
        pages: list[list[str]] = []
        cursor: str | None = None
        while cursor or not pages:
            page = self.inquiries.held("2218", limit, cursor)
            pages.append([batch.id for batch in page.batches])
            cursor = page.cursor
        return pages


@pytest.fixture
def world() -> World:
    return World()


# Batches and orders.


def test_a_clients_batch_is_shown_as_it_is(world: World) -> None:
    batch = world.claim(1, "evt-1")

    assert world.inquiries.batch("2218", "b1") == batch


@pytest.mark.parametrize(
    ("client_no", "batch_id"), [("2219", "b1"), ("2218", "b2"), ("", "b1"), ("2218", ""), ("2218", "b" * 5000)]
)
def test_nobody_sees_another_clients_batch(world: World, client_no: str, batch_id: str) -> None:
    world.claim(1, "evt-1")

    with pytest.raises(UnknownBatch):
        world.inquiries.batch(client_no, batch_id)


@pytest.mark.parametrize("order_id", IDS)
def test_an_order_is_found_by_its_id_whatever_that_holds(world: World, order_id: str) -> None:
    batch = world.claim(1, "evt-1", order_id)

    assert world.inquiries.order("2218", order_id) == (batch.orders[1], batch)


def test_a_corrected_order_is_shown_in_its_latest_batch(world: World) -> None:
    world.claim(1, "evt-1")
    corrected = a_batch(id="b2", orders=(a_batch_order(digest="d2"),))
    world.store.claim(corrected, {"evt-1": "b1"}, {"88776655": "b1"})

    assert world.inquiries.order("2218", "evt-1") == (corrected.orders[0], corrected)


@pytest.mark.parametrize(
    ("client_no", "order_id"),
    [("2219", "evt-1"), ("2218", "evt-2"), ("2218", ""), ("2218", "x" * 5000), ("2" * 5000, "evt-1")],
)
def test_an_order_that_is_not_the_clients_is_unknown(world: World, client_no: str, order_id: str) -> None:
    world.claim(1, "evt-1")

    with pytest.raises(UnknownOrder):
        world.inquiries.order(client_no, order_id)


def test_a_client_whose_number_ends_like_the_beginning_of_an_id_sees_nothing_of_another(world: World) -> None:
    # Both would have the marker ORDER#2218#q#evt-1.
    world.claim(1, "evt-1", "q#evt-1")

    with pytest.raises(UnknownOrder):
        world.inquiries.order("2218#q", "evt-1")


def test_an_order_whose_batch_has_expired_is_unknown(world: World) -> None:
    world.claim(1, "evt-1")
    del world.dynamodb.items["BATCH#b1"]

    with pytest.raises(UnknownOrder):
        world.inquiries.order("2218", "evt-1")


# What waits for a person.


@pytest.mark.parametrize(
    ("count", "pages"),
    [(0, [[]]), (1, [["b0"]]), (2, [["b0", "b1"]]), (3, [["b0", "b1"], ["b2"]]), (4, [["b0", "b1"], ["b2", "b3"]])],
)
def test_the_longest_held_come_first_and_the_last_page_says_so(
    world: World, count: int, pages: list[list[str]]
) -> None:
    world.hold(count)

    assert world.pages(2) == pages


def test_a_hundred_fit_on_a_page(world: World) -> None:
    world.hold(101)

    assert [len(page) for page in world.pages(100)] == [100, 1]


def test_what_was_released_meanwhile_breaks_no_list(world: World) -> None:
    world.hold(3)
    page = world.inquiries.held("2218", 1, None)
    first = world.store.batch("b0")
    assert first
    closed = steps.closed(steps.announced(first), State.SUCCEEDED, "found", "kari", NOW)
    assert closed.orders[0].status is OrderStatus.SUCCEEDED
    assert world.store.save(closed)

    assert [batch.id for batch in world.inquiries.held("2218", 5, page.cursor).batches] == ["b1", "b2"]


def test_a_client_without_held_batches_has_none(world: World) -> None:
    world.hold(1)

    assert world.inquiries.held("2219", 5, None).batches == ()
    assert world.inquiries.held("2" * 5000, 5, None).batches == ()


def test_a_cursor_of_another_client_leads_to_ones_own_batches_alone(world: World) -> None:
    world.hold(2)
    cursor = world.inquiries.held("2218", 1, None).cursor

    assert world.inquiries.held("2219", 5, cursor).batches == ()


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "YQ",
        "æ",
        "\ud800",
        encoded("2025-02-27T12:00:00.000000Z"),
        encoded("2025-02-27T12:00:00.000000Z "),
        encoded("2025-02-27T12:00:00.000000Z " + "b" * 2000),
        encoded("2025-02-27T12:00:00Z b1"),
        encoded("2025-02-27 b1"),
        encoded("0001-01-01T00:00:00+14:00 b1"),
        encoded("soon b1"),
        base64.urlsafe_b64encode(b"\xff b1").decode(),
    ],
)
def test_a_cursor_that_is_none_is_told(world: World, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        world.inquiries.held("2218", 5, cursor)


@given(st.text() | st.text(st.characters(exclude_categories=["Cs"])).map(encoded))
def test_any_other_cursor_is_told_and_fails_in_no_other_way(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        World().inquiries.held("2218", 5, cursor)
