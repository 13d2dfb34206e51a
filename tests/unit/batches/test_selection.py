from datetime import timedelta
from decimal import Decimal

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.batches.selection import Listing, Sum, Tally, Wanted, sums_of

from tests.support.builders import NOW, a_batch, a_batch_order, a_total


def held(**changes: object) -> Batch:
    return steps.announced(steps.held(a_batch(**changes), "too old", NOW))


def test_every_state_but_success_can_be_listed_once() -> None:
    states = [state for listing in set(Listing) - {Listing.ANNOUNCED} for state in listing.states]

    assert sorted(states) == sorted(set(State) - {State.SUCCEEDED})


@pytest.mark.parametrize(
    ("wanted", "is_met"),
    [
        ({}, True),
        ({"client_no": "2218", "cause": "too old", "status": State.HELD}, True),
        ({"client_no": "2219"}, False),
        ({"cause": "too"}, False),
        ({"listing": Listing.UNFINISHED}, False),
        ({"claimed_after": NOW}, True),
        ({"claimed_after": NOW + timedelta(seconds=1)}, False),
        ({"claimed_before": NOW}, False),
        ({"claimed_before": NOW + timedelta(seconds=1)}, True),
        ({"since_before": NOW}, True),
        ({"since_before": NOW - timedelta(seconds=1)}, False),
    ],
)
def test_a_batch_is_meant_where_all_that_is_stated_applies(wanted: dict[str, object], is_met: bool) -> None:  # noqa: FBT001
    stated: dict[str, object] = {"listing": Listing.HELD}

    assert Wanted(**stated | wanted).is_met_by(held()) is is_met  # type: ignore[arg-type]


def test_a_failed_batch_that_was_sent_again_is_not_meant_any_more() -> None:
    refused = a_batch(state=State.REFUSED)
    again = a_batch(state=State.REFUSED, retried_as="b2")

    wanted = Wanted(listing=Listing.FAILED)
    assert (wanted.is_met_by(refused), wanted.is_met_by(again)) == (True, False)


def test_orders_are_summed_up_by_currency_and_type_of_document() -> None:
    orders = [
        a_batch_order(id="e1", total=a_total("100.10"), currency="NOK", document_type="IN"),
        a_batch_order(id="e2", total=a_total("0.20"), currency="NOK", document_type="IN"),
        a_batch_order(id="e3", total=a_total(50), currency="NOK", document_type="CN"),
        a_batch_order(id="e4", total=a_total(7), document_type="IN"),
    ]

    assert sums_of(orders) == (
        Sum(None, "IN", 1, Decimal(7)),
        Sum("NOK", "CN", 1, Decimal(50)),
        Sum("NOK", "IN", 2, Decimal("100.30")),
    )


def test_a_sum_without_every_total_is_not_known() -> None:
    orders = [a_batch_order(total=a_total(1)), a_batch_order(id="e2", total=None)]

    assert [(each.orders, each.total) for each in sums_of(orders)] == [(2, None)]


def test_of_a_failed_batch_the_orders_that_failed_count() -> None:
    orders = (a_batch_order(status=OrderStatus.SUCCEEDED), a_batch_order(id="e2", status=OrderStatus.FAILED))
    tally = Tally()

    tally.add(a_batch(state=State.PARTIALLY_FAILED, orders=orders))
    tally.add(held())

    assert (tally.batches, tally.orders) == (2, 2)
    assert tally.groups == {(State.PARTIALLY_FAILED, "accepted"): 1, (State.HELD, "too old"): 1}
