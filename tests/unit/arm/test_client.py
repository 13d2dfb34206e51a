import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.credentials import Credentials
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.wire import MAX_ANSWER, WIRE_ERRORS, Wire
from arm_relay.batches.batch import Answer
from hypothesis import given
from hypothesis import strategies as st

from tests.support.contracts import DEFAULT

BASE_URL = "https://arm.test/arm/v1"
TOKEN_URL = "https://auth.test/token"
PAYLOAD = '{"metadata":{"userId":"arm-relay"},"documents":["Åse"]}'.encode()
SECRET = "hunter2-hunter2"
UUID = "8NlwdOIM1YLVFP9-WOwkYQ"
#: As in the documentation.
ACCEPTED: dict[str, object] = {
    "status": "NOT-PROCESSED",
    "result": "PENDING",
    "message": "Document batch accepted for processing",
    "batchUuid": UUID,
    "getResult": f"https://elsewhere.test/arm/v1/clients/2218/batches/{UUID}",
}

type Handler = Callable[[httpx.Request], httpx.Response]

#: How long a call may take, in seconds.
WITHIN = 60.0


def limit_of(call: str) -> tuple[float, ...]:
    """What limits a call: a submission always gets its full time."""
    return () if call == "submit" else (WITHIN,)


@dataclass
class Arm:
    """ARM behind a client: answers as a test wants; gives token-1, token-2 and so on."""

    answer: Handler
    tokens_given: int = 0
    asked: list[httpx.Request] = field(default_factory=list)
    now: float = 1000.0
    token_fails: bool = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKEN_URL:
            self.tokens_given += 1
            body = {"access_token": self.token, "expires_in": 3600}
            return httpx.Response(503 if self.token_fails else 200, json=body)
        request.read()
        self.asked.append(request)
        return self.answer(request)

    @property
    def token(self) -> str:
        return f"sesame-{self.tokens_given}"

    def client(self, base_url: str = BASE_URL) -> ArmClient:
        wire = Wire(httpx.MockTransport(self.handle), lambda: self.now)
        tokens = Tokens(wire, TOKEN_URL, lambda: Credentials("me", SECRET), lambda: self.now)
        return ArmClient(wire, tokens, base_url, DEFAULT.turned)


def answering(status: int, content: object = "", **headers: str) -> Arm:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return Arm(lambda _: httpx.Response(status, content=text, headers=headers))


def failing(error: type[httpx.RequestError]) -> Arm:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error("out of reach")

    return Arm(answer)


