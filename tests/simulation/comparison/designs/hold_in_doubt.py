"""Look up, then hold: what is in doubt is never sent again. The ledger is asked three times, then a person.

Its users write it as a payment provider asks for it: after a timeout inquire about the transaction, and after three
inquiries without an answer leave it to people (https://stg-bills.paymobsolutions.com/docs/timeouts).
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from tests.simulation.comparison.designs import parts
from tests.simulation.comparison.designs.parts import StandIn, Tools

NAME: Final = "Look-up, then hold"
INQUIRIES: Final = 3


class NotFoundYetError(Exception):
    """The ledger does not have the document, or does not answer."""


class Design(StandIn):
    """See `StandIn`."""

    def work(self, tools: Tools, order: Mapping[str, Any], receives: int) -> None:  # noqa: ARG002 (the queue counts)
        """See `StandIn`."""
        known = parts.get(tools, order["id"])
        if known and not known.keys().isdisjoint({"batchUuid", "ended", "givenUp"}):
            return
        if not parts.lease(tools, order["id"], parts.WORKER_TIMEOUT, known):
            raise parts.InProgressError(order["id"])
        if known:
            _inquire(tools, order, int(known.get("inquiries", {"N": "0"})["N"]) + 1)
        else:
            _send(tools, order)

    def held(self) -> set[str]:
        """See `ComparedWorld`."""
        given_up = {key.removeprefix("ORDER#") for key, item in self.table.items.items() if "givenUp" in item}
        return super().held() | given_up


def _send(tools: Tools, order: Mapping[str, Any]) -> None:
    try:
        response = tools.arm.post(order)
        response.raise_for_status()
    except httpx.ConnectError:
        # It was certainly not sent, so that the next try is a first one.
        tools.dynamodb.delete_item(TableName="orders", Key={"pk": {"S": f"ORDER#{order['id']}"}})
        raise
    item = parts.to_poll(order, response.json()["batchUuid"], tools.now())
    tools.dynamodb.put_item(TableName="orders", Item=item)


def _inquire(tools: Tools, order: Mapping[str, Any], inquiries: int) -> None:
    try:
        is_found = parts.is_in_ledger(tools, order)
    except httpx.HTTPError:
        is_found = False
    if is_found:
        parts.announce(tools, order["id"], "SUCCEEDED")
        parts.finish(tools, order["id"], "SUCCEEDED")
        return
    item = {
        "pk": {"S": f"ORDER#{order['id']}"},
        "inquiries": {"N": str(inquiries)},
        "leasedUntil": {"S": parts.text(tools.now())},
    }
    if inquiries < INQUIRIES:
        tools.dynamodb.put_item(TableName="orders", Item=item)
        raise NotFoundYetError(order["id"])
    tools.dynamodb.put_item(TableName="orders", Item=item | {"givenUp": {"S": parts.text(tools.now())}})
