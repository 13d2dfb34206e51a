"""What a request must show before its body is read: a bounded size, a signature of its client, a media type.

Strangers can send anything. So what costs least is looked at first, and nobody learns whether a client exists.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from arm_relay.api.event import check_size
from arm_relay.observability import Journal, Metric
from arm_relay.secrets import MalformedClient, Secrets, UnknownClient
from arm_relay.signing_keys import SigningKey
from arm_relay.webhook.signatures import read


class NotJsonMediaType(Exception):
    """The Content-Type is not application/json."""


class Admission:
    """Admits signed requests."""

    def __init__(self, secrets: Secrets, now: Callable[[], datetime], tolerance: timedelta, journal: Journal) -> None:
        """`tolerance` is how old a signature may be, and how far in the future."""
        self._secrets = secrets
        self._journal = journal
        self._now = now
        self._tolerance = tolerance

    def check(self, client_no: str, headers: Mapping[str, str], body: bytes) -> None:
        """Admit a request. The names of `headers` are in lower case.

        Raises:
            BodyTooLarge, BadSignature, NotJsonMediaType: checked in this order. A client that does not exist, or whose
                part of the secret is malformed, has a bad signature, too.
            SecretUnavailable: nobody whose headers are well formed can be admitted now.
        """
        check_size(body)
        now = self._now()
        signed = read(headers, now, self._tolerance)
        signed_by = signed.by(self._keys(client_no), body, tries=self._secrets.most_signing_keys())
        # So that whoever rotates a client's secrets sees when nobody signs with the old one any more.
        self._journal.noted(
            "request signed",
            clientNo=client_no,
            secretPosition=signed_by.position,
            secretAgeDays=signed_by.age(now),
        )
        _check_media_type(headers)

    def _keys(self, client_no: str) -> Sequence[SigningKey]:
        try:
            return self._secrets.signing_keys(client_no)
        except UnknownClient:
            return ()
        except MalformedClient as error:
            # Another answer would tell strangers that there is such a client.
            self._journal.count(Metric.MALFORMED_CLIENTS)
            self._journal.warned("signing secrets are malformed", clientNo=client_no, reason=str(error))
            return ()


def _check_media_type(headers: Mapping[str, str]) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonMediaType(NotJsonMediaType.__doc__)
