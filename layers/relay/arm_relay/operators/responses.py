"""The bodies of the answers to operators."""

from collections.abc import Sequence
from typing import Any

from arm_relay.api.progress import progress_of
from arm_relay.batches import summary
from arm_relay.batches.batch import Batch, BatchOrder, Times, Transitions
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.store.records import HeldBatch, to_text


def to_status(batch: Batch, times: Times) -> dict[str, Any]:
    """All that is known about a batch."""
    return _status(batch, times) | {"orders": [summary.of_order(order) for order in batch.orders]}


def to_order_status(order: BatchOrder, batch: Batch, times: Times) -> dict[str, Any]:
    """All that is known about one order and its batch."""
    return _status(batch, times) | {"order": summary.of_order(order)}


def to_orders(orders: Sequence[tuple[BatchOrder, Batch]], times: Times) -> dict[str, Any]:
    """All that is known about several orders and their batches."""
    return {"orders": [to_order_status(order, batch, times) for order, batch in orders]}


def to_held(page: HeldBatches) -> dict[str, Any]:
    """One page of the batches that wait for a person."""
    return {"batches": [_held(batch) for batch in page.batches], "cursor": page.cursor}


def _status(batch: Batch, times: Times) -> dict[str, Any]:
    return {
        **summary.of_batch(batch),
        **progress_of(batch, times),
        "attempts": batch.attempt,
        "answer": summary.of_answer(batch),
        "history": _history(batch.history),
    }


def _held(batch: HeldBatch) -> dict[str, Any]:
    return {
        "batchId": batch.id,
        "cause": batch.cause,
        "heldSince": to_text(batch.since),
        "orderCount": batch.order_count,
    }


def _history(history: tuple[Transitions, ...]) -> list[dict[str, Any]]:
    """Every transition, the oldest first."""
    transitions = [
        {"at": to_text(at), "status": entry.state.value, "cause": entry.cause, "by": entry.by}
        for entry in history
        for at in entry.at
    ]
    return sorted(transitions, key=lambda transition: str(transition["at"]))
