import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from arm_relay.faults import Fault, InvalidOrders
from arm_relay.json_bodies import NotJson
from arm_relay.orders import ItemLine, Order, TextLine
from arm_relay.parsing import Orders, parse_orders
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import an_order

NO_NUMBER = "should be a number, or a string that holds one"
NO_NAME = "neither begin nor end with a space"
NO_DATE = "should be a date"


def a_line(**changes: object) -> dict[str, object]:
    return {"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25} | changes


def with_line(**changes: object) -> dict[str, Any]:
    return an_order(lines=[a_line(**changes)])


def without(*fields: str) -> dict[str, Any]:
    return an_order(**dict.fromkeys(fields))


def with_literal(literal: str) -> bytes:
    """An order whose quantity is written just so."""
    return json.dumps(with_line(quantity="?")).replace('"?"', literal).encode()


def read(body: bytes) -> Orders:
    """The orders of a body that has no faults."""
    orders = parse_orders(body)
    orders.reject_faults()
    return orders


def parsed(content: object) -> Orders:
    return read(json.dumps(content).encode())


def order(content: object) -> Order:
    (only,) = parsed(content).valid
    return only


def faults(content: object) -> list[Fault]:
    return faults_in(json.dumps(content).encode())


def faults_in(body: bytes) -> list[Fault]:
    with pytest.raises(InvalidOrders) as caught:
        read(body)
    return list(caught.value.faults)


def faults_or_none(content: object) -> list[Fault]:
    try:
        parsed(content)
    except InvalidOrders as error:
        return list(error.faults)
    return []


def pointers(content: object) -> list[str]:
    return [fault.pointer for fault in faults(content)]


# One order, one spoiled field.


@pytest.mark.parametrize(
    ("changes", "pointer", "detail"),
    [
        pytest.param({"id": ""}, "/id", "should not be empty", id="empty id"),
        pytest.param({"id": "x" * 129}, "/id", "at most 128 characters", id="long id"),
        pytest.param({"id": 1}, "/id", "should be a string", id="number as id"),
        pytest.param({"type": "order.paid"}, "/type", "'order.invoiced' or 'order.credited'", id="other type"),
        pytest.param({"type": {}}, "/type", "'order.invoiced' or 'order.credited'", id="type that is no string"),
        pytest.param({"orderId": "x" * 101}, "/orderId", "at most 100 characters", id="long orderId"),
        pytest.param({"customerNo": ""}, "/customerNo", "should not be empty", id="empty name"),
        pytest.param({"customerNo": " \t "}, "/customerNo", NO_NAME, id="blank name"),
        pytest.param({"customerNo": " 1"}, "/customerNo", NO_NAME, id="name that begins with a space"),
        pytest.param({"customerNo": "1\u00a0"}, "/customerNo", NO_NAME, id="name that ends with a hard space"),
        pytest.param({"customerNo": "1\n"}, "/customerNo", NO_NAME, id="name that ends with a line break"),
        pytest.param({"customerNo": "1\x852"}, "/customerNo", "no control characters", id="control character in name"),
        pytest.param({"customerNo": "x" * 101}, "/customerNo", "at most 100 characters", id="long name"),
        pytest.param({"customerNo": 543210}, "/customerNo", "should be a string", id="number as name"),
        pytest.param({"invoiceNo": "x" * 101}, "/invoiceNo", "at most 100 characters", id="long invoiceNo"),
        pytest.param({"invoiceNo": "."}, "/invoiceNo", "should not be dots alone", id="dot as invoiceNo"),
        pytest.param({"invoiceNo": ".."}, "/invoiceNo", "should not be dots alone", id="dots as invoiceNo"),
        pytest.param({"invoiceDate": "2025-02-29"}, "/invoiceDate", "of the calendar", id="day that was not"),
        pytest.param({"invoiceDate": "0000-01-01"}, "/invoiceDate", "of the calendar", id="year that was not"),
        pytest.param({"invoiceDate": "2025-2-7"}, "/invoiceDate", NO_DATE, id="short date"),
        pytest.param({"invoiceDate": "20250227"}, "/invoiceDate", NO_DATE, id="date without hyphens"),
        pytest.param({"invoiceDate": "2025-02-27T00:00:00"}, "/invoiceDate", NO_DATE, id="date with a time"),
        pytest.param({"invoiceDate": "٢٠٢٥-02-27"}, "/invoiceDate", NO_DATE, id="date in other digits"),
        pytest.param({"invoiceDate": 1740614400}, "/invoiceDate", NO_DATE, id="Unix time"),
        pytest.param({"dueDate": "soon"}, "/dueDate", NO_DATE, id="due date that is none"),
        pytest.param({"dueDate": "2025-02-26"}, "/dueDate", "is before invoiceDate", id="due before it is invoiced"),
        pytest.param({"dueDate": None}, "/dueDate", "either dueDate or paymentTermsDays", id="never due"),
        pytest.param({"paymentTermsDays": 14}, "/dueDate", "either dueDate or paymentTermsDays", id="due twice"),
        pytest.param({"currency": "nok"}, "/currency", "three capital letters", id="small currency"),
        pytest.param({"currency": "NOKK"}, "/currency", "three capital letters", id="long currency"),
        pytest.param({"currency": "NOK\n"}, "/currency", "three capital letters", id="currency and a line break"),
        pytest.param({"language": "eng"}, "/language", "two letters", id="long language"),
        pytest.param({"kid": "1"}, "/kid", "2 to 25 digits", id="short kid"),
        pytest.param({"kid": "1" * 26}, "/kid", "2 to 25 digits", id="long kid"),
        pytest.param({"kid": "١٢٣"}, "/kid", "2 to 25 digits", id="kid in other digits"),
        pytest.param({"kid": "12-3"}, "/kid", "2 to 25 digits", id="kid with a hyphen inside"),
        pytest.param({"emails": "a@b.no"}, "/emails", "should be an array", id="one e-mail address"),
        pytest.param({"emails": ["a@b.no", "b.no"]}, "/emails/1", "e-mail address", id="e-mail address without @"),
        pytest.param({"emails": ["a b@c.no"]}, "/emails/0", "e-mail address", id="e-mail address with a space"),
        pytest.param({"emails": ["a@b.no"] * 21}, "/emails", "at most 20 items", id="many e-mail addresses"),
        pytest.param({"message": "x" * 2001}, "/message", "at most 2000 characters", id="long text"),
        pytest.param({"message": "\0"}, "/message", "other than tabs and line breaks", id="control character in text"),
        pytest.param({"message": "\ud800"}, "/message", "half a surrogate pair", id="half a character in text"),
        pytest.param({"references": []}, "/references", "should be an object", id="references as array"),
        pytest.param({"references": {"buyer": "x" * 101}}, "/references/buyer", "100 characters", id="long reference"),
        pytest.param({"references": {"vendor": ""}}, "/references/vendor", "no such field", id="unknown reference"),
        pytest.param({"subCustomerNo": "x" * 101}, "/subCustomerNo", "100 characters", id="long subCustomerNo"),
        pytest.param({"ledgerNote": "x" * 2001}, "/ledgerNote", "2000 characters", id="long ledgerNote"),
        pytest.param({"marketingMessageCode": 203}, "/marketingMessageCode", "a string", id="number as code"),
        pytest.param({"delivery": {}}, "/delivery/type", "is missing", id="delivery without type"),
        pytest.param(
            {"delivery": {"type": "M", "einvoiceCode": "0"}},
            "/delivery/einvoiceCode",
            "should be a whole number",
            id="string as einvoiceCode",
        ),
        pytest.param(
            {"delivery": {"type": "M", "einvoiceCode": 10**20}},
            "/delivery/einvoiceCode",
            "should be 999999 or less",
            id="huge einvoiceCode",
        ),
        pytest.param(
            {"delivery": {"type": "M", "einvoiceCode": -1}},
            "/delivery/einvoiceCode",
            "should be 0 or more",
            id="negative einvoiceCode",
        ),
        pytest.param(
            {"delivery": {"type": "M", "einvoiceAddress": {}}},
            "/delivery/einvoiceAddress/address",
            "is missing",
            id="e-invoice address without address",
        ),
        pytest.param({"attachmentCodes": [""] * 101}, "/attachmentCodes", "100 items", id="many attachments"),
        pytest.param({"customCodes": [1]}, "/customCodes/0", "should be a string", id="number as custom code"),
        pytest.param({"pricesIncludeVat": 1}, "/pricesIncludeVat", "true or false", id="number as truth"),
        pytest.param({"pricesIncludeVat": "true"}, "/pricesIncludeVat", "true or false", id="string as truth"),
        pytest.param({"colour": "red"}, "/colour", "no such field", id="unknown field"),
        pytest.param(
            {"invoice_no": "1"}, "/invoice_no", "no such field: did you mean `invoiceNo`?", id="field by another name"
        ),
        pytest.param({"a/b~c": "red"}, "/a~1b~0c", "no such field", id="unknown field with signs of the pointer"),
        pytest.param({"\ud800": "red"}, "", "half a surrogate pair", id="half a character as field"),
        pytest.param({"lines": None}, "/lines", "is missing", id="no lines"),
        pytest.param({"lines": []}, "/lines", "should have at least 1 item", id="empty lines"),
        pytest.param({"lines": {}}, "/lines", "should be an array", id="lines as object"),
        pytest.param({"lines": [a_line()] * 1001}, "/lines", "at most 1000 items", id="many lines"),
        pytest.param({"lines": ["Comb"]}, "/lines/0", "should be an object", id="string as line"),
        pytest.param({"lines": [{"text": 1}]}, "/lines/0/text", "should be a string", id="number as text"),
        pytest.param({"lines": [{"text": "x" * 2001}]}, "/lines/0/text", "2000 characters", id="long text line"),
        pytest.param({"lines": [{"text": "", "quantity": 1}]}, "/lines/0/quantity", "no such field", id="billed text"),
    ],
)
def test_a_spoiled_field_is_told_by_its_pointer(changes: dict[str, object], pointer: str, detail: str) -> None:
    (fault,) = faults(an_order(**changes))

    assert pointer == fault.pointer
    assert detail in fault.detail


@pytest.mark.parametrize(
    ("days", "detail"),
    [
        pytest.param(-1, "should be 0 or more", id="negative"),
        pytest.param(3651, "should be 3650 or less", id="more than ten years"),
        pytest.param("14", "should be a whole number", id="string"),
        pytest.param(14.5, "should be a whole number", id="half a day"),
        pytest.param(True, "should be a whole number", id="truth"),
        pytest.param(10**400, "should be 3650 or less", id="huge"),
        pytest.param(-(10**400), "should be 0 or more", id="huge and negative"),
    ],
)
def test_payment_terms_are_whole_days_of_ten_years_at_most(days: object, detail: str) -> None:
    assert [Fault("/paymentTermsDays", detail)] == faults(an_order(dueDate=None, paymentTermsDays=days))


def test_payment_terms_may_not_lead_out_of_the_calendar() -> None:
    assert date(9999, 12, 31) == order(an_order(invoiceDate="9999-12-31", dueDate="9999-12-31")).due_date
    (fault,) = faults(an_order(invoiceDate="9999-12-31", dueDate=None, paymentTermsDays=1))

    assert Fault("/paymentTermsDays", "leads beyond the year 9999") == fault


@pytest.mark.parametrize(
    ("changes", "field", "detail"),
    [
        pytest.param({"sku": "x" * 101}, "sku", "at most 100 characters", id="long sku"),
        pytest.param({"sku": "1\t2"}, "sku", "no control characters", id="tab in sku"),
        pytest.param({"name": "x" * 2001}, "name", "at most 2000 characters", id="long name"),
        pytest.param({"name": "\udc00"}, "name", "half a surrogate pair", id="half a character in name"),
        pytest.param({"description": None}, "description", "should be a string", id="null as description"),
        pytest.param({"quantity": True}, "quantity", NO_NUMBER, id="truth as quantity"),
        pytest.param({"quantity": None}, "quantity", NO_NUMBER, id="null as quantity"),
        pytest.param({"quantity": []}, "quantity", NO_NUMBER, id="array as quantity"),
        pytest.param({"quantity": ""}, "quantity", NO_NUMBER, id="empty string as quantity"),
        pytest.param({"quantity": "one"}, "quantity", NO_NUMBER, id="word as quantity"),
        pytest.param({"quantity": "NaN"}, "quantity", NO_NUMBER, id="string of no number"),
        pytest.param({"quantity": "Infinity"}, "quantity", NO_NUMBER, id="string of infinity"),
        pytest.param({"quantity": "1_000"}, "quantity", NO_NUMBER, id="string with underscore"),
        pytest.param({"quantity": "1,5"}, "quantity", NO_NUMBER, id="string with comma"),
        pytest.param({"quantity": " 1"}, "quantity", NO_NUMBER, id="string with space"),
        pytest.param({"quantity": "1\n"}, "quantity", NO_NUMBER, id="string with line break"),
        pytest.param({"quantity": "١٢"}, "quantity", NO_NUMBER, id="string of other digits"),
        pytest.param({"quantity": "1e99999999999999999999"}, "quantity", "too many digits", id="string of huge power"),
        pytest.param({"quantity": 10**15}, "quantity", "at most 15 digits", id="sixteen digits"),
        pytest.param({"quantity": "0.0000001"}, "quantity", "at most 6 decimals", id="seven decimals"),
        pytest.param({"unitPrice": "1e16"}, "unitPrice", "at most 15 digits", id="large price"),
        pytest.param({"unitPrice": "1e-7"}, "unitPrice", "at most 6 decimals", id="small price"),
        pytest.param({"vatRate": -1}, "vatRate", "should be 0 or more", id="negative rate"),
        pytest.param({"vatRate": "100.0001"}, "vatRate", "should be 100 or less", id="rate over 100"),
        pytest.param({"vatRate": "0.00001"}, "vatRate", "at most 4 decimals", id="rate of five decimals"),
        pytest.param({"discountPercent": 101}, "discountPercent", "100 or less", id="more than all off"),
        pytest.param({"discountPercent": -5}, "discountPercent", "should be 0 or more", id="surcharge as discount"),
        pytest.param({"groups": ["1", "2", "3", "4"]}, "groups", "at most 3 items", id="four groups"),
        pytest.param({"groups": [500]}, "groups/0", "should be a string", id="number as group"),
        pytest.param({"price": 1}, "price", "no such field", id="unknown field"),
        pytest.param({"item line": 1}, "item line", "no such field", id="unknown field named like a kind of line"),
    ],
)
def test_a_spoiled_field_of_a_line_is_told_by_its_pointer(changes: dict[str, object], field: str, detail: str) -> None:
    (fault,) = faults(with_line(**changes))

    assert f"/lines/0/{field}" == fault.pointer
    assert detail in fault.detail


@pytest.mark.parametrize("field", ["sku", "name", "quantity", "unitPrice", "vatRate"])
def test_a_line_needs_what_is_billed(field: str) -> None:
    line = {name: value for name, value in a_line().items() if name != field}

    assert [Fault(f"/lines/0/{field}", "is missing")] == faults(an_order(lines=[line]))


@pytest.mark.parametrize("field", ["type", "customerNo", "lines"])
def test_an_order_needs_what_it_is(field: str) -> None:
    assert [Fault(f"/{field}", "is missing")] == faults(without(field))


@pytest.mark.parametrize(
    "literal",
    [
        pytest.param("1e400", id="beyond every double"),
        pytest.param("1E+9999999", id="beyond what Decimal computes with"),
        pytest.param("1E-9999999", id="which Decimal would round to zero"),
        pytest.param("0E+9999999", id="zero, written as huge"),
        pytest.param("-1e99999999999999999999", id="beyond what Decimal reads"),
        pytest.param("9" * 5000, id="beyond what int reads"),
        pytest.param("1." + "0" * 40 + "1", id="beyond what Decimal keeps"),
    ],
)
def test_a_number_with_too_many_digits_is_a_fault(literal: str) -> None:
    (fault,) = faults_in(with_literal(literal))

    assert fault.pointer == "/lines/0/quantity"


# What passes.


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"id": "x" * 128, "orderId": "x" * 100, "customerNo": "x" * 100}, id="longest names"),
        pytest.param({"customerNo": "Ås 1"}, id="space inside a name"),
        pytest.param({"invoiceNo": "x"}, id="shortest name"),
        pytest.param({"invoiceNo": "1.2"}, id="dot inside an invoice number"),
        pytest.param({"invoiceDate": "2025-03-11"}, id="due at once"),
        pytest.param({"invoiceDate": "2024-02-29"}, id="leap day"),
        pytest.param({"dueDate": None, "paymentTermsDays": 0}, id="no payment terms"),
        pytest.param({"dueDate": None, "paymentTermsDays": 3650}, id="longest payment terms"),
        pytest.param({"dueDate": None, "paymentTermsDays": 14, "invoiceDate": None}, id="terms from today"),
        pytest.param({"kid": "12"}, id="shortest kid"),
        pytest.param({"kid": "1" * 24 + "-"}, id="longest kid"),
        pytest.param({"emails": ["a@b.no"] * 20}, id="most e-mail addresses"),
        pytest.param({"message": "Hei\r\n\tpå deg 🎁" + "x" * 1983}, id="longest text, with line breaks and tabs"),
        pytest.param({"lines": [a_line()] * 1000}, id="most lines"),
        pytest.param({"lines": [{"text": ""}]}, id="nothing but an empty text"),
        pytest.param({"lines": [a_line(groups=["1", "2", "3"], unit="kg", description="Red")]}, id="everything"),
        pytest.param({"lines": [a_line(quantity=-1, unitPrice="-999999999.999999")]}, id="negative amounts"),
        pytest.param({"lines": [a_line(discountPercent=100, vatRate="12.3456")]}, id="extreme rates"),
    ],
)
def test_what_lies_within_the_limits_passes(changes: dict[str, object]) -> None:
    assert not faults_or_none(an_order(**changes))


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        pytest.param("0.1", "0.1", id="not a binary fraction"),
        pytest.param("1.10", "1.1", id="closing zero"),
        pytest.param("1.0000000", "1", id="many closing zeros"),
        pytest.param('"12.50"', "12.5", id="string"),
        pytest.param('"1e2"', "100", id="string with exponent"),
        pytest.param("1E+2", "100", id="exponent"),
        pytest.param("123456789.012345", "123456789.012345", id="fifteen digits"),
        pytest.param("-0", "0", id="negative zero"),
        pytest.param("-0.0", "0", id="negative zero with a decimal"),
    ],
)
def test_a_number_is_taken_as_it_is_written(literal: str, expected: str) -> None:
    (line,) = read(with_literal(literal)).valid[0].lines

    assert isinstance(line, ItemLine)
    assert Decimal(expected) == line.quantity
    assert not line.quantity or line.quantity.is_signed() == expected.startswith("-")


