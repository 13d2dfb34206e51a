"""The endpoints: identity's POST /token and ARM's four that the relay calls, as documented."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import parse_qs, unquote

from sandbox.arm.behaviours import Call, play
from sandbox.arm.faults import FaultSource
from sandbox.arm.ledger import Ledger, documents_of
from sandbox.arm.messages import Abort, Answer, Request, Response, json_response
from sandbox.arm.results import batch_result, customer_found, document_found, error, token_error
from sandbox.arm.settings import Settings

#: Where ARM's API begins, on the host that also serves /token here.
API_PATH: Final = "/arm/v1"

#: The documentation's own base, for the `getResult` that nobody should follow.
STAGING: Final = "https://api.staging.amili.no/arm/v1"

#: What the documentation's smallest document has: INFERRED to be required.
REQUIRED: Final = ("documentType", "customerNo", "documentDate", "dueDate")

type Endpoint = Literal["token", "submit", "result", "document", "customer", "none"]

_ROUTES: Final[tuple[tuple[str, Endpoint, re.Pattern[str]], ...]] = (
    ("POST", "token", re.compile(r"/token")),
    ("POST", "submit", re.compile(rf"{API_PATH}/clients/([^/]+)/documents/batches")),
    ("GET", "result", re.compile(rf"{API_PATH}/clients/([^/]+)/batches/([^/]+)")),
    ("GET", "document", re.compile(rf"{API_PATH}/clients/([^/]+)/documents/([^/]+)")),
    ("GET", "customer", re.compile(rf"{API_PATH}/clients/([^/]+)/customers/([^/]+)")),
)


@dataclass(frozen=True, slots=True)
class Logged:
    """A call that came in, and how it ended: a status or the way in which the connection was lost. No secrets."""

    at: datetime
    method: str
    path: str
    endpoint: Endpoint
    ending: int | str


@dataclass(slots=True)
class ArmApi:
    """ARM and its identity service: a request in, an answer out, nothing else.

    `now` is ARM's clock; `new_token` gives access tokens. `settings` are the ledger's.
    """

    ledger: Ledger
    faults: FaultSource
    settings: Settings
    client_id: str
    client_secret: str = field(repr=False)
    now: Callable[[], datetime]
    new_token: Callable[[], str]
    base_url: str = STAGING
    log: list[Logged] = field(default_factory=list)
    _tokens: dict[str, datetime] = field(default_factory=dict, repr=False)

    def handle(self, request: Request) -> Answer:
        """Carry one call out, with whatever fault is due."""
        path = request.path.partition("?")[0]
        endpoint, arguments = route(request.method, path)
        call = Call(lambda: self._answer(endpoint, arguments, request), self._tokens.clear)
        answer = play(self.faults.take(endpoint), call)
        ending = answer.kind if isinstance(answer, Abort) else answer.status
        self.log.append(Logged(self.now(), request.method, path, endpoint, ending))
        return answer

    def _answer(self, endpoint: Endpoint, arguments: tuple[str, ...], request: Request) -> Response:
        if endpoint == "token":
            return self._token(request)
        if not self._authorized(request):
            return error(401, "Access token missing, not valid or expired")
        if endpoint == "submit":
            return self._submit(request, *arguments)
        return self._found(endpoint, arguments)

    def _found(self, endpoint: Endpoint, arguments: tuple[str, ...]) -> Response:
        match endpoint:
            case "result":
                return batch_result(self.ledger.batch(*arguments), self.settings, self.now())
            case "document":
                return self._document(*arguments)
            case "customer":
                return self._customer(*arguments)
            case _:
                return error(404, "No such resource")

    def _token(self, request: Request) -> Response:
        if not _has_type(request, "application/x-www-form-urlencoded"):
            return token_error(400, "invalid_request")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return token_error(400, "unsupported_grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return token_error(401, "invalid_client")
        return self._new_token()

    def _new_token(self) -> Response:
        token, issued = self.new_token(), self.now()
        expires = issued + timedelta(seconds=self.settings.token_seconds)
        self._tokens[token] = expires
        return json_response(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "not_before": int(issued.timestamp()),
                "expires_in": int(self.settings.token_seconds),
                "expires_on": int(expires.timestamp()),
                "resource": "04468334-ec11-4ef8-9e7c-e124bacbd5c1",
            },
        )

    def _authorized(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expires = self._tokens.get(token)
        return scheme.casefold() == "bearer" and expires is not None and self.now() < expires

    def _submit(self, request: Request, client_no: str) -> Response:
        payload, problem = _payload(request)
        if problem:
            return error(400, problem)
        uuid = self.ledger.accept(client_no, payload, request.body)
        return json_response(
            202,
            {
                "status": "NOT-PROCESSED",
                "result": "PENDING",
                "message": "Document batch accepted for processing",
                "batchUuid": uuid,
                "getResult": f"{self.base_url}/clients/{client_no}/batches/{uuid}",
            },
        )

    def _document(self, client_no: str, document_no: str) -> Response:
        document = self.ledger.document(client_no, document_no)
        return document_found(document) if document else error(404, "Document not found")

    def _customer(self, client_no: str, customer_no: str) -> Response:
        if self.settings.is_unknown(customer_no):
            return error(404, "Customer not found")
        return customer_found(client_no, customer_no)


def route(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]]:
    """The endpoint that serves `path` (still percent-encoded), and the decoded parameters in it."""
    for wanted, endpoint, pattern in _ROUTES:
        match = pattern.fullmatch(path)
        if match and wanted == method:
            return endpoint, tuple(map(unquote, match.groups()))
    return "none", ()


def _has_type(request: Request, media_type: str) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == media_type


def _payload(request: Request) -> tuple[Mapping[str, object], str]:
    """The payload of a new batch, and what is wrong with it."""
    if not _has_type(request, "application/json"):
        return {}, "Content-Type must be application/json"
    try:
        payload = json.loads(request.body, parse_constant=_no_number)
    except ValueError:
        return {}, "The body is not JSON"
    if not isinstance(payload, dict) or not documents_of(payload):
        return {}, "The body has no documents"
    return payload, _missing(payload)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _missing(payload: Mapping[str, object]) -> str:
    for position, document in enumerate(documents_of(payload)):
        for name in REQUIRED:
            if not isinstance(document.get(name), str) or not document[name]:
                return f"documents[{position}].{name} is missing"
        lines = document.get("documentLines")
        if not isinstance(lines, list) or not lines:
            return f"documents[{position}].documentLines is missing"
    return ""
