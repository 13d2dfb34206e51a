"""What goes wrong, and when: drawn from a seed, the order and the number of the try, so the same for every design."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from random import Random
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0
#: One outage, in the order in which ARM goes and comes back: it hangs, it cannot be reached, it answers 500.
HANGS, DOWN, BROKEN = 10 * MINUTE, 30 * MINUTE, 10 * MINUTE
#: How long ARM takes batches and works nothing off. It is longer than the relay's settling time, one hour.
QUEUE_STANDS: Final = 90 * MINUTE
#: How long a batch waits in ARM's queue otherwise, in seconds.
QUEUE: Final = (10.0, 90.0)
#: How long after its sender has given up ARM takes a request that was late, in seconds.
LATE: Final = (5.0, 600.0)
#: How soon after the first one a second worker has the same order, in seconds.
AT_ONCE: Final = 0.5
#: How often a function dies beside an announcement, for one death beside a submission. A run announces many.
DEATHS_AT_ANNOUNCEMENTS: Final = 0.1
#: The share of submissions that ARM takes while it hangs.
TAKEN_WHILE_HANGING: Final = 0.5
#: A client with fewer orders than this in a day is mostly alone in ARM's queue.
FEW_ORDERS: Final = 10


class Kind(StrEnum):
    """A kind of fault, in the words of the table."""

    LOST = "answers lost"
    LATE = "taken late"
    ERROR = "5xx after the effect"
    CRASH = "crashes"
    WORKERS = "two workers"
    QUEUE = "a long queue, answers lost"
    OUTAGE = "an outage"


class Fate(Enum):
    """What a submission meets."""

    #: It goes well.
    NOTHING = auto()
    #: ARM takes it, and its answer never arrives.
    LOST = auto()
    #: Nobody answers, and ARM takes it after the sender has given up.
    LATE = auto()
    #: ARM takes it and answers 502.
    ERROR = auto()
    #: The function dies before ARM has it, after ARM has it, or when it has read the answer.
    CRASH_BEFORE = auto()
    CRASH_DURING = auto()
    CRASH_AFTER = auto()


#: What may hit a submission, by the kind of fault.
FATES: Final = {
    Kind.LOST: (Fate.LOST,),
    Kind.LATE: (Fate.LATE,),
    Kind.ERROR: (Fate.ERROR,),
    Kind.CRASH: (Fate.CRASH_BEFORE, Fate.CRASH_DURING, Fate.CRASH_AFTER),
    Kind.QUEUE: (Fate.LOST,),
}


class Death(Enum):
    """Where a function dies that announces an end."""

    BEFORE = auto()
    AFTER = auto()


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order as its sender sends it."""

    order_id: str
    client_no: str
    #: When it is sent, in seconds since the simulation began.
    at: float


@dataclass(frozen=True)
class Schedule:
    """Orders, and the faults they meet."""

    #: All kinds that happen. Every kind hits the share `rate` of what it can hit.
    kinds: frozenset[Kind]
    orders: int
    rate: float = 0.01
    seed: int = 0
    #: How long orders come in. The outage begins after a quarter of it, the long queue after a half.
    hours: float = 24.0
    #: How many orders each client has.
    orders_a_client: int = 1000

    @property
    def name(self) -> str:
        """What happens, in the words of the table."""
        name = "everything together" if len(self.kinds) > 1 else next(iter(self.kinds))
        if self.orders_a_client >= FEW_ORDERS:
            return name
        return f"{name}: {self.rate:.0%} of them, {self.orders_a_client} orders a client"

    @property
    def end(self) -> float:
        """When the last order has come, in seconds."""
        return self.hours * HOUR

    def arrivals(self) -> list[Arrival]:
        """Every order, in the order of their times."""
        clients = max(self.orders // self.orders_a_client, 1)
        times = sorted(self._random("arrivals", number).uniform(0, self.end) for number in range(self.orders))
        return [Arrival(f"o{number}", str(number % clients + 1), time) for number, time in enumerate(times)]

    def second_worker(self, arrival: Arrival) -> float | None:
        """When a second worker gets the same order, if one does."""
        if not self._hits(Kind.WORKERS, arrival.order_id):
            return None
        return arrival.at + self._random("at once", arrival.order_id).uniform(0, AT_ONCE)

    def second_poller(self, minute: int) -> bool:
        """Whether the scheduled function is started twice this minute."""
        return self._hits(Kind.WORKERS, f"minute {minute}")

    def fate(self, order_id: str, number: int) -> Fate:
        """What the n-th submission of an order meets, counted from 0."""
        kinds = [kind for kind in Kind if kind in FATES and self._hits(kind, f"{order_id} {number}")]
        return self._random("fate", order_id, number).choice(FATES[kinds[0]]) if kinds else Fate.NOTHING

    def death(self, order_id: str, number: int) -> Death | None:
        """Whether and where a function dies that announces an order for the n-th time, counted from 0."""
        if not self._hits(Kind.CRASH, f"announcement {order_id} {number}", DEATHS_AT_ANNOUNCEMENTS):
            return None
        return self._random("death", order_id, number).choice(list(Death))

    def late_by(self, order_id: str) -> float:
        """How long after its sender has given up ARM takes a request that is late."""
        return self._random("late", order_id).uniform(*LATE)

    def is_taken_while_hanging(self, order_id: str, number: int) -> bool:
        """Whether ARM takes a submission although it answers nothing."""
        return self._random("hanging", order_id, number).random() < TAKEN_WHILE_HANGING

    def queue(self, time: float) -> float:
        """How long a batch that ARM takes at a time waits in its queue."""
        wait = self._random("queue", int(time)).uniform(*QUEUE)
        begin, end = self.end / 2, self.end / 2 + QUEUE_STANDS
        return end - time + wait if Kind.QUEUE in self.kinds and begin <= time < end else wait

    def periods(self) -> Iterator[tuple[str, tuple[float, float]]]:
        """When ARM is away, and how."""
        if Kind.OUTAGE in self.kinds:
            begin = self.end / 4
            for name, length in (("hangs", HANGS), ("down", DOWN), ("broken", BROKEN)):
                yield name, (begin, begin + length)
                begin += length

    def _hits(self, kind: Kind, what: str, share: float = 1.0) -> bool:
        return kind in self.kinds and self._random(kind.name, what).random() < self.rate * share

    def _random(self, *what: object) -> Random:
        return Random("/".join(map(str, (self.seed, *what))))  # noqa: S311 (repeatable on purpose)