def test_lines_keep_their_order_and_kind() -> None:
    lines = order(an_order(lines=[{"text": "first"}, a_line(), {"text": "last", "sku": "T", "name": "Text"}])).lines

    assert [TextLine, ItemLine, TextLine] == [type(line) for line in lines]


# Ids.


def test_the_id_is_type_and_order_id_where_it_is_absent() -> None:
    assert order(without("id")).id == "order.invoiced:B-1"


def test_the_id_is_type_and_order_id_where_it_is_null() -> None:
    assert order(an_order() | {"id": None}).id == "order.invoiced:B-1"


def test_the_longest_order_id_makes_an_id() -> None:
    assert order(an_order(id=None, orderId="x" * 100)).id == "order.invoiced:" + "x" * 100


@pytest.mark.parametrize("order_id", [{}, {"orderId": None}], ids=["absent", "null"])
def test_an_order_with_neither_id_nor_order_id_is_told_so(order_id: dict[str, object]) -> None:
    assert [Fault("/id", "is missing")] == faults(without("id", "orderId") | order_id)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({"orderId": 1}, "/orderId", id="number"),
        pytest.param({"orderId": ""}, "/orderId", id="empty"),
        pytest.param({"orderId": "1 "}, "/orderId", id="closing space"),
        pytest.param({"orderId": "x" * 500}, "/orderId", id="long"),
        pytest.param({"orderId": ["1"]}, "/orderId", id="array"),
        pytest.param({"type": ["order.invoiced"]}, "/type", id="type that is no string"),
        pytest.param({"type": None}, "/type", id="no type"),
    ],
)
def test_no_fault_is_told_of_an_id_that_nobody_wrote(changes: dict[str, object], pointer: str) -> None:
    spoiled = an_order(id=None, invoiceNo=None, **changes)

    assert [pointer] == pointers(spoiled)
    assert [f"/0{pointer}", f"/1{pointer}"] == pointers([spoiled, spoiled])


