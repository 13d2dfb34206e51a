"""Who is let in: the person who has the address, from this page alone.

Other programs on this machine, other sites in the same browser and names that lead to this machine (DNS rebinding) all
reach a port of 127.0.0.1. None of them knows the token in the path, and no cookie lets them in without it.
"""

from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
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

    def __init__(self, page: ASGIApp, *, origin: str, token: str, arrived: Callable[[], None] = lambda: None) -> None:
        """`origin` is where the page is served; its paths begin with the token.

        `arrived` is called whenever a browser is let in to the start.
        """
        self._page = page
        self._origin = origin
        self._host = urlsplit(origin).netloc
        self._token = token
        self._arrived = arrived

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        refusal = self._refusal(scope)
        answer = self._page if refusal is None else refusal
        inner = scope if refusal else {**scope, "root_path": f"/{self._token}"}
        if refusal is None and self._is_start(scope):
            self._arrived()
        await answer(inner, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._host]:
            return _refuse(HTTPStatus.MISDIRECTED_REQUEST, "This is not the address of the desk.")
        if not self._is_own(scope["method"], headers) and not self._is_arrival(scope, headers):
            return _refuse(HTTPStatus.FORBIDDEN, "The desk answers no other site.")
        _, first, _ = f"{scope['path']}/".split("/", 2)
        if not compare_digest(first.encode(), self._token.encode()):
            return _refuse(HTTPStatus.NOT_FOUND, "Use the whole address that `relay desk` has printed.")
        return None

    def _is_start(self, scope: Scope) -> bool:
        return compare_digest(scope["path"].encode(), f"/{self._token}/".encode())

    def _is_arrival(self, scope: Scope, headers: Headers) -> bool:
        """Whether somebody who knows the whole address goes to the start, in a tab of its own.

        The file that starts the browser does. To a browser it is another site, also when the tab is loaded again.
        """
        where = (headers.get("origin"), headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
        return scope["method"] == "GET" and where == (None, "navigate", "document") and self._is_start(scope)

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
