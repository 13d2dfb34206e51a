"""What the widgets of a dashboard come to, and that the template's own are understood."""

from collections.abc import Sequence
from typing import Any

import pytest

from tools.dashboard.charts import Chart, Line, by_period, charts
from tools.dashboard.measurements import Identity, Measurements, Point


def identity(name: str, **dimensions: str) -> Identity:
    return Identity("ArmRelay", name, frozenset(dimensions.items()))


MEASURED = Measurements(
    {
        identity("PollerRuns", service="relay-1"): [Point(100, 1), Point(101, 1), Point(112, 1)],
        identity("Rejected", service="relay-1", problem="not-json"): [Point(100, 1)],
        identity("Rejected", service="relay-1", problem="conflict"): [Point(100, 1)],
        identity("Rejected", service="relay-2", problem="forbidden"): [Point(100, 1)],
        identity("Rejected", service="relay-1"): [Point(100, 2)],
    }
)
SEARCH = """SEARCH('{ArmRelay,service,problem} MetricName="Rejected" service="relay-1"', 'Sum', 60)"""


def chart(*rows: Sequence[object], **properties: object) -> Chart:
    def find(wanted: Identity, _statistic: str) -> Sequence[Point]:
        return MEASURED.of(wanted)

    widget: dict[str, Any] = {"title": "Title", "stat": "Sum", "metrics": rows} | properties
    (only,) = charts({"widgets": [{"properties": widget}]}, MEASURED, find, 5)
    return only


def test_a_row_is_a_line_with_the_name_of_its_metric() -> None:
    found = chart(["ArmRelay", "PollerRuns", "service", "relay-1"])

    assert found == Chart("Title", [Line("PollerRuns", [Point(100, 2), Point(110, 1)])])


def test_a_row_may_have_a_label_and_a_statistic_of_its_own() -> None:
    found = chart(["ArmRelay", "PollerRuns", "service", "relay-1", {"label": "runs", "stat": "Maximum"}])

    assert found.lines == [Line("runs", [Point(100, 1), Point(110, 1)])]


def test_a_metric_that_was_never_measured_is_a_line_without_points() -> None:
    assert chart(["ArmRelay", "PollerRuns", "service", "relay-2"]).lines == [Line("PollerRuns", [])]


def test_a_search_finds_a_line_for_each_value_of_the_other_dimension() -> None:
    assert [line.label for line in chart([{"expression": SEARCH}]).lines] == ["conflict", "not-json"]


def test_a_search_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood"):
        chart([{"expression": "SUM(METRICS())"}])


def test_annotations_are_limits() -> None:
    found = chart(annotations={"horizontal": [{"label": "alarm", "value": 60}]})

    assert found.limits == (("alarm", 60),)


@pytest.mark.parametrize(("statistic", "value"), [("Sum", 5050), ("Maximum", 100), ("p99", 99)])
def test_the_values_of_a_period_become_one(statistic: str, value: float) -> None:
    points = [Point(12, float(number)) for number in range(1, 101)]

    assert by_period(points, statistic, 10) == [Point(10, value)]
