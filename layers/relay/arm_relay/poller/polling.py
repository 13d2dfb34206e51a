"""Use case: every due batch takes its next step, and every end and hold is announced.

A run leases shards, so that several runs share the work. What is due streams through it: clients take turns, and a slow
answer occupies one worker and nothing else. Each step is saved on condition that nobody else has changed the batch. An
end is saved before it is announced: if this function dies in between, it is announced again in the same words. The
batch leaves the index last.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Final, Protocol

from arm_relay.arm.breaker import Breaker
from arm_relay.observability import Journal, Metric
from arm_relay.poller.bulk_redrives import SPELL, BulkRedrives
from arm_relay.poller.next_step import TimeLeft
from arm_relay.poller.shards import Shards
from arm_relay.poller.stream import Stream
from arm_relay.store.liveness import Liveness, Past
from arm_relay.store.outage import LIMIT, Outage
from arm_relay.store.records import HELD, SHARDS
from arm_relay.store.table import Store, StoreUnavailable

#: A submission begins only with so much time left, in seconds: one call to ARM and its token, and what is saved after.
TO_SUBMIT: Final = 25.0

#: What a run keeps of its time for saving and announcing what its calls found, in seconds.
TO_FINISH: Final = 4.0

#: A run fails where at least so many polls failed unexpectedly, and they are most of them.
MANY_FAILURES: Final = 10


class Duty(Protocol):
    """Something that has to be done now and then, beside the due batches."""

    def run(self, left: Callable[[], float]) -> None:
        """Go on with it, where there is something to do, as long as there is time; `left` gives the seconds.

        Raises:
            StoreUnavailable: the table is out of reach.
        """


class PollingFailed(Exception):
    """Most polls failed unexpectedly; the log has each."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is known when a run begins."""

    past: Past
    #: Whether ARM was out of reach a moment ago.
    is_suspected: bool
    shards: Shards
    time_left: TimeLeft
    #: The bulk redrives that are under way, by their ids.
    redrives: Sequence[str]


class Polling:
    """One poller."""

    def __init__(
        self,
        *,
        store: Store,
        liveness: Liveness,
        outage: Outage,
        begin: Callable[[Start], tuple[Stream, Breaker]],
        journal: Journal,
        now: Callable[[], datetime],
        shuffled: Callable[[list[str]], list[str]],
        shards_at_once: int,
        bulk_redrives: BulkRedrives,
        duties: Sequence[Duty] = (),
    ) -> None:
        """`begin` makes a run's stream and the ledger it asks; `shards_at_once` is how many shards a run leases.

        `duties` get what is left of a run's time, in this order.
        """
        self._store = store
        self._liveness = liveness
        self._outage = outage
        self._begin = begin
        self._journal = journal
        self._now = now
        self._shuffled = shuffled
        self._shards_at_once = shards_at_once
        self._bulk_redrives = bulk_redrives
        self._duties = duties

    def run(self, owner: str, remaining: Callable[[], float]) -> None:
        """Work on every shard that nobody else works on. `remaining` gives the seconds that this function has left.

        Raises:
            StoreUnavailable: the table is out of reach.
            PollingFailed: most polls failed unexpectedly; everything else is done.
        """
        self._journal.count(Metric.POLLER_RUNS)
        start = self._started(owner, remaining)
        stream, ledger = self._begin(start)
        self._measure()
        for names in self._portions():
            if start.time_left.to_ask() > 0:
                self._work(names, start.shards, stream)
        self._remember(start, stream, ledger)
        # Last: should they end the run, the polls are done.
        self._bulk_redrives.work(start.redrives, lambda: remaining() - TO_FINISH)
        self._do_duties(start.time_left)
        if stream.failures >= MANY_FAILURES and 2 * stream.failures > stream.polls:
            raise PollingFailed(f"{stream.failures} of {stream.polls} polls failed unexpectedly")

    def _started(self, owner: str, remaining: Callable[[], float]) -> Start:
        now = self._now()
        past, failures = self._liveness.begin_run(now), self._outage.failures(now)
        redrives = self._bulk_redrives.under_way()
        kept = TO_FINISH + (SPELL if redrives else 0)
        return Start(
            past=past,
            is_suspected=failures >= LIMIT,
            shards=Shards(store=self._store, now=self._now, owner=owner, remaining=remaining),
            time_left=TimeLeft(lambda: remaining() - kept, lambda: remaining() > TO_SUBMIT),
            redrives=redrives,
        )

    def _work(self, names: Sequence[str], shards: Shards, stream: Stream) -> None:
        try:
            shards.lease(names)
            stream.flow(shards.pages())
            for suspect, has_ended_enough in shards.suspects():
                stream.try_alone(suspect, has_ended_enough=has_ended_enough)
        except StoreUnavailable:
            stream.drain()
            shards.release()
            raise
        except Exception:
            # What was in hand stays named in the leases: if it is to blame, the next runs find it there.
            stream.drain()
            raise
        shards.release()

    def _do_duties(self, time_left: TimeLeft) -> None:
        for duty in self._duties:
            try:
                duty.run(time_left.to_ask)
            except StoreUnavailable as error:
                # The next run goes on with it.
                self._journal.transient_error(str(error))
            except Exception:  # noqa: BLE001 (it is logged, and a failing duty must stop neither the others nor polls)
                self._journal.failed("a duty of the poller failed")

    def _portions(self) -> Iterator[Sequence[str]]:
        names = self._shuffled([str(number) for number in range(SHARDS)])
        return batched(names, self._shards_at_once, strict=False)

    def _measure(self) -> None:
        """How many batches have something left to do, and how many wait for a person: levels, and not occurrences."""
        try:
            waiting = sum(self._store.waiting(str(number)) for number in range(SHARDS))
            self._journal.measured(Metric.BATCHES_WAITING, waiting)
            self._journal.measured(Metric.BATCHES_HELD, self._store.waiting(HELD))
        except StoreUnavailable as error:
            # The rest of the run does not need the counts.
            self._journal.transient_error(str(error))

    def _remember(self, start: Start, stream: Stream, ledger: Breaker) -> None:
        """What the webhook and the next runs should know."""
        now = self._now()
        news = {client: number for client, number in stream.known.items() if start.past.should_learn(client, now)}
        try:
            if news:
                self._liveness.learn(news, now)
            if ledger.has_answered and start.is_suspected:
                self._outage.answered()
            elif ledger.fell_silent and not ledger.has_answered:
                self._outage.failed(now)
        except StoreUnavailable as error:
            self._journal.transient_error(str(error))
