"""What a request must show before its body is read: a known client, a bounded size, a signature, a media type."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from arm_relay.secrets import Secrets
from arm_relay.signatures import verify

#: The largest body taken, in bytes.
LARGEST_BODY: Final = 1024 * 1024


class UnknownClient(Exception):
    """There is no client of this number."""


class BodyTooLarge(Exception):
    """The body is larger than 1 MiB."""


class NotJsonMediaType(Exception):
    """The Content-Type is not application/json."""


class Door:
    """Lets signed requests in."""

    def __init__(self, secrets: Secrets, now: Callable[[], datetime], tolerance: timedelta) -> None:
        """`tolerance` is how old or how far ahead a signature may be."""
        self._secrets = secrets
        self._now = now
        self._tolerance = tolerance

    def check(self, client_no: str, headers: Mapping[str, str], body: bytes) -> None:
        """Let a request in; `headers` have lower-case names.

        Raises:
            UnknownClient, BodyTooLarge, BadSignature, NotJsonMediaType: checked in this order.
            SecretUnavailable: nobody can be let in now.
        """
        keys = self.check_client(client_no)
        check_size(body)
        verify(body, headers, keys, self._now(), self._tolerance)
        _check_media_type(headers)

    def check_client(self, client_no: str) -> list[bytes]:
        """The signing keys of a known client.

        Raises:
            UnknownClient: nobody could sign for it.
            SecretUnavailable: nobody can be let in now.
        """
        keys = self._secrets.signing_keys(client_no)
        if not keys:
            raise UnknownClient(UnknownClient.__doc__)
        return keys


def check_size(body: bytes) -> None:
    """Of any request's body.

    Raises:
        BodyTooLarge: it is.
    """
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(BodyTooLarge.__doc__)


def _check_media_type(headers: Mapping[str, str]) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonMediaType(NotJsonMediaType.__doc__)
