"""The page's routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from threading import Event
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from desk.page import forms
from desk.page.forms import Form
from desk.page.inquiries import Inquiries
from desk.page.pages import Pages
from desk.page.playing import Playing
from desk.page.reviews import Reviews
from desk.page.views import bulk, days, flow, orders, problems, redrives, sandbox
from desk.page.views.parts import Parts
from desk.problems import Problem

STATIC: Final = Path(__file__).parent / "static"

type Question = Callable[[Parts, Request], Response]
type Deed = Callable[[Parts, Request, Form], Response]

QUESTIONS: Final[dict[str, Question]] = {
    "/": flow.show,
    "/search": orders.search,
    "/order": orders.show_order,
    "/batch": orders.show_batch,
    "/batches/{state}": redrives.show_list,
    "/results/{review_id}": redrives.show_result,
    "/redrives/{redrive_id}": bulk.watch,
    "/days": days.show_days,
    "/days.csv": days.download_days,
    "/days/{date}": days.show_day,
    "/days/{date}/csv": days.download_day,
    "/health": flow.show_health,
}

DEEDS: Final[dict[str, Deed]] = {
    "/review": redrives.review,
    "/carry-out": redrives.carry_out,
    "/plan": bulk.plan,
    "/begin": bulk.begin,
    "/redrives/{redrive_id}/stop": bulk.stop,
}

#: In the sandbox alone.
PLAY_QUESTIONS: Final[dict[str, Question]] = {"/play": sandbox.show}
PLAY_DEEDS: Final[dict[str, Deed]] = {
    "/play/failure": sandbox.play,
    "/play/end": sandbox.end,
    "/play/send": sandbox.send,
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the page works with."""

    inquiries: Inquiries
    relay_name: str
    form_token: str
    #: None where the relay is no sandbox.
    playing: Playing | None = None
    #: Whether a sandbox sends to an ARM outside, which bills people.
    has_real_arm: bool = False
    #: Names each review.
    new_id: Callable[[], str] = token_urlsafe
    #: Set when the desk is being ended: nothing further is begun.
    ending: Event = field(default_factory=Event)


def create(page: Page) -> Starlette:
    """The page as an ASGI application."""
    pages = Pages(
        relay_name=page.relay_name,
        can_play=page.playing is not None,
        has_real_arm=page.has_real_arm,
        form_token=page.form_token,
        zone=lambda: page.inquiries.zone,
    )
    parts = Parts(pages, page.inquiries, page.playing, Reviews(page.new_id), page.ending)
    questions, deeds = dict(QUESTIONS), dict(DEEDS)
    if page.playing:
        questions |= PLAY_QUESTIONS
        deeds |= PLAY_DEEDS
    return Starlette(
        routes=[
            *(Route(path, _asked(parts, question)) for path, question in questions.items()),
            *(Route(path, _done(parts, deed), methods=["POST"]) for path, deed in deeds.items()),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={
            Problem: lambda request, problem: problems.show(parts, request, problem),
            HTTPException: lambda request, problem: problems.show(parts, request, problem),
            HTTPStatus.INTERNAL_SERVER_ERROR: lambda request, problem: problems.show(parts, request, problem),
        },
    )


def _asked(parts: Parts, question: Question) -> Callable[[Request], Response]:
    # A plain function, so that Starlette calls it in a thread: it waits for the relay.
    def endpoint(request: Request) -> Response:
        return question(parts, request)

    return endpoint


def _done(parts: Parts, deed: Deed) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = await forms.read(request, parts.pages.form_token)
        return await run_in_threadpool(deed, parts, request, form)

    return endpoint
