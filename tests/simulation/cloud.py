"""Everything the functions reach outside themselves: in each call others act, things fail, or the function dies."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import httpx
from botocore.exceptions import ClientError, ReadTimeoutError

from sandbox.arm.transport import SimulatedTransport
from tests.simulation.dynamodb import InMemoryDynamoDB, client_error
from tests.simulation.faults import WAYS, Rates
from tests.simulation.hub import Hub

BEGIN: Final = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


class Troubled:
    """When calls to AWS fail and functions die, until `stop`."""

    def __init__(self, random: Random, rates: Rates, counts: Counter[str]) -> None:
        self._random = random
        self._rates = rates
        self._counts = counts
        self._is_stopped = False

    def stop(self) -> None:
        """From now on everything works."""
        self._is_stopped = True

    def crash(self) -> bool:
        """Whether the function dies here."""
        return self._drawn(self._rates.crash, "crash")

    def way(self, name: str) -> str | None:
        """How this call to AWS fails."""
        rate = self._rates.sns if name == "SNS" else self._rates.dynamodb
        if not self._drawn(rate, f"{name} fails"):
            return None
        return self._random.choice(WAYS)

    def count(self, what: str) -> None:
        """Something has happened."""
        self._counts[what] += 1

    def _drawn(self, rate: float, what: str) -> bool:
        if self._is_stopped or self._random.random() >= rate:
            return False
        self.count(what)
        return True


@dataclass(slots=True)
class Environment:
    """One function's environment: its clock is wrong by `skew`, and the platform ends it at `deadline`."""

    hub: Hub
    random: Random
    troubled: Troubled
    skew: timedelta
    deadline: float

    def now(self) -> datetime:
        """The time by this environment's clock."""
        return BEGIN + timedelta(seconds=self.hub.time) + self.skew

    def outside(self, latency: float) -> None:
        """Others act while a message travels; perhaps this environment dies meanwhile."""
        self.sleep(self.random.uniform(0, latency))
        if self.troubled.crash():
            self.hub.kill()

    def sleep(self, seconds: float) -> None:
        """Time passes; beyond the deadline the platform ends this environment."""
        self.hub.sleep(seconds)
        if self.hub.time > self.deadline:
            self.troubled.count("timeout")
            self.hub.kill()

    def remaining(self) -> float:
        """How many seconds there are before the deadline."""
        return self.deadline - self.hub.time


class Boto:
    """A boto3 client of an environment: its calls take time and may fail."""

    def __init__(self, environment: Environment, name: str, target: object) -> None:
        self._environment = environment
        self._name = name
        self._target = target

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """The operation, with what may happen on the way there and back."""

        def call(**request: Any) -> Any:
            environment = self._environment
            perform = partial(getattr(self._target, operation), **request)
            environment.outside(0.05)
            way = environment.troubled.way(self._name)
            if way == "before":
                raise client_error("ProvisionedThroughputExceededException", operation)
            if way == "later":
                environment.hub.at(environment.hub.time + environment.random.uniform(0, 3), _forgiving(perform))
                raise ReadTimeoutError(endpoint_url=self._name)
            answer = perform()
            environment.outside(0.05)
            if way == "retried" and operation == "put_item":
                raise client_error("ConditionalCheckFailedException", operation)
            if way:
                raise ReadTimeoutError(endpoint_url=self._name)
            return answer

        return call


class Network(httpx.BaseTransport):
    """The way to ARM and back."""

    def __init__(self, environment: Environment, arm: SimulatedTransport) -> None:
        self._environment = environment
        self._arm = arm

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        self._environment.outside(0.3)
        response = self._arm.handle_request(request)
        self._environment.outside(0.3)
        return response


class Topic:
    """SNS in memory: every message in the order of its publishing."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []

    def publish_batch(self, **request: Any) -> dict[str, Any]:
        """Keep the messages."""
        entries = request["PublishBatchRequestEntries"]
        self.messages += [{name: value for name, value in entry.items() if name != "Id"} for entry in entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}


def table(hub: Hub, random: Random) -> InMemoryDynamoDB:
    """A table whose index lags behind by up to two seconds."""
    return InMemoryDynamoDB(lambda change: hub.at(hub.time + random.uniform(0, 2), change))


def _forgiving(perform: Callable[[], object]) -> Callable[[], None]:
    """A request whose sender has given up: whatever it meets, nobody hears."""

    def alone() -> None:
        try:
            perform()
        except ClientError:
            return

    return alone
