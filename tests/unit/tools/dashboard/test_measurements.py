import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from moto import mock_aws

from sandbox.cloud.aws import Aws
from tools.dashboard.measurements import Identity, Measurements, Point, of_aws

POLLS = Identity("ArmRelay", "PollerRuns", frozenset({("service", "relay-1")}))
ERRORS = Identity("AWS/Lambda", "Errors", frozenset({("FunctionName", "poller")}))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws("https://monitoring.eu-north-1.amazonaws.com")


def printed(*values: float) -> list[str]:
    """What Powertools prints for a metric."""
    metrics = Metrics(namespace="ArmRelay", service="relay-1")
    metrics.clear_metrics()
    metrics.set_timestamp(int(datetime.now(UTC).timestamp() * 1000))
    for value in values:
        metrics.add_metric("PollerRuns", MetricUnit.Count, value)
    with redirect_stdout(io.StringIO()) as output:
        metrics.flush_metrics()
    return output.getvalue().splitlines()


def test_values_are_found_in_what_powertools_prints() -> None:
    measured = Measurements.in_logs(printed(1, 2))

    assert measured.values(POLLS) == [1.0, 2.0]
    assert abs(measured.of(POLLS)[0].at - datetime.now(UTC).timestamp()) < 60


def test_other_lines_measure_nothing() -> None:
    measured = Measurements.in_logs(["START RequestId: 1", '{"level": "INFO", "message": "batch moved"}', ""])

    assert measured.points == {}


def test_what_was_never_measured_has_no_points() -> None:
    assert Measurements.in_logs(printed(1)).of(ERRORS) == ()


def test_what_aws_measures_comes_by_the_second_the_oldest_first(aws: Aws) -> None:
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    dimensions = [{"Name": "FunctionName", "Value": "poller"}]
    for second, value in ((20, 3.0), (10, 1.0), (10, 1.0)):
        entry = {"MetricName": "Errors", "Dimensions": dimensions, "Value": value}
        at = {"Timestamp": begun + timedelta(seconds=second)}
        aws.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[entry | at])

    found = of_aws(aws, ERRORS, "Sum", begun)

    assert found == [Point(begun.timestamp() + 10, 2.0), Point(begun.timestamp() + 20, 3.0)]
