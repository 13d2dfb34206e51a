"""Look-up without settling: before an order is sent again, the ledger is asked whether it has the document.

Its users write it as payment providers advise: before you repeat, ask for the payment by your own reference
(https://dev-forum.maya.ph/t/how-do-i-implement-payment-retries-if-the-customer-gets-redirected/238). What is found is
not sent again, what is not found is. A lease keeps two workers apart.
"""

from collections.abc import Mapping
from typing import Any, Final

from tests.simulation.comparison.designs import parts
from tests.simulation.comparison.designs.parts import StandIn, Tools

NAME: Final = "Look-up without settling"


class Design(StandIn):
    """See `StandIn`."""

    def work(self, tools: Tools, order: Mapping[str, Any], receives: int) -> None:  # noqa: ARG002 (the queue counts)
        """See `StandIn`."""
        known = parts.get(tools, order["id"])
        if known and ("batchUuid" in known or "ended" in known):
            return
        if not parts.lease(tools, order["id"], parts.WORKER_TIMEOUT, None):
            raise parts.InProgressError(order["id"])
        try:
            if known and parts.is_in_ledger(tools, order):
                parts.announce(tools, order["id"], "SUCCEEDED")
                parts.finish(tools, order["id"], "SUCCEEDED")
                return
            response = tools.arm.post(order)
            response.raise_for_status()
        except Exception:
            _release(tools, order)
            raise
        item = parts.to_poll(order, response.json()["batchUuid"], tools.now())
        tools.dynamodb.put_item(TableName="orders", Item=item)


def _release(tools: Tools, order: Mapping[str, Any]) -> None:
    item = {"pk": {"S": f"ORDER#{order['id']}"}, "leasedUntil": {"S": parts.text(tools.now())}}
    tools.dynamodb.put_item(TableName="orders", Item=item)
