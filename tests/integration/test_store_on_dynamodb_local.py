import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.store.table import Store
from botocore.config import Config

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.store_contract import (
    TABLE,
    BulkContract,
    StoreContract,
    create_tables,
    delete_tables,
    ended,
    recorded,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
else:
    type DynamoDBClient = Any

#: As many connections as the contract has threads.
CONFIG = Config(max_pool_connections=30)


class TestStoreOnDynamoDBLocal(StoreContract, BulkContract):
    @pytest.fixture
    def dynamodb(self, dynamodb_local: str) -> Iterator[DynamoDBClient]:
        client = boto3.client("dynamodb", endpoint_url=dynamodb_local, config=CONFIG)
        # It remembers the tokens of requests beyond the life of the table.
        own = f"{uuid.uuid4().hex[:16]}-"
        client.meta.events.register(
            "provide-client-params.dynamodb.TransactWriteItems",
            lambda params, **_: params | {"ClientRequestToken": own + params["ClientRequestToken"]},
        )
        create_tables(client)
        yield client
        delete_tables(client)
        client.close()


def test_a_batch_that_is_never_held_writes_nothing_to_the_index_of_held_ones(dynamodb_local: str) -> None:
    client = boto3.client("dynamodb", endpoint_url=dynamodb_local, config=CONFIG)
    written: list[dict[str, Any]] = []
    for operation in ("PutItem", "TransactWriteItems"):
        client.meta.events.register(
            f"provide-client-params.dynamodb.{operation}",
            lambda params, **_: params | {"ReturnConsumedCapacity": "INDEXES"},
        )
        client.meta.events.register(f"after-call.dynamodb.{operation}", lambda parsed, **_: written.append(parsed))
    create_tables(client)
    try:
        store = Store(client, TABLE, retention=TIMES.retention, marker_life=TIMES.retention)
        batch = a_batch(id=uuid.uuid4().hex)
        store.claim(batch, {})
        store.save(steps.announced(recorded(store.save(ended(batch)))))
        ordinary = indexes(written)
        written.clear()
        held = a_batch(id=uuid.uuid4().hex, orders=(a_batch_order(id="evt-2"),))
        store.claim(held, {})
        store.save(steps.held(held, "too old", NOW))
        assert (ordinary, indexes(written)) == ({"day", "due", "orderId"}, {"day", "due", "held", "orderId"})
    finally:
        delete_tables(client)
        client.close()


def indexes(answers: Sequence[Mapping[str, Any]]) -> set[str]:
    """Those that were written to, by the capacity it took."""
    tables = [capacity for answer in answers for capacity in as_list(answer["ConsumedCapacity"])]
    return {
        name
        for table in tables
        for name, capacity in table.get("GlobalSecondaryIndexes", {}).items()
        if capacity["CapacityUnits"]
    }


def as_list(capacity: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (one table's, or a list of them)
    return capacity if isinstance(capacity, list) else [capacity]
