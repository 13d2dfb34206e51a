"""The functions behind API Gateway as Lambda calls them; AWS is moto, ARM its simulator."""

import copy
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.store.table import Store
from standardwebhooks.webhooks import Webhook

from functions.operators import app as operators
from functions.webhook import app as webhook
from tests.support.api_gateway import function_of, routed
from tests.support.arm_builders import Simulator
from tests.support.builders import NOW, TIMES, an_order
from tests.support.environment import around
from tests.support.store_contract import MARKER_LIFE, TABLE

EVENTS = Path(__file__).parents[2] / "events" / "lambda"

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = {
    "arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"},
    "clients": {"2218": {"signingSecrets": [SIGNING_SECRET]}},
}
CONTEXT: Any = SimpleNamespace(
    function_name="webhook",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-north-1:123456789012:function:webhook",
    aws_request_id="request-1",
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:  # noqa: ANN401 (JSON)
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return str(self.body["type"]).removeprefix("urn:arm-relay:problem:")


class Apis:
    """The deployed functions, behind API Gateway."""

    def __init__(self, arm: Simulator, logged: io.StringIO) -> None:
        self.arm = arm
        self.logged = logged
        self.dynamodb = boto3.client("dynamodb")

    def call(self, event: dict[str, Any]) -> Answer:
        answer = function_of(event).handler(event, CONTEXT)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def post(self, body: object, **changes: str) -> Answer:
        """A signed request."""
        return self.call(signed(an_event("webhook-order"), as_text(body), **changes))

    def preview(self, body: object, **changes: str) -> Answer:
        """A signed request for a preview."""
        return self.call(signed(an_event("webhook-preview"), as_text(body), **changes))

    def ask(self, name: str, body: object, path: str = "") -> Answer:
        """A signed request, like the example of that name."""
        event = an_event(name)
        return self.call(signed(at(event, path) if path else event, as_text(body)))

    def items(self) -> int:
        return len(self.dynamodb.scan(TableName=TABLE)["Items"])


def an_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def as_text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def signed(event: dict[str, Any], body: str, secret: str = SIGNING_SECRET, **changes: str) -> dict[str, Any]:
    """The event with a body, signed now."""
    now = datetime.now(UTC)
    headers = {
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event["headers"]["webhook-id"], now, body),
    }
    more = {name.replace("_", "-"): value for name, value in changes.items()}
    return event | {"body": body, "headers": event["headers"] | headers | more}


def at(event: dict[str, Any], path: str) -> dict[str, Any]:
    moved = copy.deepcopy(event)
    moved["requestContext"]["http"]["path"] = path
    del moved["pathParameters"]
    return moved | routed(moved["requestContext"]["http"]["method"], path)


def refused(api: Apis, *orders: dict[str, Any]) -> str:
    """The id of a batch that ARM has refused, announced."""
    api.arm.fail("submit", "status", 1, status=422)
    batch_id: str = api.post(list(orders)).body["batchId"]
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    batch = store.batch(batch_id)
    assert batch
    assert store.save(steps.announced(batch))
    return batch_id


def hold(api: Apis, *numbers: int, announced: bool = False, arm_answers: bool = False) -> list[str]:
    """So many batches that wait for a person. Where ARM answers, it has them."""
    if not arm_answers:
        api.arm.fail("any", "refuse")
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    ids = [api.post(an_order(id=f"evt-{number}", invoiceNo=str(number))).body["batchId"] for number in numbers]
    for number, batch_id in zip(numbers, ids, strict=True):
        queued = store.batch(batch_id)
        assert queued
        held = store.save(steps.held(queued, "too old", NOW + timedelta(minutes=number)))
        assert held
        assert not announced or store.save(steps.announced(held))
    return ids


def put_secret(text: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="secret", SecretString=text)


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apis]:
    """The functions, deployed until the `with` block ends."""
    monkeypatch.setattr("arm_relay.bootstrap.webhook._pause", lambda _: None)
    for app in (webhook, operators):
        app.relay.cache_clear()
    with around(monkeypatch, SECRET, webhook, operators) as (arm, logged):
        yield Apis(arm, logged)
    for app in (webhook, operators):
        app.relay.cache_clear()
