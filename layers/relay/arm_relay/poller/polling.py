"""Use case: every due batch takes its next step, and every end is announced.

A poller leases one shard at a time, so that several pollers share the work. Each step of a batch is saved on condition
that nobody else has changed it, so that even two pollers in one shard cannot submit it twice. An end is saved before
it is announced: if this function dies in between, it is announced again in the same words. The batch leaves the index
last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Protocol

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.observability import Journal, Metric
from arm_relay.poller.concurrency import AtOnce
from arm_relay.poller.next_step import NextStep
from arm_relay.poller.notifications import NotPublished
from arm_relay.store.records import SHARDS
from arm_relay.store.table import Store, StoreUnavailable

#: A step that begins with less time left than this might not end in time, in seconds: one call to ARM and its token.
RESERVE: Final = 25.0


class PollingFailed(Exception):
    """Some batches met an unexpected failure; the log has each."""


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
        begin_run: Callable[[], NextStep],
        announcements: Announcements,
        journal: Journal,
        now: Callable[[], datetime],
        shuffled: Callable[[list[str]], list[str]],
        at_once: AtOnce,
    ) -> None:
        """`begin_run` gives what takes batches a step further during one run; `at_once` handles several at a time."""
        self._store = store
        self._begin_run = begin_run
        self._announcements = announcements
        self._journal = journal
        self._now = now
        self._shuffled = shuffled
        self._at_once = at_once

    def run(self, owner: str, remaining: Callable[[], float]) -> None:
        """Work on every shard that nobody else works on. `remaining` gives the seconds that this function has left.

        Raises:
            StoreUnavailable: the table is out of reach.
            PollingFailed: some batches met an unexpected failure; everything else is done.
        """
        self._journal.count(Metric.POLLER_RUNS)
        run = _Run(owner, remaining, self._begin_run())
        shards = [str(number) for number in range(SHARDS)]
        if run.in_time():
            self._measure_waiting(shards)
        failures = sum(self._work(shard, run) for shard in self._shuffled(shards) if run.in_time())
        if failures:
            raise PollingFailed(f"{failures} batches met an unexpected failure")

    def _measure_waiting(self, shards: list[str]) -> None:
        try:
            self._journal.measured(Metric.BATCHES_WAITING, sum(self._at_once(self._store.waiting, shards)))
        except StoreUnavailable as error:
            # The rest of the run does not need the count.
            self._journal.transient_error(str(error))

    def _work(self, shard: str, run: "_Run") -> int:
        """Handle what is due in a shard; how many batches met an unexpected failure."""
        now = self._now()
        pages = self._store.due(shard, now)
        first = next(pages, [])
        # Mostly nothing is due in a shard: then not even a lease is written.
        if not first or not self._store.lease(shard, run.owner, now, now + timedelta(seconds=run.remaining())):
            return 0
        try:
            due = (page for page in chain([first], pages) if run.in_time())
            return sum(sum(self._at_once(lambda batch_id: self._fails(batch_id, run), page)) for page in due)
        finally:
            self._store.release(shard, run.owner, self._now())

    def _fails(self, batch_id: str, run: "_Run") -> bool:
        """Handle a batch; whether it met an unexpected failure. It is still due then, and other batches go on."""
        try:
            if run.in_time():
                self._handle(batch_id, run)
        except (StoreUnavailable, NotPublished) as error:
            self._journal.transient_error(str(error), batchId=batch_id)
        except Exception:  # noqa: BLE001 (it is logged here, and counted by `run`)
            self._journal.failed("a step of a batch failed", batchId=batch_id)
            return True
        return False

    def _handle(self, batch_id: str, run: "_Run") -> None:
        # Read from the table: the index may be out of date.
        batch, now = self._store.batch(batch_id), self._now()
        if batch is None or batch.due is None or batch.due > now:
            return
        # Measured before the step, so that it counts a batch, too, that is skipped while ARM is out of reach.
        self._journal.measured(Metric.BATCH_AGE, batch.waited(now).total_seconds())
        after = batch if batch.rests else run.next_step.advance(batch, run.in_time)
        if after and after.rests and after.due:
            self._announce(after)

    def _announce(self, batch: Batch) -> None:
        self._announcements.publish(batch)
        self._journal.count(Metric.ANNOUNCEMENTS)
        self._store.save(steps.announced(batch))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the poller."""

    owner: str
    remaining: Callable[[], float]
    next_step: NextStep

    def in_time(self) -> bool:
        """Whether another step may begin."""
        return self.remaining() > RESERVE
