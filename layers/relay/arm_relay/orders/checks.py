"""What is wrong between the fields of an order, be the order otherwise valid or not. Pure.

Each check looks only at fields that can be read, so a fault in one field hides nothing about the others and makes up
nothing either.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from arm_relay.comparison import same_value
from arm_relay.orders.check_digits import is_gln, is_organisation_number
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import CREDITED, INVOICED, ItemLine, Order


@dataclass(frozen=True, slots=True)
class Readable:
    """As much of an order as can be read: all of it where it is valid."""

    #: Optional fields that cannot be read are absent, required ones and lines hold something else in their place.
    order: Order
    #: The names of the fields that cannot be read, as senders write them.
    unreadable: frozenset[str] = frozenset()

    def has(self, *fields: str) -> bool:
        """Whether each of these fields was read, or was absent where it may be."""
        return self.unreadable.isdisjoint(fields)


#: Electronic addresses that can be checked, by the code of their scheme, with what they should be.
ADDRESS_SCHEMES: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "0192": (is_organisation_number, "a Norwegian organisation number: nine digits with a right check digit"),
    "0088": (is_gln, "a GLN: thirteen digits with a right check digit"),
}


def faults_between_fields(readable: Readable) -> Iterator[Fault]:
    """Every fault, its pointer counted from the order."""
    yield from _of_due_date(readable)
    yield from _of_credits(readable)
    yield from _of_address(readable)
    yield from _of_discounts(readable)
    stated = readable.order.expected_total
    if stated and stated.net is None and stated.vat is None and stated.gross is None:
        yield Fault("/expectedTotal", "should state net, vat or gross, or more than one of them")


def _of_due_date(readable: Readable) -> Iterator[Fault]:
    order = readable.order
    terms, due = order.payment_terms_days, order.due_date
    if readable.has("dueDate", "paymentTermsDays"):
        if due is not None and terms is not None:
            yield Fault("/dueDate", "give either dueDate or paymentTermsDays, not both")
        is_credit = order.type == CREDITED and readable.has("type")
        if due is None and terms is None and not is_credit:
            yield Fault("/dueDate", "is missing: give either dueDate or paymentTermsDays")
    if due and order.invoice_date and due < order.invoice_date:
        yield Fault("/dueDate", "is before invoiceDate")
    if terms and order.invoice_date and date.max - order.invoice_date < timedelta(days=terms):
        yield Fault("/paymentTermsDays", "gives a due date after the year 9999")


def _of_credits(readable: Readable) -> Iterator[Fault]:
    order = readable.order
    if order.credits is None:
        return
    if order.type == INVOICED and readable.has("type"):
        yield Fault("/credits", "belongs to a credit note: the type of this order is order.invoiced")
    number = order.credits.invoice_no
    if (number is None) == (order.credits.order_id is None):
        yield Fault("/credits", "give either invoiceNo or orderId of the invoice that is credited")
    if number is not None and order.invoice_no is not None and same_value(number, order.invoice_no):
        yield Fault("/credits/invoiceNo", "is the credit note's own number: give the number of the invoice")


def _of_address(readable: Readable) -> Iterator[Fault]:
    address = readable.order.delivery.einvoice_address if readable.order.delivery else None
    if address and address.address_scheme in ADDRESS_SCHEMES:
        can_be_one, what = ADDRESS_SCHEMES[address.address_scheme]
        if not can_be_one(address.address):
            yield Fault("/delivery/einvoiceAddress/address", f"should be {what} (scheme {address.address_scheme})")


def _of_discounts(readable: Readable) -> Iterator[Fault]:
    for index, line in enumerate(readable.order.lines):
        if isinstance(line, ItemLine) and line.discount_percent and line.discount_amount:
            yield Fault(f"/lines/{index}/discountAmount", "give either discountPercent or discountAmount, not both")
