"""The Standard Webhooks check of `webhook-id`, `webhook-timestamp` and `webhook-signature` (standardwebhooks.com).

The library signs. The check is ours, because the library's own assumes five minutes of tolerance and fails on malformed
headers. Signatures are never decoded: the right ones are computed and compared.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Final

from standardwebhooks.webhooks import Webhook

from arm_relay.signing_keys import SigningKey

#: Unix time in whole seconds. Eleven digits suffice until the sixth millennium.
TIMESTAMP: Final = re.compile(r"0|[1-9][0-9]{0,10}")


class BadSignature(Exception):
    """The request has no valid signature."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        #: What is wrong, without anything of the signature itself.
        self.reason = reason


#: In the place of keys that a client does not have: its request takes the work that another's takes. Nothing that it
#: signs counts.
NO_KEY: Final = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Signed:
    """What the headers of a request say of its signature. They are well formed, and their time is near enough."""

    message_id: str
    at: datetime
    #: The signatures that the sender gives; one must be right.
    given: tuple[bytes, ...]

    def by(self, keys: Sequence[SigningKey], body: bytes, tries: int) -> SigningKey:
        """The key that signed the body; the first of them where several did.

        Where none did, `tries` signatures were computed, so that the time does not say how many keys there are.

        Raises:
            BadSignature: none did, or the body is not UTF-8.
        """
        for key in keys:
            if self._is_by(key.key, body):
                return key
        for _ in range(tries - len(keys)):
            self._is_by(NO_KEY, body)
        raise BadSignature("No signature matches this body, id and timestamp with any of the client's secrets.")

    def _is_by(self, key: bytes, body: bytes) -> bool:
        expected = _signature(key, self.message_id, self.at, body)
        return any(compare_digest(expected, signature) for signature in self.given)


def read(headers: Mapping[str, str], now: datetime, tolerance: timedelta) -> Signed:
    """What the headers say of the signature, which was made at most `tolerance` ago or ahead.

    Raises:
        BadSignature: a header is missing, malformed, too old or too new.
    """
    message_id, signatures = _header(headers, "webhook-id"), _header(headers, "webhook-signature")
    signed_at = _time(_header(headers, "webhook-timestamp"))
    if signed_at < now - tolerance:
        raise BadSignature("The header webhook-timestamp is too old.")
    if signed_at > now + tolerance:
        raise BadSignature("The header webhook-timestamp is too far in the future.")
    return Signed(message_id, signed_at, tuple(signature.encode() for signature in signatures.split(" ")))


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise BadSignature(f"The header {name} is missing.")
    if not value.isascii():
        raise BadSignature(f"The header {name} is malformed.")
    return value


def _time(text: str) -> datetime:
    if not TIMESTAMP.fullmatch(text):
        raise BadSignature("The header webhook-timestamp should be whole seconds since 1970.")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text))


def _signature(key: bytes, message_id: str, signed_at: datetime, body: bytes) -> bytes:
    try:
        return Webhook(key).sign(message_id, signed_at, body.decode()).encode()
    except UnicodeDecodeError:
        raise BadSignature("The body is not UTF-8.") from None
