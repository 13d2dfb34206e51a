"""Whether a credit note that waits for its invoice goes to ARM now. Pure."""

from enum import Enum, auto

from arm_relay.batches.batch import ENDS, Batch, CreditedInvoice, OrderStatus


class Next(Enum):
    """What becomes of the credit note."""

    #: ARM has the invoice.
    SUBMIT = auto()
    #: ARM did not create the invoice.
    END = auto()
    #: The invoice is under way or held.
    WAIT = auto()


def next_of(invoice: CreditedInvoice, batch: Batch | None) -> Next:
    """What becomes of a credit note of this invoice, whose batch is this one as the table has it now."""
    if batch is None:
        # Its record has expired, long after its end: as an invoice that the relay does not know.
        return Next.SUBMIT
    if batch.state not in ENDS:
        return Next.WAIT
    return Next.SUBMIT if batch.order(invoice.id or "").status is OrderStatus.SUCCEEDED else Next.END
