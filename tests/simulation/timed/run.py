"""Invocations as Lambda makes them: an environment serves one at a time, and ends with its timeout."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from arm_relay.batches.batch import Batch
from arm_relay.observability import Metric

from tests.simulation.timed import functions
from tests.simulation.timed.environment import Environment
from tests.support.template import template

if TYPE_CHECKING:
    from arm_relay.poller.polling import Polling
    from arm_relay.webhook.intake import Intake

    from tests.simulation.timed.world import World

#: How long a run of the poller may take, by PollersAtOnce.
POLLER_TIMEOUTS: Final[Mapping[int, float]] = {
    int(pollers): run["Timeout"] for pollers, run in template()["Mappings"]["Runs"].items()
}
WEBHOOK_TIMEOUT: Final = 25.0


@dataclass
class Run:
    """One invocation, and its journal: what it has counted is known once it returns."""

    begun: float
    ended: float | None = None
    killed: bool = False
    error: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    measures: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    #: How many batches came to rest while it ran.
    progress: int = 0


class RunJournal:
    """A journal that writes into the present run."""

    def __init__(self) -> None:
        self.run = Run(0.0)

    def moved(self, *batches: Batch) -> None:
        """See `Journal`."""
        self.run.counts.update(f"moved {batch.state.value}" for batch in batches)

    def count(self, metric: Metric, number: int = 1) -> None:
        """See `Journal`."""
        self.run.counts[metric.value] += number

    def measured(self, metric: Metric, value: float) -> None:
        """See `Journal`."""
        self.run.measures.setdefault(metric.value, []).append(value)

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """See `Journal`."""
        self.run.failures.append(f"{problem} {status} {client_no}")

    def not_understood(self, *_: object) -> None:
        """Nothing is read of it here."""

    def transient_error(self, what: str, **_: str | int | None) -> None:
        """See `Journal`."""
        self.run.counts[f"transient: {what}"] += 1

    def noted(self, what: str, **_: str | int | None) -> None:
        """Nothing is read of it here."""

    def warned(self, what: str, **_: str | int | None) -> None:
        """Nothing is read of it here."""

    def failed(self, what: str, **_: str | int | None) -> None:
        """See `Journal`."""
        self.run.failures.append(what)


class Function[U]:
    """A function's environments: one that is idle serves the next invocation."""

    def __init__(
        self, world: "World", build: Callable[[Environment, "World", RunJournal], U], timeout: float, memory: float
    ) -> None:
        self._world = world
        self._build = build
        self._timeout = timeout
        self._memory = memory
        self._idle: list[tuple[Environment, RunJournal, U]] = []
        self.runs: list[Run] = []
        self._latest: Environment | None = None

    def kill(self) -> None:
        """The platform ends the environment of the latest invocation."""
        if self._latest:
            self._latest.is_dead = True

    def invoke(self, use: Callable[[U, Environment], object]) -> None:
        """Use an environment's use case, now."""
        self._world.hub.start(self._world.hub.time, lambda: self._invoke(use))

    def _invoke(self, use: Callable[[U, Environment], object]) -> None:
        hub = self._world.hub
        environment, journal, case = self._idle.pop() if self._idle else self._new()
        environment.deadline = hub.time + self._timeout
        self._latest = environment
        run = journal.run = Run(hub.time)
        self.runs.append(run)
        hub.at(environment.deadline + 0.001, lambda: self._ended_by_force(run, environment))
        try:
            use(case, environment)
        except Exception as error:  # noqa: BLE001 (Lambda reports it, and goes on)
            run.error = repr(error)
        run.ended = hub.time
        self._idle.append((environment, journal, case))

    def _new(self) -> tuple[Environment, RunJournal, U]:
        environment, journal = Environment(self._world.hub, self._memory), RunJournal()
        return environment, journal, self._build(environment, self._world, journal)

    def _ended_by_force(self, run: Run, environment: Environment) -> None:
        if run.ended is None:
            run.killed = environment.is_dead = True


def poller(world: "World", pollers: int, memory: float) -> "Function[Polling]":
    """The poller function."""
    return Function(world, functions.polling, POLLER_TIMEOUTS[pollers], memory)


def webhook(world: "World", memory: float) -> "Function[Intake]":
    """The webhook function."""
    return Function(world, functions.intake, WEBHOOK_TIMEOUT, memory)
