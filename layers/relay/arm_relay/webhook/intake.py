"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once. Sent again with the same content, even in the same request, it is a replay and answered
with its batch. With different content it is a conflict, unless ARM refused it or it failed: then it is a correction
and belongs to a new batch. Replays are left out of the new batch. The sender decides whether valid orders go through
when others of the request are faulty or in conflict.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from arm_relay.arm.drafts import Drafts
from arm_relay.batches import steps
from arm_relay.batches.batch import CORRECTABLE, ENDS, Batch
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal, Metric
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest
from arm_relay.store.table import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission
from arm_relay.webhook.receipts import AlreadyRecorded, Conflict, Receipt, receipt_of

#: How often a claim is tried when other requests claim the same orders at the same moment.
CLAIM_ATTEMPTS: Final = 6


class OnInvalid(StrEnum):
    """What becomes of the other orders of a request when some are faulty or in conflict."""

    #: Nothing is sent.
    REJECT_ALL = "reject-all"
    #: They go through.
    ACCEPT_VALID = "accept-valid"


class Intake:
    """Accepts order events."""

    def __init__(
        self,
        *,
        store: Store,
        submission: Submission,
        journal: Journal,
        drafts: Drafts,
        pace: Pace,
        new_id: Callable[[], str],
        pause: Callable[[int], None],
    ) -> None:
        """`pause` waits before a claim is tried for the n-th time, counted from 0."""
        self._store = store
        self._submission = submission
        self._journal = journal
        self._drafts = drafts
        self._pace = pace
        self._new_id = new_id
        self._pause = pause

    def accept(self, client_no: str, body: bytes, on_invalid: OnInvalid = OnInvalid.REJECT_ALL) -> Receipt:
        """Accept the orders of one request. Once this returns, the relay is responsible for those it took.

        Raises:
            NotJson: the body is not JSON.
            InvalidOrders: an order is faulty; with `ACCEPT_VALID`, every order is.
            Conflict: an order is in progress with different content; with `ACCEPT_VALID`, every valid order is.
            RecordTooLarge: the request is too large to record.
            StoreUnavailable: it cannot be recorded now.
        """
        request = self._known(client_no, self._drafts.read(body))
        if on_invalid is OnInvalid.REJECT_ALL or not request.valid:
            request.reject_faults()
        claimed, payload, recorded = self._claim(client_no, request.valid, on_invalid)
        if not claimed and not recorded.replays:
            raise Conflict(recorded.conflicts, request.faults)
        if claimed:
            self._journal.moved(claimed)
            # Recorded before ARM is called, so that a crash from here on can lose nothing and repeat nothing.
            claimed = self._submission.run(claimed, payload)
        receipt = receipt_of(request, claimed, recorded, self._drafts.total)
        self._count(receipt)
        return receipt

    def _known(self, client_no: str, request: ParsedRequest) -> ParsedRequest:
        """The request without the faults that only a new order has, in orders that the relay already has.

        An order without an invoice date may be due today and be sent again tomorrow: it is the same order.
        """
        orders = request.fine_if_recorded
        return request.with_recorded(self._recorded(client_no, orders).replays.keys()) if orders else request

    def _claim(
        self, client_no: str, orders: Sequence[Order], on_invalid: OnInvalid
    ) -> tuple[Batch | None, bytes, AlreadyRecorded]:
        """The new batch and its payload; None and nothing where no order is new. The first try supposes that all are.

        Raises:
            Conflict: orders conflict, and the sender wants all rejected then.
        """
        recorded = AlreadyRecorded()
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            new = [order for order in orders if recorded.is_new(order)]
            if not new:
                return None, b"", recorded
            payload = self._drafts.payload(new)
            claimed = self._claimed(self._batch(client_no, new, payload), recorded)
            if claimed:
                return claimed, payload, recorded
            recorded = self._recorded(client_no, orders)
            if recorded.conflicts and on_invalid is OnInvalid.REJECT_ALL:
                raise Conflict(recorded.conflicts)
        raise Busy("other requests kept claiming the same orders first")

    def _claimed(self, batch: Batch, recorded: AlreadyRecorded) -> Batch | None:
        try:
            return self._store.claim(batch, recorded.replaced)
        except Busy:
            return None
        except StoreUnavailable:
            # The answer is lost, but perhaps not the claim: only the table knows.
            if claimed := self._store.batch(batch.id):
                return claimed
            raise

    def _batch(self, client_no: str, orders: Sequence[Order], payload: bytes) -> Batch:
        batch_orders = [self._drafts.batch_order(order) for order in orders]
        return steps.claimed(self._new_id(), client_no, batch_orders, payload, self._pace.now(), self._pace.times)

    def _recorded(self, client_no: str, orders: Sequence[Order]) -> AlreadyRecorded:
        markers = self._store.markers(client_no, [order.id for order in orders])
        found = self._store.batches([marker.batch_id for marker in markers.values()]) if markers else {}
        replays: dict[str, Batch] = {}
        replaced: dict[str, str] = {}
        conflicts = []
        for order in orders:
            marker = markers.get(order.id)
            # DynamoDB deletes expired items in any order: a marker without its batch has expired, too.
            batch = found.get(marker.batch_id) if marker else None
            if marker and batch and marker.digest == order.digest:
                replays[order.id] = batch
            elif marker and (batch is None or _is_correctable(batch, order.id)):
                replaced[order.id] = marker.batch_id
            elif marker:
                conflicts.append(order.id)
        return AlreadyRecorded(replays, replaced, tuple(conflicts))

    def _count(self, receipt: Receipt) -> None:
        replays = sum(line.replayed for line in receipt.taken)
        self._journal.count(Metric.ORDERS_REPLAYED, replays)
        self._journal.count(Metric.ORDERS_ACCEPTED, len(receipt.taken) - replays)
        self._journal.count(Metric.ORDERS_REJECTED, len(receipt.lines) - len(receipt.taken))


def _is_correctable(batch: Batch, order_id: str) -> bool:
    # Not in a held batch, even where the order failed: an operator may still resubmit the whole batch.
    return batch.state in ENDS and batch.order(order_id).status in CORRECTABLE