REPEATED = "repeats that of order 0 of the same request, which has other content"


def test_ids_and_invoice_numbers_may_not_be_repeated_with_other_content() -> None:
    first = an_order(id="a", invoiceNo="X1")
    again = an_order(id="a", invoiceNo="x1")

    assert faults([first, an_order(id="b", invoiceNo="2"), again]) == [
        Fault("/2/id", REPEATED),
        Fault("/2/invoiceNo", REPEATED),
    ]


def test_a_default_id_may_not_be_repeated_with_other_content_either() -> None:
    stated = an_order(id="order.invoiced:B-1", invoiceNo=None, message="other")

    assert pointers([stated, without("id", "invoiceNo")]) == ["/1/id"]


def test_the_same_order_twice_is_one_order() -> None:
    again = dict(reversed(an_order(pricesIncludeVat=False).items()))

    assert [order.id for order in parsed([an_order(), an_order(id="b", invoiceNo="2"), again]).valid] == ["evt-1", "b"]


def test_the_same_faulty_order_twice_is_told_what_is_wrong_with_it_and_no_more() -> None:
    spoiled = an_order(currency="nok")

    assert pointers([spoiled, spoiled]) == ["/0/currency", "/1/currency"]


def test_a_repeated_order_shares_the_fault_of_a_shared_invoice_number() -> None:
    orders = [an_order(id="a"), an_order(id="b"), an_order(id="b")]

    assert pointers(orders) == ["/1/invoiceNo", "/2/invoiceNo"]


