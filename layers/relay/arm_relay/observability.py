"""What the relay tells about its work: a log line per transition, counts by name. Never names, addresses or amounts."""

import re
from collections.abc import Mapping
from enum import StrEnum
from threading import Lock
from typing import Final, Protocol

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from arm_relay.batches import Batch, OrderStatus, State


class Metric(StrEnum):
    """Every metric. They are counted per occurrence but for those of `UNITS`, which are measured."""

    #: Requests to the webhook function.
    REQUESTS = "Requests"
    #: Runs of the poller.
    POLLS = "Polls"
    #: Orders claimed for the first time or corrected.
    ORDERS_ACCEPTED = "OrdersAccepted"
    #: Orders sent again unchanged.
    ORDERS_REPLAYED = "OrdersReplayed"
    #: Orders left out of a request whose other orders were accepted.
    ORDERS_REJECTED = "OrdersRejected"
    #: Requests answered with a problem; once more with the dimension `problem`, the last part of its type.
    REQUESTS_REJECTED = "RequestsRejected"
    #: Orders whose document ARM created.
    ORDERS_SUCCEEDED = "OrdersSucceeded"
    #: Orders whose document ARM did not create, or refused.
    ORDERS_FAILED = "OrdersFailed"
    #: Batches that came to an end.
    BATCHES_ENDED = "BatchesEnded"
    #: Batches that a person must look at, as they come.
    BATCHES_HELD = "BatchesHeld"
    #: Batches with something left to do, when a run of the poller begins.
    BATCHES_WAITING = "BatchesWaiting"
    #: At each look at a batch, how long it has been waiting for its end, or for its end to be announced.
    BATCH_AGE = "BatchAge"
    #: Announcements published.
    ANNOUNCEMENTS = "Announcements"
    #: Failures of calls that the relay will make again by itself.
    TROUBLES = "Troubles"
    #: Calls that ended without an answer of ARM's, or with one that says ARM is in trouble itself.
    ARM_UNREACHABLE = "ArmUnreachable"
    #: Calls that ARM answered with 403: it does not serve the client to us.
    ARM_FORBIDDEN = "ArmForbidden"
    #: Calls that ARM answered with 429.
    ARM_THROTTLED = "ArmThrottled"
    #: Calls without a token, or with one that ARM does not accept even when it is new.
    TOKEN_FAILURES = "TokenFailures"  # noqa: S105 (no password)
    #: How long POST documents/batches takes, a token asked for on the way included.
    ARM_SUBMIT_DURATION = "ArmSubmitDuration"
    #: How long GET batches/{batchuuid} takes, the same.
    ARM_RESULT_DURATION = "ArmResultDuration"
    #: How long GET documents/{documentno} takes, the same.
    ARM_DOCUMENT_DURATION = "ArmDocumentDuration"
    #: Failures that nobody foresaw.
    FAILURES = "Failures"


#: A client number that may be logged before anybody has said that there is such a client: a path can hold anything.
NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)

#: What is measured, and in which unit.
UNITS: Final[Mapping[Metric, MetricUnit]] = {
    Metric.BATCHES_WAITING: MetricUnit.Count,
    Metric.BATCH_AGE: MetricUnit.Seconds,
    Metric.ARM_SUBMIT_DURATION: MetricUnit.Milliseconds,
    Metric.ARM_RESULT_DURATION: MetricUnit.Milliseconds,
    Metric.ARM_DOCUMENT_DURATION: MetricUnit.Milliseconds,
}


class Journal(Protocol):
    """Where use cases tell what happened."""

    def moved(self, batch: Batch) -> None:
        """A transition of the batch is recorded."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """It happened so many times."""

    def measured(self, metric: Metric, value: float) -> None:
        """It was so much, in the metric's unit."""

    def trouble(self, what: str, **where: str | int | None) -> None:
        """A call failed that will be made again."""

    def failed(self, what: str, **where: str | int | None) -> None:
        """Nobody foresaw the exception that is being handled."""


class LambdaJournal:
    """CloudWatch's logs and metrics through Powertools."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._lock = Lock()

    def moved(self, batch: Batch) -> None:
        """One line, the same fields for every transition; ends and holds are counted, too."""
        self._logger.info(
            "batch moved",
            batchId=batch.id,
            clientNo=batch.client_no,
            state=batch.state.value,
            cause=batch.cause if batch.by is None else "redriven",
            attempt=batch.attempt,
            orders=len(batch.orders),
            batchUuid=batch.batch_uuid,
        )
        if batch.state is State.HELD:
            self.count(Metric.BATCHES_HELD)
        elif batch.rests:
            self._count_end(batch)

    def count(self, metric: Metric, number: int = 1) -> None:
        """Added up over one invocation."""
        if number:
            self._add(metric, MetricUnit.Count, number)

    def measured(self, metric: Metric, value: float) -> None:
        """Each value is kept."""
        self._add(metric, UNITS[metric], value)

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """One line, which tells neither what was sent nor who sent it."""
        number = client_no if client_no and NUMBER.fullmatch(client_no) else None
        self._logger.info("request rejected", problem=problem, status=status, clientNo=number)
        self.count(Metric.REQUESTS_REJECTED)
        provider = self._metrics.provider
        name = Metric.REQUESTS_REJECTED.value
        with single_metric(name, MetricUnit.Count, 1, namespace=provider.namespace) as one:
            one.add_dimension("service", str(provider.service))
            one.add_dimension("problem", problem)

    def trouble(self, what: str, **where: str | int | None) -> None:
        """A warning."""
        self.count(Metric.TROUBLES)
        self._logger.warning(what, extra=where)

    def failed(self, what: str, **where: str | int | None) -> None:
        """An error with its traceback."""
        self.count(Metric.FAILURES)
        self._logger.error(what, exc_info=True, extra=where)  # noqa: LOG014 (called while one is handled)

    def _count_end(self, batch: Batch) -> None:
        succeeded = sum(order.status is OrderStatus.SUCCEEDED for order in batch.orders)
        self.count(Metric.BATCHES_ENDED)
        self.count(Metric.ORDERS_SUCCEEDED, succeeded)
        self.count(Metric.ORDERS_FAILED, len(batch.orders) - succeeded)

    def _add(self, metric: Metric, unit: MetricUnit, value: float) -> None:
        # The poller counts in many threads, and Powertools' Metrics would lose some of it.
        with self._lock:
            self._metrics.add_metric(metric.value, unit, value)
