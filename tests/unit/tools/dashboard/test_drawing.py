import re
from xml.dom.minidom import Document, parseString

import pytest

from tools.dashboard.charts import Chart, Line
from tools.dashboard.drawing import picture
from tools.dashboard.measurements import Point

LINE = Line("OrdersAccepted", [Point(5, 1), Point(10, 3), Point(40, 2)])


def drawn(*charts: Chart) -> Document:
    return parseString(picture(charts, 0, 100, 5))  # noqa: S318 (of our own making)


def texts(document: Document) -> list[str]:
    return [str(node.firstChild.nodeValue) for node in document.getElementsByTagName("text") if node.firstChild]


def paths(document: Document) -> list[str]:
    """Of the lines alone: the axes have no width of their own."""
    found = document.getElementsByTagName("path")
    return [path.getAttribute("d") for path in found if path.hasAttribute("stroke-width")]


def test_a_chart_has_its_title_and_a_legend() -> None:
    assert {"Orders & more", "OrdersAccepted"} <= set(texts(drawn(Chart("Orders & more", [LINE]))))


def test_points_of_neighbouring_periods_are_joined_and_others_are_not() -> None:
    assert [path.count("L") for path in paths(drawn(Chart("Orders", [LINE])))] == [1, 0]


def test_a_higher_value_stands_higher_and_a_later_one_further_right() -> None:
    (path, _) = paths(drawn(Chart("Orders", [LINE])))
    (x1, y1), (x2, y2) = [map(float, place.split()) for place in path.removeprefix("M").split("L")]

    assert x1 < x2
    assert y1 > y2


@pytest.mark.parametrize(("value", "end"), [(0.2, "1"), (3, "5"), (61, "100"), (150, "200"), (1000, "1000")])
def test_the_axis_ends_at_a_round_number(value: float, end: str) -> None:
    assert end in texts(drawn(Chart("Age", [Line("BatchAge", [Point(5, value)])])))


def test_a_limit_is_drawn_and_stays_within_the_picture() -> None:
    document = drawn(Chart("Age", [LINE], [("alarm", 3600)]))

    assert {"alarm", "5000"} <= set(texts(document))


def test_charts_stand_in_two_columns() -> None:
    text = picture([Chart(str(number), [LINE]) for number in range(3)], 0, 100, 5)

    assert re.findall(r"translate\((\d+) (\d+)\)", text) == [("0", "0"), ("580", "0"), ("0", "240")]
