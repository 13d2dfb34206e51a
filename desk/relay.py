"""The operators' routes as calls: one for each route, with its paging hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from desk.answers import (
    Action,
    BatchStory,
    BulkAction,
    BulkRedrive,
    Day,
    Filter,
    Forgotten,
    FoundOrder,
    Health,
    ListedBatch,
    OrderStory,
    Page,
    Plan,
    State,
    Totals,
    read_as,
)
from desk.api import Api, quoted
from desk.problems import Answered, Problem

#: How many batches one page of a list holds at most.
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class BatchList:
    """A list of batches: what it comes to, and its batches one after the other."""

    totals: Totals
    #: Further pages are asked for as they are needed.
    batches: Iterator[ListedBatch]


class Relay:
    """What operators ask of a relay, and have it do.

    Every call raises `Answered` where the relay answers with a problem, and `Problem` where it cannot be reached.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def find_orders(self, client_no: str, number: str) -> list[FoundOrder]:
        """The client's orders that have this id, invoice number or orderId, or belong to the batch of this id."""
        found = [
            *self._found(client_no, invoiceNo=number),
            *self._found(client_no, orderId=number),
            *self._of_id(client_no, number),
        ]
        each = {(one["batchId"], one["order"]["id"]): one for one in found}
        return list(each.values()) or self._of_batch(client_no, number)

    def order(self, client_no: str, order_id: str) -> OrderStory:
        """All that is known about the order with this id."""
        return read_as(OrderStory, self._api.get(f"/v1/clients/{quoted(client_no)}/orders/{quoted(order_id)}"))

    def story(self, found: FoundOrder) -> OrderStory:
        """All that is known about an order that was found, in the batch in which it was found.

        It is asked for by its batch, because API Gateway is said to cut a path at a question mark in an id.
        """
        batch: dict[str, Any] = {**self.batch(found["clientNo"], found["batchId"])}
        orders = batch.pop("orders")
        those = [each for each in orders if each["id"] == found["order"]["id"]]
        if len(those) != 1:
            raise Problem(f"the batch {found['batchId']} does not have the order {found['order']['id']} once")
        (order,) = those
        return cast("OrderStory", batch | {"order": order})

    def batch(self, client_no: str, batch_id: str) -> BatchStory:
        """All that is known about the batch with this id."""
        return read_as(BatchStory, self._api.get(f"/v1/clients/{quoted(client_no)}/batches/{quoted(batch_id)}"))

    def batches(self, state: State, *, cause: str | None = None, client_no: str | None = None) -> BatchList:
        """The batches in a state, for one cause or any, of one client or all."""
        first = self._page(state, cause, client_no, None)
        if first["totals"] is None:
            raise Problem("the relay's list of batches has no totals")
        return BatchList(first["totals"], self._all(first, state, cause, client_no))

    def redrive(
        self,
        client_no: str,
        batch_id: str,
        action: Action,
        reason: str,
        *,
        status: str | None = None,
        may_be_billed_twice: bool = False,
    ) -> BatchStory:
        """Do something to one batch: the batch after that, or the new batch of a retry.

        `status` is how the orders ended that nobody knew of, for `close`.
        """
        body: dict[str, object] = {"action": action, "reason": reason}
        if status is not None:
            body["status"] = status
        if may_be_billed_twice:
            body["mayBeBilledTwice"] = True
        return read_as(
            BatchStory, self._api.post(f"/v1/clients/{quoted(client_no)}/batches/{quoted(batch_id)}/redrive", body)
        )

    def plan(self, action: BulkAction, reason: str, wanted: Filter) -> Plan:
        """What a bulk redrive would do; nothing is touched."""
        body = {"action": action, "reason": reason, "filter": wanted, "dryRun": True}
        return read_as(Plan, self._api.post("/v1/redrives", body))

    def bulk_redrive(self, plan: Plan, reason: str, wanted: Filter) -> BulkRedrive:
        """Begin what a plan says: no more batches than it counted, and none that came later than it was made."""
        body = {
            "action": plan["action"],
            "reason": reason,
            "filter": wanted,
            "batches": plan["batches"],
            "asOf": plan["asOf"],
        }
        return read_as(BulkRedrive, self._api.post("/v1/redrives", body))

    def redrive_progress(self, redrive_id: str) -> BulkRedrive:
        """How far a bulk redrive is."""
        return read_as(BulkRedrive, self._api.get(f"/v1/redrives/{quoted(redrive_id)}"))

    def stop_redrive(self, redrive_id: str) -> BulkRedrive:
        """Stop a bulk redrive; what a run has in hand at this moment may still be touched."""
        return read_as(BulkRedrive, self._api.post(f"/v1/redrives/{quoted(redrive_id)}/stop"))

    def forget(self, client_no: str, order_id: str, reason: str, batch_id: str | None = None) -> Forgotten:
        """Remove what the relay holds of the people of an order: what is left, what was removed, what stays and why."""
        body = {"id": order_id, "reason": reason} | ({"batchId": batch_id} if batch_id else {})
        return read_as(Forgotten, self._api.post(f"/v1/clients/{quoted(client_no)}/orders/forget", body))

    def day(self, day: date) -> Day:
        """What one day comes to."""
        return read_as(Day, self._api.get(f"/v1/days/{day.isoformat()}"))

    def health(self) -> Health:
        """Whether the relay can do its work."""
        return read_as(Health, self._api.get("/v1/health"))

    def _found(self, client_no: str, **number: str) -> list[FoundOrder]:
        answer = self._api.get("/v1/orders", {"clientNo": client_no, **number})
        return read_as(list[FoundOrder], answer.get("orders") if isinstance(answer, dict) else None)

    def _of_id(self, client_no: str, order_id: str) -> list[FoundOrder]:
        try:
            return [cast("FoundOrder", self.order(client_no, order_id))]
        except Answered as problem:
            if problem.kind != "unknown-order":
                raise
            return []

    def _of_batch(self, client_no: str, batch_id: str) -> list[FoundOrder]:
        try:
            batch = self.batch(client_no, batch_id)
        except Answered as problem:
            if problem.kind != "unknown-batch":
                raise
            return []
        return read_as(list[FoundOrder], [{**batch, "order": order} for order in batch["orders"]])

    def _page(self, state: State, cause: str | None, client_no: str | None, cursor: str | None) -> Page:
        query = {"state": state, "cause": cause, "clientNo": client_no, "limit": PAGE, "cursor": cursor}
        return read_as(Page, self._api.get("/v1/batches", query))

    def _all(self, page: Page, state: State, cause: str | None, client_no: str | None) -> Iterator[ListedBatch]:
        yield from page["batches"]
        while page["cursor"] is not None:
            page = self._page(state, cause, client_no, page["cursor"])
            yield from page["batches"]
