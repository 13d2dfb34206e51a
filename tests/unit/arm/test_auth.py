import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from time import sleep
from urllib.parse import parse_qs

import httpx
import pytest
from arm_relay.arm.auth import MARGIN, SHORT_LIFE, Tokens
from arm_relay.arm.credentials import Credentials, NoCredentials
from arm_relay.arm.errors import NotSent, Scope
from arm_relay.arm.wire import Wire
from hypothesis import given
from hypothesis import strategies as st

TOKEN_URL = "https://auth.test/token"
SECRET = "hunter2-hunter2"
ANSWER: dict[str, object] = {"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600}


@dataclass
class Identity:
    """The identity service: answers with what it is given, and remembers what it was asked."""

    answer: Callable[[httpx.Request], httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)
    now: float = 1000.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    def tokens(self, credentials: Callable[[], Credentials] = lambda: Credentials("me", SECRET)) -> Tokens:
        return Tokens(
            Wire(httpx.MockTransport(self.handle), lambda: self.now), TOKEN_URL, credentials, lambda: self.now
        )


def identity(**changes: object) -> Identity:
    """Gives token-1, token-2 and so on, with these changes to its answer."""

    def answer(_request: httpx.Request) -> httpx.Response:
        body = ANSWER | {"access_token": f"token-{len(service.asked)}"} | changes
        return httpx.Response(200, text=json.dumps(body))

    service = Identity(answer)
    return service


def answering(status: int, content: str | bytes, **headers: str) -> Identity:
    return Identity(lambda _: httpx.Response(status, content=content, headers=headers))


def failing(error: type[httpx.HTTPError]) -> Identity:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error("out of reach, " + SECRET)

    return Identity(answer)


def test_a_token_is_asked_for_by_client_credentials() -> None:
    service = identity()
    service.tokens().token()
    [request] = service.asked

    assert (request.method, str(request.url)) == ("POST", TOKEN_URL)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["me"],
        "client_secret": [SECRET],
    }


def test_a_token_is_asked_for_once_and_reused() -> None:
    service = identity()
    tokens = service.tokens()

    assert [tokens.token() for _ in range(3)] == ["token-1"] * 3
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("expires_in", "kept"),
    [
        pytest.param(3600, 3600 - MARGIN, id="an hour: renewed a minute before"),
        pytest.param("3600", 3600 - MARGIN, id="a number in a text"),
        pytest.param(3600.5, 3600.5 - MARGIN, id="a fraction"),
        pytest.param(130, 70.0, id="little more than the margin"),
        pytest.param(100, 50.0, id="less than the margin twice: half of it"),
        pytest.param(2, 1.0, id="two seconds"),
        pytest.param(0, SHORT_LIFE, id="zero"),
        pytest.param(-5, SHORT_LIFE, id="negative"),
        pytest.param("soon", SHORT_LIFE, id="a word"),
        pytest.param(None, SHORT_LIFE, id="missing"),
        pytest.param(True, SHORT_LIFE, id="a boolean"),
        pytest.param([3600], SHORT_LIFE, id="a list"),
        pytest.param("nan", SHORT_LIFE, id="not a number"),
        pytest.param("inf", SHORT_LIFE, id="for ever"),
        pytest.param(10**400, SHORT_LIFE, id="more than a float holds"),
    ],
)
def test_a_token_is_renewed_shortly_before_it_expires(expires_in: object, kept: float) -> None:
    service = identity(expires_in=expires_in)
    tokens = service.tokens()
    tokens.token()

    service.now += kept - 0.01
    assert tokens.token() == "token-1"
    service.now += 0.02
    assert tokens.token() == "token-2"


def test_a_token_for_the_end_of_time_is_kept() -> None:
    service = identity(expires_in=10**30)
    tokens = service.tokens()
    tokens.token()
    service.now += 10**9

    assert tokens.token() == "token-1"


def test_a_dropped_token_is_asked_for_anew() -> None:
    service = identity()
    tokens = service.tokens()
    tokens.drop(tokens.token())

    assert tokens.token() == "token-2"


def test_a_token_renewed_meanwhile_is_not_dropped() -> None:
    service = identity()
    tokens = service.tokens()
    old = tokens.token()
    tokens.drop(old)
    tokens.token()
    tokens.drop(old)

    assert tokens.token() == "token-2"
    assert len(service.asked) == 2


def test_credentials_are_asked_at_every_renewal_so_that_they_can_be_rotated() -> None:
    service = identity()
    secrets = ["old", "new"]
    tokens = service.tokens(lambda: Credentials("me", secrets.pop(0)))
    tokens.drop(tokens.token())
    tokens.token()

    assert [parse_qs(request.content.decode())["client_secret"] for request in service.asked] == [["old"], ["new"]]