def concrete(kind: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    if not kind.__subclasses__():
        yield kind
    for sub in kind.__subclasses__():
        yield from concrete(sub)


ERRORS = sorted(
    (kind for kind in concrete(httpx.RequestError) if issubclass(kind, WIRE_ERRORS)), key=lambda k: k.__name__
)


def submission_error(arm: Arm) -> ArmError:
    with pytest.raises(ArmError) as error:
        arm.client().submit("2218", PAYLOAD)
    return error.value


def no_answer(call: Callable[[], object]) -> NoAnswer:
    with pytest.raises(NoAnswer) as error:
        call()
    return error.value


# Submitting


def test_a_batch_is_posted_as_it_is() -> None:
    arm = answering(202, ACCEPTED)
    arm.client().submit("2218", PAYLOAD)
    [request] = arm.asked

    assert (request.method, str(request.url)) == ("POST", f"{BASE_URL}/clients/2218/documents/batches")
    assert request.content == PAYLOAD
    assert request.headers["authorization"] == "Bearer sesame-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/json"


@pytest.mark.parametrize("base_url", [BASE_URL, BASE_URL + "/"])
def test_the_base_url_may_end_in_a_slash(base_url: str) -> None:
    arm = answering(202, ACCEPTED)
    arm.client(base_url).submit("2218", PAYLOAD)

    assert arm.asked[0].url.path == "/arm/v1/clients/2218/documents/batches"


def test_an_accepted_batch_has_its_uuid_and_the_answer() -> None:
    batch_uuid, answer = answering(202, ACCEPTED).client().submit("2218", PAYLOAD)

    assert batch_uuid == UUID
    assert answer == Answer(202, json.dumps(ACCEPTED))


@pytest.mark.parametrize("status", [200, 201, 202, 207])
@pytest.mark.parametrize("batch_uuid", [UUID, "-_", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "1", "x" * 128])
def test_any_success_with_a_batch_uuid_is_accepted(status: int, batch_uuid: str) -> None:
    assert answering(status, {"batchUuid": batch_uuid}).client().submit("2218", PAYLOAD)[0] == batch_uuid


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("<html>", id="a page"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param("{}", id="no batchUuid"),
        pytest.param('{"batchUuid":"8Nlwd', id="cut off"),
        pytest.param("[" * 100_000, id="nested without end"),
        pytest.param("1" * 5000, id="a number without end"),
        pytest.param('{"batchUuid":null}', id="null batchUuid"),
        pytest.param('{"batchUuid":""}', id="blank batchUuid"),
        pytest.param('{"batchUuid":12345}', id="a number as batchUuid"),
        pytest.param('{"batchUuid":["a"]}', id="a list as batchUuid"),
        pytest.param('{"batchUuid":"../../clients"}', id="a path as batchUuid"),
        pytest.param('{"batchUuid":"a b"}', id="a blank in the batchUuid"),
        pytest.param('{"batchUuid":"a\\n"}', id="a line break in the batchUuid"),
        pytest.param('{"batchUuid":"\\ud800"}', id="half a character in the batchUuid"),
        pytest.param('{"batchUuid":"' + "x" * 129 + '"}', id="a batchUuid too long to be one"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
    ],
)
def test_a_success_without_a_batch_uuid_is_in_doubt(status: int, body: str | bytes) -> None:
    error = submission_error(answering(status, body))

    assert isinstance(error, InDoubt)
    assert error.cause == f"ARM answered {status} without a batchUuid"
    assert error.answer
    assert error.scope is Scope.BATCH


@pytest.mark.parametrize(
    ("status", "kind", "scope"),
    [
        pytest.param(204, InDoubt, Scope.BATCH, id="204: no content, so no batchUuid"),
        *[pytest.param(code, InDoubt, Scope.BATCH, id=f"{code}: a redirect") for code in (301, 302, 303, 307, 308)],
        pytest.param(304, InDoubt, Scope.BATCH, id="304: makes no sense"),
        pytest.param(400, Refused, Scope.BATCH, id="400"),
        pytest.param(401, NotSent, Scope.TOKEN, id="401: the token is not accepted"),
        pytest.param(402, NotSent, Scope.CLIENT, id="402"),
        pytest.param(403, NotSent, Scope.CLIENT, id="403: we may not"),
        pytest.param(404, NotSent, Scope.CLIENT, id="404: perhaps our URL"),
        pytest.param(405, NotSent, Scope.CLIENT, id="405: perhaps our URL"),
        pytest.param(406, NotSent, Scope.CLIENT, id="406"),
        pytest.param(408, InDoubt, Scope.ARM, id="408: it may have been read"),
        pytest.param(409, InDoubt, Scope.BATCH, id="409: perhaps it is there"),
        pytest.param(410, NotSent, Scope.CLIENT, id="410"),
        pytest.param(413, NotSent, Scope.CLIENT, id="413"),
        pytest.param(415, NotSent, Scope.CLIENT, id="415"),
        pytest.param(422, Refused, Scope.BATCH, id="422"),
        pytest.param(429, NotSent, Scope.CLIENT, id="429: too many"),
        pytest.param(451, NotSent, Scope.CLIENT, id="451"),
        *[
            pytest.param(code, InDoubt, Scope.ARM, id=f"{code}: taken or not")
            for code in (500, 501, 502, 503, 504, 599, 999)
        ],
    ],
)
def test_each_status_has_its_consequence(status: int, kind: type[ArmError], scope: Scope) -> None:
    error = submission_error(answering(status, {"message": "no"}))

    assert type(error) is kind
    assert error.cause.startswith(f"ARM answered {status}")
    assert error.answer == Answer(status, '{"message": "no"}')
    assert error.scope is scope


@pytest.mark.parametrize("status", [400, 404, 405, 413])
def test_a_page_instead_of_a_refusal_is_not_arms(status: int) -> None:
    """It comes from something before ARM: what is wrong is not the batch."""
    error = submission_error(answering(status, " <!DOCTYPE html><title>Not Found</title>"))

    assert (type(error), error.scope) == (NotSent, Scope.ARM)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 429, 500])
