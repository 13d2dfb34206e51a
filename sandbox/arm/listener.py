"""HTTP/1.1 on a loopback port, in threads, that can also refuse connections and listen again on the same port."""

import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Final

from sandbox.arm.messages import Abort, Answer, Request, Response, json_response
from sandbox.loopback import refusal

HOST: Final = "127.0.0.1"

#: How long stopping may take at most, in seconds.
_POLL: Final = 0.02


class Listener:
    """Answers what comes to its port, one thread a connection, connections kept alive.

    The port stays bound while nothing listens, so nobody else gets it and connections are refused.
    """

    def __init__(self, answer: Callable[[Request], Answer], port: int = 0) -> None:
        self._answer = answer
        self._reserved: socket.socket | None = _bound(port)
        self.port: int = self._reserved.getsockname()[1]
        self._server: _HttpServer | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://{HOST}:{self.port}"

    def listen(self) -> None:
        """Take connections (again)."""
        if self._reserved is None:
            return
        self._server, self._reserved = _HttpServer(self._reserved, self._answer), None
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL,), name=f"arm-{self.port}")
        self._thread.start()

    def refuse(self) -> None:
        """End every connection and refuse new ones, until `listen`."""
        if self._reserved is None:
            self._end()
            self._reserved = _bound(self.port)

    def stop(self) -> None:
        """End every connection and give the port back."""
        self._end()
        if self._reserved:
            self._reserved.close()

    def _end(self) -> None:
        if self._server and self._thread:
            self._server.end()
            self._thread.join()
            self._server = self._thread = None


class _HttpServer(ThreadingHTTPServer):
    """A server that knows its connections, so that it can end them."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, bound: socket.socket, answer: Callable[[Request], Answer]) -> None:
        super().__init__(bound.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound
        self.answer = answer
        self.ending = Event()
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        self.server_activate()

    def end(self) -> None:
        self.shutdown()
        self.ending.set()
        with self._lock:
            for connection in self._connections:
                _shut(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's own types)
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 (as above)
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (as above)
        """Clients that leave are part of the play."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def _serve(self) -> None:
        request = self._request()
        headers = {name.lower(): ",".join(self.headers.get_all(name, [])) for name in self.headers}
        if refused := refusal(headers, self.connection.getsockname()[1]):
            status, message = refused
            self._send(json_response(status, {"message": message}))
            return
        answer = self.server.answer(request)
        if isinstance(answer, Abort) or (answer.delay and self.server.ending.wait(answer.delay)):
            self.close_connection = True
        else:
            self._send(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815 (the names http.server looks for)

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        return Request(self.command, self.path, headers, body)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.padding:
            self._send_chunks(response)
        else:
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

    def _send_chunks(self, response: Response) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in response.chunks():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if response.pause and self.server.ending.wait(response.pause):
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_arguments: object) -> None:
        """The API keeps its own log."""


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # Gone already.
