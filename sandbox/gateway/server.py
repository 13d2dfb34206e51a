"""Plain HTTP on a loopback port, passed on to the deployed API as API Gateway does."""

import errno
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any, Final, cast

from sandbox.errors import SandboxError
from sandbox.gateway.messages import Request, Response
from sandbox.gateway.upstream import Upstream
from sandbox.loopback import refusal

#: API Gateway's largest body.
MOST_BYTES: Final = 10 * 1024 * 1024
_MOST_DISCARDED: Final = 10 * MOST_BYTES


class _RefusedError(Exception):
    """The request cannot be read; the connection is closed, as what follows on it is unknown."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gateway:
    """Takes its port at once, so that a port in use is reported early; answers from `open` to `close`.

    Raises:
        SandboxError: the port cannot be used.
    """

    def __init__(self, port: int, option: str = "--port") -> None:
        """`option` is how the command line names the port."""
        try:
            self._server = _Server(port)
        except OSError as error:
            reason = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            advice = f'any free one is taken with: make sandbox SANDBOX="{option} 0"'
            raise SandboxError(f"port {port} {reason}; {advice}") from None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def open(self, upstream: Upstream) -> None:
        """Start answering."""
        self._server.upstream = upstream
        try:
            self._server.server_activate()
        except OSError as error:
            raise SandboxError(f"{self.url} cannot be opened: {error.strerror}") from None
        # It checks every 50 ms whether to end.
        Thread(target=self._server.serve_forever, args=(0.05,), name="gateway", daemon=True).start()
        self._open = True

    def close(self) -> None:
        """Stop answering; calls in flight are dropped."""
        if getattr(self, "_open", False):
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):
    upstream: Upstream
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 # as socketserver declares it
        # A caller that closes the connection is nothing to report.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per answer, sent at once.
    wbufsize = -1
    disable_nagle_algorithm = True
    #: Seconds an idle connection may stay.
    timeout = 75

    def _answer(self) -> None:
        try:
            body = self._read_body()
            self._let_in()
            request = Request(method=self.command, target=self.path, headers=self._joined_headers(), body=body)
        except _RefusedError as refused:
            self.close_connection = True
            self._send(Response.message(refused.status, str(refused)))
        else:
            self._send(cast("_Server", self.server).upstream.call(request))

    def _let_in(self) -> None:
        """Refuse strangers, and what is no path of this server."""
        headers = {name.lower(): ",".join(self.headers.get_all(name, [])) for name in self.headers}
        if refused := refusal(headers, self.connection.getsockname()[1]):
            raise _RefusedError(*refused)
        if not self.path.startswith("/"):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")

    def __getattr__(self, name: str) -> Callable[[], None]:
        # `do_GET` and so on: the API decides which methods there are.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _joined_headers(self) -> dict[str, str]:
        names = {name.lower() for name in self.headers}
        headers = {name: ",".join(self.headers.get_all(name, [])) for name in names}
        caller = headers.get("x-forwarded-for")
        return headers | {
            "x-forwarded-for": f"{caller}, {self.client_address[0]}" if caller else self.client_address[0],
            "x-forwarded-port": str(self.connection.getsockname()[1]),
            "x-forwarded-proto": "http",
        }

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request")
        return self._read_exactly(int(length), MOST_BYTES)

    def _read_chunks(self) -> bytes:
        body = BytesIO()
        while size := self._chunk_size():
            body.write(self._read_exactly(size, MOST_BYTES - body.tell()))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return body.getvalue()

    def _chunk_size(self) -> int:
        try:
            return int(self.rfile.readline(100).partition(b";")[0], 16)
        except ValueError:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "Bad Request") from None

    def _read_exactly(self, length: int, most: int) -> bytes:
        if length > most:
            self._discard(length)
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the caller went away")
        return body

    def _discard(self, length: int) -> None:
        # A caller that is still sending does not see our answer.
        remaining = min(length, _MOST_DISCARDED)
        while remaining > 0 and (part := self.rfile.read(min(remaining, 65536))):
            remaining -= len(part)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def version_string(self) -> str:
        """The header `Server`."""
        return "arm-relay-sandbox"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 # as http.server declares it
        """Say nothing: the functions log what matters."""
