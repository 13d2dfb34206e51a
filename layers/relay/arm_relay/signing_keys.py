"""The signing secrets of clients, as the secret lists them. Pure; `secrets` reads the secret.

An entry is the signing secret itself, or an object: {"secret": "whsec_...", "addedAt": "...", "notAfter": "..."}.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

#: The shortest signing secret that Standard Webhooks allows, in bytes.
SHORTEST_KEY: Final = 24

#: The members of an entry that is an object.
MEMBERS: Final = frozenset({"secret", "addedAt", "notAfter"})


class Malformed(Exception):
    """Something in the secret is not as it should be. The message holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One signing secret of a client, decoded."""

    #: Its place in the client's list: 1 is the first.
    position: int
    key: bytes = field(repr=False)
    #: When it was added, by whoever wrote the secret; None where nobody wrote it down.
    added_at: datetime | None = None
    #: From then on it signs nothing; None where it does not end.
    not_after: datetime | None = None

    def signs_at(self, now: datetime) -> bool:
        """Whether it may sign still."""
        return self.not_after is None or now < self.not_after

    def age(self, now: datetime) -> int | None:
        """How old it is, in whole days; None where it is not known."""
        return max(now - self.added_at, timedelta(0)).days if self.added_at else None


def listed(entries: object) -> tuple[SigningKey, ...]:
    """The signing secrets of one client's list.

    Raises:
        Malformed: the list or one of them is.
    """
    if not isinstance(entries, list):
        raise Malformed("the signingSecrets should be a list")
    return tuple(_signing_key(position, entry) for position, entry in enumerate(entries, start=1))


def shared(clients: Mapping[str, Any]) -> Mapping[bytes, tuple[str, ...]]:
    """The signing secrets that stand under more than one client, with the places: `2218: 1` is the first of 2218.

    A client whose list is malformed signs nothing, so what it lists is left out.
    """
    places: dict[bytes, list[tuple[str, int]]] = {}
    for client_no, client in clients.items():
        for signing_key in _readable(client):
            places.setdefault(signing_key.key, []).append((client_no, signing_key.position))
    return {
        key: tuple(f"{client_no}: {position}" for client_no, position in found)
        for key, found in places.items()
        if len({client_no for client_no, _ in found}) > 1
    }


def most(clients: Mapping[str, Any]) -> int:
    """How many signing secrets the client has that has the most of them; 1 where nobody has any."""
    return max([1, *(len(tuple(_readable(client))) for client in clients.values())])


def _readable(client: object) -> Iterator[SigningKey]:
    try:
        yield from listed(client.get("signingSecrets") if isinstance(client, dict) else None)
    except Malformed:
        return


def _signing_key(position: int, entry: object) -> SigningKey:
    parts = {"secret": entry} if isinstance(entry, str) else entry
    what = f"signing secret {position}"
    if not isinstance(parts, dict) or not isinstance(parts.get("secret"), str):
        raise Malformed(f"{what} should be a text, or an object with the text secret")
    if not parts.keys() <= MEMBERS:
        # A mistyped notAfter would let the secret sign for ever. The name may be anything, so it is not repeated.
        raise Malformed(f"{what} has a member other than {', '.join(sorted(MEMBERS))}")
    return SigningKey(
        position,
        _key(parts["secret"], what),
        added_at=_time(parts, "addedAt", what),
        not_after=_time(parts, "notAfter", what),
    )


def _key(secret: str, what: str) -> bytes:
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Malformed(f"{what} is not base64") from None
    if len(key) < SHORTEST_KEY:
        raise Malformed(f"{what} is shorter than {SHORTEST_KEY} bytes")
    return key


def _time(parts: Mapping[str, Any], name: str, what: str) -> datetime | None:
    if name not in parts:
        return None
    try:
        time = datetime.fromisoformat(parts[name])
    except (TypeError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise Malformed(f"{name} of {what} should be a time with its zone, like 2026-12-01T00:00:00+01:00")
    return time
