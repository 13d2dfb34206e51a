"""The poller over a table, a topic and an ARM that are simulated, each call numbered so that one of them can fail."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

import httpx
from arm_relay.arm.contract import Contract
from arm_relay.batches.batch import Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import poller, webhook
from arm_relay.bootstrap.drafts import drafts
from arm_relay.poller.notifications import Message, to_event
from arm_relay.poller.stream import After
from arm_relay.secrets import Secrets
from arm_relay.settings import Settings
from arm_relay.store.announced import Announced
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.outage import Outage
from arm_relay.store.records import SHARDS
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store
from arm_relay.submission import Submission
from arm_relay.webhook.intake import Intake, OnInvalid
from arm_relay.webhook.receipts import Receipt

from sandbox.arm.transport import SimulatedTransport
from tests.simulation.announced import AnnouncedInMemory
from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.arm_builders import a_document, a_payload, a_simulator
from tests.support.builders import TIMES, a_batch, a_batch_order, one_by_one
from tests.support.contracts import DEFAULT
from tests.support.diary import Diary
from tests.support.outages import NoOutage
from tests.support.settings import SETTINGS
from tests.support.simulated_arm import arm_client
from tests.support.store_contract import ANNOUNCED, MARKER_LIFE, PAYLOAD_LIFE, TABLE, OneAtATime

#: Nothing here is signed, and no total is limited.
SECRET: Final = json.dumps({"clients": {"2218": {"signingSecrets": []}}})

#: When a call outside fails: before its effect or after it.
type Moment = Literal["before", "after"]


#: The number of a document that ARM has had for long.
KNOWN = "A-known"


class Killed(BaseException):
    """The function is ended from outside: nothing catches this."""


class TopicIsBusy(Exception):
    """The topic does not answer."""


class OneByOne:
    """Workers that do a task when it is submitted, in an order that repeats."""

    size = 1
    busy = 0

    def __init__(self) -> None:
        self._results: list[After] = []

    def submit(self, task: Callable[[], After]) -> None:
        self.busy += 1
        self._results.append(task())

    def done(self, wait: float) -> list[After]:  # noqa: ARG002 (nothing is ever waited for)
        results, self._results = self._results, []
        self.busy -= len(results)
        return results


class Outside:
    """All that the function calls, each call numbered, with something that happens to one of them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.is_dead = False
        self._planned: dict[int | str, tuple[Moment, BaseException]] = {}

    def plan(self, which: int | str, moment: Moment, error: BaseException) -> None:
        """The next call of that name, or the call of that number from now on, meets an error."""
        self._planned[which if isinstance(which, str) else len(self.calls) + which] = (moment, error)

    def call[T](self, name: str, call: Callable[[], T]) -> T:
        if self.is_dead:
            raise Killed  # What Python does of its own accord on the way out reaches nobody.
        planned = self._planned.pop(len(self.calls), None) or self._planned.pop(name, None)
        moment, error = planned or ("after", None)
        self.calls.append(name)
        self.is_dead = isinstance(error, Killed) and moment == "before"
        if error and moment == "before":
            raise error
        try:
            return call()
        finally:
            self.is_dead = isinstance(error, Killed)
            if error:
                raise error


