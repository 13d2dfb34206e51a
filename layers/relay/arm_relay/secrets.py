"""What the secret holds: ARM's client credentials, and of each client its signing secrets and limits.

{"arm": {"clientId": "...", "clientSecret": "..."},
 "clients": {"2218": {"signingSecrets": ["whsec_..."], "maxTotal": {"NOK": "100000.00"}}}}
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from arm_relay import signing_keys
from arm_relay.arm.credentials import Credentials, NoCredentials
from arm_relay.arm.limits import Limits, MalformedLimit
from arm_relay.signing_keys import Malformed, SigningKey

#: How long the secret is used after it was read. A revoked signing secret stops working within this time.
AGE: Final = timedelta(minutes=5)
#: How long it is not read again after it could not be read, so that requests of strangers cost no calls.
PAUSE: Final = timedelta(seconds=5)


class UnknownClient(Exception):
    """There is no client with this number."""


class SecretUnavailable(NoCredentials):
    """The secret cannot be read, or lacks what it should contain. The message holds nothing of its content."""


class MalformedClient(SecretUnavailable):
    """One client's part of the secret is malformed: nobody can sign for this client, and the others go on."""


@dataclass(slots=True)
class _Kept:
    """The secret as it was read, and what was found out about it since."""

    read_at: datetime
    content: dict[str, Any]
    shared: Mapping[bytes, Sequence[str]] | None = None
    most: int | None = None
    #: Each client's signing secrets, decoded once: the time of an answer does not say whether there is such a client.
    listed: dict[str, Sequence[SigningKey]] = field(default_factory=dict)


class Secrets:
    """The secret, as it was read at most `AGE` ago."""

    def __init__(
        self,
        fetch: Callable[[], str],
        now: Callable[[], datetime],
        report_shared: Callable[[Sequence[str]], None] = lambda _: None,
    ) -> None:
        """`fetch` reads the secret's text; it raises `SecretUnavailable`.

        `now` is the wall clock: other clocks may stop while Lambda freezes the environment. `report_shared` is told the
        places of a signing secret that stands under more than one client, once for each reading of the secret.
        """
        self._fetch = fetch
        self._now = now
        self._report_shared = report_shared
        self._kept: _Kept | None = None
        self._failed: tuple[datetime, SecretUnavailable] | None = None

    def credentials(self) -> Credentials:
        """ARM's client credentials.

        Raises:
            SecretUnavailable: the secret has none.
        """
        arm = _member(self._read().content, "arm")
        client_id, client_secret = arm.get("clientId"), arm.get("clientSecret")
        if not (isinstance(client_id, str) and isinstance(client_secret, str) and client_id and client_secret):
            raise SecretUnavailable("the secret has no arm.clientId and arm.clientSecret")
        return Credentials(client_id, client_secret)

    def signing_keys(self, client_no: str) -> list[SigningKey]:
        """The client's signing secrets that may sign now. Any of them may.

        One that has expired signs for nobody, and so does one that stands under another client, too: a request that it
        signs could be replayed to the other client. A client may have none that may sign.

        Raises:
            UnknownClient: the client has no signing secret at all.
            MalformedClient: this client's part of the secret is malformed.
            SecretUnavailable: the secret cannot be read.
        """
        kept = self._read()
        found = kept.listed.get(client_no) or _listed(kept.content, client_no)
        if not found:
            raise UnknownClient(UnknownClient.__doc__)
        kept.listed[client_no] = found
        shared, now = self._shared(kept), self._now()
        return [each for each in found if each.key not in shared and each.signs_at(now)]

    def most_signing_keys(self) -> int:
        """How many signing secrets the client has that has the most of them; 1 where nobody has any.

        Raises:
            SecretUnavailable: the secret cannot be read.
        """
        kept = self._read()
        if kept.most is None:
            kept.most = signing_keys.most(_member(kept.content, "clients"))
        return kept.most

    def shared_places(self, client_no: str) -> list[Sequence[str]]:
        """The places of each signing secret that the client shares with another one.

        Raises:
            SecretUnavailable: the secret cannot be read, or this client's part of it is malformed.
        """
        kept = self._read()
        keys = {each.key for each in _listed(kept.content, client_no)}
        return [places for key, places in self._shared(kept).items() if key in keys]

    def client_numbers(self) -> list[str]:
        """The numbers of all clients.

        Raises:
            SecretUnavailable: the secret cannot be read, or does not list any.
        """
        return sorted(_member(self._read().content, "clients"))

    def limits(self, client_no: str) -> Limits:
        """The largest total that one order of the client may come to.

        Raises:
            SecretUnavailable: the secret cannot be read, or this client's part of it is malformed.
        """
        client = _member(_member(self._read().content, "clients"), client_no)
        try:
            return Limits.of(client.get("maxTotal"))
        except MalformedLimit as error:
            raise SecretUnavailable(f"maxTotal of client {client_no} {error}") from None

    def _read(self) -> _Kept:
        now = self._now()
        # After the clock was set back its age is not known, so it is read again.
        if self._kept is None or not timedelta(0) <= now - self._kept.read_at < AGE:
            self._kept = _Kept(now, self._fetched(now))
        return self._kept

    def _fetched(self, now: datetime) -> dict[str, Any]:
        if self._failed and timedelta(0) <= now - self._failed[0] < PAUSE:
            raise SecretUnavailable(str(self._failed[1]))
        try:
            content = _parsed(self._fetch())
        except SecretUnavailable as error:
            self._failed = (now, error)
            raise
        self._failed = None
        return content

    def _shared(self, kept: _Kept) -> Mapping[bytes, Sequence[str]]:
        if kept.shared is None:
            kept.shared = signing_keys.shared(_member(kept.content, "clients"))
            for places in kept.shared.values():
                self._report_shared(places)
        return kept.shared


def _parsed(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        # The parser's error quotes the text, so it must not be passed on.
        raise SecretUnavailable("the secret is not JSON") from None
    return _member({"secret": value}, "secret")


def _listed(content: dict[str, Any], client_no: str) -> Sequence[SigningKey]:
    clients = _member(content, "clients")
    if client_no not in clients:
        return ()
    client = clients[client_no]
    if not isinstance(client, dict):
        raise MalformedClient(f"{client_no} in the secret should be an object")
    try:
        return signing_keys.listed(client.get("signingSecrets"))
    except Malformed as error:
        raise MalformedClient(f"client {client_no}: {error}") from None


def _member(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise SecretUnavailable(f"{name} in the secret should be an object")
    return value
