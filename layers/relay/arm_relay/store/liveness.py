"""What runs of the poller know of each other, in one item: when the poller ran last, and what it has learned.

POLLER    `lastRunAt`; `stopped`, the spells without any run; `known#<client>`, a document number that ARM has, and when
          that was learned
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from arm_relay.store import records
from arm_relay.store.table import available

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = {"pk": {"S": "POLLER"}}
KNOWN: Final = "known#"

#: Runs that come this much later than the one before: the poller was stopped in between.
STOPPED: Final = timedelta(minutes=10)

#: How many spells without a run are remembered.
KEPT: Final = 20

#: A client's number that was learned this long ago gives way to a newer one: ARM may put old documents away.
REFRESHED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Known:
    """A document number of a client that ARM was seen to have."""

    number: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """What runs before this one knew."""

    #: The spells in which no poller ran, each from and to.
    stopped: tuple[tuple[datetime, datetime], ...]
    #: By client.
    known: Mapping[str, Known]

    @property
    def numbers(self) -> Mapping[str, str]:
        """A document number of each client that ARM is known to have."""
        return {client: known.number for client, known in self.known.items()}

    def should_learn(self, client_no: str, now: datetime) -> bool:
        """Whether a number of this client that ARM has now is worth a write."""
        known = self.known.get(client_no)
        return known is None or now >= known.learned_at + REFRESHED

    def stopped_since(self, time: datetime) -> timedelta:
        """For how long no poller ran since a time."""
        spells = ((max(start, time), end) for start, end in self.stopped)
        return sum((end - start for start, end in spells if end > start), timedelta(0))


class Liveness:
    """The item, in DynamoDB."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin_run(self, now: datetime) -> Past:
        """Note that a run begins; what is known from the runs before.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        old = self._update("SET lastRunAt = :now", {":now": {"S": records.to_text(now)}})
        stopped = [
            (records.from_text(start), records.from_text(end)) for start, end in json.loads(_text(old, "stopped"))
        ]
        last = records.from_text(_text(old, "lastRunAt", records.to_text(now)))
        if now - last > STOPPED:
            stopped = [*stopped, (last, now)][-KEPT:]
            spells = [[records.to_text(start), records.to_text(end)] for start, end in stopped]
            self._update("SET stopped = :stopped", {":stopped": {"S": json.dumps(spells)}})
        return Past(tuple(stopped), _all_known(old))

    def known(self) -> Mapping[str, Known]:
        """A document number of each client that ARM is known to have, by client.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.get_item(TableName=self._table, Key=KEY)
        return _all_known(answer.get("Item", {}))

    def last_run(self) -> datetime | None:
        """When the latest run began; None where none ever did.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        with available():
            answer = self._client.get_item(TableName=self._table, Key=KEY)
        text = _text(answer.get("Item", {}), "lastRunAt", "")
        return records.from_text(text) if text else None

    def learn(self, numbers: Mapping[str, str], now: datetime) -> None:
        """Remember a document number of each of these clients that ARM has.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        at = {"S": records.to_text(now)}
        names = {f"#{place}": f"{KNOWN}{client}" for place, client in enumerate(numbers)}
        values = {
            f":{place}": {"M": {"number": {"S": number}, "learnedAt": at}}
            for place, number in enumerate(numbers.values())
        }
        stated = ", ".join(f"#{place} = :{place}" for place in range(len(numbers)))
        self._update(f"SET {stated}", values, names)

    def _update(self, expression: str, values: dict[str, Any], names: dict[str, str] | None = None) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": KEY,
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_OLD",
        }
        with available():
            answer = self._client.update_item(**request | ({"ExpressionAttributeNames": names} if names else {}))
        old: dict[str, Any] = dict(answer.get("Attributes", {}))
        return old


def _all_known(item: Mapping[str, Any]) -> dict[str, Known]:
    return {name.removeprefix(KNOWN): _known(value["M"]) for name, value in item.items() if name.startswith(KNOWN)}


def _known(value: Mapping[str, Any]) -> Known:
    return Known(_text(value, "number"), records.from_text(_text(value, "learnedAt")))


def _text(item: Mapping[str, Any], name: str, default: str = "[]") -> str:
    return str(item.get(name, {"S": default})["S"])