def test_ids_differ_by_case_and_absent_invoice_numbers_are_not_the_same() -> None:
    orders = [an_order(id=name, invoiceNo=None) for name in ("a", "A")]

    assert [order.id for order in parsed(orders).valid] == ["a", "A"]


# Faults, all of them.


def test_all_faults_of_an_order_are_told_at_once() -> None:
    spoiled = an_order(
        customerNo="", dueDate=None, currency="kr", colour="red", lines=[a_line(quantity="x", vatRate=-1), {"text": 1}]
    )

    assert set(pointers(spoiled)) == {
        "/customerNo",
        "/dueDate",
        "/currency",
        "/colour",
        "/lines/0/quantity",
        "/lines/0/vatRate",
        "/lines/1/text",
    }


def test_a_spoiled_date_hides_no_other_fault_and_makes_none() -> None:
    assert pointers(an_order(invoiceDate="x", dueDate="y")) == ["/invoiceDate", "/dueDate"]
    assert pointers(an_order(dueDate=None, paymentTermsDays=-1)) == ["/paymentTermsDays"]


def test_all_faults_of_a_request_are_told_at_once() -> None:
    orders = [an_order(id="a", invoiceNo="1"), an_order(id="a", invoiceNo="2", lines=[a_line(quantity="x")]), 5]

    assert pointers(orders) == ["/1/lines/0/quantity", "/1/id", "/2"]


