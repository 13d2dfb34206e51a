"""Poller: batches finished per second on DynamoDB Local and an ARM that takes 50 ms; against what can be reached.

And the CPU time that a batch takes, against a request of the floor: a machine's speed is in both.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Final

from arm_relay.bootstrap.clients import WORKERS
from arm_relay.poller.polling import TO_FINISH

from benchmarks import tables
from benchmarks.cloud import Cloud
from benchmarks.contestants import FLOOR, POLLER
from benchmarks.processes import Function, Usage, running
from benchmarks.ratios import Row, alternately, compared
from benchmarks.server import Server
from benchmarks.tables import Table
from benchmarks.warm import SINGLE, cpu_per_order

#: How long ARM takes, in seconds.
LATENCY: Final = 0.05

#: How long the poller works, in seconds. A run of the template has 50 s: what it does once must not be most of what is
#: measured.
SPELL: Final = 16.0
#: Batches due at once: more than can be finished in that time.
DUE: Final = 6000
MANY_DUE: Final = 20_000

#: For a point of the plot.
SHORT_SPELL: Final = 6.0
FEW_DUE: Final = 2500

#: How many batches the limit of DynamoDB Local is measured with, and how many connections: the number at which it is
#: fastest.
FINISHED: Final = 1000
CONNECTIONS: Final = 4

#: Each takes a minute.
ROUNDS: Final = 5

AT_LEAST: Final = 0.8
AT_MOST_GROWTH: Final = 1.1
AT_MOST_FLOOR: Final = 1.0


def rows() -> list[Row]:
    """Throughput and growth."""
    with (
        tables.running() as table,
        running_over(table) as poller,
        Server(Cloud()) as cloud,
        running(FLOOR, cloud.url) as floor,
    ):
        poller(DUE)  # the first opens connections, and warms DynamoDB Local up
        measures: dict[str, Callable[[], float]] = {
            "few": partial(poller, DUE),
            "cpu": poller.cpu_of_the_last,
            "floor": partial(cpu_per_order, floor, SINGLE, 1),
            "many": partial(poller, MANY_DUE),
            "table": partial(table_limit, table),
        }
        samples = alternately(ROUNDS, measures)
    concurrency = WORKERS / LATENCY
    limits = [min(finished, concurrency) for finished in samples["table"]]
    finished = median(samples["table"])
    limit = f"the smaller of {finished:.0f} (DynamoDB Local's) and {concurrency:.0f} ({WORKERS} at once)"
    few, many = ([1000 / rate for rate in samples[name]] for name in ("few", "many"))
    return [
        compared(
            "Poller, CPU time per batch",
            "a request of the floor",
            AT_MOST_FLOOR,
            samples["cpu"],
            samples["floor"],
            "ms",
        ),
        compared("Poller, batches finished", limit, AT_LEAST, samples["few"], limits, "/s", is_floor=True),
        compared(
            f"Poller, time per batch with {MANY_DUE} pending", f"with {DUE} pending", AT_MOST_GROWTH, many, few, "ms"
        ),
    ]


def throughput(workers: tuple[int, ...], rounds: int) -> dict[int, list[float]]:
    """Batches finished per second by so many workers."""
    found: dict[int, list[float]] = {number: [] for number in workers}
    for _ in range(rounds):
        for number in workers:
            with tables.running() as table, running_over(table, number) as poller:
                found[number].append(poller(FEW_DUE, SHORT_SPELL))
    return found


class Poller:
    """The poller, its table and the topic it announces to."""

    def __init__(self, function: Function, table: Table, cloud: Cloud) -> None:
        self.pid = function.pid
        self._function = function
        self._table = table
        self._cloud = cloud
        self._cpu = 0.0

    def __call__(self, due: int, spell: float = SPELL) -> float:
        """Batches finished per second while so many are due and it has so many seconds."""
        finished, usage = self.run(due, TO_FINISH + spell)
        self._cpu = 1000 * usage.cpu / finished
        return finished / usage.wall

    def run(self, due: int, seconds: float) -> tuple[int, Usage]:
        """How many batches a run of so many seconds finishes while so many are due, and what it takes."""
        self._table.renew()
        self._table.fill(due)
        before = self._cloud.messages
        usage = self._function.run([{}], seconds=seconds)
        return self._cloud.messages - before, usage

    def cpu_of_the_last(self) -> float:
        """CPU time per batch of the call before, in milliseconds."""
        return self._cpu


@contextmanager
def running_over(table: Table, workers: int = WORKERS) -> Iterator[Poller]:
    """The poller with so many polls at a time, for the length of the `with` block."""
    cloud = Cloud(arm_latency=LATENCY)
    with (
        Server(cloud) as server,
        running(POLLER, server.url, AWS_ENDPOINT_URL_DYNAMODB=table.url, POLLER_WORKERS=str(workers)) as function,
    ):
        yield Poller(function, table, cloud)


def table_limit(table: Table) -> float:
    """Batches per second that DynamoDB Local finishes when nothing else uses the machine."""
    table.renew()
    return table.finishes_per_second(FINISHED, CONNECTIONS)
