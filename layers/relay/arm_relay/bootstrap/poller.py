"""The poller function's use case."""

import random
from collections.abc import Callable, Mapping

from aws_lambda_powertools import Logger, Metrics

from arm_relay import cold_start
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.ledger import Ledger
from arm_relay.arm.outcomes import Vocabulary
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.clients import WORKERS
from arm_relay.bootstrap.ledger import LOOK_UPS, ledger
from arm_relay.observability import Journal, LambdaJournal
from arm_relay.poller.concurrency import AtOnce, Threads
from arm_relay.poller.next_step import NextStep
from arm_relay.poller.notifications import Topic
from arm_relay.poller.polling import Announcements, Polling
from arm_relay.settings import Settings
from arm_relay.store.table import Store
from arm_relay.submission import Submission


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Polling:
    """Build the poller function's use case from its environment."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    polling = assemble(
        store=clients.store(settings),
        ledger=ledger(settings, clients.secrets(settings), journal),
        announcements=Topic(clients.aws("sns"), settings.topic_arn),
        journal=journal,
        vocabulary=Vocabulary.extended(settings.arm_result_words, settings.arm_result_codes),
        pace=Pace(settings.times(), clients.now, random.random),
        shuffled=lambda shards: random.sample(shards, len(shards)),
        at_once=Threads(WORKERS),
        look_ups=Threads(LOOK_UPS),
    )
    cold_start.end()
    return polling


def assemble(
    *,
    store: Store,
    ledger: Ledger,
    announcements: Announcements,
    journal: Journal,
    vocabulary: Vocabulary,
    pace: Pace,
    shuffled: Callable[[list[str]], list[str]],
    at_once: AtOnce,
    look_ups: AtOnce,
) -> Polling:
    """Put the poller function's use case together."""

    def begin_run() -> NextStep:
        breaker = Breaker(ledger)
        return NextStep(
            store=store,
            ledger=breaker,
            submission=Submission(store=store, ledger=breaker, journal=journal, pace=pace),
            journal=journal,
            vocabulary=vocabulary,
            pace=pace,
            look_ups=look_ups,
        )

    return Polling(
        store=store,
        begin_run=begin_run,
        announcements=announcements,
        journal=journal,
        now=pace.now,
        shuffled=shuffled,
        at_once=at_once,
    )
