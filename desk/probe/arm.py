"""The probe's calls to ARM: one request, one answer, the time it took."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import httpx
from arm_relay.arm.json_objects import json_object

from desk.problems import Problem

TIMEOUT: Final = httpx.Timeout(20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The ARM that is probed, and as whom."""

    base_url: str
    token_url: str
    client_no: str
    client_id: str
    client_secret: str = field(repr=False)
    #: A customer that exists there, for tests.
    customer_no: str
    user_id: str = "arm-relay-probe"


@dataclass(frozen=True, slots=True)
class Called:
    """An answer as it came."""

    code: int
    body: str
    took: float


class Arm:
    """ARM and its identity service."""

    def __init__(self, http: httpx.Client, target: Target, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._http = http
        self._target = target
        self._clock = clock
        self._token: str | None = None

    def token(self) -> Called:
        """POST /token.

        Raises:
            Problem: the identity service cannot be reached, or gives no token.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self._target.client_id,
            "client_secret": self._target.client_secret,
        }
        called = self._call("POST", self._target.token_url, data=form)
        token = (json_object(called.body) or {}).get("access_token")
        if called.code != HTTPStatus.OK or not isinstance(token, str):
            raise Problem(f"the identity service gave no token: it answered {called.code}")
        self._token = token
        return called

    def submit(self, payload: bytes) -> Called:
        """POST documents/batches."""
        headers = {"Content-Type": "application/json"}
        return self._asked("POST", "documents/batches", content=payload, headers=headers)

    def result(self, batch_uuid: str) -> Called:
        """GET batches/{batchuuid}."""
        return self._asked("GET", f"batches/{quote(batch_uuid, safe='')}")

    def document(self, number: str) -> Called:
        """GET documents/{documentno}."""
        return self._asked("GET", f"documents/{quote(number, safe='')}")

    def _asked(
        self, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Called:
        url = f"{self._target.base_url.rstrip('/')}/clients/{quote(self._target.client_no, safe='')}/{path}"
        for _ in range(2):
            if self._token is None:
                self.token()
            sent = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
            called = self._call(method, url, content=content, headers=sent)
            if called.code != HTTPStatus.UNAUTHORIZED:
                return called
            self._token = None
        raise Problem("ARM does not accept the token (401)")

    def _call(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Called:
        begun = self._clock()
        try:
            answer = self._http.request(method, url, content=content, data=data, headers=headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise Problem(f"no answer from {httpx.URL(url).host} ({type(error).__name__})") from None
        return Called(answer.status_code, answer.text, round(self._clock() - begun, 3))
