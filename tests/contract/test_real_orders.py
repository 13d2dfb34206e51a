"""Orders that went wrong once, from bug reports of other systems. On each, "today" is 1 March 2025."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.orders.parsing import ParsedRequest


def an_order(**changes: object) -> dict[str, Any]:
    """An order like that of most reports; None takes a field away."""
    order: dict[str, Any] = {
        "id": "t-1",
        "type": "order.invoiced",
        "customerNo": "1",
        "invoiceNo": "1",
        "invoiceDate": "2025-02-27",
        "paymentTermsDays": 14,
        "currency": "NOK",
        "lines": [a_line()],
    }
    return {name: value for name, value in (order | changes).items() if value is not None}


def a_line(**changes: object) -> dict[str, object]:
    return {"sku": "1", "name": "x", "quantity": 1, "unitPrice": 100, "vatRate": 25} | changes


def drafts(*, kid_check: bool = False) -> Drafts:
    return Drafts(ArmCodes("TestUser", "CN", kid_check=kid_check), lambda: date(2025, 3, 1))


def read(content: object, *, kid_check: bool = False) -> ParsedRequest:
    return drafts(kid_check=kid_check).read(json.dumps(content).encode())


def pointers(content: object, *, kid_check: bool = False) -> list[str]:
    return [fault.pointer for fault in read(content, kid_check=kid_check).faults]


def totals(content: object) -> tuple[str, ...]:
    request = read(content)
    assert request.faults == ()
    (only,) = request.valid
    made = drafts().total(only)
    return tuple(f"{amount:.2f}" for amount in (made.net, made.vat, made.gross))


def test_the_vat_of_ten_equal_lines_is_that_of_their_sum() -> None:
    # ConnectingEurope/eInvoicing-EN16931, issue 143.
    order = an_order(lines=[a_line(quantity=2, unitPrice="348.11")] * 10)

    assert totals(order) == ("6962.20", "1740.55", "8702.75")


def test_a_document_of_today_that_was_due_last_month_is_a_fault() -> None:
    # akaunting/akaunting, issue 2113.
    assert pointers(an_order(invoiceDate=None, paymentTermsDays=None, dueDate="2025-02-01")) == ["/dueDate"]


def test_a_small_gross_price_times_a_large_quantity_is_the_net_amount() -> None:
    # odoo/odoo, issue 255358.
    line = a_line(quantity="278362.5", unitPrice="0.0125", vatRate=12, unit="kWh")
    request = read(an_order(lines=[line], pricesIncludeVat=True))

    payload = json.loads(drafts().payload(request.valid), parse_float=Decimal)
    (sent,) = payload["documents"][0]["documentLines"]

    assert abs(sent["price"] * sent["quantity"] - sent["currencyAmounts"]["exclVat"]) <= Decimal("0.005")


def test_a_fixed_discount_is_exact_as_an_amount_and_a_fault_as_an_endless_percent() -> None:
    # OCA/sale-workflow, issue 3115.
    line = a_line(unitPrice="84000", vatRate=0)

    (fault,) = read(an_order(currency="EUR", lines=[line | {"discountPercent": "83.333333"}])).faults
    assert fault.pointer == "/lines/0/discountPercent"
    assert "discountAmount" in fault.detail
    assert totals(an_order(currency="EUR", lines=[line | {"discountAmount": 70000}])) == (
        "14000.00",
        "0.00",
        "14000.00",
    )


def test_payment_terms_of_14_point_0_days_are_14_days() -> None:
    # t-unit/tonik, issue 174.
    body = json.dumps(an_order()).replace('"paymentTermsDays": 14', '"paymentTermsDays": 14.0')

    assert drafts().read(body.encode()).faults == ()


def test_a_byte_order_mark_before_the_order_is_skipped() -> None:
    # n8n-io/n8n, issue 35933.
    assert drafts().read(b"\xef\xbb\xbf" + json.dumps(an_order()).encode()).faults == ()


def test_a_kid_without_a_check_digit_is_a_fault_where_it_is_checked() -> None:
    # bekkopen/NoCommons, issue 76.
    assert pointers(an_order(kid="100030"), kid_check=True) == ["/kid"]
    assert pointers(an_order(kid="100030")) == []


def test_two_partial_refunds_of_one_order_ask_for_ids_and_are_two_credit_notes() -> None:
    # mollie/magento2, issue 626.
    refund = an_order(type="order.credited", id=None, invoiceNo=None, orderId="SO-1001")

    assert pointers([refund, refund]) == ["/0/id", "/1/id"]
    two = read([refund | {"id": "refund-1"}, refund | {"invoiceNo": "K-2"}])
    assert [order.id for order in two.valid] == ["refund-1", "order.credited:K-2"]


def test_an_address_of_108_characters_is_an_address() -> None:
    # skeggse/isemail, issue 13.
    name = "reply+000c89caea14b0bf53caf17fd0c9c67fce378f51fd1af05492cf000000011292f3d892a169ce07601530"

    assert pointers(an_order(emails=[f"{name}@reply.example.com"])) == []


@pytest.mark.parametrize(
    ("lines", "changes", "expected"),
    [
        pytest.param(
            [a_line(unitPrice="100.50"), a_line(unitPrice="-100.50")], {}, ("0.00", "0.00", "0.00"), id="back again"
        ),
        pytest.param([a_line(unitPrice="97.62")], {}, ("97.62", "24.41", "122.03"), id="EHF"),
        pytest.param([a_line(unitPrice="19935.66", vatRate=15)], {}, ("19935.66", "2990.35", "22926.01"), id="NOK"),
        pytest.param(
            [a_line(quantity="2.25", unitPrice="64.22", discountPercent=100)], {}, ("0.00", "0.00", "0.00"), id="free"
        ),
        pytest.param(
            [a_line(quantity=10, unitPrice="3.80", discountPercent=20, vatRate=6)],
            {"pricesIncludeVat": True},
            ("28.68", "1.72", "30.40"),
            id="gross with a discount",
        ),
        pytest.param(
            [a_line(quantity=2000, unitPrice="9.99", discountPercent="33.333", vatRate=20)],
            {},
            ("13320.07", "2664.01", "15984.08"),
            id="a third off",
        ),
        pytest.param(
            [a_line(quantity="4.4556", unitPrice="10.625", vatRate=0)],
            {"currency": "USD"},
            ("47.34", "0.00", "47.34"),
            id="dollars",
        ),
        pytest.param(
            [a_line(quantity="4.4556", unitPrice="10.625", vatRate=0)],
            {"currency": "JPY"},
            ("47.00", "0.00", "47.00"),
            id="yen",
        ),
        pytest.param(
            [a_line(quantity="0.083", unitPrice=110, vatRate=0)], {}, ("9.13", "0.00", "9.13"), id="five minutes"
        ),
        pytest.param(
            [a_line(quantity=4, unitPrice=46)], {"pricesIncludeVat": True}, ("147.20", "36.80", "184.00"), id="gross"
        ),
        pytest.param([a_line(unitPrice="899.10", vatRate="11.11")], {}, ("899.10", "99.89", "998.99"), id="raw fish"),
        pytest.param(
            [a_line(unitPrice="9.08", quantity=1, vatRate=21)] * 4, {}, ("36.32", "7.63", "43.95"), id="by the sum"
        ),
    ],
)
def test_what_was_right_stays_right(
    lines: list[dict[str, object]], changes: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert totals(an_order(lines=lines, **changes)) == expected
