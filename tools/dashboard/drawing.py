"""Charts as one SVG picture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from tools.dashboard.charts import Chart, Line
from tools.dashboard.measurements import Point

#: Of a chart, and of the margins around its plot, in pixels.
WIDTH: Final = 580
HEIGHT: Final = 240
LEFT: Final = 56
RIGHT: Final = 16
TOP: Final = 34
BOTTOM: Final = 62

COLUMNS: Final = 2
COLOURS: Final = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf")

#: How wide a letter of the legend is, about, and how far apart its entries are.
LETTER: Final = 6
GAP: Final = 26


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a point of a chart lies in its picture."""

    start: float
    end: float
    highest: float
    #: Seconds between two points that belong together.
    period: int

    def x(self, at: float) -> float:
        """From the left."""
        return LEFT + (at - self.start) / (self.end - self.start) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """From the top."""
        return HEIGHT - BOTTOM - value / self.highest * (HEIGHT - TOP - BOTTOM)


def picture(charts: Sequence[Chart], start: float, end: float, period: int) -> str:
    """The charts in two columns, from `start` to `end` in seconds since 1970."""
    width, height = COLUMNS * WIDTH, math.ceil(len(charts) / COLUMNS) * HEIGHT
    box, font = f'viewBox="0 0 {width} {height}"', 'font-family="sans-serif" font-size="11"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {font}>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, chart in enumerate(charts):
        row, column = divmod(number, COLUMNS)
        parts.append(f'<g transform="translate({column * WIDTH} {row * HEIGHT})">')
        parts += _chart(chart, Scale(start, end, _highest(chart), period))
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _highest(chart: Chart) -> float:
    """The end of the axis: 1, 2 or 5 times a power of ten."""
    values = [point.value for line in chart.lines for point in line.points] + [value for _, value in chart.limits]
    most = max([1.0, *values])
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


def _chart(chart: Chart, scale: Scale) -> Iterator[str]:
    yield f'<text x="{LEFT}" y="20" font-size="13" font-weight="bold">{escape(chart.title)}</text>'
    yield from _axes(scale)
    for label, value in chart.limits:
        y = scale.y(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d62728" stroke-dasharray="6 4"/>'
        yield f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end" fill="#d62728">{escape(label)}</text>'
    x, y = LEFT, HEIGHT - BOTTOM + 32
    for number, line in enumerate(chart.lines):
        colour = COLOURS[number % len(COLOURS)]
        yield from _line(line, colour, scale)
        if x + GAP + LETTER * len(line.label) > WIDTH:
            x, y = LEFT, y + 16
        yield f'<rect x="{x}" y="{y - 8}" width="10" height="8" fill="{colour}"/>'
        yield f'<text x="{x + 14}" y="{y}">{escape(line.label)}</text>'
        x += GAP + LETTER * len(line.label)


def _axes(scale: Scale) -> Iterator[str]:
    for share in (0, 0.5, 1):
        value = share * scale.highest
        y = scale.y(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{value:g}</text>'
    for seconds in range(0, int(scale.end - scale.start) + 1, 20):
        x = scale.x(scale.start + seconds)
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle" fill="#555">{seconds} s</text>'


def _line(line: Line, colour: str, scale: Scale) -> Iterator[str]:
    """Points next to each other are joined; where a period has none there is a gap, as in CloudWatch."""
    for points in _joined(line.points, scale.period):
        places = [(scale.x(point.at), scale.y(point.value)) for point in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>' for x, y in places)


def _joined(points: Sequence[Point], period: int) -> list[list[Point]]:
    joined: list[list[Point]] = []
    for point in points:
        if joined and point.at - joined[-1][-1].at <= period:
            joined[-1].append(point)
        else:
            joined.append([point])
    return joined
