"""The bodies of the webhook's answers."""

import json
from typing import Any

from arm_relay.arm.documents import json_number
from arm_relay.batches import Batch, BatchOrder, State, Transitions
from arm_relay.inquiries import HeldBatches
from arm_relay.intake import Preview
from arm_relay.mapping import currency_amounts, total
from arm_relay.notifications import to_line
from arm_relay.problems import Kind, Problem, problem_of
from arm_relay.receipts import Conflict, Line, Receipt, Rejected
from arm_relay.records import HeldBatch, to_text


def to_receipt(receipt: Receipt) -> dict[str, Any]:
    """What became of a request, and each of its orders with the batch it belongs to or the problem it has."""
    return {
        "batchId": receipt.batch.id,
        "status": receipt.batch.state.value,
        "batchUuid": receipt.batch.batch_uuid,
        "orders": [_receipt_line(line) for line in receipt.lines],
    }


def to_refusal(receipt: Receipt) -> Problem:
    """The answer to a request that ARM refused at once."""
    batch = receipt.batch
    members = {
        "batchId": batch.id,
        "answer": _answer(batch),
        "orders": [_receipt_line(line) for line in receipt.lines],
    }
    return Problem(Kind.REFUSED_BY_ARM, f"{batch.cause}; correct the orders and send them again", (), members)


def to_preview(preview: Preview) -> str:
    """ARM's batch as it would be sent, and the totals of each order's document, in major currency units.

    A document without a currency is sent without its totals; they are told here all the same.
    """
    totals = [
        {"id": order.id, "currency": order.currency, **currency_amounts(total(order))} for order in preview.orders
    ]
    return f'{{"batch":{preview.payload.decode()},"totals":{json.dumps(totals, default=json_number)}}}'


def to_status(batch: Batch) -> dict[str, Any]:
    """All that is known about a batch."""
    return _status(batch) | {"orders": [to_line(order) for order in batch.orders]}


def to_order_status(order: BatchOrder, batch: Batch) -> dict[str, Any]:
    """All that is known about one order and the batch it belongs to."""
    return _status(batch) | {"order": to_line(order)}


def to_held(page: HeldBatches) -> dict[str, Any]:
    """One page of the batches that wait for a person."""
    return {"batches": [_held(batch) for batch in page.batches], "cursor": page.cursor}


def _receipt_line(line: Line | Rejected) -> dict[str, Any]:
    if isinstance(line, Line):
        return {**to_line(line.order), "outcome": _outcome(line), "batchId": line.batch.id}
    outcome = "conflict" if isinstance(line.error, Conflict) else "invalid"
    return {"id": line.id, "outcome": outcome, "problem": problem_of(line.error).to_json()}


def _outcome(line: Line) -> str:
    if line.replayed:
        return "duplicate"
    return "refused" if line.batch.state is State.REFUSED else "accepted"


def _status(batch: Batch) -> dict[str, Any]:
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
        "answer": _answer(batch),
        "history": _history(batch.history),
    }


def _answer(batch: Batch) -> dict[str, Any] | None:
    return {"status": batch.answer.status, "body": batch.answer.body} if batch.answer else None


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
