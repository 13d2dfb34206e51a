import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from sandbox.errors import SandboxError
from sandbox.gateway import server
from sandbox.gateway.messages import Request, Response
from sandbox.gateway.server import Gateway


class Recorder:
    """Answers everything the same way, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer = Response(
            status=202, headers=[("X-One", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")], body=b"ok"
        )

    def call(self, request: Request) -> Response:
        self.requests.append(request)
        return self.answer


@pytest.fixture
def upstream() -> Recorder:
    return Recorder()


@pytest.fixture
def address(upstream: Recorder) -> Iterator[str]:
    front = Gateway(0)
    front.open(upstream)
    yield urlsplit(front.url).netloc
    front.close()


@pytest.fixture
def connection(address: str) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(address, timeout=5)
    yield connection
    connection.close()


def test_a_request_goes_on_as_it_came(connection: HTTPConnection, upstream: Recorder) -> None:
    connection.request("POST", "/v1/a%20b?x=1&x=2", b"\x00\xff", {"Webhook-Id": "evt", "Content-Type": "text/odd"})
    connection.getresponse().read()
    (request,) = upstream.requests

    assert (request.method, request.target, request.body) == ("POST", "/v1/a%20b?x=1&x=2", b"\x00\xff")
    assert request.headers["webhook-id"] == "evt"
    assert request.headers["content-type"] == "text/odd"
    assert request.headers["host"] == f"{connection.host}:{connection.port}"


def test_the_answer_comes_back_as_it_was_given(connection: HTTPConnection) -> None:
    connection.request("GET", "/")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (202, b"ok")
    assert answer.headers["X-One"] == "1"
    assert answer.headers.get_all("Set-Cookie") == ["a", "b"]


def test_the_caller_is_named_as_api_gateway_names_it(connection: HTTPConnection, upstream: Recorder) -> None:
    connection.request("GET", "/", headers={"X-Forwarded-For": "10.0.0.1"})
    connection.getresponse().read()
    headers = upstream.requests[0].headers

    assert headers["x-forwarded-for"] == "10.0.0.1, 127.0.0.1"
    assert headers["x-forwarded-port"] == str(connection.port)
    assert headers["x-forwarded-proto"] == "http"


def test_one_connection_serves_many_requests(connection: HTTPConnection, upstream: Recorder) -> None:
    for number in range(3):
        connection.request("POST", f"/{number}", b"{}")
        connection.getresponse().read()

    assert [request.target for request in upstream.requests] == ["/0", "/1", "/2"]


def test_a_body_may_come_in_chunks(connection: HTTPConnection, upstream: Recorder) -> None:
    connection.request("POST", "/", iter([b'{"a":', b" 1}"]), encode_chunked=True)
    connection.getresponse().read()

    assert upstream.requests[0].body == b'{"a": 1}'


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_larger_than_api_gateway_takes_is_413(
    connection: HTTPConnection, upstream: Recorder, monkeypatch: pytest.MonkeyPatch, *, chunked: bool
) -> None:
    monkeypatch.setattr(server, "MOST_BYTES", 10)
    connection.request("POST", "/", iter([b"12345", b"678901"]) if chunked else b"12345678901", encode_chunked=chunked)
    answer = connection.getresponse()

    assert (answer.status, json.loads(answer.read())) == (413, {"message": "Request Entity Too Large"})
    assert upstream.requests == []


def test_the_answer_to_head_has_no_body(connection: HTTPConnection) -> None:
    connection.request("HEAD", "/")

    assert connection.getresponse().read() == b""


@pytest.mark.parametrize(
    "sent", [b"", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_a_caller_that_goes_away_is_no_event(
    address: str, connection: HTTPConnection, sent: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(sent)
    connection.request("GET", "/")

    assert connection.getresponse().status == 202
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("option", ["--port", "--operators-port"])
def test_a_port_in_use_is_known_before_anything_is_started(option: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SandboxError, match=rf"already in use; .*{option} 0"),
    ):
        Gateway(taken.getsockname()[1], option)


def test_a_gateway_that_was_never_opened_can_be_closed() -> None:
    Gateway(0).close()


def raw(address: str, request: bytes) -> int:
    """The status of the answer to what is sent as it is."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as caller:
        caller.sendall(request)
        return int(caller.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machines_own_names_are_answered(name: str, address: str, upstream: Recorder) -> None:
    port = address.split(":")[1]

    assert raw(address, f"GET / HTTP/1.1\r\nHost: {name}:{port}\r\n\r\n".encode()) == 202
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("head", ["", "Host:", "Host: evil.example:@", "Host: 127.0.0.1", "Host: [", "Host: ]:@",
                                  "Host: 127.0.0.1:@\r\nHost: evil.example"])  # fmt: skip
def test_a_name_that_leads_to_this_machine_is_refused(
    head: str, address: str, upstream: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    host = head.replace("@", address.split(":")[1])

    assert raw(address, f"GET / HTTP/1.1\r\n{host}\r\n\r\n".encode() if host else b"GET / HTTP/1.1\r\n\r\n") == 421
    assert (upstream.requests, capsys.readouterr().err) == ([], "")


@pytest.mark.parametrize("target", ["[", "*", "http://[/", "http://evil.example/"])
def test_what_is_no_path_is_a_bad_request(
    target: str, address: str, upstream: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raw(address, f"GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()) == 400
    assert (upstream.requests, capsys.readouterr().err) == ([], "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "@", "Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "none"}, 202),
    ],
)
def test_no_other_site_is_answered(
    headers: dict[str, str], status: int, connection: HTTPConnection, address: str
) -> None:
    own = {name: value.replace("@", f"http://{address}") for name, value in headers.items()}
    connection.request("POST", "/v1/clients/2218/orders", b"[]", own)

    assert connection.getresponse().status == status
