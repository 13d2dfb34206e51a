"""The real handlers, each invocation with parts of its own, built as `bootstrap` does but over a simulated cloud."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import httpx
from arm_relay.arm.auth import Tokens
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.client import ArmClient
from arm_relay.arm.outcomes import Vocabulary
from arm_relay.arm.wire import Wire
from arm_relay.batches import Batch, Times
from arm_relay.bootstrap.webhook import Webhook as WebhookParts
from arm_relay.door import Door
from arm_relay.inquiries import Inquiries
from arm_relay.intake import Intake
from arm_relay.look import Look
from arm_relay.mapping import Mapping as OrderMapping
from arm_relay.notifications import Topic
from arm_relay.observability import Metric
from arm_relay.polling import Polling
from arm_relay.redrive import Redrive
from arm_relay.secrets import Secrets
from arm_relay.store import Store
from arm_relay.submission import Submission
from aws_lambda_powertools.utilities.typing import LambdaContext
from standardwebhooks.webhooks import Webhook

from functions.poller import app as poller
from functions.webhook import app as webhook
from sandbox.arm.api import ArmApi
from sandbox.arm.transport import SimulatedTransport
from tests.api_gateway import routed
from tests.builders import one_by_one
from tests.simulation.cloud import Boto, Environment, Network

CLIENT_NO: Final = "2218"
SIGNING_SECRET: Final = "whsec_" + base64.b64encode(b"simulation" * 3).decode()
SECRET: Final = json.dumps(
    {
        "arm": {"clientId": "relay", "clientSecret": "simulated"},
        "clients": {CLIENT_NO: {"signingSecrets": [SIGNING_SECRET]}},
    }
)

TIMES: Final = Times(
    first_look=timedelta(seconds=30),
    longest_look=timedelta(seconds=900),
    settling=timedelta(seconds=900),
    undecided=timedelta(seconds=3600),
    hold_after=timedelta(hours=6),
    retention=timedelta(days=400),
)

_webhook: ContextVar[WebhookParts] = ContextVar("webhook")
_polling: ContextVar[Polling] = ContextVar("polling")


class SilentJournal:
    """Tells nobody but for what nobody foresaw."""

    def __init__(self, failures: list[str]) -> None:
        self._failures = failures

    def moved(self, batch: Batch) -> None:
        """See `Journal`."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """See `Journal`."""

    def measured(self, metric: Metric, value: float) -> None:
        """See `Journal`."""

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """See `LambdaJournal`."""

    def trouble(self, what: str, **where: str | int | None) -> None:
        """See `Journal`."""

    def failed(self, what: str, **where: str | int | None) -> None:
        """Remember it."""
        self._failures.append(f"{what} {where}")


@dataclass(frozen=True, slots=True)
class Cloud:
    """What all environments share."""

    table: object
    topic: object
    arm: ArmApi
    journal: SilentJournal
    times: Times = TIMES
    polling: type[Polling] = Polling


@contextmanager
def replaced_parts() -> Iterator[None]:
    """Let the handlers use the parts of the invocation they run in."""
    relay, polling = webhook.relay, poller.polling
    webhook.relay, poller.polling = _webhook.get, _polling.get  # type: ignore[assignment]
    try:
        yield
    finally:
        webhook.relay, poller.polling = relay, polling


def call_webhook(environment: Environment, cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """One invocation of the webhook function."""
    _webhook.set(_webhook_parts(environment, cloud))
    answer: dict[str, Any] = webhook.handler(event, _context(environment))
    return answer


def call_poller(environment: Environment, cloud: Cloud) -> None:
    """One invocation of the poller function."""
    _polling.set(_polling_parts(environment, cloud))
    poller.handler({}, _context(environment))


def orders_event(body: str, on_invalid: str) -> dict[str, Any]:
    """API Gateway's event for a signed request."""
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SIGNING_SECRET).sign("msg_1", now, body),
    }
    event = _event("POST", f"/v1/clients/{CLIENT_NO}/orders", body, headers)
    return event | {"queryStringParameters": {"onInvalid": on_invalid}}


