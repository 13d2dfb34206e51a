"""The operators' function's parts."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger, Metrics

from arm_relay import cold_start
from arm_relay.arm import contract_files
from arm_relay.arm.drafts import Drafts
from arm_relay.batches.batch import Times
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.drafts import drafts
from arm_relay.observability import Journal, LambdaJournal
from arm_relay.operators.day_reports import DayReports
from arm_relay.operators.forgetting import Forgetting
from arm_relay.operators.health_report import Health
from arm_relay.operators.inquiries import Inquiries
from arm_relay.operators.preview import Preview
from arm_relay.operators.redrive import Redrive
from arm_relay.secrets import Secrets
from arm_relay.settings import Settings
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.table import Store


@dataclass(frozen=True, slots=True)
class Operators:
    """What the operators' function needs."""

    inquiries: Inquiries
    redrive: Redrive
    forgetting: Forgetting
    day_reports: DayReports
    health: Health
    preview: Preview
    times: Times
    journal: Journal


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Operators:
    """Build the operators' function's parts from its environment."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    contract = contract_files.load(settings.arm_contract)
    parts = assemble(
        store=clients.store(settings),
        secrets=clients.secrets(settings, journal),
        journal=journal,
        drafts=drafts(settings, contract, clients.now),
        pace=Pace(settings.times(), clients.now, random.random),
        days=Days(clients.aws("dynamodb"), settings.table_name),
        zone=ZoneInfo(settings.invoice_time_zone),
        monotonic=time.monotonic,
        liveness=Liveness(clients.aws("dynamodb"), settings.table_name),
    )
    cold_start.end()
    return parts


def assemble(
    *,
    store: Store,
    secrets: Secrets,
    journal: Journal,
    drafts: Drafts,
    pace: Pace,
    days: Days,
    zone: ZoneInfo,
    monotonic: Callable[[], float],
    liveness: Liveness,
) -> Operators:
    """Put the operators' function's parts together."""
    return Operators(
        inquiries=Inquiries(store),
        redrive=Redrive(store=store, journal=journal, pace=pace),
        forgetting=Forgetting(store=store, journal=journal, pace=pace),
        day_reports=DayReports(
            store=store, days=days, now=pace.now, monotonic=monotonic, zone=zone, life=pace.times.retention
        ),
        health=Health(days=days, liveness=liveness, now=pace.now),
        preview=Preview(drafts, secrets.signing_keys, secrets.limits),
        times=pace.times,
        journal=journal,
    )
