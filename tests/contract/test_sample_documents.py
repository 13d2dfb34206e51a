"""ARM's documentation shows one batch of two documents. Both come out of order events, field for field.

The sample (page "POST documents/batches") misprints the pill's VAT as 150, though 5000 + 1250 = 6250: put right here.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from arm_relay.arm.documents import to_json
from arm_relay.arm.mapping import ArmCodes, to_batch
from arm_relay.orders.parsing import parse_orders

EVENTS = Path(__file__).parents[2] / "events" / "orders"

COMPLETE = {
    "documentType": "IN",
    "customerNo": "543210",
    "documentNo": "88776655",
    "documentDate": "2025-02-27",
    "dueDate": "2025-03-11",
    "currency": "NOK",
    "language": "en",
    "kid": "500221850000200350786",
    "marketingMessageCode": "0203",
    "customerMessage": "Happy holidays!",
    "salesOrderId": "B-0564311",
    "purchaseOrderId": "",
    "sellerReference": "C333",
    "buyerReference": "A1982",
    "additionalReference": "X99887",
    "subCustomerNo": "654655",
    "ledgerNote": "This is a note for the AR ledger",
    "currencyAmounts": {"exclVat": 5200, "vat": 1300, "inclVat": 6500},
    "distribution": {"type": "M", "einvoiceCode": 0},
    "einvoiceAddress": {"address": "test@armresttest.no", "addressScheme": "", "operator": ""},
    "emailAddress": ["test@armresttest.no"],
    "attachmentFiles": [],
    "attachmentCodes": [],
    "customCodes": [],
    "documentLines": [
        {
            "lineNo": 1,
            "lineType": "PLH",
            "articleNo": "1300",
            "articleName": "Comb",
            "lineText": "Red comb",
            "quantityUnit": "kg",
            "quantity": 1,
            "volumeUnit": "",
            "volume": 0,
            "price": 200,
            "itemGroup1": "500",
            "itemGroup2": "",
            "itemGroup3": "",
            "currencyAmounts": {"exclVat": 200, "vat": 50, "inclVat": 250},
        },
        {
            "lineNo": 2,
            "lineType": "PLH",
            "articleNo": "1500",
            "articleName": "Pill",
            "lineText": "Purple pill",
            "quantityUnit": "dozen",
            "quantity": 1,
            "volumeUnit": "",
            "volume": 0,
            "price": 5000,
            "itemGroup1": "600",
            "itemGroup2": "",
            "itemGroup3": "",
            "currencyAmounts": {"exclVat": 5000, "vat": 1250, "inclVat": 6250},
        },
        {
            "lineNo": 3,
            "lineType": "TXT",
            "articleNo": "",
            "articleName": "",
            "lineText": "This is a text line with no amounts",
            "quantityUnit": "",
            "quantity": 0,
            "volumeUnit": "",
            "volume": 0,
            "price": 0,
            "itemGroup1": "",
            "itemGroup2": "",
            "itemGroup3": "",
            "currencyAmounts": {"exclVat": 0, "vat": 0, "inclVat": 0},
        },
    ],
}

MINIMAL = {
    "documentType": "IN",
    "customerNo": "765432",
    "documentDate": "2025-03-05",
    "dueDate": "2025-03-19",
    "emailAddress": ["test@armresttest.com"],
    "documentLines": [
        {
            "lineNo": 1,
            "lineType": "PLH",
            "articleNo": "1400",
            "articleName": "Brush",
            "lineText": "Blue brush",
            "quantityUnit": "grams",
            "quantity": 100,
            "volumeUnit": "",
            "volume": 0,
            "price": 2,
            "itemGroup1": "400",
            "itemGroup2": "",
            "itemGroup3": "",
            "currencyAmounts": {"exclVat": 200, "vat": 50, "inclVat": 250},
        },
        {
            "lineNo": 2,
            "lineType": "TXT",
            "articleNo": "Text",
            "articleName": "Text",
            "lineText": "This is a text line",
        },
    ],
}


def sent(orders: bytes) -> dict[str, Any]:
    mapping = ArmCodes(user_id="TestUser", credit_note_type="")
    batch = to_batch(parse_orders(orders).valid, mapping, today=date(2030, 1, 1))
    payload: dict[str, Any] = json.loads(to_json(batch))
    return payload


def typed(value: object) -> object:
    """The value with every number as it is written: 5200 is not 5200.0, and 1 is not true."""
    if isinstance(value, dict):
        return {name: typed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return value if isinstance(value, str) else repr(value)


@pytest.mark.parametrize(("file", "document"), [("complete.json", COMPLETE), ("minimal.json", MINIMAL)])
def test_a_sample_document_comes_out_of_its_order_event(file: str, document: dict[str, Any]) -> None:
    expected = {"metadata": {"userId": "TestUser"}, "documents": [document]}

    assert typed(expected) == typed(sent((EVENTS / file).read_bytes()))


def test_the_sample_batch_comes_out_of_both_events_in_one_request() -> None:
    events = [json.loads((EVENTS / file).read_bytes()) for file in ("complete.json", "minimal.json")]
    expected = {"metadata": {"userId": "TestUser"}, "documents": [COMPLETE, MINIMAL]}

    assert typed(expected) == typed(sent(json.dumps(events).encode()))


@pytest.mark.parametrize("file", sorted(path.name for path in EVENTS.glob("*.json")))
def test_the_fields_come_in_the_order_of_the_sample(file: str) -> None:
    (document,) = sent((EVENTS / file).read_bytes())["documents"]

    assert [name for name in COMPLETE if name in document] == list(document)
