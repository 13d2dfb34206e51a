from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from desk.answers import Day
from desk.day_file import COLUMNS, Counted, counted, to_csv, to_spreadsheet
from desk.page.chart import ABOVE, BELOW, HEIGHT, WIDTH, chart_of
from desk.page.tables import DayLine, line_of
from desk.page.words import Words

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def a_row(status: str, orders: int, total: str, **changes: object) -> dict[str, Any]:
    row = {"clientNo": "2218", "currency": "NOK", "documentType": "IN", "status": status, "orders": orders}
    return {**row, "total": total, "ordersWithoutTotal": 0, **changes}


def a_day(**changes: object) -> Day:
    day = {
        "date": "2026-11-27",
        "timeZone": "Europe/Oslo",
        "snapshotAt": None,
        "complete": True,
        "to": "2026-11-27T23:00:00Z",
    }
    return cast("Day", {**day, "claimed": [], "ended": [], "unreadableBatches": 0, **changes})


def a_line(succeeded: int, failed: int = 0, number: int = 0) -> DayLine:
    day = date(2026, 11, 1) + timedelta(days=number)
    return DayLine(day, succeeded + failed, succeeded, failed, {}, Counted.FINAL)


def test_a_day_in_short_adds_only_what_was_billed_by_currency_and_type() -> None:
    ended = [
        a_row("SUCCEEDED", 2, "100.10"),
        a_row("SUCCEEDED", 1, "0.20", clientNo="99"),
        a_row("SUCCEEDED", 1, "-5", documentType="CN"),
        a_row("FAILED", 3, "7"),
        a_row("REFUSED", 1, "8"),
    ]
    line = line_of(a_day(claimed=[a_row("SUCCEEDED", 9, "1")], ended=ended), NOW)

    assert (line.claimed, line.succeeded, line.failed) == (9, 4, 4)
    assert line.sums == {("NOK", "IN"): Decimal("100.30"), ("NOK", "CN"): Decimal(-5)}
    assert line.counted is Counted.SO_FAR


def test_the_file_is_what_a_norwegian_spreadsheet_opens() -> None:
    text = to_spreadsheet([a_day(ended=[a_row("SUCCEEDED", 2, "100.10")])], NOW)

    assert text.encode().startswith(b"\xef\xbb\xbf")
    header, nothing, row, end = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").split("\r\n")
    assert header == ";".join(COLUMNS)
    assert nothing == "2026-11-27;Europe/Oslo;claimed;;;;;0;0;0;so far;2026-11-27T12:00:00Z"
    assert row == "2026-11-27;Europe/Oslo;ended;2218;NOK;IN;SUCCEEDED;2;100,10;0;so far;2026-11-27T12:00:00Z"
    assert end == ""


def test_the_file_for_programs_has_the_same_cells() -> None:
    text = to_csv([a_day(snapshotAt="2026-11-28T00:01:00Z", ended=[a_row("SUCCEEDED", 2, "-100.10")])], NOW)

    header, _, row = text.splitlines()
    assert header == ",".join(COLUMNS)
    assert row == "2026-11-27,Europe/Oslo,ended,2218,NOK,IN,SUCCEEDED,2,-100.10,0,final,2026-11-28T00:01:00Z"


def test_the_norwegian_file_is_norwegian() -> None:
    text = to_spreadsheet([a_day(ended=[a_row("SUCCEEDED", 2, "100.10")])], NOW, Words("nb").in_file)

    header, _, row = text.splitlines()
    assert "dato;tidssone;hendelse;klient;valuta;bilagstype;status;ordrer;beløp inkl. mva." in header
    assert row.startswith("2026-11-27;Europe/Oslo;avsluttet;2218;NOK;faktura;vellykket;2;100,10;0;så langt;")


@pytest.mark.parametrize(
    ("changes", "hours", "known"),
    [
        ({"snapshotAt": "2026-11-28T00:01:00Z"}, 2, Counted.FINAL),
        ({}, -5, Counted.SO_FAR),
        ({}, 2, Counted.SO_FAR),
        ({}, 25, Counted.NOT_FOR_GOOD),
        ({"complete": False}, 25, Counted.IN_PART),
    ],
)
def test_how_far_a_day_is_counted(changes: dict[str, object], hours: int, known: Counted) -> None:
    assert counted(a_day(**changes), datetime(2026, 11, 27, 23, tzinfo=UTC) + timedelta(hours=hours)) is known


@pytest.mark.parametrize("text", ["=1+1", "+1", "-A1", "@SUM(A1)"])
def test_no_cell_is_a_formula(text: str) -> None:
    day = a_day(claimed=[a_row("FAILED", 1, "1", clientNo=text)])

    assert f";'{text};" in to_spreadsheet([day], NOW)
    assert f",'{text}," in to_csv([day], NOW)


def test_bars_stand_in_the_chart_and_failures_on_top() -> None:
    chart = chart_of([a_line(3, 3, number) for number in range(30)])

    for bar in chart.bars:
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
        assert ABOVE <= bar.failed_y <= bar.succeeded_y <= HEIGHT - BELOW
        assert bar.failed_y + bar.failed_height == pytest.approx(bar.succeeded_y)
        assert bar.succeeded_y + bar.succeeded_height == pytest.approx(HEIGHT - BELOW)
    assert chart.bars[-1].is_labelled
    assert sum(bar.is_labelled for bar in chart.bars) == 10


@pytest.mark.parametrize(
    ("most", "ticks"), [(0, [0, 1]), (1, [0, 1]), (7, [0, 2, 4, 6, 8]), (49, [0, 10, 20, 30, 40, 50]), (1001, None)]
)
def test_the_lines_have_round_numbers(most: int, ticks: list[int] | None) -> None:
    found = [orders for orders, _ in chart_of([a_line(most)]).ticks]

    assert found == (ticks or [0, 500, 1000, 1500])


def test_no_days_make_an_empty_chart() -> None:
    assert chart_of([]).bars == ()
