"""ARM as it may be: with a queue, latency, limits and bad days. It remembers the truth, which the relay has to find."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any, Final

from arm_relay.arm.errors import InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.wire import ARM_TIMEOUT
from arm_relay.batches import causes
from arm_relay.batches.batch import Answer

from tests.simulation.hub import Hub
from tests.simulation.timed import costs
from tests.simulation.timed.environment import Environment

#: How long the relay waits for an answer, in seconds.
PATIENCE: Final = float(ARM_TIMEOUT.read or 0)
#: A submission has its full time.
SUBMISSION: Final = 15.0

#: A client's order, by its number at the sender.
type Key = tuple[str, str]


@dataclass(slots=True)
class Attempt:
    """One submission that reached ARM or was lost on the way."""

    at: float
    #: Whether ARM took it.
    taken: bool
    #: Whether its answer arrived at whoever sent it.
    delivered: bool = False
    #: Whether whoever sent it died later in the same environment.
    environment: Environment | None = None

    @property
    def is_lost(self) -> bool:
        """Whether nobody may know how it ended."""
        return not self.delivered or bool(self.environment and self.environment.is_dead)


@dataclass(slots=True)
class Taken:
    """A batch that ARM has taken."""

    uuid: str
    client_no: str
    documents: list[Mapping[str, Any]]
    at: float
    #: When ARM has worked it off.
    ready_at: float


@dataclass
class Habits:
    """How ARM behaves. Times are seconds since the simulation began."""

    #: How long each kind of call takes.
    latency: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("submit", "result", "document"), costs.ARM_LATENCY)
    )
    #: How long a batch taken now waits until it is worked off.
    queue: Callable[[float], float] = lambda _: 10.0
    #: How often an answer takes how long instead.
    slow: float = 0.0
    slow_seconds: float = 9.9
    requests_a_second: float | None = None
    #: From when to when ARM takes connections and answers nothing; what is sent then is taken in so many of ten cases.
    hangs: list[tuple[float, float]] = field(default_factory=list)
    takes_while_hanging: float = 0.0
    #: From when to when it refuses connections; it works nothing off meanwhile.
    down: list[tuple[float, float]] = field(default_factory=list)
    #: From when to when it answers 500 to everything and takes nothing.
    broken: list[tuple[float, float]] = field(default_factory=list)
    #: Clients whom it answers 403.
    blocked: set[str] = field(default_factory=set)
    #: Whether the route of documents answers 404 in JSON to everything.
    has_no_ledger_route: bool = False
    #: What it answers to the question about a batch that waits in its queue.
    waiting: Answer = field(default_factory=lambda: Answer(200, '{"status":"NOT-PROCESSED"}'))
    #: How often the answer to a submission that was taken is lost.
    loses: float = 0.0
    #: The orders whose documents it does not create.
    failing: Callable[[str], bool] = lambda _: False
    #: What a question about this batch does besides.
    traps: dict[str, Callable[[Environment], None]] = field(default_factory=dict)


class Arm:
    """The ledger itself, and the truth about it."""

    def __init__(self, hub: Hub, random: Random, habits: Habits) -> None:
        self.hub = hub
        self.random = random
        self.habits = habits
        self.calls: Counter[str] = Counter()
        self.attempts: dict[Key, list[Attempt]] = defaultdict(list)
        self.billed: Counter[Key] = Counter()
        #: When the first document of an order was there to be found.
        self.ready: dict[Key, float] = {}
        self.taken: dict[str, Taken] = {}
        self.lose_next = 0
        #: When clients that it did not serve were served again.
        self.unblocked: dict[str, float] = {}
        self._numbers: dict[tuple[str, str], list[tuple[float, Mapping[str, Any]]]] = defaultdict(list)
        self._second: tuple[int, int] = (0, 0)

    def is_in(self, periods: list[tuple[float, float]]) -> bool:
        """Whether it is one of these times."""
        return any(begin <= self.hub.time < end for begin, end in periods)

    def is_throttled(self) -> bool:
        """Whether there were too many requests in this second."""
        second = int(self.hub.time)
        number = self._second[1] + 1 if self._second[0] == second else 1
        self._second = second, number
        return self.habits.requests_a_second is not None and number > self.habits.requests_a_second

    def take(self, client_no: str, documents: list[Mapping[str, Any]]) -> str:
        """Take a batch; its documents are in the ledger when the queue has come to it."""
        at = self.hub.time
        uuid = f"u{len(self.taken)}"
        taken = Taken(uuid, client_no, documents, at, self._worked_off(at + self.habits.queue(at)))
        self.taken[uuid] = taken
        for document in documents:
            self._bill(taken, document)
        return uuid

    def be_ready(self, uuid: str, time: float) -> None:
        """Let a batch be worked off at another time than the queue says."""
        taken = self.taken[uuid]
        taken.ready_at = time
        for document in taken.documents:
            number = taken.client_no, document.get("documentNo", "")
            self._numbers[number] = [(time, document) for _, document in self._numbers[number]]
            self.ready[taken.client_no, document["salesOrderId"]] = time

    def result(self, uuid: str) -> Answer:
        """What ARM says about a batch."""
        taken = self.taken.get(uuid)
        if taken is None:
            return Answer(404, '{"message":"unknown batch"}')
        if self.hub.time < taken.ready_at:
            return self.habits.waiting
        failing = [self.habits.failing(document["salesOrderId"]) for document in taken.documents]
        if not any(failing):
            return Answer(200, '{"status":"SUCCEEDED"}')
        entries = [
            {"salesOrderId": document["salesOrderId"]}
            | ({"status": "FAILED", "message": "the customer is unknown"} if fails else {"status": "SUCCEEDED"})
            for document, fails in zip(taken.documents, failing, strict=True)
        ]
        return Answer(200, json.dumps({"status": "FAILED" if all(failing) else "PARTIAL", "documents": entries}))

    def document(self, client_no: str, number: str) -> Mapping[str, Any] | None:
        """What the ledger has under a number."""
        if self.habits.has_no_ledger_route:
            return None
        found = self._numbers.get((client_no, number), [])
        return next((document for ready_at, document in found if ready_at <= self.hub.time), None)

    def can_tell(self, client_no: str) -> bool:
        """Whether ARM's ledger answers this client now."""
        habits = self.habits
        is_away = any(map(self.is_in, (habits.hangs, habits.down, habits.broken)))
        return not (is_away or habits.has_no_ledger_route or client_no in habits.blocked)

    def unblock(self) -> None:
        """From now on it serves every client."""
        self.unblocked |= dict.fromkeys(self.habits.blocked, self.hub.time)
        self.habits.blocked.clear()

    def answers_after(self, time: float, client_no: str, lasting: float = 0.0) -> float:
        """When ARM answers this client, from a time on and for at least so many seconds."""
        time = max(time, self.unblocked.get(client_no, time))
        for begin, end in sorted(self.habits.hangs + self.habits.down + self.habits.broken):
            if begin - lasting <= time < end:
                time = end
        return time

    def _bill(self, taken: Taken, document: Mapping[str, Any]) -> None:
        if self.habits.failing(document["salesOrderId"]):
            return
        key = taken.client_no, document["salesOrderId"]
        self.billed[key] += 1
        self.ready.setdefault(key, taken.ready_at)
        if document.get("documentNo"):
            self._numbers[taken.client_no, document["documentNo"]].append((taken.ready_at, document))

    def _worked_off(self, ready_at: float) -> float:
        """While ARM is down its queue stands still."""
        for begin, end in self.habits.down:
            if begin <= ready_at < end:
                ready_at += end - begin
        return ready_at


