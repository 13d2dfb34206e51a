"""The poller function as it is deployed, the table and the topic it works on by moto, and ARM by its simulator."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch
from arm_relay.store.table import Store

from functions.poller import app
from tests.support.arm_builders import Simulator, a_document, a_payload
from tests.support.builders import NOW, TIMES, a_batch
from tests.support.environment import around
from tests.support.store_contract import MARKER_LIFE, TABLE

EVENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "events" / "lambda" / "poller-schedule.json").read_text(encoding="utf-8")
)
SECRET = {"arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"}}


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
        batch = a_batch(**changes)
        documents = [a_document(salesOrderId="B-1", documentNo=order.document_no) for order in batch.orders]
        payload = json.dumps(a_payload(*documents)).encode()
        batch = replace(batch, payload=payload)
        uuid = self.arm.ledger.accept("2218", json.loads(payload), payload)
        assert self.store.claim(batch, {})
        saved = self.store.save(steps.pending(batch, uuid, Answer(202, "{}"), NOW))
        assert saved
        return saved

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.logged.getvalue().splitlines()]


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of its own, until the `with` block ends."""
    # moto's PartiQL is not to be trusted: here each batch is saved alone.
    monkeypatch.setattr("arm_relay.store.bulk.MOST", 1)
    app.polling.cache_clear()
    with around(monkeypatch, SECRET, app) as (arm, logged):
        monkeypatch.setattr("arm_relay.bootstrap.clients.now", arm.clock.now)
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
