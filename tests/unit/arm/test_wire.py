import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from arm_relay.arm.wire import (
    ARM_TIMEOUT,
    BEFORE_SENDING,
    MAX_ANSWER,
    TOKEN_TIMEOUT,
    TOTAL_TIMEOUT,
    WIRE_ERRORS,
    Wire,
)
from arm_relay.batches.batch import LEASE, Answer

URL = "https://arm.test/"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pieces(httpx.SyncByteStream):
    """A body that comes piece by piece; counts those that were taken, and whether it was closed."""

    def __init__(self, pieces: Iterator[bytes], before_each: Callable[[], None] = lambda: None) -> None:
        self._pieces = pieces
        self._before_each = before_each
        self.taken = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            self._before_each()
            yield piece

    def close(self) -> None:
        self.closed = True


def wire(handler: Callable[[httpx.Request], httpx.Response], clock: Callable[[], float] = lambda: 0.0) -> Wire:
    return Wire(httpx.MockTransport(handler), clock)


def answered(response: httpx.Response) -> Answer:
    return wire(lambda _: response).exchange("GET", URL, ARM_TIMEOUT).answer


@pytest.mark.parametrize("status", [100, 200, 202, 301, 404, 500, 599])
def test_any_answer_is_an_answer(status: int) -> None:
    assert answered(httpx.Response(status, text="Hei, Åse")) == Answer(status, "Hei, Åse")


def test_what_is_not_utf8_is_replaced() -> None:
    assert answered(httpx.Response(200, content=b"a\xffb\xed\xa0\x80")).body.encode() != b""
    assert answered(httpx.Response(200, content=b"a\xffb")).body == "a\ufffdb"


def test_a_compressed_answer_is_read() -> None:
    packed = httpx.Response(200, content=gzip.compress(b"Hello"), headers={"content-encoding": "gzip"})

    assert answered(packed).body == "Hello"


@pytest.mark.parametrize(("size", "read"), [(MAX_ANSWER, MAX_ANSWER), (MAX_ANSWER + 1, MAX_ANSWER)])
def test_an_answer_is_read_up_to_a_bound(size: int, read: int) -> None:
    assert len(answered(httpx.Response(200, content=b"x" * size)).body) == read


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    pieces = Pieces(b"x" * 65_536 for _ in range(1_000_000))
    answer = answered(httpx.Response(200, stream=pieces))

    assert len(answer.body) == MAX_ANSWER
    assert pieces.taken <= MAX_ANSWER // 65_536 + 1
    assert pieces.closed


def test_a_small_answer_that_unpacks_to_much_is_cut_as_well() -> None:
    packed = httpx.Response(200, content=gzip.compress(b"x" * 50_000_000), headers={"content-encoding": "gzip"})

    assert len(answered(packed).body) == MAX_ANSWER


def test_an_answer_that_arrives_too_slowly_ends_the_exchange() -> None:
    clock = Clock()

    def second() -> None:
        clock.now += 1

    pieces = Pieces((b"x" for _ in range(1000)), second)
    with pytest.raises(httpx.ReadTimeout, match="arrives too slowly"):
        wire(lambda _: httpx.Response(200, stream=pieces), clock).exchange("GET", URL, ARM_TIMEOUT)

    assert pieces.taken == TOTAL_TIMEOUT + 1
    assert pieces.closed


def test_an_answer_in_time_is_read_however_many_pieces_it_has() -> None:
    pieces = Pieces(b"x" for _ in range(1000))

    assert answered(httpx.Response(200, stream=pieces)).body == "x" * 1000


def test_redirects_are_not_followed() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"location": "https://evil.test/"})

    reply = wire(handler).exchange("POST", URL, ARM_TIMEOUT, content=b"{}")

    assert reply.answer.status == 307
    assert asked == [URL]


def test_no_cookie_is_kept() -> None:
    asked: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        return httpx.Response(200, headers={"set-cookie": "session=1; Path=/"})

    line = wire(handler)
    for _ in range(2):
        line.exchange("GET", URL, ARM_TIMEOUT)

    assert [headers.get("cookie") for headers in asked] == [None, None]
    assert {headers["user-agent"] for headers in asked} == {"arm-relay"}


@pytest.mark.parametrize(
    ("retry_after", "asked"),
    [
        pytest.param("120", timedelta(seconds=120), id="seconds"),
        pytest.param("0", timedelta(0), id="zero"),
        pytest.param(" 7 ", timedelta(seconds=7), id="blanks around"),
        pytest.param("999999", timedelta(seconds=999_999), id="the most"),
        pytest.param("1000000", None, id="too many digits"),
        pytest.param("9" * 5000, None, id="far too many digits"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("1e3", None, id="an exponent"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="empty"),
        pytest.param("Wed, 21 Oct 2025 07:28:00 GMT", None, id="a date by ARM's clock"),
        pytest.param("12, 13", None, id="two"),
    ],
)
def test_retry_after_is_taken_in_seconds(retry_after: str, asked: timedelta | None) -> None:
    response = httpx.Response(429, headers={"retry-after": retry_after})

    assert wire(lambda _: response).exchange("GET", URL, ARM_TIMEOUT).retry_after == asked


def test_without_retry_after_there_is_none() -> None:
    assert wire(lambda _: httpx.Response(429)).exchange("GET", URL, ARM_TIMEOUT).retry_after is None


@pytest.mark.parametrize("timeout", [TOKEN_TIMEOUT, ARM_TIMEOUT], ids=["token", "ARM"])
def test_every_phase_has_a_limit(timeout: httpx.Timeout) -> None:
    seen: list[dict[str, float | None]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200)

    wire(handler).exchange("GET", URL, timeout)

    assert seen == [timeout.as_dict()]
    assert set(seen[0]) == {"connect", "read", "write", "pool"}
    assert all(seen[0].values())


def test_a_submission_with_its_token_ends_within_its_lease() -> None:
    phases = [*TOKEN_TIMEOUT.as_dict().values(), *ARM_TIMEOUT.as_dict().values()]

    assert timedelta(seconds=sum(filter(None, phases))) < LEASE


def concrete(kind: type[Exception]) -> set[type[Exception]]:
    kinds = {kind} if not kind.__subclasses__() else set()
    return kinds.union(*(concrete(sub) for sub in kind.__subclasses__()))


def test_every_error_of_a_connection_is_foreseen() -> None:
    requests = concrete(httpx.RequestError) - {httpx.TooManyRedirects}

    assert all(issubclass(kind, WIRE_ERRORS) for kind in requests)


def test_only_what_precedes_every_byte_is_before_sending() -> None:
    before = {kind for kind in concrete(httpx.RequestError) if issubclass(kind, BEFORE_SENDING)}

    assert before == {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol}
