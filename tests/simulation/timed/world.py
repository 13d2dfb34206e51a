"""A deployment in simulated time: the functions, the table, the topic, ARM, and batches that are there already."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Final

from arm_relay.arm import breaker
from arm_relay.batches import steps
from arm_relay.batches.batch import ENDS, Answer, Batch, BatchOrder, State, Times
from arm_relay.poller import control
from arm_relay.settings import Settings
from arm_relay.store import records
from arm_relay.webhook.intake import Intake, OnInvalid

from tests.simulation.announced import AnnouncedInMemory
from tests.simulation.dynamodb import Item
from tests.simulation.hub import Hub
from tests.simulation.timed import costs, functions, run
from tests.simulation.timed.arm import Arm, Attempt, Calls, Habits
from tests.simulation.timed.cloud import Client, TimedTopic, Troubles
from tests.simulation.timed.environment import Environment, TurnLock, at, seconds
from tests.simulation.timed.table import TimedTable
from tests.support.settings import SETTINGS

HOUR: Final = 3600.0
#: How far the indexes lag behind the table at most, in seconds.
INDEX_LAG: Final = 1.0
#: The states in which a batch rests.
RESTING: Final = frozenset({*(state.value for state in ENDS), State.HELD.value})
#: How many batches are read at a time.
READ_AT_ONCE: Final = 100


def default_times(**changed: float) -> Times:
    """The waiting times of the template's defaults but for those given, in seconds."""
    times = Settings.from_environment(SETTINGS).times()
    return replace(times, **{name: timedelta(seconds=value) for name, value in changed.items()})


