"""The real handlers, each invocation with parts of its own, built as `bootstrap` does but over a simulated cloud."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from arm_relay import bootstrap
from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.arm.wire import Wire
from arm_relay.batches.batch import Batch, Times
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap.operators import Operators
from arm_relay.bootstrap.webhook import Webhook
from arm_relay.observability import Metric
from arm_relay.poller.notifications import Topic
from arm_relay.poller.polling import Polling
from arm_relay.secrets import Secrets
from arm_relay.store.announced import Announced
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.outage import Outage
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store
from aws_lambda_powertools.utilities.typing import LambdaContext
from standardwebhooks.webhooks import Webhook as Signer

from functions.operators import app as operators
from functions.poller import app as poller
from functions.webhook import app as webhook
from sandbox.arm.api import ArmApi
from sandbox.arm.transport import SimulatedTransport
from tests.simulation.cloud import Boto, Environment, Network
from tests.support.api_gateway import routed
from tests.support.builders import one_by_one
from tests.support.contracts import DEFAULT
from tests.support.poller_in_memory import OneByOne

CLIENT_NO: Final = "2218"
SIGNING_SECRET: Final = "whsec_" + base64.b64encode(b"simulation" * 3).decode()
TOPIC_ARN: Final = "arn:aws:sns:eu-north-1:000000000000:t"
SECRET: Final = json.dumps(
    {
        "arm": {"clientId": "relay", "clientSecret": "simulated"},
        "clients": {CLIENT_NO: {"signingSecrets": [SIGNING_SECRET]}},
    }
)

TIMES: Final = Times(
    first_poll=timedelta(seconds=30),
    longest_poll=timedelta(seconds=900),
    settling=timedelta(seconds=900),
    failure_settling=timedelta(seconds=900),
    undecided=timedelta(seconds=3600),
    hold_after=timedelta(hours=6),
    retention=timedelta(days=400),
)

_webhook: ContextVar[Webhook] = ContextVar("webhook")
_operators: ContextVar[Operators] = ContextVar("operators")
_polling: ContextVar[Polling] = ContextVar("polling")


class SilentJournal:
    """Reports nothing, and remembers unexpected failures."""

    def __init__(self, failures: list[str]) -> None:
        self._failures = failures

    def moved(self, *batches: Batch) -> None:
        """See `Journal`."""

    def count(self, metric: Metric, number: int = 1) -> None:
        """See `Journal`."""

    def measured(self, metric: Metric, value: float) -> None:
        """See `Journal`."""

    def rejected(self, problem: str, status: int, client_no: str | None) -> None:
        """See `LambdaJournal`."""

    def not_understood(self, *_: object) -> None:
        """Nothing is read of it here."""

    def transient_error(self, what: str, **where: str | int | None) -> None:
        """See `Journal`."""

    def noted(self, what: str, **_: str | int | None) -> None:
        """Nothing is read of it here."""

    def warned(self, what: str, **_: str | int | None) -> None:
        """Nothing is read of it here."""

    def failed(self, what: str, **where: str | int | None) -> None:
        """Remember it."""
        self._failures.append(f"{what} {where}")


@dataclass(frozen=True, slots=True)
class Cloud:
    """What all environments share."""

    table: object
    announced: object
    topic: object
    arm: ArmApi
    journal: SilentJournal
    times: Times = TIMES


@contextmanager
def replaced_parts() -> Iterator[None]:
    """Let the handlers use the parts of the invocation they run in."""
    real = webhook.relay, operators.relay, poller.polling
    webhook.relay, operators.relay, poller.polling = _webhook.get, _operators.get, _polling.get  # type: ignore[assignment]
    try:
        yield
    finally:
        webhook.relay, operators.relay, poller.polling = real


def call_webhook(environment: Environment, cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """One invocation of the webhook function."""
    _webhook.set(_webhook_parts(environment, cloud))
    answer: dict[str, Any] = webhook.handler(event, _context(environment))
    return answer


def call_operators(environment: Environment, cloud: Cloud, event: dict[str, Any]) -> dict[str, Any]:
    """One invocation of the operators' function."""
    _operators.set(_operators_parts(environment, cloud))
    answer: dict[str, Any] = operators.handler(event, _context(environment))
    return answer


def call_poller(environment: Environment, cloud: Cloud) -> None:
    """One invocation of the poller function."""
    _polling.set(_polling_parts(environment, cloud))
    poller.handler({}, _context(environment))


def orders_event(body: str, on_invalid: str, now: datetime, route: str = "orders") -> dict[str, Any]:
    """API Gateway's event for orders that are sent, or retried."""
    return signed_event(route, body, now) | {"queryStringParameters": {"onInvalid": on_invalid}}


def signed_event(route: str, body: str, now: datetime) -> dict[str, Any]:
    """API Gateway's event for a request that is signed now."""
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(SIGNING_SECRET).sign("msg_1", now, body),
    }
    return _event("POST", f"/v1/clients/{CLIENT_NO}/{route}", body, headers)


