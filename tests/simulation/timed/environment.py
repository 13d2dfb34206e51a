"""One environment of a function: its share of a processor, its deadline, and what it calls at a time."""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from tests.simulation.hub import Hub
from tests.simulation.timed import costs

BEGIN: Final = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """The time so many seconds after the simulation began."""
    return BEGIN + timedelta(seconds=seconds)


def seconds(time: datetime) -> float:
    """How many seconds after the simulation began that is."""
    return (time - BEGIN).total_seconds()


class Environment:
    """An environment that runs one invocation after the other, and may be killed."""

    def __init__(self, hub: Hub, memory: float = costs.MEMORY_MB) -> None:
        self.hub = hub
        self.is_dead = False
        #: When the platform ends the present invocation, in seconds since the simulation began.
        self.deadline = math.inf
        self._share = costs.share(memory)
        self._free_at = 0.0

    def now(self) -> datetime:
        """The time."""
        return at(self.hub.time)

    def clock(self) -> float:
        """The time in seconds."""
        return self.hub.time

    def remaining(self) -> float:
        """How many seconds there are before the deadline."""
        return self.deadline - self.hub.time

    def work(self, processor: float) -> None:
        """Use the processor for so many seconds of a whole one; whoever else needs it here waits."""
        self._free_at = max(self._free_at, self.hub.time) + processor / self._share
        self.sleep(self._free_at - self.hub.time)

    def sleep(self, time: float) -> None:
        """Time passes; beyond the deadline the platform ends this environment."""
        self.hub.sleep(time)
        self.check()

    def wait(self) -> None:
        """Wait until what `hub.park` gave is called."""
        self.hub.wait()
        self.check()

    def check(self) -> None:
        """Go on only where this environment still lives."""
        if self.is_dead or self.hub.time > self.deadline:
            self.die()

    def die(self) -> None:
        """The platform ends this environment."""
        self.is_dead = True
        self.hub.kill()


class Greenlets[R]:
    """`Workers` in simulated time."""

    def __init__(self, environment: Environment, size: int) -> None:
        self.size = size
        self._environment = environment
        self._results: list[R] = []
        self._wake: Callable[[], None] | None = None
        self._busy = 0

    @property
    def busy(self) -> int:
        """How many tasks were begun whose result `done` has not given."""
        return self._busy

    def submit(self, task: Callable[[], R]) -> None:
        """Begin a task."""
        self._busy += 1
        self._environment.hub.start(self._environment.hub.time, lambda: self._do(task))

    def done(self, wait: float) -> list[R]:
        """The results of tasks that ended; waits at most so many seconds for the first."""
        if not self._results and self._busy and wait > 0:
            self._wake = self._environment.hub.park(wait)
            self._environment.wait()
            self._wake = None
        results, self._results = self._results, []
        self._busy -= len(results)
        return results

    def _do(self, task: Callable[[], R]) -> None:
        result = task()
        self._results.append(result)
        if self._wake:
            self._wake()


class TurnLock:
    """A lock that hands the turn back: a `threading.Lock` would stop everything, as all run in one thread."""

    #: The hub of the simulation that runs in this process now.
    hub: Hub

    def __init__(self) -> None:
        self._is_held = False
        self._waiting: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        while self._is_held:
            self._waiting.append(self.hub.park())
            self.hub.wait()
        self._is_held = True

    def __exit__(self, *_: object) -> None:
        self._is_held = False
        if self._waiting:
            self._waiting.pop(0)()


class AtOnce:
    """`AtOnce` in simulated time: at most `limit` calls at a time."""

    def __init__(self, environment: Environment, limit: int) -> None:
        self._environment = environment
        self._limit = limit

    def __call__[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """See `AtOnce`."""
        left = list(items)
        results: dict[int, R] = {}
        errors: list[BaseException] = []
        numbers = count()
        wake = self._environment.hub.park()

        def worker() -> None:
            while not errors and (number := next(numbers)) < len(left):
                try:
                    results[number] = work(left[number])
                except Exception as error:  # noqa: BLE001 (it is raised again where the work was asked for)
                    errors.append(error)
            running.pop()
            if not running:
                wake()

        running = [None] * min(self._limit, len(left))
        for _ in list(running):
            self._environment.hub.start(self._environment.hub.time, worker)
        if running:
            self._environment.wait()
        if errors:
            raise errors[0]
        return [results[number] for number in range(len(left))]
