"""A dashboard's widgets and what was measured, put together: the lines CloudWatch would draw."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tools.dashboard.measurements import Identity, Measurements, Point

#: A search expression, as far as the template's dashboard uses them.
_SEARCH: Final = re.compile(
    r"SEARCH\('\{(?P<namespace>\w+),(?P<dimensions>[\w,]+)\} MetricName=\"(?P<name>\w+)\" "
    r"(?P<dimension>\w+)=\"(?P<value>[^\"]+)\"', '(?P<statistic>\w+)', \d+\)"
)

#: How the values of one period become one.
STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Sum": sum,
    "Maximum": max,
    "p99": lambda values: sorted(values)[math.ceil(0.99 * len(values)) - 1],
}

#: Finds the points of a metric by a statistic.
type Find = Callable[[Identity, str], Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: a point per period that has any."""

    label: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """What one widget shows."""

    title: str
    lines: Sequence[Line]
    #: Horizontal lines, each with its label.
    limits: Sequence[tuple[str, float]] = ()


def charts(body: Mapping[str, Any], measured: Measurements, find: Find, period: int) -> list[Chart]:
    """The charts of a dashboard's body, the values of every `period` seconds put together.

    `find` is asked for the points of single metrics, `measured` for those of searches.
    """
    return [_chart(widget["properties"], measured, find, period) for widget in body["widgets"]]


def _chart(properties: Mapping[str, Any], measured: Measurements, find: Find, period: int) -> Chart:
    lines: list[Line] = []
    for row in properties["metrics"]:
        if isinstance(row[0], dict):
            lines += _found(row[0]["expression"], measured, period)
        else:
            lines.append(_line(row, properties["stat"], find, period))
    limits = properties.get("annotations", {}).get("horizontal", [])
    return Chart(properties["title"], lines, tuple((limit["label"], limit["value"]) for limit in limits))


def _line(row: Sequence[Any], usual: str, find: Find, period: int) -> Line:
    """Of a row like [namespace, name, dimension, value, options]."""
    options = row[-1] if isinstance(row[-1], dict) else {}
    namespace, name, *names = [part for part in row if isinstance(part, str)]
    identity = Identity(namespace, name, frozenset(zip(names[::2], names[1::2], strict=True)))
    statistic = options.get("stat", usual)
    return Line(options.get("label", name), by_period(find(identity, statistic), statistic, period))


def _found(expression: str, measured: Measurements, period: int) -> Iterator[Line]:
    search = _SEARCH.fullmatch(expression)
    if search is None:
        raise ValueError(f"this search is not understood: {expression}")
    for identity, points in sorted(measured.points.items(), key=lambda entry: sorted(entry[0].dimensions)):
        dimensions = dict(identity.dimensions)
        if (identity.namespace, identity.name) != (search["namespace"], search["name"]):
            continue
        if dimensions.keys() == set(search["dimensions"].split(",")) and (
            dimensions.pop(search["dimension"]) == search["value"]
        ):
            yield Line(", ".join(dimensions.values()), by_period(points, search["statistic"], period))


def by_period(points: Sequence[Point], statistic: str, period: int) -> list[Point]:
    """One point for each period that has any."""
    periods: dict[int, list[float]] = {}
    for point in points:
        periods.setdefault(int(point.at // period), []).append(point.value)
    return [Point(number * period, STATISTICS[statistic](values)) for number, values in sorted(periods.items())]
