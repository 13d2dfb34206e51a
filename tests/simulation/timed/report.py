"""What a run in simulated time shows: how late, how many calls, what was billed, and what was held without need."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arm_relay.batches.batch import CORRECTABLE, Batch, OrderStatus, State

from tests.simulation.timed.arm import Arm
from tests.simulation.timed.run import Run
from tests.simulation.timed.world import World

#: The calls of the table and the topic that are counted as calls to AWS; all others are ARM's.
ARM_CALLS: Final = ("submit", "result", "document", "429")
#: Two runs of the poller after a poll was due, the second to its end, in seconds.
TWO_RUNS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution, in seconds."""

    number: int
    median: float
    p95: float
    p99: float
    largest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of these values; zero where there are none."""
        ordered = sorted(values) or [0.0]
        median, p95, p99 = (ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (0.5, 0.95, 0.99))
        return cls(len(values), median, p95, p99, ordered[-1])


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What came of a run."""

    #: How many batches are in each state for each cause.
    states: Counter[tuple[str, str]]
    #: Calls by kind, to ARM and to AWS.
    calls: Counter[str]
    #: Orders by the number of times that ARM has billed them.
    billed: Counter[int]
    #: Orders that are billed more than once.
    billed_twice: tuple[str, ...]
    #: Orders whose status is not what ARM's ledger says.
    false: tuple[str, ...]
    #: Orders that were accepted and are in no batch.
    lost: tuple[str, ...]
    #: Batches that rest and were not announced, or were announced in different words.
    unannounced: tuple[str, ...]
    #: Batches that have neither ended nor are held.
    unfinished: tuple[str, ...]
    #: Batches held although ARM's ledger could have told, by cause: those whose orders all have a number, the others.
    needless: Counter[str]
    needless_unnumbered: Counter[str]
    #: Announced minus the moment ARM could tell it.
    lateness: Spread
    #: Announced minus when the poll that found it was due and ARM answered for two runs, of each client.
    after_due: Mapping[str, Spread]
    #: How late polls were.
    overdue: Spread
    #: How far apart the polls of one batch were at most.
    longest_gap: float
    #: When the last batch came to rest.
    rested: float
    #: When each batch came to rest.
    rests: Mapping[str, float]
    #: How many submissions were sent whose answer did not arrive.
    undelivered: int
    #: How late each end was announced, as in `lateness`.
    latenesses: tuple[float, ...]
    #: The poller's runs.
    runs: tuple[Run, ...]
    #: Invocations of the webhook that answered with an error, by its words.
    refused: Counter[str]
    #: How many look-ups in the ledger were made for an order, on average.
    look_ups_an_order: float

    @property
    def by_state(self) -> Counter[str]:
        """How many batches are in each state."""
        counts: Counter[str] = Counter()
        for (state, _), number in self.states.items():
            counts[state] += number
        return counts

    def rested_share(self, time: float) -> float:
        """The share of all batches that rested by a time."""
        return sum(rested <= time for rested in self.rests.values()) / self.states.total()

    @property
    def progress(self) -> list[int]:
        """How many batches came to rest in each run."""
        return [run.progress for run in self.runs]

    @property
    def broken(self) -> list[str]:
        """The promises broken, in words: 1 to 4, for a run that has come to its end."""
        return [
            *(f"{order_id} was accepted and is nowhere" for order_id in self.lost),
            *(f"{batch_id} has not ended" for batch_id in self.unfinished),
            *(f"{order_id} is billed twice" for order_id in self.billed_twice),
            *(f"{batch_id} was not announced in one set of words" for batch_id in self.unannounced),
            *self.false,
        ]

    def __repr__(self) -> str:
        """The figures, one a line."""
        states = {f"{state} ({cause})": number for (state, cause), number in self.states.items()}
        killed = sum(run.killed for run in self.runs)
        return "\n".join(
            [
                f"states {states}",
                f"calls {dict(self.calls)}; look-ups an order {self.look_ups_an_order:.1f}",
                f"orders by times billed {dict(self.billed)}; false {len(self.false)} {self.false[:2]}",
                f"lost {len(self.lost)}, unannounced {len(self.unannounced)}, unfinished {len(self.unfinished)}",
                f"needless holds {dict(self.needless)}, unnumbered {dict(self.needless_unnumbered)}",
                f"lateness {self.lateness}",
                f"overdue {self.overdue}, longest gap {self.longest_gap:.0f}",
                f"submissions without an answer {self.undelivered}",
                f"the last came to rest at {self.rested / 3600:.2f} h",
                f"runs {len(self.runs)}, killed {killed}, in error {sum(bool(run.error) for run in self.runs)}",
                f"errors of the webhook {dict(self.refused)}",
                f"progress {self.progress[:12]}",
            ]
        )


