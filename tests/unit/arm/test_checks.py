"""Why an order cannot become a document, or should not."""

import json
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest
from arm_relay.arm.checks import OF_DOCUMENT, OF_LINE, faults_of
from arm_relay.arm.limits import NO_LIMITS, Limits
from arm_relay.arm.mapping import ArmCodes
from arm_relay.orders.faults import Fault
from arm_relay.orders.parsing import parse_orders

from tests.support.builders import an_order
from tests.support.reading import a_line

CODES = ArmCodes(user_id="TestUser", credit_note_type="CN")
TODAY = date(2025, 3, 1)


def faults(content: object, codes: ArmCodes = CODES, limits: Limits = NO_LIMITS) -> list[Fault]:
    check = partial(faults_of, codes=codes, today=TODAY, limits=limits)
    return list(parse_orders(json.dumps(content).encode(), check).faults)


def with_line(**changes: object) -> dict[str, Any]:
    return an_order(lines=[a_line(**changes)])


# Dates.


@pytest.mark.parametrize("due_date", ["2025-02-28", "2025-02-01", "2024-03-01"])
def test_a_document_of_today_is_not_due_before_today(due_date: str) -> None:
    detail = "is before today, 2025-03-01, which is the document's date without an invoiceDate"

    assert faults(an_order(invoiceDate=None, dueDate=due_date)) == [Fault("/dueDate", detail)]
    assert faults(an_order(invoiceDate=due_date, dueDate=due_date)) == []


def test_a_document_of_today_may_be_due_today() -> None:
    assert faults(an_order(invoiceDate=None, dueDate="2025-03-01")) == []


def test_an_invoice_date_that_cannot_be_read_is_not_taken_for_today() -> None:
    assert faults(an_order(invoiceDate="x", dueDate="2025-02-28")) == [
        Fault("/invoiceDate", "should be a date, YYYY-MM-DD")
    ]


# Totals.


def test_an_invoice_that_gives_money_back_is_told_of_credit_notes() -> None:
    detail = "add up to -250.00: to give money back, send order.credited with positive amounts"

    assert faults(with_line(quantity=-1)) == [Fault("/lines", detail)]


def test_a_credit_note_that_asks_for_money_is_told_of_positive_amounts() -> None:
    detail = "add up to -250.00: write what a credit note gives back as positive amounts"

    assert faults(with_line(quantity=-1) | {"type": "order.credited"}) == [Fault("/lines", detail)]


@pytest.mark.parametrize("kind", ["order.invoiced", "order.credited"])
def test_a_document_may_come_to_nothing(kind: str) -> None:
    nothing = [a_line(), a_line(quantity=-1)]

    assert faults(an_order(type=kind, lines=nothing)) == []
    assert faults(an_order(type=kind, lines=[{"text": "Free"}])) == []


@pytest.mark.parametrize(
    "stated",
    [{"net": 200}, {"vat": "50.00"}, {"gross": 250}, {"net": 200, "vat": 50, "gross": "250"}],
    ids=" ".join,
)
def test_a_total_that_is_right_is_no_fault(stated: dict[str, object]) -> None:
    assert faults(an_order(expectedTotal=stated)) == []


def test_each_total_that_is_not_right_is_told_with_both_numbers_and_the_roundings() -> None:
    lines = [a_line(quantity=2, unitPrice="348.11"), {"text": "x"}, a_line(quantity=2, unitPrice="348.11")]
    stated = {"net": "1392.44", "vat": "348.12", "gross": "1740.56"}

    assert faults(an_order(lines=lines, expectedTotal=stated)) == [
        Fault(
            "/expectedTotal/vat",
            "is 348.12 NOK, but the lines come to 348.11 NOK. The lines as they are rounded: "
            "/lines/0: 696.22 + 174.06 VAT = 870.28; /lines/2: 696.22 + 174.05 VAT = 870.27",
        ),
        Fault("/expectedTotal/gross", "is 1740.56 NOK, but the lines come to 1740.55 NOK"),
    ]


def test_a_rounding_by_line_is_what_some_shops_expect() -> None:
    lines = [a_line(quantity=2, unitPrice="348.11")] * 2

    assert faults(an_order(lines=lines, vatRounding="line", expectedTotal={"vat": "348.12"})) == []
    by_line = ArmCodes(user_id="TestUser", credit_note_type="CN", vat_rounding="line")
    assert faults(an_order(lines=lines, expectedTotal={"vat": "348.12"}), by_line) == []


