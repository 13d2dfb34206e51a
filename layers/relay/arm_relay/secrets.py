"""What the secret holds: ARM's client credentials and the signing secrets of each client.

{"arm": {"clientId": "...", "clientSecret": "..."},
 "clients": {"2218": {"signingSecrets": ["whsec_..."]}}}
"""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from arm_relay.arm.credentials import Credentials, NoCredentials

#: How long the secret is used after it was read. A revoked signing secret stops working within this time.
AGE: Final = timedelta(minutes=5)
#: The shortest signing secret that Standard Webhooks allows, in bytes.
SHORTEST_KEY: Final = 24


class UnknownClient(Exception):
    """There is no client with this number."""


class SecretUnavailable(NoCredentials):
    """The secret cannot be read, or lacks what it should contain. The message holds nothing of its content."""


class Secrets:
    """The secret, as it was read at most `AGE` ago."""

    def __init__(self, fetch: Callable[[], str], now: Callable[[], datetime]) -> None:
        """`fetch` reads the secret's text; it raises `SecretUnavailable`.

        `now` is the wall clock: other clocks may stop while Lambda freezes the environment.
        """
        self._fetch = fetch
        self._now = now
        self._kept: tuple[datetime, dict[str, Any]] | None = None

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

    def signing_keys(self, client_no: str) -> list[bytes]:
        """The client's signing secrets, decoded. Any of them may sign.

        Raises:
            UnknownClient: the client has none, so nobody can sign for it.
            SecretUnavailable: the secret cannot be read, or this client's part of it is malformed.
        """
        clients = _member(self._read(), "clients")
        if client_no not in clients:
            raise UnknownClient(UnknownClient.__doc__)
        found = _member(clients, client_no).get("signingSecrets")
        if not isinstance(found, list) or not all(isinstance(secret, str) for secret in found):
            raise SecretUnavailable(f"the signingSecrets of client {client_no} should be a list of texts")
        if not found:
            raise UnknownClient(UnknownClient.__doc__)
        return [_key(secret, client_no) for secret in found]

    def _read(self) -> dict[str, Any]:
        now = self._now()
        # After the clock was set back its age is not known, so it is read again.
        if self._kept is None or not timedelta(0) <= now - self._kept[0] < AGE:
            self._kept = now, _parsed(self._fetch())
        return self._kept[1]


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        # The parser's error quotes the text, so it must not be passed on.
        raise SecretUnavailable("the secret is not JSON") from None
    return _member({"secret": value}, "secret")


def _key(secret: str, client_no: str) -> bytes:
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise SecretUnavailable(f"a signing secret of client {client_no} is not base64") from None
    if len(key) < SHORTEST_KEY:
        raise SecretUnavailable(f"a signing secret of client {client_no} is shorter than {SHORTEST_KEY} bytes")
    return key


def _member(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise SecretUnavailable(f"{name} in the secret should be an object")
    return value
