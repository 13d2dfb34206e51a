from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.page.views.parts import Parts
from desk.problems import Answered, Problem

#: The statuses that have words of their own, by who gives them.
_WORDED: Final = {"relay": {403, 404, 409, 429, 503}, "page": {400, 403, 404, 405, 409, 413, 500}}

#: What is wrong with a date; each has words of its own.
DATES: Final = frozenset({"date.none", "date.order", "date.future", "date.many"})


def show(parts: Parts, request: Request, problem: Exception) -> Response:
    """Say in words what did not work."""
    who, status, detail = _read(problem)
    if who == "page" and detail in DATES:
        return parts.pages.write(request, "problem.html", status=status, words=detail, detail="")
    words = f"{who}.{status}" if status in _WORDED[who] else f"{who}.other"
    return parts.pages.write(request, "problem.html", status=status, words=words, detail=detail)


def _read(problem: Exception) -> tuple[str, int, str]:
    """Who has the problem, its HTTP status, and what the relay says about it."""
    if isinstance(problem, Answered):
        return "relay", problem.status, str(problem)
    if isinstance(problem, Problem):
        return "relay", HTTPStatus.BAD_GATEWAY, str(problem)
    if isinstance(problem, HTTPException):
        return "page", problem.status_code, problem.detail if problem.detail in DATES else ""
    return "page", HTTPStatus.INTERNAL_SERVER_ERROR, ""