class World:
    """Everything of one run."""

    def __init__(
        self,
        habits: Habits | None = None,
        *,
        seed: int = 0,
        times: Times | None = None,
        pollers: int = 1,
        memory: float = costs.MEMORY_MB,
    ) -> None:
        self.random = Random(seed)  # noqa: S311 (repeatable on purpose)
        self.hub = TurnLock.hub = Hub()
        for module in (breaker, control):
            module.Lock = TurnLock  # type: ignore[attr-defined]
        self.times = times or default_times()
        self.habits = habits or Habits()
        self.arm = Arm(self.hub, self.random, self.habits)
        self.table = TimedTable()
        self.announced_table = AnnouncedInMemory()
        self.topic = TimedTopic(self.hub)
        self.calls: Counter[str] = Counter()
        self.table_troubles, self.topic_troubles = Troubles(self.random), Troubles(self.random)
        self.topic_latency = costs.SNS_LATENCY
        self.pollers = pollers
        self.poller = run.poller(self, pollers, memory)
        self.webhook = run.webhook(self, memory)
        self.accepted: set[str] = set()
        self.watched = Watched(self)
        self.is_stopped = False
        #: Records what was there before, and costs nobody anything.
        self.store = functions.store_over(self.table, self.times)
        self._minute = 0

    def go(self, until: float) -> None:
        """Let everything happen up to a time, a run of the poller every minute."""
        if not self._minute:
            self.table.later = lambda change: self.hub.at(self.hub.time + self.random.uniform(0, INDEX_LAG), change)
            self.table.watch = self.watched.changed
        while 60.0 * self._minute <= until:
            self.hub.at(60.0 * self._minute, self._poll)
            self._minute += 1
        self.hub.run(until)

    def go_until(self, over: Callable[[], bool], until: float) -> float:
        """Let everything happen until something is so, looked at every minute; when that was."""
        while self.hub.time < until and not over():
            self.go(self.hub.time + 60)
        return self.hub.time

    def end(self) -> None:
        """Forget what still runs."""
        self.hub.end()

    def _poll(self) -> None:
        if not self.is_stopped:
            owner = f"run-{self._minute}-{self.hub.time}"
            self.poller.invoke(lambda polling, environment: polling.run(owner, environment.remaining))

    def post(self, client_no: str, orders: Sequence[dict[str, Any]]) -> None:
        """A sender sends a request now."""
        body = json.dumps(list(orders)).encode()

        def use(intake: Intake, _: object) -> None:
            receipt = intake.accept(client_no, body, OnInvalid.REJECT_ALL)
            self.accepted |= {taken.order.id for taken in receipt.taken}

        self.webhook.invoke(use)

    def ledger(self, environment: Environment) -> Calls:
        """How an environment reaches ARM."""
        return Calls(self.arm, environment)

    def dynamodb(self, environment: Environment) -> Client:
        """How an environment reaches the table."""
        return Client(environment, self.table, costs.DYNAMODB_LATENCY, self.calls, self.table_troubles)

    def announced(self, environment: Environment) -> Client:
        """How an environment reaches the table of what was announced."""
        return Client(environment, self.announced_table, costs.DYNAMODB_LATENCY, self.calls, self.table_troubles)

    def sns(self, environment: Environment) -> Client:
        """How an environment reaches the topic."""
        return Client(environment, self.topic, self.topic_latency, self.calls, self.topic_troubles)

    def is_over(self) -> bool:
        """Whether every batch rests and is announced."""
        return not self.watched.under_way

    def batches(self) -> Iterator[Batch]:
        """Every batch in the table."""
        ids = [key.removeprefix("BATCH#") for key in self.table.items if key.startswith("BATCH#")]
        for first in range(0, len(ids), READ_AT_ONCE):
            yield from self.store.batches(ids[first : first + READ_AT_ONCE]).values()

    # What is there already.

    def pending(
        self,
        batch_id: str,
        client_no: str = "1",
        orders: int = 1,
        *,
        taken_at: float = 0.0,
        due: float | None = None,
        numbered: bool = True,
        ready_at: float | None = None,
    ) -> str:
        """A batch that ARM has taken; its batchUuid."""
        documents = _documents(batch_id, orders, numbered=numbered)
        batch = self._claimed(batch_id, client_no, documents, taken_at)
        uuid = self._taken(client_no, documents, taken_at, delivered=True)
        if ready_at is not None:
            self.arm.be_ready(uuid, ready_at)
        answer = Answer(202, json.dumps({"batchUuid": uuid}))
        self._record(steps.pending(batch, uuid, answer, at(taken_at)), due)
        return uuid

    def in_doubt(
        self,
        batch_id: str,
        client_no: str = "1",
        orders: int = 1,
        *,
        at_time: float = 0.0,
        due: float | None = None,
        taken: bool = False,
        numbered: bool = True,
    ) -> None:
        """A batch whose answer was lost, whether ARM has it or not."""
        documents = _documents(batch_id, orders, numbered=numbered)
        batch = self._claimed(batch_id, client_no, documents, at_time)
        if taken:
            self._taken(client_no, documents, at_time, delivered=False)
        else:
            self._attempted(client_no, documents, Attempt(at_time, taken=False))
        cause = "no answer from ARM (ReadTimeout)"
        self._record(steps.in_doubt(batch, cause, None, at(at_time)), due)

    def queued(self, batch_id: str, client_no: str = "1", orders: int = 1, *, at_time: float = 0.0) -> None:
        """A batch that ARM certainly does not have."""
        documents = _documents(batch_id, orders)
        batch = self._claimed(batch_id, client_no, documents, at_time)
        self._attempted(client_no, documents, Attempt(at_time, taken=False, delivered=True))
        self._record(steps.requeued(batch, "no connection to ARM (ConnectError)", at(at_time)), None)

    def history(self, *client_nos: str) -> None:
        """Let ARM be known to have a document of each client: one that ends in the first run."""
        for client_no in client_nos:
            self.pending(f"history-{client_no}", client_no, taken_at=-2 * HOUR, ready_at=0.0, due=0.0)

    def large(self, batch_id: str, documents: Sequence[dict[str, Any]], payload: bytes) -> None:
        """A batch with a payload of its own that ARM has taken and worked off, and that is due."""
        batch = self._claimed(batch_id, "1", documents, self.hub.time, payload)
        uuid = self._taken("1", documents, self.hub.time, delivered=True)
        self.arm.be_ready(uuid, self.hub.time)
        self._record(steps.pending(batch, uuid, Answer(202, "{}"), at(self.hub.time)), self.hub.time)

    def _claimed(
        self, batch_id: str, client_no: str, documents: Sequence[dict[str, Any]], time: float, payload: bytes = b""
    ) -> Batch:
        sent = payload or json.dumps({"metadata": {"userId": "simulation"}, "documents": documents}).encode()
        return steps.claimed(batch_id, client_no, [_order(each) for each in documents], sent, at(time), self.times)

    def _taken(self, client_no: str, documents: Sequence[dict[str, Any]], time: float, *, delivered: bool) -> str:
        now, self.hub.time = self.hub.time, time
        uuid = self.arm.take(client_no, list(documents))
        self.hub.time = now
        self._attempted(client_no, documents, Attempt(time, taken=True, delivered=delivered))
        return uuid

    def _attempted(self, client_no: str, documents: Sequence[dict[str, Any]], attempt: Attempt) -> None:
        for document in documents:
            self.arm.attempts[client_no, document["salesOrderId"]].append(attempt)

    def _record(self, batch: Batch, due: float | None) -> None:
        if not self.store.claim(replace(batch, due=at(due)) if due is not None else batch, {}):
            raise ValueError(batch.id)
        self.accepted |= {order.id for order in batch.orders}
        self.watched.under_way.add(f"BATCH#{batch.id}")


