"""`make comparison`: plays every schedule to every design, and writes the tables and the plot into the docs."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from tqdm import tqdm

from sandbox.paths import ROOT
from tests.simulation.comparison import page
from tests.simulation.comparison.counting import DESIGNS, Count, play
from tests.simulation.comparison.page import PAGE, PLOT, Results
from tests.simulation.comparison.schedule import Kind, Schedule

#: The environment that has matplotlib.
PLOTTER: Final = ROOT / ".tools" / "bench" / "bin" / "python"
#: What the relay does not promise: a client that is mostly alone in a queue longer than the settling time. Such an
#: order is rare, so that many answers must be lost before one is hit.
QUIET_ORDERS_A_CLIENT: Final = 4
QUIET_RATE: Final = 0.25


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000, help="in each schedule (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all schedules (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many runs at once (%(default)s)")
    options = parser.parse_args()
    results = _played(list(schedules(options.orders, options.seed)), options.jobs)
    tables = page.tables(results)
    print(tables)  # noqa: T201 (a command line program: it prints)
    page.write(PAGE, tables)
    subprocess.run([PLOTTER, page.PLOTTER, PLOT], input=json.dumps(page.figures(results)), text=True, check=True)  # noqa: S603 (our own plotter)
    return 0


def schedules(orders: int, seed: int = 0) -> Iterator[Schedule]:
    """All that is compared: every kind together, each alone, and what the relay does not promise."""
    yield Schedule(frozenset(Kind), orders, seed=seed)
    for kind in Kind:
        yield Schedule(frozenset({kind}), orders, seed=seed)
    yield Schedule(frozenset({Kind.QUEUE}), orders, QUIET_RATE, seed=seed, orders_a_client=QUIET_ORDERS_A_CLIENT)


def _played(compared: Sequence[Schedule], jobs: int) -> Results:
    runs = [(schedule, design) for schedule in compared for design in reversed(list(DESIGNS))]
    found: dict[tuple[str, str], Count] = {}
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as processes,
        tqdm(total=sum(schedule.orders for schedule, _ in runs), unit=" orders", smoothing=0) as progress,
    ):
        futures = {processes.submit(play, design, schedule): (schedule, design) for schedule, design in runs}
        for future in as_completed(futures):
            schedule, design = futures[future]
            found[schedule.name, design] = future.result()
            progress.update(schedule.orders)
    return {schedule.name: {design: found[schedule.name, design] for design in DESIGNS} for schedule in compared}


if __name__ == "__main__":
    sys.exit(main())