def test_the_roundings_of_many_lines_are_cut_short() -> None:
    (fault,) = faults(an_order(lines=[a_line()] * 1000, expectedTotal={"net": 1}))

    assert fault.detail.endswith("/lines/9: 200.00 + 50.00 VAT = 250.00; and 990 more")
    assert len(fault.detail) < 1000


def test_an_expected_total_is_compared_although_something_else_is_wrong() -> None:
    told = faults(an_order(customerNo="", dueDate=None, colour="red", expectedTotal={"gross": 251}))

    assert {fault.pointer for fault in told} == {"/customerNo", "/dueDate", "/colour", "/expectedTotal/gross"}


@pytest.mark.parametrize(
    "unreadable", [{"lines": [a_line(), a_line(quantity="x")]}, {"currency": "KRO"}, {"pricesIncludeVat": 1}], ids=str
)
def test_nothing_is_said_of_a_total_that_cannot_be_known(unreadable: dict[str, object]) -> None:
    told = faults(an_order(expectedTotal={"gross": 1}, **unreadable))

    assert len(told) == 1


# Discounts.


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        pytest.param({"discountAmount": "200.01"}, "is larger than its line, which is 200.00", id="larger"),
        pytest.param({"discountAmount": -1}, "has another sign than its line, which is 200.00", id="negative"),
        pytest.param(
            {"quantity": -1, "discountAmount": 1}, "has another sign than its line, which is -200.00", id="positive"
        ),
        pytest.param({"unitPrice": 0, "discountAmount": 1}, "is larger than its line, which is 0.00", id="of nothing"),
    ],
)
def test_a_discount_is_not_larger_than_its_line_and_has_its_sign(changes: dict[str, object], detail: str) -> None:
    told = faults(an_order(lines=[a_line(quantity=9), a_line(**changes)]))

    assert [fault.pointer for fault in told] == ["/lines/1/discountAmount"]
    assert detail in told[0].detail


@pytest.mark.parametrize(
    "changes",
    [
        {"discountAmount": 200},
        {"quantity": 3, "unitPrice": "0.333", "discountAmount": "1.00"},
        {"unitPrice": "0.001", "discountAmount": "0.001"},
    ],
    ids=str,
)
def test_a_discount_may_be_all_of_its_line_as_it_is_rounded(changes: dict[str, object]) -> None:
    assert faults(with_line(**changes)) == []


# The field that names a credited invoice.


def a_credit(**changes: object) -> dict[str, Any]:
    return an_order(type="order.credited", credits={"invoiceNo": "1001"}, **changes)


def test_what_names_the_credited_invoice_is_not_passed_through_as_well() -> None:
    codes = replace(CODES, credited_invoice_key="creditedNo")
    (fault,) = faults(a_credit(armFields={"creditedno": "7"}), codes)

    assert fault.pointer == "/armFields/creditedno"
    assert faults(a_credit(armFields={"creditedno": "7"})) == []


@pytest.mark.parametrize(
    ("key", "pointer", "changes"),
    [
        ("purchaseOrderId", "/references/purchaseOrder", {"references": {"purchaseOrder": "x"}}),
        ("sellerReference", "/references/seller", {"references": {"seller": "x"}}),
        ("buyerReference", "/references/buyer", {"references": {"buyer": "x"}}),
        ("additionalReference", "/references/additional", {"references": {"additional": "x"}}),
        ("ledgerNote", "/ledgerNote", {"ledgerNote": "x"}),
    ],
)
def test_a_credit_note_may_not_need_a_field_of_arms_twice(key: str, pointer: str, changes: dict[str, Any]) -> None:
    codes = replace(CODES, credited_invoice_key=key)

    assert faults(a_credit(**changes), codes) == [
        Fault(pointer, f"ARM's {key} holds the number of the invoice that is credited")
    ]
    assert faults(a_credit(**changes) | {"credits": {"orderId": "B-1"}}, codes) == []
    assert faults(a_credit(), codes) == []


# The KID.


