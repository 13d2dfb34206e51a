"""What the relay reports about its work: a log line per transition, and metrics. No names, addresses or amounts."""

import re
from collections.abc import Mapping
from enum import StrEnum
from threading import Lock
from typing import Final, Protocol

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from arm_relay.batches.batch import Batch, OrderStatus, State


class Metric(StrEnum):
    """Every metric. Each counts occurrences, except those of `UNITS`, which are measured."""

    #: Requests to the webhook and the operators' function.
    REQUESTS = "Requests"
    #: Runs of the poller.
    POLLER_RUNS = "PollerRuns"
    #: Orders accepted for the first time, or as a correction.
    ORDERS_ACCEPTED = "OrdersAccepted"
    #: Orders sent again unchanged.
    ORDERS_REPLAYED = "OrdersReplayed"
    #: Orders left out of a request whose other orders were accepted.
    ORDERS_REJECTED = "OrdersRejected"
    #: Requests answered with a problem; also with the dimension `problem`, the last part of its type.
    REQUESTS_REJECTED = "RequestsRejected"
    #: Requests for a client whose part of the secret is malformed, so that nobody can sign for it.
    MALFORMED_CLIENTS = "MalformedClients"
    #: Orders whose document ARM created. A run in which orders ended counts 0 where none did so.
    ORDERS_SUCCEEDED = "OrdersSucceeded"
    #: Orders whose document ARM did not create, or refused.
    ORDERS_FAILED = "OrdersFailed"
    #: Batches that ended.
    BATCHES_ENDED = "BatchesEnded"
    #: Batches that are held, when a run of the poller begins: each waits for a person.
    BATCHES_HELD = "BatchesHeld"
    #: Batches with something left to do when a run of the poller begins.
    BATCHES_WAITING = "BatchesWaiting"
    #: At each poll of a batch, how long it has been waiting for its end, or for its end to be announced.
    BATCH_AGE = "BatchAge"
    #: Announcements published.
    ANNOUNCEMENTS = "Announcements"
    #: Transient errors: failed calls that the relay retries by itself.
    RETRIED_ERRORS = "RetriedErrors"
    #: Calls without an answer from ARM, or with one that says that ARM is failing.
    ARM_UNREACHABLE = "ArmUnreachable"
    #: Calls for a client that ARM does not serve: it answered 403, or another 4xx that says nothing about the batch.
    ARM_FORBIDDEN = "ArmForbidden"
    #: Calls that ARM answered with 429.
    ARM_THROTTLED = "ArmThrottled"
    #: Calls without a token, or with a new token that ARM does not accept.
    TOKEN_FAILURES = "TokenFailures"  # noqa: S105 (no password)
    #: How long POST documents/batches takes, including the request for a token where one is needed.
    ARM_SUBMIT_DURATION = "ArmSubmitDuration"
    #: How long GET batches/{batchuuid} takes, counted in the same way.
    ARM_RESULT_DURATION = "ArmResultDuration"
    #: How long GET documents/{documentno} takes, counted in the same way.
    ARM_DOCUMENT_DURATION = "ArmDocumentDuration"
    #: Unexpected failures.
    FAILURES = "Failures"


#: A client number that may be logged before it is known to exist: a path can contain anything.
NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)

#: The metrics that are measured, and their units.
UNITS: Final[Mapping[Metric, MetricUnit]] = {
    Metric.BATCHES_WAITING: MetricUnit.Count,
    Metric.BATCHES_HELD: MetricUnit.Count,
    Metric.BATCH_AGE: MetricUnit.Seconds,
    Metric.ARM_SUBMIT_DURATION: MetricUnit.Milliseconds,
    Metric.ARM_RESULT_DURATION: MetricUnit.Milliseconds,
    Metric.ARM_DOCUMENT_DURATION: MetricUnit.Milliseconds,
}


