"""The ARM simulator over real HTTP: what a client sees of it, and of every fault it can play."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from sandbox.arm.client import ArmControl
from sandbox.arm.faults import HTTP_KINDS, TOKEN_GARBAGE
from sandbox.arm.server import ArmServer
from tests.support.arm_builders import a_document, a_payload, three_documents

FORM = {"grant_type": "client_credentials", "client_id": "my-integration", "client_secret": "s3cr3t"}

#: Without the certificates that take long to load: all is plain HTTP here.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def server() -> Iterator[ArmServer]:
    with ArmServer("my-integration", "s3cr3t") as server:
        yield server


@pytest.fixture
def control(server: ArmServer) -> ArmControl:
    return ArmControl(server.control_url)


@pytest.fixture
def client(server: ArmServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=5, verify=PLAIN) as client:
        authorize(client, server)
        yield client


def authorize(client: httpx.Client, server: ArmServer) -> None:
    client.headers["authorization"] = f"Bearer {token(client, server).json()['access_token']}"


def token(client: httpx.Client, server: ArmServer) -> httpx.Response:
    return client.post(server.token_url, data=FORM)


def submit(client: httpx.Client, *documents: dict[str, object]) -> httpx.Response:
    return client.post("/clients/2218/documents/batches", json=a_payload(*documents))


def billed(control: ArmControl) -> int:
    return len(control.ledger()["documents"])


def finished(client: httpx.Client, submitted: httpx.Response) -> httpx.Response:
    """The batch's result, once there is one."""
    while (response := client.get(submitted.json()["getResult"])).status_code == 202:
        time.sleep(0.02)
    return response


def test_a_batch_goes_in_and_its_result_comes_out(client: httpx.Client, control: ArmControl) -> None:
    # Long enough for the first question to come before the result, on a busy machine too.
    control.settings(failing_customers=["C2"], processing_seconds=3)

    submitted = submit(client, *three_documents())
    assert submitted.status_code == 202
    assert client.get("/clients/2218/documents/A1").status_code == 404

    response = finished(client, submitted)
    assert response.status_code == 206
    assert [entry["result"] for entry in response.json()["documents"]] == ["OK", "FAILED", "OK"]
    assert client.get("/clients/2218/documents/a1").json()["documentNo"] == "A1"
    assert client.get("/clients/2218/documents/a2").status_code == 404


def test_get_result_is_an_absolute_url_of_the_server(client: httpx.Client, server: ArmServer) -> None:
    answer = submit(client).json()

    assert answer["getResult"] == f"{server.base_url}/clients/2218/batches/{answer['batchUuid']}"
    assert len(answer["batchUuid"]) == 22


def test_wrong_credentials_get_no_token(client: httpx.Client, server: ArmServer) -> None:
    response = client.post(server.token_url, data=FORM | {"client_secret": "guess"})

    assert response.status_code == 401


def test_without_a_token_nothing_is_taken(client: httpx.Client, control: ArmControl) -> None:
    del client.headers["authorization"]

    assert submit(client).status_code == 401
    assert billed(control) == 0


def test_a_malformed_batch_is_refused(client: httpx.Client) -> None:
    assert submit(client, a_document(dueDate=None)).status_code == 400


def test_connections_are_kept_alive(client: httpx.Client) -> None:
    assert len({local_port(client) for _ in range(3)}) == 1


def local_port(client: httpx.Client) -> int:
    with client.stream("GET", "/clients/2218/documents/1") as response:
        port: int = response.extensions["network_stream"].get_extra_info("client_addr")[1]
        response.read()
    return port


def test_many_calls_at_once_all_count(client: httpx.Client, control: ArmControl) -> None:
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: submit(client).status_code, range(40)))

    assert statuses == [202] * 40
    assert billed(control) == 40


def test_refused_connections_are_refused_until_cleared(
    client: httpx.Client, control: ArmControl, server: ArmServer
) -> None:
    control.add_fault("any", "refuse")
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            submit(client)
    with pytest.raises(httpx.ConnectError):
        token(client, server)

    control.clear_faults()
    assert submit(client).status_code == 202
    assert billed(control) == 1