def test_more_faults_than_an_answer_holds_are_cut_off_and_each_order_tells_its_share() -> None:
    many = [an_order(id=str(number), invoiceNo=None, lines=[{}] * 1000) for number in range(50)]

    told = faults(many)

    assert len(told) == 50 * (20 + 1)
    assert told[20] == Fault("/0", "has more faults than these 20")
    assert faults(many[0])[1000:] == [Fault("", "has more faults than these 1000")]


def test_pointers_begin_with_the_index_where_the_body_is_an_array() -> None:
    spoiled = with_line(quantity="x")

    assert pointers(spoiled) == ["/lines/0/quantity"]
    assert pointers([spoiled]) == ["/0/lines/0/quantity"]
    assert pointers([an_order(), an_order(id="evt-2", invoiceNo="2") | {"lines": spoiled["lines"]}]) == [
        "/1/lines/0/quantity"
    ]


@pytest.mark.parametrize("number", [0, 51])
def test_a_request_holds_1_to_50_orders(number: int) -> None:
    orders = [an_order(id=str(index), invoiceNo=None) for index in range(number)]

    assert [Fault("", f"should hold 1 to 50 orders; it holds {number}")] == faults(orders)


def test_fifty_orders_keep_their_order() -> None:
    orders = [an_order(id=str(index), invoiceNo=None) for index in range(50)]

    assert [str(index) for index in range(50)] == [order.id for order in parsed(orders).valid]


