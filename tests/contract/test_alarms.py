"""Every alarm of template.yaml can be made to fire: by what the functions really emit, or by what AWS emits for them.

CloudWatch's part is played by `Alarm`: the values of each period are put together by the alarm's statistic and
compared with its threshold.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import ge, lt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import boto3
import pytest
from arm_relay.observability import Metric

from functions.poller import app as poller
from functions.webhook import app as webhook
from tests.support.builders import TIMES, a_batch_order
from tests.support.poller_world import World, deployed
from tests.support.template import TEMPLATE, template
from tools.dashboard.measurements import Identity, Measurements, Point

ROOT: Final = Path(__file__).parents[2]
RESOURCES: Final[dict[str, dict[str, Any]]] = template()["Resources"]
PARAMETERS: Final[dict[str, dict[str, Any]]] = template()["Parameters"]
STACK: Final = "arm-relay"
CONTEXT: Final[Any] = SimpleNamespace(
    function_name="webhook", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request-1"
)

#: What goes on in the period of this number.
type Happening = Callable[[World, int], None]

COMPARISONS: Final = {"GreaterThanOrEqualToThreshold": ge, "LessThanThreshold": lt}
COMPARED: Final = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
#: The functions of CloudWatch's metric math that the template uses. Python decides in the same way what is compared.
METRIC_MATH: Final[dict[str, Callable[..., float]]] = {
    "FILL": lambda value, otherwise: otherwise if value is None else value,
    "IF": lambda condition, one, other: one if condition else other,
}
STATISTICS: Final[dict[str, Callable[[list[float]], float]]] = {"Sum": sum, "Maximum": max}


@dataclass(frozen=True)
class Alarm:
    """An alarm of the template, in an account."""

    name: str
    properties: dict[str, Any]

    @property
    def identity(self) -> Identity:
        return identity_of(self.properties)

    @property
    def is_ours(self) -> bool:
        return bool(self.properties.get("Namespace", "ArmRelay") == "ArmRelay")

    def fires(self, *periods: Measurements) -> bool:
        """Whether it does after these periods, the latest last; there was nothing before them."""
        wanted = self.properties["EvaluationPeriods"]
        latest: list[Measurements] = [*[Measurements()] * wanted, *periods]
        return all(self._breaches(period) for period in latest[-wanted:])

    def _breaches(self, period: Measurements) -> bool:
        value = self._value(period)
        if value is None:
            return bool(self.properties["TreatMissingData"] == "breaching")
        compare = COMPARISONS[self.properties["ComparisonOperator"]]
        return bool(compare(value, float(resolved(self.properties["Threshold"]))))

    def _value(self, period: Measurements) -> float | None:
        """What CloudWatch compares; None where there is nothing."""
        if "Metrics" not in self.properties:
            values = period.values(self.identity)
            return STATISTICS[self.properties["Statistic"]](values) if values else None
        (expression,) = (each["Expression"] for each in self.properties["Metrics"] if each["ReturnData"])
        metrics = {each["Id"]: each["MetricStat"] for each in self.properties["Metrics"] if not each["ReturnData"]}
        found = {
            name: STATISTICS[each["Stat"]](values) if (values := period.values(identity_of(each["Metric"]))) else None
            for name, each in metrics.items()
        }
        return float(eval(expression, {"__builtins__": {}, **METRIC_MATH, **found}))  # noqa: S307 (the template's own expression)


def identity_of(metric: dict[str, Any]) -> Identity:
    """A metric of the template, as it is called in an account."""
    dimensions = {(entry["Name"], resolved(entry["Value"])) for entry in metric["Dimensions"]}
    return Identity(metric["Namespace"], metric["MetricName"], frozenset(dimensions))


def resolved(value: Any) -> str:  # noqa: ANN401 (CloudFormation)
    """What a value comes to in a stack of the name `STACK` whose parameters have their defaults."""
    if not isinstance(value, dict):
        return str(value)
    ((function, name),) = value.items()
    if function == "Fn::GetAtt":
        return ".".join(name)
    if function == "Fn::FindInMap":
        mapping, first, second = name
        return resolved(template()["Mappings"][mapping][resolved(first)][second])
    defaults = {parameter: str(properties["Default"]) for parameter, properties in PARAMETERS.items()}
    return str({"AWS::StackName": STACK, **defaults}.get(name, name))


ALARMS: Final = {
    name.removesuffix("Alarm"): Alarm(name.removesuffix("Alarm"), resource["Properties"])
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
OURS: Final = [name for name, alarm in ALARMS.items() if alarm.is_ours]


def emitted(printed: str) -> Measurements:
    """The metrics of everything a function printed."""
    return Measurements.in_logs(printed.splitlines())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with deployed(monkeypatch) as world:
        # Both are read from the environment when the modules are imported.
        for app in (poller, webhook):
            monkeypatch.setattr(app.metrics, "namespace", "ArmRelay")
            monkeypatch.setattr(app.metrics.provider, "service", STACK)
        webhook.relay.cache_clear()
        yield world
    webhook.relay.cache_clear()


def waiting(world: World, period: int) -> None:
    """One batch more that ARM has taken and will not end by itself."""
    world.arm.settings.processing_seconds = 1e9
    order = a_batch_order(id=f"evt-{period}")
    world.pending(id=f"batch-{period}", orders=(order,))


def after(seconds: float) -> Happening:
    """A batch is polled when it is so old."""

    def happen(world: World, period: int) -> None:
        waiting(world, period)
        world.arm.clock.sleep(seconds)
        world.poll()
        # What is held is counted when a run begins.
        world.poll()

    return happen


def failing(endpoint: str, kind: str, **fault: Any) -> Happening:  # noqa: ANN401 (a fault's parameters)
    """A batch is polled, and a call meets a fault."""

    def happen(world: World, period: int) -> None:
        waiting(world, period)
        world.arm.fail(endpoint, kind, **fault)
        world.arm.clock.sleep(900)
        world.poll()

    return happen


def nothing(_world: World, _period: int) -> None:
    """Not even the schedule."""


def orders_without_the_secret(_world: World, _period: int) -> None:
    """Senders keep coming while the secret cannot be read."""
    boto3.client("secretsmanager").delete_secret(SecretId="secret", ForceDeleteWithoutRecovery=True)
    event = json.loads((ROOT / "events" / "lambda" / "webhook-order.json").read_text())
    for _ in range(3):
        assert webhook.handler(event, CONTEXT)["statusCode"] == 503


def a_request_that_fails(_world: World, _period: int) -> None:
    """A request comes that the function does not expect."""
    event = json.loads((ROOT / "events" / "lambda" / "webhook-order.json").read_text())
    del event["pathParameters"]
    assert webhook.handler(event, CONTEXT)["statusCode"] == 500


def refused(number: int, succeeded: int = 0) -> Happening:
    """So many batches of one order each end refused, and so many succeed."""

    def happen(world: World, period: int) -> None:
        names = [f"{period}-{index}" for index in range(number + succeeded)]
        world.arm.settings.failing_documents |= set(names[:number])
        for name in names:
            world.pending(id=name, orders=(a_batch_order(id=name, document_no=name),))
        world.arm.clock.sleep(60)
        world.poll()

    return happen


#: What has to go on, period by period, for each alarm on a metric of ours.
HAPPENINGS: Final[dict[str, Happening]] = {
    "HeldBatches": after(TIMES.hold_after.total_seconds()),
    "OldestBatch": after(PARAMETERS["AlarmAgeSeconds"]["Default"]),
    "PollerSilent": nothing,
    "ArmUnreachable": failing("result", "refuse"),
    "ArmForbidden": failing("result", "status", status=403),
    "TokenFailures": failing("token", "status", status=401),
    "Unavailable": orders_without_the_secret,
    "Failures": a_request_that_fails,
    "RefusedOrders": refused(5),
}

#: What AWS measures in a period for each alarm on a metric of AWS's, and what it measures when all is well.
MEASURED: Final[dict[str, tuple[list[float], list[float]]]] = {
    "DeadLetters": ([1.0], [0.0]),
    "ApiErrors": ([1.0, 1.0, 1.0], [1.0, 1.0, 0.0]),
    "OperatorsApiErrors": ([1.0, 1.0, 1.0], [1.0, 1.0, 0.0]),
    "WebhookErrors": ([1.0, 0.0], [0.0]),
    "WebhookThrottles": ([1.0], [0.0]),
    "WebhookDuration": ([120.0, 24_990.0], [120.0, 15_900.0]),
    "OperatorsErrors": ([1.0, 0.0], [0.0]),
    "OperatorsThrottles": ([1.0], [0.0]),
    "PollerErrors": ([1.0, 1.0], [1.0, 0.0]),
    "PollerThrottles": ([1.0], [0.0]),
    "PollerDuration": ([900.0, 54_990.0], [900.0, 45_000.0]),
}


def go_on(world: World, happening: Happening, periods: int, capsys: pytest.CaptureFixture[str]) -> list[Measurements]:
    """What is emitted in each period while this goes on."""
    found = []
    for period in range(periods):
        happening(world, period)
        found.append(emitted(capsys.readouterr().out))
    return found


@pytest.mark.parametrize("name", OURS)
def test_an_alarm_fires_on_what_the_functions_emit(name: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    alarm = ALARMS[name]
    periods = go_on(world, HAPPENINGS[name], alarm.properties["EvaluationPeriods"], capsys)

    assert alarm.fires(*periods)


@pytest.mark.parametrize("name", ["ArmUnreachable", "TokenFailures"])
def test_what_passes_by_itself_is_no_alarm(name: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    (period,) = go_on(world, HAPPENINGS[name], 1, capsys)

    assert not ALARMS[name].fires(period)
    assert not ALARMS[name].fires(period, Measurements())


@pytest.mark.parametrize(("number", "succeeded"), [(4, 0), (5, 6)])
def test_some_refused_orders_are_their_senders_matter(
    number: int, succeeded: int, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (period,) = go_on(world, refused(number, succeeded), 1, capsys)

    assert "OrdersFailed" in {identity.name for identity in period.points}
    assert not ALARMS["RefusedOrders"].fires(period)


def test_a_healthy_relay_raises_no_alarm(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def orders_end(world: World, period: int) -> None:
        world.pending(id=f"batch-{period}", orders=(a_batch_order(id=f"evt-{period}"),))
        world.arm.clock.sleep(60)
        world.poll()

    periods = go_on(world, orders_end, 2, capsys)

    assert "OrdersSucceeded" in {identity.name for identity in periods[1].points}
    assert [name for name in OURS if ALARMS[name].fires(*periods)] == []


@pytest.mark.parametrize("name", [name for name in ALARMS if name not in OURS])
def test_an_alarm_fires_on_what_aws_measures(name: str) -> None:
    alarm = ALARMS[name]
    bad, good = (Measurements({alarm.identity: [Point(0, value) for value in values]}) for values in MEASURED[name])

    assert alarm.fires(bad)
    assert not alarm.fires(good)


@pytest.mark.parametrize("function", ["Webhook", "Poller"])
def test_a_function_raises_an_alarm_before_its_time_is_over(function: str) -> None:
    longest = 1000 * float(resolved(RESOURCES[f"{function}Function"]["Properties"]["Timeout"]))

    assert 0.8 * longest < float(resolved(ALARMS[f"{function}Duration"].properties["Threshold"])) < longest


def test_an_alarm_watches_resources_there_are() -> None:
    watched = {name for alarm in ALARMS.values() if not alarm.is_ours for _, name in alarm.identity.dimensions}

    assert {name.partition(".")[0] for name in watched} <= RESOURCES.keys()


def test_a_poll_comes_before_the_alarm_on_old_batches_forgets_it() -> None:
    assert PARAMETERS["LongestPollSeconds"]["Default"] < ALARMS["OldestBatch"].properties["Period"]
    assert PARAMETERS["LongestPollSeconds"]["Default"] < PARAMETERS["AlarmAgeSeconds"]["Default"]
    assert PARAMETERS["AlarmAgeSeconds"]["Default"] < PARAMETERS["HoldAfterSeconds"]["Default"]


def test_every_alarm_tells_the_topic_when_it_comes_and_goes() -> None:
    for alarm in ALARMS.values():
        topic = {"Fn::If": ["MakesAlarmTopic", {"Ref": "AlarmTopic"}, {"Ref": "AlarmTopicArn"}]}
        assert alarm.properties["AlarmActions"] == alarm.properties["OKActions"] == [topic]


def test_every_alarm_has_a_section_of_its_name_in_the_runbook() -> None:
    sections = re.findall(r"^### (\w+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)

    assert sections == list(ALARMS)
    for alarm in ALARMS.values():
        assert alarm.properties["AlarmName"] == {"Fn::Sub": f"${{AWS::StackName}}-{alarm.name}"}
        assert alarm.properties["AlarmDescription"].endswith(f"Runbook - docs/operations.md, {alarm.name}.")


def test_the_table_above_the_alarms_has_each_with_what_it_watches_and_when() -> None:
    rows = [re.split(r" {2,}", row) for row in re.findall(r"^  # (\w+ {2,}\w.*)$", TEMPLATE.read_text(), re.MULTILINE)]

    assert rows[0] == ["alarm", "metric", "statistic", "periods", "threshold"]
    assert [row[0] for row in rows[1:]] == list(ALARMS)
    for name, metric, statistic, periods, threshold in rows[1:]:
        properties = ALARMS[name].properties
        if "Metrics" in properties:
            properties = as_one_metric(properties)
        assert f"{properties['Namespace'].removeprefix('AWS/')} {properties['MetricName']}" in metric
        assert statistic == properties["Statistic"].lower()
        assert periods == f"{properties['EvaluationPeriods']} x {properties['Period'] // 60} min"
        assert threshold.split()[0] == COMPARED[properties["ComparisonOperator"]]
        if isinstance(properties["Threshold"], int):
            assert threshold.split()[1].replace(",", "") == str(properties["Threshold"])


def as_one_metric(properties: dict[str, Any]) -> dict[str, Any]:
    """An alarm on a share, as if it watched the first of its metrics."""
    stat = next(each["MetricStat"] for each in properties["Metrics"] if not each["ReturnData"])
    return {**properties, **stat["Metric"], "Statistic": stat["Stat"], "Period": stat["Period"]}


# The dashboard.


def widgets() -> list[dict[str, Any]]:
    body = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    values = re.sub(r"\$\{([\w:]+)\}", lambda name: resolved({"Ref": name[1]}), body)
    return [widget["properties"] for widget in json.loads(values)["widgets"]]


def test_the_dashboard_shows_every_metric_of_ours_and_no_other() -> None:
    shown = {row[1] for widget in widgets() for row in widget["metrics"] if row[0] == "ArmRelay"}
    found = {
        name
        for widget in widgets()
        for row in widget["metrics"]
        for name in re.findall(r'MetricName="(\w+)"', str(row[0].get("expression")) if isinstance(row[0], dict) else "")
    }

    # How often the functions are called is not what the dashboard is about.
    assert shown | found == {metric.value for metric in Metric} - {"Requests", "PollerRuns", "Announcements"}


def test_the_dashboard_shows_metrics_of_this_stack_alone() -> None:
    for widget in widgets():
        for row in widget["metrics"]:
            if row[0] == "ArmRelay":
                assert row[2:4] == ["service", STACK]
            elif row[0] == "AWS/Lambda":
                assert row[3] in RESOURCES


# The saved queries.


def test_the_story_of_a_batch_is_asked_by_fields_that_its_lines_have(world: World) -> None:
    query = RESOURCES["StoryQuery"]["Properties"]["QueryString"]
    waiting(world, 1)
    world.arm.clock.sleep(TIMES.hold_after.total_seconds())

    world.poll()

    (line,) = world.lines()
    fields = {field.strip() for field in query.splitlines()[0].removeprefix("fields ").split(",")}
    assert 'filter batchId = "' in query
    assert line["batchId"] == "batch-1"
    assert fields - line.keys() == {"@timestamp", "exception_name"}
    assert line["correlation_id"] == "run-1"
