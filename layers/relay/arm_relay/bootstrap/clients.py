"""What several functions call, and the time they go by."""

import time
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.ledger import Ledger
from arm_relay.arm.metered import Metered
from arm_relay.arm.wire import Wire
from arm_relay.bootstrap import botocore_loader
from arm_relay.observability import Journal
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.settings import Settings
from arm_relay.store.table import Store

#: How many batches a poller handles at a time, and how many documents of each it looks up at a time.
WORKERS: Final = 16
LOOK_UPS: Final = 4

#: How long a connection to ARM may be idle before it is not used again, in seconds. An environment that was frozen for
#: longer opens a new one: a POST over a connection that died meanwhile would be in doubt.
KEEP_ALIVE: Final = 5.0

AWS: Final = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=WORKERS * 2,
    # Validating each request and composing a user agent take a sizeable part of a call's time. The relay's requests are
    # tested instead (docs/decisions/0007).
    parameter_validation=False,
    user_agent="arm-relay",
)


def store(settings: Settings) -> Store:
    """The table."""
    times = settings.times()
    return Store(
        aws("dynamodb"),
        settings.table_name,
        retention=times.retention,
        # A marker outlives the longest life of its batch: what is older than the retention is not resubmitted.
        marker_life=times.retention + times.hold_after,
    )


def ledger(settings: Settings, secrets: Secrets, journal: Journal) -> Ledger:
    """ARM, its calls measured."""
    http = httpx.Client(
        # No proxy, certificate or password comes from the environment.
        trust_env=False,
        limits=httpx.Limits(max_connections=WORKERS * LOOK_UPS, keepalive_expiry=KEEP_ALIVE),
        headers={"User-Agent": "arm-relay"},
    )
    wire = Wire(http, time.monotonic)
    tokens = Tokens(wire, settings.arm_token_url, secrets.credentials, time.monotonic)
    return Metered(ArmClient(wire, tokens, settings.arm_base_url), journal, time.monotonic)


def secrets(settings: Settings) -> Secrets:
    """The secret, read when it is needed."""
    client = aws("secretsmanager")

    def fetch() -> str:
        try:
            return str(client.get_secret_value(SecretId=settings.secret_arn)["SecretString"])
        except (ClientError, BotoCoreError, KeyError) as error:
            raise SecretUnavailable("the secret cannot be read") from error

    return Secrets(fetch, now)


def aws(service: str) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of an AWS service."""
    return botocore_loader.client(service, AWS)


def now() -> datetime:
    """The present time, in UTC."""
    return datetime.now(UTC)
