"""What a request must show before its body is read: a known client, a bounded size, a signature, a media type."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from arm_relay.api.event import check_size
from arm_relay.secrets import Secrets
from arm_relay.webhook.signatures import verify


class NotJsonMediaType(Exception):
    """The Content-Type is not application/json."""


class Admission:
    """Admits signed requests."""

    def __init__(self, secrets: Secrets, now: Callable[[], datetime], tolerance: timedelta) -> None:
        """`tolerance` is how old a signature may be, and how far in the future."""
        self._secrets = secrets
        self._now = now
        self._tolerance = tolerance

    def check(self, client_no: str, headers: Mapping[str, str], body: bytes) -> None:
        """Admit a request. The names of `headers` are in lower case.

        Raises:
            UnknownClient, BodyTooLarge, BadSignature, NotJsonMediaType: checked in this order.
            SecretUnavailable: nobody can be admitted now.
        """
        keys = self._secrets.signing_keys(client_no)
        check_size(body)
        verify(body, headers, keys, self._now(), self._tolerance)
        _check_media_type(headers)


def _check_media_type(headers: Mapping[str, str]) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonMediaType(NotJsonMediaType.__doc__)
