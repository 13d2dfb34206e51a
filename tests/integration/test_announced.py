"""The table of what was announced: on moto, on DynamoDB Local and in memory, by one contract."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from arm_relay.store.announced import Announced
from arm_relay.store.table import StoreUnavailable
from moto import mock_aws

from tests.simulation.announced import AnnouncedInMemory
from tests.support.announced_contract import AnnouncedContract, an_announcement
from tests.support.builders import TIMES
from tests.support.store_contract import ANNOUNCED, create_tables, delete_tables


class TestAnnouncedOnMoto(AnnouncedContract):
    @pytest.fixture
    def announced_table(self) -> Iterator[Any]:
        with mock_aws():
            client = boto3.client("dynamodb")
            create_tables(client)
            yield client


class TestAnnouncedOnDynamoDBLocal(AnnouncedContract):
    @pytest.fixture
    def announced_table(self, dynamodb_local: str) -> Iterator[Any]:
        client = boto3.client("dynamodb", endpoint_url=dynamodb_local)
        create_tables(client)
        yield client
        delete_tables(client)
        client.close()


class TestAnnouncedInMemory(AnnouncedContract):
    @pytest.fixture
    def announced_table(self) -> Any:  # noqa: ANN401 (a client of boto3's, or one that does as it does)
        return AnnouncedInMemory()


class Throttled(AnnouncedInMemory):
    """Takes the first item of each request only."""

    def batch_write_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: ANN401, N803 (as boto3 has it)
        ((table, requests),) = RequestItems.items()
        super().batch_write_item(RequestItems={table: requests[:1]})
        return {"UnprocessedItems": {table: requests[1:]}}


def test_what_dynamodb_did_not_take_is_not_said_to_be_kept() -> None:
    table: Any = Throttled()
    announced = Announced(table, ANNOUNCED, TIMES.retention)

    assert announced.keep([an_announcement(1), an_announcement(2)]) == {"batch-1.1"}


def test_a_table_that_is_out_of_reach_is_told_as_that() -> None:
    with mock_aws():
        announced = Announced(boto3.client("dynamodb"), "none", TIMES.retention)

        with pytest.raises(StoreUnavailable):
            announced.keep([an_announcement(1)])
        with pytest.raises(StoreUnavailable):
            list(announced.after("2218", "", 10))
