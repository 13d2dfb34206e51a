"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once, and so is an invoice number: `identity` says what an order is that has a known one. A
replay is answered with its batch, a correction belongs to a new batch. Replays are left out of the new batch. The
sender decides whether valid orders go through when others of the request are faulty or in conflict.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from arm_relay.arm.drafts import Drafts
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal, Metric
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedOrder, ParsedRequest
from arm_relay.store.records import Marker
from arm_relay.store.table import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission
from arm_relay.webhook.identity import Holder, New, Other, Same, identify, identify_retry
from arm_relay.webhook.receipts import AlreadyRecorded, Conflict, NotRetriable, Receipt, receipt_of

#: How often a claim is tried when other requests claim the same orders at the same moment.
CLAIM_ATTEMPTS: Final = 6


class OnInvalid(StrEnum):
    """What becomes of the other orders of a request when some are faulty or in conflict."""

    #: Nothing is sent.
    REJECT_ALL = "reject-all"
    #: They go through.
    ACCEPT_VALID = "accept-valid"


@dataclass(frozen=True, slots=True)
class _Way:
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


SENDING: Final = _Way(is_known=False, identify=identify, conflict=Conflict)
RETRYING: Final = _Way(is_known=True, identify=identify_retry, conflict=NotRetriable)


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

        Raises: as `_accept`.
        """
        return self._accept(client_no, body, on_invalid, SENDING)

    def retry(self, client_no: str, body: bytes, on_invalid: OnInvalid = OnInvalid.REJECT_ALL) -> Receipt:
        """Accept orders once more that failed, with the same content, from the batches that they name.

        Raises: as `_accept`, `NotRetriable` instead of `Conflict`.
        """
        return self._accept(client_no, body, on_invalid, RETRYING)

    def _accept(self, client_no: str, body: bytes, on_invalid: OnInvalid, way: _Way) -> Receipt:
        """Accept the orders of one request, be they sent or retried.

        Raises:
            NotJson: the body is not JSON.
            InvalidOrders: an order is faulty; with `ACCEPT_VALID`, every order is.
            Conflict: an order is in progress with different content; with `ACCEPT_VALID`, every valid order is.
            RecordTooLarge: the request is too large to record.
            StoreUnavailable: it cannot be recorded now.
        """
        request = self._known(client_no, way.checked(self._drafts.read(body)), way)
        if on_invalid is OnInvalid.REJECT_ALL or not request.valid:
            request.reject_faults()
        claimed, payload, recorded = self._claim(client_no, request, on_invalid, way)
        if not claimed and not recorded.replays and (conflict := recorded.conflict_of(request, request.faults)):
            raise conflict
        if claimed:
            self._journal.moved(claimed)
            # Recorded before ARM is called, so that a crash from here on can lose nothing and repeat nothing.
            claimed = self._submission.run(claimed, payload)
        receipt = receipt_of(request, claimed, recorded, self._drafts.total)
        self._count(receipt)
        return receipt

    def _known(self, client_no: str, request: ParsedRequest, way: _Way) -> ParsedRequest:
        """The request without the faults that only a new order has, in orders that the relay already has.

        An order without an invoice date may be due today and be sent again tomorrow: it is the same order.
        """
        orders = request.fine_if_recorded
        return request.with_recorded(self._recorded(client_no, orders, way).replays) if orders else request

    def _claim(
        self, client_no: str, request: ParsedRequest, on_invalid: OnInvalid, way: _Way
    ) -> tuple[Batch | None, bytes, AlreadyRecorded]:
        """The new batch and its payload; None and nothing where no order is new.

        The first try supposes that all orders that are sent are new. What is retried is known, and is read first.

        Raises:
            Conflict: orders conflict, and the sender wants all rejected then.
        """
        recorded = self._without_conflict(client_no, request, on_invalid, way) if way.is_known else AlreadyRecorded()
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            new = [order for order in request.valid if isinstance(recorded.of(order), New)]
            if not new:
                return None, b"", recorded
            today = self._drafts.today()
            payload = self._drafts.payload(new, today)
            claimed = self._claimed(self._batch(client_no, new, payload, today), recorded)
            if claimed:
                return claimed, payload, recorded
            recorded = self._without_conflict(client_no, request, on_invalid, way)
        raise Busy("other requests kept claiming the same orders first")

    def _without_conflict(
        self, client_no: str, request: ParsedRequest, on_invalid: OnInvalid, way: _Way
    ) -> AlreadyRecorded:
        recorded = self._recorded(client_no, request.valid, way)
        if on_invalid is OnInvalid.REJECT_ALL and (conflict := recorded.conflict_of(request)):
            raise conflict
        return recorded

    def _claimed(self, batch: Batch, recorded: AlreadyRecorded) -> Batch | None:
        try:
            return self._store.claim(batch, *_replaced(batch, recorded))
        except Busy:
            return None
        except StoreUnavailable:
            # The answer is lost, but perhaps not the claim: only the table knows.
            if claimed := self._store.batch(batch.id):
                return claimed
            raise

    def _batch(self, client_no: str, orders: Sequence[Order], payload: bytes, today: date) -> Batch:
        batch_orders = [self._drafts.batch_order(order, today) for order in orders]
        return steps.claimed(self._new_id(), client_no, batch_orders, payload, self._pace.now(), self._pace.times)

    def _recorded(self, client_no: str, orders: Sequence[Order], way: _Way) -> AlreadyRecorded:
        ids, numbers = self._store.markers_of(
            client_no,
            [order.id for order in orders],
            [order.invoice_no for order in orders if order.invoice_no],
        )
        markers = [*ids.values(), *numbers.values()]
        batches = self._store.batches([marker.batch_id for marker in markers]) if markers else {}

        def holder(marker: Marker | None) -> Holder | None:
            return Holder(marker, batches.get(marker.batch_id)) if marker else None

        return AlreadyRecorded(
            {
                order.id: way.identify(order, holder(ids.get(order.id)), holder(numbers.get(order.invoice_no or "")))
                for order in orders
            },
            way.conflict,
        )

    def _count(self, receipt: Receipt) -> None:
        replays = sum(line.replayed for line in receipt.taken)
        self._journal.count(Metric.ORDERS_REPLAYED, replays)
        self._journal.count(Metric.ORDERS_ACCEPTED, len(receipt.taken) - replays)
        self._journal.count(Metric.ORDERS_REJECTED, len(receipt.lines) - len(receipt.taken))


def _replaced(batch: Batch, recorded: AlreadyRecorded) -> tuple[dict[str, str], dict[str, str]]:
    """The batches from which a new one takes over order ids, and those from which it takes over invoice numbers."""
    ids: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for order in batch.orders:
        identity = recorded.identities.get(order.id)
        if isinstance(identity, New) and identity.id_from:
            ids[order.id] = identity.id_from
        if isinstance(identity, New) and identity.number_from and order.document_no:
            numbers[order.document_no] = identity.number_from
    return ids, numbers
