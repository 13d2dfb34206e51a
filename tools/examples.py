"""Examples for the OpenAPI document: what the relay's own code says of the sample orders, at a time of their own."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from arm_relay.arm.drafts import Drafts
from arm_relay.arm.limits import NO_LIMITS
from arm_relay.arm.mapping import ArmCodes
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State, Times
from arm_relay.health import Check, Level, Line
from arm_relay.operators.day_reports import DayReport
from arm_relay.operators.forgetting import Forgotten
from arm_relay.operators.health_report import HealthReport
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.operators.preview import Preview
from arm_relay.operators.responses import to_day, to_forgotten, to_health, to_held, to_order_status, to_status
from arm_relay.orders.parsing import parse_orders
from arm_relay.store.day_counts import Count
from arm_relay.store.records import HeldBatch
from arm_relay.store.walk import Walk
from arm_relay.webhook.receipts import Receipt, Taken
from arm_relay.webhook.responses import to_receipt

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
    "Forget": {
        "sample": {"id": "evt-20250227-0001", "reason": "erasure asked for on 3 March, case 4711"},
    },
    "Redrive": {
        "resubmit": {"action": "resubmit", "reason": "ARM has none of it, checked by hand"},
        "close": {"action": "close", "status": "SUCCEEDED", "reason": "found as document 88776655"},
    },
}


def answers() -> Mapping[str, Json]:
    """By the schema of an answer."""
    drafts = Drafts(ArmCodes(user_id="arm-relay", credit_note_type=""), lambda: date(2025, 2, 27))
    accepted = _accepted(drafts)
    ended = _ended(accepted)
    held = HeldBatch(id=accepted.id, cause=causes.too_old(State.PENDING), since=_CLAIMED_AT, order_count=1)
    return {
        "Receipt": to_receipt(Receipt((_taken(drafts, accepted),))),
        "Preview": json.loads(_preview(drafts).show(CLIENT_NO, _COMPLETE.encode())),
        "BatchStatus": to_status(ended, _TIMES),
        "OrderStatus": to_order_status(ended.orders[0], ended, _TIMES),
        "ForgottenOrder": to_forgotten(_forgotten(ended), _TIMES),
        "Day": to_day(_day(ended)),
        "Health": to_health(HealthReport(_HEALTH, _CLAIMED_AT)),
        "HeldBatches": to_held(HeldBatches((held,), cursor=None)),
    }


def _preview(drafts: Drafts) -> Preview:
    return Preview(drafts, lambda _: None, lambda _: NO_LIMITS)


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


def _taken(drafts: Drafts, batch: Batch) -> Taken:
    (order,) = parse_orders(_COMPLETE.encode()).valid
    return Taken(batch.orders[0], batch, replayed=False, total=drafts.total(order), currency=order.currency)


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


def _ended(batch: Batch) -> Batch:
    later = _CLAIMED_AT + timedelta(minutes=1)
    return steps.announced(steps.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, causes.RESULT, later))
