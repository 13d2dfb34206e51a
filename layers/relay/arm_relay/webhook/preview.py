"""Use case: what the orders of a request would become. Nothing is recorded or sent; ARM is asked for the customers."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from arm_relay.api.responses import LARGEST_ANSWER
from arm_relay.arm.documents import to_text
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.limits import Limits
from arm_relay.batches import summary
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest
from arm_relay.webhook.customers import Customers, Known
from arm_relay.webhook.lookup import Lookup
from arm_relay.webhook.taking import Taking
from arm_relay.webhook.ways import SENDING


class PreviewTooLarge(Exception):
    """The preview is larger than an answer may be. Preview fewer orders at once."""


class Preview:
    """Shows the batch that ARM would get."""

    def __init__(
        self, *, drafts: Drafts, limits: Callable[[str], Limits], lookup: Lookup, customers: Customers
    ) -> None:
        """`limits` gives those of a client."""
        self._drafts = drafts
        self._limits = limits
        self._lookup = lookup
        self._customers = customers

    def show(self, client_no: str, body: bytes) -> str:
        """JSON: the body of POST documents/batches, byte for byte, and what is known of each order.

        Totals are in major currency units. A document without a currency is sent without totals; they are shown anyway.

        Raises:
            NotJson, InvalidOrders: the request is not valid.
            PreviewTooLarge: the answer would not fit into Lambda's limit.
            StoreUnavailable: the invoice of a credit note cannot be looked up now.
            SecretUnavailable: the client's limits cannot be read.
        """
        request = SENDING.checked(self._drafts.read(body, self._limits(client_no)))
        request.reject_faults()
        taking = self._judged(client_no, request)
        taking.request.reject_faults()
        known = self._customers.ask(client_no, [order.customer_no for order in request.valid])
        shown = to_preview(self._drafts, taking, known)
        if _size_in_lambdas_answer(shown) > LARGEST_ANSWER:
            raise PreviewTooLarge(PreviewTooLarge.__doc__)
        return shown

    def _judged(self, client_no: str, request: ParsedRequest) -> Taking:
        """With the invoice that each credit note credits. The table is read for credit notes alone."""
        taking = Taking(request)
        if not taking.credit_notes:
            return taking
        return taking.with_recorded(self._lookup.recorded(client_no, request.valid)).judged(self._drafts.batch_order)


def to_preview(drafts: Drafts, taking: Taking, known: Mapping[str, Known]) -> str:
    """The answer, given what ARM says of each customer."""
    valid = taking.request.valid
    orders = to_text([_order(order, drafts, taking, known[order.customer_no]) for order in valid])
    return f'{{"batch":{drafts.payload([taking.sent(order) for order in valid]).decode()},"orders":{orders}}}'


def _order(order: Order, drafts: Drafts, taking: Taking, customer: Known) -> dict[str, Any]:
    total = drafts.total(order)
    invoice = taking.credited.get(order.id)
    return {
        "id": order.id,
        "customerNo": order.customer_no,
        "customer": customer.value,
        "currency": order.currency,
        "total": {"net": total.net, "vat": total.vat, "gross": total.gross},
        **({"creditedInvoice": summary.of_credited(invoice)} if invoice else {}),
    }


def _size_in_lambdas_answer(body: str) -> int:
    """A function's answer is JSON that holds the body as a string: quotes and other characters are escaped in it."""
    return len(json.dumps(body))
