"""The bodies of the webhook's answers."""

from typing import Any

from arm_relay.batches import Batch, Transitions
from arm_relay.intake import Receipt
from arm_relay.notifications import to_line
from arm_relay.records import to_text


def to_receipt(receipt: Receipt) -> dict[str, Any]:
    """What became of a request, and each of its orders with the batch it belongs to."""
    return {
        "batchId": receipt.batch.id,
        "status": receipt.batch.state.value,
        "batchUuid": receipt.batch.batch_uuid,
        "orders": [
            {**to_line(line.order), "batchId": line.batch.id, "replayed": line.replayed} for line in receipt.lines
        ],
    }


def to_status(batch: Batch) -> dict[str, Any]:
    """All that is known about a batch."""
    return {
        "batchId": batch.id,
        "clientNo": batch.client_no,
        "status": batch.state.value,
        "cause": batch.cause,
        "by": batch.by,
        "batchUuid": batch.batch_uuid,
        "claimedAt": to_text(batch.claimed_at),
        "endedAt": to_text(batch.ended_at) if batch.ended_at else None,
        "nextLookAt": to_text(batch.due) if batch.due else None,
        "attempts": batch.attempt,
        "orders": [to_line(order) for order in batch.orders],
        "answer": {"status": batch.answer.status, "body": batch.answer.body} if batch.answer else None,
        "history": _history(batch.history),
    }


def _history(history: tuple[Transitions, ...]) -> list[dict[str, Any]]:
    """Every transition, the oldest first."""
    transitions = [
        {"at": to_text(at), "status": entry.state.value, "cause": entry.cause, "by": entry.by}
        for entry in history
        for at in entry.at
    ]
    return sorted(transitions, key=lambda transition: str(transition["at"]))
