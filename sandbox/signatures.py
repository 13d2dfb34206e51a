"""The headers that sign a sender's request (Standard Webhooks)."""

from datetime import datetime

from standardwebhooks.webhooks import Webhook


def signature(secret: str, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The signature of a body, its id and its time, which is in UTC."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
