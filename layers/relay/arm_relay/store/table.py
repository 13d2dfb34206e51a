"""The table: every request that the relay sends to DynamoDB. `records` says what the items hold.

Every save of a batch is conditional on the version it was read at: of two functions that act on it, only one goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches.batch import CLOCK_SKEW, ENDS, Batch
from arm_relay.store import records
from arm_relay.store.records import HeldBatch, Item, Marker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IS_NEW: Final = "attribute_not_exists(pk)"
IS_OF_BATCH: Final = "batchId = :batchId"
IS_AT_VERSION: Final = "version = :version"
IS_FREE: Final = "attribute_not_exists(pk) OR leasedUntil < :free"
IS_LEASED_BY: Final = "leasedBy = :owner"
IS_DUE: Final = "#shard = :shard AND due <= :now"  # `shard` is a reserved word of DynamoDB.
IS_OF_SHARD: Final = "#shard = :shard"
IS_HELD_OF: Final = "heldOf = :client"

#: How many due batches are found at a time.
PAGE: Final = 100
#: How often the rest of a throttled read is requested again at once.
ROUNDS: Final = 10


class StoreUnavailable(Exception):
    """The table did not answer, or reported an error."""


class Busy(StoreUnavailable):
    """Another request is writing the same orders at this moment."""


class RecordTooLarge(Exception):
    """The orders are too large to record, even compressed. Send fewer per request."""


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

        `replaced` names, for an order id that is sent again with different content, the batch it belonged to. False:
        nothing was recorded, because an order id belongs to another batch.

        Raises:
            RecordTooLarge: nothing was recorded, because the batch would not fit.
            Busy: nothing was recorded, because another request is writing the same orders.
            StoreUnavailable: it is not known whether it was recorded.
        """
        item = records.to_item(batch)
        if records.size(item) > records.LARGEST_CLAIM:
            raise RecordTooLarge(RecordTooLarge.__doc__)
        puts: list[Any] = [self._put(item, IS_NEW), *self._marker_puts(batch, replaced)]
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
        """The existing markers of these order ids."""
        items = self._get_all([records.marker_key(client_no, order_id) for order_id in order_ids])
        keys = ((order_id, records.marker_key(client_no, order_id)) for order_id in order_ids)
        return {order_id: records.from_marker(items[key]) for order_id, key in keys if key in items}

    def batches(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """The existing batches of these ids."""
        items = self._get_all([records.batch_key(batch_id) for batch_id in batch_ids])
        return {batch.id: batch for batch in map(records.from_item, items.values())}

    def batch(self, batch_id: str) -> Batch | None:
        """The batch as it is now."""
        with _available():
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": records.batch_key(batch_id)}}, ConsistentRead=True
            )
        return records.from_item(answer["Item"]) if "Item" in answer else None

    def save(self, batch: Batch) -> Batch | None:
        """Record the batch's next step: the batch as recorded, or None where another writer saved first.

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
        return self._put_if(records.to_lease(shard, owner, until), IS_FREE, free)

    def release(self, shard: str, owner: str, now: datetime) -> None:
        """Give a leased shard back."""
        lease = records.to_lease(shard, owner, now - 2 * CLOCK_SKEW)
        self._put_if(lease, IS_LEASED_BY, {":owner": {"S": owner}})

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
        """How many batches of a shard have something left to do, now or later. The index lags behind the table."""
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
        """The first `limit` of the client's held batches, the longest held first.

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

    def _marker_puts(self, batch: Batch, replaced: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        for order in batch.orders:
            marker = records.to_marker(batch, order, batch.claimed_at + self._marker_life)
            old = replaced.get(order.id)
            yield self._put(marker, IS_OF_BATCH, {":batchId": {"S": old}}) if old else self._put(marker, IS_NEW)

    def _pages(self, request: dict[str, Any]) -> Iterator[Any]:
        more = True
        while more:
            answer = self._query(request)
            yield answer
            more = "LastEvaluatedKey" in answer
            request["ExclusiveStartKey"] = answer.get("LastEvaluatedKey")

    def _query(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 (as boto3 has it)
        with _available():
            return self._client.query(**request)

    def _put(self, item: Item, condition: str, values: Item | None = None) -> dict[str, Any]:
        put = {"TableName": self._table, "Item": item, "ConditionExpression": condition}
        return put | ({"ExpressionAttributeValues": values} if values else {})

    def _put_if(self, item: Item, condition: str, values: Item) -> bool:
        """Put an item where the condition holds; False where it does not."""
        try:
            with _available():
                self._client.put_item(**self._put(item, condition, values))
        except _ConditionFailed:
            return False
        return True

    def _get_all(self, keys: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        left: Any = {self._table: {"Keys": [{"pk": {"S": key}} for key in dict.fromkeys(keys)], "ConsistentRead": True}}
        for _ in range(ROUNDS):
            with _available():
                answer = self._client.batch_get_item(RequestItems=left)
            found |= {item["pk"]["S"]: item for item in answer["Responses"].get(self._table, [])}
            left = answer.get("UnprocessedKeys")
            if not left:
                return found
        raise StoreUnavailable("the table throttles reads")


class _ConditionFailed(Exception):
    """The condition of a write does not hold."""


@contextmanager
def _available() -> Iterator[None]:
    """A call to DynamoDB: whatever it raises becomes one of ours."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise _ConditionFailed from error
        raise StoreUnavailable(str(error)) from error
    except BotoCoreError as error:
        raise StoreUnavailable(str(error)) from error


def _is_over(batch: Batch) -> bool:
    return batch.state in ENDS and batch.due is None


def _not_claimed(error: ClientError) -> bool:
    """False where an order id belongs to another batch.

    Raises:
        StoreUnavailable: for any other reason.
    """
    if error.response["Error"]["Code"] == "TransactionCanceledException":
        codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if "ConditionalCheckFailed" in codes:
            return False
        raise Busy(str(error)) from error
    raise StoreUnavailable(str(error)) from error
