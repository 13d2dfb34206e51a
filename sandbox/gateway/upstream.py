"""The deployed HTTP API behind the gateway."""

import http.client
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Final, Protocol
from urllib.parse import urlsplit

from sandbox.gateway import sigv4
from sandbox.gateway.messages import Request, Response
from sandbox.gateway.routes import Route
from sandbox.progress import say

#: Requests that run in the functions at once; the others wait here. Each of them needs a process on this machine.
_AT_ONCE: Final = 4 * (os.cpu_count() or 1)
#: API Gateway's own limit, in seconds.
_TIMEOUT: Final = 30

#: About one connection, not about the message.
_HOP_BY_HOP: Final = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
#: Replaced on the way in: they belong to the caller's connection to us.
_REPLACED: Final = _HOP_BY_HOP | {"host", "content-length", "expect"}
#: Replaced on the way out by the gateway's own.
_OURS: Final = _HOP_BY_HOP | {"content-length", "date", "server"}
#: The headers of a signature.
_SIGNATURE: Final = {"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}


class Upstream(Protocol):
    """Something that answers requests."""

    def call(self, request: Request) -> Response:
        """Answer one; may be called from many threads at once."""


class ExecuteApi:
    """MiniStack's execute-api: it finds the route, makes the event and invokes the function."""

    def __init__(self, endpoint_url: str, api_id: str, routes: Sequence[Route]) -> None:
        self._address = urlsplit(endpoint_url).netloc
        self._prefix = f"/_aws/execute-api/{api_id}"
        self._routes = routes
        self._places = BoundedSemaphore(_AT_ONCE)

    def call(self, request: Request) -> Response:
        """The API's answer, or what API Gateway says when there is none."""
        if self._wants_iam(request):
            # MiniStack asks for a signature there, but takes any.
            if not sigv4.is_valid(request, datetime.now(UTC)):
                return Response.message(HTTPStatus.FORBIDDEN, "Forbidden")
            request = self._signed_again(request)
        with self._places:
            return self._answer(request)

    def has_route(self, method: str, target: str) -> bool:
        """Whether a request goes to one of the API's routes."""
        path = urlsplit(f"//{self._address}{target}").path
        return any(route.matches(method.upper(), path) for route in self._routes)

    def _wants_iam(self, request: Request) -> bool:
        path = urlsplit(f"//{self._address}{request.target}").path
        return any(route.iam and route.matches(request.method, path) for route in self._routes)

    def _signed_again(self, request: Request) -> Request:
        """Signed for MiniStack's address: the caller could only sign the gateway's."""
        headers = {name: value for name, value in request.headers.items() if name not in _SIGNATURE}
        url = f"http://{self._address}{self._prefix}{request.target}"
        return replace(request, headers=headers | sigv4.signature(request.method, url, request.body))

    def _answer(self, request: Request) -> Response:
        try:
            response = self._send(request)
        except (OSError, http.client.HTTPException) as error:
            say(f"no answer to {request.method} {request.target}: {error!r}")
            return Response.message(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
        if response.status == HTTPStatus.BAD_GATEWAY:
            # MiniStack reports to the caller how the function failed; API Gateway does not.
            say(f"{request.method} {request.target} failed: {response.body.decode(errors='replace')}")
            return Response.message(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        return response

    def _send(self, request: Request) -> Response:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT)
        headers = {name: value for name, value in request.headers.items() if name not in _REPLACED}
        try:
            connection.request(request.method, self._prefix + request.target, request.body, headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OURS]
            return Response(status=answer.status, headers=kept, body=answer.read())
        finally:
            connection.close()
