import json
from datetime import date
from decimal import Decimal
from typing import Any

from arm_relay.arm.documents import to_json
from arm_relay.arm.mapping import ArmCodes, to_batch
from arm_relay.orders.parsing import parse_orders

from desk.page.invoices import Vat, invoice_of


def billed(net: str, vat: str, **changes: object) -> dict[str, Any]:
    amounts = {"exclVat": Decimal(net), "vat": Decimal(vat), "inclVat": Decimal(net) + Decimal(vat)}
    return {"lineType": "PLH", "quantity": 1, "price": Decimal(net), "currencyAmounts": amounts, **changes}


def a_document(*lines: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"documentType": "IN", "customerNo": "1", "currency": "NOK", "documentLines": list(lines), **changes}


def test_vat_is_summed_up_for_each_rate_the_highest_first() -> None:
    invoice = invoice_of(a_document(billed("100", "15"), billed("200", "50"), billed("300", "45"), billed("7", "0")))

    assert invoice.vat == (
        Vat(Decimal(25), Decimal(200), Decimal(50)),
        Vat(Decimal(15), Decimal(400), Decimal(60)),
        Vat(Decimal(0), Decimal(7), Decimal(0)),
    )


def test_a_small_line_follows_the_rate_of_a_larger_one() -> None:
    invoice = invoice_of(a_document(billed("0.03", "0.00"), billed("1000", "150"), billed("0.10", "0.02")))

    assert [line.rate for line in invoice.lines] == [15, 15, 15]


def test_a_credit_has_the_rates_of_its_invoice() -> None:
    assert [line.rate for line in invoice_of(a_document(billed("-200", "-50"))).lines] == [25]


def test_an_unusual_rate_is_computed() -> None:
    assert [line.rate for line in invoice_of(a_document(billed("1000", "115.5"))).lines] == [Decimal("11.6")]


def test_a_line_of_text_has_no_amounts() -> None:
    (line,) = invoice_of(a_document({"lineType": "TXT", "lineText": "Thank you", "currencyAmounts": None})).lines

    assert (line.text, line.rate, line.net, line.quantity) == ("Thank you", None, None, None)


def test_blank_fields_are_left_out_and_totals_may_be_arms() -> None:
    invoice = invoice_of(a_document(documentNo=None, salesOrderId="B-1", purchaseOrderId="", currency=None))

    assert invoice.head == (("customerNo", "1"), ("salesOrderId", "B-1"))
    assert (invoice.net, invoice.vat_total, invoice.gross) == (None, None, None)


def test_what_the_relay_sends_can_be_shown() -> None:
    order = {
        "type": "order.invoiced", "orderId": "B-1", "customerNo": "1", "invoiceDate": "2025-02-27",
        "dueDate": "2025-03-11", "currency": "NOK",
        "lines": [
            {"sku": "1", "name": "Lamp", "quantity": 3, "unitPrice": 33.33, "vatRate": 25},
            {"sku": "2", "name": "Tea", "quantity": 1, "unitPrice": 0.95, "vatRate": 15},
            {"text": "Thank you"},
        ],
    }  # fmt: skip
    orders = parse_orders(json.dumps(order).encode())
    batch = to_batch(orders.valid, ArmCodes(user_id="", credit_note_type=""), today=date(2025, 2, 27))
    (document,) = json.loads(to_json(batch), parse_float=Decimal)["documents"]

    invoice = invoice_of(document)

    assert [line.rate for line in invoice.lines] == [25, 15, None]
    assert invoice.net is not None
    assert invoice.net + (invoice.vat_total or 0) == invoice.gross
    assert sum(vat.vat for vat in invoice.vat) == invoice.vat_total
