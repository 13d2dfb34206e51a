"""Whether an order is new. An order id is one billing document, and so is an invoice number. Pure.

The same content under a known id, or under a known number, is the same order. Other content is a conflict, unless what
has the id or the number was refused by ARM or failed: then the order takes its place.
"""

from dataclasses import dataclass

from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.orders.order import Order
from arm_relay.store.records import Marker


@dataclass(frozen=True, slots=True)
class Holder:
    """What has an order id or an invoice number."""

    marker: Marker
    #: Its batch. DynamoDB deletes expired items in any order: where the batch is gone, the marker has expired, too.
    batch: Batch | None

    @property
    def gives_way(self) -> bool:
        """Whether another order may take its place."""
        return self.batch is None or self.batch.gives_away(self.batch.order(self.marker.order_id))

    @property
    def recorded(self) -> BatchOrder | None:
        """What is recorded of the order that has it."""
        return self.batch.order(self.marker.order_id) if self.batch else None

    def same(self, order: Order) -> "Same | None":
        """Where it is, if it is the same order."""
        if self.batch and self.marker.digest == order.digest:
            return Same(self.batch, self.marker.order_id)
        return None


@dataclass(frozen=True, slots=True)
class New:
    """The order belongs in a new batch. What has its id and its number now, and gives way, is in these batches."""

    id_from: str | None = None
    number_from: str | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """The relay has the order already, in this batch under this id."""

    batch: Batch
    order_id: str


@dataclass(frozen=True, slots=True)
class Other:
    """The id, or else the number, belongs to an order with different content; or the order cannot be retried."""

    #: The id of the order that has the number; None where it is not the number that is taken.
    number_of: str | None = None
    #: What is recorded of that order; None where the record has expired.
    recorded: BatchOrder | None = None
    #: Why it cannot be retried; None where it is not about a retry.
    why_no_retry: str | None = None


def identify(order: Order, by_id: Holder | None, by_number: Holder | None) -> New | Same | Other:
    """What an order is, given what has its id and what has its invoice number."""
    if by_id and (same := by_id.same(order)):
        return same
    if by_id and not by_id.gives_way:
        return Other(recorded=by_id.recorded)
    if by_number and (same := by_number.same(order)):
        return same
    if by_number and not by_number.gives_way:
        return Other(by_number.marker.order_id, by_number.recorded)
    return New(by_id.marker.batch_id if by_id else None, by_number.marker.batch_id if by_number else None)


def identify_retry(order: Order, by_id: Holder | None, by_number: Holder | None) -> New | Same | Other:
    """What an order is that its sender retries, given what has its id and what has its invoice number.

    It is new where it failed in the batch that the sender names, has not been sent since, and still is the same. Where
    it has been retried from that batch already, it is the same retry again.
    """
    if by_id is None and by_number and (same := by_number.same(order)):
        return Other(why_no_retry=f"the relay has the order under the id {same.order_id}: retry it under that id")
    if by_id is None or by_id.batch is None:
        return Other(why_no_retry="the relay does not have the order any more: send it as a new one")
    if _is_retried(order, by_id, by_id.batch):
        return Same(by_id.batch, by_id.marker.order_id)
    if why := _why_no_retry(order, by_id, by_id.batch):
        return Other(why_no_retry=why)
    if by_number and by_number.marker.batch_id != by_id.batch.id and not by_number.gives_way:
        return Other(by_number.marker.order_id)
    return New(by_id.batch.id, by_number.marker.batch_id if by_number else None)


def _is_retried(order: Order, by_id: Holder, batch: Batch) -> bool:
    recorded = batch.order(by_id.marker.order_id)
    return by_id.marker.digest == order.digest and recorded.retry_of == order.failed_batch_id


def _why_no_retry(order: Order, by_id: Holder, batch: Batch) -> str | None:
    status = batch.order(by_id.marker.order_id).status
    if by_id.marker.digest != order.digest:
        return "the order has different content: send it as a correction, without a failedBatchId"
    if batch.id != order.failed_batch_id:
        return f"the order's last batch is {batch.id}, where it is {status}"
    if not by_id.gives_way:
        return f"the order is {status}, and the batch is {batch.state}"
    return None
