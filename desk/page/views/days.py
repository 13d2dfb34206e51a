from datetime import date, timedelta
from http import HTTPStatus
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.answers import Day
from desk.day_file import to_spreadsheet
from desk.page.chart import chart_of
from desk.page.tables import line_of
from desk.page.views.parts import Parts
from desk.page.words import Words
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
    lines = [line_of(day, parts.inquiries.now()) for day in parts.inquiries.days(first, last)]
    return parts.pages.write(request, "days.html", first=first, last=last, lines=lines, chart=chart_of(lines))


def download_days(parts: Parts, request: Request) -> Response:
    """The same as a file."""
    first, last = _period(parts, request)
    return _file(parts, request, parts.inquiries.days(first, last), f"arm-relay-{first}-{last}.csv")


def show_day(parts: Parts, request: Request) -> Response:
    """Counts and sums of one day."""
    day = parts.inquiries.day(_day(parts, request))
    begins = date.fromisoformat(day["date"])
    wanted = {
        "claimedAfter": f"{begins - _EARLIER}T00:00:00Z",
        "endedAfter": _limit(day, "from"),
        "endedBefore": _limit(day, "to"),
    }
    return parts.pages.write(request, "day.html", day=day, line=line_of(day, parts.inquiries.now()), wanted=wanted)


def download_day(parts: Parts, request: Request) -> Response:
    """The same as a file."""
    day = _day(parts, request)
    return _file(parts, request, [parts.inquiries.day(day)], f"arm-relay-{day}.csv")


def _limit(day: Day, name: str) -> str:
    # The type cannot name these members: `from` is a word of Python's.
    value = cast("dict[str, object]", day).get(name)
    if not isinstance(value, str):
        raise Problem(f"the relay's answer does not say when the day begins and ends: it has no {name}")
    return value


def _file(parts: Parts, request: Request, days: list[Day], name: str) -> Response:
    # In English the file has the words of the API, so that programs can read it, too.
    words = Words(parts.pages.language(request)).in_file
    text = to_spreadsheet(days, parts.inquiries.now(), words)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _period(parts: Parts, request: Request) -> tuple[date, date]:
    today = parts.inquiries.today()
    last = _date(request.query_params.get("last") or today.isoformat())
    first = _date(request.query_params.get("first") or (last - timedelta(days=SHOWN - 1)).isoformat())
    if first > last:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.order")
    if first > today:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.future")
    last = min(last, today)
    if (last - first).days >= MOST:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.many")
    return first, last


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.none") from None
    if found.year not in YEARS:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.none")
    return found


def _day(parts: Parts, request: Request) -> date:
    day = _date(request.path_params["date"])
    if day > parts.inquiries.today():
        raise HTTPException(HTTPStatus.BAD_REQUEST, "date.future")
    return day
