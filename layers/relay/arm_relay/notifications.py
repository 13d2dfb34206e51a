"""What the topic's subscribers are told: one CloudEvents 1.0 message per batch that ends or is held.

A message is made of the stored batch alone, its id and time too: announced twice, it is the same message.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches import Batch, BatchOrder
from arm_relay.records import to_text

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
else:
    type SNSClient = Any

#: SNS takes 256 KB, attributes included; the rest is left for them. In bytes.
LARGEST_MESSAGE: Final = 250_000


#: For `str.translate`.
NO_CHARACTERS: Final = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}


class NotPublished(Exception):
    """The topic did not take the message, or its answer was lost."""


class Topic:
    """The SNS topic."""

    def __init__(self, client: "SNSClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, batch: Batch) -> None:
        """Announce the batch's present end or hold.

        Raises:
            NotPublished: it has to be announced again.
        """
        event = to_event(batch)
        attributes = {"type": event["type"], "clientNo": batch.client_no, "status": batch.state.value}
        try:
            self._client.publish(
                TopicArn=self._arn,
                Message=_within_limit(event),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise NotPublished(str(error)) from error


def to_event(batch: Batch) -> dict[str, Any]:
    """The CloudEvent of the batch's present end or hold."""
    return {
        "specversion": "1.0",
        "id": f"{batch.id}.{batch.announcements}",
        "source": f"/arm-relay/clients/{batch.client_no}",
        "type": f"arm-relay.batch.{batch.state.value.lower().replace('_', '-')}",
        "subject": batch.id,
        "time": to_text(batch.ended_at or batch.claimed_at),
        "datacontenttype": "application/json",
        "data": {
            "batchId": batch.id,
            "clientNo": batch.client_no,
            "status": batch.state.value,
            "cause": batch.cause,
            "by": batch.by,
            "batchUuid": batch.batch_uuid,
            "orders": [to_line(order) for order in batch.orders],
            "answer": {"status": batch.answer.status, "body": batch.answer.body} if batch.answer else None,
            "answerOmitted": False,
        },
    }


def to_line(order: BatchOrder) -> dict[str, Any]:
    """How one order stands, as the webhook and the notifications tell it."""
    return {
        "id": order.id,
        "orderId": order.order_id,
        "documentNo": order.document_no,
        "status": order.status.value,
        "errors": list(order.errors),
    }


def _within_limit(event: dict[str, Any]) -> str:
    """The message; where it is too large for SNS, without ARM's raw answer, and saying so."""
    message = _json(event)
    if len(message.encode()) <= LARGEST_MESSAGE:
        return message
    return _json(event | {"data": event["data"] | {"answer": None, "answerOmitted": True}})


def _json(event: dict[str, Any]) -> str:
    """Without what SNS takes for no character: it stands within strings, where JSON has another way to write it."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).translate(NO_CHARACTERS)
