"""The tables of docs/comparison.md, as the command writes them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sandbox.paths import ROOT
from tests.simulation.comparison.counting import Count

PAGE: Final = ROOT / "docs" / "comparison.md"
PLOT: Final = ROOT / "docs" / "comparison.svg"
PLOTTER: Final = Path(__file__).with_name("plot.py")
BEGIN: Final = "<!-- make comparison: from here -->\n"
END: Final = "<!-- make comparison: to here -->\n"
#: What the figures are given for.
PER: Final = 10_000
MINUTE: Final = 60
HOUR: Final = 3600

#: What became of the orders, by schedule and by design.
type Results = Mapping[str, Mapping[str, Count]]

#: The columns of the first table.
COLUMNS: Final = (
    "design",
    "billed twice",
    "lost",
    "never announced",
    "announced wrongly",
    "held",
    "time to the end: median",
    "99 %",
)


def tables(results: Results) -> str:
    """All tables: everything together, then each schedule by what was billed twice and held, and by time."""
    (name, together), *_ = results.items()
    designs = list(together)
    return "\n".join(
        [
            f"Of {PER:,} orders, {name}:",
            "",
            *_table(COLUMNS, [[design, *_cells(count)] for design, count in together.items()]),
            "",
            f"Billed twice / held, of {PER:,} orders:",
            "",
            *_table(
                ["schedule", *designs],
                [[name, *(_faults(counts[design]) for design in designs)] for name, counts in results.items()],
            ),
            "",
            "Time to the end, 99 %:",
            "",
            *_table(
                ["schedule", *designs],
                [[name, *(duration(counts[design].p99) for design in designs)] for name, counts in results.items()],
            ),
            "",
        ]
    )


def write(path: Path, text: str) -> None:
    """Put the tables between the page's marks."""
    before, rest = path.read_text().split(BEGIN)
    path.write_text(f"{before}{BEGIN}{text}{END}{rest.partition(END)[2]}")


def written(path: Path) -> str:
    """What is between the page's marks."""
    return path.read_text().split(BEGIN)[1].partition(END)[0]


def figures(results: Results) -> dict[str, Any]:
    """What the plot shows: everything together."""
    together = next(iter(results.values()))
    return {
        design: {
            "twice": _per(count.billed_twice, count),
            "held": _per(count.held, count),
            "median": count.median,
            "p99": count.p99,
        }
        for design, count in together.items()
    }


def duration(seconds: float) -> str:
    """A time in the unit that is easiest to read."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"


def _cells(count: Count) -> list[str]:
    numbers = (count.billed_twice, count.lost, count.never_announced, count.announced_wrongly, count.held)
    return [*(f"{_per(number, count):,}" for number in numbers), duration(count.median), duration(count.p99)]


def _faults(count: Count) -> str:
    others = {
        "lost": count.lost,
        "never announced": count.never_announced,
        "announced wrongly": count.announced_wrongly,
    }
    more = "".join(f", {_per(number, count):,} {name}" for name, number in others.items() if number)
    return f"{_per(count.billed_twice, count):,} / {_per(count.held, count):,}{more}"


def _per(number: int, count: Count) -> int:
    return round(number * PER / count.orders)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
