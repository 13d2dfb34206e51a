"""The poller function as Lambda calls it: the schedule's event in, announcements out; AWS by moto, ARM simulated."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from arm_relay import batches
from arm_relay.batches import Answer, Batch, State
from arm_relay.polling import RESERVE, PollingFailed
from arm_relay.store import Store, StoreUnavailable
from moto import mock_aws

from functions.poller import app
from sandbox.arm.transport import SimulatedTransport
from tests.builders import NOW, TIMES, a_batch
from tests.store_contract import MARKER_LIFE, TABLE, create_table
from tests.unit.sandbox_arm.builders import Simulator, a_document, a_payload, a_simulator

EVENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "events" / "lambda" / "poller-schedule.json").read_text(encoding="utf-8")
)
SECRET = {"arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"}}
SETTINGS = {
    "TABLE_NAME": TABLE,
    "SECRET_ARN": "secret",
    "ARM_BASE_URL": "https://arm.example/arm/v1",
    "ARM_TOKEN_URL": "https://arm.example/token",
    "ARM_USER_ID": "arm-relay",
    "INVOICE_TIME_ZONE": "Europe/Oslo",
    "FIRST_LOOK_SECONDS": "30",
    "LONGEST_LOOK_SECONDS": "900",
    "SETTLING_SECONDS": "900",
    "UNDECIDED_SECONDS": "3600",
    "HOLD_AFTER_SECONDS": "259200",
    "RETENTION_DAYS": "400",
    "SIGNATURE_TOLERANCE_SECONDS": "300",
}


class World:
    """The deployed function, the table and the topic it works on, and ARM."""

    def __init__(self, arm: Simulator, logged: io.StringIO, queue: str) -> None:
        self.arm = arm
        self.logged = logged
        self._queue = queue
        self.dynamodb = boto3.client("dynamodb")
        self.store = Store(self.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    def poll(self, seconds_left: float = 55) -> None:
        context = SimpleNamespace(
            function_name="poller",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:eu-north-1:123456789012:function:poller",
            aws_request_id="run-1",
            get_remaining_time_in_millis=lambda: int(seconds_left * 1000),
        )
        handler: Any = app.handler
        assert handler(EVENT, context) is None

    def announced(self) -> list[dict[str, Any]]:
        answer = boto3.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def pending(self, **changes: object) -> Batch:
        """A batch that ARM has taken."""
        payload = json.dumps(a_payload(a_document(salesOrderId="B-1"))).encode()
        batch = a_batch(payload=payload, **changes)
        uuid = self.arm.ledger.accept("2218", json.loads(payload), payload)
        assert self.store.claim(batch, {})
        saved = self.store.save(batches.accepted(batch, uuid, Answer(202, "{}"), NOW))
        assert saved
        return saved

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.logged.getvalue().splitlines()]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    arm = a_simulator()
    transport = SimulatedTransport(arm.api, arm.clock.sleep)
    monkeypatch.setattr("arm_relay.bootstrap.httpx.Client", partial(httpx.Client, transport=transport))
    monkeypatch.setattr("arm_relay.bootstrap._now", arm.clock.now)
    logged = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", logged)
    monkeypatch.setattr(app.metrics, "namespace", "ArmRelay")  # Read from the environment when it is imported.
    app.polling.cache_clear()
    with mock_aws():
        create_table(boto3.client("dynamodb"))
        boto3.client("secretsmanager").create_secret(Name="secret", SecretString=json.dumps(SECRET))
        topic = boto3.client("sns").create_topic(Name="topic")["TopicArn"]
        queue = boto3.client("sqs").create_queue(QueueName="results")["QueueUrl"]
        boto3.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:eu-north-1:123456789012:results",
            Attributes={"RawMessageDelivery": "true"},
        )
        monkeypatch.setenv("TOPIC_ARN", topic)
        yield World(arm, logged, queue)
    app.polling.cache_clear()


def test_a_run_finishes_what_is_due_and_announces_it(world: World) -> None:
    batch = world.pending()
    world.arm.clock.sleep(60)

    world.poll()

    (event,) = world.announced()
    assert (event["type"], event["subject"]) == ("arm-relay.batch.succeeded", batch.id)
    assert [order["status"] for order in event["data"]["orders"]] == ["SUCCEEDED"]
    after = world.store.batch(batch.id)
    assert after
    assert (after.state, after.due) == (State.SUCCEEDED, None)


def test_a_run_leaves_what_is_not_due(world: World) -> None:
    batch = world.pending()

    world.poll()

    assert world.store.batch(batch.id) == batch
    assert world.announced() == []


def test_a_run_with_nothing_to_do_says_no_more_than_that_it_ran(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.poll()

    (metrics,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert metrics["Polls"] == [1.0]
    assert metrics["BatchesWaiting"] == [0.0]
    names = [metric["Name"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert names == ["Polls", "BatchesWaiting"]
    assert world.lines() == []


def test_a_run_works_on_many_batches_and_counts_each(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(120):
        order = replace(a_batch().orders[0], id=f"evt-{number}")
        world.pending(id=f"batch-{number}", orders=(order,))
    world.arm.clock.sleep(60)

    world.poll()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(sum(line.get("Announcements", [])) for line in lines) == 120
    assert sum(sum(line.get("BatchesEnded", [])) for line in lines) == 120


def test_a_run_without_time_begins_nothing(world: World) -> None:
    batch = world.pending()
    world.arm.clock.sleep(60)

    world.poll(seconds_left=RESERVE)

    assert world.store.batch(batch.id) == batch


def test_a_run_that_met_what_nobody_foresaw_fails_after_all_else_is_done(world: World) -> None:
    healthy = world.pending()
    poisoned = world.pending(id="batch-2", orders=(replace(a_batch().orders[0], id="evt-2"),))
    item = world.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "BATCH#batch-2"}})["Item"]
    world.dynamodb.put_item(TableName=TABLE, Item=item | {"orders": {"S": "{"}})
    world.arm.clock.sleep(60)

    with pytest.raises(PollingFailed):
        world.poll()

    assert [event["subject"] for event in world.announced()] == [healthy.id]
    (failure,) = [line for line in world.lines() if line["level"] == "ERROR"]
    assert failure["batchId"] == poisoned.id


def test_a_run_without_its_table_fails(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)

    with pytest.raises(StoreUnavailable):
        world.poll()


def test_a_run_without_its_secret_leaves_everything_due(world: World) -> None:
    batch = world.pending()
    boto3.client("secretsmanager").delete_secret(SecretId="secret", ForceDeleteWithoutRecovery=True)
    world.arm.clock.sleep(60)

    world.poll()

    after = world.store.batch(batch.id)
    assert after
    assert after.state is State.PENDING
    assert after.due


def test_nothing_secret_or_personal_is_logged(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    document = a_document(
        salesOrderId="B-1", emailAddress=["kari@example.no"], customerMessage="Kari Nordmann, 73219.5"
    )
    payload = json.dumps(a_payload(document)).encode()
    for number, fault in enumerate((400, 500, 401, 429, None)):
        order = replace(a_batch().orders[0], id=f"evt-{number}")
        queued = batches.not_taken(a_batch(id=f"b{number}", orders=(order,), payload=payload), "ARM was down", NOW)
        world.store.claim(queued, {})
        world.arm.clock.sleep(60)
        if fault:
            world.arm.fail("submit", "status", 2, status=fault)
        world.poll()
    world.arm.clock.sleep(3600)
    world.poll()

    logged = world.logged.getvalue() + capsys.readouterr().out
    tokens = list(world.arm.api._tokens)  # noqa: SLF001 (the tokens that were given)
    assert len(world.lines()) > 5
    assert tokens
    assert [word for word in [*tokens, "s3cr3t", "kari", "Nordmann", "73219"] if word in logged] == []
