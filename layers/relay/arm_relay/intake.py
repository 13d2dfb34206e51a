"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once. Sent again with the same content it is a replay, answered with the batch it belongs to;
with other content it is a conflict, unless ARM refused or failed it: then it is a correction and belongs to a new
batch. In a request of several, replays are left out of the new batch and the rest goes through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from arm_relay import batches, records
from arm_relay.batches import CORRECTABLE, ENDS, Batch, BatchOrder, Times
from arm_relay.mapping import Mapping as OrderMapping
from arm_relay.mapping import to_batch
from arm_relay.observability import Journal, Metric
from arm_relay.orders import Order, Orders, parse_orders
from arm_relay.store import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission

#: How often a claim is tried when others claim the same orders at the same moment.
CLAIM_ATTEMPTS: Final = 6


class Conflict(Exception):
    """An order of this id is under way, or succeeded, with other content."""

    def __init__(self, order_ids: list[str]) -> None:
        super().__init__(self.__doc__)
        #: All of the request that are.
        self.order_ids = order_ids


class TooLarge(Exception):
    """The request would not fit into the table."""


@dataclass(frozen=True, slots=True)
class Line:
    """One order of a request, and the batch it belongs to."""

    order: BatchOrder
    batch: Batch
    replayed: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request."""

    #: One per order, in the order of the request.
    lines: tuple[Line, ...]

    @property
    def replayed(self) -> bool:
        """Whether nothing of the request was new."""
        return all(line.replayed for line in self.lines)

    @property
    def batch(self) -> Batch:
        """The batch of what was new, or of the first order."""
        return next((line.batch for line in self.lines if not line.replayed), self.lines[0].batch)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the orders of a request stand in the table."""

    #: The batches of those that were sent before with the same content, by order id.
    replays: Mapping[str, Batch] = field(default_factory=dict)
    #: The ids of the batches of those that are corrected by this request, by order id.
    replaced: Mapping[str, str] = field(default_factory=dict)


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

    def accept(self, client_no: str, body: bytes) -> Receipt:
        """Take the orders of one request. Once this returns, they are the relay's.

        Raises:
            NotJson, InvalidOrders: the request is not valid.
            TooLarge: it is too large to be recorded.
            Conflict: an order of it is under way with other content.
            StoreUnavailable: it cannot be recorded now.
        """
        orders = parse_orders(body)
        claimed, standing = self._claim(client_no, orders)
        if claimed:
            self._journal.moved(claimed)
            # Recorded before ARM is called, so that a crash from here on can lose nothing and repeat nothing.
            claimed = self._submission.run(claimed)
        receipt = _receipt(orders, claimed, standing)
        replays = sum(line.replayed for line in receipt.lines)
        self._journal.count(Metric.ORDERS_REPLAYED, replays)
        self._journal.count(Metric.ORDERS_ACCEPTED, len(receipt.lines) - replays)
        return receipt

    def preview(self, body: bytes) -> bytes:
        """The body of POST documents/batches that the request would become; nothing is recorded or sent.

        Raises:
            NotJson, InvalidOrders: the request is not valid.
        """
        return to_batch(parse_orders(body), self._mapping, self._today()).to_json()

    def _claim(self, client_no: str, orders: Orders) -> tuple[Batch | None, Standing]:
        """The new batch, None where every order is a replay; at first every order is taken for new."""
        # Faults are told with pointers into the whole request, so the whole of it is mapped first.
        payload = to_batch(orders, self._mapping, self._today()).to_json()
        standing = Standing()
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            new = tuple(order for order in orders.orders if order.id not in standing.replays)
            if not new:
                return None, standing
            if standing.replays:
                payload = to_batch(Orders(new, bulk=True), self._mapping, self._today()).to_json()
            batch = self._batch(client_no, new, payload)
            if self._is_claimed(batch, standing):
                return batch, standing
            standing = self._standing(client_no, orders)
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

    def _batch(self, client_no: str, orders: tuple[Order, ...], payload: bytes) -> Batch:
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
        batch = batches.claimed(self._new_id(), client_no, batch_orders, payload, self._now(), self._times)
        if records.size(records.to_item(batch)) > records.LARGEST_CLAIM:
            raise TooLarge("even compressed, the orders are too large to be recorded: send fewer at once")
        return batch

    def _standing(self, client_no: str, orders: Orders) -> Standing:
        """How the orders stand.

        Raises:
            Conflict: with all that are under way with other content.
        """
        markers = self._store.markers(client_no, [order.id for order in orders.orders])
        found = self._store.batches([marker.batch_id for marker in markers.values()]) if markers else {}
        replays: dict[str, Batch] = {}
        replaced: dict[str, str] = {}
        conflicts = []
        for order in orders.orders:
            marker = markers.get(order.id)
            # DynamoDB deletes expired items in no particular order: a marker without its batch has expired, too.
            batch = found.get(marker.batch_id) if marker else None
            if marker and batch and marker.digest == order.digest:
                replays[order.id] = batch
            elif marker and (batch is None or _is_correctable(batch, order.id)):
                replaced[order.id] = marker.batch_id
            elif marker:
                conflicts.append(order.id)
        if conflicts:
            raise Conflict(conflicts)
        return Standing(replays, replaced)

    def _today(self) -> date:
        return self._now().astimezone(self._time_zone).date()


def _order(batch: Batch, order_id: str) -> BatchOrder:
    return next(order for order in batch.orders if order.id == order_id)


def _is_correctable(batch: Batch, order_id: str) -> bool:
    # Not in a held batch, though one of its orders may have failed: a person may still submit it again, whole.
    return batch.state in ENDS and _order(batch, order_id).status in CORRECTABLE


def _receipt(orders: Orders, claimed: Batch | None, standing: Standing) -> Receipt:
    lines = []
    for order in orders.orders:
        batch = standing.replays.get(order.id) or claimed
        if batch is None:
            raise AssertionError("an order that is no replay has been claimed")
        lines.append(Line(_order(batch, order.id), batch, replayed=order.id in standing.replays))
    return Receipt(tuple(lines))