def test_a_batch_uuid_in_an_error_is_no_acceptance(status: int) -> None:
    assert isinstance(submission_error(answering(status, ACCEPTED)), Refused | NotSent | InDoubt)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_each_failure_of_the_connection_has_its_consequence(error: type[httpx.RequestError]) -> None:
    before = {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"}
    found = submission_error(failing(error))

    assert type(found) is (NotSent if error.__name__ in before else InDoubt)
    assert error.__name__ in found.cause
    assert found.scope is Scope.ARM
    assert found.answer is None


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        pytest.param(429, {"retry-after": "120"}, timedelta(minutes=2), id="429 in seconds"),
        pytest.param(429, {}, None, id="429 without"),
        pytest.param(429, {"retry-after": "Wed, 21 Oct 2025 07:28:00 GMT"}, None, id="429 with a date"),
        pytest.param(403, {"retry-after": "5"}, timedelta(seconds=5), id="403"),
    ],
)
def test_arm_may_ask_for_time(status: int, headers: dict[str, str], retry_after: timedelta | None) -> None:
    assert submission_error(answering(status, **headers)).retry_after == retry_after


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    arm = answering(status, location="https://evil.test/documents/batches")
    client = arm.client()
    with pytest.raises(InDoubt):
        client.submit("2218", PAYLOAD)
    assert client.result("2218", UUID, WITHIN).status == status
    with pytest.raises(NoAnswer):
        client.document("2218", "1", WITHIN)

    assert [request.url.host for request in arm.asked] == ["arm.test"] * 3


@pytest.mark.parametrize("status", [202, 400])
def test_an_answer_of_50_megabytes_is_cut(status: int) -> None:
    arm = answering(status, json.dumps(ACCEPTED) + " " * 50_000_000)
    if status == 202:
        assert arm.client().submit("2218", PAYLOAD)[0] == UUID
    else:
        error = submission_error(arm)
        assert error.answer
        assert len(error.answer.body) == MAX_ANSWER


def test_an_answer_cut_in_its_middle_is_in_doubt() -> None:
    arm = answering(202, {"padding": "x" * 50_000_000} | ACCEPTED)

    assert isinstance(submission_error(arm), InDoubt)


@given(st.integers(100, 999), st.binary(max_size=50))
def test_any_answer_is_classified(status: int, content: bytes) -> None:
    arm = answering(status, content)
    client = arm.client()
    for call in (
        lambda: client.submit("2218", PAYLOAD),
        lambda: client.result("2218", UUID, WITHIN),
        lambda: client.document("2218", "1", WITHIN),
    ):
        try:
            call()
        except ArmError:
            continue


# Tokens


def test_one_token_serves_all_calls() -> None:
    arm = answering(202, ACCEPTED)
    client = arm.client()
    for _ in range(3):
        client.submit("2218", PAYLOAD)
        client.result("2218", UUID, WITHIN)

    assert arm.tokens_given == 1
    assert {request.headers["authorization"] for request in arm.asked} == {"Bearer sesame-1"}


def test_a_token_is_renewed_shortly_before_it_expires() -> None:
    arm = answering(202, ACCEPTED)
    client = arm.client()
    client.submit("2218", PAYLOAD)
    arm.now += 3600 - 59
    client.submit("2218", PAYLOAD)

    assert [request.headers["authorization"] for request in arm.asked] == ["Bearer sesame-1", "Bearer sesame-2"]


def choosy(*refused: str) -> Arm:
    """An ARM that does not accept these tokens."""

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return httpx.Response(401) if token in refused else httpx.Response(202, json=ACCEPTED)

    return Arm(answer)


def test_a_token_that_arm_does_not_accept_is_renewed_once_and_the_same_batch_sent_again() -> None:
    arm = choosy("sesame-1")

    assert arm.client().submit("2218", PAYLOAD)[0] == UUID
    assert [request.headers["authorization"] for request in arm.asked] == ["Bearer sesame-1", "Bearer sesame-2"]
    assert {request.content for request in arm.asked} == {PAYLOAD}
    assert len({str(request.url) for request in arm.asked}) == 1


def test_a_token_is_renewed_only_once_per_call() -> None:
    arm = choosy("sesame-1", "sesame-2", "sesame-3")
    error = submission_error(arm)

    assert isinstance(error, NotSent)
    assert error.cause == "ARM answered 401"
    assert (arm.tokens_given, len(arm.asked)) == (2, 2)


def test_the_next_call_renews_a_token_that_was_not_accepted() -> None:
    arm = choosy("sesame-1", "sesame-2")
    client = arm.client()
    with pytest.raises(NotSent):
        client.submit("2218", PAYLOAD)

    assert client.submit("2218", PAYLOAD)[0] == UUID


@pytest.mark.parametrize("call", ["result", "document"])
def test_questions_renew_the_token_as_well(call: str) -> None:
    arm = Arm(lambda request: httpx.Response(401 if request.headers["authorization"].endswith("1") else 200, json={}))
    getattr(arm.client(), call)("2218", "1", *limit_of(call))

    assert (arm.tokens_given, len(arm.asked)) == (2, 2)


