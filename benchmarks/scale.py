"""`python -m benchmarks.scale`: how overlapping pollers add up, on DynamoDB Local.

ARM takes a whole second here, so that the pollers wait for it and not for the few processors of this machine.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from arm_relay.bootstrap.clients import WORKERS
from arm_relay.poller.polling import TO_FINISH
from arm_relay.store.records import SHARDS

from benchmarks import contestants, tables
from benchmarks.cloud import Cloud
from benchmarks.contestants import POLLER
from benchmarks.processes import Function, Usage, running
from benchmarks.server import Server
from benchmarks.tables import Table
from sandbox.cloud.build import built
from sandbox.progress import say

#: How long ARM takes, and how long pollers begin polls, in seconds.
LATENCY: Final = 1.0
SPELL: Final = 15.0
#: More than they can do.
DUE: Final = 4000
POLLERS: Final = (1, 2, 4, SHARDS)


def main() -> int:
    """Print a table."""
    print("| pollers | batches a second | of what their threads allow |\n|--:|--:|--:|")
    with built():
        contestants.prepare()
        for number in POLLERS:
            say(f"{number} pollers")
            rate = together(number)
            print(f"| {number} | {rate:.1f} | {rate / (number * WORKERS / LATENCY):.0%} |", flush=True)
    return 0


def together(number: int) -> float:
    """Batches that so many pollers finish per second, each in a process of its own."""
    cloud = Cloud(arm_latency=LATENCY)
    with tables.running() as table, Server(cloud) as server, ExitStack() as stack:
        variables = {"AWS_ENDPOINT_URL_DYNAMODB": table.url, "POLLERS_AT_ONCE": str(number)}
        pollers = [stack.enter_context(running(POLLER, server.url, **variables)) for _ in range(number)]
        _run(pollers, 0.0)  # they import and connect
        return _finished(pollers, table, cloud)


def _finished(pollers: Sequence[Function], table: Table, cloud: Cloud) -> float:
    table.renew()
    table.fill(DUE)
    before = cloud.messages
    wall = _run(pollers, SPELL)
    return (cloud.messages - before) / wall


def _run(pollers: Sequence[Function], seconds: float) -> float:
    """The seconds it took."""
    with ThreadPoolExecutor(len(pollers)) as threads:
        usages: list[Usage] = list(threads.map(lambda poller: poller.run([{}], seconds=TO_FINISH + seconds), pollers))
    return max(usage.wall for usage in usages)


if __name__ == "__main__":
    sys.exit(main())
