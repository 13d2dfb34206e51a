"""Use case: a signed request's orders are claimed, mapped, submitted to ARM and recorded.

An order id is claimed once, and so is an invoice number: `identity` says what an order is that has a known one. A
replay is answered with its batch, a correction belongs to a new batch. Replays are left out of the new batch. A credit
note whose invoice is under way becomes a batch of its own, which waits (`crediting`). The sender decides whether valid
orders go through when others of the request are faulty or in conflict.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Final

from arm_relay.arm.drafts import Drafts
from arm_relay.arm.limits import Limits
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal, Metric
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest
from arm_relay.store.table import Busy, Store, StoreUnavailable
from arm_relay.submission import Submission
from arm_relay.webhook.identity import New
from arm_relay.webhook.lookup import Lookup
from arm_relay.webhook.receipts import AlreadyRecorded, Receipt, receipt_of
from arm_relay.webhook.taking import Taking
from arm_relay.webhook.ways import RETRYING, SENDING, Way

#: How often a claim is tried when other requests claim the same orders at the same moment.
CLAIM_ATTEMPTS: Final = 6

BUSY: Final = "other requests kept claiming the same orders first"


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
        self._lookup = Lookup(store)
        self._submission = submission
        self._journal = journal
        self._drafts = drafts
        self._limits = limits
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

    def _accept(self, client_no: str, body: bytes, on_invalid: OnInvalid, way: Way) -> Receipt:
        """Accept the orders of one request, be they sent or retried.

        Raises:
            NotJson: the body is not JSON.
            InvalidOrders: an order is faulty; with `ACCEPT_VALID`, every order is.
            Conflict: an order is in progress with different content; with `ACCEPT_VALID`, every valid order is.
            RecordTooLarge: the request is too large to record.
            StoreUnavailable: it cannot be recorded now.
            SecretUnavailable: the client's limits cannot be read.
        """
        request = self._known(client_no, way.checked(self._drafts.read(body, self._limits(client_no))), way)
        if on_invalid is OnInvalid.REJECT_ALL or not request.valid:
            request.reject_faults()
        taking = self._submitted(client_no, self._begun(client_no, Taking(request, way), on_invalid), on_invalid)
        taking = self._put_to_wait(client_no, taking)
        if not taking.claimed and not taking.recorded.replays:
            if conflict := taking.recorded.conflict_of(taking.request, taking.request.faults):
                raise conflict
            taking.request.reject_faults()
        receipt = receipt_of(taking.request, taking.claimed, taking.recorded)
        self._count(receipt)
        return receipt

    def _known(self, client_no: str, request: ParsedRequest, way: Way) -> ParsedRequest:
        """The request without the faults that only a new order has, in orders that the relay already has.

        An order without an invoice date may be due today and be sent again tomorrow: it is the same order.
        """
        orders = request.fine_if_recorded
        return request.with_recorded(self._lookup.recorded(client_no, orders, way).replays) if orders else request

    def _begun(self, client_no: str, taking: Taking, on_invalid: OnInvalid) -> Taking:
        """The first try supposes that all orders that are sent are new, unless one of them credits an invoice.

        What is retried is known.
        """
        must_read = taking.way.is_known or taking.credit_notes
        return self._read(client_no, taking, on_invalid) if must_read else taking

    def _read(self, client_no: str, taking: Taking, on_invalid: OnInvalid) -> Taking:
        """The same with what the table holds now.

        Raises:
            Conflict, InvalidOrders: the sender wants all rejected where one is.
        """
        recorded = self._lookup.recorded(client_no, taking.request.valid, taking.way)
        taking = taking.with_recorded(recorded).judged(self._drafts.batch_order)
        if on_invalid is OnInvalid.REJECT_ALL:
            taking.request.reject_faults()
            if conflict := taking.recorded.conflict_of(taking.request):
                raise conflict
        return taking

    def _submitted(self, client_no: str, taking: Taking, on_invalid: OnInvalid) -> Taking:
        """The same after the orders that can go to ARM now were claimed and submitted, in one batch.

        Raises:
            Conflict, InvalidOrders: the sender wants all rejected where one is.
        """
        for attempt in range(CLAIM_ATTEMPTS):
            self._pause(attempt)
            if not (ready := taking.ready):
                return taking
            today = self._drafts.today()
            payload = self._drafts.payload([taking.sent(order) for order in ready], today)
            orders = [self._drafted(order, taking, today) for order in ready]
            batch = steps.claimed(self._new_id(), client_no, orders, payload, self._pace.now(), self._pace.times)
            if claimed := self._claimed(batch, taking.recorded):
                self._journal.moved(claimed)
                # Recorded before ARM is called, so that a crash from here on can lose nothing and repeat nothing.
                return taking.with_claimed(self._submission.run(claimed, payload))
            taking = self._read(client_no, taking, on_invalid)
        raise Busy(BUSY)

    def _put_to_wait(self, client_no: str, taking: Taking) -> Taking:
        """The same after each credit note whose invoice is under way was claimed, in a batch of its own.

        The invoice is claimed before, and perhaps submitted: so one that ARM has refused at once rules out its credit.
        A crash between the claims loses nothing: the sender has no answer and sends all of it again.
        """
        for attempt in range(CLAIM_ATTEMPTS):
            taking = taking.judged(self._drafts.batch_order)
            if not taking.new:
                return taking
            self._pause(attempt)
            for order in taking.to_wait:
                today = self._drafts.today()
                payload, credit = self._drafts.payload([taking.sent(order)], today), self._drafted(order, taking, today)
                batch = steps.waiting(self._new_id(), client_no, credit, payload, self._pace.now(), self._pace.times)
                if claimed := self._claimed(batch, taking.recorded):
                    self._journal.moved(claimed)
                    taking = taking.with_claimed(claimed)
            if taking.new:
                # Another request claimed some of them first. What is claimed stays, whatever the sender wants.
                taking = self._read(client_no, taking, OnInvalid.ACCEPT_VALID)
        raise Busy(BUSY)

    def _drafted(self, order: Order, taking: Taking, today: date) -> BatchOrder:
        drafted = self._drafts.batch_order(order, today)
        identity = taking.recorded.of(order)
        if isinstance(identity, New) and not drafted.retry_of:
            drafted = replace(drafted, replaces=identity.id_from or identity.number_from)
        return replace(drafted, credited=taking.credited[order.id]) if order.id in taking.credited else drafted

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