def test_refusing_ends_a_slow_answer(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "slow", seconds=60)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(submit, client)
        while not billed(control):
            time.sleep(0.02)
        control.add_fault("any", "refuse")

        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            waiting.result(timeout=5)


@pytest.mark.parametrize(("kind", "documents"), [("drop-before", 0), ("drop-after", 1)])
def test_a_dropped_connection_is_a_protocol_error(
    client: httpx.Client, control: ArmControl, kind: str, documents: int
) -> None:
    control.add_fault("submit", kind, times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        submit(client)

    assert billed(control) == documents
    assert submit(client).status_code == 202


@pytest.mark.parametrize(
    ("kind", "parameters", "status", "documents"),
    [
        ("error-500-before", {}, 500, 0),
        ("error-500-after", {}, 500, 1),
        ("status", {"status": 403}, 403, 0),
        ("status", {"status": 504, "taken": True}, 504, 1),
        ("not-json", {}, 202, 1),
        ("not-object", {}, 202, 1),
        ("no-uuid", {}, 202, 1),
        ("ok-200", {}, 200, 1),
        ("redirect", {"status": 302}, 302, 0),
        ("token-expired", {}, 401, 0),
    ],
)
def test_a_fault_is_a_status(
    client: httpx.Client, control: ArmControl, kind: str, parameters: dict[str, object], status: int, documents: int
) -> None:
    control.add_fault("submit", kind, **parameters)  # type: ignore[arg-type]

    response = submit(client)

    assert (response.status_code, billed(control)) == (status, documents)


def test_a_status_may_say_when_to_retry(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("result", "status", status=429, retryAfter=7)

    response = client.get("/clients/2218/batches/x")

    assert (response.status_code, response.headers["retry-after"]) == (429, "7")


def test_a_slow_answer_times_out_after_the_effect(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "slow", seconds=30, times=1)

    with pytest.raises(httpx.ReadTimeout):
        client.post("/clients/2218/documents/batches", json=a_payload(), timeout=0.2)

    assert billed(control) == 1


def test_a_huge_answer_comes_in_pieces(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "huge", megabytes=3, times=1)

    response = submit(client)

    assert (response.status_code, "content-length" in response.headers) == (202, False)
    assert response.json()["result"] == "PENDING"
    assert len(response.content) > 3_000_000


def test_an_answer_that_arrives_too_slowly_meets_no_read_timeout(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "trickle", seconds=0.1, pieces=5, times=1)

    response = client.post("/clients/2218/documents/batches", json=a_payload(), timeout=0.3)

    assert response.json()["result"] == "PENDING"
    assert response.elapsed.total_seconds() > 0.5


def test_a_wrongly_labelled_answer_cannot_be_decoded(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "bad-encoding", times=1)

    with pytest.raises(httpx.DecodingError):
        submit(client)

    assert billed(control) == 1


def test_a_client_may_leave_a_huge_answer(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "huge", times=1)

    with client.stream("POST", "/clients/2218/documents/batches", json=a_payload()) as response:
        next(response.iter_raw())

    assert submit(client).status_code == 202


@pytest.mark.parametrize("variant", TOKEN_GARBAGE)
def test_the_token_endpoint_may_lie(client: httpx.Client, control: ArmControl, server: ArmServer, variant: str) -> None:
    control.add_fault("token", "token-garbage", variant=variant)

    response = token(client, server)

    changed = {name: response.json().get(name) for name in TOKEN_GARBAGE[variant]}
    assert (response.status_code, changed) == (200, TOKEN_GARBAGE[variant])


@pytest.mark.parametrize("kind", sorted(HTTP_KINDS - {"refuse"}))
@pytest.mark.parametrize("endpoint", ["token", "submit", "result", "document"])
def test_every_fault_is_over_when_its_calls_are(
    client: httpx.Client, control: ArmControl, server: ArmServer, endpoint: str, kind: str
) -> None:
    calls = {
        "token": lambda: token(client, server),
        "submit": lambda: submit(client),
        "result": lambda: client.get("/clients/2218/batches/x"),
        "document": lambda: client.get("/clients/2218/documents/x"),
    }
    quick: dict[str, dict[str, int | float]] = {
        "huge": {"megabytes": 1},
        "slow": {"seconds": 0.01},
        "trickle": {"seconds": 0.01, "pieces": 3},
    }
    control.add_fault(endpoint, kind, times=1, **quick.get(kind, {}))

    with suppress(httpx.TransportError, httpx.DecodingError):
        calls[endpoint]()

    assert control.faults() == []
    authorize(client, server)
    assert calls[endpoint]().status_code in {200, 202, 404}


def test_the_ledger_shows_what_was_received(client: httpx.Client, control: ArmControl) -> None:
    body = json.dumps(a_payload(), indent=2)
    headers = {"content-type": "application/json"}

    uuid = client.post("/clients/2218/documents/batches", content=body, headers=headers).json()["batchUuid"]

    ledger = control.ledger()
    [batch], [document] = ledger["batches"], ledger["documents"]
    assert (batch["batchUuid"], batch["clientNo"], batch["body"]) == (uuid, "2218", body)
    assert batch["payload"] == a_payload()
    assert batch["outcomes"][0]["result"] == "created"
    assert (document["documentNo"], document["batchUuid"]) == ("88776655", uuid)
    assert document["payload"] == a_document()


def test_the_ledger_can_be_cleared(client: httpx.Client, control: ArmControl) -> None:
    submit(client)

    control.clear_ledger()

    assert control.ledger() == {"batches": [], "documents": []}


def test_the_log_shows_every_call_and_no_secret(client: httpx.Client, control: ArmControl) -> None:
    control.add_fault("submit", "drop-after", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        submit(client)

    log = control.requests()

    assert [(entry["method"], entry["path"], entry["ending"]) for entry in log] == [
        ("POST", "/token", 200),
        ("POST", "/arm/v1/clients/2218/documents/batches", "drop-after"),
    ]
    assert "s3cr3t" not in json.dumps(log)
    assert client.headers["authorization"].removeprefix("Bearer ") not in json.dumps(log)


@pytest.mark.parametrize(
    ("endpoint", "kind", "times", "words"),
    [
        ("customers", "slow", None, "no endpoint"),
        ("submit", "explode", None, "no kind"),
        ("submit", "dns", None, "dns cannot be played over HTTP"),
        ("submit", "refuse", None, "for any endpoint"),
        ("any", "refuse", 1, "until it is cleared"),
    ],
)
def test_a_fault_that_cannot_be_is_not_accepted(
    control: ArmControl, endpoint: str, kind: str, times: int | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        control.add_fault(endpoint, kind, times=times)


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"endpoint": "any", "kind": "slow", "seconds": 1}'])
def test_a_control_request_that_is_not_understood_is_refused(server: ArmServer, body: str) -> None:
    response = httpx.post(f"{server.control_url}/faults", content=body)

    assert response.status_code == 400


def test_control_says_what_it_can_do(server: ArmServer) -> None:
    response = httpx.get(server.control_url)

    assert response.status_code == 404
    assert "PATCH /settings" in response.json()["message"]


def test_settings_are_changed_and_shown(control: ArmControl) -> None:
    assert control.settings()["result_shape"] == "per-document"

    assert control.settings(result_shape="by-order")["result_shape"] == "by-order"

    with pytest.raises(ValueError, match="result_shape"):
        control.settings(result_shape="by-magic")


def test_a_port_in_use_is_an_error(server: ArmServer) -> None:
    taken = int(server.control_url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        ArmServer("my-integration", "s3cr3t", control_port=taken)


def test_ports_and_threads_are_given_back() -> None:
    threads = threading.active_count()
    with ArmServer("my-integration", "s3cr3t") as server, httpx.Client() as client:
        token(client, server)
        ArmControl(server.control_url).add_fault("any", "refuse")
    port = int(server.token_url.rpartition(":")[2].removesuffix("/token"))

    assert threading.active_count() == threads
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))


def test_the_command_prints_where_it_is_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "sandbox.arm", "--client-id", "me", "--client-secret", "mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own module)
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        form = FORM | {"client_id": "me", "client_secret": "mine"}
        answered = httpx.post(ready["armTokenUrl"], data=form).status_code
        process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=10)

    assert set(ready) == {"armBaseUrl", "armTokenUrl", "controlUrl", "clientId", "clientSecret"}
    assert (answered, ended) == (200, 0)
