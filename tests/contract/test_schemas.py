"""The published JSON Schemas: never stale, and of one mind with the relay as far as a schema can be."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from arm_relay.orders.faults import InvalidOrders
from arm_relay.orders.parsing import MAX_ORDERS, parse_orders

from tests.support.builders import an_order
from tests.support.doc_examples import example
from tests.support.schemas import SCHEMAS, faults
from tools.schemas import ORDERS_SCHEMA, orders_schema, to_text

SAMPLES = sorted((Path(__file__).parents[2] / "events" / "orders").glob("*.json"))

LINE = {"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25}

#: Unusual, and taken.
VALID: dict[str, object] = {
    "an order": an_order(),
    "the most orders": [an_order(id=str(number), invoiceNo=str(number)) for number in range(MAX_ORDERS)],
    "no id": an_order(id=None),
    "an id that is null": an_order() | {"id": None},
    "no order id": an_order(orderId=None),
    "neither id nor order id": an_order(id=None, orderId=None),
    "neither id nor number": an_order(id=None, invoiceNo=None),
    "a credit note": an_order(type="order.credited", dueDate=None, credits={"invoiceNo": "1"}),
    "a credit note that is due": an_order(type="order.credited", credits={"orderId": "1", "invoiceNo": None}),
    "null anywhere": an_order(lines=[LINE | {"unit": None, "groups": None, "colour": None}])
    | {"currency": None, "references": None, "vatRounding": None, "colour": None},
    "14.0 days": an_order(dueDate=None, paymentTermsDays=14.0),
    "a discount by amount": an_order(lines=[LINE | {"discountAmount": "50"}]),
    "an expected total": an_order(expectedTotal={"gross": 250}, vatRounding="line"),
    "fields to pass through": an_order(armFields={"a": {"b": [1, "x", None]}}, lines=[LINE | {"armFields": {"c": 1}}]),
    "a volume": an_order(lines=[LINE | {"volume": 0.75, "volumeUnit": "l"}]),
    "payment terms": an_order(dueDate=None, paymentTermsDays=14),
    "a due date that is null": an_order(paymentTermsDays=14) | {"dueDate": None},
    "amounts in strings": an_order(lines=[LINE | {"quantity": "1.5", "unitPrice": "-2e2", "vatRate": "25"}]),
    "a text line": an_order(lines=[LINE, {"text": "Thank you"}]),
    "letters of everywhere": an_order(message="Blåbær 🫐"),
}

#: What both refuse.
INVALID: dict[str, object] = {
    "no order": [],
    "too many orders": [an_order(id=str(number), invoiceNo=str(number)) for number in range(MAX_ORDERS + 1)],
    "not an object": "order",
    "neither id nor number nor order id": an_order(id=None, invoiceNo=None, orderId=None),
    "a credit note with neither id nor number": an_order(type="order.credited", id=None, invoiceNo=None),
    "a credit note that is due twice": an_order(type="order.credited", paymentTermsDays=14),
    "an invoice that credits": an_order(credits={"invoiceNo": "1"}),
    "a credit of nothing": an_order(type="order.credited", credits={}),
    "a credit of two": an_order(type="order.credited", credits={"invoiceNo": "1", "orderId": "2"}),
    "an expected total of nothing": an_order(expectedTotal={}),
    "a currency that does not exist": an_order(currency="KRO"),
    "a quantity of nothing": an_order(lines=[LINE | {"quantity": 0}]),
    "a rate that was a fraction": an_order(lines=[LINE | {"vatRate": 0.25}]),
    "null for what must be there": an_order() | {"customerNo": None},
    "null in a line for what must be there": an_order(lines=[LINE | {"quantity": None}]),
    "many fields to pass through": an_order(armFields={str(number): 1 for number in range(21)}),
    "many codes": an_order(customCodes=["x"] * 101),
    "a rounding of nothing": an_order(vatRounding="document"),
    "an unknown field": an_order(colour="red"),
    "an unknown type": an_order(type="order.shipped"),
    "no customer": an_order(customerNo=None),
    "an empty customer number": an_order(customerNo=""),
    "a space at the end": an_order(customerNo="543210 "),
    "no due date": an_order(dueDate=None),
    "two due dates": an_order(paymentTermsDays=14),
    "a date that is none": an_order(dueDate="2025-02-30"),
    "a time for a date": an_order(dueDate="2025-03-11T00:00:00"),
    "a currency in small letters": an_order(currency="nok"),
    "no lines": an_order(lines=[]),
    "a line without a price": an_order(lines=[{"sku": "1300", "name": "Comb", "quantity": 1, "vatRate": 25}]),
    "a text line with a price": an_order(lines=[{"text": "Thank you", "unitPrice": 1}]),
    "too much VAT": an_order(lines=[LINE | {"vatRate": 101}]),
    "a number in words": an_order(lines=[LINE | {"quantity": "one"}]),
    "a number as Python writes it": an_order(lines=[LINE | {"quantity": "+1"}]),
    "a boolean in a string": an_order(pricesIncludeVat="false"),
}


def take(body: object) -> None:
    """Read a body as the relay does."""
    parse_orders(json.dumps(body).encode()).reject_faults()


def test_the_orders_schema_is_what_the_models_say_now() -> None:
    assert ORDERS_SCHEMA.read_text() == to_text(orders_schema()), "run make schemas"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: str(path.name))
def test_every_sample_order_keeps_the_schema(sample: Path) -> None:
    assert faults("orders", json.loads(sample.read_text())) == []


@pytest.mark.parametrize("body", VALID.values(), ids=VALID.keys())
def test_what_the_relay_takes_keeps_the_schema(body: object) -> None:
    take(body)

    assert faults("orders", body) == []


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID.keys())
def test_what_breaks_the_schema_the_relay_refuses_too(body: object) -> None:
    assert faults("orders", body) != []
    with pytest.raises(InvalidOrders):
        take(body)


def test_every_schema_is_named_where_readers_look_for_it() -> None:
    names = sorted(path.name for path in SCHEMAS.glob("*.json"))
    pages = {
        "arm-contract.schema.json": "arm-contract.md",
        "notification.schema.json": "receiving-results.md",
        "orders.schema.json": "sending-orders.md",
    }

    assert names == sorted(pages)
    for name, page in pages.items():
        assert f"(schemas/{name})" in (SCHEMAS.parent / page).read_text()


def test_the_message_shown_to_subscribers_keeps_the_schema() -> None:
    assert faults("notification", json.loads(example("receiving-results.md", "json", "specversion"))) == []


def test_the_filter_policy_is_the_same_wherever_it_is_shown() -> None:
    policy = json.loads(example("receiving-results.md", "json", '"clientNo": ['))
    command = shlex.split(example("receiving-results.md", "sh", "aws sns subscribe"))
    by_hand = json.loads(command[command.index("--attributes") + 1])
    # A loader that takes every value for text, and does not mind CloudFormation's short forms.
    stack = yaml.load(example("receiving-results.md", "yaml", "FilterPolicy"), yaml.BaseLoader)  # noqa: S506

    assert json.loads(by_hand["FilterPolicy"]) == policy
    assert stack["Resources"]["Subscription"]["Properties"]["FilterPolicy"] == policy
    assert by_hand["RawMessageDelivery"] == stack["Resources"]["Subscription"]["Properties"]["RawMessageDelivery"]


AN_ORDER: dict[str, Any] = {
    "id": "evt-1",
    "orderId": "B-1",
    "documentNo": None,
    "status": "SUCCEEDED",
    "errors": [],
    "type": "order.invoiced",
    "customerNo": "543210",
    "invoiceDate": "2025-02-27",
    "dueDate": "2025-03-13",
    "currency": None,
    "total": {"net": 200, "vat": 50, "gross": 250},
    "metadata": {},
}


def a_notification(**changes: object) -> dict[str, Any]:
    """As `test_notifications` has it from the relay, spoiled."""
    data: dict[str, object] = {
        "batchId": "b1",
        "clientNo": "2218",
        "status": "SUCCEEDED",
        "cause": "ARM's result",
        "by": None,
        "redrive": None,
        "batchUuid": "uuid-1",
        "sequence": 1,
        "orders": [AN_ORDER],
        "answer": {"status": 200, "body": "{}"},
        "answerOmitted": False,
    }
    event = {
        "specversion": "1.0",
        "id": "b1.1",
        "source": "/arm-relay/clients/2218",
        "type": "arm-relay.batch.succeeded",
        "subject": "b1",
        "time": "2025-02-27T12:05:00.000000Z",
        "datacontenttype": "application/json",
        "data": data | {name: value for name, value in changes.items() if name in data},
    }
    return event | {name: value for name, value in changes.items() if name not in data}


def test_a_notification_without_a_fault_keeps_the_schema() -> None:
    assert faults("notification", a_notification()) == []


@pytest.mark.parametrize(
    "message",
    [
        a_notification(colour="red"),
        a_notification(type="arm-relay.batch.failed"),
        a_notification(status="FAILED"),
        a_notification(status="PENDING", type="arm-relay.batch.pending"),
        a_notification(time="2025-02-27T12:05:00Z"),
        a_notification(answerOmitted=True),
        a_notification(answer="{}"),
        a_notification(orders=[]),
        a_notification(orders=[{"id": "evt-1", "status": "SUCCEEDED"}]),
        a_notification(orders=[AN_ORDER | {"status": "FAILED", "errors": ["no"]}]),
        a_notification(orders=[AN_ORDER | {"total": 250}]),
        a_notification(orders=[AN_ORDER | {"metadata": {"shop": 2}}]),
        a_notification(sequence=0),
    ],
    ids=repr,
)
def test_a_notification_with_a_fault_does_not(message: dict[str, Any]) -> None:
    assert faults("notification", message) != []
