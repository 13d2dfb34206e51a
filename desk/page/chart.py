"""The days as a bar chart: where each bar stands. Pure; the template draws it as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from desk.page.tables import DayLine

WIDTH: Final = 720
HEIGHT: Final = 200
#: What is left free for the numbers on the left and the dates below.
LEFT: Final = 44
BELOW: Final = 24
ABOVE: Final = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: what ARM created at the bottom, and what failed on top of it."""

    date: date
    x: float
    width: float
    succeeded_y: float
    succeeded_height: float
    failed_y: float
    failed_height: float
    #: Whether its date is written below it.
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars and the lines behind them."""

    bars: tuple[Bar, ...]
    #: Each number of orders with a line, and where that is.
    ticks: tuple[tuple[int, float], ...]


def chart_of(lines: Sequence[DayLine]) -> Chart:
    """The bars of these days, the first on the left."""
    most = max((line.succeeded + line.failed for line in lines), default=0)
    step = _step(most)
    top = max(step, -(-most // step) * step)
    height = HEIGHT - ABOVE - BELOW
    slot = (WIDTH - LEFT) / max(1, len(lines))
    every = -(-len(lines) // 10) or 1

    def y(orders: int) -> float:
        return round(ABOVE + height - height * orders / top, 1)

    bars = tuple(
        Bar(
            date=line.date,
            x=round(LEFT + slot * (place + 0.15), 1),
            width=round(slot * 0.7, 1),
            succeeded_y=y(line.succeeded),
            succeeded_height=round(y(0) - y(line.succeeded), 1),
            failed_y=y(line.succeeded + line.failed),
            failed_height=round(y(line.succeeded) - y(line.succeeded + line.failed), 1),
            is_labelled=(len(lines) - 1 - place) % every == 0,
        )
        for place, line in enumerate(lines)
    )
    return Chart(bars, tuple((orders, y(orders)) for orders in range(0, top + 1, step)))


def _step(most: int) -> int:
    """The distance of the lines: 1, 2 or 5 times a power of ten, so that there are at most five."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if most <= 5 * factor * power:
                return factor * power
        power *= 10
