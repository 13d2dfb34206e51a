"""What the relay tells about its work: a log line per transition, counts by name. Never names, addresses or amounts."""

from enum import StrEnum
from threading import Lock
from typing import Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from arm_relay.batches import Batch, State


class Metric(StrEnum):
    """Every metric, counted per occurrence."""

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
    #: Requests answered with a problem.
    REQUESTS_REJECTED = "RequestsRejected"
    #: Batches that came to an end.
    BATCHES_ENDED = "BatchesEnded"
    #: Batches that a person must look at.
    BATCHES_HELD = "BatchesHeld"
    #: Announcements published.
    ANNOUNCEMENTS = "Announcements"
    #: Failures of calls that the relay will make again by itself.
    TROUBLES = "Troubles"
    #: Failures that nobody foresaw.
    FAILURES = "Failures"


class Journal(Protocol):
    """Where use cases tell what happened."""

    def moved(self, batch: Batch) -> None:
        """A transition of the batch is recorded."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """It happened so many times."""

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
        if batch.rests:
            self.count(Metric.BATCHES_HELD if batch.state is State.HELD else Metric.BATCHES_ENDED)

    def count(self, metric: Metric, number: int = 1) -> None:
        """Added up over one invocation."""
        if number:
            # The poller counts in many threads, and Powertools' Metrics would lose some of it.
            with self._lock:
                self._metrics.add_metric(metric.value, MetricUnit.Count, number)

    def trouble(self, what: str, **where: str | int | None) -> None:
        """A warning."""
        self.count(Metric.TROUBLES)
        self._logger.warning(what, extra=where)

    def failed(self, what: str, **where: str | int | None) -> None:
        """An error with its traceback."""
        self.count(Metric.FAILURES)
        self._logger.error(what, exc_info=True, extra=where)  # noqa: LOG014 (called while one is handled)
