"""The clients of AWS that an environment calls, and the topic behind one of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any, Final

from botocore.exceptions import ReadTimeoutError

from tests.simulation.dynamodb import client_error
from tests.simulation.hub import Hub
from tests.simulation.timed import costs
from tests.simulation.timed.environment import Environment
from tests.support.messages import queue_text_of

SUBJECT: Final = re.compile(r'"subject":\s*"([^"]+)"')
EVENT: Final = re.compile(r'"id":\s*"([^"]+)"')
#: SNS takes so many messages at once, and so many bytes in sum.
MAX_MESSAGES: Final = 10
MAX_BYTES: Final = 262_144


class TimedTopic:
    """SNS in memory: when each batch was announced, and in what words."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        #: When each batch was announced: a time for every message.
        self.times: dict[str, list[float]] = defaultdict(list)
        #: The contents under each event's id: one, if all is well.
        self.contents: dict[str, set[bytes]] = defaultdict(set)

    def publish_batch(self, *, PublishBatchRequestEntries: Sequence[Mapping[str, Any]], **_: object) -> dict[str, Any]:  # noqa: N803
        """Keep the messages."""
        entries = PublishBatchRequestEntries
        size = sum(len(entry["Message"].encode()) for entry in entries)
        if not 1 <= len(entries) <= MAX_MESSAGES or size > MAX_BYTES:
            raise client_error("BatchRequestTooLong", "PublishBatch")
        for entry in entries:
            self._keep(queue_text_of(entry))
        return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in entries], "Failed": []}

    def _keep(self, message: str) -> None:
        subject, event = SUBJECT.search(message), EVENT.search(message)
        assert subject
        assert event
        self.times[subject[1]].append(self._hub.time)
        self.contents[event[1]].add(sha256(message.encode()).digest())


class Troubles:
    """How often a call to AWS fails, and whether before or after its effect."""

    def __init__(self, random: Random, rate: float = 0.0) -> None:
        self._random = random
        self.rate = rate

    def way(self) -> str | None:
        """How this call fails."""
        return self._random.choice(("before", "after")) if self.rate and self._random.random() < self.rate else None


class Client:
    """A client of AWS of an environment: every call takes the processor and time, and may fail."""

    def __init__(
        self, environment: Environment, target: object, latency: float, calls: Counter[str], troubles: Troubles
    ) -> None:
        self._environment = environment
        self._target = target
        self._latency = latency
        self._calls = calls
        self._troubles = troubles

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """The operation."""
        perform = getattr(self._target, operation)

        def call(**request: Any) -> Any:
            self._calls[operation] += 1
            way = self._troubles.way()
            self._environment.sleep(self._latency / 2)
            if way == "before":
                raise client_error("ProvisionedThroughputExceededException", operation)
            answer = perform(**request)
            self._environment.sleep(self._latency / 2)
            self._environment.work(costs.aws_call(operation, request, answer))
            if way:
                raise ReadTimeoutError(endpoint_url=operation)
            return answer

        return call
