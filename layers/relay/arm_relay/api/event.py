"""What the relay reads of an API Gateway event (HTTP API, payload format 2.0)."""

import base64
from enum import StrEnum
from typing import Any, Final

type Event = dict[str, Any]

#: The largest body accepted, in bytes.
LARGEST_BODY: Final = 1024 * 1024


class Forbidden(Exception):
    """IAM has not authorised the caller."""


class InvalidQuery(Exception):
    """A query parameter has a value that is not allowed."""


class BodyTooLarge(Exception):
    """The body is larger than 1 MiB."""


def body_of(event: Event) -> bytes:
    """The body as the sender sent it."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else str(body).encode()


def small_body_of(event: Event) -> bytes:
    """The body as the sender sent it.

    Raises:
        BodyTooLarge: it is larger than `LARGEST_BODY`.
    """
    body = body_of(event)
    check_size(body)
    return body


def check_size(body: bytes) -> None:
    """Accept a body of at most `LARGEST_BODY`.

    Raises:
        BodyTooLarge: it is larger.
    """
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(BodyTooLarge.__doc__)


def headers_of(event: Event) -> dict[str, str]:
    """The headers, by their names in lower case."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def client_no_of(event: Event) -> str:
    """The client number in the path."""
    return str(event["pathParameters"]["clientNo"])


def batch_id_of(event: Event) -> str:
    """The batch id in the path."""
    return str(event["pathParameters"]["batchId"])


def redrive_id_of(event: Event) -> str:
    """The id of a bulk redrive in the path."""
    return str(event["pathParameters"]["redriveId"])


def date_of(event: Event) -> str:
    """The date in the path, as it is written."""
    return str(event["pathParameters"]["date"])


def order_id_of(event: Event) -> str:
    """The order id at the end of a path like /v1/clients/2218/orders/evt-1. It may contain slashes."""
    # API Gateway decodes a path but leaves %25 as it is. So MiniStack has it, after AWS; what is left is decoded here.
    return str(event["rawPath"]).split("/", 5)[5].replace("%25", "%")


def operator_of(event: Event) -> str:
    """The ARN of the operator whom API Gateway's IAM authorizer let in.

    Raises:
        Forbidden: no authorizer did. The routes have one, so somebody has removed it.
    """
    iam = event.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
    if not iam.get("userArn"):
        raise Forbidden(Forbidden.__doc__)
    return str(iam["userArn"])


def query_of(event: Event, name: str) -> str | None:
    """A query parameter. API Gateway joins one that is given more than once by commas."""
    value = (event.get("queryStringParameters") or {}).get(name)
    return None if value is None else str(value)


def name_of(event: Event, name: str) -> str:
    """A query parameter that must be given.

    Raises:
        InvalidQuery: it is absent or empty.
    """
    value = query_of(event, name)
    if not value:
        raise InvalidQuery(f"The query parameter {name} is missing.")
    return value


def one_of(event: Event, *names: str) -> tuple[str, str]:
    """The one query parameter of these that is given, and its value.

    Raises:
        InvalidQuery: none is given, or several are.
    """
    given = [(name, value) for name in names if (value := query_of(event, name))]
    if len(given) != 1:
        raise InvalidQuery(f"Give one of the query parameters {' and '.join(names)}.")
    return given[0]


def choice_of[E: StrEnum](event: Event, name: str, choices: type[E], default: E | None = None) -> E:
    """A query parameter that is one of some words.

    Raises:
        InvalidQuery: it is another word, or absent where there is no default.
    """
    value = query_of(event, name)
    if value is None and default is not None:
        return default
    try:
        return choices(value or "")
    except ValueError:
        raise InvalidQuery(f"The query parameter {name} should be {' or '.join(choices)}.") from None


def number_of(event: Event, name: str, least: int, most: int, default: int) -> int:
    """A query parameter that is a whole number from `least` to `most`.

    Raises:
        InvalidQuery: it is not.
    """
    value = query_of(event, name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise InvalidQuery(f"The query parameter {name} should be a whole number from {least} to {most}.")
    return int(value)
