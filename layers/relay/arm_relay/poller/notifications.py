"""What the topic's subscribers receive: one CloudEvents 1.0 message for each end and each hold of a batch.

A message, its id and its time are made from the stored batch alone: announced twice, it is the same message.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches import summary
from arm_relay.batches.batch import Batch
from arm_relay.store.records import to_text

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: The largest message, in bytes. SNS takes 256 KB including the attributes.
LARGEST_MESSAGE: Final = 250_000


#: A table for `str.translate` that escapes the two code points that SNS rejects.
NO_CHARACTERS: Final = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}


class NotPublished(Exception):
    """The topic did not accept the message, or its answer was lost."""


class Topic:
    """The SNS topic."""

    def __init__(self, client: "SNSClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, batch: Batch) -> None:
        """Announce the batch's present end or hold.

        Raises:
            NotPublished: it must be announced again.
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
            **summary.of_batch(batch),
            "orders": [summary.of_order(order) for order in batch.orders],
            "answer": summary.of_answer(batch),
            "answerOmitted": False,
        },
    }


def _within_limit(event: dict[str, Any]) -> str:
    """The message. Where it is too large for SNS, ARM's raw answer is left out and `answerOmitted` is true."""
    message = _json(event)
    if len(message.encode()) <= LARGEST_MESSAGE:
        return message
    return _json(event | {"data": event["data"] | {"answer": None, "answerOmitted": True}})


def _json(event: dict[str, Any]) -> str:
    """JSON with the two code points escaped that SNS rejects; they can only occur inside strings."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).translate(NO_CHARACTERS)