LIES = {
    "an empty body": answering(200, ""),
    "not JSON": answering(200, "<html>sign in</html>"),
    "a text": answering(200, '"token"'),
    "a list": answering(200, "[]"),
    "null": answering(200, "null"),
    "nested without end": answering(200, "[" * 100_000),
    "a number without end": answering(200, "1" * 5_000),
    "no token": answering(200, '{"expires_in":3600}'),
    "a blank token": identity(access_token=""),
    "a token that is null": identity(access_token=None),
    "a token that is a number": identity(access_token=12345),
    "a token that is a list": identity(access_token=["token"]),
    "a token with a line break": identity(access_token="a\r\nX-Evil: 1"),
    "a token with a blank": identity(access_token="a b"),
    "a token that is not ASCII": identity(access_token="tøken"),
    "a token with half a character": identity(access_token="\ud800"),
    "a token with a control character": identity(access_token="a\x00b"),
    "a body of 50 MB": answering(200, b'{"access_token":"' + b"a" * 50_000_000),
    "bad encoding": answering(200, "{}", **{"content-encoding": "gzip"}),
    "201": answering(201, json.dumps(ANSWER)),
    "204": answering(204, ""),
    "a redirect": answering(307, "", location="https://evil.test/token"),
    "400": answering(400, '{"error":"invalid_request"}'),
    "401": answering(401, '{"error":"invalid_client"}'),
    "403": answering(403, ""),
    "404": answering(404, ""),
    "429": answering(429, "", **{"retry-after": "60"}),
    "500": answering(500, json.dumps(ANSWER)),
    "503": answering(503, ""),
    "no connection": failing(httpx.ConnectError),
    "no connection in time": failing(httpx.ConnectTimeout),
    "no free connection": failing(httpx.PoolTimeout),
    "no answer in time": failing(httpx.ReadTimeout),
    "connection lost": failing(httpx.RemoteProtocolError),
    "write error": failing(httpx.WriteError),
    "no such scheme": failing(httpx.UnsupportedProtocol),
}


@pytest.mark.parametrize("service", LIES.values(), ids=LIES)
def test_without_a_token_nothing_was_sent_and_nothing_leaks(service: Identity) -> None:
    service.asked.clear()

    with pytest.raises(NotSent, match=r"^no token: ") as error:
        service.tokens().token()

    assert error.value.scope is Scope.TOKEN
    assert len(service.asked) == 1
    shown = f"{error.value!s} {error.value!r} {error.value.cause} {error.value.answer!r}"
    assert SECRET not in shown
    assert "token-1" not in shown


@pytest.mark.parametrize("token", ["a.b-c_d~e+f/g==", "x" * 5000])
def test_any_token_that_fits_a_header_is_taken(token: str) -> None:
    assert identity(access_token=token).tokens().token() == token


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_no_lifetime_is_worse_than_a_short_life(expires_in: object) -> None:
    body = json.dumps(ANSWER | {"expires_in": expires_in})

    assert answering(200, body).tokens().token() == "token-1"


def test_a_failure_is_not_remembered_for_those_who_come_later() -> None:
    answers = [httpx.Response(503), httpx.Response(200, json=ANSWER)]
    tokens = Identity(lambda _: answers.pop(0)).tokens()
    with pytest.raises(NotSent):
        tokens.token()

    assert tokens.token() == "token-1"


def test_credentials_that_cannot_be_read_mean_that_nothing_was_sent() -> None:
    def credentials() -> Credentials:
        raise NoCredentials("the secret cannot be read")

    service = identity()
    with pytest.raises(NotSent, match="no token: the secret cannot be read"):
        service.tokens(credentials).token()

    assert service.asked == []


def test_credentials_do_not_show_their_secret() -> None:
    assert SECRET not in f"{Credentials('me', SECRET)!r} {Credentials('me', SECRET)!s}"


# Many at once


class Gate:
    """An identity service that answers only when it is let."""

    def __init__(self, status: int) -> None:
        self._status = status
        self.begun, self.open = Event(), Event()

    def answer(self, _request: httpx.Request) -> httpx.Response:
        self.begun.set()
        assert self.open.wait(5)
        return httpx.Response(self._status, json=ANSWER)


class Waiting:
    """A lock that counts how many have come to it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.came = 0

    def __enter__(self) -> None:
        self.came += 1
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


@pytest.mark.parametrize(
    ("status", "ending"), [(200, "token-1"), (503, "no token: the identity service answered 503, TOKEN")]
)
def test_those_who_wait_for_a_token_share_what_comes_of_it(
    status: int, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(status)
    service = Identity(gate.answer)
    tokens = service.tokens()
    lock = Waiting()
    monkeypatch.setattr(tokens, "_lock", lock)

    def ask() -> str:
        try:
            return tokens.token()
        except NotSent as error:
            return f"{error.cause}, {error.scope.name}"

    with ThreadPoolExecutor(8) as threads:
        endings = [threads.submit(ask) for _ in range(8)]
        assert gate.begun.wait(5)
        while lock.came < 8:
            sleep(0.001)
        gate.open.set()
        assert [done.result() for done in endings] == [ending] * 8

    assert len(service.asked) == 1
