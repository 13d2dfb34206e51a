"""The real ARM client over real sockets, against the simulator: each way in which a call can end."""

import json
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, override

import httpx
import pytest
from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.credentials import Credentials
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.outcomes import Ended, Waiting, read
from arm_relay.arm.wire import MAX_ANSWER, Wire
from arm_relay.batches.batch import Answer, OrderStatus, State

from sandbox.arm.client import ArmControl
from sandbox.arm.faults import TOKEN_GARBAGE
from sandbox.arm.server import ArmServer
from tests.support.arm_builders import a_document, a_payload, three_documents
from tests.support.builders import a_batch_order
from tests.support.contracts import DEFAULT

SECRET = "s3cr3t"
PAYLOAD = json.dumps(a_payload()).encode()

#: Without the certificates that take long to load: all is plain HTTP here.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

#: Short enough to wait for.
SHORT = httpx.Timeout(0.5)

#: The garbage in which there is a token all the same; its lifetime alone is nonsense.
USABLE = {variant for variant in TOKEN_GARBAGE if variant.startswith("expires-")}

#: How long a call may take, in seconds.
WITHIN = 60.0


@dataclass
class Line:
    """A client, and the local ports of the connections its answers came by."""

    client: ArmClient
    ports: list[int]


class Noting(httpx.HTTPTransport):
    """Notes the local port of the connection that each answer comes by."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(verify=PLAIN, trust_env=False)
        self._ports = ports

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self._ports.append(response.extensions["network_stream"].get_extra_info("client_addr")[1])
        return response


def a_line(server: ArmServer, *, haste: float = 1, secret: str = SECRET) -> Iterator[Line]:
    """`haste` makes the clock of the whole exchange run faster."""
    ports: list[int] = []

    with Noting(ports) as transport:
        wire = Wire(transport, lambda: time.monotonic() * haste)
        tokens = Tokens(wire, server.token_url, lambda: Credentials("my-integration", secret), time.monotonic)
        yield Line(ArmClient(wire, tokens, server.base_url, DEFAULT.turned), ports)


@pytest.fixture
def server() -> Iterator[ArmServer]:
    with ArmServer("my-integration", SECRET) as server:
        yield server


@pytest.fixture
def control(server: ArmServer) -> ArmControl:
    return ArmControl(server.control_url)


@pytest.fixture
def line(server: ArmServer) -> Iterator[Line]:
    yield from a_line(server)


@pytest.fixture
def arm(line: Line) -> ArmClient:
    return line.client


@pytest.fixture
def hasty(server: ArmServer) -> Iterator[ArmClient]:
    for line in a_line(server, haste=30):
        yield line.client


@pytest.fixture
def impatient(arm: ArmClient, monkeypatch: pytest.MonkeyPatch) -> ArmClient:
    monkeypatch.setattr("arm_relay.arm.client.ARM_TIMEOUT", SHORT)
    monkeypatch.setattr("arm_relay.arm.auth.TOKEN_TIMEOUT", SHORT)
    return arm


def submission_error(arm: ArmClient) -> ArmError:
    with pytest.raises(ArmError) as error:
        arm.submit("2218", PAYLOAD)
    assert SECRET not in f"{error.value!s} {error.value!r}"
    return error.value


def billed(control: ArmControl) -> int:
    return len(control.ledger()["documents"])


def asked(control: ArmControl) -> list[str]:
    return [request["endpoint"] for request in control.requests()]


def finished(arm: ArmClient, batch_uuid: str) -> Answer:
    while (answer := arm.result("2218", batch_uuid, WITHIN)).status == 202:
        time.sleep(0.02)
    return answer


# All well


def test_a_batch_goes_in_and_its_result_and_documents_come_out(arm: ArmClient, control: ArmControl) -> None:
    control.settings(failing_customers=["C2"], processing_seconds=1.0)
    orders = [
        a_batch_order(id=f"evt-{n}", order_id=f"B-{n}", customer_no=f"C{n}", document_no=f"A{n}") for n in (1, 2, 3)
    ]

    batch_uuid, answer = arm.submit("2218", json.dumps(a_payload(*three_documents())).encode())
    assert answer.status == 202
    assert read(arm.result("2218", batch_uuid, WITHIN), orders, DEFAULT) == Waiting()
    assert arm.document("2218", "A1", WITHIN) is None

    reading = read(finished(arm, batch_uuid), orders, DEFAULT)
    assert isinstance(reading, Ended)
    assert reading.state is State.PARTIALLY_FAILED
    assert [order.status for order in reading.orders] == [
        OrderStatus.SUCCEEDED,
        OrderStatus.FAILED,
        OrderStatus.SUCCEEDED,
    ]
    assert (arm.document("2218", "A1", WITHIN) or {})["customerNo"] == "C1"
    assert arm.document("2218", "A2", WITHIN) is None
    assert asked(control)[0] == "token"
    assert asked(control).count("token") == 1


def test_the_body_arrives_byte_for_byte(arm: ArmClient, control: ArmControl) -> None:
    payload = json.dumps(a_payload(a_document(customerMessage="Glædelig jul 💰")), ensure_ascii=False).encode()
    arm.submit("2218", payload)

    assert control.ledger()["batches"][0]["body"] == payload.decode()


@pytest.mark.parametrize("number", ["2025/17", "æøå", "100%", "a b", "a?b#c", "%2F", "..%2F", "a+b;c=d&e"])
def test_every_character_of_a_document_number_arrives(number: str, arm: ArmClient, control: ArmControl) -> None:
    control.settings(processing_seconds=0)
    arm.submit("2218", json.dumps(a_payload(a_document(documentNo=number))).encode())

    assert (arm.document("2218", number, WITHIN) or {})["documentNo"] == number
    assert arm.document("2218", number + "x", WITHIN) is None


def test_all_calls_share_one_connection(line: Line) -> None:
    batch_uuid, _ = line.client.submit("2218", PAYLOAD)
    for _ in range(5):
        line.client.result("2218", batch_uuid, WITHIN)
        line.client.document("2218", "1", WITHIN)

    assert len(line.ports) == 12
    assert len(set(line.ports)) == 1


def test_calls_at_once_share_a_pool_and_one_token(line: Line, control: ArmControl) -> None:
    with ThreadPoolExecutor(8) as threads:
        uuids = {uuid for uuid, _ in threads.map(lambda _: line.client.submit("2218", PAYLOAD), range(40))}

    assert len(uuids) == 40
    assert billed(control) == 40
    assert len(set(line.ports)) <= 8
    assert asked(control).count("token") == 1


def test_a_connection_that_arm_closed_is_not_used_again(line: Line, control: ArmControl) -> None:
    line.client.submit("2218", PAYLOAD)
    control.add_fault("any", "refuse")
    control.clear_faults()
    line.client.submit("2218", PAYLOAD)

    assert billed(control) == 2
    assert len(set(line.ports)) == 2


# Submissions that go wrong


def test_refused_connections_mean_not_sent(arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("any", "refuse")
    # Not even a token can be had.
    assert isinstance(submission_error(arm), NotSent)

    control.clear_faults()
    arm.submit("2218", PAYLOAD)
    control.add_fault("any", "refuse")
    error = submission_error(arm)

    assert isinstance(error, NotSent)
    assert error.cause == "no connection to ARM (ConnectError)"
    assert error.scope is Scope.ARM
    assert billed(control) == 1


@pytest.mark.parametrize(("kind", "number"), [("drop-before", 0), ("drop-after", 1)])
def test_a_dropped_connection_leaves_it_in_doubt(kind: str, number: int, arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", kind)
    error = submission_error(arm)

    assert isinstance(error, InDoubt)
    assert error.scope is Scope.ARM
    assert billed(control) == number
    # Nothing tries it again behind our back.
    assert asked(control) == ["token", "submit"]


def test_an_answer_that_comes_too_late_leaves_it_in_doubt(impatient: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", "slow", seconds=2.0)
    error = submission_error(impatient)

    assert isinstance(error, InDoubt)
    assert error.cause == "no answer from ARM (ReadTimeout)"
    assert billed(control) == 1


def test_an_answer_that_arrives_too_slowly_leaves_it_in_doubt(hasty: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", "trickle", seconds=0.05, pieces=60)
    began = time.monotonic()

    assert isinstance(submission_error(hasty), InDoubt)
    assert time.monotonic() - began < 2
    assert billed(control) == 1


@pytest.mark.parametrize("kind", ["error-500-before", "error-500-after"])
def test_a_server_error_leaves_it_in_doubt(kind: str, arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", kind)
    error = submission_error(arm)

    assert isinstance(error, InDoubt)
    assert error.cause == "ARM answered 500"


@pytest.mark.parametrize("kind", ["not-json", "not-object", "no-uuid", "bad-encoding"])
def test_an_answer_that_makes_no_sense_leaves_it_in_doubt(kind: str, arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", kind)

    assert isinstance(submission_error(arm), InDoubt)
    assert billed(control) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, arm: ArmClient, control: ArmControl, server: ArmServer) -> None:
    control.add_fault("submit", "redirect", status=status, location=f"{server.base_url}/clients/2218/elsewhere")

    assert isinstance(submission_error(arm), InDoubt)
    assert asked(control) == ["token", "submit"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(status, Refused) for status in (400, 422)],
        *[(status, NotSent) for status in (403, 404, 405, 413, 429)],
        *[(status, InDoubt) for status in (408, 409, 502, 503, 504)],
    ],
)
def test_each_status_has_its_consequence(
    status: int, kind: type[ArmError], arm: ArmClient, control: ArmControl
) -> None:
    control.add_fault("submit", "status", status=status)
    error = submission_error(arm)

    assert type(error) is kind
    assert error.answer
    assert error.answer.status == status


def test_arm_may_ask_for_time(arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", "status", status=429, retryAfter=120)
    error = submission_error(arm)

    assert isinstance(error, NotSent)
    assert error.retry_after
    assert error.retry_after.total_seconds() == 120


def test_a_malformed_batch_is_refused(arm: ArmClient) -> None:
    with pytest.raises(Refused, match="400"):
        arm.submit("2218", b'{"documents":[]}')


def test_a_200_with_a_batch_uuid_is_as_good_as_a_202(arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", "ok-200")

    assert arm.submit("2218", PAYLOAD)[1].status == 200


def test_an_answer_of_50_megabytes_is_not_read_to_its_end(line: Line, control: ArmControl) -> None:
    control.add_fault("submit", "huge", times=1, megabytes=50)
    error = submission_error(line.client)

    assert isinstance(error, InDoubt)
    assert error.answer
    assert len(error.answer.body) == MAX_ANSWER
    # The rest of it must not be taken for the next answer.
    assert line.client.submit("2218", PAYLOAD)[1].status == 202
    assert len(set(line.ports)) == 2


# Questions that go unanswered


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "error-500-before", "bad-encoding"])
def test_a_question_without_an_answer_is_no_answer(kind: str, arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("result", kind)
    control.add_fault("document", kind)

    with pytest.raises(NoAnswer):
        arm.result("2218", "u1", WITHIN)
    with pytest.raises(NoAnswer):
        arm.document("2218", "1", WITHIN)


def test_a_question_to_a_closed_door_is_no_answer(arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("any", "refuse")

    with pytest.raises(NoAnswer) as error:
        arm.result("2218", "u1", WITHIN)
    assert error.value.scope is Scope.TOKEN


def test_a_slow_result_is_no_answer(impatient: ArmClient, control: ArmControl) -> None:
    control.add_fault("result", "slow", seconds=2.0)

    with pytest.raises(NoAnswer, match="ReadTimeout"):
        impatient.result("2218", "u1", WITHIN)


def test_a_page_in_the_place_of_a_document_is_no_document(arm: ArmClient, control: ArmControl) -> None:
    control.settings(processing_seconds=0)
    arm.submit("2218", PAYLOAD)
    control.add_fault("document", "not-json")

    with pytest.raises(NoAnswer):
        arm.document("2218", "88776655", WITHIN)


# Tokens


def test_a_token_that_arm_forgot_is_renewed_once(arm: ArmClient, control: ArmControl) -> None:
    arm.submit("2218", PAYLOAD)
    control.add_fault("submit", "token-expired", times=1)
    arm.submit("2218", PAYLOAD)

    assert asked(control) == ["token", "submit", "submit", "token", "submit"]
    assert billed(control) == 2


def test_a_token_that_arm_never_accepts_is_renewed_only_once(arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("submit", "token-expired")
    error = submission_error(arm)

    assert isinstance(error, NotSent)
    assert error.cause == "ARM answered 401"
    assert asked(control) == ["token", "submit", "token", "submit"]
    assert billed(control) == 0


def test_wrong_credentials_mean_not_sent(server: ArmServer, control: ArmControl) -> None:
    for line in a_line(server, secret="guess"):
        error = submission_error(line.client)
        assert isinstance(error, NotSent)
        assert error.cause == "no token: the identity service answered 401"

    assert asked(control) == ["token"]


@pytest.mark.parametrize("variant", sorted(TOKEN_GARBAGE))
def test_a_lying_token_endpoint_means_not_sent_or_a_token(variant: str, arm: ArmClient, control: ArmControl) -> None:
    control.add_fault("token", "token-garbage", variant=variant)
    if variant in USABLE:
        arm.submit("2218", PAYLOAD)
        arm.submit("2218", PAYLOAD)
        assert asked(control) == ["token", "submit", "submit"]
    else:
        assert isinstance(submission_error(arm), NotSent)
        assert asked(control) == ["token"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("drop-before", {}),
        ("drop-after", {}),
        ("error-500-before", {}),
        ("status", {"status": 429}),
        ("not-json", {}),
        ("not-object", {}),
        ("bad-encoding", {}),
        ("redirect", {}),
        ("slow", {"seconds": 2.0}),
        ("huge", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_token_endpoint_in_trouble_means_not_sent(
    kind: str, parameters: dict[str, Any], impatient: ArmClient, control: ArmControl
) -> None:
    control.add_fault("token", kind, **parameters)
    error = submission_error(impatient)

    assert isinstance(error, NotSent)
    assert error.scope is Scope.TOKEN
    assert asked(control) == ["token"]


def test_a_token_that_arrives_too_slowly_means_not_sent(hasty: ArmClient, control: ArmControl) -> None:
    control.add_fault("token", "trickle", seconds=0.05, pieces=60)

    assert isinstance(submission_error(hasty), NotSent)
