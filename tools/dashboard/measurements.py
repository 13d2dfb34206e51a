"""What was measured: the embedded metric format in the functions' logs read as CloudWatch reads it, and AWS's own."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sandbox.cloud.aws import Aws


class Identity(NamedTuple):
    """What distinguishes one metric from another in CloudWatch."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


class Point(NamedTuple):
    """One value, at a time in seconds since 1970."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Measurements:
    """The points of every metric."""

    points: Mapping[Identity, Sequence[Point]] = field(default_factory=dict)

    @classmethod
    def in_logs(cls, lines: Iterable[str]) -> "Measurements":
        """The values in lines of the embedded metric format; other lines have none."""
        found: dict[Identity, list[Point]] = {}
        for line in lines:
            for identity, point in _values(line):
                found.setdefault(identity, []).append(point)
        return cls(found)

    def of(self, identity: Identity) -> Sequence[Point]:
        """The points of one metric; none where it was never measured."""
        return self.points.get(identity, ())

    def values(self, identity: Identity) -> list[float]:
        """Its values alone."""
        return [point.value for point in self.of(identity)]


def _values(line: str) -> Iterator[tuple[Identity, Point]]:
    if '"_aws"' not in line:
        return
    logged: dict[str, Any] = json.loads(line)
    at = logged["_aws"]["Timestamp"] / 1000
    for directive in logged["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, str(logged[name])) for name in names)
            for metric in directive["Metrics"]:
                identity = Identity(directive["Namespace"], metric["Name"], dimensions)
                yield from ((identity, Point(at, value)) for value in logged[metric["Name"]])


def of_aws(aws: Aws, identity: Identity, statistic: str, since: datetime) -> list[Point]:
    """The points of a metric that AWS measures itself, put together by the second."""
    answer = aws.cloudwatch.get_metric_statistics(
        Namespace=identity.namespace,
        MetricName=identity.name,
        Dimensions=[{"Name": name, "Value": value} for name, value in identity.dimensions],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=1,
        Statistics=[statistic],
    )
    points = [Point(entry["Timestamp"].timestamp(), entry[statistic]) for entry in answer["Datapoints"]]
    return sorted(points)
