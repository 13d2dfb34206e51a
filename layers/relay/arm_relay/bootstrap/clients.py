"""What every function calls, and the time they go by."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any, Final
from urllib.parse import urlencode

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from arm_relay.bootstrap import botocore_loader
from arm_relay.observability import Journal
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.settings import Settings
from arm_relay.store.announced import Announced
from arm_relay.store.outage import Outage
from arm_relay.store.table import Store

#: How many batches a poller handles at a time.
WORKERS: Final = 16

#: From the operating system. Another generator's state would be in a SnapStart snapshot, and every environment that is
#: restored from it would draw the same numbers: tries that should spread would collide in step.
SYSTEM: Final = SystemRandom()

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


def random() -> float:
    """A random number from 0 up to 1, another one in each environment."""
    return SYSTEM.random()


def store(settings: Settings) -> Store:
    """The table."""
    times = settings.times()
    return Store(
        aws("dynamodb"),
        settings.table_name,
        retention=times.retention,
        # Markers outlive the longest life of a batch that nobody redrives.
        marker_life=times.retention + times.hold_after,
        payload_life=settings.payload_retention(),
    )


def announced(settings: Settings) -> Announced:
    """The table of what was announced."""
    return Announced(aws("dynamodb"), settings.announced_table_name, settings.times().retention)


def outage(settings: Settings) -> Outage:
    """What both functions know of an outage of ARM."""
    return Outage(aws("dynamodb"), settings.table_name)


def secrets(settings: Settings, journal: Journal) -> Secrets:
    """The secret, read when it is needed."""
    client = aws("secretsmanager")

    def fetch() -> str:
        try:
            return str(client.get_secret_value(SecretId=settings.secret_arn, VersionStage="AWSCURRENT")["SecretString"])
        except (ClientError, BotoCoreError, KeyError) as error:
            raise SecretUnavailable("the secret cannot be read") from error

    def report_shared(places: Sequence[str]) -> None:
        journal.warned("a signing secret stands under several clients and signs for none", places=", ".join(places))

    return Secrets(fetch, now, report_shared)


def aws(service: str) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of an AWS service."""
    return botocore_loader.client(service, AWS)


def sns() -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of SNS that encodes each request once.

    botocore encodes the form each time that it looks at the body: four times, and each takes as long as all the rest.
    """
    client = aws("sns")
    client.meta.events.register("before-call.sns", _encode_form)
    return client


def _encode_form(params: dict[str, Any], **_: object) -> None:
    if isinstance(params.get("body"), dict):
        params["body"] = urlencode(params["body"], doseq=True).encode()


def new_id() -> str:
    """An id that nothing has yet."""
    return str(uuid.uuid4())


def now() -> datetime:
    """The present time, in UTC."""
    return datetime.now(UTC)
