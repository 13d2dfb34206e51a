"""A journal that keeps what is reported to it, for tests to read."""

from arm_relay.batches.batch import Batch, State
from arm_relay.observability import Metric

#: Which batch, client or call a line of the log is about.
type Where = dict[str, str | int | None]


class Diary:
    """Every entry of a journal, in order."""

    def __init__(self) -> None:
        self.moves: list[Batch] = []
        self.counts: dict[Metric, int] = {}
        self.measures: dict[Metric, list[float]] = {}
        self.transient_errors: list[tuple[str, Where]] = []
        self.shapes: list[str] = []
        self.failures: list[tuple[str, Where]] = []
        self.notes: list[tuple[str, Where]] = []
        self.warnings: list[tuple[str, Where]] = []
        self.rejections: list[tuple[str, int, str | None]] = []

    @property
    def states(self) -> list[State]:
        """The states into which batches moved."""
        return [batch.state for batch in self.moves]

    def moved(self, *batches: Batch) -> None:
        self.moves += batches

    def count(self, metric: Metric, number: int = 1) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + number

    def measured(self, metric: Metric, value: float) -> None:
        self.measures.setdefault(metric, []).append(value)

    def not_understood(self, batch: Batch, reason: str, status: int, shape: str) -> None:  # noqa: ARG002 (the protocol's)
        self.shapes.append(shape)

    def transient_error(self, what: str, **where: str | int | None) -> None:
        self.transient_errors.append((what, where))

    def failed(self, what: str, **where: str | int | None) -> None:
        self.failures.append((what, where))

    def noted(self, what: str, **where: str | int | None) -> None:
        self.notes.append((what, where))

    def warned(self, what: str, **where: str | int | None) -> None:
        self.warnings.append((what, where))

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        self.rejections.append((problem, status, client_no))
