"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once. Sent again with the same content, in the same request even, it is a replay, answered with
the batch it belongs to; with other content it is a conflict, unless ARM refused or failed it: then it is a correction
and belongs to a new batch. Replays are left out of the new batch and the rest goes through. Whether it goes through
beside faulty and conflicting orders, too, the sender says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from arm_relay import batches, records
from arm_relay.arm.documents import to_json
from arm_relay.batches import CORRECTABLE, ENDS, Batch, BatchOrder, Times
from arm_relay.mapping import Mapping as OrderMapping
from arm_relay.mapping import faults_of, to_batch
from arm_relay.observability import Journal, Metric
from arm_relay.orders import Order
from arm_relay.parsing import Orders, parse_orders
from arm_relay.receipts import Conflict, Receipt, Standing, receipt_of
from arm_relay.store import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission

#: How often a claim is tried when others claim the same orders at the same moment.
CLAIM_ATTEMPTS: Final = 6


class OnInvalid(StrEnum):
    """What becomes of the other orders of a request when some are faulty or conflicting."""

    #: Nothing is sent.
    REJECT_ALL = "reject-all"
    #: They go through.
    ACCEPT_VALID = "accept-valid"


class TooLarge(Exception):
    """The request would not fit into the table."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would become."""

    #: The body of POST documents/batches, byte for byte.
    payload: bytes
    orders: tuple[Order, ...]


class Intake:
    """Takes order events."""

    def __init__(
        self,
        *,
        store: Store,
        submission: Submission,
        journal: Journal,
        mapping: OrderMapping,
        times: Times,
        time_zone: ZoneInfo,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        pause: Callable[[int], None],
    ) -> None:
        """`pause` waits before the n-th repetition of a claim."""
        self._store = store
        self._submission = submission
        self._journal = journal
        self._mapping = mapping
        self._times = times
        self._time_zone = time_zone
        self._now = now
        self._new_id = new_id
        self._pause = pause

    def accept(self, client_no: str, body: bytes, on_invalid: OnInvalid = OnInvalid.REJECT_ALL) -> Receipt:
        """Take the orders of one request. Once this returns, those taken are the relay's.

        Raises:
            NotJson: the body is not JSON.
            InvalidOrders: an order, or each of them where the valid ones are accepted, is faulty.
            Conflict: an order, or each valid one where these are accepted, is under way with other content.
            TooLarge: the request is too large to be recorded.
            StoreUnavailable: it cannot be recorded now.
        """
        orders = self._read(body)
        if on_invalid is OnInvalid.REJECT_ALL or not orders.valid:
            orders.reject_faults()
        claimed, standing = self._claim(client_no, orders.valid, on_invalid)
        if not claimed and not standing.replays:
            raise Conflict(standing.conflicts, orders.faults)
        if claimed:
            self._journal.moved(claimed)
            # Recorded before ARM is called, so that a crash from here on can lose nothing and repeat nothing.
            claimed = self._submission.run(claimed)
        receipt = receipt_of(orders, claimed, standing)
        self._count(receipt)
        return receipt

    def preview(self, body: bytes) -> Preview:
        """What the request would become; nothing is recorded or sent.

        Raises:
            NotJson, InvalidOrders: the request is not valid.
        """
        orders = self._read(body)
        orders.reject_faults()
        return Preview(self._payload(orders.valid), orders.valid)

    def _read(self, body: bytes) -> Orders:
        return parse_orders(body, partial(faults_of, mapping=self._mapping))

    def _payload(self, orders: Sequence[Order]) -> bytes:
        return to_json(to_batch(orders, self._mapping, self._today()))

    def _claim(self, client_no: str, orders: Sequence[Order], on_invalid: OnInvalid) -> tuple[Batch | None, Standing]:
        """The new batch, None where no order is new; at first every order is taken for new.

        Raises:
            Conflict: orders conflict, and all are to be rejected for it.
        """
        standing = Standing()
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            new = [order for order in orders if standing.is_new(order)]
            if not new:
                return None, standing
            batch = self._batch(client_no, new)
            if self._is_claimed(batch, standing):
                return batch, standing
            standing = self._standing(client_no, orders)
            if standing.conflicts and on_invalid is OnInvalid.REJECT_ALL:
                raise Conflict(standing.conflicts)
        raise Busy("other requests with the same orders kept coming first")

    def _is_claimed(self, batch: Batch, standing: Standing) -> bool:
        try:
            return self._store.claim(batch, standing.replaced)
        except Busy:
            return False
        except StoreUnavailable:
            # The answer is lost, the claim perhaps not: only what the table holds can tell.
            if self._store.batch(batch.id):
                return True
            raise

    def _batch(self, client_no: str, orders: Sequence[Order]) -> Batch:
        batch_orders = [
            BatchOrder(
                id=order.id,
                order_id=order.order_id,
                customer_no=order.customer_no,
                document_no=order.invoice_no,
                digest=order.digest,
            )
            for order in orders
        ]
        payload = self._payload(orders)
        batch = batches.claimed(self._new_id(), client_no, batch_orders, payload, self._now(), self._times)
        if records.size(records.to_item(batch)) > records.LARGEST_CLAIM:
            raise TooLarge("even compressed, the orders are too large to be recorded: send fewer at once")
        return batch

    def _standing(self, client_no: str, orders: Sequence[Order]) -> Standing:
        markers = self._store.markers(client_no, [order.id for order in orders])
        found = self._store.batches([marker.batch_id for marker in markers.values()]) if markers else {}
        replays: dict[str, Batch] = {}
        replaced: dict[str, str] = {}
        conflicts = []
        for order in orders:
            marker = markers.get(order.id)
            # DynamoDB deletes expired items in no particular order: a marker without its batch has expired, too.
            batch = found.get(marker.batch_id) if marker else None
            if marker and batch and marker.digest == order.digest:
                replays[order.id] = batch
            elif marker and (batch is None or _is_correctable(batch, order.id)):
                replaced[order.id] = marker.batch_id
            elif marker:
                conflicts.append(order.id)
        return Standing(replays, replaced, tuple(conflicts))

    def _count(self, receipt: Receipt) -> None:
        replays = sum(line.replayed for line in receipt.taken)
        self._journal.count(Metric.ORDERS_REPLAYED, replays)
        self._journal.count(Metric.ORDERS_ACCEPTED, len(receipt.taken) - replays)
        self._journal.count(Metric.ORDERS_REJECTED, len(receipt.lines) - len(receipt.taken))

    def _today(self) -> date:
        return self._now().astimezone(self._time_zone).date()


def _is_correctable(batch: Batch, order_id: str) -> bool:
    # Not in a held batch, though one of its orders may have failed: a person may still submit it again, whole.
    return batch.state in ENDS and batch.order(order_id).status in CORRECTABLE
