import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, OrderStatus, State
from arm_relay.observability import LambdaJournal, Metric
from aws_lambda_powertools import Logger, Metrics

from tests.support.builders import NOW, a_batch, a_batch_order

KARI = "arn:aws:iam::123456789012:user/kari"


class Notes:
    """What a journal wrote."""

    def __init__(self) -> None:
        self._logged = io.StringIO()
        self.metrics = Metrics(namespace="ArmRelay", service="arm-relay")
        self.metrics.clear_metrics()
        self.journal = LambdaJournal(Logger(service=uuid.uuid4().hex, stream=self._logged), self.metrics)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._logged.getvalue().splitlines()]

    def line(self, *names: str) -> dict[str, Any]:
        (line,) = self.lines()
        return {name: line[name] for name in names}

    def counts(self) -> dict[str, float]:
        return {name: sum(metric["Value"]) for name, metric in self.metrics.provider.metric_set.items()}


@pytest.fixture
def notes() -> Notes:
    return Notes()


def test_every_transition_is_one_line_of_the_same_fields(notes: Notes) -> None:
    notes.journal.moved(steps.pending(a_batch(), "uuid-1", Answer(202, ""), NOW))

    expected = {
        "level": "INFO",
        "message": "batch moved",
        "batchId": "batch-1",
        "clientNo": "2218",
        "state": "PENDING",
        "cause": "ARM returned a batchUuid",
        "attempt": 1,
        "orders": 1,
        "batchUuid": "uuid-1",
    }
    assert notes.line(*expected) == expected


def test_a_persons_words_stay_out_of_the_log(notes: Notes) -> None:
    held = steps.announced(steps.held(a_batch(), "too old", NOW))

    notes.journal.moved(steps.resubmitted(held, "Kari Nordmann says so", KARI, NOW, may_be_billed_twice=True))

    assert notes.line("cause") == {"cause": "redriven"}
    assert "Nordmann" not in json.dumps(notes.lines())


def test_ends_are_counted_as_they_come_and_holds_are_not(notes: Notes) -> None:
    notes.journal.moved(a_batch())
    notes.journal.moved(steps.refused(a_batch(), Answer(400, ""), NOW))
    notes.journal.moved(steps.held(a_batch(), "too old", NOW))
    notes.journal.moved(steps.held(a_batch(), "too old", NOW))

    # The share of refused orders needs both, a zero as well.
    assert notes.counts() == {"BatchesEnded": 1, "OrdersFailed": 1, "OrdersSucceeded": 0}


def test_the_orders_of_an_ended_batch_are_counted_by_how_they_ended(notes: Notes) -> None:
    failed = a_batch_order(id="evt-2", status=OrderStatus.FAILED)
    orders = [a_batch_order(status=OrderStatus.SUCCEEDED), failed, replace(failed, id="evt-3")]
    pending = a_batch(state=State.PENDING, orders=(*orders,))

    notes.journal.moved(steps.ended_each(pending, State.PARTIALLY_FAILED, orders, "ARM's result", NOW))

    assert notes.counts() == {"BatchesEnded": 1, "OrdersSucceeded": 1, "OrdersFailed": 2}


def test_what_is_measured_is_kept_value_by_value_in_its_unit(notes: Notes) -> None:
    notes.journal.measured(Metric.BATCH_AGE, 61.5)
    notes.journal.measured(Metric.BATCH_AGE, 30)

    metric = notes.metrics.provider.metric_set["BatchAge"]
    assert (metric["Unit"], metric["Value"]) == ("Seconds", [61.5, 30.0])


@pytest.mark.parametrize("client_no", ["kari@example.no", "2218 Kari", "9" * 21, "", None])
def test_a_client_that_is_no_number_is_not_logged(notes: Notes, client_no: str | None) -> None:
    notes.journal.rejected("unknown-client", 404, client_no)

    (line,) = notes.lines()
    assert (line["problem"], line.get("clientNo")) == ("unknown-client", None)


def test_a_rejection_is_counted_in_all_and_by_its_problem(notes: Notes, capsys: pytest.CaptureFixture[str]) -> None:
    notes.journal.rejected("bad-signature", 401, "2218")

    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = line["_aws"]["CloudWatchMetrics"]
    assert (told["Namespace"], told["Dimensions"]) == ("ArmRelay", [["service", "problem"]])
    assert (line["service"], line["problem"], line["RequestsRejected"]) == ("arm-relay", "bad-signature", [1.0])
    assert notes.counts() == {"RequestsRejected": 1}


def test_counts_add_up(notes: Notes) -> None:
    notes.journal.count(Metric.ORDERS_ACCEPTED, 2)
    notes.journal.count(Metric.ORDERS_ACCEPTED)

    assert notes.counts() == {"OrdersAccepted": 3}


def test_nothing_is_not_counted(notes: Notes) -> None:
    notes.journal.count(Metric.ORDERS_REPLAYED, 0)

    assert notes.counts() == {}


def test_counts_of_many_threads_add_up(notes: Notes, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: notes.journal.count(Metric.ANNOUNCEMENTS), range(5000)))

    # Powertools prints them by the hundred.
    printed = [json.loads(line)["Announcements"] for line in capsys.readouterr().out.splitlines()]
    assert sum(map(sum, printed)) == 5000


def test_trouble_is_a_counted_warning(notes: Notes) -> None:
    notes.journal.transient_error("the table throttles reads", batchId="batch-1")

    assert notes.line("level", "message", "batchId") == {
        "level": "WARNING",
        "message": "the table throttles reads",
        "batchId": "batch-1",
    }
    assert notes.counts() == {"RetriedErrors": 1}


def test_a_failure_is_a_counted_error_with_its_traceback(notes: Notes) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        notes.journal.failed("a step of a batch failed", batchId="batch-1")

    line = notes.line("level", "message", "batchId", "exception_name", "exception")
    assert (line["level"], line["batchId"], line["exception_name"]) == ("ERROR", "batch-1", "ZeroDivisionError")
    assert "test_observability.py" in line["exception"]
    assert notes.counts() == {"Failures": 1}


def test_metrics_have_names_of_their_own() -> None:
    assert len({metric.value for metric in Metric}) == len(Metric)


def test_a_result_that_is_not_understood_leaves_its_form(notes: Notes) -> None:
    notes.journal.not_understood(a_batch(), "ARM's result contains an unknown word", 200, '{"result":"text"}')

    expected = {
        "level": "WARNING",
        "message": "ARM's result is not understood",
        "batchId": "batch-1",
        "clientNo": "2218",
        "cause": "ARM's result contains an unknown word",
        "status": 200,
        "shape": '{"result":"text"}',
    }
    assert notes.line(*expected) == expected
