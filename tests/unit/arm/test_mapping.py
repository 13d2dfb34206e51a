import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from arm_relay.arm.checks import faults_of
from arm_relay.arm.documents import to_json
from arm_relay.arm.mapping import ArmCodes, to_batch
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.parsing import parse_orders

from tests.support.builders import an_order

MAPPING = ArmCodes(user_id="TestUser", credit_note_type="CN")
WITHOUT_CREDIT_NOTES = ArmCodes(user_id="TestUser", credit_note_type="")
TODAY = date(2025, 3, 1)


def a_line(**changes: object) -> dict[str, object]:
    return {"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25} | changes


def with_line(order: dict[str, object] | None = None, /, **changes: object) -> dict[str, Any]:
    return an_order(**(order or {}), lines=[a_line(**changes)])


def batch(content: object, mapping: ArmCodes = MAPPING) -> dict[str, Any]:
    """What goes to ARM, its numbers as they are written."""
    orders = parse_orders(json.dumps(content).encode(), partial(faults_of, codes=mapping, today=TODAY))
    orders.reject_faults()
    payload = to_json(to_batch(orders.valid, mapping, TODAY))
    read: dict[str, Any] = json.loads(payload, parse_float=Decimal)
    return read


def document(content: object, mapping: ArmCodes = MAPPING) -> dict[str, Any]:
    (only,) = batch(content, mapping)["documents"]
    assert isinstance(only, dict)
    return only


def line(content: object) -> dict[str, Any]:
    (only,) = document(content)["documentLines"]
    assert isinstance(only, dict)
    return only


def faults(content: object, mapping: ArmCodes = MAPPING) -> list[Fault]:
    with pytest.raises(InvalidOrders) as caught:
        batch(content, mapping)
    return list(caught.value.faults)


def amounts(excl_vat: str, vat: str, incl_vat: str) -> dict[str, Decimal]:
    return {"exclVat": Decimal(excl_vat), "vat": Decimal(vat), "inclVat": Decimal(incl_vat)}


def test_a_batch_names_its_user_and_keeps_the_order_of_the_orders() -> None:
    sent = batch([an_order(id=number, invoiceNo=number) for number in ("3", "1", "2")])

    assert sent["metadata"] == {"userId": "TestUser"}
    assert [document["documentNo"] for document in sent["documents"]] == ["3", "1", "2"]


# Dates.


@pytest.mark.parametrize(
    ("changes", "document_date", "due_date"),
    [
        pytest.param({}, "2025-02-27", "2025-03-11", id="both stated"),
        pytest.param({"invoiceDate": None}, "2025-03-01", "2025-03-11", id="dated today"),
        pytest.param({"dueDate": None, "paymentTermsDays": 14}, "2025-02-27", "2025-03-13", id="terms"),
        pytest.param({"dueDate": None, "paymentTermsDays": 0}, "2025-02-27", "2025-02-27", id="due at once"),
        pytest.param(
            {"invoiceDate": None, "dueDate": None, "paymentTermsDays": 30},
            "2025-03-01",
            "2025-03-31",
            id="terms from today",
        ),
        pytest.param(
            {"invoiceDate": "2024-02-15", "dueDate": None, "paymentTermsDays": 14},
            "2024-02-15",
            "2024-02-29",
            id="terms to a leap day",
        ),
        pytest.param(
            {"invoiceDate": "9999-12-30", "dueDate": None, "paymentTermsDays": 1},
            "9999-12-30",
            "9999-12-31",
            id="terms to the end of the calendar",
        ),
        pytest.param(
            {"invoiceDate": "0001-01-01", "dueDate": "0001-01-02"}, "0001-01-01", "0001-01-02", id="four digits"
        ),
    ],
)
def test_a_document_is_due_on_its_date_or_after_its_terms(
    changes: dict[str, object], document_date: str, due_date: str
) -> None:
    sent = document(an_order(**changes))

    assert document_date == sent["documentDate"]
    assert due_date == sent["dueDate"]


# Credit notes.


def test_an_invoice_is_a_document_of_type_in() -> None:
    assert document(an_order(), WITHOUT_CREDIT_NOTES)["documentType"] == "IN"


def test_a_credit_note_has_the_code_the_deployer_set_and_the_amounts_of_its_order() -> None:
    sent = document(an_order(type="order.credited"))

    assert sent["documentType"] == "CN"
    assert amounts("200", "50", "250") == sent["currencyAmounts"]


@pytest.mark.parametrize(
    ("changes", "due_date"),
    [
        pytest.param({"dueDate": None}, "2025-02-27", id="neither"),
        pytest.param({"dueDate": None, "invoiceDate": None}, "2025-03-01", id="neither, dated today"),
        pytest.param({}, "2025-03-11", id="a due date"),
        pytest.param({"dueDate": None, "paymentTermsDays": 14}, "2025-03-13", id="terms"),
    ],
)
def test_a_credit_note_needs_no_due_date_and_then_has_its_own_date(changes: dict[str, object], due_date: str) -> None:
    assert due_date == document(an_order(type="order.credited", **changes))["dueDate"]


def test_what_a_credit_note_credits_is_not_sent() -> None:
    credit_note = an_order(type="order.credited")

    assert document(credit_note) == document(credit_note | {"credits": {"invoiceNo": "1"}})


def test_a_credit_note_names_its_invoice_where_the_contract_has_a_field_for_it() -> None:
    codes = replace(MAPPING, credited_invoice_key="creditedDocumentNo")
    credit_note = an_order(type="order.credited", credits={"invoiceNo": "1001"})

    assert document(credit_note, codes)["creditedDocumentNo"] == "1001"
    assert "creditedDocumentNo" not in document(credit_note | {"credits": {"orderId": "B-7"}}, codes)
    assert "creditedDocumentNo" not in document(an_order(), codes)


def test_credits_are_sent_with_the_opposite_sign_where_the_contract_says_so() -> None:
    codes = replace(MAPPING, credits_are_negative=True)
    lines = [a_line(quantity=3, unitPrice="199.99", volume=2, volumeUnit="kg"), a_line(quantity=-1), {"text": "Thanks"}]
    credit_note = an_order(type="order.credited", lines=lines)

    positive, negative = document(credit_note), document(credit_note, codes)

    sums = positive["currencyAmounts"]
    assert negative["currencyAmounts"] == {name: -amount for name, amount in sums.items()}
    for before, after in zip(positive["documentLines"], negative["documentLines"], strict=True):
        mirrored = {name: -amount for name, amount in before["currencyAmounts"].items()}
        assert after == before | {"quantity": -before["quantity"], "currencyAmounts": mirrored}
    assert document(an_order(lines=lines), codes) == document(an_order(lines=lines))
    assert parse_orders(json.dumps(credit_note).encode()).valid
    assert b":-0," not in to_json(to_batch(parse_orders(json.dumps(credit_note).encode()).valid, codes, TODAY))


def test_the_contract_has_the_type_of_invoices() -> None:
    assert document(an_order(), replace(MAPPING, invoice_type="INV"))["documentType"] == "INV"


def test_credit_notes_without_their_code_are_refused_by_pointer() -> None:
    orders = [an_order(), an_order(id="evt-2", invoiceNo="2", type="order.credited")]
    detail = "credit notes are not set up in this relay: ask the people who operate it"

    assert [Fault("/1/type", detail)] == faults(orders, WITHOUT_CREDIT_NOTES)
    assert [Fault("/type", detail)] == faults(an_order(type="order.credited"), WITHOUT_CREDIT_NOTES)


# Amounts.


@pytest.mark.parametrize(
    ("changes", "price", "expected"),
    [
        pytest.param({}, "200", amounts("200", "50", "250"), id="as given"),
        pytest.param({"quantity": 3}, "200", amounts("600", "150", "750"), id="quantity"),
        pytest.param({"quantity": "0.333"}, "200", amounts("66.6", "16.65", "83.25"), id="part of a unit"),
        pytest.param({"unitPrice": 0}, "0", amounts("0", "0", "0"), id="a present"),
        pytest.param({"unitPrice": "0.1", "quantity": 3}, "0.1", amounts("0.3", "0.08", "0.38"), id="no binary floats"),
        pytest.param({"unitPrice": "1.005"}, "1.005", amounts("1.01", "0.25", "1.26"), id="price of three decimals"),
        pytest.param({"vatRate": 0}, "200", amounts("200", "0", "200"), id="no VAT"),
        pytest.param({"vatRate": "11.11"}, "200", amounts("200", "22.22", "222.22"), id="raw fish"),
        pytest.param({"discountPercent": 10}, "180", amounts("180", "45", "225"), id="discount"),
        pytest.param({"discountPercent": 100}, "0", amounts("0", "0", "0"), id="all of it off"),
        pytest.param(
            {"unitPrice": "9.99", "discountPercent": "33.3333", "quantity": 7},
            "6.66",
            amounts("46.62", "11.66", "58.28"),
            id="discount that does not divide",
        ),
    ],
)
def test_a_line_of_net_prices(changes: dict[str, object], price: str, expected: dict[str, Decimal]) -> None:
    sent = line(with_line(**changes))

    assert expected == sent["currencyAmounts"]
    assert Decimal(price) == sent["price"]


@pytest.mark.parametrize(
    ("changes", "price", "expected"),
    [
        pytest.param({}, "160", amounts("160", "40", "200"), id="divides"),
        pytest.param({"unitPrice": "99.90"}, "79.92", amounts("79.92", "19.98", "99.9"), id="a shop's price"),
        pytest.param({"vatRate": 15}, "173.91", amounts("173.91", "26.09", "200"), id="does not divide"),
        pytest.param({"vatRate": 0}, "200", amounts("200", "0", "200"), id="no VAT"),
        pytest.param({"unitPrice": "0.01"}, "0.01", amounts("0.01", "0", "0.01"), id="too little for VAT"),
        pytest.param(
            {"unitPrice": "33.33", "quantity": 3, "discountPercent": 15, "vatRate": 15},
            "24.6333333333333",
            amounts("73.9", "11.09", "84.99"),
            id="quantity and discount",
        ),
    ],
)
def test_a_line_of_gross_prices(changes: dict[str, object], price: str, expected: dict[str, Decimal]) -> None:
    sent = line(with_line({"pricesIncludeVat": True}, **changes))

    assert expected == sent["currencyAmounts"]
    assert Decimal(price) == sent["price"]


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        pytest.param("NOK", amounts("33.34", "8.34", "41.68"), id="hundredths"),
        pytest.param("JPY", amounts("33", "8", "41"), id="no minor unit"),
        pytest.param("KWD", amounts("33.335", "8.334", "41.669"), id="thousandths"),
        pytest.param(None, amounts("33.34", "8.34", "41.68"), id="left to ARM"),
    ],
)
def test_amounts_are_rounded_to_the_minor_unit(currency: str | None, expected: dict[str, Decimal]) -> None:
    assert expected == line(with_line({"currency": currency}, unitPrice="33.335"))["currencyAmounts"]


