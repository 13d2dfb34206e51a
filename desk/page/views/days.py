from datetime import date, timedelta
from http import HTTPStatus
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.answers import Day
from desk.page.bounds import day_of
from desk.page.chart import chart_of
from desk.page.tables import line_of, to_csv
from desk.page.views.parts import Parts
from desk.problems import Problem

#: How many days are shown where nobody says.
SHOWN: Final = 14
#: How many at most: each that is not stored yet is counted by the relay.
MOST: Final = 62
#: The years that a date may be in: a relay has days from its first order on, and dates have room around them.
YEARS: Final = range(2000, 9000)
#: A batch ends some days after it was accepted, at most so many.
_EARLIER: Final = timedelta(days=30)


def show_days(parts: Parts, request: Request) -> Response:
    """Counts and sums of some days."""
    first, last = _period(parts, request)
    lines = [line_of(day) for day in parts.inquiries.days(first, last)]
    return parts.pages.write(request, "days.html", first=first, last=last, lines=lines, chart=chart_of(lines))


def download_days(parts: Parts, request: Request) -> Response:
    """The same as a file."""
    first, last = _period(parts, request)
    return _file(parts.inquiries.days(first, last), f"arm-relay-{first}-{last}.csv")


def show_day(parts: Parts, request: Request) -> Response:
    """Counts and sums of one day."""
    day = parts.inquiries.day(_date(request.path_params["date"]))
    begins = day_of(day["date"])
    wanted = {
        "claimedAfter": f"{begins - _EARLIER}T00:00:00Z",
        "endedAfter": _limit(day, "from"),
        "endedBefore": _limit(day, "to"),
    }
    return parts.pages.write(request, "day.html", day=day, line=line_of(day), wanted=wanted)


def download_day(parts: Parts, request: Request) -> Response:
    """The same as a file."""
    day = _date(request.path_params["date"])
    return _file([parts.inquiries.day(day)], f"arm-relay-{day}.csv")


def _limit(day: Day, name: str) -> str:
    # The type cannot name these members: `from` is a word of Python's.
    value = cast("dict[str, object]", day).get(name)
    if not isinstance(value, str):
        raise Problem(f"the relay's answer does not say when the day begins and ends: it has no {name}")
    return value


def _file(days: list[Day], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(to_csv(days), media_type="text/csv; charset=utf-8", headers=headers)


def _period(parts: Parts, request: Request) -> tuple[date, date]:
    today = parts.inquiries.today()
    last = _date(request.query_params.get("last") or today.isoformat())
    first = _date(request.query_params.get("first") or (last - timedelta(days=SHOWN - 1)).isoformat())
    last = min(last, today)
    return max(min(first, last), last - timedelta(days=MOST - 1)), last


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None
    if found.year not in YEARS:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return found
