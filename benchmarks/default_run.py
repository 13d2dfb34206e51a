"""`python -m benchmarks.default_run`: how many batches one run of the poller finishes with the template's defaults.

Lambda gives a function a share of a processor by its memory. The poller's process is stopped whenever it has used more.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks import contestants, poller, tables
from benchmarks.processes import LONG, Usage
from sandbox.cloud.build import built
from sandbox.progress import say
from tests.simulation.timed import costs

#: PollerMemory, by default and where Lambda gives a whole processor, in MB.
MEMORIES: Final = (costs.MEMORY_MB, costs.WHOLE_PROCESSOR_MB)
#: How often the processor's time is looked at, and how much may be used ahead, in seconds.
LOOK: Final = 0.005
AHEAD: Final = 0.02

TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print a table."""
    print("| memory, MB | batches in a run | CPU time a batch, ms |\n|--:|--:|--:|")
    with built():
        contestants.prepare()
        for memory in MEMORIES:
            say(f"a run of {LONG:.0f} s at {memory} MB")
            finished, usage = one_run(costs.share(memory))
            print(f"| {memory} | {finished:,} | {1000 * usage.cpu / finished:.2f} |", flush=True)
    return 0


def one_run(share: float) -> tuple[int, Usage]:
    """How many batches a run finishes with that share of a processor, and what it takes."""
    with tables.running() as table, poller.running_over(table) as running:
        running.run(100, LONG)  # it imports and connects
        with limited(running.pid, share):
            return running.run(poller.MANY_DUE, LONG)


@contextmanager
def limited(pid: int, share: float) -> Iterator[None]:
    """A process gets that share of a processor."""
    is_over = threading.Event()
    governor = threading.Thread(target=_govern, args=(pid, share, is_over))
    governor.start()
    try:
        yield
    finally:
        is_over.set()
        governor.join()


def _govern(pid: int, share: float, is_over: threading.Event) -> None:
    begun, used = time.monotonic(), _cpu(pid)
    while not is_over.wait(LOOK):
        ahead = _cpu(pid) - used - share * (time.monotonic() - begun)
        if ahead > AHEAD:
            os.kill(pid, signal.SIGSTOP)
            is_over.wait(ahead / share)
            os.kill(pid, signal.SIGCONT)
        elif ahead < -AHEAD:
            # What was not used is not saved up.
            begun, used = time.monotonic(), _cpu(pid)


def _cpu(pid: int) -> float:
    """The CPU time of a process so far, in seconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * TICK


if __name__ == "__main__":
    sys.exit(main())
