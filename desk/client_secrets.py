"""The clients in the stack's secret: who may sign, and how that is changed. Pure; docs/configuration.md has its form.

What the secret holds besides, and what is not known here, stays as it is. No text of this module holds a secret.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from arm_relay import signing_keys
from arm_relay.signing_keys import Malformed, SigningKey

from desk.problems import Problem

#: The length of a new signing secret, in bytes.
LENGTH: Final = 32

#: The length of a fingerprint, in hexadecimal digits.
FINGERPRINT: Final = 12

type Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClientSecrets:
    """One client, as the secret has it."""

    client_no: str
    keys: tuple[SigningKey, ...]
    #: What is wrong with its part of the secret; None where all is well.
    fault: str | None
    #: The places of those of its secrets that it shares with another client: these sign for nobody.
    shared: tuple[int, ...]

    def signing(self, now: datetime) -> tuple[SigningKey, ...]:
        """Those of its secrets that may sign at this time."""
        return tuple(key for key in self.keys if key.signs_at(now) and key.position not in self.shared)


def parsed(text: str) -> Content:
    """The secret's content.

    Raises:
        Problem: it is not a secret of the relay's.
    """
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError):
        # The parser's error quotes the text, so it is not passed on.
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("clients", {}), dict):
        raise Problem("the secret does not have the form that docs/configuration.md shows; correct it by hand first")
    return content


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """One object of the secret: of a name that stands there twice, writing it again would lose one value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem("a name stands twice in the same object of the secret; correct it by hand first")
    return found


def clients(content: Content) -> list[ClientSecrets]:
    """Every client of the secret, by its number."""
    all_clients: Mapping[str, Any] = content.get("clients", {})
    shared = signing_keys.shared(all_clients)
    return [_client(client_no, all_clients[client_no], shared) for client_no in sorted(all_clients)]


def client_of(content: Content, client_no: str) -> ClientSecrets:
    """One client.

    Raises:
        Problem: there is none with this number, or its part of the secret is malformed.
    """
    for each in clients(content):
        if each.client_no == client_no:
            if each.fault:
                raise Problem(f"client {client_no}: {each.fault}; correct the secret by hand first")
            return each
    raise Problem(f"there is no client {client_no}; add it with `relay clients add {client_no}`")


def fingerprint_of(key: SigningKey) -> str:
    """What names a secret without showing it. It stays the same wherever the secret stands in the list."""
    return hashlib.sha256(b"arm-relay signing secret " + key.key).hexdigest()[:FINGERPRINT]


def place_of(client: ClientSecrets, fingerprint: str) -> int:
    """Where the client's secret with this fingerprint stands.

    Raises:
        Problem: it has none, or several.
    """
    places = [key.position for key in client.keys if fingerprint_of(key) == fingerprint.strip().lower()]
    if not places:
        raise Problem(
            f"client {client.client_no} has no secret with the fingerprint {fingerprint}; `relay clients list` shows"
            " them"
        )
    if len(places) > 1:
        raise Problem(f"the same secret stands in the places {', '.join(map(str, places))}: revoke one by --place")
    return places[0]


def last_end(client: ClientSecrets, now: datetime) -> datetime | None:
    """When the last of its secrets that may sign ends; None where one does not end, or none may sign."""
    ends = [key.not_after for key in client.signing(now)]
    return max((end for end in ends if end is not None), default=None) if None not in ends else None


def new_secret(random: bytes) -> str:
    """A signing secret of this randomness, as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(random).decode()


def added(content: Content, client_no: str, secret: str, now: datetime) -> Content:
    """With a new client that signs with this secret.

    Raises:
        Problem: there is a client with this number already, or the number is none.
    """
    if not (client_no.isascii() and client_no.isalnum()):
        raise Problem(f"{client_no!r} is no client number: it should have digits, and letters at most")
    if client_no in content.get("clients", {}):
        raise Problem(f"there is a client {client_no} already; give it a new secret with `relay clients rotate`")
    return _with(content, client_no, {"signingSecrets": [_entry(secret, now)]})


def rotated(content: Content, client_no: str, secret: str, now: datetime, old_until: datetime | None) -> Content:
    """With one secret more of this client; those that it has sign until `old_until`, or until they are revoked.

    An end that one of them has already stays, if it is earlier.

    Raises:
        Problem: there is no such client, or its part of the secret is malformed.
    """
    client = client_of(content, client_no)
    old = [
        _ended(entry, old_until) if old_until and _lasts_beyond(key, old_until) else entry
        for entry, key in zip(_entries(content, client_no), client.keys, strict=True)
    ]
    # The last place: the log names the others by their places, which stay.
    return _with(content, client_no, {**content["clients"][client_no], "signingSecrets": [*old, _entry(secret, now)]})


def revoked(content: Content, client_no: str, position: int | None, now: datetime) -> Content:
    """Without the secret of this client in this place, or without any of its secrets.

    Raises:
        Problem: there is no such client or place; or none of the client's other secrets may sign.
    """
    client = client_of(content, client_no)
    entries = _entries(content, client_no)
    if position is None:
        left: list[Any] = []
    else:
        if not 1 <= position <= len(entries):
            raise Problem(f"client {client_no} has no secret in place {position}; `relay clients list` shows them")
        if not [key for key in client.signing(now) if key.position != position]:
            raise Problem(
                f"after that client {client_no} could sign nothing; rotate first, or mean it with --all in place of"
                " --place"
            )
        left = [entry for place, entry in enumerate(entries, start=1) if place != position]
    return _with(content, client_no, {**content["clients"][client_no], "signingSecrets": left})


def _client(client_no: str, part: object, shared: Mapping[bytes, tuple[str, ...]]) -> ClientSecrets:
    listed = part.get("signingSecrets") if isinstance(part, dict) else None
    try:
        keys = signing_keys.listed(listed)
    except Malformed as error:
        return ClientSecrets(client_no, (), str(error), ())
    return ClientSecrets(client_no, keys, None, tuple(key.position for key in keys if key.key in shared))


def _entries(content: Content, client_no: str) -> list[Any]:
    entries: list[Any] = content["clients"][client_no]["signingSecrets"]
    return entries


def _entry(secret: str, now: datetime) -> dict[str, str]:
    return {"secret": secret, "addedAt": now.isoformat(timespec="seconds")}


def _ended(entry: str | dict[str, str], until: datetime) -> dict[str, str]:
    parts = {"secret": entry} if isinstance(entry, str) else entry
    return {**parts, "notAfter": until.isoformat(timespec="seconds")}


def _lasts_beyond(key: SigningKey, until: datetime) -> bool:
    return key.not_after is None or key.not_after > until


def _with(content: Content, client_no: str, client: dict[str, Any]) -> Content:
    return {**content, "clients": {**content.get("clients", {}), client_no: client}}
