"""The table: every request the relay ever sends to DynamoDB, on one page.

    pk                    holds
    BATCH#<batchId>       a batch; `shard` and `due` while something is left to do put it into the sparse index `due`,
                          `heldOf` and `endedAt` while it is held into the sparse index `held`
    ORDER#<client>#<id>   the marker that makes an order id unique
    SHARD#<n>             the lease of the poller at work on a shard

Every save of a batch is conditional on the version it was read at: of two that act on it, only one goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay import records
from arm_relay.batches import CLOCK_SKEW, ENDS, Batch, BatchOrder
from arm_relay.records import HeldBatch, Item, Marker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
else:
    type DynamoDBClient = Any

IS_NEW: Final = "attribute_not_exists(pk)"
IS_OF_BATCH: Final = "batchId = :batchId"
IS_AT_VERSION: Final = "version = :version"
IS_FREE: Final = "attribute_not_exists(pk) OR leasedUntil < :free"
IS_LEASED_BY: Final = "leasedBy = :owner"
IS_DUE: Final = "#shard = :shard AND due <= :now"  # `shard` is a word of DynamoDB's own.
IS_OF_SHARD: Final = "#shard = :shard"
IS_HELD_OF: Final = "heldOf = :client"

#: How many due batches are found at a time.
PAGE: Final = 100
#: How often the rest of a throttled read is asked for again at once.
ROUNDS: Final = 10


class StoreUnavailable(Exception):
    """The table did not answer, or not as it should."""


class Busy(StoreUnavailable):
    """Another request writes the same orders at this moment."""


class Store:
    """Batches, markers and leases in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str, *, retention: timedelta, marker_life: timedelta) -> None:
        """Ended batches are kept for `retention` after their end, markers for `marker_life` after their claim."""
        self._client = client
        self._table = table
        self._retention = retention
        self._marker_life = marker_life

    def claim(self, batch: Batch, replaced: Mapping[str, str]) -> bool:
        """Record a new batch and the markers of its orders, all or nothing.

        `replaced` names, for an order id that is sent again with other content, the batch it belonged to. False:
        nothing was recorded, because an order id belongs to another batch.

        Raises:
            Busy: nothing was recorded, because another request is at it.
            StoreUnavailable: it is not known whether it was recorded.
        """
        puts: list[Any] = [self._put(records.to_item(batch), IS_NEW)]
        for order in batch.orders:
            marker = self._marker(batch, order)
            old = replaced.get(order.id)
            puts.append(self._put(marker, IS_OF_BATCH, {":batchId": {"S": old}}) if old else self._put(marker, IS_NEW))
        try:
            self._client.transact_write_items(
                TransactItems=[{"Put": put} for put in puts],
                ClientRequestToken=batch.id,
            )
        except ClientError as error:
            return _not_claimed(error)
        except BotoCoreError as error:
            raise StoreUnavailable(str(error)) from error
        return True

    def markers(self, client_no: str, order_ids: Sequence[str]) -> dict[str, Marker]:
        """The markers there are of these order ids."""
        items = self._get_all([records.marker_key(client_no, order_id) for order_id in order_ids])
        found = {key: Marker(item["batchId"]["S"], item["digest"]["S"]) for key, item in items.items()}
        keys = ((order_id, records.marker_key(client_no, order_id)) for order_id in order_ids)
        return {order_id: found[key] for order_id, key in keys if key in found}

    def batches(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """The batches there are of these ids."""
        items = self._get_all([records.batch_key(batch_id) for batch_id in batch_ids])
        return {batch.id: batch for batch in map(records.from_item, items.values())}

    def batch(self, batch_id: str) -> Batch | None:
        """The batch as it is now."""
        try:
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": records.batch_key(batch_id)}}, ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(str(error)) from error
        return records.from_item(answer["Item"]) if "Item" in answer else None

    def save(self, batch: Batch) -> Batch | None:
        """Record the batch's next step: the batch as recorded, or None where somebody else was first.

        Raises:
            StoreUnavailable: it is not known whether it was recorded.
        """
        expires_at = batch.ended_at + self._retention if batch.ended_at and _is_over(batch) else None
        saved = replace(batch, version=batch.version + 1)
        condition = {":version": {"N": str(batch.version)}}
        return saved if self._put_if(records.to_item(saved, expires_at), IS_AT_VERSION, condition) else None

    def lease(self, shard: str, owner: str, now: datetime, until: datetime) -> bool:
        """Lease a shard for one poller; False where another one has it."""
        free = {":free": {"S": records.to_text(now - CLOCK_SKEW)}}
        return self._put_if(_lease(shard, owner, until), IS_FREE, free)

    def release(self, shard: str, owner: str, now: datetime) -> None:
        """Give a leased shard back."""
        self._put_if(_lease(shard, owner, now - 2 * CLOCK_SKEW), IS_LEASED_BY, {":owner": {"S": owner}})

    def due(self, shard: str, now: datetime) -> Iterator[list[str]]:
        """The ids of the batches due in a shard, the longest due first, in pages.

        The index lags behind the table: a batch may not be due any more, or not yet be found.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "due",
            "KeyConditionExpression": IS_DUE,
            "ExpressionAttributeNames": {"#shard": "shard"},
            "ExpressionAttributeValues": {":shard": {"S": shard}, ":now": {"S": records.to_text(now)}},
            "Limit": PAGE,
        }
        for answer in self._pages(request):
            yield [item["pk"]["S"].removeprefix(records.batch_key("")) for item in answer["Items"]]

    def waiting(self, shard: str) -> int:
        """How many batches of a shard have something left to do, now or later; the index lags behind the table."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "due",
            "Select": "COUNT",
            "KeyConditionExpression": IS_OF_SHARD,
            "ExpressionAttributeNames": {"#shard": "shard"},
            "ExpressionAttributeValues": {":shard": {"S": shard}},
        }
        return sum(answer["Count"] for answer in self._pages(request))

    def held(self, client_no: str, limit: int, after: tuple[datetime, str] | None = None) -> list[HeldBatch]:
        """At most so many of the client's held batches, the longest held first.

        `after` is the time and the id of the last one of the page before. The index lags behind the table.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "held",
            "KeyConditionExpression": IS_HELD_OF,
            "ExpressionAttributeValues": {":client": {"S": client_no}},
            "Limit": limit,
        }
        if after:
            since, batch_id = after
            request["ExclusiveStartKey"] = {
                "heldOf": {"S": client_no},
                "endedAt": {"S": records.to_text(since)},
                "pk": {"S": records.batch_key(batch_id)},
            }
        return [records.from_held_item(item) for item in self._query(request)["Items"]]

    def _pages(self, request: dict[str, Any]) -> Iterator[Any]:
        more = True
        while more:
            answer = self._query(request)
            yield answer
            more = "LastEvaluatedKey" in answer
            request["ExclusiveStartKey"] = answer.get("LastEvaluatedKey")

    def _query(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 (as boto3 has it)
        try:
            return self._client.query(**request)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(str(error)) from error

    def _marker(self, batch: Batch, order: BatchOrder) -> Item:
        expires_at = int((batch.claimed_at + self._marker_life).timestamp())
        marker = {
            "pk": {"S": records.marker_key(batch.client_no, order.id)},
            "batchId": {"S": batch.id},
            "digest": {"S": order.digest},
            "expiresAt": {"N": str(expires_at)},
        }
        # For a person who knows an order by its own number only (docs/operations.md).
        return marker | ({"orderId": {"S": order.order_id}} if order.order_id else {})

    def _put(self, item: Item, condition: str, values: Item | None = None) -> dict[str, Any]:
        put = {"TableName": self._table, "Item": item, "ConditionExpression": condition}
        return put | ({"ExpressionAttributeValues": values} if values else {})

    def _put_if(self, item: Item, condition: str, values: Item) -> bool:
        try:
            self._client.put_item(**self._put(item, condition, values))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise StoreUnavailable(str(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(str(error)) from error
        return True

    def _get_all(self, keys: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        left: Any = {self._table: {"Keys": [{"pk": {"S": key}} for key in dict.fromkeys(keys)], "ConsistentRead": True}}
        for _ in range(ROUNDS):
            try:
                answer = self._client.batch_get_item(RequestItems=left)
            except (ClientError, BotoCoreError) as error:
                raise StoreUnavailable(str(error)) from error
            found |= {item["pk"]["S"]: item for item in answer["Responses"].get(self._table, [])}
            left = answer.get("UnprocessedKeys")
            if not left:
                return found
        raise StoreUnavailable("the table throttles reads")


def _is_over(batch: Batch) -> bool:
    return batch.state in ENDS and batch.due is None


def _lease(shard: str, owner: str, until: datetime) -> Item:
    return {
        "pk": {"S": f"SHARD#{shard}"},
        "leasedBy": {"S": owner},
        "leasedUntil": {"S": records.to_text(until)},
    }


def _not_claimed(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionCanceledException":
        codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if "ConditionalCheckFailed" in codes:
            return False
        raise Busy(str(error)) from error
    raise StoreUnavailable(str(error)) from error
