"""What fields must not be together, and that no fault hides another."""

from typing import Any

import pytest
from arm_relay.orders.faults import Fault

from tests.support.builders import an_order
from tests.support.reading import a_line, faults, faults_in, faults_or_none, order, pointers, with_line

# The due date.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"dueDate": None}, Fault("/dueDate", "is missing: give either dueDate or paymentTermsDays"), id="neither"
        ),
        pytest.param(
            {"paymentTermsDays": 14}, Fault("/dueDate", "give either dueDate or paymentTermsDays, not both"), id="both"
        ),
        pytest.param({"dueDate": "2025-02-26"}, Fault("/dueDate", "is before invoiceDate"), id="before the invoice"),
        pytest.param(
            {"invoiceDate": "9999-12-31", "dueDate": None, "paymentTermsDays": 1},
            Fault("/paymentTermsDays", "gives a due date after the year 9999"),
            id="beyond the calendar",
        ),
    ],
)
def test_an_invoice_has_one_due_date_and_not_before_its_own(changes: dict[str, object], expected: Fault) -> None:
    assert [expected] == faults(an_order(**changes))


def test_a_credit_note_needs_no_due_date_but_may_not_have_two_or_an_early_one() -> None:
    credit = {"type": "order.credited"}

    assert order(an_order(**credit, dueDate=None)).due_date is None
    assert pointers(an_order(**credit, paymentTermsDays=14)) == ["/dueDate"]
    assert pointers(an_order(**credit, dueDate="2025-02-26")) == ["/dueDate"]


# What a credit note credits.


@pytest.mark.parametrize("credited", [{"invoiceNo": "1001"}, {"orderId": "B-1"}], ids=["by number", "by order"])
def test_a_credit_note_may_name_its_invoice(credited: dict[str, str]) -> None:
    assert order(an_order(type="order.credited", credits=credited)).credits


@pytest.mark.parametrize(
    ("changes", "pointer", "detail"),
    [
        pytest.param({"credits": {}}, "/credits", "give either invoiceNo or orderId", id="neither"),
        pytest.param(
            {"credits": {"invoiceNo": "1", "orderId": "2"}}, "/credits", "give either invoiceNo or orderId", id="both"
        ),
        pytest.param(
            {"credits": {"invoiceNo": "88776655"}}, "/credits/invoiceNo", "the credit note's own number", id="itself"
        ),
        pytest.param(
            {"credits": {"invoiceNo": "x1"}, "invoiceNo": "X1"},
            "/credits/invoiceNo",
            "the credit note's own number",
            id="itself, in other letters",
        ),
        pytest.param(
            {"credits": {"invoiceNo": "1"}, "type": "order.invoiced"},
            "/credits",
            "belongs to a credit note",
            id="of an invoice",
        ),
        pytest.param({"credits": "1001"}, "/credits", "should be an object", id="number alone"),
        pytest.param(
            {"credits": {"invoiceNo": "1\u200b"}}, "/credits/invoiceNo", "invisible character", id="invisible character"
        ),
        pytest.param(
            {"credits": {"documentNo": "1"}}, "/credits/documentNo", "no such field", id="number by another name"
        ),
    ],
)
def test_what_is_credited_is_one_invoice(changes: dict[str, object], pointer: str, detail: str) -> None:
    told = faults(an_order(**{"type": "order.credited"} | changes))

    assert told[0].pointer == pointer
    assert detail in told[0].detail


# Addresses of electronic invoices.


@pytest.mark.parametrize(
    ("scheme", "address", "detail"),
    [
        ("0192", "984842252", None),
        ("0192", "984842253", "a Norwegian organisation number"),
        ("0192", "984 842 252", "a Norwegian organisation number"),
        ("0088", "7300010000001", None),
        ("0088", "7300010000010", "a GLN"),
        ("", "test@armresttest.no", None),
        ("9999", "anything", None),
        (None, "984842253", None),
    ],
)
def test_an_electronic_address_is_checked_where_its_scheme_is_known(
    scheme: str | None, address: str, detail: str | None
) -> None:
    einvoice = {"address": address} | ({} if scheme is None else {"addressScheme": scheme})
    told = faults_or_none(an_order(delivery={"type": "M", "einvoiceAddress": einvoice}))

    assert [fault.pointer for fault in told] == (["/delivery/einvoiceAddress/address"] if detail else [])
    assert all(str(detail) in fault.detail for fault in told)


# Discounts and totals.


