"""Signed order events, posted as an upstream system would."""

import uuid
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook


def send(url: str, signing_secret: str, body: str) -> httpx.Response:
    """POST one request body, signed by Standard Webhooks."""
    now = datetime.now(UTC)
    message_id = f"msg_{uuid.uuid4()}"
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signing_secret).sign(message_id, now, body),
    }
    return httpx.post(url, content=body.encode(), headers=headers, timeout=30)