class Journal(Protocol):
    """Where use cases report what happened."""

    def moved(self, *batches: Batch) -> None:
        """A transition of each of these batches is recorded."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """The event happened so many times."""

    def measured(self, metric: Metric, value: float) -> None:
        """The value, in the metric's unit."""

    def not_understood(self, batch: Batch, reason: str, status: int, shape: str) -> None:
        """ARM's result of the batch is not understood: its HTTP code, and its form without any value."""

    def transient_error(self, what: str, **where: str | int | None) -> None:
        """A call failed and will be made again."""

    def failed(self, what: str, **where: str | int | None) -> None:
        """The exception that is being handled was not expected."""

    def noted(self, what: str, **where: str | int | None) -> None:
        """Something happened as it should, and somebody may ask for it later."""

    def warned(self, what: str, **where: str | int | None) -> None:
        """Something is not as it should be, and the relay goes on without it: a person should mend it."""

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """A request was answered with a problem; `client_no` is not yet known to exist."""


class LambdaJournal:
    """CloudWatch's logs and metrics through Powertools."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._lock = Lock()

    def moved(self, *batches: Batch) -> None:
        """One line with the same fields for every transition. Ends are also counted."""
        for batch in batches:
            self._log_move(batch)
        ends = [batch for batch in batches if batch.rests and batch.state is not State.HELD]
        orders = [order for batch in ends for order in batch.orders]
        succeeded = sum(order.status is OrderStatus.SUCCEEDED for order in orders)
        self.count(Metric.BATCHES_ENDED, len(ends))
        if orders:
            # A zero, too: an alarm that divides by it needs data where every order failed.
            self._add(Metric.ORDERS_SUCCEEDED, MetricUnit.Count, succeeded)
        self.count(Metric.ORDERS_FAILED, len(orders) - succeeded)

    def _log_move(self, batch: Batch) -> None:
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

    def count(self, metric: Metric, number: int = 1) -> None:
        """Added up over one invocation."""
        if number:
            self._add(metric, MetricUnit.Count, number)

    def measured(self, metric: Metric, value: float) -> None:
        """Each value is kept."""
        self._add(metric, UNITS[metric], value)

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """One line that names neither the content nor the sender."""
        number = client_no if client_no and NUMBER.fullmatch(client_no) else None
        self._logger.info("request rejected", problem=problem, status=status, clientNo=number)
        self.count(Metric.REQUESTS_REJECTED)
        provider = self._metrics.provider
        name = Metric.REQUESTS_REJECTED.value
        with single_metric(name, MetricUnit.Count, 1, namespace=provider.namespace) as one:
            one.add_dimension("service", str(provider.service))
            one.add_dimension("problem", problem)

    def not_understood(self, batch: Batch, reason: str, status: int, shape: str) -> None:
        """One line, from which a line of the contract can be proposed without seeing anybody's data."""
        self._logger.warning(
            "ARM's result is not understood",
            batchId=batch.id,
            clientNo=batch.client_no,
            cause=reason,
            status=status,
            shape=shape,
        )

    def transient_error(self, what: str, **where: str | int | None) -> None:
        """A warning."""
        self.count(Metric.RETRIED_ERRORS)
        self._logger.warning(what, extra=where)

    def failed(self, what: str, **where: str | int | None) -> None:
        """An error with its traceback."""
        self.count(Metric.FAILURES)
        self._logger.error(what, exc_info=True, extra=where)  # noqa: LOG014 (called while an exception is handled)

    def noted(self, what: str, **where: str | int | None) -> None:
        """One line."""
        self._logger.info(what, extra=where)

    def warned(self, what: str, **where: str | int | None) -> None:
        """A warning that no retry mends."""
        self._logger.warning(what, extra=where)

    def _add(self, metric: Metric, unit: MetricUnit, value: float) -> None:
        # The poller counts in many threads; without the lock Powertools' Metrics would lose counts.
        with self._lock:
            self._metrics.add_metric(metric.value, unit, value)