@pytest.mark.parametrize("kid", ["100030", "12", "500221850000200350786"])
def test_check_digits_of_a_kid_are_looked_at_where_the_deployer_wants_it(kid: str) -> None:
    strict = ArmCodes(user_id="TestUser", credit_note_type="CN", kid_check=True)

    assert faults(an_order(kid=kid)) == []
    (fault,) = faults(an_order(kid=kid), strict)
    assert fault.pointer == "/kid"
    assert "check digit" in fault.detail
    assert faults(an_order(kid="2345676"), strict) == []


# Fields that are passed through.


@pytest.mark.parametrize("name", OF_DOCUMENT.values())
def test_a_field_that_the_relay_writes_is_not_passed_through(name: str) -> None:
    for written in (name, name.upper()):
        (fault,) = faults(an_order(armFields={written: 1, "other": 2}))

        assert fault.pointer == f"/armFields/{written}"
        assert name in fault.detail


@pytest.mark.parametrize("name", OF_LINE.values())
def test_a_field_of_a_line_that_the_relay_writes_is_not_passed_through(name: str) -> None:
    lines = [a_line(armFields={"other": 1}), a_line(armFields={name: 1}), {"text": "x", "armFields": {name: 1}}]

    assert [fault.pointer for fault in faults(an_order(lines=lines))] == [
        f"/lines/1/armFields/{name}",
        f"/lines/2/armFields/{name}",
    ]


def test_a_name_with_signs_of_the_pointer_is_written_as_one() -> None:
    assert faults(an_order(armFields={"a/b": 1})) == []


# All faults at once.


def test_a_missing_due_date_hides_no_wrong_type_and_an_unknown_field_hides_nothing() -> None:
    content = an_order(type="order.credited", colour="red", paymentTermsDays=1, armFields={"kid": "1"}, kid="1")
    told = faults(content, ArmCodes(user_id="TestUser", credit_note_type="", kid_check=True))

    assert {fault.pointer for fault in told} == {"/type", "/colour", "/dueDate", "/armFields/kid", "/kid"}


# The client's largest totals.

LIMITED = Limits.of({"NOK": "250.00", "JPY": "30000"})


def test_an_order_may_come_to_the_clients_largest_total() -> None:
    assert faults(with_line(), limits=LIMITED) == []


@pytest.mark.parametrize("changes", [{}, {"type": "order.credited"}], ids=["an invoice", "a credit note"])
def test_an_order_beyond_the_clients_largest_total_is_told_both_sums(changes: dict[str, str]) -> None:
    detail = (
        "come to 250.01 NOK: one order of this client may come to 250.00 NOK at most. If the total is right, ask the"
        " people who operate the relay"
    )
    order = an_order(lines=[a_line(unitPrice="200.01", vatRate="25")], **changes)

    assert faults(order, limits=LIMITED) == [Fault("/lines", detail)]


def test_each_currency_has_a_limit_of_its_own() -> None:
    order = an_order(currency="JPY", lines=[a_line(unitPrice=30000, vatRate=0)])

    assert faults(order, limits=LIMITED) == []
    assert faults(order | {"currency": "NOK"}, limits=LIMITED) != []


@pytest.mark.parametrize(("currency", "state"), [("EUR", "is EUR"), (None, "is missing")])
def test_a_currency_without_a_limit_is_none_of_a_limited_clients(currency: str | None, state: str) -> None:
    detail = f"{state}: this relay accepts orders of this client in JPY or NOK only"

    assert faults(an_order(currency=currency), limits=LIMITED) == [Fault("/currency", detail)]
    assert faults(an_order(currency=currency)) == []


@pytest.mark.parametrize("currency", ["EUR", None])
def test_one_limit_may_stand_for_all_other_currencies(currency: str | None) -> None:
    small = Limits.of({"NOK": "1000000", "*": "249.99"})

    (fault,) = faults(an_order(currency=currency), limits=small)

    unit = f" {currency}" if currency else ""
    assert fault.detail.startswith(f"come to 250.00{unit}: one order of this client may come to 249.99{unit} at most")


def test_a_currency_that_cannot_be_read_is_not_taken_for_a_missing_one() -> None:
    assert [fault.pointer for fault in faults(an_order(currency="kroner"), limits=LIMITED)] == ["/currency"]