def redrive_event(batch_id: str, body: str) -> dict[str, Any]:
    """API Gateway's event for a redrive by an authorised operator."""
    event = _event("POST", f"/v1/clients/{CLIENT_NO}/batches/{batch_id}/redrive", body, {})
    event["requestContext"]["authorizer"] = {"iam": {"userArn": "arn:aws:iam::000000000000:user/operator"}}
    return event


def _event(method: str, path: str, body: str, headers: dict[str, str]) -> dict[str, Any]:
    http = {"method": method, "path": path}
    return {
        "version": "2.0",
        **routed(method, path),
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": http, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


def _context(environment: Environment) -> LambdaContext:
    request_id = str(uuid.UUID(int=environment.random.getrandbits(128)))
    return cast(
        "LambdaContext",
        SimpleNamespace(
            function_name="function",
            memory_limit_in_mb=512,
            invoked_function_arn="arn:aws:lambda:eu-north-1:000000000000:function:function",
            aws_request_id=request_id,
            get_remaining_time_in_millis=lambda: environment.remaining() * 1000,
        ),
    )


def _webhook_parts(environment: Environment, cloud: Cloud) -> WebhookParts:
    store = _store(environment, cloud)
    intake = Intake(
        store=store,
        submission=_submission(environment, cloud, store, _arm(environment, cloud)),
        journal=cloud.journal,
        mapping=OrderMapping(user_id="simulation", credit_note_type="CN"),
        times=cloud.times,
        time_zone=ZoneInfo("Europe/Oslo"),
        now=environment.now,
        new_id=lambda: str(uuid.UUID(int=environment.random.getrandbits(128))),
        pause=lambda repetition: environment.sleep(0.05 * repetition) if repetition else None,
    )
    redrive = Redrive(store=store, journal=cloud.journal, times=cloud.times, now=environment.now)
    # Requests are signed by the real clock.
    door = Door(_secrets(), lambda: datetime.now(UTC), timedelta(seconds=300))
    return WebhookParts(door, intake, Inquiries(store), redrive, cast("Any", cloud.journal))


def _polling_parts(environment: Environment, cloud: Cloud) -> Polling:
    store, arm = _store(environment, cloud), Breaker(_arm(environment, cloud))
    look = Look(
        store=store,
        arm=arm,
        submission=_submission(environment, cloud, store, arm),
        journal=cloud.journal,
        vocabulary=Vocabulary.extended("", ""),
        times=cloud.times,
        now=environment.now,
        jitter=environment.random.random,
        look_ups=one_by_one,
    )
    return cloud.polling(
        store=store,
        look=look,
        announcements=Topic(
            cast("Any", Boto(environment, "SNS", cloud.topic)), "arn:aws:sns:eu-north-1:000000000000:t"
        ),
        journal=cloud.journal,
        now=environment.now,
        shuffled=lambda shards: environment.random.sample(shards, len(shards)),
        at_once=one_by_one,
    )


def _submission(environment: Environment, cloud: Cloud, store: Store, arm: ArmClient | Breaker) -> Submission:
    return Submission(
        store=store,
        arm=arm,
        journal=cloud.journal,
        times=cloud.times,
        now=environment.now,
        jitter=environment.random.random,
    )


def _store(environment: Environment, cloud: Cloud) -> Store:
    client = cast("Any", Boto(environment, "DynamoDB", cloud.table))
    return Store(client, "relay", retention=cloud.times.retention, marker_life=cloud.times.retention)


def _arm(environment: Environment, cloud: Cloud) -> ArmClient:
    transport = Network(environment, SimulatedTransport(cloud.arm, environment.sleep))
    wire = Wire(httpx.Client(transport=transport, trust_env=False), lambda: environment.hub.time)
    tokens = Tokens(wire, "https://auth.example/token", _secrets().credentials, lambda: environment.hub.time)
    return ArmClient(wire, tokens, "https://arm.example/arm/v1")


def _secrets() -> Secrets:
    return Secrets(lambda: SECRET, lambda: datetime.now(UTC))
