import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from arm_relay.store.records import Lease, Marker
from arm_relay.store.table import Busy, Store, StoreUnavailable
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from moto import mock_aws

from tests.support.builders import NOW, TIMES, a_batch
from tests.support.store_contract import EXPIRY, MARKER_LIFE, TABLE, OneAtATime, StoreContract, create_tables


class Moto(OneAtATime):
    """Knows a request by its token, as moto does not."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 (a client of boto3's)
        super().__init__(client)
        self._tokens: set[str] = set()

    def transact_write_items(self, **request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        if request["ClientRequestToken"] not in self._tokens:
            self.call("transact_write_items", **request)
            self._tokens.add(request["ClientRequestToken"])


class TestStoreOnMoto(StoreContract):
    @pytest.fixture
    def dynamodb(self) -> Iterator[Any]:
        with mock_aws():
            client = boto3.client("dynamodb")
            create_tables(client)
            yield Moto(client)


# What moto cannot be made to answer.


class Body(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """Answers a client's requests in place of DynamoDB, the last answer for good: an error, or a status and a body."""

    def __init__(self, *answers: Exception | tuple[int, dict[str, Any]]) -> None:
        self._answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    def client(self) -> Any:  # noqa: ANN401 (a client of boto3's)
        client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
        client.meta.events.register("before-send.dynamodb", self._answer)
        return client

    def _answer(self, request: Any, **_: object) -> Any:  # noqa: ANN401 (an AWSPreparedRequest, an AWSResponse)
        self.requests.append(json.loads(request.body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return AWSResponse(request.url, status, HTTPHeaders(), Body(json.dumps(body).encode()))


def a_store(*answers: Exception | tuple[int, dict[str, Any]]) -> Store:
    return Store(Wire(*answers).client(), TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)


def an_error(code: str, **more: object) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no", **more}


def cancelled(*codes: str) -> tuple[int, dict[str, Any]]:
    return an_error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


ERRORS = [
    an_error("ProvisionedThroughputExceededException"),
    an_error("ThrottlingException"),
    an_error("AccessDeniedException"),
    an_error("ResourceNotFoundException"),
    an_error("ValidationException"),
    (500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}),
    (503, {}),
    EndpointConnectionError(endpoint_url="dynamodb"),
    ConnectTimeoutError(endpoint_url="dynamodb"),
    ReadTimeoutError(endpoint_url="dynamodb"),
    ConnectionClosedError(endpoint_url="dynamodb"),
    NoCredentialsError(),
]

CALLS: list[Callable[[Store], object]] = [
    lambda store: store.claim(a_batch(), {}),
    lambda store: store.markers("2218", ["evt-1"]),
    lambda store: store.batches(["b1"]),
    lambda store: store.batch("b1"),
    lambda store: store.save(a_batch()),
    lambda store: store.lease("0", "one", NOW, NOW),
    lambda store: store.release("0", "one", NOW, Lease()),
    lambda store: store.save_all([a_batch(), a_batch(id="b2")]),
    lambda store: store.unfinished(),
    lambda store: store.waiting("0"),
    lambda store: store.hold_unreadable("b1", "damaged", NOW),
    lambda store: list(store.due("0", NOW)),
    lambda store: store.held("2218", 10),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_whatever_goes_wrong_with_a_call_the_table_is_unavailable(error: Exception | tuple[int, Any]) -> None:
    for call in CALLS:
        with pytest.raises(StoreUnavailable) as raised:
            call(a_store(error))
        assert type(raised.value) is StoreUnavailable


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_claim_that_another_request_is_in_the_way_of_is_busy(reason: str) -> None:
    with pytest.raises(Busy):
        a_store(cancelled("None", reason)).claim(a_batch(), {})


def test_a_claim_that_met_both_a_known_order_and_another_request_is_not_made() -> None:
    assert not a_store(cancelled("TransactionConflict", "ConditionalCheckFailed")).claim(a_batch(), {})


def test_a_conflict_of_a_single_write_is_not_taken_for_somebody_elses_version() -> None:
    with pytest.raises(StoreUnavailable):
        a_store(an_error("TransactionConflictException")).save(a_batch())


def test_what_is_throttled_of_a_read_is_asked_for_again() -> None:
    key = {"pk": {"S": "ORDER#2218#evt-1"}}
    left = {TABLE: {"Keys": [key], "ConsistentRead": True}}
    expires_at = {"N": str(int(EXPIRY.timestamp()))}
    found = key | {"id": {"S": "evt-1"}, "batchId": {"S": "b1"}, "digest": {"S": "d1"}, "expiresAt": expires_at}
    wire = Wire(
        (200, {"Responses": {TABLE: []}, "UnprocessedKeys": left}),
        (200, {"Responses": {}, "UnprocessedKeys": left}),
        (200, {"Responses": {TABLE: [found]}, "UnprocessedKeys": {}}),
    )
    store = Store(wire.client(), TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    assert store.markers("2218", ["evt-1"]) == {"evt-1": Marker("b1", "evt-1", "d1", EXPIRY)}
    assert [request["RequestItems"] for request in wire.requests[1:]] == [left, left]


def test_a_read_that_stays_throttled_is_given_up() -> None:
    left = {TABLE: {"Keys": [{"pk": {"S": "BATCH#b1"}}], "ConsistentRead": True}}

    with pytest.raises(StoreUnavailable, match="throttles"):
        a_store((200, {"Responses": {}, "UnprocessedKeys": left})).batches(["b1"])


def test_a_claim_carries_its_batch_id_as_token_so_that_botocore_may_repeat_it() -> None:
    wire = Wire((200, {}))
    store = Store(wire.client(), TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    store.claim(a_batch(), {})

    assert wire.requests[0]["ClientRequestToken"] == "batch-1"