def redrive_event(batch_id: str, body: str) -> dict[str, Any]:
    """API Gateway's event for a redrive by an authorised operator."""
    return _operators_event(f"/v1/clients/{CLIENT_NO}/batches/{batch_id}/redrive", body)


def bulk_event(body: str) -> dict[str, Any]:
    """API Gateway's event for a bulk redrive by an authorised operator."""
    return _operators_event("/v1/redrives", body)


def stop_event(redrive_id: str) -> dict[str, Any]:
    """API Gateway's event for an operator who stops a bulk redrive."""
    return _operators_event(f"/v1/redrives/{redrive_id}/stop", "")


def _operators_event(path: str, body: str) -> dict[str, Any]:
    event = _event("POST", path, body, {})
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


def _webhook_parts(environment: Environment, cloud: Cloud) -> Webhook:
    return bootstrap.webhook.assemble(
        store=_store(environment, cloud),
        announced=_announced(environment, cloud),
        ledger=_arm(environment, cloud),
        outages=Outage(_dynamodb(environment, cloud), "relay"),
        secrets=_secrets(environment),
        journal=cloud.journal,
        drafts=_drafts(environment),
        pace=_pace(environment, cloud),
        tolerance=timedelta(seconds=300),
        new_id=lambda: _new_id(environment),
        pause=lambda repetition: environment.sleep(0.05 * repetition) if repetition else None,
    )


def _operators_parts(environment: Environment, cloud: Cloud) -> Operators:
    return bootstrap.operators.assemble(
        store=_store(environment, cloud),
        journal=cloud.journal,
        pace=_pace(environment, cloud),
        redrives=_redrives(environment, cloud),
        new_id=lambda: _new_id(environment),
        days=Days(_dynamodb(environment, cloud), "relay"),
        zone=ZoneInfo("Europe/Oslo"),
        monotonic=lambda: environment.hub.time,
        liveness=Liveness(_dynamodb(environment, cloud), "relay"),
    )


def _polling_parts(environment: Environment, cloud: Cloud) -> Polling:
    return bootstrap.poller.assemble(
        store=_store(environment, cloud),
        liveness=Liveness(_dynamodb(environment, cloud), "relay"),
        outage=Outage(_dynamodb(environment, cloud), "relay"),
        ledger=_arm(environment, cloud),
        topic=Topic(cast("Any", Boto(environment, "SNS", cloud.topic)), TOPIC_ARN, cloud.journal),
        announced=_announced(environment, cloud),
        journal=cloud.journal,
        contract=DEFAULT,
        pace=_pace(environment, cloud),
        shuffled=lambda shards: environment.random.sample(shards, len(shards)),
        workers=OneByOne(),
        look_ups=one_by_one,
        pollers_at_once=1,
        redrives=_redrives(environment, cloud),
        new_id=lambda: _new_id(environment),
        days=Days(_dynamodb(environment, cloud), "relay"),
        payload_life=cloud.times.retention,
        zone=ZoneInfo("Europe/Oslo"),
    )


def _pace(environment: Environment, cloud: Cloud) -> Pace:
    return Pace(cloud.times, environment.now, environment.random.random)


def _drafts(environment: Environment) -> Drafts:
    codes = ArmCodes(user_id="simulation", credit_note_type="CN")
    return Drafts(codes, lambda: environment.now().astimezone(ZoneInfo("Europe/Oslo")).date())


def _store(environment: Environment, cloud: Cloud) -> Store:
    return Store(
        _dynamodb(environment, cloud), "relay", retention=cloud.times.retention, marker_life=cloud.times.retention
    )


def _announced(environment: Environment, cloud: Cloud) -> Announced:
    client = cast("Any", Boto(environment, "DynamoDB", cloud.announced))
    return Announced(client, "announced", cloud.times.retention)


def _redrives(environment: Environment, cloud: Cloud) -> Redrives:
    return Redrives(_dynamodb(environment, cloud), "relay", life=cloud.times.retention)


def _new_id(environment: Environment) -> str:
    return str(uuid.UUID(int=environment.random.getrandbits(128)))


def _dynamodb(environment: Environment, cloud: Cloud) -> Any:
    return cast("Any", Boto(environment, "DynamoDB", cloud.table))


def _arm(environment: Environment, cloud: Cloud) -> ArmClient:
    transport = Network(environment, SimulatedTransport(cloud.arm, environment.sleep))
    wire = Wire(transport, lambda: environment.hub.time)
    tokens = Tokens(wire, "https://auth.example/token", _secrets(environment).credentials, lambda: environment.hub.time)
    return ArmClient(wire, tokens, "https://arm.example/arm/v1", DEFAULT.turned)


def _secrets(environment: Environment) -> Secrets:
    return Secrets(lambda: SECRET, environment.now)