def test_totals_are_sums_of_rounded_lines() -> None:
    # Summed first and rounded then, it would be 1.00, not 0.99.
    lines = [a_line(unitPrice="0.333", vatRate=0)] * 3

    assert amounts("0.99", "0", "0.99") == document(an_order(lines=lines))["currencyAmounts"]


def test_several_vat_rates_add_up() -> None:
    lines = [a_line(vatRate=25), a_line(vatRate=15), a_line(vatRate=0), {"text": "No amounts"}]

    assert amounts("600", "80", "680") == document(an_order(lines=lines))["currencyAmounts"]


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        pytest.param([a_line(quantity="1e6", unitPrice="8e5")], "/lines/0", id="one line"),
        pytest.param([a_line(quantity="-1e6", unitPrice="8e5")], "/lines/0", id="one credited line"),
        pytest.param(
            [a_line(quantity=10**15 - 1, unitPrice=10**15 - 1, discountPercent="0.0001")],
            "/lines/0",
            id="more digits than Decimal computes with by itself",
        ),
        pytest.param([a_line(quantity="1e6", unitPrice="4e5")] * 2, "/lines", id="the sum"),
        pytest.param(
            [a_line(unitPrice="600000000000", vatRate=0)] * 3 + [a_line(unitPrice="-250000000000", vatRate=100)] * 3,
            "/lines",
            id="the sum before VAT, where the sum with VAT is small",
        ),
    ],
)
def test_amounts_too_large_for_a_json_number_are_refused(lines: list[object], pointer: str) -> None:
    (fault,) = faults(an_order(lines=lines))

    assert pointer == fault.pointer
    assert fault.detail.endswith("must be below 1000000000000")


