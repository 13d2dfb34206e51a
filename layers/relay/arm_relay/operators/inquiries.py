"""Use case: what is known about an order and a batch, and which batches wait for a person."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from arm_relay.arm.documents import documents_of
from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.orders.order import MAX_ID
from arm_relay.store import records
from arm_relay.store.records import HeldBatch, Marker, OrderPlace
from arm_relay.store.table import Store

#: How many batches a page of a list holds: at most, and by default.
MOST_LISTED: Final = 100
LISTED: Final = 25


class ListedState(StrEnum):
    """The states whose batches can be listed."""

    HELD = "held"


class UnknownBatch(Exception):
    """The client has no batch with this id."""


class UnknownOrder(Exception):
    """The client has no order with this id."""


class InvalidCursor(Exception):
    """The cursor does not come from this list."""


@dataclass(frozen=True, slots=True)
class HeldBatches:
    """One page of the batches that wait for a person, the longest held first."""

    batches: tuple[HeldBatch, ...]
    #: Where the next page begins; None where there is none.
    cursor: str | None


class Inquiries:
    """What operators ask."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def batch(self, client_no: str, batch_id: str) -> Batch:
        """The client's batch.

        Raises:
            UnknownBatch: there is none with this id.
            StoreUnavailable: the table is out of reach.
        """
        batch = self._store.batch(batch_id) if _may_exist(batch_id) else None
        if batch is None or batch.client_no != client_no:
            raise UnknownBatch(UnknownBatch.__doc__)
        return batch

    def documents(self, batch: Batch) -> list[dict[str, Any] | None] | None:
        """What is sent to ARM for each of the batch's orders, in their order; None where that is no longer kept.

        An order that is forgotten has none.

        Raises:
            UnreadableRecord: it is damaged.
            StoreUnavailable: the table is out of reach.
        """
        payload = self._store.payload(batch)
        return documents_of(payload) if payload is not None else None

    def order(self, client_no: str, order_id: str) -> tuple[BatchOrder, Batch]:
        """The client's order, as its latest batch has it, and that batch.

        Raises:
            UnknownOrder: there is none with this id.
            StoreUnavailable: the table is out of reach.
        """
        markers = self._store.markers(client_no, [order_id]) if _may_exist(client_no, order_id) else {}
        found = self._at(client_no, list(markers.values()))
        if not found:
            raise UnknownOrder(UnknownOrder.__doc__)
        return found[0]

    def orders_of_number(self, client_no: str, invoice_no: str) -> list[tuple[BatchOrder, Batch]]:
        """The client's order that has this invoice number, and its batch; none where no order has it.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        markers = self._store.number_markers(client_no, [invoice_no]) if _may_exist(client_no, invoice_no) else {}
        return self._at(client_no, list(markers.values()))

    def orders_of_order_id(self, client_no: str, order_id: str) -> list[tuple[BatchOrder, Batch]]:
        """The client's orders that have this orderId, at most a hundred, each with its batch.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        places = self._store.with_order_id(client_no, order_id, MOST_LISTED) if _may_exist(client_no, order_id) else []
        return self._at(client_no, places)

    def _at(self, client_no: str, places: Sequence[Marker | OrderPlace]) -> list[tuple[BatchOrder, Batch]]:
        batches = self._store.batches([place.batch_id for place in places]) if places else {}
        return [found for place in places if (found := records.located(place, batches, client_no))]

    def held(self, client_no: str, limit: int, cursor: str | None) -> HeldBatches:
        """One page of the client's held batches; `cursor` comes from the page before.

        Raises:
            InvalidCursor: it does not.
            StoreUnavailable: the table is out of reach.
        """
        after = _place(cursor) if cursor is not None else None
        # One more than is shown says whether there is a next page.
        found = self._store.held(client_no, limit + 1, after) if _may_exist(client_no) else []
        shown = found[:limit]
        return HeldBatches(tuple(shown), _cursor(shown[-1]) if len(found) > limit else None)


def _may_exist(*names: str) -> bool:
    """Whether a key may hold these names: none of ours is longer, and DynamoDB refuses much longer ones."""
    return all(0 < len(name) <= MAX_ID for name in names)


def _cursor(last: HeldBatch) -> str:
    return base64.urlsafe_b64encode(f"{records.to_text(last.since)} {last.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    """The time and the id in a cursor. An invented one leads only to the client's own batches."""
    try:
        since, _, batch_id = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition(" ")
        time = records.from_text(since)
        if records.to_text(time) == since and _may_exist(batch_id):
            return time, batch_id
    except (ValueError, OverflowError):
        pass
    raise InvalidCursor(InvalidCursor.__doc__)
