import io
import json
from collections.abc import Callable, Iterator
from typing import Any, override

import pytest
from arm_relay.bootstrap import botocore_loader
from arm_relay.bootstrap.botocore_loader import Items, Models, Parsers, PlainJson, client, fast_client, fast_session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.loaders import Loader
from botocore.parsers import ResponseParserFactory

CONFIG = Config(region_name="eu-north-1")
SERVICES = ["dynamodb", "secretsmanager", "sns"]


class Changed(Models):
    """The fast way in a botocore that calls its loader in another way."""

    @override
    def load_service_model(self, *arguments: Any, **keywords: Any) -> Any:
        raise TypeError("an argument that nothing here knows")


@pytest.fixture(autouse=True)
def new_session() -> Iterator[None]:
    fast_session.cache_clear()
    yield
    fast_session.cache_clear()


@pytest.mark.parametrize("service", SERVICES)
def test_the_fast_way_makes_the_client_that_botocore_makes(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = fast_client(service, CONFIG)
    fast_session.cache_clear()
    monkeypatch.setattr(botocore_loader, "Models", Loader)
    plain = fast_client(service, CONFIG)

    assert fast.meta.method_to_api_mapping == plain.meta.method_to_api_mapping
    assert fast.meta.endpoint_url == plain.meta.endpoint_url


@pytest.mark.parametrize("service", SERVICES)
def test_the_fast_way_reads_the_service_into_plain_dicts(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Watched(PlainJson):
        @override
        def load_file(self, file_path: str) -> Any:
            read.append(file_path)
            return super().load_file(file_path)

    monkeypatch.setattr(Models, "FILE_LOADER_CLASS", Watched)

    fast_client(service, CONFIG)

    assert any(f"/{service}/" in path for path in read)


@pytest.mark.parametrize("service", SERVICES)
def test_a_botocore_that_has_changed_makes_the_client_in_its_own_way(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(botocore_loader, "Models", Changed)
    with pytest.raises(TypeError):
        fast_client(service, CONFIG)

    assert client(service, CONFIG).meta.service_model.service_name == service


#: One attribute of each kind, as DynamoDB sends it.
ATTRIBUTES = {
    "S": {"S": "text"},
    "empty": {"S": ""},
    "N": {"N": "1.5"},
    "B": {"B": "Ynl0ZXM="},
    "BOOL": {"BOOL": False},
    "NULL": {"NULL": True},
    "SS": {"SS": ["a", "b"]},
    "NS": {"NS": ["1", "2"]},
    "BS": {"BS": ["MQ=="]},
    "M": {"M": {"S": {"S": "text"}, "B": {"B": "MQ=="}, "M": {"M": {}}}},
    "L": {"L": [{"S": "text"}, {"B": "MQ=="}, {"M": {"N": {"N": "1"}}}]},
}
TABLE = "relay"
KEY = {"pk": {"S": "BATCH#1"}}
ANSWERS: dict[str, dict[str, object]] = {
    "GetItem": {"Item": ATTRIBUTES},
    "Query": {"Items": [ATTRIBUTES, {}], "Count": 2, "LastEvaluatedKey": KEY},
    "BatchGetItem": {"Responses": {TABLE: [ATTRIBUTES]}, "UnprocessedKeys": {TABLE: {"Keys": [KEY]}}},
    "PutItem": {"Attributes": ATTRIBUTES, "ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": 1.5}},
    "BatchWriteItem": {"UnprocessedItems": {TABLE: [{"PutRequest": {"Item": ATTRIBUTES}}]}},
    "BatchExecuteStatement": {"Responses": [{"TableName": TABLE}, {"Error": {"Code": "X", "Item": ATTRIBUTES}}]},
}


@pytest.mark.parametrize("operation", ANSWERS)
def test_the_fast_way_reads_what_botocore_reads(operation: str) -> None:
    shape = fast_client("dynamodb", CONFIG).meta.service_model.operation_model(operation).output_shape
    answer = {"status_code": 200, "headers": {}, "body": json.dumps(ANSWERS[operation]).encode(), "context": {}}

    fast = Parsers().create_parser("json").parse(answer, shape)

    assert fast == ResponseParserFactory().create_parser("json").parse(answer, shape)


class Body(io.BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


def asking_for_more(_self: Items, _shape: object, value: object, _more: object) -> object:
    return value


def finding_nothing(_self: Items, _shape: object, _value: object) -> object:
    return {}


@pytest.mark.parametrize("changed", [asking_for_more, finding_nothing])
def test_a_botocore_that_reads_in_another_way_reads_by_itself(
    changed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Items, "_handle_map", changed)
    made = client("dynamodb", CONFIG)
    answer = AWSResponse("https://dynamodb.test/", 200, HTTPHeaders(), Body(json.dumps({"Item": KEY}).encode()))
    made.meta.events.register("before-send.dynamodb", lambda **_: answer)

    assert made.get_item(TableName=TABLE, Key=KEY)["Item"] == KEY
