"""Data for tests: valid, with one thing changed per test."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from arm_relay.batches.batch import Amounts, Batch, BatchOrder, State, Times, Transitions


def an_order(**changes: object) -> dict[str, Any]:
    """A valid order event, as its sender would write it; None takes a field away."""
    order: dict[str, Any] = {
        "id": "evt-1",
        "type": "order.invoiced",
        "orderId": "B-1",
        "customerNo": "543210",
        "invoiceNo": "88776655",
        "invoiceDate": "2025-02-27",
        "dueDate": "2025-03-11",
        "currency": "NOK",
        "lines": [{"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25}],
    }
    return {name: value for name, value in (order | changes).items() if value is not None}


#: When everything in the tests happens, unless they move on.
NOW = datetime(2025, 2, 27, 12, tzinfo=UTC)

TIMES = Times(
    first_poll=timedelta(seconds=30),
    longest_poll=timedelta(minutes=15),
    settling=timedelta(minutes=15),
    failure_settling=timedelta(minutes=15),
    undecided=timedelta(hours=1),
    hold_after=timedelta(days=3),
    retention=timedelta(days=400),
)


def a_total(gross: str | int) -> Amounts:
    """A total with VAT, of a document without any."""
    return Amounts(net=Decimal(gross), vat=Decimal(0), gross=Decimal(gross))


def a_batch_order(**changes: object) -> BatchOrder:
    """One order of a batch, in progress, with a document number of its own."""
    order_id = str(changes.get("id", "evt-1"))
    order: dict[str, Any] = {
        "id": order_id,
        "order_id": "B-1",
        "customer_no": "543210",
        "document_no": "88776655" if order_id == "evt-1" else f"{crc32(order_id.encode())}",
        "digest": "d1",
    }
    return BatchOrder(**order | changes)


def a_batch(**changes: object) -> Batch:
    """A batch of one order as it was claimed at `NOW`; its history has the state and cause it is given."""
    fields: dict[str, Any] = {
        "id": "batch-1",
        "client_no": "2218",
        "state": State.CLAIMED,
        "orders": (a_batch_order(),),
        "claimed_at": NOW,
        "opened_at": NOW,
        "due": NOW + TIMES.first_poll,
        "attempt_at": NOW,
        "cause": "accepted",
    } | changes
    documents = [
        {"documentNo": order.document_no, "salesOrderId": order.order_id, "customerNo": order.customer_no}
        for order in fields["orders"]
    ]
    payload = json.dumps({"metadata": {"userId": "arm-relay"}, "documents": documents}).encode()
    only = Transitions(state=fields["state"], cause=fields["cause"], at=(fields["claimed_at"],))
    return Batch(**{"payload": payload, "history": (only,)} | fields)


def one_by_one[T, R](work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """`AtOnce` in an order that repeats."""
    return [work(item) for item in items]
