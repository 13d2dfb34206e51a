"""What has ended or is held is announced: published, kept word for word, and then recorded as announced.

In this order: a batch leaves the index last, so what is not kept is published again, in the same words and under the
same id. Whoever reads what was kept may find it twice.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.observability import Journal
from arm_relay.poller.notifications import Message, message_of, repeated
from arm_relay.store.announced import Announced, Announcement, place_of
from arm_relay.store.records import UnreadableRecord
from arm_relay.store.table import StoreUnavailable

#: The difference of two times that are in order.
INSTANT: Final = timedelta(microseconds=1)


class Topic(Protocol):
    """Where messages are published."""

    def publish_all(self, messages: Sequence[Message]) -> set[str]:
        """Publish each; the ids of the batches whose message was published."""


class Announcing:
    """Announces the present end or hold of batches."""

    def __init__(self, *, topic: Topic, announced: Announced, journal: Journal, now: Callable[[], datetime]) -> None:
        self._topic = topic
        self._announced = announced
        self._journal = journal
        self._now = now

    def announce(self, batches: Sequence[Batch]) -> list[Batch]:
        """The batches that were announced, to be saved as such. The others must be announced again."""
        known = {batch.id: batch for batch in batches}
        gone, messages = [], []
        for batch in batches:
            if not batch.is_to_be_repeated:
                messages.append(message_of(batch))
            elif (text := self._kept_text(batch)) is not None:
                messages.append(repeated(batch, text)) if text else gone.append(batch)
        published = self._topic.publish_all(messages)
        times = {batch.id: self._time_of(batch) for batch in batches}
        done = [message for message in messages if message.batch_id in published]
        kept = self._keep([message for message in done if not message.is_repeated], times)
        again = [known[message.batch_id] for message in done if message.is_repeated]
        return [
            *(steps.announced(known[each.batch_id], times[each.batch_id]) for each in done if each.id in kept),
            *(steps.announced(batch) for batch in (*again, *gone)),
        ]

    def _time_of(self, batch: Batch) -> datetime:
        """When the batch was announced: later than the time before, whatever clock that was read from."""
        now = self._now()
        return max(now, batch.announced_at + INSTANT) if batch.announced_at else now

    def _keep(self, messages: Sequence[Message], times: Mapping[str, datetime]) -> set[str]:
        """The ids of the messages that are kept from now on."""
        announcements = [Announcement(each.id, each.client_no, times[each.batch_id], each.text) for each in messages]
        try:
            return self._announced.keep(announcements)
        except StoreUnavailable as error:
            self._journal.transient_error(str(error))
            return set()

    def _kept_text(self, batch: Batch) -> str | None:
        """What was announced; empty where it is not kept any more, None where it cannot be read now."""
        if batch.announced_at is None:
            return ""
        try:
            text = self._announced.text(batch.client_no, place_of(batch.announced_at, batch.announcement_id))
        except StoreUnavailable as error:
            self._journal.transient_error(str(error), batchId=batch.id)
            return None
        except UnreadableRecord:
            text = None
        if text is None:
            self._journal.transient_error("an announcement to be repeated is not kept any more", batchId=batch.id)
        return text or ""
