"""Whether a credit note may go to ARM, by the invoice that it credits as the relay has it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from arm_relay.arm.money import minor_unit_digits
from arm_relay.batches.batch import ENDS, Batch, BatchOrder, CreditedInvoice, Standing
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import INVOICED, ItemLine, Order


@dataclass(frozen=True, slots=True)
class Named:
    """An order that a credit note may mean, as the relay has it."""

    order: BatchOrder
    #: None: it belongs in the new batch of the same request.
    batch: Batch | None

    @property
    def was_not_created(self) -> bool:
        """Whether ARM has no document of it, and gets none."""
        return self.batch is not None and self.batch.gives_away(self.order)


def id_by_order(order_id: str) -> str:
    """The id of an invoice without a number and an id of its own, by the number of its order."""
    return f"{INVOICED}:{order_id}"


def credited(credit: Order, drafted: BatchOrder, named: Sequence[Named]) -> CreditedInvoice | Fault:
    """What a credit note credits, or why it cannot; the fault's pointer counts from the credit note.

    `named` are the orders that have the number or the orderId that it gives.
    """
    # What failed gives its number away: an invoice may have come again under another id, and a credit note that had the
    # number is nothing to credit.
    alive = [each for each in named if not each.was_not_created]
    failed = [each for each in named if each.was_not_created and each.order.type == INVOICED]
    if not alive and not failed:
        return CreditedInvoice(Standing.UNKNOWN)
    invoice, *others = alive or failed[:1]
    if others:
        ids = ", ".join(each.order.id for each in (invoice, *others))
        return Fault(_place(credit), f"names several invoices ({ids}): name one by its invoiceNo instead")
    if invoice.order.type != INVOICED:
        detail = "which is a credit note: name the invoice that is credited"
        return Fault(_place(credit), f"names order {invoice.order.id}, {detail}")
    if invoice.was_not_created:
        detail = (
            "was not created in ARM, so there is nothing to credit: send the invoice again, corrected, if it is due"
        )
        return Fault(_place(credit), f"names order {invoice.order.id}, which {detail}")
    if fault := _of_amounts(credit, drafted, invoice.order):
        return fault
    is_over = invoice.batch is not None and invoice.batch.state in ENDS
    standing = Standing.CREATED if is_over else Standing.AWAITED
    return CreditedInvoice(standing, invoice.batch.id if invoice.batch else None, invoice.order.id)


def faulty_here(credit: Order, pointer: str) -> Fault:
    """The credited invoice is an order of the same request that cannot be taken."""
    return Fault(_place(credit), f"names the order at {pointer}, which has errors of its own")


def _of_amounts(credit: Order, drafted: BatchOrder, invoice: BatchOrder) -> Fault | None:
    """Each line may have been rounded by a minor unit."""
    if drafted.currency != invoice.currency:
        stated = f"is {drafted.currency}" if drafted.currency else "is missing"
        of_invoice = f"is in {invoice.currency}" if invoice.currency else "states none"
        return Fault("/currency", f"{stated}, but the credited invoice {of_invoice}")
    if drafted.total is None or invoice.total is None:
        return None
    minor_unit = Decimal(1).scaleb(-minor_unit_digits(drafted.currency))
    slack = minor_unit * sum(isinstance(line, ItemLine) for line in credit.lines)
    if drafted.total.gross <= invoice.total.gross + slack:
        return None
    ours, theirs = drafted.total.gross, invoice.total.gross
    return Fault("/lines", f"add up to {ours:f}, which is more than the {theirs:f} of the invoice")


def _place(credit: Order) -> str:
    by_number = credit.credits is not None and credit.credits.invoice_no is not None
    return "/credits/invoiceNo" if by_number else "/credits/orderId"
