"""Drafts: the batches that ARM would get for the orders of a request, before anything is recorded or sent. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from arm_relay.arm.checks import faults_of
from arm_relay.arm.documents import to_json
from arm_relay.arm.limits import NO_LIMITS, Limits
from arm_relay.arm.mapping import ArmCodes, dates_of, document_type, to_batch, total
from arm_relay.batches.batch import Amounts, BatchOrder
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest, parse_orders


@dataclass(frozen=True, slots=True)
class Drafts:
    """Makes ARM's batches of requests."""

    codes: ArmCodes
    #: Today where the invoices are dated, for orders without an invoice date.
    today: Callable[[], date]

    def read(self, body: bytes, limits: Limits = NO_LIMITS) -> ParsedRequest:
        """The orders of a request body, valid or not. `limits` are those of the client.

        Raises:
            NotJson: the body is not JSON.
            InvalidOrders: it holds no order, or too many.
        """
        today = self.today()
        return parse_orders(body, lambda readable, pointer: faults_of(readable, pointer, self.codes, today, limits))

    def batch_order(self, order: Order, today: date | None = None) -> BatchOrder:
        """The order as a batch records it. `today` is the date of a document without an invoice date."""
        invoice_date, due_date = dates_of(order, today or self.today())
        return BatchOrder(
            id=order.id,
            order_id=order.order_id,
            customer_no=order.customer_no,
            document_no=order.invoice_no,
            digest=order.digest,
            document_type=document_type(order, self.codes),
            type=order.type,
            invoice_date=invoice_date,
            due_date=due_date,
            currency=order.currency,
            total=self.total(order),
            metadata=tuple((order.metadata or {}).items()),
            retry_of=order.failed_batch_id,
        )

    def total(self, order: Order) -> Amounts:
        """What the order's document comes to."""
        return total(order, self.codes)

    def payload(self, orders: Sequence[Order], today: date | None = None) -> bytes:
        """The body of POST documents/batches for these valid orders, `today` as in `batch_order`."""
        return to_json(to_batch(orders, self.codes, today or self.today()))
