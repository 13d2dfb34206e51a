"""DynamoDB in memory, quick enough for tens of thousands of batches; its indexes lag behind.

A write is a new item in place of the old one. Whoever watches sees both.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.simulation.dynamodb import MAX_ITEM, MAX_TRANSACTION, Item, Items, client_error
from tests.simulation.timed import expressions
from tests.support.template import template

#: What PartiQL takes at once.
MAX_STATEMENTS: Final = 25
#: The keys of each index, as the template has them.
INDEXES: Final[Mapping[str, tuple[str, str]]] = {
    index["IndexName"]: (index["KeySchema"][0]["AttributeName"], index["KeySchema"][1]["AttributeName"])
    for index in template()["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
}
#: Sorts after every key.
LAST: Final = "\U0010ffff"


class TimedTable(Items):
    """One table with its indexes; `later` carries changes of the table over to them."""

    def __init__(self, later: Callable[[Callable[[], None]], None] = lambda change: change()) -> None:
        super().__init__()
        #: Sees the old and the new item of every write.
        self.watch: Callable[[Item | None, Item | None], None] = lambda *_: None
        self._entries: dict[str, dict[tuple[str, str], list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        self._indexed: dict[str, Item] = {}
        self._tokens: set[str] = set()
        self.later = later

    def put_item(self, **put: Any) -> dict[str, Any]:
        """One put."""
        if not self._holds(put, put["Item"]["pk"]["S"]):
            raise client_error("ConditionalCheckFailedException", "PutItem")
        old = self.items.get(put["Item"]["pk"]["S"])
        self._write(put["Item"]["pk"]["S"], put["Item"])
        return _attributes(put, old)

    def update_item(self, **update: Any) -> dict[str, Any]:
        """One update by an expression."""
        key = update["Key"]["pk"]["S"]
        if not self._holds(update, key):
            raise client_error("ConditionalCheckFailedException", "UpdateItem")
        old = self.items.get(key)
        names, values = update.get("ExpressionAttributeNames", {}), update.get("ExpressionAttributeValues", {})
        changed = expressions.changed(old or update["Key"], update["UpdateExpression"], names, values)
        self._write(key, changed)
        return _attributes(update, old)

    def delete_item(self, **delete: Any) -> dict[str, Any]:
        """One deletion."""
        if not self._holds(delete, delete["Key"]["pk"]["S"]):
            raise client_error("ConditionalCheckFailedException", "DeleteItem")
        self._write(delete["Key"]["pk"]["S"], None)
        return {}

    def transact_write_items(self, *, TransactItems: Sequence[Any], ClientRequestToken: str) -> dict[str, Any]:  # noqa: N803
        """All puts or none."""
        if ClientRequestToken in self._tokens:
            return {}
        puts = [entry["Put"] for entry in TransactItems]
        reasons = [self._holds(put, put["Item"]["pk"]["S"]) for put in puts]
        if len(puts) > MAX_TRANSACTION:
            raise client_error("ValidationException", "TransactWriteItems")
        if not all(reasons):
            codes = [{"Code": "None" if holds else "ConditionalCheckFailed"} for holds in reasons]
            raise client_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=codes)
        self._tokens.add(ClientRequestToken)
        for put in puts:
            self._write(put["Item"]["pk"]["S"], put["Item"])
        return {}

    def batch_execute_statement(self, *, Statements: Sequence[Any], **_: object) -> dict[str, Any]:  # noqa: N803
        """Conditional updates, each for itself."""
        if not 1 <= len(Statements) <= MAX_STATEMENTS:
            raise client_error("ValidationException", "BatchExecuteStatement")
        return {"Responses": [self._execute(statement) for statement in Statements]}

    def query(self, **query: Any) -> dict[str, Any]:
        """A page of an index, in the order of its sort key."""
        index = query["IndexName"]
        partition, sort = INDEXES[index]
        values = query["ExpressionAttributeValues"]
        key, first, last = _range(query, partition, sort)
        entries = self._entries[index][partition, key]
        start = query.get("ExclusiveStartKey")
        begin = bisect_right(entries, (start[sort]["S"], start["pk"]["S"])) if start else bisect_left(entries, first)
        end = bisect_right(entries, last)
        if query.get("Select") == "COUNT":
            return {"Count": max(end - begin, 0)}
        stop = min(end, begin + query.get("Limit", len(entries)))
        page = [self._indexed[pk] for _, pk in entries[begin:stop]]
        more = {name: page[-1][name] for name in ("pk", partition, sort)} if page and stop < end else None
        found = [item for item in page if _passes(query, item, values)]
        return {"Items": found, "Count": len(found)} | ({"LastEvaluatedKey": more} if more else {})

    def _execute(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        update = expressions.update(statement["Statement"])
        values = {f":{number}": value for number, value in enumerate(statement["Parameters"])}
        key = values[update.key]["S"]
        old = self.items.get(key)
        if old is None or not update.condition(old, {}, values):
            return {"Error": {"Code": "ConditionalCheckFailed", "Message": "simulated"}}
        changed = {name: value for name, value in old.items() if name not in update.removes}
        self._write(key, changed | {name: values[value] for name, value in update.sets.items()})
        return {"TableName": "relay"}

    def _holds(self, request: Mapping[str, Any], key: str) -> bool:
        text = request.get("ConditionExpression")
        names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
        return not text or expressions.condition(text)(self.items.get(key), names, values)

    def _write(self, key: str, item: Item | None) -> None:
        old = self.items.get(key)
        if item is None:
            self.items.pop(key, None)
        else:
            if len(item.get("body", {"B": b""}).get("B", b"")) > MAX_ITEM:
                raise client_error("ValidationException", "PutItem")
            self.items[key] = item
        self.watch(old, item)
        self.later(lambda: self._carry_over(key))

    def _carry_over(self, key: str) -> None:
        old, new = self._indexed.get(key, {}), self.items.get(key, {})
        for index, (partition, sort) in INDEXES.items():
            before, after = _entry(old, partition, sort), _entry(new, partition, sort)
            if before != after:
                self._remove(index, partition, before, key)
                if after:
                    insort(self._entries[index][partition, after[0]], (after[1], key))
        self._indexed[key] = new

    def _remove(self, index: str, partition: str, entry: tuple[str, str] | None, key: str) -> None:
        if entry:
            entries = self._entries[index][partition, entry[0]]
            del entries[bisect_left(entries, (entry[1], key))]


def _attributes(request: Mapping[str, Any], old: Item | None) -> dict[str, Any]:
    return {"Attributes": old} if old and request.get("ReturnValues") == "ALL_OLD" else {}


def _entry(item: Item, partition: str, sort: str) -> tuple[str, str] | None:
    """Where an item stands in an index; None where it lacks one of its keys."""
    return (item[partition]["S"], item[sort]["S"]) if partition in item and sort in item else None


def _range(query: Mapping[str, Any], partition: str, sort: str) -> tuple[str, tuple[str, str], tuple[str, str]]:
    """The partition, and the first and the last sort key that a query asks for."""
    names, values = query.get("ExpressionAttributeNames", {}), query["ExpressionAttributeValues"]
    key, first, last = "", "", LAST
    text = expressions.BETWEEN.sub(r"\1 >= \2 AND \1 <= \3", query["KeyConditionExpression"])
    for term in text.split(" AND "):
        name, comparison, value = term.split()
        name = names.get(name, name)
        if name == partition:
            key = values[value]["S"]
        elif name == sort and comparison in ("<=", "<"):
            last = values[value]["S"]
        elif name == sort and comparison in (">=", ">"):
            first = values[value]["S"]
        else:
            raise NotImplementedError(text)
    return key, (first, ""), (last, LAST)


def _passes(query: Mapping[str, Any], item: Item, values: Mapping[str, Any]) -> bool:
    text = query.get("FilterExpression")
    return not text or expressions.condition(text)(item, query.get("ExpressionAttributeNames", {}), values)
