"""Examples for the OpenAPI document: what the relay's own code says of the sample orders, at a time of their own."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from arm_relay.arm.documents import documents_of
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State, Times
from arm_relay.batches.bulk_redrive import Action, BulkRedrive
from arm_relay.batches.selection import Listing, Tally, Wanted
from arm_relay.health import Check, Level, Line
from arm_relay.operators.bulk import Plan
from arm_relay.operators.day_reports import DayReport
from arm_relay.operators.forgetting import Forgotten
from arm_relay.operators.health_report import HealthReport
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.operators.lists import ListedBatches, Totals
from arm_relay.operators.responses import (
    to_day,
    to_forgotten,
    to_health,
    to_held,
    to_json,
    to_list,
    to_order_status,
    to_orders,
    to_plan,
    to_redrive,
    to_status,
)
from arm_relay.orders.parsing import parse_orders
from arm_relay.poller.notifications import message_of
from arm_relay.store.day_counts import Count
from arm_relay.store.records import HeldBatch
from arm_relay.store.walk import Walk
from arm_relay.webhook.customers import Known
from arm_relay.webhook.preview import to_preview
from arm_relay.webhook.receipts import Receipt, Taken
from arm_relay.webhook.responses import to_receipt
from arm_relay.webhook.status import to_order_progress
from arm_relay.webhook.taking import Taking

from sandbox.cloud.credentials import CLIENT_NO
from sandbox.paths import ROOT

type Json = dict[str, Any]

_COMPLETE: Final = (ROOT / "events" / "orders" / "complete.json").read_text(encoding="utf-8")
_MINIMAL: Final = (ROOT / "events" / "orders" / "minimal.json").read_text(encoding="utf-8")

_CLAIMED_AT: Final = datetime(2025, 2, 27, 12, tzinfo=UTC)
_TIMES: Final = Times(
    first_poll=timedelta(seconds=30),
    longest_poll=timedelta(minutes=15),
    settling=timedelta(minutes=15),
    failure_settling=timedelta(minutes=15),
    undecided=timedelta(hours=1),
    hold_after=timedelta(days=3),
    retention=timedelta(days=400),
)
_TAKEN: Final = Answer(202, '{"status": "NOT-PROCESSED", "result": "PENDING", "batchUuid": "8NlwdOIM1YLVFApvQFONTw"}')

_WANTED: Final = Wanted(listing=Listing.HELD, client_no=CLIENT_NO)
_HEALTH: Final = (
    Line(Check.TABLE, Level.OK, "The table answers."),
    Line(Check.TOKEN, Level.OK, "The identity service gives a token."),
    Line(Check.LEDGER, Level.FAULT, "Asked about client 2218: ARM answered 503."),
)

#: By the schema of a body.
REQUESTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Orders": {
        "complete": json.loads(_COMPLETE),
        "minimal": json.loads(_MINIMAL),
        "several": [json.loads(_COMPLETE), json.loads(_MINIMAL)],
    },
    "StatusQuestion": {"two orders": {"ids": ["evt-20250227-0001", "evt-20250227-0002"]}},
    "Forget": {
        "sample": {"id": "evt-20250227-0001", "reason": "erasure asked for on 3 March, case 4711"},
    },
    "ResultsQuestion": {
        "from the first on": {},
        "from a time on": {"after": "2025-02-27T00:00:00Z", "limit": 500},
    },
    "Redrive": {
        "ask": {"action": "ask", "reason": "the outage is over"},
        "retry": {"action": "retry", "reason": "the customer exists in ARM now"},
        "resubmit": {"action": "resubmit", "reason": "ARM has none of it, checked by hand", "mayBeBilledTwice": True},
        "close": {"action": "close", "status": "SUCCEEDED", "reason": "found as document 88776655"},
        "announce": {"action": "announce", "reason": "the subscriber's queue was lost"},
    },
    "BulkRequest": {
        "dryRun": {"action": "ask", "reason": "the outage is over", "filter": {"clientNo": "2218"}, "dryRun": True},
        "real": {
            "action": "ask",
            "reason": "the outage is over",
            "filter": {"clientNo": "2218"},
            "batches": 1,
            "asOf": "2025-02-27T12:00:00.000000Z",
        },
    },
}


def answers() -> Mapping[str, Json]:
    """By the schema of an answer."""
    drafts = Drafts(ArmCodes(user_id="arm-relay", credit_note_type=""), lambda: date(2025, 2, 27))
    accepted = _accepted(drafts)
    ended = _ended(accepted)
    documents = documents_of(accepted.payload or b"")
    waiting = _held(accepted)
    tally = Tally()
    tally.add(waiting)
    totals = Totals(tally, certainly_absent=0, unreadable=0, end=None)
    held = HeldBatch(id=accepted.id, cause=causes.too_old(State.PENDING), since=_CLAIMED_AT, order_count=1)
    return {
        "Receipt": to_receipt(Receipt((Taken(accepted.orders[0], accepted, replayed=False),))),
        "Preview": json.loads(_preview(drafts)),
        "BatchStatus": _plain(to_status(ended, _TIMES, documents)),
        "OrderStatus": _plain(to_order_status(ended.orders[0], ended, _TIMES, documents)),
        "ForgottenOrder": _plain(to_forgotten(_forgotten(ended), _TIMES)),
        "Day": _plain(to_day(_day(ended))),
        "Health": to_health(HealthReport(_HEALTH, _CLAIMED_AT)),
        "Batches": _plain(to_list(ListedBatches((waiting,), totals, cursor=None), _TIMES)),
        "RedrivePlan": _plain(to_plan(Plan(Action.ASK, _CLAIMED_AT, _WANTED, totals, 0, (waiting.id,)))),
        "BulkRedrive": _plain(to_redrive(_redrive())),
        "OrdersProgress": {
            "orders": [
                {
                    "id": ended.orders[0].id,
                    "known": True,
                    **to_order_progress(ended.orders[0], ended, _TIMES),
                },
                {"id": "evt-20250227-0002", "known": False},
            ]
        },
        "Results": {
            "events": [json.loads(message_of(ended).text)],
            "next": "MjIxOCAyMDI1LTAyLTI3VDEyOjAxOjAwLjAwMDAwMFo=",
            "more": False,
        },
        "FoundOrders": to_orders([(ended.orders[0], ended)], _TIMES),
        "HeldBatches": to_held(HeldBatches((held,), cursor=None)),
    }


def _preview(drafts: Drafts) -> str:
    request = parse_orders(_COMPLETE.encode())
    return to_preview(drafts, Taking(request), {order.customer_no: Known.EXISTS for order in request.valid})


def _day(ended: Batch) -> DayReport:
    zone = ZoneInfo("Europe/Oslo")
    count = Count.of(_CLAIMED_AT.date(), zone)
    taken_at = count.book.end + timedelta(hours=1, seconds=12)
    return DayReport(
        _CLAIMED_AT.date(),
        str(zone),
        Count(Walk(count.walk.start, count.walk.end, {}), count.book.with_claim(ended), taken_at),
    )


def _forgotten(ended: Batch) -> Forgotten:
    order_id, reason = ended.orders[0].id, REQUESTS["Forget"]["sample"]["reason"]
    by, at = "arn:aws:sts::123456789012:assumed-role/Operator/kari", _CLAIMED_AT + timedelta(days=4)
    batch = steps.forgotten(ended, order_id, None, reason, by, at)
    return Forgotten(batch.orders[0], batch)


def _accepted(drafts: Drafts) -> Batch:
    (order,) = parse_orders(_COMPLETE.encode()).valid
    claimed = steps.claimed(
        "7f1c2a52-6f0f-4c7e-9a53-1f0f0e6d3b11",
        CLIENT_NO,
        [drafts.batch_order(order)],
        drafts.payload([order]),
        _CLAIMED_AT,
        _TIMES,
    )
    return steps.pending(claimed, "8NlwdOIM1YLVFApvQFONTw", _TAKEN, _CLAIMED_AT + timedelta(seconds=1))


def _plain(body: Json) -> Json:
    """As a reader of the answer has it."""
    read: Json = json.loads(to_json(body))
    return read


def _held(batch: Batch) -> Batch:
    later = _CLAIMED_AT + timedelta(days=3)
    return steps.announced(steps.held(batch, causes.too_old(State.PENDING), later))


def _redrive() -> BulkRedrive:
    return BulkRedrive(
        id="0b8f3c1e-5d0c-4f5e-8f0e-2b7f6d1f9a10",
        action=Action.ASK,
        wanted=_WANTED,
        reason="the outage is over",
        by="arn:aws:sts::123456789012:assumed-role/Operator/kari",
        created_at=_CLAIMED_AT + timedelta(days=4),
        most=1,
    )


def _ended(batch: Batch) -> Batch:
    later = _CLAIMED_AT + timedelta(minutes=1)
    return steps.announced(steps.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, causes.RESULT, later))