@pytest.mark.parametrize("content", ["order", 5, None, True], ids=["string", "number", "null", "truth"])
def test_an_order_is_an_object(content: object) -> None:
    assert [Fault("", "should be an object")] == faults(content)
    assert [Fault("/0", "should be an object")] == faults([content])


# Fields nobody knows, and keys there are twice.


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (an_order(invoiceNumber="1"), Fault("/invoiceNumber", "no such field: did you mean `invoiceNo`?")),
        (an_order(customerno="1"), Fault("/customerno", "no such field: did you mean `customerNo`?")),
        (an_order(payment_term_days=1), Fault("/payment_term_days", "no such field: did you mean `paymentTermsDays`?")),
        (
            an_order(references={"purchaseOrderNo": "1"}),
            Fault("/references/purchaseOrderNo", "no such field: did you mean `purchaseOrder`?"),
        ),
        (
            an_order(delivery={"type": "M", "eInvoiceCode": 0}),
            Fault("/delivery/eInvoiceCode", "no such field: did you mean `einvoiceCode`?"),
        ),
        (
            an_order(delivery={"type": "M", "einvoiceAddress": {"address": "a", "scheme": "b"}}),
            Fault("/delivery/einvoiceAddress/scheme", "no such field"),
        ),
        (with_line(vat_percent=25), Fault("/lines/0/vat_percent", "no such field")),
        (with_line(unit_price=25), Fault("/lines/0/unit_price", "no such field: did you mean `unitPrice`?")),
        (an_order(lines=[{"text": "", "skuNo": "1"}]), Fault("/lines/0/skuNo", "no such field: did you mean `sku`?")),
        (an_order(colour="red"), Fault("/colour", "no such field")),
    ],
    ids=lambda value: value.pointer if isinstance(value, Fault) else "",
)
def test_an_unknown_field_is_told_with_the_one_that_was_probably_meant(content: object, fault: Fault) -> None:
    assert fault in faults(content)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param(b'{"id": "a", "id": "b"}', "/id", id="of an order"),
        pytest.param(b'{"id": "a", "\\u0069d": "b"}', "/id", id="written differently"),
        pytest.param(b'[{}, {"lines": [{"quantity": 1, "quantity": 1}]}]', "/1/lines/0/quantity", id="of a line"),
        pytest.param(b'{"colour/~": 1, "colour/~": 2}', "/colour~1~0", id="of no field"),
        pytest.param(b'{"a": {"b": [[{"c": 1, "c": 2}]]}}', "/a/b/0/0/c", id="within no field"),
    ],
)
def test_a_repeated_key_is_told_by_its_pointer_and_by_nothing_else_there(body: bytes, pointer: str) -> None:
    assert [fault.detail for fault in faults_in(body) if fault.pointer == pointer] == ["is there more than once"]


