import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from desk.api import Api, quoted
from desk.connection import Connection
from desk.problems import Answered, Problem

CONNECTION = Connection(
    name="arm-relay",
    region="eu-north-1",
    credentials=Credentials("key", "secret", "token"),
    operators_url="https://operators.example",
    webhook_url="https://senders.example/v1/clients/{clientNo}/orders",
    table_name="table",
    topic_arn="arn:topic",
    secret_arn="arn:secret",
    webhook_log_group="log",
)


def answering(status: int, body: object) -> Callable[[httpx.Request], httpx.Response]:
    content = body if isinstance(body, str) else json.dumps(body)
    return lambda _: httpx.Response(status, content=content)


def failing(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return fail


def recording(seen: list[httpx.Request]) -> Callable[[httpx.Request], httpx.Response]:
    def record(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content="{}")

    return record


def is_signed(request: httpx.Request) -> bool:
    """Whether the signature is the one of the bytes that are sent."""
    authorization = request.headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: request.headers[name] for name in names}
    url = f"https://operators.example{request.url.raw_path.decode()}"
    again = AWSRequest(method=request.method, url=url, headers=headers, data=request.content)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("key", "secret", "token"), "execute-api", "eu-north-1")
    signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    return bool(authorization.endswith(signature))


@pytest.mark.parametrize(
    ("order_id", "path"),
    [
        ("order.invoiced:B-1", b"/v1/orders/order.invoiced%3AB-1"),
        ("shop/2003 å", b"/v1/orders/shop%2F2003%20%C3%A5"),
        ("100%", b"/v1/orders/100%25"),
    ],
)
def test_what_is_sent_is_signed_whatever_the_id(order_id: str, path: bytes) -> None:
    seen: list[httpx.Request] = []
    api = Api(CONNECTION, send=recording(seen))

    api.get(f"/v1/orders/{quoted(order_id)}")

    assert seen[0].url.raw_path == path
    assert is_signed(seen[0])


def test_a_query_and_a_body_are_signed() -> None:
    seen: list[httpx.Request] = []
    api = Api(CONNECTION, send=recording(seen))

    api.get("/v1/batches", {"state": "held", "limit": 5, "cause": "still QUEUED + more", "cursor": None})
    api.post("/v1/redrives", {"action": "ask", "amount": Decimal("0.05")})

    assert seen[0].url.raw_path == b"/v1/batches?state=held&limit=5&cause=still%20QUEUED%20%2B%20more"
    assert seen[1].content == b'{"action":"ask","amount":0.05}'
    assert [is_signed(request) for request in seen] == [True, True]


def test_amounts_are_exact() -> None:
    answer = Api(CONNECTION, send=answering(200, '{"total": 0.1000000000000000055}')).get("/v1/days/2025-02-27")

    assert answer == {"total": Decimal("0.1000000000000000055")}


def test_a_problem_is_told_with_each_place() -> None:
    problem = {
        "type": "urn:arm-relay:problem:invalid-redrive",
        "title": "The redrive is not valid",
        "detail": "1 fault.",
        "errors": [{"pointer": "/reason", "detail": "is missing"}, {"pointer": "", "detail": "is empty"}],
    }

    with pytest.raises(Answered) as caught:
        Api(CONNECTION, send=answering(422, problem)).post("/v1/redrives", {})

    assert (caught.value.status, caught.value.kind) == (422, "invalid-redrive")
    assert str(caught.value) == (
        "The redrive is not valid: 1 fault.\n  /reason is missing\n  (the whole body) is empty"
    )


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (403, "Forbidden", "lack the right execute-api:Invoke"),
        (429, "Too Many Requests", "try again in a minute"),
        (500, "Internal Server Error", "answered 500: Internal Server Error"),
    ],
)
def test_what_api_gateway_says_is_explained(status: int, message: str, said: str) -> None:
    with pytest.raises(Answered, match=said):
        Api(CONNECTION, send=answering(status, {"message": message})).get("/v1/health")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ReadTimeout("late"), "did not answer in 35 seconds"),
        (httpx.DecodingError("bad gzip"), "cannot be reached at https://operators.example: bad gzip"),
        (httpx.ConnectError("refused"), "cannot be reached at https://operators.example: refused"),
    ],
)
def test_a_relay_that_does_not_answer_is_a_problem(error: Exception, said: str) -> None:
    with pytest.raises(Problem, match=said):
        Api(CONNECTION, send=failing(error)).get("/v1/health")


def test_a_page_is_no_answer() -> None:
    with pytest.raises(Problem, match="answered 200 with something that is not JSON"):
        Api(CONNECTION, send=answering(200, "<html>Sign in</html>")).get("/v1/health")


def test_credentials_are_not_in_what_is_shown_of_a_connection() -> None:
    shown = repr(replace(CONNECTION, signing_secret="whsec_c2VjcmV0"))

    assert "arn:secret" in shown
    assert "whsec" not in shown
    assert "Credentials" not in shown


@pytest.mark.parametrize("content", ["[" * 60_000, "9" * 5000], ids=["deep", "a number too long"])
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_cannot_be_read_is_a_problem(content: str, status: int) -> None:
    with pytest.raises(Problem, match="is not JSON"):
        Api(CONNECTION, send=answering(status, content)).get("/v1/health")


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_leads_elsewhere_is_no_part_of_a_path(part: str) -> None:
    with pytest.raises(Problem, match="can be no number or id"):
        quoted(part)
