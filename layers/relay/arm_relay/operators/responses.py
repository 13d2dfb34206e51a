"""The bodies of the answers to operators."""

from typing import Any

from arm_relay.batches import summary
from arm_relay.batches.batch import Batch, BatchOrder, Times, Transitions
from arm_relay.operators.day_reports import DayReport
from arm_relay.operators.forgetting import REMOVED, STAYS, Forgotten
from arm_relay.operators.health_report import HealthReport
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.store.records import HeldBatch, to_text


def to_status(batch: Batch, times: Times) -> dict[str, Any]:
    """All that is known about a batch."""
    return _status(batch, times) | {"orders": [summary.of_order(order) for order in batch.orders]}


def to_order_status(order: BatchOrder, batch: Batch, times: Times) -> dict[str, Any]:
    """All that is known about one order and its batch."""
    return _status(batch, times) | {"order": summary.of_order(order)}


def to_forgotten(forgotten: Forgotten, times: Times) -> dict[str, Any]:
    """What is left of an order, what was removed, and what stays and why."""
    return to_order_status(forgotten.order, forgotten.batch, times) | {"removed": REMOVED, "stays": STAYS}


def to_day(report: DayReport) -> dict[str, Any]:
    """What one day comes to."""
    count = report.count
    return {
        "date": report.day.isoformat(),
        "timeZone": report.zone,
        "from": to_text(count.book.start),
        "to": to_text(count.book.end),
        "snapshotAt": to_text(count.taken_at) if count.taken_at else None,
        "complete": report.is_complete,
        **count.book.to_json(),
    }


def to_health(report: HealthReport) -> dict[str, Any]:
    """Whether the relay can do its work."""
    return {
        "status": report.level.value,
        "checkedAt": to_text(report.checked_at) if report.checked_at else None,
        "checks": [line.to_json() for line in report.lines],
    }


def to_held(page: HeldBatches) -> dict[str, Any]:
    """One page of the batches that wait for a person."""
    return {"batches": [_held(batch) for batch in page.batches], "cursor": page.cursor}


def _status(batch: Batch, times: Times) -> dict[str, Any]:
    settles_at = batch.settles_at(times)
    return {
        **summary.of_batch(batch),
        "claimedAt": to_text(batch.claimed_at),
        "endedAt": to_text(batch.ended_at) if batch.ended_at else None,
        "nextPollAt": to_text(batch.due) if batch.due else None,
        "settlesAt": to_text(settles_at) if settles_at else None,
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
