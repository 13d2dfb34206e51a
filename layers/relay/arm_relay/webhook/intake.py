"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once, and so is an invoice number: `identity` says what an order is that has a known one. A
replay is answered with its batch, a correction belongs to a new batch. Replays are left out of the new batch. The
sender decides whether valid orders go through when others of the request are faulty or in conflict.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from arm_relay.arm.drafts import Drafts
from arm_relay.arm.limits import Limits
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal, Metric
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest
from arm_relay.store.records import Marker
from arm_relay.store.table import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission
from arm_relay.webhook.identity import Holder, New, identify
from arm_relay.webhook.receipts import AlreadyRecorded, Receipt, receipt_of

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
        limits: Callable[[str], Limits],
        pace: Pace,
        new_id: Callable[[], str],
        pause: Callable[[int], None],
    ) -> None:
        """`limits` gives those of a client; `pause` waits before a claim is tried for the n-th time, counted from 0."""
        self._store = store
        self._submission = submission
        self._journal = journal
        self._drafts = drafts
        self._limits = limits
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
            SecretUnavailable: the client's limits cannot be read.
        """
        request = self._known(client_no, self._drafts.read(body, self._limits(client_no)))
        if on_invalid is OnInvalid.REJECT_ALL or not request.valid:
            request.reject_faults()
        claimed, payload, recorded = self._claim(client_no, request, on_invalid)
        if not claimed and not recorded.replays and (conflict := recorded.conflict_of(request, request.faults)):
            raise conflict
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
        return request.with_recorded(self._recorded(client_no, orders).replays) if orders else request

    def _claim(
        self, client_no: str, request: ParsedRequest, on_invalid: OnInvalid
    ) -> tuple[Batch | None, bytes, AlreadyRecorded]:
        """The new batch and its payload; None and nothing where no order is new. The first try supposes that all are.

        Raises:
            Conflict: orders conflict, and the sender wants all rejected then.
        """
        recorded = AlreadyRecorded()
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            new = [order for order in request.valid if isinstance(recorded.of(order), New)]
            if not new:
                return None, b"", recorded
            payload = self._drafts.payload(new)
            claimed = self._claimed(self._batch(client_no, new, payload), recorded)
            if claimed:
                return claimed, payload, recorded
            recorded = self._recorded(client_no, request.valid)
            if on_invalid is OnInvalid.REJECT_ALL and (conflict := recorded.conflict_of(request)):
                raise conflict
        raise Busy("other requests kept claiming the same orders first")

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

    def _batch(self, client_no: str, orders: Sequence[Order], payload: bytes) -> Batch:
        batch_orders = [self._drafts.batch_order(order) for order in orders]
        return steps.claimed(self._new_id(), client_no, batch_orders, payload, self._pace.now(), self._pace.times)

    def _recorded(self, client_no: str, orders: Sequence[Order]) -> AlreadyRecorded:
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
                order.id: identify(order, holder(ids.get(order.id)), holder(numbers.get(order.invoice_no or "")))
                for order in orders
            }
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
