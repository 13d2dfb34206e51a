"""DynamoDB in memory: the five requests the store sends and the expressions it uses, and nothing else.

It passes the same contract as moto and DynamoDB Local (tests/store_contract.py).
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from arm_relay.store import table
from botocore.exceptions import ClientError

type Item = Mapping[str, Any]

#: The conditions of writes, by the very text the store sends.
CONDITIONS: Final[Mapping[str, Callable[[Item | None, Mapping[str, Any]], bool]]] = {
    table.IS_NEW: lambda item, _: item is None,
    table.IS_OF_BATCH: lambda item, values: item is not None and item["batchId"] == values[":batchId"],
    table.IS_AT_VERSION: lambda item, values: item is not None and item["version"] == values[":version"],
    table.IS_FREE: lambda item, values: item is None or item["leasedUntil"]["S"] < values[":free"]["S"],
    table.IS_LEASED_BY: lambda item, values: item is not None and item["leasedBy"] == values[":owner"],
}

#: The conditions of queries, by the text as well.
QUERIES: Final[Mapping[str, Callable[[Item, Mapping[str, Any]], bool]]] = {
    table.IS_DUE: lambda item, values: item["shard"] == values[":shard"] and item["due"]["S"] <= values[":now"]["S"],
    table.IS_OF_SHARD: lambda item, values: bool(item["shard"] == values[":shard"]),
    table.IS_HELD_OF: lambda item, values: bool(item["heldOf"] == values[":client"]),
}

#: The partition and sort key of each index.
KEYS: Final = {"due": ("shard", "due"), "held": ("heldOf", "endedAt")}

#: The most a transaction may hold.
MAX_TRANSACTION: Final = 100
#: The most one item may hold, in bytes.
MAX_ITEM: Final = 400 * 1024


class InMemoryDynamoDB:
    """One table with its indexes; `later` carries changes of the table over to them."""

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda change: change()) -> None:
        #: Replaced where a test wants to see what a condition is good for.
        self.conditions = CONDITIONS
        self.items: dict[str, Item] = {}
        self._indexed: dict[str, Item] = {}
        self._tokens: set[str] = set()
        self._later = later

    def transact_write_items(self, *, TransactItems: Sequence[Any], ClientRequestToken: str) -> dict[str, Any]:  # noqa: N803
        """All puts or none."""
        if ClientRequestToken in self._tokens:
            return {}
        puts = [entry["Put"] for entry in TransactItems]
        keys = {put["Item"]["pk"]["S"] for put in puts}
        if len(puts) > MAX_TRANSACTION or len(keys) != len(puts):
            raise client_error("ValidationException", "TransactWriteItems")
        reasons = [{"Code": "None" if self._holds(put) else "ConditionalCheckFailed"} for put in puts]
        if any(reason["Code"] != "None" for reason in reasons):
            raise client_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
        self._tokens.add(ClientRequestToken)
        for put in puts:
            self._put(put["Item"])
        return {}

    def put_item(self, **put: Any) -> dict[str, Any]:
        """One put."""
        if not self._holds(put):
            raise client_error("ConditionalCheckFailedException", "PutItem")
        self._put(put["Item"])
        return {}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:  # noqa: ARG002, N803
        """One item, consistently."""
        item = self.items.get(Key["pk"]["S"])
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Many items, consistently."""
        ((table, request),) = RequestItems.items()
        keys = [key["pk"]["S"] for key in request["Keys"]]
        if not 1 <= len(keys) <= MAX_TRANSACTION or len(set(keys)) != len(keys):
            raise client_error("ValidationException", "BatchGetItem")
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}

    def query(self, **query: Any) -> dict[str, Any]:
        """A page of an index, in the order of its sort key."""
        partition, sort = KEYS[query["IndexName"]]
        is_found = QUERIES[query["KeyConditionExpression"]]
        values = query["ExpressionAttributeValues"]
        found = [item for item in self._indexed.values() if {partition, sort} <= item.keys() and is_found(item, values)]
        place = functools.partial(_place, sort=sort)
        start = query.get("ExclusiveStartKey")
        left = sorted((item for item in found if not start or place(item) > place(start)), key=place)
        if query.get("Select") == "COUNT":
            return {"Count": len(left)}
        page = left[: query["Limit"]]
        keys = {name: page[-1][name] for name in ("pk", partition, sort)} if page else {}
        # As in DynamoDB, a full page says that there may be more.
        return {"Items": page} | ({"LastEvaluatedKey": keys} if len(page) == query["Limit"] else {})

    def _holds(self, put: Mapping[str, Any]) -> bool:
        condition = self.conditions[put["ConditionExpression"]]
        return condition(self.items.get(put["Item"]["pk"]["S"]), put.get("ExpressionAttributeValues", {}))

    def _put(self, item: Item) -> None:
        key = item["pk"]["S"]
        if len(repr(item)) > 2 * MAX_ITEM:
            raise client_error("ValidationException", "PutItem")
        self.items[key] = item
        self._later(lambda: self._carry_over(key))

    def _carry_over(self, key: str) -> None:
        self._indexed[key] = self.items[key]


def _place(item: Item, sort: str) -> tuple[str, str]:
    return item[sort]["S"], item["pk"]["S"]


def client_error(code: str, operation: str, **more: object) -> ClientError:
    """The exception boto3 raises for an error answer."""
    answer: Any = {"Error": {"Code": code, "Message": "simulated"}, **more}
    return ClientError(answer, operation)
