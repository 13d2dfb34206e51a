"""Signs what the page of the API's description sends, so that it can try the API out. In the sandbox alone.

Senders' requests get the sample client's signature. Operators' requests are passed on to the operators' API, signed by
the sandbox's AWS key.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sandbox.gateway import sigv4
from sandbox.gateway.messages import Request, Response
from sandbox.gateway.upstream import ExecuteApi
from sandbox.loopback import NAMES
from sandbox.signatures import signature

#: Where the page asks for a signature.
SIGN: Final = "/_sandbox/sign"
#: The operators' API as the page reaches it, which talks to its own address alone.
OPERATORS: Final = "/_sandbox/operators"


class Signing:
    """Signs for one sandbox."""

    def __init__(
        self,
        operators: ExecuteApi,
        *,
        client_no: str,
        signing_secret: str,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._operators = operators
        self.client_no = client_no
        self._secret = signing_secret
        self._now = now
        self._new_id = new_id

    def call(self, request: Request) -> Response | None:
        """The answer to the page; None if the request is not for this."""
        path = urlsplit(request.target).path
        if path != SIGN and not path.startswith(f"{OPERATORS}/"):
            return None
        if not _is_of_the_page(request):
            return Response.message(HTTPStatus.FORBIDDEN, "only the page at / may ask for this")
        return self._sign(request) if path == SIGN else self._pass_on(request)

    def _sign(self, request: Request) -> Response:
        try:
            wanted = json.loads(request.body)
            method, target, body = str(wanted["method"]), str(wanted["target"]), str(wanted["body"])
        except (ValueError, KeyError, TypeError):
            return Response.message(HTTPStatus.BAD_REQUEST, "expected a method, a target and a body")
        if self._operators.has_route(method, target):
            return _json({"target": OPERATORS + target, "headers": {}})
        message_id, now = f"msg_{self._new_id()}", self._now()
        return _json({"target": target, "headers": signature(self._secret, message_id, now, body)})

    def _pass_on(self, request: Request) -> Response:
        target = request.target.removeprefix(OPERATORS)
        host = request.headers["host"]
        signed = sigv4.signature(request.method, f"http://{host}{target}", request.body)
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        return self._operators.call(replace(request, target=target, headers=headers | signed | {"host": host}))


def _is_of_the_page(request: Request) -> bool:
    """Whether the browser says that our own page asks; another site, or a name that leads here, does not get this."""
    name, _, port = request.headers.get("host", "").rpartition(":")
    return name in NAMES and port.isdecimal() and request.headers.get("sec-fetch-site") == "same-origin"


def _json(body: object) -> Response:
    headers = [("Content-Type", "application/json")]
    return Response(status=HTTPStatus.OK, headers=headers, body=json.dumps(body).encode())
