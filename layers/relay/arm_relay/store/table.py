"""The table: every request that the relay sends to DynamoDB. `records` says what the items hold.

Every save of a batch is conditional on the version it was read at: of two functions that act on it, only one goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.batches.batch import CLOCK_SKEW, ENDS, Batch
from arm_relay.store import bulk, records
from arm_relay.store.records import DueBatch, HeldBatch, Item, Lease, Marker, OrderPlace, UnreadableRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NONE: Final[Mapping[str, str]] = {}

IS_NEW: Final = "attribute_not_exists(pk)"
IS_OF_BATCH: Final = "batchId = :batchId"
IS_AT_VERSION: Final = "version = :version"
IS_FREE: Final = "attribute_not_exists(pk) OR leasedUntil < :free"
IS_LEASED_BY: Final = "leasedBy = :owner"
IS_DUE: Final = "#shard = :shard AND due <= :now"  # `shard` is a reserved word of DynamoDB.
IS_OF_SHARD: Final = "#shard = :shard"
IS_HELD_OF: Final = "heldOf = :client"
HAS_ORDER_ID: Final = "orderOf = :order"

#: How many due batches are found at a time.
PAGE: Final = 500
#: How BatchExecuteStatement names a condition that does not hold.
FAILED: Final = "ConditionalCheckFailed"

#: The most keys that BatchGetItem takes.
READ_AT_ONCE: Final = 100
#: How often the rest of a throttled read is requested again at once.
ROUNDS: Final = 10


class StoreUnavailable(Exception):
    """The table did not answer, or reported an error."""


class Busy(StoreUnavailable):
    """Another request is writing the same orders at this moment."""


class RecordTooLarge(Exception):
    """The orders are too large to record. Send fewer per request."""


class Store:
    """Batches, markers and leases in DynamoDB."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        retention: timedelta,
        marker_life: timedelta,
        payload_life: timedelta | None = None,
    ) -> None:
        """Ended batches live for `retention` after their end, markers `marker_life` from the claim on.

        Payloads that have an item of their own live `payload_life` from the claim on; by default as long as markers.
        """
        self._client = client
        self._table = table
        self._retention = retention
        self._marker_life = marker_life
        self._payload_life = payload_life or marker_life

    def claim(
        self,
        batch: Batch,
        replaced: Mapping[str, str],
        replaced_numbers: Mapping[str, str] = NONE,
        superseded: Batch | None = None,
    ) -> Batch | None:
        """Record a new batch, its payload and its orders' ids and numbers, all or nothing: the batch as recorded.

        A payload with which the record would be larger than a write unit gets an item of its own, so that no later step
        reads or writes it. `replaced` names, for an order id that is sent again with different content, the batch it
        belonged to, and `replaced_numbers` the same for an invoice number. `superseded` is the next step of the batch
        whose failed orders this one sends again, saved with it. None: nothing was recorded, because an id or a number
        belongs to another batch, or another writer saved `superseded` first.

        Raises:
            RecordTooLarge: nothing was recorded, because the batch would not fit.
            Busy: nothing was recorded, because another request is writing the same orders.
            StoreUnavailable: it is not known whether it was recorded.
        """
        expires_at = batch.claimed_at + self._marker_life
        recorded, items = _recorded(batch, batch.claimed_at + self._payload_life)
        puts: list[Any] = [self._put(item, IS_NEW) for item in items]
        puts += self._marker_puts(batch, replaced, expires_at)
        puts += self._number_puts(batch, replaced_numbers, expires_at)
        if superseded:
            puts.append(self._save_put(superseded))
        try:
            self._client.transact_write_items(
                TransactItems=[{"Put": put} for put in puts],
                ClientRequestToken=batch.id,
            )
        except ClientError as error:
            _check_not_claimed(error)
            return None
        except BotoCoreError as error:
            raise StoreUnavailable(str(error)) from error
        return recorded

    def payload(self, batch: Batch) -> bytes | None:
        """The batch's payload; None where it has expired, or was removed.

        Raises:
            UnreadableRecord: it is damaged.
        """
        if batch.payload is not None:
            return batch.payload
        if batch.trimmed_at:
            # DynamoDB deletes it some days after it has expired.
            return None
        item = self._get(records.payload_key(batch.id))
        return records.from_payload(item) if item else None

    def replace_payload(self, batch: Batch, payload: bytes) -> None:
        """Write what remains of a batch's payload into its item, which expires when it would have."""
        expires_at = batch.claimed_at + self._payload_life
        with available():
            self._client.put_item(
                TableName=self._table, Item=records.to_payload(replace(batch, payload=payload), expires_at)
            )

    def markers(self, client_no: str, order_ids: Sequence[str]) -> dict[str, Marker]:
        """The existing markers of these order ids."""
        return self.markers_of(client_no, order_ids, ())[0]

    def number_markers(self, client_no: str, invoice_nos: Sequence[str]) -> dict[str, Marker]:
        """The existing markers of these invoice numbers."""
        return self.markers_of(client_no, (), invoice_nos)[1]

    def markers_of(
        self, client_no: str, order_ids: Sequence[str], invoice_nos: Sequence[str]
    ) -> tuple[dict[str, Marker], dict[str, Marker]]:
        """The existing markers of these order ids, and those of these invoice numbers."""
        ids = {order_id: records.marker_key(client_no, order_id) for order_id in order_ids}
        numbers = {number: records.number_key(client_no, number) for number in invoice_nos}
        items = self._get_all([*ids.values(), *numbers.values()])

        def found(keys: Mapping[str, str]) -> dict[str, Marker]:
            return {name: records.from_marker(items[key]) for name, key in keys.items() if key in items}

        return found(ids), found(numbers)

    def batches(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """The existing batches of these ids."""
        items = self._get_all([records.batch_key(batch_id) for batch_id in batch_ids])
        return {batch.id: batch for batch in map(records.from_item, items.values())}

    def read(self, batch_ids: Sequence[str]) -> tuple[dict[str, Batch], dict[str, str]]:
        """The existing batches of these ids, and why any of them cannot be read."""
        found: dict[str, Batch] = {}
        unreadable: dict[str, str] = {}
        for key, item in self._get_all([records.batch_key(batch_id) for batch_id in batch_ids]).items():
            batch_id = records.batch_id(key)
            try:
                found[batch_id] = records.from_item(item)
            except UnreadableRecord as error:
                unreadable[batch_id] = str(error)
        return found, unreadable

    def batch(self, batch_id: str) -> Batch | None:
        """The batch as it is now."""
        item = self._get(records.batch_key(batch_id))
        return records.from_item(item) if item else None

    def save(self, batch: Batch) -> Batch | None:
        """Record the batch's next step: the batch as recorded, or None where another writer saved first.

        Raises:
            StoreUnavailable: it is not known whether it was recorded.
        """
        self._note_late_ends([batch])
        try:
            with available():
                self._client.put_item(**self._save_put(batch))
        except ConditionFailed:
            return None
        return replace(batch, version=batch.version + 1)

    def save_all(self, batches: Sequence[Batch]) -> list[Batch | None]:
        """Record the next step of each of several batches: as `save` does, many in one request.

        Raises:
            StoreUnavailable: it is not known which of them were recorded.
        """
        return [saved for portion in bulk.in_portions(batches) for saved in self._save_portion(portion)]

    def save_announced(self, batches: Sequence[Batch]) -> None:
        """Record that ends and holds were announced: as `save_all` does, and only what that changes is written.

        Raises:
            StoreUnavailable: it is not known which of them were recorded.
        """
        for portion in bulk.in_portions(batches):
            if len(portion) == 1 or any(batch.trimmed_at for batch in portion):
                # With its announcement, a batch that was trimmed loses what ARM has said since.
                self._save_portion(portion)
            else:
                self._update_all(portion, records.to_announced, records.ANNOUNCED)

    def postpone(self, batches: Sequence[DueBatch], until: datetime) -> None:
        """Move the due time of batches that are not read. One that was saved meanwhile keeps its own."""
        for portion in bulk.in_portions(batches):
            self._execute(
                [
                    bulk.postponement(
                        self._table, records.batch_key(batch.id), records.to_text(batch.due), records.to_text(until)
                    )
                    for batch in portion
                ]
            )

    def hold_unreadable(self, batch_id: str, cause: str, now: datetime) -> None:
        """Hold a batch whose record cannot be read, and leave the record as it is."""
        values = {":state": "HELD", ":cause": cause, ":now": records.to_text(now), ":held": records.HELD}
        with available():
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": records.batch_key(batch_id)}},
                UpdateExpression=(
                    "SET #state = :state, cause = :cause, endedAt = :now, heldOf = clientNo, orderCount = :none,"
                    " #shard = :held, due = :now"
                ),
                ExpressionAttributeNames={"#shard": "shard", "#state": "state"},
                ExpressionAttributeValues={name: {"S": value} for name, value in values.items()}
                | {":none": {"N": "0"}},
            )

    def lease(
        self, shard: str, owner: str, now: datetime, until: datetime, in_hand: Sequence[str] = ()
    ) -> Lease | None:
        """Lease a shard for a poller with these batches in hand; the lease before it, None where that is not over."""
        free = {":free": {"S": records.to_text(now - CLOCK_SKEW)}}
        item = records.to_lease(shard, owner, until, Lease(tuple(in_hand)))
        try:
            with available():
                answer = self._client.put_item(**self._put(item, IS_FREE, free), ReturnValues="ALL_OLD")
        except ConditionFailed:
            return None
        return records.from_lease(answer.get("Attributes", {}))

    def keep_lease(self, shard: str, owner: str, until: datetime, lease: Lease) -> bool:
        """Say what the poller has in hand now; False where it has lost the lease."""
        return self._put_if(records.to_lease(shard, owner, until, lease), IS_LEASED_BY, {":owner": {"S": owner}})

    def release(self, shard: str, owner: str, now: datetime, lease: Lease) -> None:
        """Give a leased shard back."""
        self.keep_lease(shard, owner, now - 2 * CLOCK_SKEW, lease)

    def due(self, shard: str, now: datetime) -> Iterator[list[DueBatch]]:
        """The batches due in a shard, the longest due first, in pages.

        The index lags behind the table: a batch may not be due any more, or not yet be found.
        """
        request = self._of_shard(shard) | {"KeyConditionExpression": IS_DUE, "Limit": PAGE}
        request["ExpressionAttributeValues"][":now"] = {"S": records.to_text(now)}
        for answer in self._pages(request):
            yield [records.from_due_item(item) for item in answer["Items"]]

    def first_due(self, shard: str) -> datetime | None:
        """When the batch of a shard is or was due that is due first; None where nothing is left to do there."""
        found = self._query(self._of_shard(shard) | {"Limit": 1})["Items"]
        return records.from_due_item(found[0]).due if found else None

    def unfinished(self) -> dict[str, list[str]]:
        """The ids of all batches that have something left to do, now or later, by client. The index lags behind."""
        found: dict[str, list[str]] = {}
        for shard in range(records.SHARDS):
            for answer in self._pages(self._of_shard(str(shard))):
                for item in answer["Items"]:
                    found.setdefault(item["clientNo"]["S"], []).append(records.batch_id(item["pk"]["S"]))
        return found

    def waiting(self, shard: str) -> int:
        """How many batches of a shard have something left to do, now or later. The index lags behind the table.

        Of the shard `records.HELD`: how many are held.
        """
        return sum(answer["Count"] for answer in self._pages(self._of_shard(shard) | {"Select": "COUNT"}))

    def listed(self, shard: str, limit: int, after: tuple[datetime, str] | None = None) -> list[DueBatch]:
        """The first `limit` batches of a shard, whenever they are due, the longest due first.

        `after` is the due time and the id of the last one of the page before. In the shards `records.RESTING` the due
        time is that of the hold or the end. The index lags behind the table.
        """
        request = self._of_shard(shard) | {"Limit": limit}
        if after:
            due, batch_id = after
            request["ExclusiveStartKey"] = {
                "shard": {"S": shard},
                "due": {"S": records.to_text(due)},
                "pk": {"S": records.batch_key(batch_id)},
            }
        return [records.from_due_item(item) for item in self._query(request)["Items"]]

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

    def with_order_id(self, client_no: str, order_id: str, limit: int) -> list[OrderPlace]:
        """Where the client's orders of this orderId are, at most so many. The index lags behind the table."""
        request = {
            "TableName": self._table,
            "IndexName": "orderId",
            "KeyConditionExpression": HAS_ORDER_ID,
            "ExpressionAttributeValues": {":order": {"S": records.order_key(client_no, order_id)}},
            "Limit": limit,
        }
        return [records.from_order_item(item) for item in self._query(request)["Items"]]

    def _of_shard(self, shard: str) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "IndexName": "due",
            "KeyConditionExpression": IS_OF_SHARD,
            "ExpressionAttributeNames": {"#shard": "shard"},
            "ExpressionAttributeValues": {":shard": {"S": shard}},
        }

    def _item(self, batch: Batch) -> Item:
        return records.to_item(batch, self._expires_at(batch))

    def _expires_at(self, batch: Batch) -> datetime | None:
        return batch.ended_at + self._retention if batch.ended_at and _is_over(batch) else None

    def _note_late_ends(self, batches: Sequence[Batch]) -> None:
        """Let ends that came long after the claim be found by their day: before they are saved, so none is lost."""
        for batch in filter(records.is_late_end, batches):
            expires_at = (batch.ended_at or batch.claimed_at) + self._retention
            with available():
                self._client.put_item(TableName=self._table, Item=records.to_late_end(batch, expires_at))

    def _save_portion(self, batches: Sequence[Batch]) -> list[Batch | None]:
        if len(batches) == 1:
            return [self.save(batches[0])]
        self._note_late_ends(batches)
        return self._update_all(batches, records.to_item, records.ATTRIBUTES)

    def _update_all(
        self,
        batches: Sequence[Batch],
        to_item: Callable[[Batch, datetime | None], Item],
        attributes: tuple[str, ...],
    ) -> list[Batch | None]:
        saved = [replace(batch, version=batch.version + 1) for batch in batches]
        updates = [
            bulk.update(self._table, to_item(each, self._expires_at(each)), each.version - 1, attributes)
            for each in saved
        ]
        answer = self._execute(updates)
        codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
        is_repeated = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        in_doubt = {
            each.id for each, code in zip(saved, codes, strict=True) if code and (is_repeated or code != FAILED)
        }
        # After any other error, and after a repetition by the SDK, only the table knows what was recorded.
        now = self.read(sorted(in_doubt))[0] if in_doubt else {}
        return [
            each if code is None or now.get(each.id) == each else None for each, code in zip(saved, codes, strict=True)
        ]

    def _execute(self, statements: list[Any]) -> Any:  # noqa: ANN401 (as boto3 has it)
        with available():
            return self._client.batch_execute_statement(Statements=statements)

    def _marker_puts(self, batch: Batch, replaced: Mapping[str, str], expires_at: datetime) -> Iterator[dict[str, Any]]:
        for order in batch.orders:
            marker = records.to_marker(batch, order, expires_at)
            yield self._marker_put(marker, replaced.get(order.id))

    def _number_puts(self, batch: Batch, replaced: Mapping[str, str], expires_at: datetime) -> Iterator[dict[str, Any]]:
        for order in batch.orders:
            if number := order.document_no:
                marker = records.to_number_marker(batch, order, number, expires_at)
                yield self._marker_put(marker, replaced.get(number))

    def _marker_put(self, marker: Item, old: str | None) -> dict[str, Any]:
        return self._put(marker, IS_OF_BATCH, {":batchId": {"S": old}}) if old else self._put(marker, IS_NEW)

    def _pages(self, request: dict[str, Any]) -> Iterator[Any]:
        more = True
        while more:
            answer = self._query(request)
            yield answer
            more = "LastEvaluatedKey" in answer
            request["ExclusiveStartKey"] = answer.get("LastEvaluatedKey")

    def _query(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 (as boto3 has it)
        with available():
            return self._client.query(**request)

    def _put(self, item: Item, condition: str, values: Item | None = None) -> dict[str, Any]:
        put = {"TableName": self._table, "Item": item, "ConditionExpression": condition}
        return put | ({"ExpressionAttributeValues": values} if values else {})

    def _save_put(self, batch: Batch) -> dict[str, Any]:
        item = self._item(replace(batch, version=batch.version + 1))
        return self._put(item, IS_AT_VERSION, {":version": {"N": str(batch.version)}})

    def _put_if(self, item: Item, condition: str, values: Item) -> bool:
        """Put an item where the condition holds; False where it does not."""
        try:
            with available():
                self._client.put_item(**self._put(item, condition, values))
        except ConditionFailed:
            return False
        return True

    def _get(self, key: str) -> Item | None:
        with available():
            answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": key}}, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def _get_all(self, keys: Sequence[str]) -> dict[str, Item]:
        portions = batched(keys, READ_AT_ONCE, strict=False)
        return {key: item for portion in portions for key, item in self._get_portion(portion).items()}

    def _get_portion(self, keys: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        left: Any = {self._table: {"Keys": [{"pk": {"S": key}} for key in dict.fromkeys(keys)], "ConsistentRead": True}}
        for _ in range(ROUNDS):
            with available():
                answer = self._client.batch_get_item(RequestItems=left)
            found |= {item["pk"]["S"]: item for item in answer["Responses"].get(self._table, [])}
            left = answer.get("UnprocessedKeys")
            if not left:
                return found
        raise StoreUnavailable("the table throttles reads")


class ConditionFailed(Exception):
    """The condition of a write does not hold."""


@contextmanager
def available() -> Iterator[None]:
    """A call to DynamoDB: whatever it raises becomes one of ours."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        raise StoreUnavailable(str(error)) from error
    except BotoCoreError as error:
        raise StoreUnavailable(str(error)) from error


def _is_over(batch: Batch) -> bool:
    return batch.state in ENDS and batch.due is None


def _recorded(batch: Batch, expires_at: datetime) -> tuple[Batch, list[Item]]:
    """A new batch as it is recorded, and the items that hold it.

    Raises:
        RecordTooLarge: they would be too large.
    """
    if len(batch.payload or b"") > records.LARGEST_PAYLOAD:
        raise RecordTooLarge(RecordTooLarge.__doc__)
    whole = records.to_item(batch)
    if records.size(whole) <= records.WRITE_UNIT:
        return batch, [whole]
    recorded = replace(batch, payload=None)
    item, payload = records.to_item(recorded), records.to_payload(batch, expires_at)
    if records.size(item) > records.LARGEST_CLAIM or records.size(payload) > records.LARGEST_PAYLOAD_ITEM:
        raise RecordTooLarge(RecordTooLarge.__doc__)
    return recorded, [item, payload]


def _check_not_claimed(error: ClientError) -> None:
    """A claim failed: nothing where an order id belongs to another batch.

    Raises:
        StoreUnavailable: for any other reason.
    """
    if error.response["Error"]["Code"] == "TransactionCanceledException":
        codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if "ConditionalCheckFailed" in codes:
            return
        raise Busy(str(error)) from error
    raise StoreUnavailable(str(error)) from error
