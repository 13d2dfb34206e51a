from typing import Any

import pytest

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.store_contract import OneAtATime, StoreContract


class TestStoreOnTheSimulatedTable(StoreContract):
    @pytest.fixture
    def dynamodb(self) -> Any:
        return OneAtATime(InMemoryDynamoDB())