def test_more_decimals_leave_room_for_fewer_digits_before_them() -> None:
    (fault,) = faults(with_line({"currency": "CLF"}, quantity=1, unitPrice="1e11", vatRate=0))

    assert fault.detail == "is too large: the amount must be below 10000000000"


def test_the_largest_amount_is_sent_exactly() -> None:
    sent = document(with_line({"currency": "KWD"}, quantity=1, unitPrice="99999999999.999", vatRate=0))

    assert amounts("99999999999.999", "0", "99999999999.999") == sent["currencyAmounts"]


def test_all_faults_are_told_at_once() -> None:
    large = a_line(quantity="1e6", unitPrice="1e6")
    sums = [a_line(quantity="1e6", unitPrice="4e5")] * 2
    orders = [
        an_order(id="a", invoiceNo=None, type="order.credited", lines=[large, a_line(), large]),
        an_order(id="b", invoiceNo=None),
        an_order(id="c", invoiceNo=None, type="order.credited", lines=sums),
    ]

    told = [fault.pointer for fault in faults(orders, WITHOUT_CREDIT_NOTES)]

    assert told == ["/0/type", "/0/lines/0", "/0/lines/2", "/2/type", "/2/lines"]


# Fields.


def test_an_item_line_says_what_is_billed() -> None:
    full = with_line(description="Red comb", unit="kg", groups=["500", "510"])

    assert line(full) == {
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
        "itemGroup2": "510",
        "itemGroup3": "",
        "currencyAmounts": {"exclVat": 200, "vat": 50, "inclVat": 250},
    }


