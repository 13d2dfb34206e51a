"""Use case: a sender asks what has become of orders."""

from collections.abc import Mapping
from typing import Any

from arm_relay.api.progress import progress_of
from arm_relay.batches import summary
from arm_relay.batches.batch import Batch, BatchOrder, Times
from arm_relay.store.records import Marker, located
from arm_relay.store.table import Store
from arm_relay.webhook.questions import ids_of


class Status:
    """What the relay knows of orders."""

    def __init__(self, store: Store, times: Times) -> None:
        self._store = store
        self._times = times

    def of(self, client_no: str, body: bytes) -> dict[str, Any]:
        """An entry per id, in the order of the question.

        Raises:
            NotJson, InvalidQuestion: the question is not valid.
            StoreUnavailable: the table is out of reach.
        """
        ids = ids_of(body)
        markers = self._store.markers(client_no, ids)
        batches = self._store.batches([marker.batch_id for marker in markers.values()]) if markers else {}
        return {"orders": [self._entry(order_id, markers.get(order_id), batches, client_no) for order_id in ids]}

    def _entry(
        self, order_id: str, marker: Marker | None, batches: Mapping[str, Batch], client_no: str
    ) -> dict[str, Any]:
        found = located(marker, batches, client_no)
        if found is None:
            return {"id": order_id, "known": False}
        return {"id": order_id, "known": True, **to_order_progress(*found, self._times)}


def to_order_progress(order: BatchOrder, batch: Batch, times: Times) -> dict[str, Any]:
    """One order and how far its batch is."""
    of_batch = summary.of_batch(batch)
    del of_batch["clientNo"]
    return {**of_batch, **progress_of(batch, times), "order": summary.of_order(order) | summary.details_of(order)}
