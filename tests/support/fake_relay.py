"""A relay that senders can be tried on: it checks signatures as the relay does, and answers from a list."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Final, override

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET: Final = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=="

#: Instead of a status: the connection is closed without an answer.
NO_ANSWER: Final = 0


@dataclass(frozen=True)
class Posted:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeRelay:
    """Answers from a list, and with 202 when it is at its end."""

    url: str
    answers: list[int] = field(default_factory=list)
    requests: list[Posted] = field(default_factory=list)
    #: The header `Retry-After` of every 503, in seconds; None leaves it out.
    retry_after: int | None = None

    def answer(self, posted: Posted) -> int:
        """The status."""
        self.requests.append(posted)
        try:
            Webhook(SECRET).verify(posted.body, dict(posted.headers), json_parse=False)
        except WebhookVerificationError:
            return 401
        return self.answers.pop(0) if self.answers else 202


@contextmanager
def fake_relay() -> Iterator[FakeRelay]:
    """Runs during the `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = relay.answer(Posted(self.path, headers, body))
            if status == NO_ANSWER:
                return
            self.send_response(status)
            if status == HTTPStatus.SERVICE_UNAVAILABLE and relay.retry_after is not None:
                self.send_header("retry-after", str(relay.retry_after))
            self.end_headers()
            self.wfile.write(json.dumps({"answered": status}).encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        relay = FakeRelay(f"http://127.0.0.1:{server.server_port}/v1/clients/2218/orders")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()
