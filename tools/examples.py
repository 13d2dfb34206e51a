"""Examples for the OpenAPI document: what the relay's own code says of the sample orders, at a time of their own."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from arm_relay import batches
from arm_relay.answers import to_held, to_order_status, to_preview, to_receipt, to_status
from arm_relay.arm.documents import to_json
from arm_relay.batches import Answer, Batch, BatchOrder, OrderStatus, State, Times
from arm_relay.inquiries import HeldBatches
from arm_relay.intake import Preview
from arm_relay.mapping import Mapping as OrderMapping
from arm_relay.mapping import to_batch
from arm_relay.parsing import parse_orders
from arm_relay.receipts import Line, Receipt
from arm_relay.records import HeldBatch

from sandbox.cloud.credentials import CLIENT_NO
from sandbox.paths import ROOT

type Json = dict[str, Any]

_COMPLETE: Final = (ROOT / "events" / "orders" / "complete.json").read_text(encoding="utf-8")
_MINIMAL: Final = (ROOT / "events" / "orders" / "minimal.json").read_text(encoding="utf-8")

_CLAIMED_AT: Final = datetime(2025, 2, 27, 12, tzinfo=UTC)
_TIMES: Final = Times(
    first_look=timedelta(seconds=30),
    longest_look=timedelta(minutes=15),
    settling=timedelta(minutes=15),
    undecided=timedelta(hours=1),
    hold_after=timedelta(days=3),
    retention=timedelta(days=400),
)
_TAKEN: Final = Answer(202, '{"status": "NOT-PROCESSED", "result": "PENDING", "batchUuid": "8NlwdOIM1YLVFApvQFONTw"}')

#: By the schema of a body.
REQUESTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Orders": {
        "complete": json.loads(_COMPLETE),
        "minimal": json.loads(_MINIMAL),
        "several": [json.loads(_COMPLETE), json.loads(_MINIMAL)],
    },
    "Redrive": {
        "resubmit": {"action": "resubmit", "reason": "ARM has none of it, checked by hand"},
        "close": {"action": "close", "status": "SUCCEEDED", "reason": "found as document 88776655"},
    },
}


def answers() -> Mapping[str, Json]:
    """By the schema of an answer."""
    orders = parse_orders(_COMPLETE.encode()).valid
    payload = to_json(to_batch(orders, OrderMapping(user_id="arm-relay", credit_note_type=""), date(2025, 2, 27)))
    accepted = _accepted(payload)
    ended = _ended(accepted)
    held = HeldBatch(id=accepted.id, cause="older than HoldAfterSeconds", since=_CLAIMED_AT, order_count=1)
    return {
        "Receipt": to_receipt(Receipt((Line(accepted.orders[0], accepted, replayed=False),))),
        "Preview": json.loads(to_preview(Preview(payload, orders))),
        "BatchStatus": to_status(ended),
        "OrderStatus": to_order_status(ended.orders[0], ended),
        "HeldBatches": to_held(HeldBatches((held,), cursor=None)),
    }


def _accepted(payload: bytes) -> Batch:
    (order,) = parse_orders(_COMPLETE.encode()).valid
    claimed = batches.claimed(
        "7f1c2a52-6f0f-4c7e-9a53-1f0f0e6d3b11",
        CLIENT_NO,
        [
            BatchOrder(
                id=order.id,
                order_id=order.order_id,
                customer_no=order.customer_no,
                document_no=order.invoice_no,
                digest=order.digest,
            )
        ],
        payload,
        _CLAIMED_AT,
        _TIMES,
    )
    return batches.accepted(claimed, "8NlwdOIM1YLVFApvQFONTw", _TAKEN, _CLAIMED_AT + timedelta(seconds=1))


def _ended(batch: Batch) -> Batch:
    later = _CLAIMED_AT + timedelta(minutes=1)
    return batches.announced(batches.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", later))