def test_a_line_may_have_a_volume() -> None:
    sent = line(with_line(volume="0.75", volumeUnit="l"))

    assert (sent["volume"], sent["volumeUnit"]) == (Decimal("0.75"), "l")


@pytest.mark.parametrize("currency", ["NOK", None])
def test_fields_of_a_line_are_passed_through_behind_the_others(currency: str | None) -> None:
    passed = {"accountNo": "3000", "period": {"from": "2025-01-01", "share": 0.00005}}
    lines = [a_line(armFields=passed), {"text": "x", "armFields": passed}]

    for sent in document(an_order(currency=currency, lines=lines))["documentLines"]:
        assert list(sent.items())[-2:] == [("accountNo", "3000"), ("period", read_again(passed["period"]))]


def read_again(value: object) -> object:
    return json.loads(json.dumps(value), parse_float=Decimal)


def test_a_text_line_is_filled_with_blanks_in_the_complete_form() -> None:
    assert line(an_order(lines=[{"text": "Thank you", "sku": "T", "name": "Text"}])) == {
        "lineNo": 1,
        "lineType": "TXT",
        "articleNo": "T",
        "articleName": "Text",
        "lineText": "Thank you",
        "quantityUnit": "",
        "quantity": 0,
        "volumeUnit": "",
        "volume": 0,
        "price": 0,
        "itemGroup1": "",
        "itemGroup2": "",
        "itemGroup3": "",
        "currencyAmounts": {"exclVat": 0, "vat": 0, "inclVat": 0},
    }


def test_a_text_line_is_its_text_alone_in_the_minimal_form() -> None:
    assert line(an_order(currency=None, lines=[{"text": "Thank you"}])) == {
        "lineNo": 1,
        "lineType": "TXT",
        "articleNo": "",
        "articleName": "",
        "lineText": "Thank you",
    }


def test_lines_are_numbered_from_1_in_their_order() -> None:
    lines = [{"text": "a"}, a_line(description="b"), {"text": "c"}, a_line(description="d")]
    sent = document(an_order(lines=lines))["documentLines"]

    assert [(line["lineNo"], line["lineText"]) for line in sent] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_the_minimal_form_has_no_total() -> None:
    assert "currencyAmounts" in document(an_order())
    assert "currencyAmounts" not in document(an_order(currency=None))


