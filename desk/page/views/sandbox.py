from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.page.forms import Form
from desk.page.playing import FAILURES, MOST, SAMPLES, Playing
from desk.page.views.parts import Parts


def show(parts: Parts, request: Request) -> Response:
    """What can be played, and what is being played."""
    return _shown(parts, request)


def play(parts: Parts, request: Request, form: Form) -> Response:
    """Let something go wrong."""
    if form.one("failure") not in FAILURES:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    _playing(parts).play(form.one("failure"))
    return _back(request)


def end(parts: Parts, request: Request, _form: Form) -> Response:
    """Let all go well again."""
    _playing(parts).end()
    return _back(request)


def send(parts: Parts, request: Request, form: Form) -> Response:
    """Send sample orders, each by itself, and show what was answered."""
    sample, number = form.one("sample"), form.count("number", MOST, "1")
    if sample not in SAMPLES:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return _shown(parts, request, _playing(parts).send(sample, number))


def _shown(parts: Parts, request: Request, sent: object = ()) -> Response:
    return parts.pages.write(
        request,
        "play.html",
        playing=_playing(parts).situation(),
        failures=FAILURES,
        samples=SAMPLES,
        most=MOST,
        sent=sent,
    )


def _playing(parts: Parts) -> Playing:
    if parts.playing is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return parts.playing


def _back(request: Request) -> Response:
    return RedirectResponse(f"{request.scope['root_path']}/play", HTTPStatus.SEE_OTHER)
