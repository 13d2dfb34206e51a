"""One HTTP exchange: a request is sent, and an answer of bounded size is received in bounded time."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from arm_relay.batches.batch import Answer

#: How much of an answer is read, in bytes.
MAX_ANSWER: Final = 256 * 1024

#: The limits of each phase, in seconds. Together they end before the webhook function's timeout, unless an answer
#: arrives too slowly; a function that times out leaves its batch in doubt.
TOKEN_TIMEOUT: Final = httpx.Timeout(connect=2, write=2, read=4, pool=1)
ARM_TIMEOUT: Final = httpx.Timeout(connect=2, write=3, read=10, pool=1)
#: From the request to the end of the answer, in seconds. It bounds an answer that arrives too slowly.
TOTAL_TIMEOUT: Final = 15.0

#: How long ARM must have been given before its silence means anything, in seconds.
PATIENCE: Final = TOTAL_TIMEOUT + 2

#: The longest that a call may take with a token requested and renewed on the way, in seconds.
LONGEST_CALL: Final = 60.0

#: The shortest time that is worth beginning an exchange for, in seconds.
SHORTEST: Final = 0.05

#: What every request says. An answer may come compressed.
ALWAYS: Final = {"User-Agent": "arm-relay", "Accept-Encoding": "gzip, deflate"}

#: What httpx raises for an exchange without a complete answer.
WIRE_ERRORS: Final = (httpx.TransportError, httpx.DecodingError)

#: The ones of these that say that time was over.
TIMEOUTS: Final = (httpx.TimeoutException,)

#: The ones of these that are raised before any part of the request was sent.
BEFORE_SENDING: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how long to wait before the next request where it says so."""

    answer: Answer
    retry_after: timedelta | None


class Wire:
    """The connection pool that all exchanges share.

    It follows no redirect, so that no token goes to another host, and keeps no cookie. httpx's own client would do both
    unless told not to, and costs the poller half as much again for each exchange (docs/decisions/0007).
    """

    def __init__(self, transport: httpx.BaseTransport, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._transport = transport
        self.clock = clock

    def exchange(
        self,
        method: str,
        url: str,
        timeout: httpx.Timeout,
        *,
        within: float = LONGEST_CALL,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and read its answer, as much of it as `MAX_ANSWER` allows, within so many seconds.

        Raises:
            httpx.TransportError, httpx.DecodingError: there was no complete answer in time.
        """
        if within < SHORTEST:
            raise httpx.ConnectTimeout("no time is left for the exchange")
        deadline = self.clock() + min(TOTAL_TIMEOUT, within)
        request = httpx.Request(
            method,
            url,
            headers=ALWAYS | dict(headers or {}),
            content=content,
            data=form,
            extensions={"timeout": _cut(timeout, within)},
        )
        with closing(self._transport.handle_request(request)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    break
                if self.clock() > deadline:
                    raise httpx.ReadTimeout("the answer arrives too slowly")
            text = bytes(body[:MAX_ANSWER]).decode(errors="replace")
            return Reply(Answer(response.status_code, text), _seconds(response.headers.get("Retry-After", "")))


def _cut(timeout: httpx.Timeout, within: float) -> dict[str, float]:
    """The timeouts of each phase, none longer than `within`."""
    return {name: min(seconds or within, within) for name, seconds in timeout.as_dict().items()}


def _seconds(retry_after: str) -> timedelta | None:
    """Only the form in seconds is read: the other one gives a time by ARM's clock."""
    digits = retry_after.strip()
    return (
        timedelta(seconds=int(digits))
        if digits.isascii() and digits.isdigit() and len(digits) < len("1000000")
        else None
    )