def test_without_a_token_nothing_is_sent() -> None:
    arm = answering(202, ACCEPTED)
    arm.token_fails = True
    error = submission_error(arm)

    assert isinstance(error, NotSent)
    assert error.scope is Scope.TOKEN
    assert arm.asked == []


def test_a_renewal_in_vain_leaves_the_batch_not_sent() -> None:
    arm = choosy("sesame-1")
    client = arm.client()
    arm.answer, accepting = (lambda _: httpx.Response(401)), arm.answer
    client_error = no_answer(lambda: client.result("2218", UUID, WITHIN))
    assert client_error.cause == "ARM answered 401"

    arm.answer = accepting
    arm.token_fails = True
    arm.now += 4000
    with pytest.raises(NotSent, match="no token"):
        client.submit("2218", PAYLOAD)


def test_an_answer_lost_after_the_renewal_is_in_doubt() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        if len(arm.asked) == 1:
            return httpx.Response(401)
        raise httpx.ReadTimeout("late")

    arm = Arm(answer)

    assert isinstance(submission_error(arm), InDoubt)


# Asking for results


@pytest.mark.parametrize("status", [200, 202, 204, 206, 302, 400, 404, 406, 409, 410, 418])
def test_what_arm_says_of_a_batch_is_an_answer_whatever_it_is(status: int) -> None:
    arm = answering(status, "whatever")

    assert arm.client().result("2218", UUID, WITHIN) == Answer(status, "whatever")
    assert str(arm.asked[0].url) == f"{BASE_URL}/clients/2218/batches/{UUID}"
    assert (arm.asked[0].method, arm.asked[0].content) == ("GET", b"")
    assert arm.asked[0].headers["authorization"] == "Bearer sesame-1"
    assert "content-type" not in arm.asked[0].headers


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("call", ["result", "document"])
def test_what_is_not_about_the_batch_is_no_answer(call: str, status: int) -> None:
    client = answering(status, "x", **{"retry-after": "60"}).client()
    error = no_answer(lambda: getattr(client, call)("2218", "1", *limit_of(call)))

    assert error.cause == f"ARM answered {status}"
    assert error.answer == Answer(status, "x")
    assert error.retry_after == timedelta(seconds=60)
    assert error.scope is {401: Scope.TOKEN, 403: Scope.CLIENT, 429: Scope.CLIENT}.get(status, Scope.ARM)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("call", ["result", "document"])
def test_a_failed_connection_is_no_answer(call: str, error: type[httpx.RequestError]) -> None:
    client = failing(error).client()
    found = no_answer(lambda: getattr(client, call)("2218", "1", *limit_of(call)))

    assert found.cause == f"no answer from ARM ({error.__name__})"
    assert found.scope is Scope.ARM


@pytest.mark.parametrize("call", ["result", "document"])
def test_without_a_token_there_is_no_answer(call: str) -> None:
    arm = answering(200, {})
    arm.token_fails = True
    client = arm.client()
    found = no_answer(lambda: getattr(client, call)("2218", "1", *limit_of(call)))

    assert found.cause == "no token: the identity service answered 503"
    assert found.scope is Scope.TOKEN
    assert arm.asked == []


# Asking for documents


def test_a_document_is_what_arm_answers() -> None:
    assert answering(200, {"documentNo": "1"}).client().document("2218", "1", WITHIN) == {"documentNo": "1"}


@pytest.mark.parametrize("body", ["", "{}", "Not Found", '{"status":"ERROR"}'])
def test_a_document_that_arm_does_not_know_is_none(body: str) -> None:
    assert answering(404, body).client().document("2218", "1", WITHIN) is None


def test_a_page_that_is_not_found_says_nothing_about_a_document() -> None:
    with pytest.raises(NoAnswer):
        answering(404, "\n<!DOCTYPE html><title>404</title>").client().document("2218", "1", WITHIN)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, "", id="nothing"),
        pytest.param(200, "<html>", id="a page"),
        pytest.param(200, "[]", id="a list"),
        pytest.param(200, "null", id="null"),
        pytest.param(200, '{"documentNo":"1"', id="cut off"),
        pytest.param(200, "[" * 100_000, id="nested without end"),
        pytest.param(201, "{}", id="201"),
        pytest.param(202, "{}", id="202: not yet"),
        pytest.param(204, "", id="204"),
        pytest.param(206, "{}", id="206"),
        pytest.param(302, "{}", id="302"),
        pytest.param(400, "{}", id="400"),
        pytest.param(405, "{}", id="405"),
        pytest.param(410, "{}", id="410"),
    ],
)
def test_anything_else_about_a_document_is_no_answer(status: int, body: str) -> None:
    client = answering(status, body).client()
    error = no_answer(lambda: client.document("2218", "1", WITHIN))

    assert error.answer == Answer(status, body)
    assert error.scope is Scope.BATCH


# Asking for customers


@pytest.mark.parametrize(
    "body", [{"customerNo": "a7"}, {"customerNo": "A7", "name": "Owe"}, {"customer": {"customerNo": "A7"}}], ids=str
)
def test_a_customer_exists_where_arm_answers_with_it(body: dict[str, object]) -> None:
    arm = answering(200, body)

    assert arm.client().customer("2218", "A7", WITHIN) is True
    assert [request.url.path for request in arm.asked] == ["/arm/v1/clients/2218/customers/A7"]


def test_a_customer_that_arm_does_not_know_is_missing() -> None:
    assert answering(404, '{"status":"ERROR"}').client().customer("2218", "A7", WITHIN) is False


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(404, "<html>", id="a page that is not found"),
        pytest.param(200, "", id="nothing"),
        pytest.param(200, "{}", id="nobody"),
        pytest.param(200, '{"customerNo":"A8"}', id="another customer"),
        pytest.param(200, '{"customer":["A7"]}', id="a list"),
        pytest.param(202, '{"customerNo":"A7"}', id="202"),
        pytest.param(400, "{}", id="400"),
    ],
)
def test_anything_else_about_a_customer_is_no_answer(status: int, body: str) -> None:
    client = answering(status, body).client()
    error = no_answer(lambda: client.customer("2218", "A7", WITHIN))

    assert (error.answer, error.scope) == (Answer(status, body), Scope.BATCH)


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        pytest.param("88776655", b"88776655", id="plain"),
        pytest.param("A-1_b.c~d", b"A-1_b.c~d", id="what needs no quoting"),
        pytest.param("2025/17", b"2025%2F17", id="a slash"),
        pytest.param("100%", b"100%25", id="a per cent sign"),
        pytest.param("%2F", b"%252F", id="what looks quoted already"),
        pytest.param("æøå", b"%C3%A6%C3%B8%C3%A5", id="letters beyond ASCII"),
        pytest.param("a b", b"a%20b", id="a blank"),
        pytest.param("a?b#c", b"a%3Fb%23c", id="what would end the path"),
        pytest.param("a;b=c&d+e", b"a%3Bb%3Dc%26d%2Be", id="what would begin parameters"),
        pytest.param("../batches", b"..%2Fbatches", id="a way up"),
        pytest.param("\\", b"%5C", id="a backslash"),
        pytest.param("\N{MONEY BAG}", b"%F0%9F%92%B0", id="beyond the basic plane"),
    ],
)
def test_values_stay_one_segment_of_the_path(value: str, segment: bytes) -> None:
    arm = answering(404)
    client = arm.client()
    client.document("2218", value, WITHIN)
    client.result("2218", value, WITHIN)
    client.document(value, "1", WITHIN)

    assert [request.url.raw_path for request in arm.asked] == [
        b"/arm/v1/clients/2218/documents/" + segment,
        b"/arm/v1/clients/2218/batches/" + segment,
        b"/arm/v1/clients/" + segment + b"/documents/1",
    ]


# Leaks


def chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    for next_error in filter(None, (error.__cause__, error.__context__)):
        yield from chain(next_error)


LEAKY: dict[str, Callable[[], Arm]] = {
    "connection": lambda: failing(httpx.ConnectError),
    "read timeout": lambda: failing(httpx.ReadTimeout),
    "400": lambda: answering(400, "no"),
    "401": lambda: answering(401, "no"),
    "500": lambda: answering(500, "no"),
    "not JSON": lambda: answering(202, "no"),
}


@pytest.mark.parametrize("call", ["submit", "result", "document"])
@pytest.mark.parametrize("arm", LEAKY.values(), ids=LEAKY)
def test_no_error_shows_token_secret_or_payload(arm: Callable[[], Arm], call: str) -> None:
    client: Any = arm().client()
    try:
        getattr(client, call)("2218", PAYLOAD if call == "submit" else "1", *limit_of(call))
    except ArmError as error:
        shown = "".join(traceback.format_exception(error))
        shown += "".join(f"{found!s} {found!r} {vars(found)}" for found in chain(error))

        assert not [word for word in ("sesame", SECRET, "Åse") if word in shown]


def test_the_client_does_not_show_what_it_knows() -> None:
    client = answering(202, ACCEPTED).client()
    client.submit("2218", PAYLOAD)

    assert "sesame" not in f"{client!r} {client!s}"