class Calls:
    """The `Ledger` that an environment calls: every call takes the processor and time."""

    def __init__(self, arm: Arm, environment: Environment) -> None:
        self._arm = arm
        self._environment = environment

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Ledger`."""
        self._arm.calls["submit"] += 1
        documents = json.loads(payload)["documents"]
        self._environment.work(costs.ARM_CALL)
        attempt = Attempt(self._arm.hub.time, taken=False, environment=self._environment)
        for document in documents:
            self._arm.attempts[client_no, document["salesOrderId"]].append(attempt)
        try:
            answered = self._submit(client_no, documents, attempt)
        except (NotSent, Refused):
            attempt.delivered = True
            raise
        attempt.delivered = True
        return answered

    def _submit(self, client_no: str, documents: list[Mapping[str, Any]], attempt: Attempt) -> tuple[str, Answer]:
        arm, habits = self._arm, self._arm.habits
        if arm.is_in(habits.down):
            raise NotSent("no connection to ARM (ConnectError)", scope=Scope.ARM)
        hangs = arm.is_in(habits.hangs)
        latency = self._latency("submit")
        self._environment.sleep(latency / 2)
        status = self._status(client_no)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise InDoubt(causes.arm_answered(status), Answer(status, ""), scope=Scope.ARM)
        if status:
            self._environment.sleep(latency / 2)
            raise NotSent(causes.arm_answered(status), Answer(status, ""), scope=Scope.CLIENT)
        if hangs and arm.random.random() >= habits.takes_while_hanging:
            self._time_out(SUBMISSION, InDoubt)
        attempt.taken = True
        uuid = arm.take(client_no, documents)
        if hangs or self._is_lost():
            self._time_out(SUBMISSION, InDoubt)
        self._environment.sleep(latency / 2)
        return uuid, Answer(202, json.dumps({"batchUuid": uuid, "status": "NOT-PROCESSED"}))

    def result(self, client_no: str, batch_uuid: str, within: float = SUBMISSION) -> Answer:
        """See `Ledger`."""
        self._ask("result", client_no, within)
        if trap := self._arm.habits.traps.get(batch_uuid):
            trap(self._environment)
        return self._arm.result(batch_uuid)

    def document(self, client_no: str, document_no: str, within: float = SUBMISSION) -> Mapping[str, object] | None:
        """See `Ledger`."""
        self._ask("document", client_no, within)
        return self._arm.document(client_no, document_no)

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """See `Ledger`. Nobody previews in the simulation."""
        raise AssertionError(client_no, customer_no, within)

    def _ask(self, kind: str, client_no: str, within: float) -> None:
        arm, habits = self._arm, self._arm.habits
        arm.calls[kind] += 1
        self._environment.work(costs.ARM_CALL)
        if arm.is_in(habits.down):
            raise NoAnswer("no connection to ARM (ConnectError)", scope=Scope.ARM)
        latency = self._latency(kind)
        if arm.is_in(habits.hangs) or latency > min(PATIENCE, within):
            self._time_out(within, NoAnswer)
        self._environment.sleep(latency)
        if status := self._status(client_no):
            scope = Scope.ARM if status == HTTPStatus.INTERNAL_SERVER_ERROR else Scope.CLIENT
            raise NoAnswer(causes.arm_answered(status), Answer(status, ""), scope=scope)

    def _status(self, client_no: str) -> int | None:
        """How ARM answers where it serves nobody, or not this client."""
        arm = self._arm
        if arm.is_in(arm.habits.broken):
            return HTTPStatus.INTERNAL_SERVER_ERROR
        if arm.is_throttled():
            arm.calls["429"] += 1
            return HTTPStatus.TOO_MANY_REQUESTS
        return HTTPStatus.FORBIDDEN if client_no in arm.habits.blocked else None

    def _latency(self, kind: str) -> float:
        habits, random = self._arm.habits, self._arm.random
        if random.random() < habits.slow:
            return habits.slow_seconds
        return habits.latency[kind] * random.uniform(0.8, 1.2)

    def _is_lost(self) -> bool:
        arm = self._arm
        arm.lose_next -= 1
        return arm.lose_next >= 0 or arm.random.random() < arm.habits.loses

    def _time_out(self, within: float, error: type[InDoubt] | type[NoAnswer]) -> None:
        self._environment.sleep(max(min(PATIENCE, within), 0))
        raise error("no answer from ARM (ReadTimeout)", scope=Scope.ARM)


def temporary_failure() -> Answer:
    """A ledger that cannot look now, and says so in the words of a failure alone."""
    return Answer(200, '{"status":"FAILED"}')