def test_a_repeated_key_spoils_its_own_order_alone() -> None:
    good, spoiled = (
        json.dumps(an_order()),
        json.dumps(an_order(id="b", invoiceNo="2")).replace('"id"', '"id": "b", "id"'),
    )

    orders = parse_orders(f"[{good}, {spoiled}]".encode())

    assert [order.id for order in orders.valid] == ["evt-1"]
    assert [fault.pointer for fault in orders.faults] == ["/1/id"]


# What is not JSON.


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"\xff{}", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(json.dumps(an_order()).encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"message": "\n"}', id="bare line break in a string"),
        pytest.param(b"{'id': 1}", id="single quotes"),
        pytest.param(b'{"id": 1,}', id="closing comma"),
        pytest.param(b"[" * 100_000, id="deep nesting"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="deep nesting that closes"),
        pytest.param(with_literal("NaN"), id="NaN"),
        pytest.param(with_literal("Infinity"), id="Infinity"),
        pytest.param(with_literal("-Infinity"), id="negative infinity"),
        pytest.param(with_literal("01"), id="leading zero"),
        pytest.param(with_literal("1."), id="nothing behind the point"),
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_orders(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":\n 1,}', "the body is not JSON: Illegal trailing comma before end of object: line 2 column 3 (char 8)"),
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"a": "\xff"}', "the body is not UTF-8 at byte 7"),
        (b"[NaN]", "the body is not JSON: NaN is no number of JSON"),
        (b"[-Infinity]", "the body is not JSON: -Infinity is no number of JSON"),
        (b" " + b"[" * 17, "the body nests deeper than 16 levels at character 17"),
        (b'{"a":' * 17, "the body nests deeper than 16 levels at character 80"),
    ],
)
def test_what_is_not_json_is_told_by_its_place(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse_orders(body)

    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("[" * 16 + "]" * 16, id="as deep as may be"),
        pytest.param("[" + "[]," * 1000 + "[]]", id="side by side"),
        pytest.param(json.dumps("[" * 100), id="brackets in a string"),
        pytest.param(json.dumps('\\"' + "[" * 100), id="brackets behind an escaped quote"),
        pytest.param(json.dumps("\\" * 99 + "[" * 100), id="brackets behind backslashes"),
    ],
)
def test_depth_is_counted_in_brackets_outside_of_strings(value: str) -> None:
    with pytest.raises(InvalidOrders):
        read(value.encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'"' + b'\\"' * 500_000, id="a string that does not end"),
        pytest.param(b'["' + b"\\" * 1_000_000, id="backslashes"),
        pytest.param(b"[" + b"[]," * 340_000 + b"[]]", id="brackets"),
        pytest.param(b"[" + b"9" * 1_000_000 + b"]", id="one number"),
        pytest.param(b"[0." + b"9" * 1_000_000 + b"]", id="one number with decimals"),
        pytest.param(b"{" + b",".join(b'"%d":0' % n for n in range(90_000)) + b',"1":1}', id="keys"),
    ],
)
def test_a_large_body_is_read_in_a_moment_whatever_it_holds(body: bytes) -> None:
    begun = time.perf_counter()
    with pytest.raises((NotJson, InvalidOrders)):
        read(body)

    assert time.perf_counter() - begun < 5


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from([*an_order(), "paymentTermsDays", "emails", "references", "delivery"]), anything)
def test_no_field_can_hold_anything_that_fails_otherwise(field: str, value: object) -> None:
    assert all(fault.detail for fault in faults_or_none(an_order() | {field: value}))


