"""The bodies of the answers to operators."""

import json
from collections.abc import Sequence
from typing import Any, Final

from arm_relay.api.progress import progress_of
from arm_relay.api.responses import LARGEST_ANSWER
from arm_relay.arm import documents
from arm_relay.arm.money import JSON_NUMBER
from arm_relay.batches import summary
from arm_relay.batches.batch import Answer, Batch, BatchOrder, Times, Transitions
from arm_relay.batches.bulk_redrive import BulkRedrive
from arm_relay.batches.selection import Sum, Tally, Wanted, orders_at_stake, sums_of
from arm_relay.operators.bulk import Plan
from arm_relay.operators.day_reports import DayReport
from arm_relay.operators.forgetting import REMOVED, STAYS, Forgotten
from arm_relay.operators.health_report import HealthReport
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.operators.lists import ListedBatches, Totals
from arm_relay.store.records import HeldBatch, optional_text, to_text

#: The documents that were sent to ARM, in the order of a batch's orders; None where they are no longer kept, and in the
#: place of an order that is forgotten.
type Documents = Sequence[dict[str, Any] | None] | None

#: Whether the documents that are sent are shown: they are, they have expired, or no answer can hold them.
KEPT: Final = "KEPT"
GONE: Final = "GONE"
TOO_LARGE: Final = "TOO_LARGE"


def to_json(body: dict[str, Any]) -> str:
    """The body as text, with every amount as it is."""
    return documents.to_text(body)


def to_status(batch: Batch, times: Times, sent: Documents) -> dict[str, Any]:
    """All that is known about a batch."""
    shown, whether = _shown(sent)
    orders = [_order(order, shown, place) for place, order in enumerate(batch.orders)]
    return _status(batch, times) | {"documents": whether, "orders": orders}


def to_order_status(order: BatchOrder, batch: Batch, times: Times, sent: Documents) -> dict[str, Any]:
    """All that is known about one order and its batch."""
    shown, whether = _shown(sent)
    return _status(batch, times) | {"documents": whether, "order": _order(order, shown, batch.orders.index(order))}


def to_forgotten(forgotten: Forgotten, times: Times) -> dict[str, Any]:
    """What is left of an order, what was removed, and what stays and why."""
    return to_order_status(forgotten.order, forgotten.batch, times, None) | {"removed": REMOVED, "stays": STAYS}


def to_day(report: DayReport) -> dict[str, Any]:
    """What one day comes to."""
    count = report.count
    return {
        "date": report.day.isoformat(),
        "timeZone": report.zone,
        "from": to_text(count.book.start),
        "to": to_text(count.book.end),
        "snapshotAt": optional_text(count.taken_at),
        "complete": report.is_complete,
        **count.book.to_json(),
    }


def to_health(report: HealthReport) -> dict[str, Any]:
    """Whether the relay can do its work."""
    return {
        "status": report.level.value,
        "checkedAt": optional_text(report.checked_at),
        "checks": [line.to_json() for line in report.lines],
    }


def to_orders(orders: Sequence[tuple[BatchOrder, Batch]], times: Times) -> dict[str, Any]:
    """Several orders and how far their batches are. The evidence of one is asked for by its id."""
    return {
        "orders": [
            {**summary.of_batch(batch), **progress_of(batch, times), "order": summary.of_order(order)}
            for order, batch in orders
        ]
    }


def to_held(page: HeldBatches) -> dict[str, Any]:
    """One page of the batches of a client that wait for a person."""
    return {"batches": [_held(batch) for batch in page.batches], "cursor": page.cursor}


def to_list(page: ListedBatches, times: Times) -> dict[str, Any]:
    """One page of a list of batches, and with the first one what the whole list comes to."""
    return {
        "batches": [_listed(batch, times) for batch in page.batches],
        "totals": _totals(page.totals) if page.totals else None,
        "cursor": page.cursor,
    }


def to_plan(plan: Plan) -> dict[str, Any]:
    """What a bulk redrive would do."""
    return {
        "action": plan.action.value,
        "asOf": to_text(plan.as_of),
        "filter": _filter(plan.wanted),
        **_totals(plan.totals),
        "refused": plan.refused,
        "batchIds": list(plan.ids),
    }


