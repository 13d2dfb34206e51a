"""Retry on error: what fails is done again.

Its users write it as AWS shows a function behind a queue: the function raises, and the queue brings the message again
("Understanding SQS retries", https://docs.aws.amazon.com/lambda/latest/operatorguide/sqs-retries.html). That page asks
for idempotency, too; this design has what is usual of it: it does not send an order whose batchUuid it already has.
"""

from collections.abc import Mapping
from typing import Any, Final

from tests.simulation.comparison.designs import parts
from tests.simulation.comparison.designs.parts import StandIn, Tools

NAME: Final = "Retry on error"


class Design(StandIn):
    """See `StandIn`."""

    def work(self, tools: Tools, order: Mapping[str, Any], receives: int) -> None:  # noqa: ARG002 (the queue counts)
        """See `StandIn`."""
        if parts.get(tools, order["id"]):
            return
        response = tools.arm.post(order)
        response.raise_for_status()
        item = parts.to_poll(order, response.json()["batchUuid"], tools.now())
        tools.dynamodb.put_item(TableName="orders", Item=item)
