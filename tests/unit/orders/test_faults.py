import pytest
from arm_relay.orders.faults import Fault

from tests.support.builders import an_order
from tests.support.reading import faults, with_line


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
