"""What operators list, with the simulation's DynamoDB behind the real store."""

import base64
from datetime import timedelta
from typing import Any, cast

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State
from arm_relay.batches.selection import Listing, Wanted
from arm_relay.operators.inquiries import InvalidCursor
from arm_relay.operators.lists import BatchLists
from arm_relay.store.days import Days
from arm_relay.store.lists import Lists
from arm_relay.store.table import READ_AT_ONCE, Store
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

HELD = Wanted(listing=Listing.HELD)
UNFINISHED = Wanted(listing=Listing.UNFINISHED)


class World:
    def __init__(self) -> None:
        self.dynamodb = InMemoryDynamoDB()
        self.store = Store(cast("Any", self.dynamodb), "relay", retention=TIMES.retention, marker_life=TIMES.retention)
        self.lists = BatchLists(Lists(self.store, Days(cast("Any", self.dynamodb), "relay")))

    def claim(self, number: int, client_no: str = "2218") -> Batch:
        batch = a_batch(id=f"b{number}", client_no=client_no, orders=(a_batch_order(id=f"evt-{number}"),))
        assert self.store.claim(batch, {})
        return batch

    def hold(self, number: int, client_no: str = "2218", cause: str = "too old") -> None:
        batch = steps.held(self.claim(number, client_no), cause, NOW + timedelta(minutes=number))
        self.saved(steps.announced(self.saved(batch)))

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def listed(self, wanted: Wanted, limit: int = 100) -> list[list[str]]:
        """The ids on each page."""
        pages: list[list[str]] = []
        cursor: str | None = None
        while cursor or not pages:
            page = self.lists.page(wanted, limit, cursor)
            assert (page.totals is None) == bool(pages)
            pages.append([batch.id for batch in page.batches])
            cursor = page.cursor
        return pages


@pytest.fixture
def world() -> World:
    return World()


def test_the_held_batches_of_all_clients_are_listed_page_by_page(world: World) -> None:
    for number, client_no in enumerate(["2218", "2219", "2218", "2220", "2218"]):
        world.hold(number, client_no)

    assert world.listed(HELD, 2) == [["b0", "b1"], ["b2", "b3"], ["b4"]]
    assert world.listed(Wanted(listing=Listing.HELD, client_no="2218"), 2) == [["b0", "b2"], ["b4"]]


def test_only_the_cause_that_is_asked_for_is_listed(world: World) -> None:
    for number in range(6):
        world.hold(number, cause="odd" if number % 2 else "even")

    assert world.listed(Wanted(listing=Listing.HELD, cause="odd"), 2) == [["b1", "b3"], ["b5"]]


def test_what_is_unfinished_is_listed_from_every_shard(world: World) -> None:
    for number in range(30):
        world.claim(number)
    world.hold(99)

    pages = world.listed(UNFINISHED, 7)

    assert sorted(name for page in pages for name in page) == sorted(f"b{number}" for number in range(30))
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]


def test_an_end_that_is_still_to_be_announced_is_not_unfinished(world: World) -> None:
    pending = world.saved(steps.pending(world.claim(1), "uuid-1", Answer(202, "{}"), NOW))
    world.saved(steps.ended(pending, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", NOW))

    assert world.listed(UNFINISHED) == [[]]


def test_what_failed_is_listed_until_it_is_sent_again(world: World) -> None:
    refused = world.saved(steps.refused(world.claim(1), Answer(400, "no"), NOW))
    failed = world.saved(steps.announced(refused))
    assert world.listed(Wanted(listing=Listing.FAILED)) == [["b1"]]

    world.saved(steps.superseded(failed, steps.Retry(batch_id="b2", reason="again", by="kari", at=NOW)))

    assert world.listed(Wanted(listing=Listing.FAILED)) == [[]]


def test_the_first_page_counts_and_sums_up_the_whole_list(world: World) -> None:
    for number in range(4):
        world.hold(number, cause="odd" if number % 2 else "even")

    totals = world.lists.page(HELD, 1, None).totals

    assert totals is not None
    assert (totals.tally.batches, totals.tally.orders, totals.is_complete) == (4, 4, True)
    assert totals.tally.groups == {(State.HELD, "odd"): 2, (State.HELD, "even"): 2}
    assert totals.certainly_absent == 0


def test_a_list_that_is_too_long_to_be_counted_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arm_relay.operators.lists.COUNTED", 100)
    for number in range(250):
        world.hold(number)

    page = world.lists.page(HELD, 1, None)

    assert page.totals is not None
    assert (page.totals.tally.batches, page.totals.is_complete) == (100, False)
    assert len([name for page in world.listed(HELD) for name in page]) == 250


def test_what_is_meant_is_found_behind_all_that_is_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arm_relay.operators.lists.COUNTED", 100)
    monkeypatch.setattr("arm_relay.operators.lists.EXAMINED", 100)
    for number in range(450):
        world.hold(number, cause="rare" if number == 449 else "common")

    pages = world.listed(Wanted(listing=Listing.HELD, cause="rare"))

    assert [name for page in pages for name in page] == ["b449"]


def test_a_record_that_cannot_be_read_is_counted_and_hides_no_other(world: World) -> None:
    world.hold(1)
    world.hold(2)
    world.dynamodb.put_item(TableName="relay", Item={**world.dynamodb.items["BATCH#b1"], "body": {"B": b"{"}})

    page = world.lists.page(HELD, 10, None)

    assert [batch.id for batch in page.batches] == ["b2"]
    assert page.totals is not None
    assert page.totals.unreadable == 1


def test_a_list_ends_although_an_entry_of_the_index_is_damaged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arm_relay.operators.lists.COUNTED", 10**9)
    for number in range(READ_AT_ONCE):
        world.hold(number)
    damaged = {**world.dynamodb.items["BATCH#b0"], "due": {"S": "x"}}
    world.dynamodb.put_item(TableName="relay", Item=damaged)

    totals = world.lists.page(HELD, 10, None).totals

    assert totals is not None
    assert totals.tally.batches == READ_AT_ONCE


def test_what_is_released_meanwhile_breaks_no_list(world: World) -> None:
    for number in range(3):
        world.hold(number)
    first = world.lists.page(HELD, 1, None)
    held = world.store.batch("b0")
    assert held
    world.saved(steps.closed(held, State.SUCCEEDED, "found", "kari", NOW))

    assert [batch.id for batch in world.lists.page(HELD, 5, first.cursor).batches] == ["b1", "b2"]


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
        encoded("held 2025-02-27T12:00:00.000000Z"),
        encoded("held 2025-02-27T12:00:00.000000Z "),
        encoded("held 2025-02-27T12:00:00.000000Z " + "b" * 2000),
        encoded("3 2025-02-27T12:00:00.000000Z b1"),
        encoded("redrives 2025-02-27T12:00:00.000000Z b1"),
        encoded("held 2025-02-27T12:00:00Z b1"),
        encoded("held 0001-01-01T00:00:00+14:00 b1"),
        encoded("held soon b1"),
    ],
)
def test_a_cursor_that_is_none_of_this_list_is_told(world: World, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        world.lists.page(HELD, 5, cursor)


@given(st.text() | st.text(st.characters(exclude_categories=["Cs"])).map(encoded))
def test_any_other_cursor_is_told_and_fails_in_no_other_way(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        World().lists.page(HELD, 5, cursor)