def to_redrive(redrive: BulkRedrive) -> dict[str, Any]:
    """How far a bulk redrive is."""
    return {
        "redriveId": redrive.id,
        "action": redrive.action.value,
        "filter": _filter(redrive.wanted),
        "reason": redrive.reason,
        "by": redrive.by,
        "status": redrive.status.value,
        "createdAt": to_text(redrive.created_at),
        "endedAt": optional_text(redrive.ended_at),
        "stoppedBy": redrive.stopped_by,
        "batches": redrive.most,
        "done": redrive.done,
        "refused": redrive.refused,
        "inHand": len(redrive.in_hand),
        "left": redrive.left,
        "refusals": [{"batchId": refusal.batch_id, "reason": refusal.reason} for refusal in redrive.refusals],
    }


def _status(batch: Batch, times: Times) -> dict[str, Any]:
    return {
        **summary.of_batch(batch),
        **progress_of(batch, times),
        "certainlyNotInArm": batch.is_certainly_absent,
        "attempts": batch.attempt,
        "submissionAnswer": _answer(batch.submission_answer),
        "answer": _answer(batch.answer),
        "retryOf": batch.retry_of,
        "retriedAs": batch.retried_as,
        "redriveId": batch.redrive_id,
        "history": _history(batch.history),
    }


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    return {"status": answer.status, "body": answer.body} if answer else None


def _shown(sent: Documents) -> tuple[Documents, str]:
    """The documents, if they are kept and an answer can hold them beside all else; and whether that is so."""
    if sent is None or not any(sent):
        return None, GONE
    # A function's answer is JSON that holds the body as a string: quotes and other characters are escaped in it.
    if len(json.dumps(documents.to_text(sent))) > LARGEST_ANSWER / 2:
        return None, TOO_LARGE
    return sent, KEPT


def _order(order: BatchOrder, sent: Documents, place: int) -> dict[str, Any]:
    looked_up = {"found": order.evidence, "at": to_text(order.asked_at)} if order.asked_at else None
    return {
        **summary.of_order(order),
        "document": sent[place] if sent else None,
        "lookUp": looked_up,
        "retryOf": order.retry_of,
        "replaces": order.replaces,
    }


def _held(batch: HeldBatch) -> dict[str, Any]:
    return {
        "batchId": batch.id,
        "cause": batch.cause,
        "heldSince": to_text(batch.since),
        "orderCount": batch.order_count,
    }


def _listed(batch: Batch, times: Times) -> dict[str, Any]:
    settles_at = batch.settles_at(times)
    orders = orders_at_stake(batch)
    return {
        "batchId": batch.id,
        "clientNo": batch.client_no,
        "status": batch.state.value,
        "cause": batch.cause,
        "since": to_text(batch.since),
        "claimedAt": to_text(batch.claimed_at),
        "settlesAt": optional_text(settles_at),
        "certainlyNotInArm": batch.is_certainly_absent,
        "orders": len(orders),
        "sums": [_sum(each) for each in sums_of(orders)],
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "isComplete": totals.is_complete,
        "batches": totals.tally.batches,
        "orders": totals.tally.orders,
        "certainlyNotInArm": totals.certainly_absent,
        "unreadable": totals.unreadable,
        "sums": [_sum(each) for each in totals.tally.sums],
        "groups": _groups(totals.tally),
    }


def _groups(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"status": state.value, "cause": cause, "batches": count}
        for (state, cause), count in tally.groups.most_common()
    ]


def _sum(each: Sum) -> dict[str, Any]:
    return {
        "currency": each.currency,
        "documentType": each.document_type,
        "orders": each.orders,
        "total": None if each.total is None else JSON_NUMBER.plus(each.total),
    }


def _filter(wanted: Wanted) -> dict[str, Any]:
    return {
        "clientNo": wanted.client_no,
        "cause": wanted.cause,
        "status": wanted.status.value if wanted.status else None,
        "claimedAfter": optional_text(wanted.claimed_after),
        "claimedBefore": optional_text(wanted.claimed_before),
        "endedAfter": optional_text(wanted.ended_after),
        "endedBefore": optional_text(wanted.ended_before),
    }


def _history(history: tuple[Transitions, ...]) -> list[dict[str, Any]]:
    """Every transition, the oldest first."""
    transitions = [
        {"at": to_text(at), "status": entry.state.value, "cause": entry.cause, "by": entry.by}
        for entry in history
        for at in entry.at
    ]
    return sorted(transitions, key=lambda transition: str(transition["at"]))
