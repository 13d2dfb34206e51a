import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from sandbox.arm.api import Logged
from sandbox.arm.faults import ABORTS_AFTER, ABORTS_BEFORE
from sandbox.arm.transport import ENDINGS, SimulatedTransport
from tests.support.arm_builders import Simulator, a_payload, a_simulator

TIMEOUT = httpx.Timeout(connect=2, read=10, write=5, pool=1)


@pytest.fixture
def simulator() -> Simulator:
    return a_simulator()


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    transport = SimulatedTransport(simulator.api, simulator.clock.sleep)
    headers = {"authorization": simulator.bearer()}
    with httpx.Client(transport=transport, base_url="http://arm/arm/v1", headers=headers, timeout=TIMEOUT) as client:
        yield client


def submit(client: httpx.Client) -> httpx.Response:
    return client.post("/clients/2218/documents/batches", json=a_payload())


def test_a_batch_goes_in_and_its_result_comes_out(simulator: Simulator, client: httpx.Client) -> None:
    submitted = submit(client)
    assert submitted.status_code == 202

    path = f"/clients/2218/batches/{submitted.json()['batchUuid']}"
    assert client.get(path).status_code == 202
    assert client.get("/clients/2218/documents/88776655").status_code == 404

    simulator.clock.sleep(1)
    assert client.get(path).json()["result"] == "OK"
    assert client.get("/clients/2218/documents/88776655").status_code == 200


def test_a_token_is_given_for_a_form(client: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "my-integration", "client_secret": "s3cr3t"}

    response = client.post("http://auth/token", data=form)

    assert response.json()["expires_in"] == 3600


def test_numbers_stay_percent_encoded_on_the_way(simulator: Simulator, client: httpx.Client) -> None:
    client.get("/clients/2218/documents/A%2F1")

    assert simulator.api.log[-1].path == "/arm/v1/clients/2218/documents/A%2F1"
    assert simulator.api.log[-1].endpoint == "document"


def test_every_lost_connection_has_its_exception() -> None:
    assert set(ENDINGS) == {*ABORTS_BEFORE, *ABORTS_AFTER}


@pytest.mark.parametrize(
    ("kind", "exception", "billed", "waited"),
    [
        ("refuse", httpx.ConnectError, 0, 0),
        ("dns", httpx.ConnectError, 0, 0),
        ("tls", httpx.ConnectError, 0, 0),
        ("connect-timeout", httpx.ConnectTimeout, 0, 2),
        ("pool-timeout", httpx.PoolTimeout, 0, 1),
        ("write-error", httpx.WriteError, 0, 0),
        ("write-error-after", httpx.WriteError, 1, 0),
        ("write-timeout", httpx.WriteTimeout, 0, 5),
        ("drop-before", httpx.RemoteProtocolError, 0, 0),
        ("drop-after", httpx.RemoteProtocolError, 1, 0),
        ("read-error-after", httpx.ReadError, 1, 0),
        ("read-timeout-before", httpx.ReadTimeout, 0, 10),
        ("read-timeout-after", httpx.ReadTimeout, 1, 10),
    ],
)
def test_a_lost_connection_raises_what_httpx_would_raise(
    simulator: Simulator, client: httpx.Client, kind: str, exception: type[Exception], billed: int, waited: int
) -> None:
    simulator.fail("submit", kind)
    start = simulator.clock.now()

    with pytest.raises(exception) as caught:
        submit(client)

    assert caught.type is exception
    assert len(simulator.ledger.documents) == billed
    assert simulator.clock.now() - start == timedelta(seconds=waited)


def test_a_slow_answer_arrives_within_the_timeout(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "slow", seconds=9.5)
    start = simulator.clock.now()

    assert submit(client).status_code == 202
    assert simulator.clock.now() - start == timedelta(seconds=9.5)


def test_a_slower_answer_does_not_arrive_but_has_billed(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "slow", seconds=30)
    start = simulator.clock.now()

    with pytest.raises(httpx.ReadTimeout):
        submit(client)

    assert len(simulator.ledger.documents) == 1
    assert simulator.clock.now() - start == timedelta(seconds=10)


def test_without_a_timeout_the_slowest_answer_arrives(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("result", "slow", seconds=3600)

    assert client.get("/clients/2218/batches/x", timeout=None).status_code == 404


def test_a_huge_answer_can_be_left_unread(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("result", "huge", megabytes=1_000_000)

    with client.stream("GET", "/clients/2218/batches/x") as response:
        first = next(response.iter_raw())

    assert first == b" " * 65_536


def test_a_huge_answer_ends_in_the_answer(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "huge", megabytes=1)

    response = submit(client)

    assert response.json()["result"] == "PENDING"
    assert len(response.content) == 1_000_000 + len(response.content.strip())


def test_an_answer_arrives_slowly_under_the_simulated_clock(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "trickle", seconds=9, pieces=4)
    start = simulator.clock.now()

    assert submit(client).json()["result"] == "PENDING"
    assert simulator.clock.now() - start == timedelta(seconds=45)


def test_an_answer_that_arrives_too_slowly_does_not_arrive(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "trickle", seconds=11)

    with pytest.raises(httpx.ReadTimeout):
        submit(client)


def test_a_wrongly_labelled_answer_cannot_be_decoded(simulator: Simulator, client: httpx.Client) -> None:
    simulator.fail("submit", "bad-encoding")

    with pytest.raises(httpx.DecodingError):
        submit(client)

    assert len(simulator.ledger.documents) == 1


def story(seed: int) -> list[Logged]:
    simulator, chance = a_simulator(), random.Random(seed)  # noqa: S311 (a simulation, not a secret)
    transport = SimulatedTransport(simulator.api, simulator.clock.sleep)
    with httpx.Client(transport=transport, base_url="http://arm/arm/v1") as client:
        for _ in range(20):
            simulator.fail("any", chance.choice(["status", "slow", "drop-after", "read-timeout-after"]), times=1)
            with suppress(httpx.TransportError):
                client.get("/clients/2218/documents/1")
    return simulator.api.log


def test_the_same_choices_give_the_same_story() -> None:
    assert story(7) == story(7)
    assert story(7) != story(8)
