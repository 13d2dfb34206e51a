"""What both functions know of an outage of ARM, in one item: failures in a row, forgotten when they are old.

BREAKER    `failures` in a row, `until` when they count
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from arm_relay.store import records
from arm_relay.store.table import ConditionFailed, available

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = {"pk": {"S": "BREAKER"}}

IS_RECENT: Final = "#until > :now"

#: How many failures in a row are an outage.
LIMIT: Final = 3

#: How long the failures count after the last one. Longer than the poller takes to ask again, as it runs every minute.
LIFE: Final = timedelta(minutes=2)


class Outage:
    """The item, in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def failures(self, now: datetime) -> int:
        """How many calls to ARM in a row failed lately.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.get_item(TableName=self._table, Key=KEY)
        item = answer.get("Item", {})
        is_old = "until" not in item or records.from_text(item["until"]["S"]) <= now
        return 0 if is_old else int(item["failures"]["N"])

    def failed(self, now: datetime) -> None:
        """Count a failure.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        until = now + LIFE
        values: dict[str, Any] = {
            ":one": {"N": "1"},
            ":until": {"S": records.to_text(until)},
            ":now": {"S": records.to_text(now)},
            ":expiresAt": {"N": str(int(until.timestamp()))},
        }
        change: dict[str, Any] = {"TableName": self._table, "Key": KEY, "ExpressionAttributeNames": {"#until": "until"}}
        try:
            with available():
                self._client.update_item(
                    **change,
                    UpdateExpression="SET #until = :until, expiresAt = :expiresAt ADD failures :one",
                    ConditionExpression=IS_RECENT,
                    ExpressionAttributeValues=values,
                )
        except ConditionFailed:
            with available():
                self._client.update_item(
                    **change,
                    UpdateExpression="SET #until = :until, expiresAt = :expiresAt, failures = :one",
                    ExpressionAttributeValues={name: value for name, value in values.items() if name != ":now"},
                )

    def answered(self) -> None:
        """ARM has answered: forget the failures.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            self._client.delete_item(TableName=self._table, Key=KEY)
