"""What the topic's subscribers receive: one CloudEvents 1.0 message for each end and each hold of a batch.

A message, its id and its time are made from the stored batch alone: announced twice, it is the same message.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches import steps, summary
from arm_relay.batches.batch import Batch
from arm_relay.observability import Journal
from arm_relay.poller import attention
from arm_relay.poller.health_check import Subscriptions, TopicUnavailable
from arm_relay.store.records import to_text

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: The largest messages of one request, in bytes. SNS takes 256 KB including the attributes.
LARGEST_MESSAGE: Final = 260_000

#: A table for `str.translate` that escapes the two code points that SNS rejects.
NO_CHARACTERS: Final = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}

#: The most messages that PublishBatch takes.
MOST_MESSAGES: Final = 10


@dataclass(frozen=True)
class Message:
    """One message of the topic."""

    #: The CloudEvent's id.
    id: str
    batch_id: str
    client_no: str
    type: str
    status: str
    #: The CloudEvent as JSON.
    text: str
    #: Whether it was published before, and somebody asked for it again.
    is_repeated: bool = False
    #: What subscribers by mail get instead, and its subject; None where they get the CloudEvent as it is.
    words: str | None = None
    subject: str | None = None

    @property
    def attributes(self) -> Mapping[str, str]:
        """What subscribers' filter policies can ask for."""
        return {
            "type": self.type,
            "clientNo": self.client_no,
            "status": self.status,
            "replayed": str(self.is_repeated).lower(),
        }

    @cached_property
    def published(self) -> str:
        """The CloudEvent, with the words for mail beside it."""
        return self.text if self.words is None else _json({"default": self.text, "email": self.words})

    @cached_property
    def size(self) -> int:
        """What SNS counts of it, in bytes."""
        return len(self.published.encode()) + sum(
            len(name) + len("String") + len(value.encode()) for name, value in self.attributes.items()
        )

    def entry(self, entry_id: str) -> Any:  # noqa: ANN401 (as boto3 has it)
        """The entry of the request."""
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in self.attributes.items()}
        request = {"Id": entry_id, "Message": self.published, "MessageAttributes": attributes}
        return request | ({"Subject": self.subject, "MessageStructure": "json"} if self.words is not None else {})


class Topic:
    """The SNS topic."""

    def __init__(self, client: "SNSClient", arn: str, journal: Journal) -> None:
        self._client = client
        self._arn = arn
        self._journal = journal

    def publish_all(self, messages: Sequence[Message]) -> set[str]:
        """Publish each message; the ids of the batches whose message was published.

        The others must be published again.
        """
        return {batch_id for entries in _packed(messages) for batch_id in self._publish(entries)}

    def subscriptions(self) -> Subscriptions:
        """How many subscriptions it has.

        Raises:
            TopicUnavailable: SNS does not say.
        """
        arns: list[str] = []
        request: dict[str, Any] = {"TopicArn": self._arn}
        try:
            while request:
                answer = self._client.list_subscriptions_by_topic(**request)
                arns += [each["SubscriptionArn"] for each in answer.get("Subscriptions", [])]
                more = answer.get("NextToken")
                request = {"TopicArn": self._arn, "NextToken": more} if more else {}
        except (ClientError, BotoCoreError) as error:
            raise TopicUnavailable(type(error).__name__) from error
        confirmed = sum(arn.startswith("arn:") for arn in arns)
        return Subscriptions(confirmed, len(arns) - confirmed)

    def _publish(self, entries: Sequence[Message]) -> list[str]:
        try:
            answer = self._client.publish_batch(
                TopicArn=self._arn,
                PublishBatchRequestEntries=[entry.entry(str(place)) for place, entry in enumerate(entries)],
            )
        except (ClientError, BotoCoreError) as error:
            self._journal.transient_error(str(error), batchId=entries[0].batch_id)
            return []
        for failure in answer.get("Failed", []):
            what = str(failure.get("Message") or failure.get("Code"))
            self._journal.transient_error(what, batchId=entries[int(failure["Id"])].batch_id)
        return [entries[int(success["Id"])].batch_id for success in answer.get("Successful", [])]


def to_event(batch: Batch) -> dict[str, Any]:
    """The CloudEvent of the batch's present end or hold."""
    return {
        "specversion": "1.0",
        "id": batch.announcement_id,
        "source": f"/arm-relay/clients/{batch.client_no}",
        "type": _type_of(batch),
        "subject": batch.id,
        "time": to_text(batch.ended_at or batch.claimed_at),
        "datacontenttype": "application/json",
        "data": {
            **summary.of_batch(batch),
            "redrive": _redrive(batch),
            "sequence": batch.announcements,
            "orders": [summary.of_order(order) | summary.details_of(order) for order in batch.orders],
            "answer": summary.of_answer(batch),
            "answerOmitted": batch.is_answer_removed,
        },
    }


def _redrive(batch: Batch) -> dict[str, Any] | None:
    last = steps.last_redrive(batch)
    return {"by": last.by, "at": to_text(last.at[-1]), "reason": last.cause} if last else None


def message_of(batch: Batch) -> Message:
    """The message of the batch's present end or hold."""
    return _message(batch, _within_limit(to_event(batch)))


def repeated(batch: Batch, text: str) -> Message:
    """The message of the batch's present end or hold once more, as it was announced."""
    return replace(_message(batch, text), is_repeated=True)


def _message(batch: Batch, text: str) -> Message:
    message = Message(batch.announcement_id, batch.id, batch.client_no, _type_of(batch), batch.state.value, text)
    if not attention.needs_attention(batch):
        return message
    data = json.loads(text)["data"]
    with_words = replace(message, words=attention.words(data), subject=attention.subject(data))
    # Where both do not fit, subscribers by mail get the CloudEvent, too.
    return with_words if with_words.size <= LARGEST_MESSAGE else message


def _type_of(batch: Batch) -> str:
    return f"arm-relay.batch.{batch.state.value.lower().replace('_', '-')}"


def _packed(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages in groups that SNS takes at once: ten of them, and 256 KB in sum."""
    group: list[Message] = []
    size = 0
    for message in messages:
        if group and (len(group) == MOST_MESSAGES or size + message.size > LARGEST_MESSAGE):
            yield group
            group, size = [], 0
        group.append(message)
        size += message.size
    if group:
        yield group


def _within_limit(event: dict[str, Any]) -> str:
    """The message. Where it is too large for SNS, ARM's raw answer is left out and `answerOmitted` is true."""
    message = _json(event)
    if len(message.encode()) <= LARGEST_MESSAGE:
        return message
    return _json(event | {"data": event["data"] | {"answer": None, "answerOmitted": True}})


def _json(event: dict[str, Any]) -> str:
    """JSON with the two code points escaped that SNS rejects; they can only occur inside strings."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).translate(NO_CHARACTERS)