@given(st.sampled_from([*a_line(), "text", "groups", "discountPercent"]), anything)
def test_no_field_of_a_line_can_hold_anything_that_fails_otherwise(field: str, value: object) -> None:
    assert all(fault.pointer.startswith("/lines/0") for fault in faults_or_none(with_line(**{field: value})))


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", fullmatch=True))
def test_no_number_is_changed_or_fails_otherwise(literal: str) -> None:
    try:
        (line,) = read(with_literal(literal)).valid[0].lines
    except InvalidOrders:
        return

    assert isinstance(line, ItemLine)
    assert Decimal(literal) == line.quantity


@given(st.binary() | st.text().map(str.encode))
def test_no_body_fails_otherwise(body: bytes) -> None:
    with pytest.raises((NotJson, InvalidOrders)):
        read(body)


# The digest.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(with_line(quantity=1), with_line(quantity="1"), id="number and string"),
        pytest.param(with_line(quantity=1), with_line(quantity=1.0), id="with and without decimals"),
        pytest.param(with_line(quantity=100), with_line(quantity="1e2"), id="exponent"),
        pytest.param(with_line(quantity=0), with_line(quantity="-0.00"), id="zeros"),
        pytest.param(an_order(), dict(reversed(an_order().items())), id="order of the fields"),
        pytest.param(an_order(), an_order(pricesIncludeVat=False), id="default of the order"),
        pytest.param(an_order(), an_order() | {"message": None}, id="null and absent"),
        pytest.param(an_order(), an_order(references={}), id="empty references"),
        pytest.param(an_order(), an_order(references={"seller": None}), id="references to nothing"),
        pytest.param(
            with_line(), with_line(discountPercent=0, groups=[], unit="", description=""), id="defaults of a line"
        ),
        pytest.param(
            an_order(lines=[{"text": "x"}]),
            an_order(lines=[{"name": "", "sku": "", "text": "x"}]),
            id="defaults of a text line",
        ),
        pytest.param(without("id"), an_order(id="order.invoiced:B-1"), id="default id"),
    ],
)
def test_the_same_content_has_the_same_digest_however_it_is_written(one: object, other: object) -> None:
    assert order(one).digest == order(other).digest


def test_the_same_text_has_the_same_digest_however_it_is_escaped() -> None:
    content = an_order(message="på 🎁")
    plain = parse_orders(json.dumps(content, ensure_ascii=False, indent=4).encode())

    assert order(content).digest == plain.valid[0].digest


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "evt-2"},
        {"type": "order.credited"},
        {"orderId": None},
        {"customerNo": "543211"},
        {"invoiceNo": None},
        {"invoiceNo": "88776656"},
        {"invoiceDate": None},
        {"dueDate": "2025-03-12"},
        {"dueDate": None, "paymentTermsDays": 12},
        {"currency": None},
        {"currency": "SEK"},
        {"language": "en"},
        {"kid": "12"},
        {"emails": []},
        {"emails": ["a@b.no"]},
        {"message": ""},
        {"references": {"seller": "C333"}},
        {"references": {"buyer": "C333"}},
        {"subCustomerNo": "1"},
        {"ledgerNote": "1"},
        {"marketingMessageCode": "1"},
        {"delivery": {"type": "M"}},
        {"delivery": {"type": "M", "einvoiceCode": 0}},
        {"delivery": {"type": "M", "einvoiceAddress": {"address": "a"}}},
        {"attachmentCodes": []},
        {"customCodes": []},
        {"pricesIncludeVat": True},
        {"lines": [a_line(sku="1301")]},
        {"lines": [a_line(name="Brush")]},
        {"lines": [a_line(description="Red")]},
        {"lines": [a_line(quantity=2)]},
        {"lines": [a_line(unit="kg")]},
        {"lines": [a_line(unitPrice="200.000001")]},
        {"lines": [a_line(vatRate=15)]},
        {"lines": [a_line(discountPercent=1)]},
        {"lines": [a_line(groups=["500"])]},
        {"lines": [a_line(), a_line()]},
        {"lines": [a_line(), {"text": ""}]},
        {"lines": [{"text": ""}, a_line()]},
    ],
    ids=repr,
)
def test_other_content_has_another_digest(changes: dict[str, object]) -> None:
    assert order(an_order()).digest != order(an_order(**changes)).digest


def test_the_digest_of_an_order_is_the_same_in_every_release() -> None:
    # Markers in deployed tables hold digests: another one turns every replay into a conflict.
    assert order(an_order()).digest == "3d18d269d3317a8c304551a36f9f11c7c07c8d55583f886fa1fbed2367a97379"
