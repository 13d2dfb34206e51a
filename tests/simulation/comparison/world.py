"""The world that every design meets: one simulated ARM, one cloud, senders, subscribers, and the schedule's faults."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from arm_relay.arm.errors import InDoubt, Scope
from arm_relay.batches import causes
from arm_relay.batches.batch import Answer, OrderStatus

from tests.simulation.comparison.schedule import Arrival, Death, Fate, Schedule
from tests.simulation.timed.arm import PATIENCE, Attempt, Calls, Habits
from tests.simulation.timed.cloud import Client, TimedTopic
from tests.simulation.timed.environment import Environment
from tests.simulation.timed.world import HOUR, World, an_order
from tests.support.messages import queue_text_of

#: When a sender that was not answered with a 2xx sends the same request again.
SENDER_WAITS: Final = 30.0
#: How long ARM takes for each kind of call, in seconds.
LATENCY: Final = {"submit": 0.3, "result": 0.05, "document": 0.05}
#: What is not over so long after the last order never will be. It is longer than any design waits before it gives up.
PATIENCE_AT_THE_END: Final = 90 * HOUR
#: How long is waited for what ARM may still take when everything else is over.
AFTERWARDS: Final = 1 * HOUR
#: What ARM answers where the schedule wants a 5xx after the effect.
BAD_GATEWAY: Final = 502


@dataclass(frozen=True, slots=True)
class Said:
    """What subscribers were told of an order."""

    at: float
    status: str

    @property
    def is_end(self) -> bool:
        """Whether this says how the order ended; a hold does not."""
        return self.status != OrderStatus.HELD


class Subscribers(TimedTopic):
    """Who listens at the topic, and writes down what is said of each order."""

    def __init__(self, world: World) -> None:
        super().__init__(world.hub)
        self._world = world
        self.heard: dict[str, list[Said]] = defaultdict(list)

    def _keep(self, message: str) -> None:
        super()._keep(message)
        for order in json.loads(message)["data"]["orders"]:
            self.heard[order["id"]].append(Said(self._world.hub.time, order["status"]))


class ScheduledCalls(Calls):
    """An environment's calls to ARM, and what the schedule does to its submissions."""

    def __init__(self, world: "ComparedWorld", environment: Environment) -> None:
        super().__init__(world.arm, environment)
        self._world = world

    def _submit(self, client_no: str, documents: list[Mapping[str, Any]], attempt: Attempt) -> tuple[str, Answer]:
        (document,) = documents
        order_id = document["salesOrderId"]
        number = self._world.submissions[order_id]
        self._world.submissions[order_id] += 1
        fate = self._world.schedule.fate(order_id, number)
        arm = self._arm
        if fate is Fate.CRASH_BEFORE:
            self._environment.die()
        if arm.is_in(arm.habits.hangs):
            if self._world.schedule.is_taken_while_hanging(order_id, number):
                self._take(client_no, documents, attempt)
            self._hear_nothing()
        if fate is Fate.NOTHING or arm.is_in(arm.habits.down + arm.habits.broken):
            return super()._submit(client_no, documents, attempt)
        if fate is Fate.LATE:
            taken_at = arm.hub.time + PATIENCE + self._world.schedule.late_by(order_id)
            arm.hub.at(taken_at, lambda: arm.take(client_no, documents))
            self._hear_nothing()
        uuid = self._take(client_no, documents, attempt)
        self._meet(fate)
        return uuid, Answer(202, json.dumps({"batchUuid": uuid}))

    def _meet(self, fate: Fate) -> None:
        """What happens to an answer on its way, and to the function that reads it."""
        if fate is Fate.CRASH_DURING:
            self._environment.die()
        if fate is Fate.LOST:
            self._hear_nothing()
        self._environment.sleep(LATENCY["submit"] / 2)
        if fate is Fate.CRASH_AFTER:
            self._environment.die()
        if fate is Fate.ERROR:
            raise InDoubt(causes.arm_answered(BAD_GATEWAY), Answer(BAD_GATEWAY, ""), scope=Scope.ARM)

    def _take(self, client_no: str, documents: list[Mapping[str, Any]], attempt: Attempt) -> str:
        self._environment.sleep(LATENCY["submit"] / 2)
        attempt.taken = True
        return self._arm.take(client_no, documents)

    def _hear_nothing(self) -> NoReturn:
        self._environment.sleep(PATIENCE)
        raise InDoubt("no answer from ARM (ReadTimeout)", scope=Scope.ARM)


