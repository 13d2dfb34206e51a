import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import pytest
from arm_relay.arm.documents import to_json
from arm_relay.arm.mapping import ArmCodes, faults_of, to_batch
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.parsing import parse_orders
from hypothesis import given
from hypothesis import strategies as st

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
    orders = parse_orders(json.dumps(content).encode(), partial(faults_of, codes=mapping))
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
    sent = document(an_order(type="order.credited", lines=[a_line(quantity=-1)]))

    assert sent["documentType"] == "CN"
    assert amounts("-200", "-50", "-250") == sent["currencyAmounts"]


def test_credit_notes_without_their_code_are_refused_by_pointer() -> None:
    orders = [an_order(), an_order(id="evt-2", invoiceNo="2", type="order.credited")]
    detail = "credit notes need ARM's document type code: set documents/creditNote in the contract (ArmContract)"

    assert [Fault("/1/type", detail)] == faults(orders, WITHOUT_CREDIT_NOTES)
    assert [Fault("/type", detail)] == faults(an_order(type="order.credited"), WITHOUT_CREDIT_NOTES)


# Amounts.


@pytest.mark.parametrize(
    ("changes", "price", "expected"),
    [
        pytest.param({}, "200", amounts("200", "50", "250"), id="as given"),
        pytest.param({"quantity": 3}, "200", amounts("600", "150", "750"), id="quantity"),
        pytest.param({"quantity": "0.333"}, "200", amounts("66.6", "16.65", "83.25"), id="part of a unit"),
        pytest.param({"quantity": 0}, "200", amounts("0", "0", "0"), id="nothing"),
        pytest.param({"unitPrice": 0}, "0", amounts("0", "0", "0"), id="a present"),
        pytest.param({"unitPrice": "0.1", "quantity": 3}, "0.1", amounts("0.3", "0.08", "0.38"), id="no binary floats"),
        pytest.param({"unitPrice": "1.005"}, "1.005", amounts("1.01", "0.25", "1.26"), id="price of three decimals"),
        pytest.param({"vatRate": 0}, "200", amounts("200", "0", "200"), id="no VAT"),
        pytest.param({"vatRate": "11.11"}, "200", amounts("200", "22.22", "222.22"), id="raw fish"),
        pytest.param({"discountPercent": 10}, "180", amounts("180", "45", "225"), id="discount"),
        pytest.param({"discountPercent": 100}, "0", amounts("0", "0", "0"), id="all of it off"),
        pytest.param(
            {"unitPrice": "9.99", "discountPercent": "33.3333", "quantity": 7},
            "6.660003",
            amounts("46.62", "11.66", "58.28"),
            id="discount that does not divide",
        ),
        pytest.param({"quantity": -2}, "200", amounts("-400", "-100", "-500"), id="given back"),
        pytest.param(
            {"unitPrice": "-1.005"}, "-1.005", amounts("-1.01", "-0.25", "-1.26"), id="rounding of what is given back"
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
        pytest.param({"vatRate": 15}, "173.913043", amounts("173.91", "26.09", "200"), id="does not divide"),
        pytest.param({"vatRate": 0}, "200", amounts("200", "0", "200"), id="no VAT"),
        pytest.param({"unitPrice": "0.01"}, "0.008", amounts("0.01", "0", "0.01"), id="too little for VAT"),
        pytest.param(
            {"unitPrice": "33.33", "quantity": 3, "discountPercent": 15, "vatRate": 15},
            "24.635217",
            amounts("73.9", "11.09", "84.99"),
            id="quantity and discount",
        ),
        pytest.param(
            {"unitPrice": "99.90", "quantity": -1}, "79.92", amounts("-79.92", "-19.98", "-99.9"), id="given back"
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

    assert fault.detail == "is too large: the amount must be below 100000000000"


def test_the_largest_amount_is_sent_exactly() -> None:
    sent = document(with_line({"currency": "KWD"}, quantity=1, unitPrice="999999999999.999", vatRate=0))

    assert amounts("999999999999.999", "0", "999999999999.999") == sent["currencyAmounts"]


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
    ],
)
def test_a_field_of_the_order_becomes_its_field_of_the_document(
    changes: dict[str, object], expected: dict[str, object]
) -> None:
    bare: dict[str, object] = {"orderId": None, "invoiceNo": None, "currency": None}
    sent = document(an_order(**bare | changes))

    assert expected == {name: value for name, value in sent.items() if name not in ALWAYS}


# Whatever is sold.

quantities = st.decimals(min_value=-1000, max_value=1000, places=3)
prices = st.decimals(min_value=-100_000, max_value=100_000, places=4)
rates = st.sampled_from(["0", "11.11", "12", "15", "25"]) | st.decimals(min_value=0, max_value=100, places=4)
item_lines = st.builds(
    a_line,
    quantity=quantities.map(str),
    unitPrice=prices.map(str),
    vatRate=rates.map(str),
    discountPercent=(st.just(Decimal(0)) | st.decimals(min_value=0, max_value=100, places=2)).map(str),
)
text_lines = st.builds(lambda text: {"text": text}, st.text("abc", max_size=5))
orders = st.builds(
    an_order,
    currency=st.sampled_from(["NOK", "EUR", "JPY", "KWD"]),
    pricesIncludeVat=st.booleans(),
    lines=st.lists(item_lines | text_lines, min_size=1, max_size=8),
)

MINOR_UNITS = {"NOK": Decimal("0.01"), "EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}


def numbers(value: object) -> list[object]:
    if isinstance(value, dict):
        return [number for member in value.values() for number in numbers(member)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [] if isinstance(value, str) else [value]


def asked(order: dict[str, Any], line: dict[str, Any]) -> Decimal:
    """What the order asks for a line, by schoolbook arithmetic."""
    discount = Decimal(line["discountPercent"]) / 100
    amount = Decimal(line["quantity"]) * Decimal(line["unitPrice"]) * (1 - discount)
    return amount.quantize(MINOR_UNITS[order["currency"]], ROUND_HALF_UP)


@given(orders)
def test_every_line_and_every_total_adds_up(order: dict[str, Any]) -> None:
    sent = document(order)
    lines = [line["currencyAmounts"] for line in sent["documentLines"]]

    for made in (sent["currencyAmounts"], *lines):
        assert made["exclVat"] + made["vat"] == made["inclVat"]
        assert all(amount == Decimal(amount).quantize(MINOR_UNITS[order["currency"]]) for amount in made.values())
    assert sent["currencyAmounts"] == {name: sum(made[name] for made in lines) for name in lines[0]}


@given(orders)
def test_every_line_bills_exactly_what_the_order_asks(order: dict[str, Any]) -> None:
    name = "inclVat" if order["pricesIncludeVat"] else "exclVat"

    for stated, line in zip(order["lines"], document(order)["documentLines"], strict=True):
        assert (0 if "text" in stated else asked(order, stated)) == line["currencyAmounts"][name]


@given(orders)
def test_every_price_times_its_quantity_is_the_net_amount_but_for_rounding(order: dict[str, Any]) -> None:
    for line in document(order)["documentLines"]:
        # A price has six decimals; the net amount was rounded once, or as the difference of two rounded ones.
        tolerance = abs(line["quantity"]) * Decimal("0.0000005") + MINOR_UNITS[order["currency"]]

        assert abs(line["price"] * line["quantity"] - line["currencyAmounts"]["exclVat"]) <= tolerance


@given(orders)
def test_every_line_keeps_its_place_and_quantity(order: dict[str, Any]) -> None:
    for number, (stated, line) in enumerate(zip(order["lines"], document(order)["documentLines"], strict=True), 1):
        assert number == line["lineNo"]
        assert ("TXT" if "text" in stated else "PLH") == line["lineType"]
        assert Decimal(stated.get("quantity", 0)) == line["quantity"]


@given(orders)
def test_a_credit_note_mirrors_its_invoice(order: dict[str, Any]) -> None:
    returned = [
        line if "text" in line else line | {"quantity": str(-Decimal(line["quantity"]))} for line in order["lines"]
    ]
    invoice = document(order)
    credit_note = document(order | {"type": "order.credited", "lines": returned})

    assert {name: -amount for name, amount in invoice["currencyAmounts"].items()} == credit_note["currencyAmounts"]


@given(orders)
def test_every_number_on_the_wire_is_short_and_exact(order: dict[str, Any]) -> None:
    for number in numbers(document(order)):
        assert isinstance(number, int | Decimal)
        assert not isinstance(number, bool)
        assert len(Decimal(number).normalize().as_tuple().digits) <= 15
        assert Decimal(str(float(number))) == number
        assert isinstance(number, int) == (number == int(number))
