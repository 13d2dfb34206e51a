"""The webhook function's parts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aws_lambda_powertools import Logger, Metrics

from arm_relay import cold_start
from arm_relay.arm import contract_files
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.ledger import Ledger
from arm_relay.arm.shared_breaker import Outages, SharedBreaker
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.drafts import drafts
from arm_relay.bootstrap.ledger import ledger
from arm_relay.observability import Journal, LambdaJournal
from arm_relay.secrets import Secrets
from arm_relay.settings import Settings
from arm_relay.store.announced import Announced
from arm_relay.store.table import Store
from arm_relay.submission import Submission
from arm_relay.webhook.admission import Admission
from arm_relay.webhook.customers import Customers
from arm_relay.webhook.intake import Intake
from arm_relay.webhook.lookup import Lookup
from arm_relay.webhook.preview import Preview
from arm_relay.webhook.results import Results
from arm_relay.webhook.status import Status


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook function needs."""

    admission: Admission
    intake: Intake
    preview: Preview
    status: Status
    results: Results
    journal: Journal


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Webhook:
    """Build the webhook function's parts from its environment."""
    settings = Settings.from_environment(environment)
    contract = contract_files.load(settings.arm_contract)
    journal = LambdaJournal(logger, metrics)
    secrets = clients.secrets(settings, journal)
    parts = assemble(
        store=clients.store(settings),
        announced=clients.announced(settings),
        ledger=ledger(settings, contract, secrets, journal),
        outages=clients.outage(settings),
        secrets=secrets,
        journal=journal,
        drafts=drafts(settings, contract, clients.now),
        pace=Pace(settings.times(), clients.now, clients.random),
        tolerance=settings.signature_tolerance(),
        new_id=clients.new_id,
        pause=_pause,
    )
    cold_start.end()
    return parts


def assemble(
    *,
    store: Store,
    announced: Announced,
    ledger: Ledger,
    outages: Outages,
    secrets: Secrets,
    journal: Journal,
    drafts: Drafts,
    pace: Pace,
    tolerance: timedelta,
    new_id: Callable[[], str],
    pause: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
) -> Webhook:
    """Put the webhook function's parts together."""
    breaker = SharedBreaker(ledger, outages, journal, pace.now)
    submission = Submission(store=store, ledger=breaker, journal=journal, pace=pace)
    intake = Intake(
        store=store,
        submission=submission,
        journal=journal,
        drafts=drafts,
        limits=secrets.limits,
        pace=pace,
        new_id=new_id,
        pause=pause,
    )
    return Webhook(
        admission=Admission(secrets, pace.now, tolerance, journal),
        intake=intake,
        preview=Preview(
            drafts=drafts, limits=secrets.limits, lookup=Lookup(store), customers=Customers(breaker, clock)
        ),
        status=Status(store, pace.times),
        results=Results(announced, pace.now),
        journal=journal,
    )


def _pause(repetition: int) -> None:
    if repetition:
        time.sleep(0.05 * repetition * (0.5 + clients.random()))
