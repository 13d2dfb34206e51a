import json
from datetime import date

from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes

from tests.support.builders import an_order

TODAY = date(2025, 2, 27)
DRAFTS = Drafts(ArmCodes(user_id="arm-relay", credit_note_type="CN"), lambda: TODAY)


def test_an_order_is_recorded_with_what_its_reader_books() -> None:
    (order,) = DRAFTS.read(json.dumps(an_order(metadata={"shop": "oslo-2"})).encode()).valid

    recorded = DRAFTS.batch_order(order)

    assert (recorded.type, recorded.currency, recorded.metadata) == ("order.invoiced", "NOK", (("shop", "oslo-2"),))
    assert recorded.total
    assert [str(amount) for amount in (recorded.total.net, recorded.total.vat, recorded.total.gross)] == [
        "200.00",
        "50.00",
        "250.00",
    ]


def test_a_document_and_its_record_have_the_same_dates_although_midnight_is_between_them() -> None:
    days = iter([date(2025, 2, 27), date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 2)])
    drafts = Drafts(DRAFTS.codes, lambda: next(days))
    event = an_order(invoiceDate=None, dueDate=None, paymentTermsDays=14)
    (order,) = drafts.read(json.dumps(event).encode()).valid
    today = drafts.today()

    recorded = drafts.batch_order(order, today)
    (document,) = json.loads(drafts.payload([order], today))["documents"]

    assert (recorded.invoice_date, recorded.due_date) == (date(2025, 2, 28), date(2025, 3, 14))
    assert (document["documentDate"], document["dueDate"]) == ("2025-02-28", "2025-03-14")
