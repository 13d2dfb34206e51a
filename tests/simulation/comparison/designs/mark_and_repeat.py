"""Mark, then repeat after a crash: an order is written down before it is sent, and sent until it is known to be sent.

Its users write it with a lease on the row: who works on it holds the lease, and a lease that is over means that the
worker has died, so the next one does the work again (https://engineering.david-hayes.com/blog/durable-work-postgres/
02-recovery/). That page says that the work may be done twice. With a lease, it is never done by two at a time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
from botocore.exceptions import ClientError

from tests.simulation.comparison.designs import parts
from tests.simulation.comparison.designs.parts import StandIn, Tools

NAME: Final = "Mark, then repeat after a crash"
#: The partition of the index in which what must be sent is found.
TO_SEND: Final = "to-send"
#: How long a worker may take, in seconds.
LEASE: Final = 300.0


class Design(StandIn):
    """See `StandIn`. The table is the queue."""

    def receive(self, tools: Tools, order: Mapping[str, Any]) -> None:
        """See `StandIn`."""
        item = {
            "pk": {"S": f"ORDER#{order['id']}"},
            "order": {"S": json.dumps(order)},
            "tries": {"N": "1"},
            "shard": {"S": TO_SEND},
            "due": {"S": parts.text(tools.now() + LEASE)},
        }
        if parts.put_if(tools, item, "attribute_not_exists(pk)"):
            _send(tools, order, tries=1)

    def scheduled(self) -> Sequence[Callable[[Tools], None]]:
        """See `StandIn`."""
        return (_repeat, parts.poll)

    def held(self) -> set[str]:
        """See `ComparedWorld`."""
        return {json.loads(item["order"]["S"])["id"] for item in self.table.items.values() if "givenUp" in item}


def _repeat(tools: Tools) -> None:
    """Send again whatever is marked and not known to be sent."""

    def one(item: Mapping[str, Any]) -> None:
        if tools.environment.remaining() < parts.RESERVE:
            return
        tries = int(item["tries"]["N"]) + 1
        if tries > parts.MOST_TRIES:
            _update(tools, item, "SET givenUp = :now REMOVE due", {":now": {"S": parts.text(tools.now())}})
        elif _lease(tools, item, tries):
            _send(tools, json.loads(item["order"]["S"]), tries)

    tools.threads(one, parts.due(tools, TO_SEND))


def _lease(tools: Tools, item: Mapping[str, Any], tries: int) -> bool:
    values = {":due": {"S": parts.text(tools.now() + LEASE)}, ":tries": {"N": str(tries)}}
    return _update(tools, item, "SET due = :due, tries = :tries", values)


def _update(tools: Tools, item: Mapping[str, Any], expression: str, values: Mapping[str, Any]) -> bool:
    """Change a marked order unless somebody else was first; whether it was changed."""
    try:
        tools.dynamodb.update_item(
            TableName="orders",
            Key={"pk": item["pk"]},
            UpdateExpression=expression,
            ConditionExpression="due = :seen AND attribute_not_exists(batchUuid)",
            ExpressionAttributeValues={**values, ":seen": item["due"]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _send(tools: Tools, order: Mapping[str, Any], tries: int) -> None:
    try:
        response = tools.arm.post(order)
        response.raise_for_status()
    except httpx.HTTPError:
        tools.dynamodb.update_item(
            TableName="orders",
            Key={"pk": {"S": f"ORDER#{order['id']}"}},
            UpdateExpression="SET due = :due",
            ExpressionAttributeValues={":due": {"S": parts.text(tools.now() + parts.pause(tries))}},
        )
        return
    item = parts.to_poll(order, response.json()["batchUuid"], tools.now())
    tools.dynamodb.put_item(TableName="orders", Item=item)
