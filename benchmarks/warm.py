"""Warm: CPU time of an accepted request, handler to handler; and of an order in a request of many."""

from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Final

from benchmarks.cloud import Cloud
from benchmarks.contestants import FLOOR, PEER, RELAY
from benchmarks.events import an_event
from benchmarks.processes import Function, running
from benchmarks.ratios import ROUNDS, Row, alternately, compared
from benchmarks.server import Server

AT_MOST_FLOOR: Final = 1.5
AT_MOST_PEER: Final = 0.6
AT_MOST_SINGLE: Final = 0.15

#: Requests per round.
SINGLE: Final = 60
BULK: Final = 6
#: Orders in a large request: as many as it may have.
MANY: Final = 40


def rows() -> list[Row]:
    """Against the floor, against the peer, and many against one."""
    with Server(Cloud()) as cloud, ExitStack() as stack:
        relay, floor, peer = (stack.enter_context(running(each, cloud.url)) for each in (RELAY, FLOOR, PEER))
        measures = {
            "relay": partial(cpu_per_order, relay, SINGLE, 1),
            "floor": partial(cpu_per_order, floor, SINGLE, 1),
            "peer": partial(cpu_per_order, peer, SINGLE, 1),
            "bulk": partial(cpu_per_order, relay, BULK, MANY),
            "peer's bulk": partial(cpu_per_order, peer, BULK, MANY),
        }
        alternately(1, measures)  # the first calls open connections and fill caches
        samples = alternately(ROUNDS, measures)
    single, bulk = samples["relay"], samples["bulk"]
    return [
        compared("Warm, CPU time per request of one order", "floor", AT_MOST_FLOOR, single, samples["floor"], "ms"),
        compared("Warm, CPU time per request of one order", "peer", AT_MOST_PEER, single, samples["peer"], "ms"),
        compared(f"Bulk, CPU time per order of {MANY}", "single", AT_MOST_SINGLE, bulk, single, "ms"),
        compared(f"Bulk, CPU time per order of {MANY}", "peer", None, bulk, samples["peer's bulk"], "ms"),
    ]


def cpu_per_order(function: Function, requests: int, orders: int) -> float:
    """In milliseconds.

    Raises:
        RuntimeError: a request was not accepted.
    """
    usage = function.run([an_event(orders) for _ in range(requests)])
    if set(usage.statuses) != {202}:
        raise RuntimeError(f"answered {set(usage.statuses)}")
    return usage.cpu * 1000 / requests / orders


def cpu_by_orders(numbers: tuple[int, ...], rounds: int) -> dict[int, float]:
    """Median CPU time of an order in the webhook, by orders per request, in seconds."""
    with Server(Cloud()) as cloud, running(RELAY, cloud.url) as relay:
        measures = {str(orders): partial(cpu_per_order, relay, BULK, orders) for orders in numbers}
        samples = alternately(rounds + 1, measures)
    return {int(orders): median(found[1:]) / 1000 for orders, found in samples.items()}
