import json
from time import process_time

import pytest
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.orders.parsing import MAX_ORDERS, parse_orders
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import an_order
from tests.support.reading import a_line, faults, order, parsed, pointers, read, with_line, without

# Ids.


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(without("id"), "order.invoiced:88776655", id="by the number"),
        pytest.param(an_order() | {"id": None}, "order.invoiced:88776655", id="by the number where it is null"),
        pytest.param(without("id", "orderId"), "order.invoiced:88776655", id="by the number alone"),
        pytest.param(without("id", "invoiceNo"), "order.invoiced:B-1", id="by the order id where there is no number"),
        pytest.param(without("id") | {"invoiceNo": None}, "order.invoiced:B-1", id="by the order id, number null"),
        pytest.param(an_order(id=None, type="order.credited"), "order.credited:88776655", id="of a credit note"),
        pytest.param(an_order(id=None, invoiceNo="x" * 100), "order.invoiced:" + "x" * 100, id="the longest number"),
        pytest.param(
            an_order(id=None, invoiceNo=None, orderId="x" * 100), "order.invoiced:" + "x" * 100, id="the longest order"
        ),
    ],
)
def test_an_order_without_an_id_has_one_by_its_type_and_number(content: object, expected: str) -> None:
    assert order(content).id == expected


@pytest.mark.parametrize("order_id", [{}, {"orderId": None}], ids=["absent", "null"])
def test_an_order_with_neither_id_nor_number_is_told_so(order_id: dict[str, object]) -> None:
    expected = Fault("/id", "is missing: give the order an id, an invoiceNo or an orderId")

    assert [expected] == faults(without("id", "orderId", "invoiceNo") | order_id)


@pytest.mark.parametrize("order_id", ["B-1", None])
def test_a_credit_note_without_number_asks_for_an_id(order_id: str | None) -> None:
    (fault,) = faults(an_order(id=None, invoiceNo=None, orderId=order_id, type="order.credited"))

    assert fault.pointer == "/id"
    assert fault.detail.startswith("is missing: a credit note needs an id or an invoiceNo")


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


REPEATED = "is already used by the order at /0, with different content"


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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"lines": [a_line(foo=1, discountPercent=5, discountAmount=5)], "colour": "red"},
            {"/lines/0/foo", "/lines/0/discountAmount", "/colour"},
        ),
        ({"credits": {"invoiceNo": "1", "reason": "late"}}, {"/credits/reason", "/credits"}),
    ],
    ids=["line", "credits"],
)
def test_a_field_that_no_order_has_hides_nothing(changes: dict[str, object], told: set[str]) -> None:
    assert set(pointers(an_order(**changes))) == told


def test_a_spoiled_date_hides_no_other_fault_and_makes_none() -> None:
    assert pointers(an_order(invoiceDate="x", dueDate="y")) == ["/invoiceDate", "/dueDate"]
    assert pointers(an_order(dueDate=None, paymentTermsDays=-1)) == ["/paymentTermsDays"]


def test_all_faults_of_a_request_are_told_at_once() -> None:
    orders = [an_order(id="a", invoiceNo="1"), an_order(id="a", invoiceNo="2", lines=[a_line(quantity="x")]), 5]

    assert pointers(orders) == ["/1/lines/0/quantity", "/1/id", "/2"]


def test_more_faults_than_an_answer_holds_are_cut_off_and_each_order_tells_its_share() -> None:
    many = [an_order(id=str(number), invoiceNo=None, lines=[{}] * 1000) for number in range(40)]

    listed = faults(many)

    assert len(listed) == 40 * (25 + 1)
    assert listed[25] == Fault("/0", "has more errors; only the first 25 are listed")
    assert faults(many[0])[1000:] == [Fault("", "has more errors; only the first 1000 are listed")]


def test_long_pointers_do_not_make_a_small_request_a_huge_answer() -> None:
    repeated = ", ".join(f'"{number}": 1, "{number}": 1' for number in range(2000))
    nested = "".join(f'{{"{letter * 200}": ' for letter in "abcdefghij")
    body = f"{nested}{{{repeated}}}{'}' * 10}".encode()

    listed = parse_orders(body).faults

    assert listed[-1].detail.startswith("has more errors; only the first")
    assert sum(len(fault.pointer) + len(fault.detail) for fault in listed) < 310_000


def test_a_default_id_is_only_made_of_text() -> None:
    assert pointers(an_order(id=None, orderId="q\ud800")) == ["/orderId"]


def test_the_same_faulty_order_twice_has_the_same_faults_twice() -> None:
    text = json.dumps(an_order(invoiceNo=None))[:-1] + ', "kid": "1", "kid": "1"}'

    assert [fault.pointer for fault in parse_orders(f"[{text}, {text}]".encode()).faults] == ["/0/kid", "/1/kid"]


def test_pointers_begin_with_the_index_where_the_body_is_an_array() -> None:
    spoiled = with_line(quantity="x")

    assert pointers(spoiled) == ["/lines/0/quantity"]
    assert pointers([spoiled]) == ["/0/lines/0/quantity"]
    assert pointers([an_order(), an_order(id="evt-2", invoiceNo="2") | {"lines": spoiled["lines"]}]) == [
        "/1/lines/0/quantity"
    ]


@pytest.mark.parametrize("number", [0, 41])
def test_a_request_holds_1_to_40_orders(number: int) -> None:
    orders = [an_order(id=str(index), invoiceNo=None) for index in range(number)]

    assert [Fault("", f"should hold 1 to 40 orders; it holds {number}")] == faults(orders)


def test_forty_orders_keep_their_order() -> None:
    orders = [an_order(id=str(index), invoiceNo=None) for index in range(40)]

    assert [str(index) for index in range(40)] == [order.id for order in parsed(orders).valid]


@pytest.mark.parametrize("content", ["order", 5, None, True], ids=["string", "number", "null", "truth"])
def test_an_order_is_an_object(content: object) -> None:
    assert [Fault("", "should be an object")] == faults(content)
    assert [Fault("/0", "should be an object")] == faults([content])


@given(st.binary() | st.text().map(str.encode))
def test_no_body_fails_otherwise(body: bytes) -> None:
    with pytest.raises((NotJson, InvalidOrders)):
        read(body)


def test_a_number_that_is_far_too_long_takes_no_time_to_compare() -> None:
    long = "a" + "\u0301\u0316" * 15_000
    orders = [an_order(id=f"evt-{number}", invoiceNo=f"{number}") for number in range(MAX_ORDERS - 1)]

    started = process_time()
    request = parse_orders(json.dumps([an_order(id="long", invoiceNo=long), *orders]).encode())

    assert [fault.pointer for fault in request.faults] == ["/0/invoiceNo"]
    assert process_time() - started < 2


def test_the_same_content_under_another_id_in_one_request_is_told_as_what_it_is() -> None:
    request = parse_orders(json.dumps([an_order(), an_order(id="evt-2")]).encode())

    assert [(fault.pointer, fault.detail) for fault in request.faults] == [
        ("/1/invoiceNo", "is already used by the order at /0, with the same content under another id")
    ]