class Table(OneAtATime):
    outside: Outside

    def call(self, operation: str, **request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        sent = super().call
        return self.outside.call(operation, lambda: sent(operation, **request))


class Network(SimulatedTransport):
    outside: Outside

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = super().handle_request
        return self.outside.call(request.url.path.rpartition("/")[2], lambda: sent(request))


class Topic:
    """Keeps what is announced; whether it says so is another matter."""

    def __init__(self, outside: Outside) -> None:
        self.events: list[dict[str, Any]] = []
        #: The ids of those that were published because somebody asked for them again.
        self.replayed: list[str] = []
        self._outside = outside

    def publish_all(self, messages: Sequence[Message]) -> set[str]:
        """Like SNS: what it takes it keeps, even where its answer is lost."""
        try:
            self._outside.call("publish", lambda: self._keep(messages))
        except TopicIsBusy:
            return set()
        return {message.batch_id for message in messages}

    def _keep(self, messages: Sequence[Message]) -> None:
        self.events += [json.loads(message.text) for message in messages]
        self.replayed += [message.id for message in messages if message.is_repeated]


class World:
    def __init__(self, contract: Contract = DEFAULT) -> None:
        self.contract = contract
        self.arm = a_simulator()
        self.diary = Diary()
        self.outside = Outside()
        self.topic = Topic(self.outside)
        self.dynamodb = InMemoryDynamoDB()
        self.new_ids = map("new-{}".format, count(1))
        self.store = Store(cast("Any", self.dynamodb), TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self._network = Network(self.arm.api, self.arm.clock.sleep)
        self._network.outside = self.outside
        self._table: Any = Table(self.dynamodb)
        self._table.outside = self.outside
        self.announced_table = AnnouncedInMemory()
        self._announced_table: Any = Table(self.announced_table)
        self._announced_table.outside = self.outside
        #: The shards, in the order in which a run takes them.
        self.shards = [str(number) for number in range(SHARDS)]
        self._ids = count(1)
        self._bill_earlier()

    def _bill_earlier(self) -> None:
        """Let ARM have a document of the client from before, of which the poller knows."""
        self.arm.clock.time -= timedelta(days=1)
        self.arm.ledger.accept("2218", a_payload(a_document(documentNo=KNOWN)))
        self.arm.clock.time += timedelta(days=1)
        self.arm.ledger.batches.clear()
        self.arm.ledger.documents.clear()
        Liveness(cast("Any", self.dynamodb), TABLE).learn({"2218": KNOWN}, self.now)

    @property
    def now(self) -> datetime:
        return self.arm.clock.time

    @property
    def pace(self) -> Pace:
        return Pace(TIMES, self.arm.clock.now, lambda: 0.5)

    def called_store(self) -> Store:
        """The table, each call to it numbered."""
        return Store(self._table, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    def submission(self) -> Submission:
        ledger = arm_client(self._network)
        return Submission(store=self.called_store(), ledger=ledger, journal=self.diary, pace=self.pace)

    def poll(self, *, after: timedelta = timedelta(0), remaining: Callable[[], float] = lambda: 55.0) -> None:
        """One run of a poller, in an environment of its own, some time after what was last."""
        self.arm.clock.time += after
        self.outside.is_dead = False
        polling = poller.assemble(
            store=self.called_store(),
            liveness=Liveness(self._table, TABLE),
            outage=Outage(self._table, TABLE),
            ledger=arm_client(self._network),
            topic=self.topic,
            announced=Announced(self._announced_table, ANNOUNCED, TIMES.retention),
            journal=self.diary,
            contract=self.contract,
            pace=self.pace,
            shuffled=lambda _: self.shards,
            workers=OneByOne(),
            look_ups=one_by_one,
            pollers_at_once=1,
            redrives=Redrives(self._table, TABLE, life=TIMES.retention),
            new_id=lambda: next(self.new_ids),
            days=Days(self._table, TABLE),
            payload_life=PAYLOAD_LIFE,
            zone=ZoneInfo("Europe/Oslo"),
        )
        # The duties have tests of their own; here the calls of a run's other work are counted.
        polling._duties = ()  # noqa: SLF001
        polling.run(f"run-{self.now}", remaining)

    def keep_polling(self, spell: timedelta) -> None:
        """Runs of the poller for so long, close enough to each other that it counts as running."""
        until = self.now + spell
        while self.now < until:
            self.poll(after=9 * MINUTE)

    def settle(self) -> None:
        """Runs of the poller until what was sent has settled; what then is sent again has no result yet."""
        attempt, until = self.stored().attempt, self.now + SETTLED
        while self.now < until and self.stored().attempt == attempt:
            self.poll(after=MINUTE)

    def claimed(self, *orders: dict[str, Any], batch_id: str = "batch-1", **changes: object) -> Batch:
        """A claim that stands, by default of one order with a number."""
        documents = [a_document(**order) for order in orders or (an_order(1),)]
        known = tuple(
            a_batch_order(
                id=f"{batch_id}-{document['salesOrderId']}",
                order_id=document["salesOrderId"],
                document_no=document.get("documentNo"),
            )
            for document in documents
        )
        payload = json.dumps(a_payload(*documents)).encode()
        times = {"claimed_at": self.now, "opened_at": self.now, "attempt_at": self.now}
        due = {"due": self.now + TIMES.first_poll}
        batch = a_batch(id=batch_id, orders=known, payload=payload, **times | due | changes)
        claimed = self.store.claim(batch, {})
        assert claimed
        return claimed

    def submitted(self, *orders: dict[str, Any], batch_id: str = "batch-1", **fault: Any) -> Batch:  # noqa: ANN401
        """A batch as the webhook function leaves it, having met a fault of ARM's or none."""
        batch = self.claimed(*orders, batch_id=batch_id)
        if fault:
            self.arm.fail("submit", **{"times": 1} | fault)
        return self.submission().run(batch, self.store.payload(batch) or b"")

    def accept(
        self, *orders: dict[str, Any], on_invalid: OnInvalid = OnInvalid.REJECT_ALL, client_no: str = "2218"
    ) -> Receipt:
        """A request, as the webhook function takes it over the same table and the same ARM."""
        return self._intake().accept(client_no, json.dumps(orders).encode(), on_invalid)

    def retry(self, *orders: dict[str, Any]) -> Receipt:
        """A request to retry orders."""
        return self._intake().retry("2218", json.dumps(orders).encode())

    def _intake(self) -> Intake:
        self.outside.is_dead = False
        return webhook.assemble(
            store=self.called_store(),
            announced=Announced(self._announced_table, ANNOUNCED, TIMES.retention),
            ledger=arm_client(self._network),
            outages=NoOutage(),
            secrets=Secrets(lambda: SECRET, self.arm.clock.now),
            journal=self.diary,
            drafts=drafts(Settings.from_environment(SETTINGS), self.contract, self.arm.clock.now),
            pace=self.pace,
            tolerance=timedelta(minutes=5),
            new_id=lambda: f"batch-{next(self._ids)}",
            pause=lambda _: None,
        ).intake

    def stored(self, batch_id: str = "batch-1") -> Batch:
        batch = self.store.batch(batch_id)
        assert batch
        return batch

    def billed(self) -> list[str | None]:
        return [document.sales_order_id for document in self.arm.ledger.documents]

    def announced(self) -> list[tuple[str, str]]:
        return [(event["id"], event["data"]["status"]) for event in self.topic.events]

    def is_over(self, state: State, batch_id: str = "batch-1") -> bool:
        """Whether the batch has come to that end, and everybody knows."""
        batch = self.stored(batch_id)
        return (batch.state, batch.due, self.topic.events[-1:]) == (state, None, [to_event(batch)])


def an_order(number: int, **changes: object) -> dict[str, Any]:
    return {"documentNo": f"A{number}", "salesOrderId": f"B-{number}"} | changes


MINUTE = timedelta(minutes=1)
#: Time for the ledger to answer without a break for as long as settling takes, and for the poll that notices.
SETTLED = TIMES.settling + 5 * MINUTE