def test_a_line_has_one_discount() -> None:
    both = Fault("/lines/0/discountAmount", "give either discountPercent or discountAmount, not both")

    assert faults(with_line(discountPercent=10, discountAmount=5)) == [both]
    assert not faults_or_none(with_line(discountPercent=0, discountAmount=5))
    assert not faults_or_none(with_line(discountPercent=10, discountAmount=0))


def test_a_fixed_discount_is_no_percent_of_many_decimals() -> None:
    (fault,) = faults(with_line(discountPercent="83.333333"))

    assert fault == Fault(
        "/lines/0/discountPercent", "should have at most 4 decimals: for an exact amount give discountAmount"
    )


def test_an_expected_total_states_something() -> None:
    assert pointers(an_order(expectedTotal={})) == ["/expectedTotal"]
    assert pointers(an_order(expectedTotal={"total": 1})) == ["/expectedTotal/total", "/expectedTotal"]


# All faults at once.

#: Things wrong with one order, each at its own place. Any of them together must all be reported.
SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"type": "order.paid"}, "/type"),
    "due date": ({"dueDate": None}, "/dueDate"),
    "customer": ({"customerNo": None}, "/customerNo"),
    "unknown field": ({"colour": "red"}, "/colour"),
    "currency": ({"currency": "KRO"}, "/currency"),
    "credits": ({"credits": {}}, "/credits"),
    "expected total": ({"expectedTotal": {}}, "/expectedTotal"),
    "address": (
        {"delivery": {"type": "M", "einvoiceAddress": {"address": "1", "addressScheme": "0192"}}},
        "/delivery/einvoiceAddress/address",
    ),
    "kid": ({"kid": "x"}, "/kid"),
}
BAD_LINES = [
    a_line(discountPercent=10, discountAmount=5),
    a_line(quantity="x"),
    a_line(vatRate="0.25"),
    {"text": 1},
    a_line(colour="red"),
]
AT_LINES = ["/lines/0/discountAmount", "/lines/1/quantity", "/lines/2/vatRate", "/lines/3/text", "/lines/4/colour"]


def test_every_fault_of_an_order_is_told_at_once() -> None:
    changes = {field: value for spoiled, _ in SPOILED.values() for field, value in spoiled.items()}

    told = pointers(an_order(**changes, lines=BAD_LINES))

    assert sorted(told) == sorted([*(pointer for _, pointer in SPOILED.values()), *AT_LINES])


@pytest.mark.parametrize("one", SPOILED)
@pytest.mark.parametrize("other", SPOILED)
def test_no_fault_hides_another(one: str, other: str) -> None:
    (first, at_first), (second, at_second) = SPOILED[one], SPOILED[other]

    told = pointers(an_order(**first | second))

    assert set(told) == {at_first, at_second} | (set() if "credits" not in (one, other) else {"/credits"})


def test_a_line_that_cannot_be_read_hides_no_fault_of_another_line() -> None:
    lines = [a_line(quantity="x"), a_line(discountPercent=10, discountAmount=5)]

    assert pointers(an_order(lines=lines)) == ["/lines/0/quantity", "/lines/1/discountAmount"]


def test_lines_that_are_none_hide_nothing_else() -> None:
    assert pointers(an_order(lines="x", dueDate=None)) == ["/lines", "/dueDate"]
    assert pointers(an_order(lines=None, dueDate=None)) == ["/lines", "/dueDate"]


def test_a_repeated_key_hides_nothing_else() -> None:
    text = '{"id": "a", "type": "order.invoiced", "customerNo": "1", "customerNo": "2", "colour": 1, "lines": []}'

    assert {fault.pointer for fault in faults_in(text.encode())} == {"/customerNo", "/colour", "/lines", "/dueDate"}


# Words.


FORBIDDEN = ("python", "pydantic", "dict", "tuple", "list", "none", "null", "template", "valid integer", "input should")


@pytest.mark.parametrize("wrong", [[], {}, "", "x", 0, 1.5, True, {"a": 1}, [{}], ["x"], 10**30, "\ud800"], ids=repr)
def test_no_fault_speaks_of_the_program_or_the_template(wrong: object) -> None:
    fields = [*an_order(), "paymentTermsDays", "language", "kid", "emails", "message", "references", "delivery"]
    fields += ["attachmentCodes", "pricesIncludeVat", "credits", "vatRounding", "expectedTotal", "armFields"]
    of_lines = [*a_line(), "volume", "unit", "discountPercent", "discountAmount", "groups", "armFields"]
    told = faults_or_none(dict.fromkeys(fields, wrong) | {"lines": [dict.fromkeys(of_lines, wrong)]})
    told += faults_or_none(dict.fromkeys(fields, wrong))

    for fault in told:
        assert not [word for word in FORBIDDEN if word in fault.detail.casefold()], fault
