from datetime import timedelta
from typing import Any, cast

import pytest
from arm_relay.store.liveness import KEPT, REFRESHED, STOPPED, Known, Liveness

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def liveness() -> Liveness:
    return Liveness(cast("Any", InMemoryDynamoDB()), "relay")


def test_the_first_run_knows_of_nothing(liveness: Liveness) -> None:
    past = liveness.begin_run(NOW)

    assert (past.stopped, dict(past.known)) == ((), {})
    assert past.stopped_since(NOW - timedelta(days=9)) == timedelta(0)


def test_runs_that_follow_each_other_leave_no_gap(liveness: Liveness) -> None:
    pasts = [liveness.begin_run(NOW + minute * STOPPED) for minute in range(20)]

    assert pasts[-1].stopped == ()


def test_time_without_any_run_is_known_to_the_runs_after_it(liveness: Liveness) -> None:
    liveness.begin_run(NOW)
    liveness.begin_run(NOW + timedelta(hours=80))

    past = liveness.begin_run(NOW + timedelta(hours=80) + MINUTE)

    assert past.stopped_since(NOW - MINUTE) == timedelta(hours=80)
    assert past.stopped_since(NOW + timedelta(hours=79)) == timedelta(hours=1)
    assert past.stopped_since(NOW + timedelta(hours=81)) == timedelta(0)


def test_old_spells_are_forgotten(liveness: Liveness) -> None:
    pasts = [liveness.begin_run(NOW + number * timedelta(hours=1)) for number in range(KEPT + 5)]

    past = pasts[-1]
    assert len(past.stopped) == KEPT
    assert past.stopped[-1][1] == NOW + (KEPT + 4) * timedelta(hours=1)


def test_what_was_learned_of_each_client_is_known_to_the_next_run(liveness: Liveness) -> None:
    liveness.begin_run(NOW)
    liveness.learn({"2218": "A1", "2219": "B1"}, NOW)
    liveness.learn({"2218": "A2"}, NOW + MINUTE)

    past = liveness.begin_run(NOW + MINUTE)

    assert past.numbers == {"2218": "A2", "2219": "B1"}
    assert past.known["2218"] == Known("A2", NOW + MINUTE)


def test_a_number_is_learned_for_a_new_client_and_once_a_day_for_the_others(liveness: Liveness) -> None:
    liveness.begin_run(NOW)
    liveness.learn({"2218": "A1"}, NOW)

    past = liveness.begin_run(NOW + MINUTE)

    assert past.should_learn("2219", NOW + MINUTE)
    assert not past.should_learn("2218", NOW + REFRESHED - MINUTE)
    assert past.should_learn("2218", NOW + REFRESHED)