def report(world: World) -> Report:
    """What the run shows so far."""
    batches = list(world.batches())
    arm, watched = world.arm, world.watched
    known = {order.id for batch in batches for order in batch.orders}
    needless = [batch for batch in batches if batch.state is State.HELD and _is_needless(batch, arm)]
    latenesses = _lateness(batches, world)
    return Report(
        states=Counter((batch.state.value, batch.cause) for batch in batches),
        calls=Counter(arm.calls) + world.calls,
        billed=Counter(
            arm.billed[batch.client_no, order.order_id or ""] for batch in batches for order in batch.orders
        ),
        billed_twice=tuple(order_id for (_, order_id), number in arm.billed.items() if number > 1),
        false=tuple(_false(batches, arm)),
        lost=tuple(sorted(world.accepted - known)),
        unannounced=tuple(_unannounced(batches, world)),
        unfinished=tuple(batch.id for batch in batches if not batch.rests),
        needless=Counter(batch.cause for batch in needless if _is_numbered(batch)),
        needless_unnumbered=Counter(batch.cause for batch in needless if not _is_numbered(batch)),
        lateness=Spread.of(latenesses),
        latenesses=tuple(latenesses),
        rests=dict(watched.rested),
        undelivered=len({id(attempt) for attempts in arm.attempts.values() for attempt in attempts if attempt.is_lost}),
        after_due=_after_due(batches, world),
        overdue=Spread.of([late for lates in watched.overdue.values() for late in lates]),
        longest_gap=watched.longest_gap,
        rested=max(watched.rested.values(), default=0.0),
        runs=tuple(world.poller.runs),
        refused=Counter(run.error for run in world.webhook.runs if run.error),
        look_ups_an_order=arm.calls["document"] / max(len(known), 1),
    )


def _is_numbered(batch: Batch) -> bool:
    return all(order.document_no for order in batch.orders)


def _is_needless(batch: Batch, arm: Arm) -> bool:
    """Whether ARM's ledger could have told what became of a held batch."""
    keys = [(batch.client_no, order.order_id or "") for order in batch.orders]
    if not arm.can_tell(batch.client_no):
        return False
    if _is_numbered(batch):
        return len({bool(arm.billed[key]) for key in keys}) == 1
    return not any(attempt.is_lost for key in keys for attempt in arm.attempts[key])


def _false(batches: Sequence[Batch], arm: Arm) -> list[str]:
    found = []
    for batch in batches:
        for order in batch.orders:
            billed = arm.billed[batch.client_no, order.order_id or ""]
            if order.status is OrderStatus.SUCCEEDED and not billed:
                found.append(f"{order.id} is said to have succeeded, and is not billed")
            if order.status in CORRECTABLE and billed:
                found.append(f"{order.id} is said to be {order.status}, and is billed")
    return found


def _unannounced(batches: Sequence[Batch], world: World) -> list[str]:
    contents = world.topic.contents
    return [
        batch.id
        for batch in batches
        if batch.rests
        and (batch.due or any(len(contents[f"{batch.id}.{n + 1}"]) != 1 for n in range(batch.announcements)))
    ]


def _lateness(batches: Sequence[Batch], world: World) -> list[float]:
    """How long after ARM could tell it each end was announced."""
    found = []
    for batch in batches:
        ready = [world.arm.ready.get((batch.client_no, order.order_id or "")) for order in batch.orders]
        times = world.topic.times.get(batch.id)
        if times and batch.state is not State.HELD and all(time is not None for time in ready):
            could_tell = world.arm.answers_after(max(filter(None, ready), default=0.0), batch.client_no)
            found.append(times[0] - could_tell)
    return found


def _after_due(batches: Sequence[Batch], world: World) -> Mapping[str, Spread]:
    lates: dict[str, list[float]] = {}
    for batch in batches:
        due = world.watched.due_before.get(batch.id)
        times = world.topic.times.get(batch.id)
        if due is not None:
            # What is not announced yet is at least as late as it is now.
            announced = times[0] if times else world.hub.time
            could_be = world.arm.answers_after(max(due, 0.0), batch.client_no, lasting=TWO_RUNS)
            lates.setdefault(batch.client_no, []).append(announced - could_be)
    return {client_no: Spread.of(values) for client_no, values in lates.items()}
