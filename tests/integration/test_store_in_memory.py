"""The simulation's DynamoDB is admitted because it keeps the same contract as the real ones."""

from typing import Any

import pytest

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.store_contract import BulkContract, OneAtATime, StoreContract


class TestStoreInMemory(StoreContract, BulkContract):
    @pytest.fixture
    def dynamodb(self) -> Any:  # noqa: ANN401 (a client of boto3's, or one that does as it does)
        return OneAtATime(InMemoryDynamoDB())
