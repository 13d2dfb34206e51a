"""What operators do with a batch: each action as a step of the batch, recorded in their name. Two functions do it.

The operators' function acts on one batch, the poller on the batches of a bulk redrive. Nothing of it calls ARM.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from arm_relay.arm.documents import documents_of, of_some
from arm_relay.batches import steps
from arm_relay.batches.batch import CORRECTABLE, Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import IllegalStep, Retry
from arm_relay.observability import Journal
from arm_relay.store.records import Marker
from arm_relay.store.table import RecordTooLarge, Store, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a batch to be redriven, and why."""

    reason: str
    by: str
    #: The bulk redrive that it is part of.
    redrive_id: str | None = None


class Redriving:
    """Redrives batches.

    Each action raises `IllegalStep` where the batch cannot take it now, and `StoreUnavailable` where it is not known
    whether it is recorded.
    """

    def __init__(self, *, store: Store, journal: Journal, pace: Pace, new_id: Callable[[], str]) -> None:
        self._store = store
        self._journal = journal
        self._pace = pace
        self._new_id = new_id

    def ask(self, batch: Batch, wish: Wish) -> Batch:
        """Open a held batch again: the poller settles it by the relay's own rules."""
        opened = steps.asked(batch, wish.reason, wish.by, self._pace.now())
        if opened.state is not State.PENDING:
            # By those rules it may be submitted.
            self._check_still_its_own(batch)
        return self._saved(replace(opened, redrive_id=wish.redrive_id or batch.redrive_id))

    def resubmit(self, batch: Batch, wish: Wish, *, may_be_billed_twice: bool) -> Batch:
        """Submit a held batch again, because a person has made sure that ARM has none of it."""
        released = steps.resubmitted(
            batch, wish.reason, wish.by, self._pace.now(), may_be_billed_twice=may_be_billed_twice
        )
        self._check_still_its_own(batch)
        return self._saved(released)

    def close(self, batch: Batch, state: State, wish: Wish) -> Batch:
        """End a held batch, because a person has found out how it ended."""
        return self._saved(steps.closed(batch, state, wish.reason, wish.by, self._pace.now()))

    def announce(self, batch: Batch, wish: Wish) -> Batch:
        """Have the end or the hold of a batch announced once more by the poller, word for word."""
        repeated = steps.to_be_repeated(batch, wish.reason, wish.by, self._pace.now())
        return self._recorded(replace(repeated, redrive_id=wish.redrive_id or batch.redrive_id))

    def retry(self, failed: Batch, wish: Wish) -> Batch:
        """Send the failed orders of an ended batch again as they were: the new batch.

        Their ids and numbers change over to the new batch in the transaction that records it, so that whoever else
        sends one of them again at this moment, only one of the two does.
        """
        new = Retry(batch_id=self._new_id(), reason=wish.reason, by=wish.by, at=self._pace.now())
        superseded = replace(steps.superseded(failed, new), redrive_id=wish.redrive_id or failed.redrive_id)
        places = self._still_failed(failed)
        payload = self._store.payload(failed)
        places = _kept(payload, places) if payload is not None else []
        if payload is None or not places:
            raise IllegalStep("Its documents are no longer kept. The sender can send the orders again.")
        retried = steps.retried(failed, places, of_some(payload, places), new)
        claimed = self._claimed(retried, superseded)
        self._journal.moved(claimed)
        return claimed

    def _still_failed(self, failed: Batch) -> list[int]:
        """The places of the failed orders that nobody has sent again or forgotten since."""
        open_places = [
            place
            for place, order in enumerate(failed.orders)
            if order.status in CORRECTABLE and order.forgotten_at is None
        ]
        orders = [failed.orders[place] for place in open_places]
        ids, numbers = self._store.markers_of(
            failed.client_no,
            [order.id for order in orders],
            [order.document_no for order in orders if order.document_no],
        )

        def is_its_own(marker: Marker | None, order_id: str) -> bool:
            return marker is not None and (marker.batch_id, marker.order_id) == (failed.id, order_id)

        places = [
            place
            for place, order in zip(open_places, orders, strict=True)
            if is_its_own(ids.get(order.id), order.id)
            and (not order.document_no or is_its_own(numbers.get(order.document_no), order.id))
        ]
        if not places:
            raise IllegalStep(
                "Each of its failed orders has been sent again or forgotten since, or its id has expired."
            )
        return places

    def _claimed(self, retried: Batch, superseded: Batch) -> Batch:
        ids = dict.fromkeys([order.id for order in retried.orders], superseded.id)
        numbers = dict.fromkeys([order.document_no for order in retried.orders if order.document_no], superseded.id)
        try:
            claimed = self._store.claim(retried, ids, numbers, superseded)
        except RecordTooLarge as error:
            raise IllegalStep(str(error)) from error
        except StoreUnavailable:
            # The answer is lost, but perhaps not the claim: only the table knows.
            claimed = self._store.batch(retried.id)
            if claimed is None:
                raise
        if claimed is None:
            raise IllegalStep("Another writer was first. Fetch the batch again before you decide.")
        return claimed

    def _saved(self, batch: Batch) -> Batch:
        saved = self._recorded(batch)
        self._journal.moved(saved)
        return saved

    def _recorded(self, batch: Batch) -> Batch:
        saved = self._store.save(batch)
        if saved is None:
            raise IllegalStep("Another writer saved the batch first. Fetch the batch again before you decide.")
        return saved

    def _check_still_its_own(self, batch: Batch) -> None:
        """Refuse to send orders again whose ids are free, or will be before the batch could be held once more.

        They may have been sent, and billed, again meanwhile. What was to be sent is kept for as long.
        """
        ids, numbers = self._store.markers_of(
            batch.client_no,
            [order.id for order in batch.orders],
            [order.document_no for order in batch.orders if order.document_no],
        )
        lasting = self._pace.now() + self._pace.times.hold_after

        def is_lost(marker: Marker | None) -> bool:
            return marker is None or marker.batch_id != batch.id or marker.expires_at < lasting

        lost = [
            order.id
            for order in batch.orders
            if is_lost(ids.get(order.id)) or (order.document_no and is_lost(numbers.get(order.document_no)))
        ]
        if lost:
            raise IllegalStep(
                f"The ids or numbers of {len(lost)} of its {len(batch.orders)} orders are free or will soon be, the"
                f" first is {lost[0]}: they may have been sent again. Close the batch, then send its orders again."
            )
        if self._store.payload(batch) is None:
            raise IllegalStep("Its documents are no longer kept. Close the batch, then send its orders again.")


def _kept(payload: bytes, places: Sequence[int]) -> list[int]:
    """The places whose documents are in the payload.

    An order is forgotten there before its batch says so: who forgets may have died in between, or be just doing it.
    """
    documents = documents_of(payload)
    return [place for place in places if documents[place] is not None]
