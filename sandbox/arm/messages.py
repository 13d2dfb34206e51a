"""What goes into the simulator and comes out of it, without sockets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_BLANKS: Final = b" " * 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; `path` still percent-encoded, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, to be sent after `delay` seconds, with `padding` blanks before `body` (JSON allows them).

    With a `pause` the blanks go one by one, so many seconds apart.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0
    padding: int = 0
    pause: float = 0.0

    def chunks(self) -> Iterator[bytes]:
        """The padding and the body, a piece at a time."""
        size = 1 if self.pause else len(_BLANKS)
        for start in range(0, self.padding, size):
            yield _BLANKS[: min(size, self.padding - start)]
        if self.body:
            yield self.body


@dataclass(frozen=True, slots=True)
class Abort:
    """No response: the connection ends in the way a kind of fault names."""

    kind: str


type Answer = Response | Abort


def json_response(status: int, content: object) -> Response:
    """`content` as JSON."""
    return Response(status, {"content-type": "application/json; charset=utf-8"}, json.dumps(content).encode())
