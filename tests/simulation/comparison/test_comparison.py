"""A small comparison: the schedule bites, each design shows what it is known for, and the docs have the command's form.

The designs and what is counted of them: docs/comparison.md.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.simulation.comparison import page
from tests.simulation.comparison.__main__ import schedules
from tests.simulation.comparison.counting import DESIGNS, Count, play
from tests.simulation.comparison.designs import (
    hold_in_doubt,
    look_up,
    mark_and_repeat,
    parts,
    powertools,
    relay,
    retry_on_error,
)
from tests.simulation.comparison.designs.parts import Message, Queue
from tests.simulation.comparison.schedule import Kind, Schedule
from tests.simulation.timed.world import World


def small(*kinds: Kind, rate: float = 0.2, orders: int = 60, hours: float = 2.0) -> Schedule:
    """By default long enough for ARM's queue to stand still and to go on while orders come in."""
    return Schedule(frozenset(kinds), orders, rate, hours=hours)


def test_the_relay_bills_once_and_announces_everything_whatever_happens() -> None:
    count = play(relay.NAME, small(*Kind, rate=0.05, orders=120))

    assert (count.billed_twice, count.lost, count.never_announced, count.announced_wrongly) == (0, 0, 0, 0), count


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != relay.NAME])
def test_a_stand_in_loses_nothing_and_tells_no_lies(design: str) -> None:
    count = play(design, small(*Kind, rate=0.05, orders=120))

    assert (count.lost, count.never_announced, count.announced_wrongly) == (0, 0, 0), count


@pytest.mark.parametrize(
    ("design", "kind"),
    [
        *((retry_on_error.NAME, kind) for kind in Kind),
        *((mark_and_repeat.NAME, kind) for kind in Kind if kind is not Kind.WORKERS),
        *((powertools.NAME, kind) for kind in Kind if kind is not Kind.WORKERS),
        *((look_up.NAME, kind) for kind in (Kind.LATE, Kind.QUEUE)),
    ],
)
def test_what_a_design_does_not_know_is_billed_twice(design: str, kind: Kind) -> None:
    assert play(design, small(kind)).billed_twice > 0


@pytest.mark.parametrize("design", [mark_and_repeat.NAME, powertools.NAME, look_up.NAME, hold_in_doubt.NAME])
def test_a_mark_keeps_two_workers_apart(design: str) -> None:
    assert play(design, small(Kind.WORKERS)).billed_twice == 0


@pytest.mark.parametrize("kind", [Kind.LATE, Kind.CRASH, Kind.QUEUE, Kind.OUTAGE])
def test_what_is_never_sent_again_waits_for_a_person(kind: Kind) -> None:
    count = play(hold_in_doubt.NAME, small(kind))

    assert count.billed_twice == 0, count
    assert count.held > 0, count


@pytest.mark.parametrize("design", DESIGNS)
def test_without_faults_every_design_does_the_same(design: str) -> None:
    count = play(design, small(Kind.LOST, rate=0.0, orders=20, hours=1))

    assert count.median < 3 * page.MINUTE, count
    assert count.p99 < 5 * page.MINUTE, count
    assert (count.billed_twice, count.lost, count.never_announced, count.announced_wrongly, count.held) == (0,) * 5


@pytest.mark.parametrize("design", DESIGNS)
def test_a_schedule_gives_the_same_figures_every_time(design: str) -> None:
    first, second = (play(design, small(*Kind, orders=20, hours=1)) for _ in range(2))

    assert first == second


def test_a_message_comes_again_after_its_visibility_timeout_and_is_dead_in_the_end() -> None:
    world = World()
    queue = Queue(world)
    times: list[float] = []

    def fail(_: Message, __: Callable[[], None]) -> None:
        times.append(world.hub.time)

    queue.invoke = fail
    queue.send_message(MessageBody="{}")
    world.hub.run(24 * page.HOUR)

    assert times == [number * parts.VISIBILITY_TIMEOUT for number in range(parts.MOST_TRIES)]
    assert len(queue.dead) == 1
    assert not queue.messages


def test_sqs_gives_a_message_as_often_as_the_simulated_queue_and_then_to_the_dead_letter_queue() -> None:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="eu-north-1", aws_access_key_id="test", aws_secret_access_key="test")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        names = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
        redrive = {"deadLetterTargetArn": names["QueueArn"], "maxReceiveCount": parts.MOST_TRIES}
        attributes: Any = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive)}
        queue = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="{}")
        receives = [len(sqs.receive_message(QueueUrl=queue).get("Messages", [])) for _ in range(parts.MOST_TRIES + 1)]

        assert receives == [1] * parts.MOST_TRIES + [0]
        assert len(sqs.receive_message(QueueUrl=dead)["Messages"]) == 1


def test_a_message_comes_again_when_its_function_says_and_not_after_it_ended_well() -> None:
    world = World()
    queue = Queue(world)
    times: list[float] = []

    def fail_once(message: Message, done: Callable[[], None]) -> None:
        times.append(world.hub.time)
        if message.receives == 1:
            queue.change_message_visibility(ReceiptHandle=message, VisibilityTimeout=30)
        else:
            done()

    queue.invoke = fail_once
    queue.send_message(MessageBody="{}")
    world.hub.run(page.HOUR)

    assert times == [0, 30]
    assert not queue.messages
    assert not queue.dead


def test_the_page_has_the_tables_that_the_command_writes() -> None:
    count = Count(orders=1, billed_twice=0, lost=0, never_announced=0, announced_wrongly=0, held=0, median=0.0, p99=0.0)
    results = {schedule.name: dict.fromkeys(DESIGNS, count) for schedule in schedules(1)}

    assert _without_figures(page.written(page.PAGE)) == _without_figures(page.tables(results))


def test_the_published_figures_say_of_the_relay_what_its_promises_say() -> None:
    (row,) = (line for line in page.written(page.PAGE).splitlines() if line.startswith(f"| {relay.NAME} |"))

    assert row.startswith(f"| {relay.NAME} | 0 | 0 | 0 | 0 |")


def _without_figures(text: str) -> list[str]:
    """The text with a mark for each figure, so that only the form is left."""
    return [re.sub(r"\| [\d.,/ a-z]*(?= \|)", "| #", line.replace(" |", "  |")) for line in text.splitlines()]
