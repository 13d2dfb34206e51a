"""The simulator as an httpx transport: in process, without sockets, threads, randomness or real time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from sandbox.arm.api import ArmApi
from sandbox.arm.messages import Abort, Request, Response

#: The exception a client sees for each kind of lost connection, and the timeout that passes first.
ENDINGS: Final[Mapping[str, tuple[type[httpx.TransportError], str | None]]] = {
    "refuse": (httpx.ConnectError, None),
    "dns": (httpx.ConnectError, None),
    "tls": (httpx.ConnectError, None),
    "connect-timeout": (httpx.ConnectTimeout, "connect"),
    "pool-timeout": (httpx.PoolTimeout, "pool"),
    "write-error": (httpx.WriteError, None),
    "write-error-after": (httpx.WriteError, None),
    "write-timeout": (httpx.WriteTimeout, "write"),
    "drop-before": (httpx.RemoteProtocolError, None),
    "drop-after": (httpx.RemoteProtocolError, None),
    "read-error-after": (httpx.ReadError, None),
    "read-timeout-before": (httpx.ReadTimeout, "read"),
    "read-timeout-after": (httpx.ReadTimeout, "read"),
}


class SimulatedTransport(httpx.BaseTransport):
    """Carries requests to `api`; `sleep` gets the length of each wait, so that it can move a simulated clock.

    Effects come before waits: what ARM has taken when a client stops waiting stays taken.
    """

    def __init__(self, api: ArmApi, sleep: Callable[[float], None]) -> None:
        self.api = api
        self.sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx.

        Raises:
            httpx.TransportError: the connection is lost (`ENDINGS`), or the answer takes longer than the read timeout.
        """
        answer = self.api.handle(_incoming(request))
        if isinstance(answer, Abort):
            exception, phase = ENDINGS[answer.kind]
            raise self._lost(request, exception, _timeout(request, phase) if phase else 0.0)
        if answer.delay:
            self._wait(request, answer.delay)
        return self._outgoing(request, answer)

    def _outgoing(self, request: httpx.Request, answer: Response) -> httpx.Response:
        headers = dict(answer.headers)
        if answer.padding or "content-encoding" in headers:
            stream = _Stream(answer, lambda: self._wait(request, answer.pause))
            return httpx.Response(answer.status, headers=headers, stream=stream, request=request)
        return httpx.Response(answer.status, headers=headers, content=answer.body, request=request)

    def _wait(self, request: httpx.Request, delay: float) -> None:
        patience = _timeout(request, "read")
        if patience and delay > patience:
            raise self._lost(request, httpx.ReadTimeout, patience)
        self.sleep(delay)

    def _lost(
        self, request: httpx.Request, exception: type[httpx.TransportError], after: float
    ) -> httpx.TransportError:
        if after:
            self.sleep(after)
        return exception("simulated", request=request)


@dataclass(frozen=True, slots=True)
class _Stream(httpx.SyncByteStream):
    response: Response
    wait: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.response.chunks():
            yield chunk
            if self.response.pause:
                self.wait()


def _incoming(request: httpx.Request) -> Request:
    return Request(request.method, request.url.raw_path.decode(), request.headers, request.read())


def _timeout(request: httpx.Request, phase: str) -> float:
    """The request's timeout for that phase in seconds; 0 for none."""
    return float(request.extensions.get("timeout", {}).get(phase) or 0)
