"""Simulated time: what runs at once in the cloud takes turns here, in an order that the seed alone decides."""

import heapq
from collections.abc import Callable
from itertools import count

from greenlet import GreenletExit, getcurrent, greenlet


class Hub:
    """Actions in the order of their times; a running function sleeps by handing the turn back."""

    def __init__(self) -> None:
        #: Seconds since the simulation began.
        self.time = 0.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._main = getcurrent()
        self._killed: list[greenlet] = []
        self._over = False

    def at(self, time: float, action: Callable[[], object]) -> None:
        """Do something at a time, or now where that has passed."""
        heapq.heappush(self._events, (max(time, self.time), next(self._order), action))

    def start(self, time: float, function: Callable[[], object]) -> None:
        """Let a function that sleeps run from a time on."""
        self.at(time, greenlet(function, self._main).switch)

    def sleep(self, seconds: float) -> None:
        """Let the others run until this much time has passed."""
        self._check()
        self.at(self.time + seconds, getcurrent().switch)
        self._main.switch()
        self._check()

    def park(self, seconds: float | None = None) -> Callable[[], None]:
        """What wakes the running function out of `wait`; after so many seconds it wakes by itself."""
        parked, woken = getcurrent(), [False]

        def wake() -> None:
            if not woken[0]:
                woken[0] = True
                self.at(self.time, parked.switch)

        if seconds is not None:
            self.at(self.time + seconds, wake)
        return wake

    def wait(self) -> None:
        """Let the others run until what `park` gave is called."""
        self._check()
        self._main.switch()
        self._check()

    def kill(self) -> None:
        """End the running function as SIGKILL does: no handler, no `finally` of its own runs any more."""
        self._check()
        self._killed.append(getcurrent())
        self._main.switch()
        self._check()

    def run(self, until: float) -> None:
        """Let everything happen that is due up to a time."""
        while self._events and self._events[0][0] <= until:
            self.time, _, action = heapq.heappop(self._events)
            action()
        self.time = until

    def end(self) -> None:
        """Forget the killed: what Python unwinds of them now can touch nothing any more."""
        self._over = True
        self._events.clear()
        for killed in self._killed:
            killed.throw(GreenletExit)
        self._killed.clear()

    def _check(self) -> None:
        if self._over:
            raise GreenletExit
