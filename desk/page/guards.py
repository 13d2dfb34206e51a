"""Who is let in: the person who has the address, from this page alone.

Other programs on this machine, other sites in the same browser and names that lead to this machine (DNS rebinding) all
reach a port of 127.0.0.1. None of them knows the token in the path, and no cookie lets them in without it.
"""

from collections.abc import Iterable
from hmac import compare_digest
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: No scripts, styles or pictures but our own, no frames around the page, and nothing kept or told to others.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: What a browser says of requests that the person or the page itself makes.
_OWN_QUESTIONS: Final = frozenset({"none", "same-origin"})
_QUESTIONS: Final = frozenset({"GET", "HEAD"})


class Guards:
    """Answers strangers itself, and lets the others in."""

    def __init__(self, page: ASGIApp, *, origin: str, token: str, tickets: Iterable[str] = ()) -> None:
        """`origin` is where the page is served; its paths begin with the token.

        A ticket leads to the page once, by the path `/open/<ticket>`. A browser's command line, which others on this
        machine can read, holds a ticket and not the token.
        """
        self._page = page
        self._origin = origin
        self._host = urlsplit(origin).netloc
        self._token = token
        self._tickets = set(tickets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        refusal = self._refusal(scope)
        answer = self._page if refusal is None else refusal
        inner = scope if refusal else {**scope, "root_path": f"/{self._token}"}
        await answer(inner, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._host]:
            return _refuse(HTTPStatus.MISDIRECTED_REQUEST, "This is not the address of the desk.")
        if not self._is_own(scope["method"], headers):
            return _refuse(HTTPStatus.FORBIDDEN, "The desk answers no other site.")
        _, first, rest = f"{scope['path']}/".split("/", 2)
        if first == "open" and (ticket := self._ticket(rest.rstrip("/"))):
            self._tickets.discard(ticket)
            return RedirectResponse(f"/{self._token}/", HTTPStatus.SEE_OTHER)
        if not compare_digest(first.encode(), self._token.encode()):
            return _refuse(HTTPStatus.NOT_FOUND, "Use the whole address that `relay desk` has printed.")
        return None

    def _ticket(self, given: str) -> str | None:
        return next((ticket for ticket in self._tickets if compare_digest(ticket.encode(), given.encode())), None)

    def _is_own(self, method: str, headers: Headers) -> bool:
        """Whether the request comes from the page, or a question from the person at the browser."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        # Without a referrer a form of ours has the origin "null"; then Sec-Fetch-Site says whose it is.
        if origin not in (None, "null", self._origin):
            return False
        if method in _QUESTIONS:
            return site is None or site in _OWN_QUESTIONS
        return site == "same-origin" or (site is None and origin == self._origin)


def _refuse(status: HTTPStatus, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
