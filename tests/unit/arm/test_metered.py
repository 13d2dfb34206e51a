"""What the journal gets of each call to ARM."""

from collections.abc import Callable, Mapping

import pytest
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.metered import Metered
from arm_relay.batches.batch import Answer, Batch
from arm_relay.observability import Metric

CALLS: dict[Metric, Callable[[Metered], object]] = {
    Metric.ARM_SUBMIT_DURATION: lambda metered: metered.submit("2218", b"{}"),
    Metric.ARM_RESULT_DURATION: lambda metered: metered.result("2218", "u1", WITHIN),
    Metric.ARM_DOCUMENT_DURATION: lambda metered: metered.document("2218", "88776655", WITHIN),
}

#: How long a call may take, in seconds.
WITHIN = 60.0


class World:
    """ARM, whose calls take a quarter of a second and end in `ending`; a clock; a journal."""

    def __init__(self, ending: ArmError | None = None) -> None:
        self.ending = ending
        self.calls: list[tuple[object, ...]] = []
        self.time = 1000.0
        self.counts: dict[Metric, int] = {}
        self.measures: list[tuple[Metric, float]] = []
        self.transient_errors: list[tuple[str, object]] = []
        self.metered = Metered(self, self, lambda: self.time)

    def _end(self, *call: object) -> None:
        self.time += 0.25
        self.calls.append(call)
        if self.ending:
            raise self.ending

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        self._end(client_no, payload)
        return "u1", Answer(202, "{}")

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        self._end(client_no, batch_uuid, within)
        return Answer(200, "{}")

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        raise AssertionError(client_no, customer_no, within)

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        self._end(client_no, document_no, within)
        return None

    def moved(self, *batches: Batch) -> None:
        raise AssertionError(batches)

    def count(self, metric: Metric, number: int = 1) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + number

    def measured(self, metric: Metric, value: float) -> None:
        self.measures.append((metric, value))

    def not_understood(self, *_: object) -> None:
        pass

    def transient_error(self, what: str, **where: str | int | None) -> None:
        self.transient_errors.append((what, where))

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        raise AssertionError(problem, status, client_no)

    def noted(self, what: str, **where: str | int | None) -> None:
        raise AssertionError(what, where)

    def warned(self, what: str, **where: str | int | None) -> None:
        raise AssertionError(what, where)

    def failed(self, what: str, **where: str | int | None) -> None:
        raise AssertionError(what, where)


def test_calls_and_answers_pass_through() -> None:
    world = World()

    answers = [call(world.metered) for call in CALLS.values()]

    assert answers == [("u1", Answer(202, "{}")), Answer(200, "{}"), None]
    assert world.calls == [("2218", b"{}"), ("2218", "u1", WITHIN), ("2218", "88776655", WITHIN)]


@pytest.mark.parametrize("ending", [None, NoAnswer("ARM answered 500"), Refused(Answer(400, "{}"))])
@pytest.mark.parametrize("duration", CALLS)
def test_each_call_is_measured_in_milliseconds_however_it_ends(duration: Metric, ending: ArmError | None) -> None:
    world = World(ending)
    try:
        CALLS[duration](world.metered)
    except ArmError as error:
        assert error is ending  # noqa: PT017 (it may be raised)

    assert world.measures == [(duration, 250.0)]


@pytest.mark.parametrize(
    ("ending", "metric"),
    [
        pytest.param(NotSent("no connection", scope=Scope.ARM), Metric.ARM_UNREACHABLE, id="not reached"),
        pytest.param(InDoubt("ARM answered 500", scope=Scope.ARM), Metric.ARM_UNREACHABLE, id="in trouble itself"),
        pytest.param(NoAnswer("no token", scope=Scope.TOKEN), Metric.TOKEN_FAILURES, id="no token"),
        pytest.param(
            NotSent("ARM answered 403", Answer(403, ""), scope=Scope.CLIENT), Metric.ARM_FORBIDDEN, id="forbidden"
        ),
        pytest.param(
            NotSent("ARM answered 429", Answer(429, ""), scope=Scope.CLIENT), Metric.ARM_THROTTLED, id="throttled"
        ),
    ],
)
def test_each_kind_of_trouble_has_its_metric_and_a_line_with_the_client(ending: ArmError, metric: Metric) -> None:
    world = World(ending)

    with pytest.raises(type(ending)):
        world.metered.submit("2218", b"{}")

    assert world.counts == {metric: 1}
    assert world.transient_errors == [(ending.cause, {"clientNo": "2218"})]


def test_trouble_with_one_batch_is_told_but_is_not_arms() -> None:
    world = World(NoAnswer("ARM answered 400 about a document"))

    with pytest.raises(NoAnswer):
        world.metered.document("2218", "88776655", WITHIN)

    assert (world.counts, len(world.transient_errors)) == ({}, 1)


def test_a_refusal_is_no_trouble() -> None:
    world = World(Refused(Answer(400, "{}")))

    with pytest.raises(Refused):
        world.metered.submit("2218", b"{}")

    assert (world.counts, world.transient_errors) == ({}, [])
