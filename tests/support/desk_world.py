"""The command `relay` beside the functions in one process: they answer on a port of this machine; AWS is moto."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
import pytest
from botocore.credentials import Credentials

from desk.__main__ import main
from desk.connection import Connection
from tests.support.api_gateway import routed
from tests.support.api_world import SIGNING_SECRET, Apis, an_event, deployed

LOG_GROUP: Final = "webhook-log"

#: What a route for operators gets from API Gateway's IAM authorizer.
OPERATOR: Final = an_event("operators-bulk")["requestContext"]


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 (JSON)
        return json.loads(self.out)


class Office:
    """A person at the command line."""

    def __init__(
        self, apis: Apis, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.apis = apis
        self.url = url
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def relay(self, *arguments: str, typed: str | None = None) -> Ran:
        """Run a command. With `typed` there is a terminal at which this is typed."""
        self._monkeypatch.setattr(sys, "argv", ["relay", *arguments])
        self._monkeypatch.setattr(sys, "stdin", Terminal(typed) if typed is not None else io.StringIO())
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        # The functions beside it write their metrics to the same place.
        own = [line for line in said.out.splitlines(keepends=True) if not line.startswith('{"_aws"')]
        return Ran(int(ended.value.code or 0), "".join(own), said.err)

    def post(self, path: str) -> None:
        """What another operator does meanwhile."""
        self.apis.call(event_of("POST", path, {"Authorization": "AWS4-HMAC-SHA256"}, ""))


class Terminal(io.StringIO):
    """Standard input where a person sits."""

    def isatty(self) -> bool:
        return True


@contextmanager
def an_office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    """A stack with this name in the account, and a person who may use it."""
    for name, value in {"NO_COLOR": "1", "TERM": "dumb", "TZ": "UTC"}.items():
        monkeypatch.setenv(name, value)
    for name in ("ARM_RELAY_STACK", "ARM_RELAY_CLIENT", "ARM_RELAY_WEBHOOK_URL", "ARM_RELAY_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with deployed(monkeypatch) as apis, served(apis) as url:
        secret = boto3.client("secretsmanager").describe_secret(SecretId="secret")["ARN"]
        boto3.client("logs").create_log_group(logGroupName=LOG_GROUP)
        connection = Connection(
            name="arm-relay",
            region="eu-north-1",
            credentials=Credentials("testing", "testing", "testing"),
            operators_url=url,
            webhook_url=f"{url}/v1/clients/{{clientNo}}/orders",
            table_name="table",
            topic_arn="topic",
            secret_arn=secret,
            webhook_log_group=LOG_GROUP,
        )
        # Asking CloudFormation takes longer than all the rest; test_connection.py does.
        monkeypatch.setattr("desk.console.Chosen.connection", lambda _: connection)
        monkeypatch.setenv("ARM_RELAY_SIGNING_SECRET", SIGNING_SECRET)
        yield Office(apis, url, monkeypatch, capsys)


@contextmanager
def served(apis: Apis) -> Iterator[str]:
    """The functions on a port of this machine, as behind API Gateway; its URL."""
    one_at_a_time = Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer("")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers.get("content-length", 0))).decode())

        def answer(self, body: str) -> None:
            with one_at_a_time:
                answer = apis.call(event_of(self.command, self.path, dict(self.headers.items()), body))
            content = answer.text.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def event_of(method: str, target: str, headers: dict[str, str], body: str) -> dict[str, Any]:
    """The event that API Gateway makes of a request. Whoever signs with AWS credentials is an operator."""
    parts = urlsplit(target)
    context = json.loads(json.dumps(OPERATOR))
    if "AWS4-HMAC-SHA256" not in headers.get("Authorization", ""):
        del context["authorizer"]
    context["http"] |= {"method": method, "path": parts.path}
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return {
        **routed(method, unquote(parts.path)),
        "version": "2.0",
        "rawQueryString": parts.query,
        "queryStringParameters": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }
