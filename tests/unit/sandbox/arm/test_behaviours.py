import pytest

from sandbox.arm.faults import ABORTS_AFTER, ABORTS_BEFORE, TOKEN_GARBAGE, Fault
from sandbox.arm.messages import Abort, Answer, Response
from tests.support.arm_builders import Simulator, a_simulator, content


def submitted(kind: str, **parameters: object) -> tuple[Answer, int]:
    """The answer to a new batch under that fault, and how many documents it billed."""
    simulator = a_simulator()
    simulator.faults.add(Fault("submit", kind, parameters=parameters))
    return simulator.post(), len(simulator.ledger.documents)


def response(kind: str, **parameters: object) -> tuple[Response, int]:
    answer, billed = submitted(kind, **parameters)
    assert not isinstance(answer, Abort)
    return answer, billed


@pytest.mark.parametrize("kind", ABORTS_BEFORE)
def test_a_connection_lost_before_leaves_the_ledger_alone(kind: str) -> None:
    assert submitted(kind) == (Abort(kind), 0)


@pytest.mark.parametrize("kind", ABORTS_AFTER)
def test_a_connection_lost_after_has_billed(kind: str) -> None:
    assert submitted(kind) == (Abort(kind), 1)


@pytest.mark.parametrize(("kind", "billed"), [("error-500-before", 0), ("error-500-after", 1)])
def test_an_internal_error_comes_before_or_after(kind: str, billed: int) -> None:
    answer, documents = response(kind)

    assert (answer.status, documents) == (500, billed)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 502, 503, 504])
def test_any_status_leaves_the_ledger_alone(status: int) -> None:
    answer, documents = response("status", status=status)

    assert (answer.status, documents) == (status, 0)
    assert "retry-after" not in answer.headers


def test_any_status_may_also_come_after() -> None:
    answer, documents = response("status", status=504, taken=True)

    assert (answer.status, documents) == (504, 1)


@pytest.mark.parametrize("retry_after", [120, "Thu, 27 Feb 2025 12:02:00 GMT"])
def test_a_status_may_say_when_to_retry(retry_after: object) -> None:
    answer, _ = response("status", status=429, retryAfter=retry_after)

    assert answer.headers["retry-after"] == str(retry_after)


def test_a_slow_answer_has_billed() -> None:
    answer, documents = response("slow", seconds=30)

    assert (answer.status, answer.delay, documents) == (202, 30.0, 1)


def test_an_answer_that_is_not_json_is_a_page() -> None:
    answer, documents = response("not-json")

    assert (answer.status, answer.body[:15], documents) == (202, b"<!doctype html>", 1)


def test_an_answer_that_is_not_json_is_a_success_even_for_a_failure() -> None:
    simulator = a_simulator()
    simulator.fail("document", "not-json")

    assert simulator.get("documents/1").status == 200


def test_an_answer_may_be_json_of_another_kind() -> None:
    answer, documents = response("not-object")

    assert (answer.status, content(answer), documents) == (202, [], 1)


def test_an_answer_may_lack_the_uuid() -> None:
    answer, documents = response("no-uuid")

    assert (answer.status, documents) == (202, 1)
    assert set(content(answer)) == {"status", "result", "message"}


def test_an_answer_may_be_a_200() -> None:
    answer, documents = response("ok-200")

    assert (answer.status, content(answer)["batchUuid"], documents) == (200, "AAAAAAAAAAAAAAAAAAAAAQ", 1)


def test_an_answer_may_lead_elsewhere() -> None:
    answer, documents = response("redirect", status=302, location="http://127.0.0.1:9/")

    assert (answer.status, answer.headers, documents) == (302, {"location": "http://127.0.0.1:9/"}, 0)


def test_a_huge_answer_has_billed() -> None:
    answer, documents = response("huge")

    assert (answer.status, answer.padding, documents) == (202, 50_000_000, 1)
    assert sum(map(len, answer.chunks())) == 50_000_000 + len(answer.body)


def test_an_answer_may_arrive_too_slowly() -> None:
    answer, documents = response("trickle", pieces=3, seconds=2)

    assert (list(answer.chunks()), answer.pause, documents) == ([b" ", b" ", b" ", answer.body], 2.0, 1)


def test_an_answer_may_be_wrongly_labelled() -> None:
    answer, documents = response("bad-encoding")

    assert (answer.headers["content-encoding"], documents) == ("gzip", 1)


def test_a_result_without_a_body_stays_without_one() -> None:
    simulator = a_simulator()
    simulator.settings.change({"result_shape": "empty", "processing_seconds": 0})
    uuid = simulator.submit()
    simulator.fail("result", "no-uuid")

    assert simulator.result(uuid).body == b""


@pytest.mark.parametrize("variant", TOKEN_GARBAGE)
def test_the_token_endpoint_may_lie(variant: str) -> None:
    simulator = a_simulator()
    truth = content(simulator.token()) | {"access_token": "token-2"}
    simulator.fail("token", "token-garbage", variant=variant)

    response = simulator.token()

    changes = TOKEN_GARBAGE[variant]
    kept = {name: value for name, value in (truth | changes).items() if value is not None}
    assert (response.status, content(response)) == (200, kept)


def test_tokens_given_before_may_expire_at_once() -> None:
    simulator = a_simulator()
    bearer = simulator.bearer()
    simulator.fail("document", "token-expired", times=1)
    path = "/arm/v1/clients/2218/documents/1"

    assert simulator.response("GET", path, authorization=bearer).status == 401
    assert simulator.response("GET", path, authorization=bearer).status == 401
    assert simulator.get("documents/1").status == 404


def test_a_lost_connection_is_logged_as_such() -> None:
    simulator: Simulator = a_simulator()
    simulator.fail("submit", "drop-after")

    simulator.post()

    assert simulator.api.log[-1].ending == "drop-after"


def test_without_permission_a_fault_after_has_not_billed() -> None:
    simulator = a_simulator()
    simulator.fail("submit", "drop-after")

    answer = simulator.ask("POST", "/arm/v1/clients/2218/documents/batches", b"{}")

    assert (answer, simulator.ledger.documents) == (Abort("drop-after"), [])
