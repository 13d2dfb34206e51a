"""An HTTP request and its response, as the gateway passes them on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller sent."""

    method: str
    #: Path and query, as they were in the request line.
    target: str
    #: Names in small letters; repeated ones joined by a comma, as API Gateway joins them.
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Response:
    """What the caller gets."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @classmethod
    def message(cls, status: int, text: str) -> Self:
        """An answer of API Gateway's own."""
        body = json.dumps({"message": text}).encode()
        return cls(status=status, headers=[("Content-Type", "application/json")], body=body)
