import json
from datetime import date
from decimal import Decimal

import pytest
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.order import ItemLine, TextLine
from arm_relay.orders.parsing import parse_orders
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import an_order
from tests.support.reading import (
    a_line,
    faults,
    faults_in,
    faults_or_none,
    order,
    read,
    with_line,
    with_literal,
    without,
)

NO_NUMBER = "should be a number, or a string that holds one"
NO_NAME = "neither begin nor end with a space"
NO_DATE = "should be a date"


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
        pytest.param({"id": "."}, "/id", "must not be . or ..", id="dot as id"),
        pytest.param({"id": ".."}, "/id", "must not be . or ..", id="dots as id"),
        pytest.param({"invoiceNo": "."}, "/invoiceNo", "must not consist of dots only", id="dot as invoiceNo"),
        pytest.param({"invoiceNo": ".."}, "/invoiceNo", "must not consist of dots only", id="dots as invoiceNo"),
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

    assert Fault("/paymentTermsDays", "gives a due date after the year 9999") == fault


@pytest.mark.parametrize(
    ("changes", "field", "detail"),
    [
        pytest.param({"sku": "x" * 101}, "sku", "at most 100 characters", id="long sku"),
        pytest.param({"sku": "1\t2"}, "sku", "no control characters", id="tab in sku"),
        pytest.param({"name": "x" * 2001}, "name", "at most 2000 characters", id="long name"),
        pytest.param({"name": "\udc00"}, "name", "half a surrogate pair", id="half a character in name"),
        pytest.param({"quantity": True}, "quantity", NO_NUMBER, id="truth as quantity"),
        pytest.param({"quantity": None}, "quantity", "is missing", id="null as quantity"),
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


# Anything at all.


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    # Longer names are no part of a body: see test_json_bodies.py.
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=200), inner),
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


# The digest.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(with_line(quantity=1), with_line(quantity="1"), id="number and string"),
        pytest.param(with_line(quantity=1), with_line(quantity=1.0), id="with and without decimals"),
        pytest.param(with_line(quantity=100), with_line(quantity="1e2"), id="exponent"),
        pytest.param(with_line(unitPrice=0), with_line(unitPrice="-0.00"), id="zeros"),
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
        pytest.param(without("id"), an_order(id="order.invoiced:88776655"), id="default id"),
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


def test_the_same_content_under_another_id_has_the_same_digest() -> None:
    assert order(an_order()).digest == order(an_order(id="evt-2")).digest


def test_the_digest_of_an_order_is_the_same_in_every_release() -> None:
    # Markers in deployed tables hold digests: another one turns every replay into a conflict.
    assert order(an_order()).digest == "4970e195ac6bf5db467f18610482036ba42fed7adf707327158abff28cba1600"
