"""Use case: what the orders of a request would become. Nothing is recorded or sent."""

import json
from collections.abc import Callable
from typing import Final

from arm_relay.arm.documents import to_text
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.limits import Limits
from arm_relay.arm.mapping import currency_amounts
from arm_relay.orders.order import Order

#: The largest answer that Lambda returns for a function, in bytes, less some room for what surrounds the body.
LARGEST_ANSWER: Final = 6_000_000


class PreviewTooLarge(Exception):
    """The preview is larger than an answer may be. Preview fewer orders at once."""


class Preview:
    """Shows the batch that ARM would get."""

    def __init__(self, drafts: Drafts, check_client: Callable[[str], object], limits: Callable[[str], Limits]) -> None:
        """`check_client` raises `UnknownClient` for a client that nobody could sign for; `limits` gives a client's."""
        self._drafts = drafts
        self._check_client = check_client
        self._limits = limits

    def show(self, client_no: str, body: bytes) -> str:
        """JSON: the body of POST documents/batches, byte for byte, and the totals of each order's document.

        Totals are in major currency units. A document without a currency is sent without totals; they are shown anyway.

        Raises:
            UnknownClient: there is no such client.
            NotJson, InvalidOrders: the request is not valid.
            PreviewTooLarge: the answer would not fit into Lambda's limit.
        """
        self._check_client(client_no)
        request = self._drafts.read(body, self._limits(client_no))
        request.reject_faults()
        totals = to_text([self._totals(order) for order in request.valid])
        shown = f'{{"batch":{self._drafts.payload(request.valid).decode()},"totals":{totals}}}'
        if _size_in_lambdas_answer(shown) > LARGEST_ANSWER:
            raise PreviewTooLarge(PreviewTooLarge.__doc__)
        return shown

    def _totals(self, order: Order) -> dict[str, object]:
        return {"id": order.id, "currency": order.currency, **currency_amounts(self._drafts.total(order))}


def _size_in_lambdas_answer(body: str) -> int:
    """A function's answer is JSON that holds the body as a string: quotes and other characters are escaped in it."""
    return len(json.dumps(body))
