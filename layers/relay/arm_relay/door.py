"""What a request must show before its body is read: a known client, a bounded size, a signature, a media type."""

from collections.abc import Mapping
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

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def check(self, client_no: str, headers: Mapping[str, str], body: bytes) -> None:
        """Let a request in; `headers` have lower-case names.

        Raises:
            UnknownClient, BodyTooLarge, BadSignature, NotJsonMediaType: checked in this order.
            SecretUnavailable: nobody can be let in now.
        """
        signing_secrets = self.check_client(client_no)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(BodyTooLarge.__doc__)
        verify(body, headers, signing_secrets)
        _check_media_type(headers)

    def check_client(self, client_no: str) -> list[str]:
        """The signing secrets of a known client.

        Raises:
            UnknownClient: nobody could sign for it.
            SecretUnavailable: nobody can be let in now.
        """
        signing_secrets = self._secrets.signing_secrets(client_no)
        if not signing_secrets:
            raise UnknownClient(UnknownClient.__doc__)
        return signing_secrets


def _check_media_type(headers: Mapping[str, str]) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonMediaType(NotJsonMediaType.__doc__)
