"""What was announced, word for word: a table of its own, by client and in the order of announcing.

clientNo    the client: one partition, so that a spell without announcements costs its reader nothing
place       the time at which it was announced, and its id: places sort by time
body        the message, compressed
expiresAt   from then on DynamoDB may delete it
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from arm_relay.store.compression import compress, decompress
from arm_relay.store.records import UnreadableRecord, to_text
from arm_relay.store.table import available

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The most items that BatchWriteItem takes.
KEPT_AT_ONCE: Final = 25

IS_LATER: Final = "clientNo = :client AND place > :after"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One message that was published."""

    #: The CloudEvent's id.
    id: str
    client_no: str
    #: When it was published, by the publisher's clock.
    at: datetime
    #: The CloudEvent as JSON.
    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One announcement of a client, at its place among the others."""

    place: str
    text: str


def place_of(at: datetime, announcement_id: str) -> str:
    """The place of an announcement that was made at this time."""
    return f"{to_text(at)} {announcement_id}"


class Announced:
    """The table, in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str, retention: timedelta) -> None:
        """Announcements are kept for `retention`."""
        self._client = client
        self._table = table
        self._retention = retention

    def keep(self, announcements: Sequence[Announcement]) -> set[str]:
        """Keep what was announced; the ids of those that are kept. The others may not be.

        Raises:
            StoreUnavailable: it is not known which of them are kept.
        """
        kept: set[str] = set()
        for start in range(0, len(announcements), KEPT_AT_ONCE):
            kept |= self._keep(announcements[start : start + KEPT_AT_ONCE])
        return kept

    def after(self, client_no: str, place: str, limit: int) -> Iterator[Listed]:
        """The client's announcements behind a place, at most about `limit`, in their order. The empty place is first.

        What was kept less than a second ago may be missing.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": IS_LATER,
            "ExpressionAttributeValues": {":client": {"S": client_no}, ":after": {"S": place or " "}},
            "Limit": limit,
        }
        while True:
            with available():
                answer = self._client.query(**request)
            for item in answer["Items"]:
                yield Listed(item["place"]["S"], _text(item))
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def text(self, client_no: str, place: str) -> str | None:
        """The announcement at a place; None where it is not kept any more.

        Raises:
            StoreUnavailable: the table is out of reach.
            UnreadableRecord: it is damaged.
        """
        key: Any = {"clientNo": {"S": client_no}, "place": {"S": place}}
        with available():
            answer = self._client.get_item(TableName=self._table, Key=key)
        return _text(answer["Item"]) if "Item" in answer else None

    def _keep(self, announcements: Sequence[Announcement]) -> set[str]:
        items = {each.id: self._item(each) for each in announcements}
        puts: Any = {self._table: [{"PutRequest": {"Item": item}} for item in items.values()]}
        with available():
            answer = self._client.batch_write_item(RequestItems=puts)
        refused = answer.get("UnprocessedItems", {}).get(self._table, [])
        places = {entry["PutRequest"]["Item"]["place"]["S"] for entry in refused}
        return {name for name, item in items.items() if item["place"]["S"] not in places}

    def _item(self, announcement: Announcement) -> dict[str, dict[str, Any]]:
        return {
            "clientNo": {"S": announcement.client_no},
            "place": {"S": place_of(announcement.at, announcement.id)},
            "body": {"B": compress(announcement.text.encode())},
            "expiresAt": {"N": str(int((announcement.at + self._retention).timestamp()))},
        }


def _text(item: Any) -> str:  # noqa: ANN401 (as boto3 has it)
    try:
        return decompress(bytes(item["body"]["B"])).decode()
    except (KeyError, UnicodeDecodeError, zlib.error) as error:
        raise UnreadableRecord(f"an announcement is damaged: {error!r}") from error