#: What a document has in any case.
ALWAYS = {"documentType", "customerNo", "documentDate", "dueDate", "documentLines"}


def test_a_document_has_no_field_that_its_order_does_not_ask_for() -> None:
    assert set(document(an_order(orderId=None, invoiceNo=None, currency=None))) == ALWAYS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"orderId": "B-2"}, {"salesOrderId": "B-2"}, id="order id"),
        pytest.param({"invoiceNo": "7"}, {"documentNo": "7"}, id="invoice number"),
        pytest.param({"language": "en"}, {"language": "en"}, id="language"),
        pytest.param({"kid": "500221850000200350786"}, {"kid": "500221850000200350786"}, id="kid"),
        pytest.param({"emails": ["a@b.no", "c@d.no"]}, {"emailAddress": ["a@b.no", "c@d.no"]}, id="e-mail addresses"),
        pytest.param({"emails": []}, {"emailAddress": []}, id="no e-mail addresses"),
        pytest.param({"message": "God jul! 🎅"}, {"customerMessage": "God jul! 🎅"}, id="message"),
        pytest.param({"marketingMessageCode": "0203"}, {"marketingMessageCode": "0203"}, id="marketing message"),
        pytest.param({"references": {"seller": "C333"}}, {"sellerReference": "C333"}, id="seller"),
        pytest.param({"references": {"buyer": "A1982"}}, {"buyerReference": "A1982"}, id="buyer"),
        pytest.param({"references": {"purchaseOrder": ""}}, {"purchaseOrderId": ""}, id="blank purchase order"),
        pytest.param({"references": {"additional": "X9"}}, {"additionalReference": "X9"}, id="additional reference"),
        pytest.param({"references": {}}, {}, id="no references"),
        pytest.param({"subCustomerNo": "654655"}, {"subCustomerNo": "654655"}, id="sub-customer"),
        pytest.param({"ledgerNote": "A note"}, {"ledgerNote": "A note"}, id="ledger note"),
        pytest.param({"delivery": {"type": "M"}}, {"distribution": {"type": "M"}}, id="delivery"),
        pytest.param(
            {"delivery": {"type": "M", "einvoiceCode": 0}},
            {"distribution": {"type": "M", "einvoiceCode": 0}},
            id="delivery with a code of zero",
        ),
        pytest.param(
            {"delivery": {"type": "E", "einvoiceAddress": {"address": "0192:984842252", "operator": ""}}},
            {"distribution": {"type": "E"}, "einvoiceAddress": {"address": "0192:984842252", "operator": ""}},
            id="e-invoice address",
        ),
        pytest.param(
            {"delivery": {"type": "E", "einvoiceAddress": {"address": "984842252", "addressScheme": "0192"}}},
            {"distribution": {"type": "E"}, "einvoiceAddress": {"address": "984842252", "addressScheme": "0192"}},
            id="e-invoice address with its scheme",
        ),
        pytest.param(
            {"attachmentCodes": ["TERMS"]},
            {"attachmentFiles": [], "attachmentCodes": ["TERMS"]},
            id="attachment, and the empty list of files beside it",
        ),
        pytest.param({"attachmentCodes": []}, {"attachmentFiles": [], "attachmentCodes": []}, id="no attachments"),
        pytest.param({"customCodes": ["a", "b"]}, {"customCodes": ["a", "b"]}, id="custom codes"),
        pytest.param({"armFields": {"a": 1.50, "b": [{"c": "d"}]}}, {"a": 1.5, "b": [{"c": "d"}]}, id="passed through"),
    ],
)
def test_a_field_of_the_order_becomes_its_field_of_the_document(
    changes: dict[str, object], expected: dict[str, object]
) -> None:
    bare: dict[str, object] = {"orderId": None, "invoiceNo": None, "currency": None}
    sent = document(an_order(**bare | changes))

    assert expected == {name: value for name, value in sent.items() if name not in ALWAYS}
