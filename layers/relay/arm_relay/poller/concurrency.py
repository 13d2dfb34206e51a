"""Several calls at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol


class AtOnce(Protocol):
    """Calls a function with every item, as many at a time as it can."""

    def __call__[T, R](self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """All results, in the order of the items. After an error no further call begins."""


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
