"""What one day comes to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.batches.day_book import LATE, DayBook, Sum, ended_late

from tests.support.builders import NOW, a_batch, a_batch_order, a_total

HOUR = timedelta(hours=1)
BOOK = DayBook(NOW, NOW + 24 * HOUR)
PENDING = ("2218", "NOK", "IN", "IN_PROGRESS")
SUCCEEDED = ("2218", "NOK", "IN", "SUCCEEDED")


def an_order(**changes: object) -> Any:  # noqa: ANN401 (as the builder)
    return a_batch_order(**{"total": a_total("250.50"), "currency": "NOK", "document_type": "IN"} | changes)


def claimed(after: timedelta = HOUR, **changes: object) -> Batch:
    return a_batch(**{"orders": (an_order(),), "claimed_at": NOW + after} | changes)


def ended(batch: Batch, after: timedelta) -> Batch:
    pending = replace(batch, state=State.PENDING)
    return steps.ended(pending, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", NOW + after)


def test_orders_are_summed_up_by_client_currency_type_and_status() -> None:
    orders = (
        an_order(id="evt-1"),
        an_order(id="evt-2", total=a_total("0.50")),
        an_order(id="evt-3", currency="EUR"),
        an_order(id="evt-4", document_type="CN", status=OrderStatus.FAILED),
        an_order(id="evt-5", currency=None, total=None),
    )

    book = BOOK.with_claim(claimed(orders=orders)).with_claim(claimed(client_no="2219"))

    assert book.claimed == {
        PENDING: Sum(2, Decimal("251.00")),
        ("2218", "EUR", "IN", "IN_PROGRESS"): Sum(1, Decimal("250.50")),
        ("2218", "NOK", "CN", "FAILED"): Sum(1, Decimal("250.50")),
        ("2218", "", "IN", "IN_PROGRESS"): Sum(1, Decimal(0), without_total=1),
        ("2219", "NOK", "IN", "IN_PROGRESS"): Sum(1, Decimal("250.50")),
    }
    assert book.ended == {}


@pytest.mark.parametrize(
    ("after", "counts"),
    [(timedelta(0), 1), (24 * HOUR - timedelta(microseconds=1), 1), (24 * HOUR, 0), (-timedelta(microseconds=1), 0)],
)
def test_a_day_begins_at_midnight_and_is_over_before_the_next(after: timedelta, counts: int) -> None:
    assert sum(found.orders for found in BOOK.with_claim(claimed(after)).claimed.values()) == counts


def test_a_batch_that_ended_on_its_day_is_claimed_and_ended() -> None:
    book = BOOK.with_claim(ended(claimed(), 2 * HOUR))

    assert book.claimed.keys() == book.ended.keys() == {SUCCEEDED}


def test_a_batch_of_the_evening_before_only_ended_on_the_day() -> None:
    book = BOOK.with_claim(ended(claimed(-HOUR), HOUR))

    assert not book.claimed
    assert book.ended.keys() == {SUCCEEDED}


def test_a_hold_is_no_end() -> None:
    held = steps.held(claimed(), "too old", NOW + 2 * HOUR)

    book = BOOK.with_claim(held)

    assert book.claimed.keys() == {("2218", "NOK", "IN", "HELD")}
    assert not book.ended


@pytest.mark.parametrize("after", [timedelta(0), LATE, LATE + timedelta(microseconds=1), 20 * HOUR])
def test_an_end_counts_once_whether_it_is_found_by_its_claim_or_by_itself_or_by_both(after: timedelta) -> None:
    batch = ended(claimed(timedelta(0)), after)

    book = BOOK.with_claim(batch)
    if ended_late(batch):
        assert not book.ended
        book = book.with_late_end(batch, NOW + after)

    assert [found.orders for found in book.ended.values()] == [1]


def test_an_end_that_another_writer_saved_elsewhen_counts_where_it_was_saved() -> None:
    batch = ended(claimed(timedelta(0)), 20 * HOUR)

    assert BOOK.with_late_end(batch, NOW + 19 * HOUR) == BOOK
    assert BOOK.with_late_end(replace(batch, state=State.HELD), NOW + 20 * HOUR) == BOOK


def test_a_book_is_kept_as_it_is() -> None:
    orders = (an_order(id="evt-1"), an_order(id="evt-2", currency=None, total=None))
    book = BOOK.with_claim(ended(claimed(orders=orders), 2 * HOUR)).with_unreadable(2)

    assert DayBook.from_json(book.start, book.end, book.to_json()) == book
    assert book.to_json()["claimed"][1] == {
        "clientNo": "2218",
        "currency": "NOK",
        "documentType": "IN",
        "status": "SUCCEEDED",
        "orders": 1,
        "total": "250.50",
        "ordersWithoutTotal": 0,
    }
