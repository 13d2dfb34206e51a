"""What the secret holds: ARM's client credentials and the signing secrets of each client.

{"arm": {"clientId": "...", "clientSecret": "..."},
 "clients": {"2218": {"signingSecrets": ["whsec_..."]}}}
"""

import json
from collections.abc import Callable
from typing import Any

from arm_relay.arm.auth import Credentials, NoCredentials


class SecretUnavailable(NoCredentials):
    """The secret cannot be read, or does not hold what it should. Never carries anything of its content."""


class Secrets:
    """The secret, as it was read at most some minutes ago."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        """`fetch` reads the secret's text and keeps it for a bounded time; it raises `SecretUnavailable`."""
        self._fetch = fetch

    def credentials(self) -> Credentials:
        """ARM's client credentials.

        Raises:
            SecretUnavailable: the secret has none.
        """
        arm = _member(self._read(), "arm")
        client_id, client_secret = arm.get("clientId"), arm.get("clientSecret")
        if not (isinstance(client_id, str) and isinstance(client_secret, str) and client_id and client_secret):
            raise SecretUnavailable("the secret has no arm.clientId and arm.clientSecret")
        return Credentials(client_id, client_secret)

    def signing_secrets(self, client_no: str) -> list[str]:
        """The client's signing secrets, any of which may sign; none for an unknown client.

        Raises:
            SecretUnavailable: the secret cannot be read, or this client's part of it is malformed.
        """
        clients = _member(self._read(), "clients")
        if client_no not in clients:
            return []
        found = _member(clients, client_no).get("signingSecrets")
        if not isinstance(found, list) or not all(isinstance(secret, str) and secret for secret in found):
            raise SecretUnavailable("a client's signingSecrets in the secret should be a list of texts")
        return found

    def _read(self) -> dict[str, Any]:
        try:
            value = json.loads(self._fetch())
        except ValueError:
            # The parser's error quotes the text, so it must not travel on.
            raise SecretUnavailable("the secret is not JSON") from None
        return _member({"secret": value}, "secret")


def _member(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise SecretUnavailable(f"{name} in the secret should be an object")
    return value
