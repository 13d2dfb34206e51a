"""API Gateway events with signed order events in them, no two the same."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from standardwebhooks.webhooks import Webhook

from benchmarks.cloud import CREDENTIALS
from sandbox.paths import ROOT

_ORDER: Final[dict[str, Any]] = json.loads((ROOT / "events" / "orders" / "complete.json").read_text())
_EVENT: Final[dict[str, Any]] = json.loads((ROOT / "events" / "lambda" / "webhook-order.json").read_text())
_PREVIEW: Final[dict[str, Any]] = json.loads((ROOT / "events" / "lambda" / "webhook-preview.json").read_text())
_QUESTION: Final[dict[str, Any]] = json.loads((ROOT / "events" / "lambda" / "operators-batch.json").read_text())
_NUMBERS: Final = count()


def an_event(orders: int = 1, lines: int = 1) -> dict[str, Any]:
    """A request of so many orders, each the sample order with its lines so many times over."""
    return _signed(_EVENT, _a_body(orders, lines))


def a_preview(orders: int = 1, lines: int = 1) -> dict[str, Any]:
    """A request to preview such orders."""
    return _signed(_PREVIEW, _a_body(orders, lines))


def a_question() -> dict[str, Any]:
    """An operator's request to see a batch."""
    return _QUESTION


def _signed(event: dict[str, Any], body: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    signature = {
        "webhook-id": f"msg_{next(_NUMBERS)}",
        "webhook-timestamp": str(int(now.timestamp())),
        "content-length": str(len(body)),
    }
    signed = Webhook(CREDENTIALS.signing_secret).sign(signature["webhook-id"], now, body)
    return event | {"body": body, "headers": event["headers"] | signature | {"webhook-signature": signed}}


def _a_body(orders: int, lines: int) -> str:
    batch = [_an_order(next(_NUMBERS), lines) for _ in range(orders)]
    return json.dumps(batch[0] if orders == 1 else batch)


def _an_order(number: int, lines: int) -> dict[str, Any]:
    return _ORDER | {
        "id": f"evt-{number}",
        "orderId": f"B-{number:07}",
        "invoiceNo": str(10_000_000 + number),
        "lines": _ORDER["lines"] * lines,
    }