class Announcing:
    """The client of SNS of an environment, which may die beside an announcement."""

    def __init__(self, world: "ComparedWorld", environment: Environment, client: Client) -> None:
        self._world = world
        self._environment = environment
        self._client = client

    def publish_batch(self, **request: Any) -> Any:
        """See boto3."""
        deaths = {self._death(queue_text_of(entry)) for entry in request["PublishBatchRequestEntries"]}
        if Death.BEFORE in deaths:
            self._environment.die()
        answer = self._client.publish_batch(**request)
        if Death.AFTER in deaths:
            self._environment.die()
        return answer

    def _death(self, message: str) -> Death | None:
        (order,) = json.loads(message)["data"]["orders"]
        number = self._world.announcements[order["id"]]
        self._world.announcements[order["id"]] += 1
        return self._world.schedule.death(order["id"], number)


class ComparedWorld(World):
    """A world with a schedule. Each design says what it does with a request, and what it does every minute."""

    def __init__(self, schedule: Schedule) -> None:
        periods = {name: [period] for name, period in schedule.periods()}
        habits = Habits(latency=dict(LATENCY), queue=schedule.queue, **periods)  # type: ignore[arg-type]
        super().__init__(habits, seed=schedule.seed)
        self.schedule = schedule
        self.arrivals: Sequence[Arrival] = schedule.arrivals()
        self.subscribers = self.topic = Subscribers(self)
        #: When each order was first answered with a 2xx.
        self.accepted_at: dict[str, float] = {}
        self.submissions: Counter[str] = Counter()
        self.announcements: Counter[str] = Counter()

    # What each design is made of.

    def request(self, arrival: Arrival, answered: Callable[[], None]) -> None:
        """A request arrives now. `answered` is called if it is answered with a 2xx."""
        raise NotImplementedError

    def every_minute(self) -> None:
        """Start what runs every minute."""
        raise NotImplementedError

    def held(self) -> set[str]:
        """The orders that wait for a person."""
        raise NotImplementedError

    def is_at_rest(self) -> bool:
        """Whether the design has nothing left to do."""
        raise NotImplementedError

    # What happens to it.

    def play(self) -> None:
        """Let the whole schedule happen, until the design has nothing left to do."""
        for arrival in self.arrivals:
            self.hub.at(arrival.at, lambda arrival=arrival: self._send(arrival))  # type: ignore[misc]
            if second := self.schedule.second_worker(arrival):
                self.hub.at(second, lambda arrival=arrival: self.request(arrival, lambda: None))  # type: ignore[misc]
        self.go_until(self.is_over, self.schedule.end + PATIENCE_AT_THE_END)
        self.go(self.hub.time + AFTERWARDS)

    def is_over(self) -> bool:
        """Whether all orders have come and nothing is left to do."""
        is_accepted = len(self.accepted_at) == len(self.arrivals)
        return self.hub.time > self.schedule.end and is_accepted and self.is_at_rest()

    def ledger(self, environment: Environment) -> Calls:
        """See `World`."""
        return ScheduledCalls(self, environment)

    def sns(self, environment: Environment) -> Any:
        """See `World`."""
        return Announcing(self, environment, super().sns(environment))

    def _send(self, arrival: Arrival) -> None:
        """A sender repeats its request until it is answered with a 2xx."""
        if arrival.order_id in self.accepted_at:
            return
        self.request(arrival, lambda: self._accept(arrival))
        self.hub.at(self.hub.time + SENDER_WAITS, lambda: self._send(arrival))

    def _accept(self, arrival: Arrival) -> None:
        self.accepted_at.setdefault(arrival.order_id, self.hub.time)

    def _poll(self) -> None:
        self.every_minute()
        if self.schedule.second_poller(round(self.hub.time / 60)):
            self.every_minute()


def body_of(arrival: Arrival) -> dict[str, Any]:
    """The order event that a sender sends."""
    return an_order(arrival.order_id)
