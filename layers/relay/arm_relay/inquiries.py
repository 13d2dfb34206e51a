"""Use case: what is known about an order, about a batch, and which batches wait for a person."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arm_relay import records
from arm_relay.batches import Batch, BatchOrder
from arm_relay.orders import MAX_ID
from arm_relay.records import HeldBatch
from arm_relay.store import Store

#: How many batches a page of a list holds, at most and where nobody asks for another number.
MOST_LISTED: Final = 100
LISTED: Final = 25


class UnknownBatch(Exception):
    """The client has no batch of this id."""


class UnknownOrder(Exception):
    """The client has no order of this id."""


class InvalidCursor(Exception):
    """The cursor is not one of this list."""


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
            UnknownBatch: there is none of this id.
            StoreUnavailable: the table is out of reach.
        """
        batch = self._store.batch(batch_id) if _may_exist(batch_id) else None
        if batch is None or batch.client_no != client_no:
            raise UnknownBatch(UnknownBatch.__doc__)
        return batch

    def order(self, client_no: str, order_id: str) -> tuple[BatchOrder, Batch]:
        """The client's order as it stands in its latest batch, and that batch.

        Raises:
            UnknownOrder: there is none of this id.
            StoreUnavailable: the table is out of reach.
        """
        markers = self._store.markers(client_no, [order_id]) if _may_exist(client_no, order_id) else {}
        batch = self._store.batch(markers[order_id].batch_id) if markers else None
        # A marker may outlive its batch; and client `2218#a` with order `b` would have the marker of 2218 with `a#b`.
        if batch is None or batch.client_no != client_no:
            raise UnknownOrder(UnknownOrder.__doc__)
        return batch.order(order_id), batch

    def held(self, client_no: str, limit: int, cursor: str | None) -> HeldBatches:
        """One page of the client's held batches; `cursor` comes from the page before.

        Raises:
            InvalidCursor: it does not.
            StoreUnavailable: the table is out of reach.
        """
        after = _place(cursor) if cursor is not None else None
        # One more than is shown tells whether there is a next page.
        found = self._store.held(client_no, limit + 1, after) if _may_exist(client_no) else []
        shown = found[:limit]
        return HeldBatches(tuple(shown), _cursor(shown[-1]) if len(found) > limit else None)


def _may_exist(*names: str) -> bool:
    """Whether a key may hold these: none of ours is longer, and DynamoDB refuses those that are much longer."""
    return all(0 < len(name) <= MAX_ID for name in names)


def _cursor(last: HeldBatch) -> str:
    return base64.urlsafe_b64encode(f"{records.to_text(last.since)} {last.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    """The time and the id in a cursor. One that was made up leads no further than to the client's own batches."""
    try:
        since, _, batch_id = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition(" ")
        time = records.from_text(since)
        if records.to_text(time) == since and _may_exist(batch_id):
            return time, batch_id
    except (ValueError, OverflowError):
        pass
    raise InvalidCursor(InvalidCursor.__doc__)
