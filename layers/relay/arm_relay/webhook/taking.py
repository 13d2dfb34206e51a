"""How far a request has come into the table, and which of its orders belong in which new batch. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from arm_relay.batches.batch import Batch, BatchOrder, CreditedInvoice, Standing
from arm_relay.comparison import same_value
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import INVOICED, Credits, Order
from arm_relay.orders.parsing import ParsedOrder, ParsedRequest
from arm_relay.webhook.crediting import Named, credited, faulty_here
from arm_relay.webhook.identity import New, Same
from arm_relay.webhook.receipts import AlreadyRecorded
from arm_relay.webhook.ways import SENDING, Way


@dataclass(frozen=True, slots=True)
class Taking:
    """A request while its orders are claimed."""

    #: A credit note whose invoice rules it out has a fault here.
    request: ParsedRequest
    way: Way = SENDING
    #: What the table held of its orders, when it was read last.
    recorded: AlreadyRecorded = field(default_factory=AlreadyRecorded)
    #: The new batch of each order that is claimed, by the order's id.
    claimed: Mapping[str, Batch] = field(default_factory=dict)
    #: What each of its new credit notes credits, by the credit note's id.
    credited: Mapping[str, CreditedInvoice] = field(default_factory=dict)
    #: The number of that invoice where the relay knows it, by the credit note's id.
    credited_no: Mapping[str, str] = field(default_factory=dict)

    @property
    def new(self) -> list[Order]:
        """The orders that are still to be claimed."""
        return [
            order
            for order in self.request.valid
            if isinstance(self.recorded.of(order), New) and order.id not in self.claimed
        ]

    @property
    def ready(self) -> list[Order]:
        """Those of them that can go to ARM now, together. The invoices that the others credit are under way."""
        return [order for order in self.new if not self._waits(order)]

    @property
    def to_wait(self) -> list[Order]:
        """Those of them whose invoice, if they wait for one, is claimed already, so that it is known where it is."""
        return [order for order in self.new if not self._waits(order) or self.credited[order.id].batch_id]

    @property
    def credit_notes(self) -> list[Order]:
        """The new orders that name an invoice."""
        return [order for order in self.new if order.credits]

    def sent(self, order: Order) -> Order:
        """The order as it is sent: a credit note that names only its invoice's order names the invoice's number too."""
        number = self.credited_no.get(order.id)
        if order.credits is None or order.credits.invoice_no or number is None:
            return order
        return order.model_copy(update={"credits": order.credits.model_copy(update={"invoice_no": number})})

    def with_claimed(self, batch: Batch) -> Self:
        """The same after a batch of some of its orders was claimed, or after that went on."""
        return replace(self, claimed={**self.claimed, **{order.id: batch for order in batch.orders}})

    def with_recorded(self, recorded: AlreadyRecorded) -> Self:
        """The same after the table was read again."""
        identities = {name: found for name, found in recorded.identities.items() if name not in self.claimed}
        return replace(self, recorded=replace(recorded, identities=identities))

    def judged(self, drafted: Callable[[Order], BatchOrder]) -> Self:
        """The same with what each new credit note credits, by what is known now."""
        if not (credit_notes := self.credit_notes):
            return self
        faults: dict[str, Fault] = {}
        invoices, numbers = dict(self.credited), dict(self.credited_no)
        for credit in credit_notes:
            named = self._named(credit, drafted)
            if isinstance(named, Fault):
                faults[credit.id] = named
                continue
            invoice = credited(credit, drafted(credit), list(named.values()))
            if isinstance(invoice, Fault):
                faults[credit.id] = invoice
                continue
            invoices[credit.id] = invoice
            if invoice.id and (number := _number_of(named[invoice.id].order)):
                numbers[credit.id] = number
        request = self.request.with_faults(faults)
        return replace(self, request=request, credited=invoices, credited_no=numbers)

    def _waits(self, order: Order) -> bool:
        invoice = self.credited.get(order.id)
        return invoice is not None and invoice.standing is Standing.AWAITED

    def _named(self, credit: Order, drafted: Callable[[Order], BatchOrder]) -> dict[str, Named] | Fault:
        """The orders that a credit note may mean, by their ids."""
        here = [parsed for parsed in self.request.orders if credit.credits and _is_named(parsed, credit.credits)]
        for parsed in here:
            if parsed.faults or parsed.order is None:
                return faulty_here(credit, parsed.pointer)
        own = filter(None, (self._own(parsed.order, drafted) for parsed in here if parsed.order))
        return {each.order.id: each for each in (*self.recorded.named.get(credit.id, ()), *own)}

    def _own(self, order: Order, drafted: Callable[[Order], BatchOrder]) -> Named | None:
        """An order of the request itself as the relay has it; None where another order has its id or its number."""
        identity = self.recorded.of(order)
        if batch := self.claimed.get(order.id):
            return Named(batch.order(order.id), batch)
        if isinstance(identity, Same):
            return Named(identity.batch.order(identity.order_id), identity.batch)
        return Named(drafted(order), None) if isinstance(identity, New) else None


def _number_of(invoice: BatchOrder) -> str | None:
    return invoice.document_no or invoice.arm_no


def _is_named(parsed: ParsedOrder, credits_: Credits) -> bool:
    """Whether an order of the request has the number that a credit note gives, or is an invoice with its orderId."""
    content = parsed.content if isinstance(parsed.content, dict) else {}
    if credits_.invoice_no:
        return _has(content, "invoiceNo", credits_.invoice_no)
    return content.get("type") == INVOICED and _has(content, "orderId", credits_.order_id or "")


def _has(content: Mapping[str, object], name: str, value: str) -> bool:
    return isinstance(content.get(name), str) and same_value(content[name], value)
