"""Duty: what batches hold of people is taken out of them when it has been kept for long enough.

Payloads that have items of their own expire by themselves. A small one stands in its batch's record, and so do ARM's
answers and the senders' own words: they are taken out here, about every hour, by the day of the claim.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.store.days import Days
from arm_relay.store.records import DayEntry
from arm_relay.store.table import Busy, Store
from arm_relay.store.walk import Walk

#: What is kept of the walk has this name.
NAME: Final = "trim"

#: How much time a walk goes through at least.
STRIDE: Final = timedelta(hours=1)

#: A page begins only with so much time left, in seconds.
ENOUGH: Final = 5.0

#: How often a batch that others write at the same moment is tried.
ATTEMPTS: Final = 3


class Trimming:
    """Takes out what has been kept for long enough."""

    def __init__(self, *, store: Store, days: Days, now: Callable[[], datetime], life: timedelta) -> None:
        """`life` is how long it is kept from the claim on."""
        self._store = store
        self._days = days
        self._now = now
        self._life = life
        self._next: datetime | None = None

    def run(self, left: Callable[[], float]) -> None:
        """Go on as long as there is time, `left` in seconds.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        if self._next and self._now() < self._next:
            return
        kept = self._days.kept(NAME)
        version = kept.version if kept else 0
        walk = Walk.from_json(kept.state) if kept else self._first()
        while left() > ENOUGH:
            if walk.is_over:
                end = self._now() - self._life
                if end - walk.end < STRIDE:
                    self._next = self._now() + STRIDE
                    return
                walk = Walk.through(walk.end, end)
            walk = self._after_page(walk)
            kept = self._days.keep(NAME, walk.to_json(), version)
            if kept is None:
                # Another run of the poller goes on with it.
                return
            version = kept.version

    def _first(self) -> Walk:
        """The walk of a relay that has never trimmed: its table is young, so it holds nothing that is older."""
        beginning = self._now() - self._life - STRIDE
        return Walk(beginning, beginning, {})

    def _after_page(self, walk: Walk) -> Walk:
        shard, after = walk.next()
        page = self._days.page(shard, walk.start, walk.end, after)
        self._trim([entry for entry in page.entries if not entry.is_end])
        return walk.past(shard, page.after)

    def _trim(self, entries: Sequence[DayEntry]) -> None:
        left = [entry.batch_id for entry in entries]
        for _ in range(ATTEMPTS):
            if not left:
                return
            # A record that cannot be read is left alone: a newer release wrote it, or a person has to look at it.
            found, _unreadable = self._store.read(left)
            trimmed = [steps.trimmed(batch, self._now()) for batch in found.values() if _holds_people(batch)]
            saved = self._store.save_all(trimmed)
            left = [batch.id for batch, done in zip(trimmed, saved, strict=True) if done is None]
        if left:
            raise Busy("batches that are to be trimmed are written by others all the time")


def _holds_people(batch: Batch) -> bool:
    return batch.payload is not None or batch.answer is not None or any(order.metadata for order in batch.orders)
