"""DynamoDB in memory: the requests that the store sends and the expressions it uses, and nothing else.

It passes the same contract as moto and DynamoDB Local (tests/store_contract.py).
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from arm_relay.store import days, outage, records, table
from botocore.exceptions import ClientError

type Item = Mapping[str, Any]

#: The conditions of writes, by the very text the store sends.
CONDITIONS: Final[Mapping[str, Callable[[Item | None, Mapping[str, Any]], bool]]] = {
    table.IS_NEW: lambda item, _: item is None,
    table.IS_OF_BATCH: lambda item, values: item is not None and item["batchId"] == values[":batchId"],
    table.IS_AT_VERSION: lambda item, values: item is not None and item["version"] == values[":version"],
    outage.IS_RECENT: lambda item, values: item is not None and item["until"]["S"] > values[":now"]["S"],
    table.IS_FREE: lambda item, values: item is None or item["leasedUntil"]["S"] < values[":free"]["S"],
    table.IS_LEASED_BY: lambda item, values: item is not None and item["leasedBy"] == values[":owner"],
}

#: The conditions of queries, by the text as well.
QUERIES: Final[Mapping[str, Callable[[Item, Mapping[str, Any]], bool]]] = {
    table.IS_DUE: lambda item, values: item["shard"] == values[":shard"] and item["due"]["S"] <= values[":now"]["S"],
    table.IS_OF_SHARD: lambda item, values: bool(item["shard"] == values[":shard"]),
    table.IS_HELD_OF: lambda item, values: bool(item["heldOf"] == values[":client"]),
    table.HAS_ORDER_ID: lambda item, values: bool(item["orderOf"] == values[":order"]),
    days.IS_OF_DAY: lambda item, values: (
        item["day"] == values[":day"] and values[":start"]["S"] <= item["claimedAt"]["S"] <= values[":end"]["S"]
    ),
}

#: The partition and sort key of each index.
KEYS: Final = {
    "due": ("shard", "due"),
    "held": ("heldOf", "endedAt"),
    "orderId": ("orderOf", "pk"),
    "day": ("day", "claimedAt"),
}

#: The most statements that are executed at a time.
MAX_STATEMENTS: Final = 25

#: The statements of the store.
UPDATE: Final = re.compile(r'UPDATE "[^"]+" (?P<changes>.*) WHERE "pk"=\? AND "(?P<condition>version|due)"=\?')
CHANGE: Final = re.compile(r'(SET|REMOVE) "(\w+)"')

#: The most a transaction may hold.
MAX_TRANSACTION: Final = 100
#: The most one item may hold, in bytes.
MAX_ITEM: Final = 400 * 1024


class Items:
    """The items of one table, read consistently."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def get_item(self, *, Key: Item, **_: object) -> dict[str, Any]:  # noqa: N803
        """One item."""
        item = self.items.get(Key["pk"]["S"])
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Many items."""
        ((table, request),) = RequestItems.items()
        keys = [key["pk"]["S"] for key in request["Keys"]]
        if not 1 <= len(keys) <= MAX_TRANSACTION or len(set(keys)) != len(keys):
            raise client_error("ValidationException", "BatchGetItem")
        return {"Responses": {table: [self.items[key] for key in keys if key in self.items]}}


class InMemoryDynamoDB(Items):
    """One table with its indexes; `later` carries changes of the table over to them."""

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda change: change()) -> None:
        super().__init__()
        #: Replaced where a test wants to see what a condition is good for.
        self.conditions = CONDITIONS
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
        old = self.items.get(put["Item"]["pk"]["S"])
        self._put(put["Item"])
        return {"Attributes": old} if old and put.get("ReturnValues") == "ALL_OLD" else {}

    def update_item(self, **update: Any) -> dict[str, Any]:
        """One update: SET and ADD of top-level attributes."""
        key, values = update["Key"]["pk"]["S"], update.get("ExpressionAttributeValues", {})
        old = self.items.get(key)
        condition = update.get("ConditionExpression")
        if condition and not self.conditions[condition](old, values):
            raise client_error("ConditionalCheckFailedException", "UpdateItem")
        names = update.get("ExpressionAttributeNames", {})
        self._put({"pk": update["Key"]["pk"], **_updated(old or {}, update["UpdateExpression"], names, values)})
        return {"Attributes": old} if old and update.get("ReturnValues") == "ALL_OLD" else {}

    def delete_item(self, *, TableName: str, Key: Item) -> dict[str, Any]:  # noqa: ARG002, N803
        """One deletion."""
        key = Key["pk"]["S"]
        self.items.pop(key, None)
        self._later(lambda: self._carry_over(key))
        return {}

    def batch_execute_statement(self, *, Statements: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
        """Conditional updates in PartiQL, each with a fate of its own."""
        if not 1 <= len(Statements) <= MAX_STATEMENTS:
            raise client_error("ValidationException", "BatchExecuteStatement")
        return {"Responses": [self._execute(**statement) for statement in Statements]}

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
        limit = query.get("Limit", len(left) + 1)
        page = left[:limit]
        keys = {name: page[-1][name] for name in ("pk", partition, sort)} if page else {}
        # As in DynamoDB, a full page says that there may be more.
        return {"Items": page} | ({"LastEvaluatedKey": keys} if len(page) == limit else {})

    def _execute(self, Statement: str, Parameters: Sequence[Any]) -> dict[str, Any]:  # noqa: N803
        values = list(Parameters)
        found = UPDATE.fullmatch(Statement)
        if not found:
            raise client_error("ValidationException", "BatchExecuteStatement")
        changes = [
            (verb, name, values.pop(0) if verb == "SET" else None) for verb, name in CHANGE.findall(found["changes"])
        ]
        key, expected = values
        item = self.items.get(key["S"])
        check = self.conditions[table.IS_AT_VERSION] if found["condition"] == "version" else _has_due
        if not check(item, {":version": expected, ":due": expected}):
            return {"Error": {"Code": "ConditionalCheckFailed"}}
        gone = {name for verb, name, _ in changes if verb == "REMOVE"}
        kept = {name: value for name, value in (item or {}).items() if name not in gone}
        self._put({**kept, **{name: value for verb, name, value in changes if verb == "SET"}})
        return {}

    def _holds(self, put: Mapping[str, Any]) -> bool:
        if "ConditionExpression" not in put:
            return True
        condition = self.conditions[put["ConditionExpression"]]
        return condition(self.items.get(put["Item"]["pk"]["S"]), put.get("ExpressionAttributeValues", {}))

    def _put(self, item: Item) -> None:
        key = item["pk"]["S"]
        if size_of(item) > MAX_ITEM:
            raise client_error("ValidationException", "PutItem")
        self.items[key] = item
        self._later(lambda: self._carry_over(key))

    def _carry_over(self, key: str) -> None:
        if key in self.items:
            self._indexed[key] = self.items[key]
        else:
            self._indexed.pop(key, None)


def size_of(item: Item) -> int:
    """An item's size, if it may be too large."""
    # The text of an item is longer than the item, and sooner counted.
    return records.size(item) if len(repr(item)) > MAX_ITEM else 0


def _has_due(item: Item | None, values: Mapping[str, Any]) -> bool:
    return item is not None and item.get("due") == values[":due"]


def _updated(old: Item, expression: str, names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes after an update like `SET a = :a, #b = c ADD d :d`."""
    stated, _, added = expression.removeprefix("SET ").partition(" ADD ")
    new = dict(old)
    for pair in stated.split(", "):
        name, _, value = pair.partition(" = ")
        new[names.get(name, name)] = values[value] if value in values else old[value]
    if added:
        name, value = added.split(" ")
        new[name] = {"N": str(int(old.get(name, {"N": "0"})["N"]) + int(values[value]["N"]))}
    return new


def _place(item: Item, sort: str) -> tuple[str, str]:
    return item[sort]["S"], item["pk"]["S"]


def client_error(code: str, operation: str, **more: object) -> ClientError:
    """The exception boto3 raises for an error answer."""
    answer: Any = {"Error": {"Code": code, "Message": "simulated"}, **more}
    return ClientError(answer, operation)
