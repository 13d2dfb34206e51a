"""One seed's story in simulated time: senders, backlogs, a slow ARM with bad days, and then peace until all is done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from arm_relay.bootstrap.clients import WORKERS
from arm_relay.poller.feed import SHARE

from tests.simulation.timed.arm import Habits, temporary_failure
from tests.simulation.timed.report import TWO_RUNS, Report, report
from tests.simulation.timed.world import HOUR, World, an_order, default_times

MINUTE: Final = 60.0
#: How long a run works, in seconds.
RUN: Final = 50.0
#: How long things go on and go wrong, in seconds.
TROUBLED_TIME: Final = 2 * HOUR
#: How long all may take to end afterwards: what is in doubt settles, then waits for what waits beside it.
PEACE: Final = 12 * HOUR


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a story."""

    seed: int
    report: Report
    violations: list[str]


class TimedStory:
    """The run of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 (repeatable on purpose)
        #: What went wrong besides ARM, so that polls may be late.
        self.hindered: Counter[str] = Counter()
        self.world = World(
            self._habits(),
            seed=seed,
            pollers=self.random.choice((1, 1, 1, 2)),
            memory=self.random.choice((512, 512, 1769)),
        )
        self.clients = [str(number + 1) for number in range(self.random.randint(1, 5))]
        self.numbered = self.random.choice((0.5, 0.9, 1.0, 1.0))
        #: The clients whom ARM refuses for a time.
        self.blocked: set[str] = set()
        #: How many batches of the first client wait already for their results.
        self.backlog = 0
        self._orders = 0

    def run(self) -> Ending:
        """Let it all happen."""
        self._plan()
        self.world.go(TROUBLED_TIME)
        self._make_peace()
        self.world.go_until(self.world.is_over, TROUBLED_TIME + PEACE)
        found = report(self.world)
        self.world.end()
        return Ending(self.seed, found, [*found.broken, *self._late(found), *self._unhandled(found)])

    def _habits(self) -> Habits:
        random = self.random
        settling = default_times().settling.total_seconds()
        longest = random.choice((10.0, 300.0, 0.8 * settling))
        habits = Habits(
            latency={
                "submit": random.choice((0.05, 0.3, 2.0)),
                "result": random.choice((0.05, 0.3, 2.0)),
                "document": random.choice((0.05, 0.3, 3.0, 8.0)),
            },
            queue=lambda _: random.uniform(1, longest),
            slow=random.choice((0.0, 0.0, 0.01, 0.03)),
            requests_a_second=random.choice((None, None, 50, 20)),
            loses=random.choice((0.0, 0.01, 0.05)),
            takes_while_hanging=random.choice((0.0, 0.5, 1.0)),
        )
        if longest <= 300 and random.random() < 0.2:
            habits.waiting = temporary_failure()
        share = random.choice((0.0, 0.0, 0.05))
        habits.failing = lambda order_id: hash_of(order_id) < share
        for _ in range(random.choice((0, 0, 1, 2))):
            begin = random.uniform(0, TROUBLED_TIME)
            period = begin, min(begin + random.uniform(2, 60) * MINUTE, TROUBLED_TIME)
            random.choice((habits.hangs, habits.down, habits.broken)).append(period)
        return habits

    def _plan(self) -> None:
        world, random = self.world, self.random
        world.history(*self.clients)
        self._backlogs()
        for _ in range(random.randint(20, 120)):
            world.hub.at(random.uniform(0, TROUBLED_TIME), self._send)
        if len(self.clients) > 1 and random.random() < 0.3:
            self.blocked = {self.clients[0]}
            world.habits.blocked |= self.blocked
        if random.random() < 0.3:
            self.hindered["AWS"] += 1
            world.table_troubles.rate = random.choice((0.001, 0.01))
            world.topic_troubles.rate = random.choice((0.01, 0.1))
        if random.random() < 0.3:
            self.hindered["kills"] += 1
            for _ in range(random.randint(1, 20)):
                world.hub.at(random.uniform(0, TROUBLED_TIME), world.poller.kill)
        if random.random() < 0.1:
            self.hindered["stop"] += 1
            stopped = random.uniform(0, TROUBLED_TIME / 2)
            world.hub.at(stopped, partial(setattr, world, "is_stopped", True))

    def _backlogs(self) -> None:
        """What waits already: batches with results, and batches in doubt."""
        random, world = self.random, self.world
        self.backlog = random.choice((0, 0, 100, 500))
        for number in range(self.backlog):
            client_no, due = self.clients[0], random.uniform(-600, 0)
            world.pending(f"backlog{number}", client_no, taken_at=due - 30, due=due, ready_at=due)
        for number in range(random.choice((0, 0, 5, 40))):
            client_no, orders = random.choice(self.clients), random.choice((1, 5, 40))
            time, taken = random.uniform(-600, 0), random.random() < 0.5
            numbered = random.random() < self.numbered
            world.in_doubt(
                f"doubt{number}", client_no, orders, at_time=time, due=time + 90, taken=taken, numbered=numbered
            )

    def _send(self) -> None:
        orders = [self._order() for _ in range(self.random.choice((1, 1, 1, 3, 10)))]
        self.world.post(self.random.choice(self.clients), orders)

    def _order(self) -> dict[str, Any]:
        self._orders += 1
        return an_order(f"o{self._orders}", numbered=self.random.random() < self.numbered)

    def _make_peace(self) -> None:
        world = self.world
        world.arm.unblock()
        world.habits.loses = world.habits.slow = 0.0
        world.habits.requests_a_second = None
        world.table_troubles.rate = world.topic_troubles.rate = 0.0
        world.is_stopped = False

    def _late(self, found: Report) -> Iterator[str]:
        """Promise 5, where nothing but ARM stood in the way: what a poll finds is announced within two runs."""
        if self.hindered:
            return
        for client_no, spread in found.after_due.items():
            if spread.largest > TWO_RUNS and client_no not in self.blocked | self._overloaded():
                yield f"an end of client {client_no} was announced {spread.largest:.0f} s after its poll was due"

    def _overloaded(self) -> set[str]:
        """The client whose own backlog is more than its share of the workers can ask for in two runs."""
        lasts = self.backlog * self.world.habits.latency["result"] / (WORKERS // SHARE)
        return {self.clients[0]} if lasts > 2 * RUN else set()

    def _unhandled(self, found: Report) -> Iterator[str]:
        """Promise 6: a run that was not killed ends well, unless the table was out of reach."""
        for run in found.runs:
            if run.failures:
                yield f"a run met {run.failures[0]}"
            if run.error and "StoreUnavailable" not in run.error:
                yield f"a run ended in {run.error}"


def hash_of(text: str) -> float:
    """A number from 0 to 1 that belongs to a text, the same in every process."""
    return Random(text).random()  # noqa: S311 (repeatable on purpose)
