"""Poller: batches finished per second on DynamoDB Local and an ARM that takes 50 ms; against what can be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Final

from arm_relay.bootstrap.clients import WORKERS
from arm_relay.poller.polling import TO_FINISH

from benchmarks import tables
from benchmarks.cloud import Cloud
from benchmarks.contestants import POLLER
from benchmarks.processes import Function, running
from benchmarks.ratios import ROUNDS, Row, alternately, compared
from benchmarks.server import Server
from benchmarks.tables import Table

#: How long ARM takes, in seconds.
LATENCY: Final = 0.05
#: Every batch is written twice: its end, and that its end has been announced.
WRITES: Final = 2

#: Batches due at once, and how long the poller works on them, in seconds.
DUE: Final = 1000
MANY_DUE: Final = 10_000
SPELL: Final = 3.0

AT_LEAST: Final = 0.8
AT_MOST_GROWTH: Final = 1.1


def rows() -> list[Row]:
    """Throughput and growth."""
    with tables.running() as table, _poller(table) as poller:
        poller(DUE)  # the first opens connections
        samples = alternately(
            ROUNDS,
            {
                "few": partial(poller, DUE),
                "many": partial(poller, MANY_DUE),
                "writes": partial(write_limit, table),
            },
        )
    concurrency = WORKERS / LATENCY
    limits = [min(writes, concurrency) for writes in samples["writes"]]
    written = median(samples["writes"])
    limit = f"the smaller of {written:.0f} (DynamoDB Local's writes) and {concurrency:.0f} ({WORKERS} at once)"
    few, many = ([1000 / rate for rate in samples[name]] for name in ("few", "many"))
    return [
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
            with tables.running() as table, _poller(table, number) as poller:
                found[number].append(poller(DUE))
    return found


class _Poller:
    """The poller, its table and the topic it announces to."""

    def __init__(self, function: Function, table: Table, cloud: Cloud) -> None:
        self._function = function
        self._table = table
        self._cloud = cloud

    def __call__(self, due: int) -> float:
        """Batches finished per second while so many are due and it has `SPELL`."""
        self._table.renew()
        self._table.fill(due)
        before = self._cloud.messages
        usage = self._function.run([{}], seconds=TO_FINISH + SPELL)
        return (self._cloud.messages - before) / usage.wall


@contextmanager
def _poller(table: Table, workers: int = WORKERS) -> Iterator[_Poller]:
    cloud = Cloud(arm_latency=LATENCY)
    with (
        Server(cloud) as server,
        running(POLLER, server.url, AWS_ENDPOINT_URL_DYNAMODB=table.url, POLLER_WORKERS=str(workers)) as function,
    ):
        yield _Poller(function, table, cloud)


def write_limit(table: Table) -> float:
    """Batches per second."""
    table.renew()
    return table.writes_per_second(SPELL, WORKERS) / WRITES
