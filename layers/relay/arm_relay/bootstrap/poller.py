"""The poller function's use case."""

import random
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics

from arm_relay.arm.breaker import Breaker
from arm_relay.bootstrap import clients
from arm_relay.bootstrap.clients import LOOK_UPS, WORKERS
from arm_relay.concurrency import Threads
from arm_relay.look import Look
from arm_relay.notifications import Topic
from arm_relay.observability import LambdaJournal
from arm_relay.polling import Polling
from arm_relay.settings import Settings
from arm_relay.submission import Submission


def build(environment: Mapping[str, str], logger: Logger, metrics: Metrics) -> Polling:
    """Build the poller function's use case."""
    settings = Settings.from_environment(environment)
    journal = LambdaJournal(logger, metrics)
    store = clients.store(settings)
    arm = Breaker(clients.arm(settings, clients.secrets(settings), journal))
    submission = Submission(
        store=store, arm=arm, journal=journal, times=settings.times(), now=clients.now, jitter=random.random
    )
    look = Look(
        store=store,
        arm=arm,
        submission=submission,
        journal=journal,
        vocabulary=settings.vocabulary(),
        times=settings.times(),
        now=clients.now,
        jitter=random.random,
        look_ups=Threads(LOOK_UPS),
    )
    clients.started()
    return Polling(
        store=store,
        look=look,
        announcements=Topic(clients.aws("sns"), settings.topic_arn),
        journal=journal,
        now=clients.now,
        shuffled=lambda shards: random.sample(shards, len(shards)),
        at_once=Threads(WORKERS),
    )
