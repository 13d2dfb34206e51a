"""The bodies of the webhook's answers."""

from typing import Any

from arm_relay.api.problems import Kind, Problem
from arm_relay.batches import summary
from arm_relay.batches.batch import State
from arm_relay.webhook.problems import problem_of
from arm_relay.webhook.receipts import Conflict, Receipt, Rejected, Taken


def to_receipt(receipt: Receipt) -> dict[str, Any]:
    """What became of a request, and each of its orders with its batch or its problem."""
    return {
        "batchId": receipt.batch.id,
        "status": receipt.batch.state.value,
        "batchUuid": receipt.batch.batch_uuid,
        "orders": [_line(line) for line in receipt.lines],
    }


def to_refusal(receipt: Receipt) -> Problem:
    """The answer to a request that ARM refused at once."""
    batch = receipt.batch
    members = {
        "batchId": batch.id,
        "answer": summary.of_answer(batch),
        "orders": [_line(line) for line in receipt.lines],
    }
    return Problem(Kind.REFUSED_BY_ARM, f"{batch.cause}. Correct the orders and send them again.", (), members)


def _line(line: Taken | Rejected) -> dict[str, Any]:
    if isinstance(line, Taken):
        known_as = {"id": line.sent_as, "duplicateOf": line.order.id} if line.sent_as else {}
        of_order = summary.of_order(line.order) | known_as
        return {**of_order, "outcome": _outcome(line), "batchId": line.batch.id, **_total(line)}
    outcome = "conflict" if isinstance(line.error, Conflict) else "invalid"
    return {"id": line.id, "outcome": outcome, "problem": problem_of(line.error).to_json()}


def _total(line: Taken) -> dict[str, Any]:
    """What the document of a new order comes to."""
    if line.total is None:
        return {}
    return {"currency": line.currency, "total": summary.of_amounts(line.total)}


def _outcome(line: Taken) -> str:
    if line.replayed:
        return "duplicate"
    return "refused" if line.batch.state is State.REFUSED else "accepted"
