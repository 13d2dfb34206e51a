"""The webhook function's parts."""

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger, Metrics

from arm_relay.bootstrap import clients
from arm_relay.door import Door
from arm_relay.inquiries import Inquiries
from arm_relay.intake import Intake
from arm_relay.observability import LambdaJournal
from arm_relay.redrive import Redrive
from arm_relay.settings import Settings
from arm_relay.submission import Submission


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook function needs."""

    door: Door
    intake: Intake
    inquiries: Inquiries
    redrive: Redrive
    journal: LambdaJournal


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Webhook:
    """Build the webhook function's parts."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    secrets = clients.secrets(settings)
    store = clients.store(settings)
    submission = Submission(
        store=store,
        arm=clients.arm(settings, secrets, journal),
        journal=journal,
        times=settings.times(),
        now=clients.now,
        jitter=random.random,
    )
    intake = Intake(
        store=store,
        submission=submission,
        journal=journal,
        mapping=settings.mapping(),
        times=settings.times(),
        time_zone=ZoneInfo(settings.invoice_time_zone),
        now=clients.now,
        new_id=_new_id,
        pause=_pause,
    )
    clients.started()
    return Webhook(
        door=Door(secrets, clients.now, settings.signature_tolerance()),
        intake=intake,
        inquiries=Inquiries(store),
        redrive=Redrive(store=store, journal=journal, times=settings.times(), now=clients.now),
        journal=journal,
    )


def _pause(repetition: int) -> None:
    if repetition:
        time.sleep(0.05 * repetition * (0.5 + random.random()))  # noqa: S311 (spreads load, guards nothing)


def _new_id() -> str:
    return str(uuid.uuid4())
