"""In which order a run takes what is due: clients take turns, and none of them occupies every worker. Pure."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import Final

#: While other clients have something due, a client holds at most this share of the workers.
SHARE: Final = 4


class Turns[T]:
    """Things of several clients. Each client's keep their order, and the clients take turns."""

    def __init__(self, client_of: Callable[[T], str]) -> None:
        self._client_of = client_of
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def clients(self) -> set[str]:
        """The clients that have something waiting."""
        return set(self._queues)

    def add(self, things: Iterable[T]) -> None:
        """More things, behind those of the same clients."""
        for thing in things:
            self._queues.setdefault(self._client_of(thing), deque()).append(thing)

    def take(self, excluded: Callable[[str], bool] = lambda _: False) -> T | None:
        """The next thing of the client whose turn it is; None where all that is left is of excluded clients."""
        for client_no, queue in self._queues.items():
            if not excluded(client_no):
                thing = queue.popleft()
                self._queues.move_to_end(client_no)
                if not queue:
                    del self._queues[client_no]
                return thing
        return None

    def drop(self, client_no: str) -> list[T]:
        """Everything that waits of one client, taken out."""
        return list(self._queues.pop(client_no, ()))


class Places:
    """Which clients hold how many of the workers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: Counter[str] = Counter()

    def enter(self, client_no: str) -> None:
        """A worker begins with something of the client."""
        self._held[client_no] += 1

    def leave(self, client_no: str) -> None:
        """A worker has ended with something of the client."""
        self._held[client_no] -= 1

    def is_full(self, client_no: str, others: set[str]) -> bool:
        """Whether the client holds its share of the workers, while others wait or hold some, too."""
        sharing = (others | {client for client, held in self._held.items() if held}) - {client_no}
        return bool(sharing) and self._held[client_no] >= max(1, self._size // SHARE)
