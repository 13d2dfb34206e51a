"""Requests to the operators' API, signed with the caller's AWS credentials (Signature Version 4)."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
from arm_relay.arm.documents import to_text
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from httpx import Client

from desk.aws_problems import in_words
from desk.connection import Connection
from desk.problems import Answered, Fault, Problem

#: API Gateway gives a function 30 seconds; the answer needs a little more to come.
TIMEOUT: Final = 35.0

#: The last part of a problem's type follows this.
PROBLEM: Final = "urn:arm-relay:problem:"

type Send = Callable[[httpx.Request], httpx.Response]


class Api:
    """The operators' API of one relay."""

    def __init__(self, connection: Connection, *, send: Send | None = None) -> None:
        """`send` carries a request to the relay and returns its answer; without it that is done over the network."""
        self._connection = connection
        self._send = send or network(to_this_machine=connection.is_sandbox).send

    def get(self, path: str, query: Mapping[str, str | int | None] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """The answer to a question. Numbers with a fraction are Decimals, so that amounts are exact.

        `path` begins with a slash, and its parts are quoted (`quoted`). What is None in the query is left out.

        Raises:
            Answered: the relay answered with a problem.
            Problem: it could not be reached, or something else answered.
        """
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        return self._answer("GET", path + (f"?{urlencode(given, quote_via=quote, safe='')}" if given else ""))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """The answer to a request that has a JSON body, or none.

        Raises:
            Answered: the relay answered with a problem.
            Problem: it could not be reached, or something else answered. Whether the request was carried out is then
                not known.
        """
        return self._answer("POST", path, to_text(dict(body)).encode() if body is not None else b"")

    def _answer(self, method: str, target: str, body: bytes = b"") -> Any:  # noqa: ANN401 (JSON)
        request = httpx.Request(
            method,
            self._connection.operators_url + target,
            content=body,
            headers={"Content-Type": "application/json", "User-Agent": "arm-relay-desk"} if body else None,
        )
        self._sign(request, body)
        try:
            response = self._send(request)
        except httpx.TimeoutException:
            raise Problem(f"{self._name} did not answer in {TIMEOUT:.0f} seconds; try again in a minute") from None
        except httpx.RequestError as error:
            raise Problem(f"{self._name} cannot be reached at {self._connection.operators_url}: {error}") from None
        return answer_of(response, self._name)

    def _sign(self, request: httpx.Request, body: bytes) -> None:
        url = str(request.url)
        signed = AWSRequest(method=request.method, url=url, data=body)
        with in_words("sign the request", "execute-api:Invoke"):
            credentials = self._connection.credentials.get_frozen_credentials()
            SigV4Auth(credentials, "execute-api", self._connection.region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))

    @property
    def _name(self) -> str:
        return "the sandbox" if self._connection.is_sandbox else f"the relay of the stack {self._connection.name}"


def quoted(part: str) -> str:
    """A part of a path, with everything quoted that has a meaning of its own in a URL.

    Raises:
        Problem: it cannot be a part of a path, where it would lead to another route.
    """
    if part in {"", ".", ".."}:
        raise Problem(f"{part!r} can be no number or id here")
    return quote(part, safe="")


def network(*, to_this_machine: bool) -> Client:
    """What carries requests; a proxy of the environment leads out of this machine, where the sandbox is not."""
    return Client(timeout=TIMEOUT, trust_env=not to_this_machine, follow_redirects=False)


def answer_of(response: httpx.Response, name: str) -> Any:  # noqa: ANN401 (JSON)
    """What a response says, with exact amounts; `name` is what people call who gave it.

    Raises:
        Answered: it is a problem.
        Problem: it is not JSON.
    """
    try:
        answer = json.loads(response.content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Problem(
            f"{name} answered {response.status_code} with something that is not JSON;"
            " a proxy may have answered in its place"
        ) from None
    if response.is_success:
        return answer
    raise _answered(response.status_code, answer if isinstance(answer, dict) else {}, name)


def _answered(status: int, answer: Mapping[str, Any], name: str) -> Answered:
    kind = str(answer.get("type", ""))
    if not kind.startswith(PROBLEM):
        return Answered(status, "", *_of_gateway(status, answer, name))
    errors = answer.get("errors")
    faults = [
        Fault(str(each.get("pointer", "")), str(each.get("detail", "")))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, dict)
    ]
    title, detail = str(answer.get("title", "")), str(answer.get("detail", ""))
    return Answered(status, kind.removeprefix(PROBLEM), title, detail, tuple(faults))


def _of_gateway(status: int, answer: Mapping[str, Any], name: str) -> tuple[str, str]:
    """The title and the detail of what API Gateway says itself."""
    if status == HTTPStatus.FORBIDDEN:
        detail = (
            "API Gateway says no more; the credentials lack the right execute-api:Invoke for this route, have expired,"
            " or this machine's clock is wrong"
        )
        return f"{name} does not let these AWS credentials in", detail
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"{name} gets too many requests", "try again in a minute"
    said = str(answer.get("message", ""))
    return f"{name} answered {status}", said or "with nothing that says why"
