"""What the webhook reads of an API Gateway event (HTTP API, payload format 2.0)."""

import base64
from typing import Any


class Forbidden(Exception):
    """The caller is not authorised by IAM."""


def body_of(event: dict[str, Any]) -> bytes:
    """The body as the sender sent it."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else str(body).encode()


def operator_of(event: dict[str, Any]) -> str:
    """The ARN of the operator whom API Gateway's IAM authorizer let in.

    Raises:
        Forbidden: no authorizer did. The routes have one, so this means that somebody took it off them.
    """
    iam = event.get("requestContext", {}).get("authorizer", {}).get("iam") or {}
    if not iam.get("userArn"):
        raise Forbidden(Forbidden.__doc__)
    return str(iam["userArn"])
