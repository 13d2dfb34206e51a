from typing import Any, Final

import pytest

from desk.answers import Day, Forgotten, Results, Sent, read_as
from desk.problems import Problem

ROW: Final = {
    "clientNo": "2218",
    "currency": None,
    "documentType": "IN",
    "status": "FAILED",
    "orders": 1,
    "total": "1.00",
    "ordersWithoutTotal": 0,
}
DAY: Final = {
    "date": "2026-11-26",
    "timeZone": "Europe/Oslo",
    "snapshotAt": None,
    "complete": True,
    "claimed": [],
    "ended": [ROW],
    "unreadableBatches": 0,
}


def test_a_day_is_read() -> None:
    assert read_as(Day, DAY)["ended"][0]["total"] == "1.00"


@pytest.mark.parametrize(
    "change",
    [
        {"timeZone": "../../etc/passwd"},
        {"timeZone": "Mars/One"},
        {"timeZone": "Europe"},
        {"timeZone": ""},
        {"date": "soon"},
        {"snapshotAt": "soon"},
        {"snapshotAt": "2026-11-26T00:00:00"},
        {"snapshotAt": "0001-01-01T00:00:00Z"},
        {"unreadableBatches": -1},
        {"unreadableBatches": 10**20},
        *({"ended": [ROW | {"total": total}]} for total in ("abc", "NaN", "Infinity", "1e3000000", "1e-3000000")),
    ],
    ids=str,
)
def test_a_value_that_could_not_be_shown_is_a_problem(change: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="another form"):
        read_as(Day, DAY | change)


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        (Forgotten, {"removed": 5}),
        (Sent, [1]),
        (Sent, {"orders": [1]}),
        (Sent, {"orders": None}),
        (Results, {"x": 1}),
        (
            Results,
            {"events": [{"id": "1", "time": "soon", "data": {"cause": None, "orders": []}}], "next": "", "more": 0},
        ),
    ],
)
def test_an_answer_to_a_sender_has_its_form(form: type[Any], answer: object) -> None:
    with pytest.raises(Problem, match="another form"):
        read_as(form, answer)
