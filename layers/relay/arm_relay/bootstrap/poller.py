"""The poller function's use case."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger, Metrics

from arm_relay import cold_start
from arm_relay.arm import contract_files
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.contract import Contract
from arm_relay.arm.ledger import Ledger
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.clients import WORKERS
from arm_relay.bootstrap.ledger import LOOK_UPS, ledger, unmeasured
from arm_relay.bootstrap.redrives import redrives as redrives_of
from arm_relay.observability import Journal, LambdaJournal
from arm_relay.poller import announcing
from arm_relay.poller.age import Age
from arm_relay.poller.announcing import Announcing
from arm_relay.poller.bulk_redrives import BulkRedrives
from arm_relay.poller.concurrency import AtOnce, Threads, Workers, WorkerThreads
from arm_relay.poller.contradictions import contradictions
from arm_relay.poller.control import Control
from arm_relay.poller.health_check import HealthCheck
from arm_relay.poller.next_step import NextStep
from arm_relay.poller.notifications import Topic
from arm_relay.poller.polling import Duty, Polling, Start
from arm_relay.poller.snapshots import Snapshots
from arm_relay.poller.stream import After, Stream
from arm_relay.poller.trimming import Trimming
from arm_relay.redriving import Redriving
from arm_relay.settings import Settings
from arm_relay.store.announced import Announced
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness
from arm_relay.store.outage import Outage
from arm_relay.store.records import SHARDS
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store
from arm_relay.submission import Submission


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Polling:
    """Build the poller function's use case from its environment."""
    settings = Settings.from_environment(environment)
    contract = contract_files.load(settings.arm_contract)
    journal = LambdaJournal(logger, metrics)
    store = clients.store(settings)
    secrets = clients.secrets(settings, journal)
    topic = Topic(clients.sns(), settings.topic_arn, journal)
    days = Days(clients.aws("dynamodb"), settings.table_name)
    liveness = Liveness(clients.aws("dynamodb"), settings.table_name)
    tokens, asked = unmeasured(settings, contract, secrets)
    health = HealthCheck(
        store=store,
        days=days,
        secrets=secrets,
        tokens=tokens,
        ledger=asked,
        topic=topic,
        contradictions=list(contradictions(settings)),
        known=liveness.known,
        now=clients.now,
    )
    polling = assemble(
        store=store,
        liveness=liveness,
        outage=clients.outage(settings),
        ledger=ledger(settings, contract, secrets, journal),
        topic=topic,
        announced=clients.announced(settings),
        journal=journal,
        contract=contract,
        pace=Pace(settings.times(), clients.now, clients.random),
        shuffled=lambda shards: clients.SYSTEM.sample(shards, len(shards)),
        workers=WorkerThreads(WORKERS),
        look_ups=Threads(LOOK_UPS),
        pollers_at_once=settings.pollers_at_once,
        redrives=redrives_of(settings),
        new_id=clients.new_id,
        days=days,
        payload_life=settings.payload_retention(),
        zone=ZoneInfo(settings.invoice_time_zone),
        more_duties=[health],
    )
    cold_start.end()
    return polling


def assemble(
    *,
    store: Store,
    liveness: Liveness,
    outage: Outage,
    ledger: Ledger,
    topic: announcing.Topic,
    announced: Announced,
    journal: Journal,
    contract: Contract,
    pace: Pace,
    shuffled: Callable[[list[str]], list[str]],
    workers: Workers[After],
    look_ups: AtOnce,
    pollers_at_once: int,
    redrives: Redrives,
    new_id: Callable[[], str],
    days: Days,
    payload_life: timedelta,
    zone: ZoneInfo,
    more_duties: Sequence[Duty] = (),
) -> Polling:
    """Put the poller function's use case together."""

    def begin(start: Start) -> tuple[Stream, Breaker]:
        breaker = Breaker(ledger, suspected=start.is_suspected)
        control = Control(store=store, ledger=breaker, pace=pace, known=start.past.numbers, left=start.time_left.to_ask)
        age = Age(pace, start.past.stopped_since)
        next_step = NextStep(
            store=store,
            ledger=breaker,
            submission=Submission(store=store, ledger=breaker, journal=journal, pace=pace),
            control=control,
            journal=journal,
            contract=contract,
            pace=pace,
            look_ups=look_ups,
            time_left=start.time_left,
            age=age,
        )
        stream = Stream(
            store=store,
            shards=start.shards,
            next_step=next_step,
            ledger=breaker,
            announcing=Announcing(topic=topic, announced=announced, journal=journal, now=pace.now),
            journal=journal,
            pace=pace,
            age=age,
            workers=workers,
            time_left=start.time_left,
        )
        return stream, breaker

    return Polling(
        store=store,
        liveness=liveness,
        outage=outage,
        begin=begin,
        journal=journal,
        now=pace.now,
        shuffled=shuffled,
        shards_at_once=-(-SHARDS // pollers_at_once),
        bulk_redrives=BulkRedrives(
            store=store,
            days=days,
            redrives=redrives,
            redriving=Redriving(store=store, journal=journal, pace=pace, new_id=new_id),
            journal=journal,
            now=pace.now,
        ),
        duties=[
            Snapshots(store=store, days=days, now=pace.now, zone=zone, life=pace.times.retention),
            Trimming(store=store, days=days, now=pace.now, life=payload_life),
            *more_duties,
        ],
    )
