import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from sandbox.gateway import sigv4
from sandbox.gateway.messages import Request, Response
from sandbox.gateway.routes import Route
from sandbox.gateway.signing import OPERATORS, SIGN, Signing
from sandbox.gateway.upstream import ExecuteApi

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
PAGE = {"host": "127.0.0.1:8080", "sec-fetch-site": "same-origin"}


class Operators(ExecuteApi):
    """Keeps what reaches it."""

    def __init__(self) -> None:
        route = Route(api="OperatorsApi", key="GET /v1/health", function="f", iam=True)
        super().__init__("http://127.0.0.1:1", "api", [route])
        self.requests: list[Request] = []

    def call(self, request: Request) -> Response:
        self.requests.append(request)
        return Response.message(200, "well")


@pytest.fixture
def operators() -> Operators:
    return Operators()


@pytest.fixture
def signing(operators: Operators) -> Signing:
    return Signing(
        operators, client_no="2218", signing_secret=SECRET, now=lambda: datetime.now(UTC), new_id=lambda: "1"
    )


def asked(signing: Signing, wanted: object, **headers: str) -> tuple[int, Any]:
    body = json.dumps(wanted).encode()
    answer = signing.call(Request(method="POST", target=SIGN, headers=PAGE | headers, body=body))
    assert answer
    return answer.status, json.loads(answer.body)


def test_a_senders_request_gets_the_sample_clients_signature(signing: Signing) -> None:
    status, signed = asked(signing, {"method": "POST", "target": "/v1/clients/2218/orders", "body": "[]"})

    assert (status, signed["target"]) == (200, "/v1/clients/2218/orders")
    assert Webhook(SECRET).verify("[]", signed["headers"]) == []


def test_an_operators_request_is_passed_on_with_the_sandboxs_signature(signing: Signing, operators: Operators) -> None:
    _, signed = asked(signing, {"method": "GET", "target": "/v1/health?x=1", "body": ""})
    assert signed == {"target": f"{OPERATORS}/v1/health?x=1", "headers": {}}

    signing.call(Request(method="GET", target=signed["target"], headers=PAGE, body=b""))

    (request,) = operators.requests
    assert request.target == "/v1/health?x=1"
    assert sigv4.is_valid(request, datetime.now(UTC))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"host": "evil.example:8080"},
        {"host": ""},
    ],
)
def test_no_other_site_gets_a_signature(headers: dict[str, str], signing: Signing, operators: Operators) -> None:
    assert asked(signing, {"method": "POST", "target": "/", "body": ""}, **headers)[0] == 403
    passed = signing.call(Request(method="GET", target=f"{OPERATORS}/v1/health", headers=PAGE | headers, body=b""))

    assert passed
    assert (passed.status, operators.requests) == (403, [])


@pytest.mark.parametrize("wanted", [[], {}, {"method": "GET", "target": "/"}, "text"])
def test_a_question_that_is_none_is_refused(wanted: object, signing: Signing) -> None:
    assert asked(signing, wanted)[0] == 400


def test_everything_else_is_not_for_it(signing: Signing) -> None:
    assert signing.call(Request(method="GET", target="/v1/openapi.json", headers=PAGE, body=b"")) is None
