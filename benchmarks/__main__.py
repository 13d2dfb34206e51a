import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import capacity, contestants, cost, memory, poller, start, tables, warm
from benchmarks.ratios import Row, to_markdown
from sandbox.cloud.build import built
from sandbox.paths import ROOT
from sandbox.progress import say

PAGE: Final = ROOT / "docs" / "performance.md"
PLOTS: Final = ROOT / "docs" / "performance.svg"
BEGIN: Final = "<!-- make bench: from here -->\n"
END: Final = "<!-- make bench: to here -->\n"

#: For the plots.
WORKERS: Final = (1, 2, 4, 8, 16, 32)
ORDERS: Final = (1, 2, 5, 10, 20, 40)
#: As often as every point of the plots is measured.
POINTS: Final = 3


def main() -> int:
    """Measure, print the table, write it into the documentation; 1 where a target is missed."""
    with built():
        contestants.prepare()
        rows: list[Row] = []
        for name, measure in (
            ("start", start.rows),
            ("warm and bulk", warm.rows),
            ("poller", poller.rows),
            ("capacity units", capacity.rows),
            ("memory", memory.rows),
        ):
            say(f"measuring {name}")
            rows += measure()
        print(to_markdown(rows), flush=True)
        _write(PAGE, rows)
        say("measuring for the plots")
        _plot()
    return 0 if all(row.is_met for row in rows) else 1


def _plot() -> None:
    with tables.running() as table:
        lives = {orders: capacity.life(table, orders) for orders in ORDERS}
        writes = poller.table_limit(table)
    limit = [(workers, min(workers / poller.LATENCY, writes)) for workers in WORKERS]
    figures = {
        "throughput": poller.throughput(WORKERS, POINTS),
        "limit": limit,
        "cost": cost.per_million(lives, warm.cpu_by_orders(ORDERS, POINTS)),
    }
    command = [contestants.PYTHON, contestants.HERE / "plot.py", PLOTS]
    subprocess.run(command, input=json.dumps(figures), text=True, check=True)


def _write(page: Path, rows: Sequence[Row]) -> None:
    """Put the table between the page's marks."""
    machine = f"{platform.machine()}, CPython {platform.python_version()}"
    measured = f"Measured on {datetime.now(UTC).date()} ({machine}).\n\n{to_markdown(rows)}\n"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(f"{before}{BEGIN}{measured}{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
