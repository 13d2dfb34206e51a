"""The table of what was announced, in memory; it passes the same contract as moto and DynamoDB Local."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from arm_relay.store import announced

from tests.simulation.dynamodb import MAX_ITEM, Item, client_error, size_of

#: The most items that are written at a time.
MAX_WRITES: Final = 25


class AnnouncedInMemory:
    """One table, read consistently."""

    def __init__(self) -> None:
        #: By client and place.
        self.items: dict[tuple[str, str], Item] = {}
        self._places: dict[str, list[str]] = defaultdict(list)

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Many puts."""
        ((_, requests),) = RequestItems.items()
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = [(item["clientNo"]["S"], item["place"]["S"]) for item in items]
        if not 1 <= len(keys) <= MAX_WRITES or len(set(keys)) != len(keys):
            raise client_error("ValidationException", "BatchWriteItem")
        if any(size_of(item) > MAX_ITEM for item in items):
            raise client_error("ValidationException", "BatchWriteItem")
        for (client, place), item in zip(keys, items, strict=True):
            if (client, place) not in self.items:
                insort(self._places[client], place)
            self.items[client, place] = item
        return {"UnprocessedItems": {}}

    def get_item(self, *, Key: Item, **_: object) -> dict[str, Any]:  # noqa: N803
        """One item."""
        item = self.items.get((Key["clientNo"]["S"], Key["place"]["S"]))
        return {"Item": item} if item else {}

    def query(self, **query: Any) -> dict[str, Any]:
        """A page of a client's items, in the order of their places."""
        if query["KeyConditionExpression"] != announced.IS_LATER:
            raise client_error("ValidationException", "Query")
        values = query["ExpressionAttributeValues"]
        client, after = values[":client"]["S"], values[":after"]["S"]
        after = query.get("ExclusiveStartKey", {"place": {"S": after}})["place"]["S"]
        places = self._places[client]
        start, limit = bisect_right(places, after), query["Limit"]
        page = places[start : start + limit]
        key = {"clientNo": {"S": client}, "place": {"S": page[-1]}} if page else {}
        # As in DynamoDB, a full page says that there may be more.
        more = {"LastEvaluatedKey": key} if len(page) == limit else {}
        return {"Items": [self.items[client, place] for place in page]} | more
