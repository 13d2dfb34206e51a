"""The token for ARM: requested with client credentials, kept until shortly before it expires.

This is documented for the sister product's identity service. That ARM uses the same one is inferred.
"""

from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Final

from arm_relay.arm.credentials import Credentials, NoCredentials
from arm_relay.arm.errors import NotSent, Scope
from arm_relay.arm.json_objects import json_object
from arm_relay.arm.wire import LONGEST_CALL, TOKEN_TIMEOUT, WIRE_ERRORS, Wire
from arm_relay.batches.batch import Answer

#: A token is renewed this long before it expires, in seconds.
MARGIN: Final = 60.0
#: How long a token is kept when the answer states no usable lifetime, in seconds.
SHORT_LIFE: Final = 60.0


class Tokens:
    """The one token all calls share."""

    def __init__(
        self, wire: Wire, token_url: str, credentials: Callable[[], Credentials], clock: Callable[[], float]
    ) -> None:
        """`clock` counts seconds and never goes back.

        `credentials` is asked at every renewal and may raise `NoCredentials`.
        """
        self._wire = wire
        self._url = token_url
        self._credentials = credentials
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._until = float("-inf")
        #: How often a token was requested, and why the last request failed.
        self._asked = 0
        self._failure: str | None = None

    def token(self, within: float = LONGEST_CALL) -> str:
        """A token that is not about to expire, within so many seconds.

        Raises:
            NotSent: the identity service gave none, so nothing can be sent to ARM.
        """
        asked = self._asked
        with self._lock:
            if self._clock() >= self._until:
                # Many threads wait here while one asks, and share its failure: asking one after the other they would
                # wait too long, and a function that ends meanwhile leaves their batches in doubt.
                if self._failure and self._asked != asked:
                    raise NotSent(self._failure, scope=Scope.TOKEN)
                self._renew(within)
            return self._token

    def drop(self, token: str) -> None:
        """Forget a token that ARM did not accept, unless it has been renewed meanwhile."""
        with self._lock:
            if token == self._token:
                self._until = float("-inf")

    def _renew(self, within: float) -> None:
        try:
            self._token, lifetime = self._ask(within)
            self._until = self._clock() + lifetime
            self._failure = None
        except NotSent as error:
            self._failure = error.cause
            raise
        finally:
            self._asked += 1

    def _ask(self, within: float) -> tuple[str, float]:
        try:
            credentials = self._credentials()
        except NoCredentials as error:
            raise NotSent(f"no token: {error}", scope=Scope.TOKEN) from error
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
        try:
            answer = self._wire.exchange("POST", self._url, TOKEN_TIMEOUT, within=within, form=form).answer
        except WIRE_ERRORS as error:
            raise NotSent(f"no token: {type(error).__name__}", scope=Scope.TOKEN) from error
        if answer.status != HTTPStatus.OK:
            raise NotSent(f"no token: the identity service answered {answer.status}", scope=Scope.TOKEN)
        return _read_token(answer)


def _read_token(answer: Answer) -> tuple[str, float]:
    body = json_object(answer.body) or {}
    token = body.get("access_token")
    if not _fits_a_header(token):
        raise NotSent("no token: the identity service's answer has none", scope=Scope.TOKEN)
    return str(token), _lifetime(body.get("expires_in"))


def _fits_a_header(token: object) -> bool:
    return isinstance(token, str) and bool(token) and token.isascii() and token.isprintable() and " " not in token


def _lifetime(expires_in: object) -> float:
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return SHORT_LIFE
    # NaN compares as false either way. Half a short life is better than a token that is always about to expire.
    return max(seconds - MARGIN, seconds / 2) if 0 < seconds < float("inf") else SHORT_LIFE
