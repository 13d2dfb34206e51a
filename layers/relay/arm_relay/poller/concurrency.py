"""Several calls at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Final, Protocol


class AtOnce(Protocol):
    """Calls a function with every item, as many at a time as it can."""

    def __call__[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """All results, in the order of the items. After an error no further call begins."""


#: How many tasks there may be beside the polls: a read, a save and an announcement, each of many batches.
BESIDE: Final = 3


class Workers[R](Protocol):
    """Runs tasks side by side, and hands out each result as soon as it is there."""

    @property
    def size(self) -> int:
        """How many polls run at a time; `BESIDE` more tasks may run beside them."""

    @property
    def busy(self) -> int:
        """How many tasks were submitted whose result has not been handed out."""

    def submit(self, task: Callable[[], R]) -> None:
        """Begin a task. Only called while fewer than `size` and `BESIDE` are busy."""

    def done(self, wait: float) -> list[R]:
        """The results that are there. Where there is none yet, the first one is waited for, `wait` seconds at most.

        An error of a task is raised here, so that nobody waits for a result that never comes.
        """


class Threads:
    """At most `limit` calls at a time, each in a thread of its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """See `AtOnce`."""
        with ThreadPoolExecutor(self._limit) as threads:
            calls = [threads.submit(work, item) for item in items]
            try:
                return [call.result() for call in calls]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise


class WorkerThreads[R]:
    """Workers that are threads. They live as long as the Lambda environment."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.busy = 0
        self._threads = ThreadPoolExecutor(size + BESIDE)
        self._ended: SimpleQueue[Future[R]] = SimpleQueue()

    def submit(self, task: Callable[[], R]) -> None:
        """See `Workers`."""
        self.busy += 1
        self._threads.submit(task).add_done_callback(self._ended.put)

    def done(self, wait: float) -> list[R]:
        """See `Workers`."""
        ended: list[Future[R]] = []
        try:
            ended.append(self._ended.get(timeout=wait) if wait > 0 else self._ended.get_nowait())
            while True:
                ended.append(self._ended.get_nowait())
        except Empty:
            self.busy -= len(ended)
            return [future.result() for future in ended]
