"""Each safeguard of the poller and of the webhook's breaker, taken out, is noticed by a scenario."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from arm_relay.arm.shared_breaker import SharedBreaker
from arm_relay.batches import steps
from arm_relay.batches.batch import State
from arm_relay.poller import next_step, shards
from arm_relay.poller.control import Control, Permission
from arm_relay.poller.feed import Turns
from arm_relay.store.liveness import Past

from tests.simulation.timed import scenarios, world
from tests.simulation.timed.scenarios import MINUTE

#: Takes a safeguard out; whether a scenario shows that it is missing.
type Missing = Callable[[pytest.MonkeyPatch], bool]


def _neighbours(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(Control, "_has_waiting_neighbour", lambda *_: False)
    return bool(scenarios.lost_answer(240 * MINUTE).billed_twice)


def _known_number(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(Control, "_finds_what_exists", lambda *_: Permission.GIVEN)
    return scenarios.no_ledger_route().calls["submit"] > 0


def _settling(monkeypatch: pytest.MonkeyPatch) -> bool:
    real = world.default_times
    monkeypatch.setattr(world, "default_times", lambda **changed: real(**{"settling": 0} | changed))
    return bool(scenarios.lost_answer(18 * MINUTE, others=0).billed_twice)


def _settling_of_failures(monkeypatch: pytest.MonkeyPatch) -> bool:
    real = world.default_times
    monkeypatch.setattr(world, "default_times", lambda **changed: real(**{"failure_settling": 0} | changed))
    return bool(scenarios.temporary_failures(10 * MINUTE, numbered=True).false)


def _breaker_of_the_webhook(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(SharedBreaker, "_known_failures", lambda _: 0)
    return scenarios.hanging_arm().undelivered > 100


def _time_without_a_poller(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(Past, "stopped_since", lambda *_: timedelta(0))
    return scenarios.stopped_poller().by_state[State.HELD.value] > 0


def _suspects(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(shards, "ALONE", 10**9)
    return bool(scenarios.batch_that_kills().unfinished)


def _kept_answers(monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(steps, "looked_up", lambda batch, _: batch)
    return bool(scenarios.full_batch_in_doubt(3.0).unfinished)


def _turns(monkeypatch: pytest.MonkeyPatch) -> bool:
    real = Turns.__init__
    monkeypatch.setattr(Turns, "__init__", lambda turns, _: real(turns, lambda _: "everybody"))
    return scenarios.blocked_client(0.1, hours=0.4).after_due["other"].p95 > 2 * MINUTE


def _backing_off(monkeypatch: pytest.MonkeyPatch) -> bool:
    def unchanged(_: Any, batch: Any) -> Any:
        return batch

    monkeypatch.setattr(next_step.NextStep, "_after_unexpected", unchanged)
    return bool(scenarios.poll_that_raises(6 * world.HOUR).unfinished)


@pytest.mark.parametrize(
    "is_missing",
    [
        pytest.param(_neighbours, id="waiting for the batches that wait beside it"),
        pytest.param(_known_number, id="finding a number that is known to exist"),
        pytest.param(_settling, id="the settling time"),
        pytest.param(_settling_of_failures, id="the settling of failures"),
        pytest.param(_breaker_of_the_webhook, id="the webhook's breaker"),
        pytest.param(_time_without_a_poller, id="time without a poller does not count"),
        pytest.param(_suspects, id="trying a suspect alone"),
        pytest.param(_kept_answers, id="keeping what the ledger said"),
        pytest.param(_turns, id="clients take turns"),
        pytest.param(_backing_off, id="backing off after an unexpected failure"),
    ],
)
def test_a_missing_safeguard_is_noticed(is_missing: Missing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_missing(monkeypatch)
