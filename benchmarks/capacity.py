"""DynamoDB's capacity units per order over its whole life with one poll, as DynamoDB itself counts them."""

import time
from dataclasses import dataclass
from typing import Final

from benchmarks import tables
from benchmarks.cloud import Capacity, Cloud
from benchmarks.contestants import POLLER, RELAY, Contestant
from benchmarks.events import an_event
from benchmarks.processes import running
from benchmarks.ratios import Row
from benchmarks.server import Server
from benchmarks.tables import Table

AT_MOST_SINGLE: Final = 15.0
AT_MOST_MANY: Final = 6.0
MANY: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the orders of one request take from their claim until their end has been announced."""

    orders: int
    #: Of the orders alone.
    writes: float
    #: Of the run of the poller, which may handle thousands.
    writes_of_run: float
    writes_reported: float
    reads: float
    #: By both functions, in bytes.
    logged: int
    #: By operation.
    calls: dict[str, int]

    @property
    def writes_per_order(self) -> float:
        """Write units, without those of the run."""
        return self.writes / self.orders


def lives() -> list[Life]:
    """Of one order, and of many in one request."""
    with tables.running() as table:
        return [life(table, orders) for orders in (1, MANY)]


def rows() -> list[Row]:
    """Write units per order, and reads by kind."""
    return [_row(each, target) for each, target in zip(lives(), (AT_MOST_SINGLE, AT_MOST_MANY), strict=True)]


def life(
    table: Table,
    orders: int,
    webhook: Contestant = RELAY,
    poller: Contestant = POLLER,
    *,
    is_first_of_the_day: bool = False,
) -> Life:
    """The whole life of one request's orders, of a client that had an order earlier in the day or of one that had none.

    Raises:
        RuntimeError: they did not come to their end.
    """
    table.renew()
    table.has_done_its_duties()
    cloud = Cloud(table.url)
    with Server(cloud) as server:
        if not is_first_of_the_day:
            _lived(server, 1, webhook, poller)
            cloud.capacity, cloud.messages = Capacity(), 0
        logged = _lived(server, orders, webhook, poller)
    if cloud.messages != 1:
        raise RuntimeError(f"{orders} orders came to no end: {dict(cloud.calls)}")
    taken = cloud.capacity
    return Life(
        orders=orders,
        writes=taken.writes - taken.writes_of_run,
        writes_of_run=taken.writes_of_run,
        writes_reported=taken.writes_reported,
        reads=taken.reads,
        logged=logged,
        calls=dict(sorted(taken.calls.items())),
    )


def _lived(server: Server, orders: int, webhook: Contestant, poller: Contestant) -> int:
    """A request's orders from their claim to their end; how many bytes were logged."""
    with running(webhook, server.url, FIRST_POLL_SECONDS="1") as function:
        logged = function.run([an_event(orders)]).logged
    time.sleep(1.1)  # until the first poll is due
    with running(poller, server.url) as function:
        return logged + function.run([{}]).logged


def _row(life: Life, target: float) -> Row:
    calls = ", ".join(f"{number} {operation}" for operation, number in life.calls.items())
    return Row(
        what=f"Write units per order, {life.orders} in a request",
        against="itself, in units",
        ratios=[life.writes_per_order],
        target=target,
        figures=(
            f"{calls}; {life.writes_of_run:g} more for the run; {life.reads:g} read units;"
            f" {life.writes_reported / life.orders:g} as DynamoDB Local counts"
        ),
    )
