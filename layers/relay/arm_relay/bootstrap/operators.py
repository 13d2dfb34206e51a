"""The operators' function's parts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger, Metrics

from arm_relay import cold_start
from arm_relay.batches.batch import Times
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.redrives import redrives as redrives_of
from arm_relay.observability import Journal, LambdaJournal
from arm_relay.operators.bulk import Bulk
from arm_relay.operators.day_reports import DayReports
from arm_relay.operators.forgetting import Forgetting
from arm_relay.operators.health_report import Health
from arm_relay.operators.inquiries import Inquiries
from arm_relay.operators.lists import BatchLists
from arm_relay.operators.redrive import Redrive
from arm_relay.redriving import Redriving
from arm_relay.settings import Settings
from arm_relay.store.days import Days
from arm_relay.store.lists import Lists
from arm_relay.store.liveness import Liveness
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store


@dataclass(frozen=True, slots=True)
class Operators:
    """What the operators' function needs."""

    inquiries: Inquiries
    redrive: Redrive
    lists: BatchLists
    bulk: Bulk
    forgetting: Forgetting
    day_reports: DayReports
    health: Health
    times: Times
    journal: Journal


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Operators:
    """Build the operators' function's parts from its environment."""
    settings = Settings.from_environment(environment)
    parts = assemble(
        store=clients.store(settings),
        journal=LambdaJournal(logger, metrics),
        pace=Pace(settings.times(), clients.now, clients.random),
        redrives=redrives_of(settings),
        days=Days(clients.aws("dynamodb"), settings.table_name),
        zone=ZoneInfo(settings.invoice_time_zone),
        monotonic=time.monotonic,
        liveness=Liveness(clients.aws("dynamodb"), settings.table_name),
        new_id=clients.new_id,
    )
    cold_start.end()
    return parts


def assemble(
    *,
    store: Store,
    journal: Journal,
    pace: Pace,
    redrives: Redrives,
    days: Days,
    zone: ZoneInfo,
    monotonic: Callable[[], float],
    liveness: Liveness,
    new_id: Callable[[], str],
) -> Operators:
    """Put the operators' function's parts together."""
    inquiries = Inquiries(store)
    lists = BatchLists(Lists(store, days))
    redriving = Redriving(store=store, journal=journal, pace=pace, new_id=new_id)
    return Operators(
        inquiries=inquiries,
        redrive=Redrive(inquiries, redriving),
        lists=lists,
        bulk=Bulk(lists=lists, redrives=redrives, pace=pace, new_id=new_id),
        forgetting=Forgetting(store=store, journal=journal, pace=pace),
        day_reports=DayReports(
            store=store, days=days, now=pace.now, monotonic=monotonic, zone=zone, life=pace.times.retention
        ),
        health=Health(days=days, liveness=liveness, now=pace.now),
        times=pace.times,
        journal=journal,
    )
