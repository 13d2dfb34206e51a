"""One seed's run: senders, an operator, pollers and trouble for a while, then peace until nothing is left to do."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from random import Random
from typing import Any, Final

from arm_relay.batches.batch import CORRECTABLE, FAILURES, Batch, OrderStatus, State
from arm_relay.batches.bulk_redrive import BulkRedrive
from arm_relay.store import records, redrives
from arm_relay.store.table import StoreUnavailable

from sandbox.arm.api import ArmApi
from sandbox.arm.ledger import Ledger, short_uuid
from sandbox.arm.settings import ResultShape, Settings
from tests.simulation import cloud as simulated
from tests.simulation.announced import AnnouncedInMemory
from tests.simulation.cloud import BEGIN, Environment, Troubled
from tests.simulation.faults import ArmFaults, Rates
from tests.simulation.functions_under_test import (
    CLIENT_NO,
    Cloud,
    SilentJournal,
    bulk_event,
    call_operators,
    call_poller,
    call_webhook,
    orders_event,
    redrive_event,
    signed_event,
    stop_event,
)
from tests.simulation.hub import Hub
from tests.simulation.promises import Evidence, broken

#: How long things go on and go wrong, in seconds.
TROUBLED_TIME: Final = 2400.0
#: What a sender or an operator has begun is over within this time, in seconds.
LONGEST_ACT: Final = 500.0
WEBHOOK_TIME: Final = 25.0
POLLER_TIME: Final = 55.0
SHAPES: Final[tuple[ResultShape, ...]] = (
    "per-document",
    "by-order",
    "by-position",
    "whole-batch",
    "unknown-words",
    "contradictory",
    "not-json",
    "empty",
)


@dataclass
class Story:
    """The run of one seed."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 (repeatable on purpose)
        self.hub = Hub()
        self.failures: list[str] = []
        self.accepted: set[str] = set()
        self.sent: list[dict[str, Any]] = []
        #: What the sender has read of its results, in the order in which it came: by id.
        self.results: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None
        self.has_more = False
        self.uncredited: list[dict[str, Any]] = []
        self.numbered_invoices: list[dict[str, Any]] = []
        rates = Rates.drawn(self.random)
        self.troubled = Troubled(self.random, rates, self.counts)
        self.faults = ArmFaults(self.random, rates.arm, self.counts)
        self.settings = Settings(
            processing_seconds=self.random.choice((0.2, 20.0, 300.0, 800.0)),
            duplicates=self.random.choice(("accept", "reject")),
            reverse_entries=self.random.random() < 0.5,
            all_or_nothing=self.random.random() < 0.3,
            failing_customers={"666"},
            result_shape=self.random.choice(SHAPES),
            forget_after_seconds=self.random.choice((None, None, 100.0)),
        )
        self.ledger = Ledger(self.worked, lambda: short_uuid(self.random.randbytes(16)), self.settings)
        tokens = iter(range(10**9))
        arm = ArmApi(
            self.ledger, self.faults, self.settings, "relay", "simulated", self.now, lambda: f"t{next(tokens)}"
        )
        self.table = simulated.table(self.hub, self.random)
        self.topic = simulated.Topic()
        self.announced = AnnouncedInMemory()
        self.cloud = Cloud(self.table, self.announced, self.topic, arm, SilentJournal(self.failures))
        self.numbered = self.random.choice((0.5, 0.9, 1.0))
        self.skewed = self.random.random() < 0.5

    def now(self) -> datetime:
        """ARM's time."""
        return BEGIN + timedelta(seconds=self.hub.time)

    def worked(self) -> datetime:
        """The time by the queue that ARM works off."""
        return BEGIN + timedelta(seconds=self.faults.worked(self.hub.time))

    def environment(self, seconds: float) -> Environment:
        """A new environment with a clock of its own."""
        skew = timedelta(seconds=self.random.uniform(-30, 30) if self.skewed else 0)
        return Environment(self.hub, self.random, self.troubled, skew, self.hub.time + seconds)

    def run(self) -> list[str]:
        """Let it all happen; the promises broken."""
        self.plan()
        self.hub.run(TROUBLED_TIME)
        self.troubled.stop()
        self.faults.stop(self.hub.time)
        # Whoever has begun something ends it: it may leave more to be drained.
        self.hub.run(TROUBLED_TIME + LONGEST_ACT)
        self.drain()
        self.read_to_the_end()
        evidence = Evidence(
            accepted=frozenset(self.accepted),
            batches=self.batches(),
            belongs_to=self.belongs_to(),
            documents=self.ledger.documents,
            messages=self.topic.messages,
            results=self.results,
            redrives=self.redrives(),
            failures=self.failures,
        )
        found = broken(evidence)
        self.hub.end()
        self.counts.update(f"batches {batch.state}" for batch in evidence.batches)
        self.counts["redriven in bulk"] += sum(redrive.done for redrive in evidence.redrives)
        return found

    def plan(self) -> None:
        """Who acts when."""
        for _ in range(self.random.randint(4, 14)):
            self.hub.start(self.random.uniform(0, TROUBLED_TIME * 0.6), self.send)
        for _ in range(3):
            self.hub.start(self.random.uniform(0, TROUBLED_TIME), self.operate)
            self.hub.start(self.random.uniform(0, TROUBLED_TIME), self.operate_in_bulk)
        for _ in range(4):
            self.hub.start(self.random.uniform(0, TROUBLED_TIME), self.correct_twice)
        for _ in range(6):
            self.hub.start(self.random.uniform(0, TROUBLED_TIME), self.retry_twice)
        self.hub.start(self.random.uniform(0, TROUBLED_TIME), self.read_now_and_then)
        minute = 0.0
        while minute < TROUBLED_TIME:
            self.hub.start(minute, self.poll)
            if self.random.random() < 0.2:
                self.hub.start(minute + self.random.uniform(0, 5), self.poll)
            minute += 60
        if self.random.random() < 0.4:
            down = self.random.uniform(0, TROUBLED_TIME)
            # As outages begin: what was sent shortly before may have arrived.
            self.hub.at(down - 60, self.faults.give_way)
            self.hub.start(down - 30, self.send)
            self.hub.at(down, lambda: self.faults.go_down(self.hub.time))
            self.hub.at(down + self.random.uniform(60, TROUBLED_TIME), lambda: self.faults.come_back(self.hub.time))

    def drain(self) -> None:
        """Let pollers run, each when something is due, until nothing is."""
        for _ in range(400):
            due = [batch.due for batch in self.batches() if batch.due]
            due += [self.now() for redrive in self.redrives() if redrive.is_under_way]
            if not due:
                return
            wait = max((min(due) - self.now()).total_seconds(), 0) + 60
            self.hub.start(self.hub.time + wait, self.poll)
            self.hub.run(self.hub.time + wait + POLLER_TIME)

    def batches(self) -> list[Batch]:
        """Every batch in the table."""
        return [records.from_item(item) for key, item in self.table.items.items() if key.startswith("BATCH#")]

    def redrives(self) -> list[BulkRedrive]:
        """Every bulk redrive in the table."""
        prefix = redrives.key("")
        return [redrives.from_item(item) for key, item in self.table.items.items() if key.startswith(prefix)]

    def belongs_to(self) -> dict[str, str]:
        """The batch of each order id, as its marker says."""
        prefix = records.marker_key(CLIENT_NO, "")
        markers = {key: item for key, item in self.table.items.items() if key.startswith(prefix)}
        return {key.removeprefix(prefix): item["batchId"]["S"] for key, item in markers.items()}

    def poll(self) -> None:
        """One poller."""
        self.counts["polls"] += 1
        try:
            call_poller(self.environment(POLLER_TIME), self.cloud)
        except StoreUnavailable:
            self.counts["polls ended early"] += 1
        except Exception as error:  # noqa: BLE001 (the run goes on, and is a failed one)
            self.failures.append(f"poller: {error!r}")

    def correct_twice(self) -> None:
        """Two people send different corrections of one failed order at the same moment."""
        failed = {order.id for batch in self.batches() for order in batch.orders if order.status in CORRECTABLE}
        orders = [order for order in self.sent if order["id"] in failed]
        if not orders:
            return
        order = self.random.choice(orders)
        for customer_no in ("7", "8"):
            body = json.dumps(order | {"customerNo": customer_no})
            self.counts["corrections"] += 1
            self.hub.start(self.hub.time, partial(self.post, body))

    def retry_twice(self) -> None:
        """A sender has an order billed once more that failed, and asks for it twice at the same moment."""
        failed = {
            order.id: batch.id for batch in self.batches() for order in batch.orders if order.status in CORRECTABLE
        }
        orders = [order for order in self.sent if order["id"] in failed]
        if not orders:
            return
        order = self.random.choice(orders)
        body = json.dumps(order | {"failedBatchId": failed[order["id"]]})
        for _ in range(2):
            self.counts["retries"] += 1
            self.hub.start(self.hub.time, partial(self.post, body, "orders/retry"))

    def read_now_and_then(self) -> None:
        """A sender reads its results."""
        while self.hub.time < TROUBLED_TIME:
            self.read_results(self.random.choice((1, 3, 100)))
            self.hub.sleep(self.random.uniform(1, 300))

    def read_to_the_end(self) -> None:
        """The sender reads on when everything is over, and the newest is not new any more."""
        for _ in range(2):
            self.hub.run(self.hub.time + 300)
            self.has_more = True
            while self.has_more:
                self.hub.start(self.hub.time, partial(self.read_results, 7))
                self.hub.run(self.hub.time + WEBHOOK_TIME)

    def read_results(self, limit: int) -> None:
        """Read a page of results, and drop those that are known."""
        question = {"limit": limit} | ({"after": self.cursor} if self.cursor else {})
        event = signed_event("results", json.dumps(question), self.now())
        answer = call_webhook(self.environment(WEBHOOK_TIME), self.cloud, event)
        if answer["statusCode"] != HTTPStatus.OK:
            if answer["statusCode"] != HTTPStatus.SERVICE_UNAVAILABLE:
                self.failures.append(f"results {answer}")
            return
        page = json.loads(answer["body"])
        self.counts["results read"] += len(page["events"])
        for text in page["events"]:
            self.results.setdefault(text["id"], text)
        self.cursor, self.has_more = page["next"], page["more"]

    def send(self) -> None:
        """A sender sends a request, and perhaps sends it again."""
        self.post(json.dumps(self.request()))

    def post(self, body: str, route: str = "orders") -> None:
        """Send a request up to three times, as a sender without an answer would."""
        on_invalid = self.random.choice(("reject-all", "accept-valid"))
        for repetition in range(self.random.randint(1, 3)):
            self.counts["requests"] += 1
            self.counts["duplicates"] += 1 if repetition else 0
            environment = self.environment(WEBHOOK_TIME)
            answer = call_webhook(environment, self.cloud, orders_event(body, on_invalid, self.now(), route))
            if answer["statusCode"] in (200, 202):
                lines = json.loads(answer["body"])["orders"]
                self.accepted |= {line["id"] for line in lines if "batchId" in line}
                self.counts["orders left out"] += sum("problem" in line for line in lines)
            if answer["statusCode"] not in (200, 202, 409, 422, 503):
                self.failures.append(f"answer {answer}")
            self.hub.sleep(self.random.uniform(0, 100))

    def request(self) -> object:
        """One order or several, new, repeated or corrected."""
        orders: dict[str, dict[str, Any]] = {}
        for _ in range(self.random.choice((1, 1, 1, 2, 4))):
            order = self.order()
            orders[order["id"]] = order
        self.sent += orders.values()
        found = list(orders.values())
        if self.random.random() < 0.2:
            found.insert(self.random.randint(0, len(found)), self.random.choice(found) | {"currency": "kroner"})
        return found[0] if len(found) == 1 else found

    def order(self) -> dict[str, Any]:
        """One order event."""
        what = self.random.random()
        if self.sent and what < 0.25:
            self.counts["duplicates"] += 1
            return self.random.choice(self.sent)
        if self.sent and what < 0.5:
            self.counts["corrections"] += 1
            changes = {"customerNo": str(self.random.randint(1, 9)), "ledgerNote": str(self.random.random())}
            return self.random.choice(self.sent) | changes
        self.counts["orders"] += 1
        number = self.counts["orders"]
        if self.uncredited and what < 0.55:
            # A credit note under the number of its invoice.
            invoice = self.uncredited.pop(self.random.randrange(len(self.uncredited)))
            return invoice | {"id": f"o{number}", "type": "order.credited", "message": f"o{number}"}
        if self.numbered_invoices and what < 0.65:
            self.counts["credits of named invoices"] += 1
            return self.credit(number, self.random.choice(self.numbered_invoices))
        order: dict[str, Any] = {
            "id": f"o{number}",
            "type": "order.invoiced",
            "orderId": f"B-{number}",
            "message": f"o{number}",
            "customerNo": self.random.choice(("1", "2", "666")),
            "invoiceDate": "2026-02-27",
            "paymentTermsDays": 14,
            "lines": [{"sku": "1", "name": "Comb", "quantity": 1, "unitPrice": 100, "vatRate": 25}],
        }
        if self.random.random() < self.numbered:
            order["invoiceNo"] = f"N{number}"
            if self.random.random() < 0.1:
                self.bill_elsewhere(order["invoiceNo"])
            else:
                self.numbered_invoices.append(order)
        self.uncredited.append(order)
        return order

    def credit(self, number: int, invoice: dict[str, Any]) -> dict[str, Any]:
        """A credit note that names its invoice, which may be under way, or in the same request."""
        return invoice | {
            "id": f"o{number}",
            "type": "order.credited",
            "orderId": f"B-{number}",
            "invoiceNo": f"N{number}",
            "message": f"o{number}",
            "customerNo": self.random.choice(("1", "2", "666")),
            "credits": {name: invoice[name] for name in [self.random.choice(("invoiceNo", "invoiceNo", "orderId"))]},
        }

    def bill_elsewhere(self, number: str) -> None:
        """Another system has billed somebody under this number."""
        self.counts["numbers of other systems"] += 1
        document = {
            "documentType": "IN",
            "customerNo": "99",
            "documentNo": number,
            "documentDate": "2026-02-01",
            "salesOrderId": "elsewhere",
            "customerMessage": f"elsewhere {number}",
            "documentLines": [],
        }
        self.ledger.accept(CLIENT_NO, {"metadata": {"userId": "another"}, "documents": [document]})

    def operate_in_bulk(self) -> None:
        """An operator makes a dry run, has the relay do that to all it has counted, and perhaps stops it."""
        self.counts["bulk redrives"] += 1
        action = self.random.choice(("ask", "retry", "announce"))
        request: dict[str, Any] = {"action": action, "reason": f"bulk {self.counts['bulk redrives']}"}
        if action == "announce":
            request["filter"] = {"claimedAfter": "2026-02-27T00:00:00Z"}
        plan = self.asked_for(bulk_event(json.dumps(request | {"dryRun": True})))
        if not plan or not plan["batches"]:
            return
        self.hub.sleep(self.random.uniform(0, 60))
        begun = self.asked_for(bulk_event(json.dumps(request | {name: plan[name] for name in ("batches", "asOf")})))
        if begun and self.random.random() < 0.2:
            self.hub.sleep(self.random.uniform(0, 120))
            self.asked_for(stop_event(begun["redriveId"]))

    def asked_for(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """What the operators' function answers; None where it refuses or cannot."""
        answer = call_operators(self.environment(WEBHOOK_TIME), self.cloud, event)
        if answer["statusCode"] not in (200, 202, 409, 503):
            self.failures.append(f"answer to an operator {answer}")
        body: dict[str, Any] = json.loads(answer["body"])
        return body if answer["statusCode"] in (200, 202) else None

    def operate(self) -> None:
        """An operator looks into ARM and releases what is held, or lets the relay do so; and retries what failed."""
        for batch in self.batches():
            redrive = self.redrive(batch)
            if redrive:
                self.counts["redrives"] += 1
                event = redrive_event(batch.id, json.dumps(redrive))
                answer = call_operators(self.environment(WEBHOOK_TIME), self.cloud, event)
                if answer["statusCode"] not in (200, 409, 503):
                    self.failures.append(f"redrive {answer}")

    def redrive(self, batch: Batch) -> dict[str, Any] | None:
        """What a truthful operator does about a held or a failed batch, or has announced again."""
        if batch.is_announced and not batch.due and self.random.random() < 0.1:
            self.counts["announced again"] += 1
            return {"action": "announce", "reason": "a queue was lost"}
        if batch.due or self.random.random() < 0.3:
            return None
        if batch.state in FAILURES:
            return {"action": "retry", "reason": "again"}
        return self.release(batch) if batch.state is State.HELD else None

    def release(self, batch: Batch) -> dict[str, Any] | None:
        """What that operator does about a held batch."""
        if self.random.random() < 0.5:
            return {"action": "ask", "reason": "look"}
        billed = {str(document.payload.get("customerMessage")) for document in self.ledger.documents}
        unknown = {order.id for order in batch.orders if order.status is OrderStatus.HELD}
        if unknown <= billed:
            return {"action": "close", "status": "SUCCEEDED", "reason": "found"}
        if unknown & billed:
            return None
        if any(order.id in billed for order in batch.orders):
            return {"action": "close", "status": "FAILED", "reason": "absent"}
        return {"action": "resubmit", "reason": "absent", "mayBeBilledTwice": True}
