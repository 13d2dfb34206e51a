"""What the topic's subscribers receive: one CloudEvents 1.0 message for each end and each hold of a batch.

A message, its id and its time are made from the stored batch alone: announced twice, it is the same message.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches import summary
from arm_relay.batches.batch import Batch
from arm_relay.observability import Journal
from arm_relay.poller import attention
from arm_relay.poller.health_check import Subscriptions, TopicUnavailable
from arm_relay.store.records import to_text

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: The largest message, in bytes. SNS takes 256 KB including the attributes.
LARGEST_MESSAGE: Final = 250_000

#: A table for `str.translate` that escapes the two code points that SNS rejects.
NO_CHARACTERS: Final = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}

#: The most messages that PublishBatch takes.
MOST_MESSAGES: Final = 10


@dataclass(frozen=True)
class _Entry:
    """One message of several that are published together."""

    batch_id: str
    message: str
    attributes: Mapping[str, str]
    #: What subscribers by mail get instead, and its subject; None where they get the message as it is.
    words: str | None = None
    subject: str | None = None

    @cached_property
    def published(self) -> str:
        """The message, with the words for mail beside it."""
        return self.message if self.words is None else _json({"default": self.message, "email": self.words})

    @cached_property
    def size(self) -> int:
        """What SNS counts of it, in bytes."""
        return len(self.published.encode()) + sum(
            len(name) + len("String") + len(value.encode()) for name, value in self.attributes.items()
        )

    def request(self, entry_id: str) -> Any:  # noqa: ANN401 (as boto3 has it)
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

    def publish_all(self, batches: Sequence[Batch]) -> set[str]:
        """Announce the present end or hold of each batch; the ids of those that were announced.

        The others must be announced again.
        """
        return {batch_id for entries in _packed(batches) for batch_id in self._publish(entries)}

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

    def _publish(self, entries: Sequence[_Entry]) -> list[str]:
        try:
            answer = self._client.publish_batch(
                TopicArn=self._arn,
                PublishBatchRequestEntries=[entry.request(str(place)) for place, entry in enumerate(entries)],
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
            "answerOmitted": batch.is_answer_removed,
        },
    }


def _packed(batches: Sequence[Batch]) -> Iterator[list[_Entry]]:
    """The messages in groups that SNS takes at once: ten of them, and 256 KB in sum."""
    group: list[_Entry] = []
    size = 0
    for entry in map(_entry, batches):
        if group and (len(group) == MOST_MESSAGES or size + entry.size > LARGEST_MESSAGE):
            yield group
            group, size = [], 0
        group.append(entry)
        size += entry.size
    if group:
        yield group


def _entry(batch: Batch) -> _Entry:
    event = to_event(batch)
    attributes = {"type": event["type"], "clientNo": batch.client_no, "status": batch.state.value}
    entry = _Entry(batch.id, _within_limit(event), attributes)
    if not attention.needs_attention(batch):
        return entry
    with_words = replace(entry, words=attention.words(batch), subject=attention.subject(batch))
    # Where both do not fit, subscribers by mail get the message, too.
    return with_words if with_words.size <= LARGEST_MESSAGE else entry


def _within_limit(event: dict[str, Any]) -> str:
    """The message. Where it is too large for SNS, ARM's raw answer is left out and `answerOmitted` is true."""
    message = _json(event)
    if len(message.encode()) <= LARGEST_MESSAGE:
        return message
    return _json(event | {"data": event["data"] | {"answer": None, "answerOmitted": True}})


def _json(event: dict[str, Any]) -> str:
    """JSON with the two code points escaped that SNS rejects; they can only occur inside strings."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).translate(NO_CHARACTERS)
