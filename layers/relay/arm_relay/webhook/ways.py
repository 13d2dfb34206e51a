"""The two ways in which orders come to be billed: they are sent, or retried. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from arm_relay.orders.faults import Fault
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedOrder, ParsedRequest
from arm_relay.webhook.identity import Holder, New, Other, Same, identify, identify_retry
from arm_relay.webhook.receipts import Conflict, NotRetriable


@dataclass(frozen=True, slots=True)
class Way:
    """How orders come: they are sent, or retried."""

    #: Whether the relay has the orders already.
    is_known: bool
    identify: Callable[[Order, Holder | None, Holder | None], New | Same | Other]
    conflict: type[Conflict]

    def checked(self, request: ParsedRequest) -> ParsedRequest:
        """The request, and what is wrong with its orders on this way."""
        return ParsedRequest(tuple(order.also(list(self._faults_of(order))) for order in request.orders))

    def _faults_of(self, order: ParsedOrder) -> Iterator[Fault]:
        names_a_batch = isinstance(order.content, dict) and "failedBatchId" in order.content
        if self.is_known and not names_a_batch:
            yield Fault(f"{order.pointer}/failedBatchId", "is missing: name the batch in which the order failed")
        if names_a_batch and not self.is_known:
            yield Fault(f"{order.pointer}/failedBatchId", "is only for an order that is retried, by orders/retry")


SENDING: Final = Way(is_known=False, identify=identify, conflict=Conflict)
RETRYING: Final = Way(is_known=True, identify=identify_retry, conflict=NotRetriable)
