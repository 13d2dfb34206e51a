"""Use case: every due batch takes its next step, and every end is announced.

A poller leases one shard at a time, so that several share the work. Whatever it does to a batch is saved on condition
that nobody else has, so even two in one shard cannot submit it twice. An end is saved before it is announced, so that
it is announced again in the same words if this function dies in between, and the batch leaves the index only after.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Protocol

from arm_relay import batches
from arm_relay.batches import Batch
from arm_relay.concurrency import AtOnce
from arm_relay.look import Look
from arm_relay.notifications import NotPublished
from arm_relay.observability import Journal, Metric
from arm_relay.records import SHARDS
from arm_relay.store import Store, StoreUnavailable

#: A look begun with less time left than this might not end in time, in seconds: one call to ARM and its token.
RESERVE: Final = 25.0


class PollingFailed(Exception):
    """Some batches met a failure that nobody foresaw; the log has each."""


class Announcements(Protocol):
    """Where ends and holds are announced."""

    def publish(self, batch: Batch) -> None:
        """Announce the batch's present end or hold; raises `NotPublished`."""


class Polling:
    """One poller."""

    def __init__(
        self,
        *,
        store: Store,
        look: Look,
        announcements: Announcements,
        journal: Journal,
        now: Callable[[], datetime],
        shuffled: Callable[[list[str]], list[str]],
        at_once: AtOnce,
    ) -> None:
        """`at_once` is how many batches are looked at."""
        self._store = store
        self._look = look
        self._announcements = announcements
        self._journal = journal
        self._now = now
        self._shuffled = shuffled
        self._at_once = at_once

    def run(self, owner: str, remaining: Callable[[], float]) -> None:
        """Work on every shard that nobody else works on; `remaining` tells the seconds this function has left.

        Raises:
            StoreUnavailable: the table is out of reach.
            PollingFailed: after everything else was done.
        """
        self._journal.count(Metric.POLLS)
        self._look.begin_run()
        run = _Run(owner, remaining)
        shards = [str(number) for number in range(SHARDS)]
        if run.in_time():
            self._measure_waiting(shards)
        for shard in self._shuffled(shards):
            if run.in_time():
                self._work(shard, run)
        if run.failures:
            raise PollingFailed(f"{run.failures} batches met a failure")

    def _measure_waiting(self, shards: list[str]) -> None:
        try:
            self._journal.measured(Metric.BATCHES_WAITING, sum(self._at_once(self._store.waiting, shards)))
        except StoreUnavailable as error:
            # No reason to leave undone what can be done.
            self._journal.trouble(str(error))

    def _work(self, shard: str, run: "_Run") -> None:
        now = self._now()
        pages = self._store.due(shard, now)
        first = next(pages, [])
        # Most shards have nothing due at most times: then not even a lease is written.
        if not first or not self._store.lease(shard, run.owner, now, now + timedelta(seconds=run.remaining())):
            return
        try:
            for page in chain([first], pages):
                if run.in_time():
                    self._at_once(lambda batch_id: self._handle_safely(batch_id, run), page)
        finally:
            self._store.release(shard, run.owner, self._now())

    def _handle_safely(self, batch_id: str, run: "_Run") -> None:
        """One batch's trouble stays its own: it is still due, so the next run meets it again."""
        try:
            if run.in_time():
                self._handle(batch_id, run)
        except (StoreUnavailable, NotPublished) as error:
            self._journal.trouble(str(error), batchId=batch_id)
        except Exception:  # noqa: BLE001 (told in the log, and raised in sum by `run`)
            run.failures += 1
            self._journal.failed("a look at a batch failed", batchId=batch_id)

    def _handle(self, batch_id: str, run: "_Run") -> None:
        # Read again: the index may tell what has been done already.
        batch, now = self._store.batch(batch_id), self._now()
        if batch is None or batch.due is None or batch.due > now:
            return
        # Before the look, so that it is told of a batch, too, that is left out while ARM is out of reach.
        self._journal.measured(Metric.BATCH_AGE, batch.waited(now).total_seconds())
        after = batch if batch.rests else self._look.advance(batch, run.in_time)
        if after and after.rests and after.due:
            self._announce(after)

    def _announce(self, batch: Batch) -> None:
        self._announcements.publish(batch)
        self._journal.count(Metric.ANNOUNCEMENTS)
        self._store.save(batches.announced(batch))


class _Run:
    """What one run of the poller knows."""

    def __init__(self, owner: str, remaining: Callable[[], float]) -> None:
        self.owner = owner
        self.remaining = remaining
        self.failures = 0

    def in_time(self) -> bool:
        """Whether another look may begin."""
        return self.remaining() > RESERVE
