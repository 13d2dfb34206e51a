"""The only place that builds clients and puts the use cases together; called once per Lambda environment."""

import gc
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, override
from zoneinfo import ZoneInfo

import httpx
from aws_lambda_powertools import Logger, Metrics
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.session import Session

from arm_relay.arm.auth import Tokens
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.client import ArmClient
from arm_relay.arm.gauge import Gauge
from arm_relay.arm.wire import Wire
from arm_relay.concurrency import Threads
from arm_relay.door import Door
from arm_relay.inquiries import Inquiries
from arm_relay.intake import Intake
from arm_relay.look import Look
from arm_relay.notifications import Topic
from arm_relay.observability import LambdaJournal
from arm_relay.polling import Polling
from arm_relay.redrive import Redrive
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.settings import Settings
from arm_relay.store import Store
from arm_relay.submission import Submission

#: How many batches a poller works on at once, and how many documents of each it looks up at once.
WORKERS: Final = 16
LOOK_UPS: Final = 4

#: How long a connection to ARM may lie idle before it is not used again, in seconds. An environment that slept longer
#: opens a new one: a POST over a connection that died meanwhile would be in doubt.
KEEP_ALIVE: Final = 5.0

AWS: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=WORKERS * 2,
    # Of the time a call takes, checking its request once more and making up a user agent take a sizeable part; what the
    # relay sends is tested (docs/decisions/0007).
    parameter_validation=False,
    user_agent="arm-relay",
)


class Models(Loader):
    """botocore's descriptions of the services; asked whether one exists, it does not list the folders of them all."""

    @override
    def list_available_services(self, type_name: str) -> list[str]:
        return ["dynamodb", "secretsmanager", "sns"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook function needs."""

    door: Door
    intake: Intake
    inquiries: Inquiries
    redrive: Redrive
    journal: LambdaJournal


def webhook(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Webhook:
    """Build the webhook function's parts."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    secrets = _secrets(settings)
    store = _store(settings)
    submission = Submission(
        store=store,
        arm=_arm(settings, secrets, journal),
        journal=journal,
        times=settings.times(),
        now=_now,
        jitter=random.random,
    )
    intake = Intake(
        store=store,
        submission=submission,
        journal=journal,
        mapping=settings.mapping(),
        times=settings.times(),
        time_zone=ZoneInfo(settings.invoice_time_zone),
        now=_now,
        new_id=_new_id,
        pause=_pause,
    )
    _started()
    return Webhook(
        door=Door(secrets, _now, settings.signature_tolerance()),
        intake=intake,
        inquiries=Inquiries(store),
        redrive=Redrive(store=store, journal=journal, times=settings.times(), now=_now),
        journal=journal,
    )


def polling(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Polling:
    """Build the poller function's use case."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    store = _store(settings)
    arm = Breaker(_arm(settings, _secrets(settings), journal))
    submission = Submission(
        store=store, arm=arm, journal=journal, times=settings.times(), now=_now, jitter=random.random
    )
    look = Look(
        store=store,
        arm=arm,
        submission=submission,
        journal=journal,
        vocabulary=settings.vocabulary(),
        times=settings.times(),
        now=_now,
        jitter=random.random,
        look_ups=Threads(LOOK_UPS),
    )
    _started()
    return Polling(
        store=store,
        look=look,
        announcements=Topic(_aws("sns"), settings.topic_arn),
        journal=journal,
        now=_now,
        shuffled=lambda shards: random.sample(shards, len(shards)),
        at_once=Threads(WORKERS),
    )


def _started() -> None:
    """Collect garbage again, where the start had stopped it: what there is by now is none and is not looked at."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _store(settings: Settings) -> Store:
    times = settings.times()
    return Store(
        _aws("dynamodb"),
        settings.table_name,
        retention=times.retention,
        # A marker outlives the longest way its batch can take: what is older than the retention is not resubmitted.
        marker_life=times.retention + times.hold_after,
    )


def _arm(settings: Settings, secrets: Secrets, journal: LambdaJournal) -> Gauge:
    http = httpx.Client(
        # No proxy, certificate or password comes from the environment.
        trust_env=False,
        limits=httpx.Limits(max_connections=WORKERS * LOOK_UPS, keepalive_expiry=KEEP_ALIVE),
        headers={"User-Agent": "arm-relay"},
    )
    wire = Wire(http, time.monotonic)
    tokens = Tokens(wire, settings.arm_token_url, secrets.credentials, time.monotonic)
    return Gauge(ArmClient(wire, tokens, settings.arm_base_url), journal, time.monotonic)


def _secrets(settings: Settings) -> Secrets:
    client = _aws("secretsmanager")

    def fetch() -> str:
        try:
            return str(client.get_secret_value(SecretId=settings.secret_arn)["SecretString"])
        except (ClientError, BotoCoreError, KeyError) as error:
            raise SecretUnavailable("the secret cannot be read") from error

    return Secrets(fetch, _now)


@cache
def _session() -> Session:
    session = Session()
    session.register_component("data_loader", Models())
    return session


def _aws(service: str) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of botocore's own: boto3 would be imported for its resources and file transfers alone."""
    return _session().create_client(service, config=AWS)


def _pause(repetition: int) -> None:
    if repetition:
        time.sleep(0.05 * repetition * (0.5 + random.random()))  # noqa: S311 (spreads load, guards nothing)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