class Watched:
    """What the writes of batches show: how late polls are, when batches come to rest, and how many a run ends."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.under_way: set[str] = set()
        #: When each batch came to rest for the first time, and when the poll was due that found it.
        self.rested: dict[str, float] = {}
        self.due_before: dict[str, float] = {}
        #: How long after it was due each poll of a client was saved.
        self.overdue: dict[str, list[float]] = {}
        #: How far apart the polls of a batch were at most.
        self.longest_gap = 0.0
        self.polls: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    def changed(self, old: Item | None, new: Item | None) -> None:
        """A write to the table."""
        if new is None or not new["pk"]["S"].startswith("BATCH#"):
            return
        key, now = new["pk"]["S"], self._world.hub.time
        if _is_due(new):
            self.under_way.add(key)
        else:
            self.under_way.discard(key)
        if old is None or not _is_due(old) or _rests(old):
            return
        self.polls[key] += 1
        self.longest_gap = max(self.longest_gap, now - self._last.get(key, now))
        self._last[key] = now
        due = seconds(records.from_text(old["due"]["S"]))
        if due <= now:
            self.overdue.setdefault(new["clientNo"]["S"], []).append(now - due)
        if _rests(new):
            self.rested.setdefault(key.removeprefix("BATCH#"), now)
            self.due_before.setdefault(key.removeprefix("BATCH#"), due)
            if self._world.poller.runs:
                self._world.poller.runs[-1].progress += 1


def _documents(batch_id: str, orders: int, *, numbered: bool = True) -> list[dict[str, Any]]:
    return [a_document(f"{batch_id}-{number}", numbered=numbered) for number in range(orders)]


def a_document(order_id: str, *, numbered: bool = True) -> dict[str, Any]:
    """A document, as short as it can be."""
    number = {"documentNo": f"N{order_id}"} if numbered else {}
    return number | {"documentType": "IN", "customerNo": "543210", "salesOrderId": order_id}


def an_order(order_id: str, *, numbered: bool = True) -> dict[str, Any]:
    """An order event, as its sender would write it."""
    order: dict[str, Any] = {
        "id": order_id,
        "type": "order.invoiced",
        "orderId": order_id,
        "customerNo": "543210",
        "invoiceDate": "2026-02-27",
        "paymentTermsDays": 14,
        "lines": [{"sku": "1", "name": "Comb", "quantity": 1, "unitPrice": 100, "vatRate": 25}],
    }
    return order | ({"invoiceNo": f"N{order_id}"} if numbered else {})


def _order(document: dict[str, Any]) -> BatchOrder:
    order_id = document["salesOrderId"]
    number = document.get("documentNo")
    return BatchOrder(
        id=order_id, order_id=order_id, customer_no="543210", document_no=number, digest="d", document_type="IN"
    )


def _is_due(item: Item) -> bool:
    """Whether something is left to do about a batch. What is held stands in a shard of its own, to be counted."""
    return "due" in item and item["shard"]["S"] != records.HELD


def _rests(item: Item) -> bool:
    return item["state"]["S"] in RESTING
