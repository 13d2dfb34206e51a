"""Bulk redrives in the table.

REDRIVE#<id>    one bulk redrive; `shard` and `due` while it is under way put it into the sparse index `due`
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from arm_relay.batches.batch import State
from arm_relay.batches.bulk_redrive import Action, BulkRedrive, Progress, Refusal
from arm_relay.batches.selection import Wanted
from arm_relay.store.records import Item, from_text, to_text
from arm_relay.store.table import IS_AT_VERSION, IS_NEW, IS_OF_SHARD, ConditionFailed, available

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The shard of bulk redrives that are under way. No poller leases it.
SHARD: Final = "redrives"


def key(redrive_id: str) -> str:
    """The key of a bulk redrive."""
    return f"REDRIVE#{redrive_id}"


class Redrives:
    """The items, in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str, *, life: timedelta) -> None:
        """A bulk redrive is kept for `life` after its creation."""
        self._client = client
        self._table = table
        self._life = life

    def create(self, redrive: BulkRedrive) -> None:
        """Record a new one.

        Raises:
            StoreUnavailable: it is not known whether it was recorded.
        """
        try:
            with available():
                self._client.put_item(TableName=self._table, Item=self._item(redrive), ConditionExpression=IS_NEW)
        except ConditionFailed:
            # Its id is random: a repetition by the SDK has met its own effect.
            return

    def redrive(self, redrive_id: str) -> BulkRedrive | None:
        """The one with this id.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": key(redrive_id)}}, ConsistentRead=True
            )
        return from_item(answer["Item"]) if "Item" in answer else None

    def save(self, redrive: BulkRedrive) -> BulkRedrive | None:
        """Record its next step: as recorded, or None where another writer saved first.

        Raises:
            StoreUnavailable: it is not known whether it was recorded.
        """
        saved = replace(redrive, version=redrive.version + 1)
        try:
            with available():
                self._client.put_item(
                    TableName=self._table,
                    Item=self._item(saved),
                    ConditionExpression=IS_AT_VERSION,
                    ExpressionAttributeValues={":version": {"N": str(redrive.version)}},
                )
        except ConditionFailed:
            return None
        return saved

    def under_way(self) -> list[str]:
        """The ids of those that the poller has something to do for, the oldest first. The index lags behind.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.query(
                TableName=self._table,
                IndexName="due",
                KeyConditionExpression=IS_OF_SHARD,
                ExpressionAttributeNames={"#shard": "shard"},
                ExpressionAttributeValues={":shard": {"S": SHARD}},
            )
        return [item["pk"]["S"].removeprefix(key("")) for item in answer["Items"]]

    def _item(self, redrive: BulkRedrive) -> dict[str, dict[str, Any]]:
        item: dict[str, dict[str, Any]] = {
            "pk": {"S": key(redrive.id)},
            "version": {"N": str(redrive.version)},
            "body": {"S": json.dumps(_to_json(redrive), ensure_ascii=False)},
            "expiresAt": {"N": str(int((redrive.created_at + self._life).timestamp()))},
        }
        if redrive.is_under_way:
            item |= {"shard": {"S": SHARD}, "due": {"S": to_text(redrive.created_at)}}
        return item


def _to_json(redrive: BulkRedrive) -> dict[str, Any]:
    wanted = redrive.wanted
    times = {
        "claimedAfter": wanted.claimed_after,
        "claimedBefore": wanted.claimed_before,
        "endOrHoldAfter": wanted.ended_after,
        "endOrHoldBefore": wanted.ended_before,
        "sinceBefore": wanted.since_before,
        "createdAt": redrive.created_at,
        "endedAt": redrive.ended_at,
    }
    after = redrive.after
    stated = {
        "id": redrive.id,
        "action": redrive.action.value,
        "clientNo": wanted.client_no,
        "cause": wanted.cause,
        "wantedStatus": wanted.status.value if wanted.status else None,
        "reason": redrive.reason,
        "by": redrive.by,
        "most": redrive.most,
        "status": redrive.status.value,
        "stoppedBy": redrive.stopped_by,
        "after": [after[0], to_text(after[1]), after[2]] if after else None,
        "inHand": redrive.in_hand,
        "tries": redrive.tries,
        "done": redrive.done,
        "refused": redrive.refused,
        "refusals": [[refusal.batch_id, refusal.reason] for refusal in redrive.refusals],
        **{name: to_text(time) for name, time in times.items() if time},
    }
    return {name: value for name, value in stated.items() if value}


def from_item(item: Item) -> BulkRedrive:
    """The bulk redrive of an item."""
    said = json.loads(item["body"]["S"])
    action = Action(said["action"])
    times = {name: from_text(text) for name, text in said.items() if name.endswith(("At", "After", "Before"))}
    after = said.get("after")
    return BulkRedrive(
        id=said["id"],
        action=action,
        wanted=Wanted(
            listing=action.listing,
            client_no=said.get("clientNo"),
            cause=said.get("cause"),
            status=State(said["wantedStatus"]) if "wantedStatus" in said else None,
            claimed_after=times.get("claimedAfter"),
            claimed_before=times.get("claimedBefore"),
            ended_after=times.get("endOrHoldAfter"),
            ended_before=times.get("endOrHoldBefore"),
            since_before=times.get("sinceBefore"),
        ),
        reason=said["reason"],
        by=said["by"],
        created_at=times["createdAt"],
        most=said["most"],
        status=Progress(said["status"]),
        stopped_by=said.get("stoppedBy"),
        ended_at=times.get("endedAt"),
        after=(after[0], from_text(after[1]), after[2]) if after else None,
        in_hand=tuple(said.get("inHand", ())),
        tries=said.get("tries", 0),
        done=said.get("done", 0),
        refused=said.get("refused", 0),
        refusals=tuple(Refusal(*refusal) for refusal in said.get("refusals", ())),
        version=int(item["version"]["N"]),
    )
