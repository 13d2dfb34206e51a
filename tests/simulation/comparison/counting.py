"""What is counted of a design's run, each figure from the truth: ARM's ledger, and what subscribers were told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from arm_relay.batches.batch import OrderStatus

from tests.simulation.comparison.designs import (
    hold_in_doubt,
    look_up,
    mark_and_repeat,
    powertools,
    relay,
    retry_on_error,
)
from tests.simulation.comparison.schedule import Schedule
from tests.simulation.comparison.world import ComparedWorld, Said

#: Every design by its name, the relay last.
DESIGNS: Final[Mapping[str, type[ComparedWorld]]] = {
    module.NAME: module.Design
    for module in (retry_on_error, mark_and_repeat, powertools, look_up, hold_in_doubt, relay)
}


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the orders of one run."""

    orders: int
    #: Orders with more than one document in ARM.
    billed_twice: int
    #: Orders accepted with a 2xx that have no document in ARM, were not announced as failed, and are not held.
    lost: int
    #: Orders accepted whose end was not published, and which are not held.
    never_announced: int
    #: Orders announced as billed that are not, or as failed that are billed.
    announced_wrongly: int
    #: Orders that wait for a person.
    held: int
    #: From the 2xx to the first announcement of an end, of all orders that have one, in seconds.
    median: float
    p99: float


def play(design: str, schedule: Schedule) -> Count:
    """Let a schedule happen to a design."""
    world = DESIGNS[design](schedule)
    world.play()
    count = _count(world)
    world.end()
    return count


def _count(world: ComparedWorld) -> Count:
    billed = {arrival.order_id: world.arm.billed[arrival.client_no, arrival.order_id] for arrival in world.arrivals}
    ends = {order_id: said for order_id in billed if (said := _end(world.subscribers.heard[order_id]))}
    held = world.held()
    accepted = world.accepted_at
    times = sorted(said.at - accepted[order_id] for order_id, said in ends.items() if order_id in accepted)
    return Count(
        orders=len(billed),
        billed_twice=sum(number > 1 for number in billed.values()),
        lost=sum(
            not billed[order_id] and not _is_failure(ends.get(order_id)) and order_id not in held
            for order_id in accepted
        ),
        never_announced=sum(order_id not in ends and order_id not in held for order_id in accepted),
        announced_wrongly=sum(bool(billed[order_id]) == _is_failure(said) for order_id, said in ends.items()),
        held=len(held),
        median=median(times) if times else 0.0,
        p99=times[min(int(len(times) * 0.99), len(times) - 1)] if times else 0.0,
    )


def _end(said: Sequence[Said]) -> Said | None:
    return next((each for each in said if each.is_end), None)


def _is_failure(said: Said | None) -> bool:
    return said is not None and said.status != OrderStatus.SUCCEEDED
