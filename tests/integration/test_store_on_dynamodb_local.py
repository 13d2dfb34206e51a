import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from tests.store_contract import TABLE, StoreContract, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
else:
    type DynamoDBClient = Any

#: As many connections as the contract has threads.
CONFIG = Config(max_pool_connections=30)


class TestStoreOnDynamoDBLocal(StoreContract):
    @pytest.fixture
    def dynamodb(self, dynamodb_local: str) -> Iterator[DynamoDBClient]:
        client = boto3.client("dynamodb", endpoint_url=dynamodb_local, config=CONFIG)
        # It remembers the tokens of requests beyond the life of the table.
        own = f"{uuid.uuid4().hex[:16]}-"
        client.meta.events.register(
            "provide-client-params.dynamodb.TransactWriteItems",
            lambda params, **_: params | {"ClientRequestToken": own + params["ClientRequestToken"]},
        )
        create_table(client)
        yield client
        client.delete_table(TableName=TABLE)
        client.close()
