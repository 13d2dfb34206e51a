"""What operation has shown, in simulated time: each scenario by name, and what must come of it.

The large ones are played at a tenth; `make soak` plays them in full (`pytest -m full`).
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import pytest
from arm_relay.batches.batch import State
from arm_relay.orders.parsing import MAX_ORDERS

from tests.simulation.timed import costs, scenarios
from tests.simulation.timed.report import Report
from tests.simulation.timed.story import TimedStory
from tests.simulation.timed.world import HOUR, default_times

MINUTE: Final = 60.0
SETTLING: Final = default_times().settling.total_seconds()
tenth_and_full = pytest.mark.parametrize("scale", [0.1, pytest.param(1.0, marks=pytest.mark.full)])
#: More batches than so many runs of a function with this memory can do.
busy = pytest.mark.parametrize(
    ("batches", "runs", "memory"), [(3000, 1, 256), pytest.param(20_000, 3, 512, marks=pytest.mark.full)]
)


def all_succeeded(report: Report) -> bool:
    return report.by_state.keys() == {State.SUCCEEDED.value} and not report.broken


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("look_up", [3.0, 8.0])
def test_a_full_batch_in_doubt_ends_though_the_ledger_is_slow(look_up: float, taken: bool) -> None:  # noqa: FBT001 (a case)
    report = scenarios.full_batch_in_doubt(look_up, taken=taken)

    assert all_succeeded(report), report
    assert report.rested <= SETTLING + HOUR
    assert report.look_ups_an_order <= 10


def test_a_failure_of_a_full_batch_ends_though_the_ledger_is_slow() -> None:
    report = scenarios.full_batch_failed(3.0)

    assert report.by_state[State.FAILED.value] == 1, report
    assert not report.broken
    assert report.rested <= HOUR


def test_a_rate_limit_at_arm_delays_an_end_and_prevents_none() -> None:
    report = scenarios.rate_limited()

    assert all_succeeded(report), report
    assert report.rested <= SETTLING + 3 * HOUR


@busy
def test_slow_batches_leave_the_quick_ones_their_time(batches: int, runs: int, memory: float) -> None:
    alone = scenarios.slow_beside_quick(batches, runs, memory=memory, slow=False)
    beside = scenarios.slow_beside_quick(batches, runs, memory=memory, slow=True)

    quick_alone, quick_beside = (report.by_state[State.SUCCEEDED.value] for report in (alone, beside))
    assert quick_beside >= 0.9 * quick_alone, beside


@tenth_and_full
@pytest.mark.parametrize(("batches", "orders"), [(2000, MAX_ORDERS), (8000, 10)])
def test_what_an_outage_left_in_doubt_is_sent_again_once_it_has_settled(
    batches: int, orders: int, scale: float
) -> None:
    report = scenarios.after_outage(batches, orders, scale)

    assert all_succeeded(report), report
    assert report.billed.keys() == {1}
    assert report.rested <= SETTLING + 3 * HOUR


def test_while_ends_are_announced_other_batches_are_polled() -> None:
    ended, _ = scenarios.slow_topic(0.3, 1500)

    assert ended > 1300


@pytest.mark.parametrize("latency", [1.0, 2.0])
def test_a_run_leaves_undone_what_a_slow_topic_would_not_take_in_time(latency: float) -> None:
    ended, killed = scenarios.slow_topic(latency, 1500, runs=5)

    assert ended > 1000 / latency
    assert killed == 0


@pytest.mark.parametrize("queue", [18 * MINUTE, 60 * MINUTE, 240 * MINUTE])
def test_a_lost_answer_is_found_however_long_the_queue_in_which_others_wait(queue: float) -> None:
    report = scenarios.lost_answer(queue)

    assert all_succeeded(report), report
    assert report.calls["submit"] == 0


@pytest.mark.parametrize("queue", [18 * MINUTE, 55 * MINUTE])
def test_a_lost_answer_of_a_client_without_others_is_not_billed_twice_within_the_settling_time(queue: float) -> None:
    report = scenarios.lost_answer(queue, others=0)

    assert not report.broken, report
    assert report.calls["submit"] == 0


def test_a_ledger_route_that_finds_nothing_proves_nothing() -> None:
    report = scenarios.no_ledger_route()

    assert report.by_state[State.HELD.value] == 1, report
    assert report.calls["submit"] == 0
    assert not report.broken


def test_while_arm_hangs_orders_are_queued_and_not_made_doubtful() -> None:
    report = scenarios.hanging_arm()
    end = 12 * MINUTE

    # In flight before the breaker opened: what was sent until three had failed, and what knew of it up to 5 s later.
    assert report.calls["submit"] <= 600 + 30, report
    assert report.undelivered <= 2 * 30, report
    assert not report.broken
    assert not report.needless
    assert not report.needless_unnumbered
    assert report.rested_share(end + 10 * MINUTE) >= 0.9


@tenth_and_full
def test_a_blocked_client_does_not_delay_another(scale: float) -> None:
    report = scenarios.blocked_client(scale)

    assert report.after_due["other"].number == 600, report
    assert report.after_due["other"].p95 <= 2 * MINUTE, report


@busy
def test_one_slow_answer_in_a_hundred_costs_no_more_than_a_fifth(batches: int, runs: int, memory: float) -> None:
    quick = scenarios.slow_answers(0.0, batches, runs, memory=memory)
    slow = scenarios.slow_answers(0.01, batches, runs, memory=memory)

    assert sum(slow.progress) >= 0.8 * sum(quick.progress), slow


@pytest.mark.parametrize("hold_after", [6 * HOUR, pytest.param(72 * HOUR, marks=pytest.mark.full)])
def test_a_poll_that_always_raises_backs_off_and_ends_in_a_hold(hold_after: float) -> None:
    report = scenarios.poll_that_raises(hold_after)

    assert report.by_state == {State.HELD.value: 1, State.SUCCEEDED.value: 20}, report
    assert report.calls["result"] <= 21 + hold_after / 600
    assert report.rested <= hold_after + 30 * MINUTE


def test_a_batch_that_kills_its_run_is_held_and_no_third_run_suffers() -> None:
    report = scenarios.batch_that_kills()

    assert report.by_state == {State.HELD.value: 1, State.SUCCEEDED.value: 50}, report
    # Two runs in which others were in hand, and one in which it was tried alone.
    assert sum(run.killed for run in report.runs) <= 3
    assert report.after_due["1"].largest <= 10 * MINUTE


def test_after_days_without_a_poller_everything_ends_by_what_arm_says() -> None:
    report = scenarios.stopped_poller()

    assert all_succeeded(report), report


@pytest.mark.parametrize("numbered", [True, False])
def test_a_temporary_failure_is_no_failure_before_it_has_settled(numbered: bool) -> None:  # noqa: FBT001 (a case)
    report = scenarios.temporary_failures(10 * MINUTE, numbered=numbered)

    assert all_succeeded(report), report


@pytest.mark.parametrize("outage", [(2 * MINUTE, 22 * MINUTE), (2 * MINUTE, 14 * MINUTE), (5 * MINUTE, 50 * MINUTE)])
def test_a_failure_does_not_settle_while_arm_is_down(outage: tuple[float, float]) -> None:
    report = scenarios.temporary_failures(10 * MINUTE, numbered=True, outage=outage)

    assert all_succeeded(report), report


@pytest.mark.parametrize("outage", [(2 * MINUTE, 22 * MINUTE), (5 * MINUTE, 50 * MINUTE)])
def test_a_failure_does_not_settle_while_nobody_asks(outage: tuple[float, float]) -> None:
    report = scenarios.temporary_failures(10 * MINUTE, numbered=True, outage=outage, unnoticed=True)

    assert all_succeeded(report), report


def test_a_hold_whose_run_was_killed_is_still_reported_as_held() -> None:
    report, held = scenarios.killed_after_a_hold()

    assert report.by_state == {State.HELD.value: 1}, report
    assert held
    assert all(values and values[-1] >= 1 for values in held)


def test_the_largest_requests_leave_half_of_the_memory() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        report, megabytes = process.submit(scenarios.largest_requests).result()

    assert not report.broken, report
    assert megabytes < costs.MEMORY_MB / 2


def test_nothing_is_held_without_need() -> None:
    """Of batches whose orders all have a number, at most one in a hundred; of the others none."""
    endings = [TimedStory(seed).run() for seed in range(10)]
    batches = sum(sum(ending.report.states.values()) for ending in endings)

    assert sum(sum(ending.report.needless.values()) for ending in endings) <= batches / 100
    assert [ending.report.needless_unnumbered for ending in endings if ending.report.needless_unnumbered] == []


@pytest.mark.parametrize("seed", range(10))
def test_the_promises_hold_while_time_passes(seed: int) -> None:
    assert TimedStory(seed).run().violations == []


def test_a_timed_seed_runs_the_same_way_every_time() -> None:
    first, second = (TimedStory(3).run().report for _ in range(2))

    assert str(first) == str(second)
