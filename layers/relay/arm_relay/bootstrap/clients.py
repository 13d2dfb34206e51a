"""What both functions call, and what they tell the time by."""

import gc
import gzip
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, override

import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

from arm_relay.arm.auth import Tokens
from arm_relay.arm.client import ArmClient
from arm_relay.arm.gauge import Gauge
from arm_relay.arm.wire import Wire
from arm_relay.observability import LambdaJournal
from arm_relay.secrets import Secrets, SecretUnavailable
from arm_relay.settings import Settings
from arm_relay.store import Store

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


class PlainJson(JSONFileLoader):
    """Reads JSON into plain dicts: botocore's own reading of a megabyte into ordered ones takes twice the time."""

    @override
    def load_file(self, file_path: str) -> Any:
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(file_path + ending, "rb") as file:
                return json.loads(file.read())
        return None


class Models(Loader):
    """botocore's descriptions of the services; asked whether one exists, it does not list the folders of them all."""

    FILE_LOADER_CLASS = PlainJson

    @override
    def list_available_services(self, type_name: str) -> list[str]:
        return ["dynamodb", "secretsmanager", "sns"]


def started() -> None:
    """Collect garbage again, where the start had stopped it: what there is by now is none and is not looked at."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def store(settings: Settings) -> Store:
    """The table."""
    times = settings.times()
    return Store(
        aws("dynamodb"),
        settings.table_name,
        retention=times.retention,
        # A marker outlives the longest way its batch can take: what is older than the retention is not resubmitted.
        marker_life=times.retention + times.hold_after,
    )


def arm(settings: Settings, secrets: Secrets, journal: LambdaJournal) -> Gauge:
    """ARM, its calls measured."""
    http = httpx.Client(
        # No proxy, certificate or password comes from the environment.
        trust_env=False,
        limits=httpx.Limits(max_connections=WORKERS * LOOK_UPS, keepalive_expiry=KEEP_ALIVE),
        headers={"User-Agent": "arm-relay"},
    )
    wire = Wire(http, time.monotonic)
    tokens = Tokens(wire, settings.arm_token_url, secrets.credentials, time.monotonic)
    return Gauge(ArmClient(wire, tokens, settings.arm_base_url), journal, time.monotonic)


def secrets(settings: Settings) -> Secrets:
    """The secret, read when it is needed."""
    client = aws("secretsmanager")

    def fetch() -> str:
        try:
            return str(client.get_secret_value(SecretId=settings.secret_arn)["SecretString"])
        except (ClientError, BotoCoreError, KeyError) as error:
            raise SecretUnavailable("the secret cannot be read") from error

    return Secrets(fetch, now)


@cache
def _session() -> Session:
    session = Session()
    session.register_component("data_loader", Models())
    return session


def aws(service: str) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    """A client of botocore's own: boto3 would be imported for its resources and file transfers alone."""
    return _session().create_client(service, config=AWS)


def now() -> datetime:
    """In UTC."""
    return datetime.now(UTC)
