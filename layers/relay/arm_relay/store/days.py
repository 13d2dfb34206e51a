"""What happened on which day: the index `day`, walked page by page, and how far a walk through it has come.

DUTY#<name>     `state`, a walk or what it has found so far, as JSON; `version`
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from arm_relay.store import records
from arm_relay.store.records import DayEntry
from arm_relay.store.table import IS_AT_VERSION, IS_NEW, ConditionFailed, available

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: `day` is a reserved word of DynamoDB.
IS_OF_DAY: Final = "#day = :day AND claimedAt BETWEEN :start AND :end"

#: How many entries a page holds: as many batches as one BatchGetItem reads.
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what happened in a time."""

    entries: tuple[DayEntry, ...]
    #: Where the next page begins; None where this is the last one.
    after: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a walk."""

    state: Any
    version: int


class Days:
    """The index, in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(self, shard: str, start: datetime, end: datetime, after: str) -> Page:
        """What happened in a shard from `start` on and before `end`; `after` is of the page before, first it is empty.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        days = list(_days(start, end))
        last = json.loads(after) if after else None
        day = last[0] if last else days[0]
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "day",
            "KeyConditionExpression": IS_OF_DAY,
            "ExpressionAttributeNames": {"#day": "day"},
            "ExpressionAttributeValues": {
                ":day": {"S": f"{day}#{shard}"},
                ":start": {"S": records.to_text(start)},
                ":end": {"S": records.to_text(end)},
            },
            "Limit": PAGE,
        }
        if last and len(last) > 1:
            key = {"pk": last[2], "day": f"{day}#{shard}", "claimedAt": last[1]}
            request["ExclusiveStartKey"] = {name: {"S": value} for name, value in key.items()}
        with available():
            answer = self._client.query(**request)
        found = [records.from_day_item(item) for item in answer["Items"]]
        # DynamoDB's BETWEEN has both ends in it.
        return Page(
            tuple(entry for entry in found if entry.at < end), _after(answer.get("LastEvaluatedKey"), day, days)
        )

    def kept(self, name: str) -> Kept | None:
        """What is kept of a walk; None where nothing is. It may be a moment old: `keep` then keeps nothing.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.get_item(TableName=self._table, Key=_key(name))
        item = answer.get("Item")
        return Kept(json.loads(item["state"]["S"]), int(item["version"]["N"])) if item else None

    def keep(self, name: str, state: object, version: int, expires_at: datetime | None = None) -> Kept | None:
        """Keep the state that follows the one of this version, 0 where none is kept.

        None: nothing was kept, because another writer was first.

        Raises:
            StoreUnavailable: it is not known whether it is kept.
        """
        item: dict[str, Any] = {
            **_key(name),
            "state": {"S": json.dumps(state, separators=(",", ":"))},
            "version": {"N": str(version + 1)},
        }
        if expires_at:
            item["expiresAt"] = {"N": str(int(expires_at.timestamp()))}
        request: dict[str, Any] = {"TableName": self._table, "Item": item, "ConditionExpression": IS_NEW}
        if version:
            values = {":version": {"N": str(version)}}
            request |= {"ConditionExpression": IS_AT_VERSION, "ExpressionAttributeValues": values}
        try:
            with available():
                self._client.put_item(**request)
        except ConditionFailed:
            return None
        return Kept(state, version + 1)


def behind_claim(at: datetime, batch_id: str) -> str:
    """Where a page begins that goes on behind the claim of a batch."""
    day = at.astimezone(UTC).date().isoformat()
    return json.dumps([day, records.to_text(at), records.batch_key(batch_id)])


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": f"DUTY#{name}"}}


def _days(start: datetime, end: datetime) -> Iterator[str]:
    """The UTC dates that a time touches."""
    day = start.astimezone(UTC).date()
    while day <= end.astimezone(UTC).date():
        yield day.isoformat()
        day += timedelta(days=1)


def _after(last: Any, day: str, days: list[str]) -> str | None:  # noqa: ANN401 (as boto3 has it)
    if last:
        return json.dumps([day, last["claimedAt"]["S"], last["pk"]["S"]])
    following = days[days.index(day) + 1 :] if day in days else []
    return json.dumps([following[0]]) if following else None
