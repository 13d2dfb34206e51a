"""What the webhook reads of an API Gateway event (HTTP API, payload format 2.0)."""

import base64
from enum import StrEnum
from typing import Any

type Event = dict[str, Any]


class Forbidden(Exception):
    """The caller is not authorised by IAM."""


class InvalidQuery(Exception):
    """A query parameter does not say what it may."""


class ListedState(StrEnum):
    """The states whose batches can be listed."""

    HELD = "held"


def body_of(event: Event) -> bytes:
    """The body as the sender sent it."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else str(body).encode()


def headers_of(event: Event) -> dict[str, str]:
    """The headers, by their names in lower case."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def client_no_of(event: Event) -> str:
    """The client number in the path."""
    return str(event["pathParameters"]["clientNo"])


def batch_id_of(event: Event) -> str:
    """The batch id in the path."""
    return str(event["pathParameters"]["batchId"])


def order_id_of(event: Event) -> str:
    """The order id at the end of a path like /v1/clients/2218/orders/evt-1; it may hold slashes."""
    # API Gateway decodes a path but leaves %25 as it is: so MiniStack has it, after AWS. What is left is done here.
    return str(event["rawPath"]).split("/", 5)[5].replace("%25", "%")


def operator_of(event: Event) -> str:
    """The ARN of the operator whom API Gateway's IAM authorizer let in.

    Raises:
        Forbidden: no authorizer did. The routes have one, so this means that somebody took it off them.
    """
    iam = event.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
    if not iam.get("userArn"):
        raise Forbidden(Forbidden.__doc__)
    return str(iam["userArn"])


def query_of(event: Event, name: str) -> str | None:
    """A query parameter; one that is given more than once comes joined by commas."""
    value = (event.get("queryStringParameters") or {}).get(name)
    return None if value is None else str(value)


def choice_of[E: StrEnum](event: Event, name: str, choices: type[E], default: E | None = None) -> E:
    """A query parameter that is one of some words.

    Raises:
        InvalidQuery: it is another one, or absent where there is no default.
    """
    value = query_of(event, name)
    if value is None and default is not None:
        return default
    try:
        return choices(value or "")
    except ValueError:
        raise InvalidQuery(f"{name} should be {' or '.join(choices)}") from None


def number_of(event: Event, name: str, least: int, most: int, default: int) -> int:
    """A query parameter that is a whole number between two others.

    Raises:
        InvalidQuery: it is not.
    """
    value = query_of(event, name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise InvalidQuery(f"{name} should be a whole number from {least} to {most}")
    return int(value)
