"""The relay's use cases in an environment, put together by `bootstrap` as they ship."""

import base64
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast
from zoneinfo import ZoneInfo

from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.batches.batch import Times
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients, poller, webhook
from arm_relay.bootstrap.ledger import LOOK_UPS
from arm_relay.observability import Journal
from arm_relay.poller.notifications import Topic
from arm_relay.poller.polling import Polling
from arm_relay.secrets import Secrets
from arm_relay.store.announced import Announced
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.outage import Outage
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store
from arm_relay.webhook.intake import Intake

from tests.simulation.timed.environment import AtOnce, Environment, Greenlets
from tests.support.contracts import DEFAULT

if TYPE_CHECKING:
    from tests.simulation.timed.world import World

TABLE: Final = "relay"
TOPIC: Final = "arn:aws:sns:eu-north-1:000000000000:topic"
SECRET: Final = json.dumps(
    {
        "arm": {"clientId": "relay", "clientSecret": "simulated"},
        "clients": {"1": {"signingSecrets": ["whsec_" + base64.b64encode(b"simulation" * 3).decode()]}},
    }
)


def store_over(client: object, times: Times) -> Store:
    """The store over a client of DynamoDB."""
    marker_life = times.retention + times.hold_after
    return Store(cast("Any", client), TABLE, retention=times.retention, marker_life=marker_life)


def polling(environment: Environment, world: "World", journal: Journal) -> Polling:
    """The poller function's use case."""
    dynamodb = cast("Any", world.dynamodb(environment))
    return poller.assemble(
        store=store_over(dynamodb, world.times),
        liveness=Liveness(dynamodb, TABLE),
        outage=Outage(dynamodb, TABLE),
        ledger=world.ledger(environment),
        topic=Topic(cast("Any", world.sns(environment)), TOPIC, journal),
        announced=Announced(cast("Any", world.announced(environment)), "announced", world.times.retention),
        journal=journal,
        contract=DEFAULT,
        pace=pace(environment, world),
        shuffled=lambda shards: world.random.sample(shards, len(shards)),
        workers=Greenlets(environment, clients.WORKERS),
        look_ups=AtOnce(environment, LOOK_UPS),
        pollers_at_once=world.pollers,
        redrives=Redrives(dynamodb, TABLE, life=world.times.retention),
        new_id=lambda: str(uuid.UUID(int=world.random.getrandbits(128))),
        days=Days(dynamodb, TABLE),
        payload_life=world.times.retention,
        zone=ZoneInfo("Europe/Oslo"),
    )


def intake(environment: Environment, world: "World", journal: Journal) -> Intake:
    """The webhook function's use case, behind the door."""
    codes = ArmCodes(user_id="simulation", credit_note_type="CN")
    dynamodb = cast("Any", world.dynamodb(environment))
    parts = webhook.assemble(
        store=store_over(dynamodb, world.times),
        announced=Announced(cast("Any", world.announced(environment)), "announced", world.times.retention),
        ledger=world.ledger(environment),
        outages=Outage(dynamodb, TABLE),
        secrets=Secrets(lambda: SECRET, environment.now),
        journal=journal,
        drafts=Drafts(codes, lambda: environment.now().astimezone(ZoneInfo("Europe/Oslo")).date()),
        pace=pace(environment, world),
        tolerance=timedelta(seconds=300),
        new_id=lambda: str(uuid.UUID(int=world.random.getrandbits(128))),
        pause=lambda repetition: environment.sleep(0.05 * repetition) if repetition else None,
    )
    return parts.intake


def pace(environment: Environment, world: "World") -> Pace:
    """The waiting times by this environment's clock."""
    return Pace(world.times, environment.now, world.random.random)
