from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from desk.answers import State
from desk.page.inquiries import at_once
from desk.page.tables import line_of
from desk.page.views.parts import Parts


def show(parts: Parts, request: Request) -> Response:
    """What flows now, and what today comes to."""
    unfinished, held, failed = at_once(parts.relay.batches, get_args(State.__value__))
    today = parts.inquiries.day(parts.inquiries.today())
    return parts.pages.write(
        request,
        "now.html",
        unfinished=unfinished.totals,
        held=held.totals,
        failed=failed.totals,
        today=today,
        line=line_of(today, parts.inquiries.now()),
        follows=request.query_params.get("follow") == "on",
    )


def show_health(parts: Parts, request: Request) -> Response:
    """Whether the relay can do its work."""
    return parts.pages.write(request, "health.html", health=parts.relay.health())
