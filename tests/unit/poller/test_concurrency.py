from threading import Barrier, BrokenBarrierError, Event
from time import sleep

import pytest
from arm_relay.poller.concurrency import Threads, WorkerThreads


def test_results_come_in_the_order_of_the_items() -> None:
    last_is_done = Event()

    def work(number: int) -> int:
        if number == 2:
            last_is_done.set()
        assert last_is_done.wait(10)
        return number * number

    assert Threads(3)(work, [0, 1, 2]) == [0, 1, 4]


def test_no_more_calls_run_at_once_than_allowed() -> None:
    with_a_third = Barrier(3)

    def meets_a_third(_: int) -> bool:
        try:
            with_a_third.wait(0.1)
        except BrokenBarrierError:
            return False
        return True

    assert Threads(2)(meets_a_third, range(6)) == [False] * 6


def test_after_an_error_nothing_more_is_begun() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first fails")
        sleep(0.05)

    with pytest.raises(ValueError, match="the first fails"):
        Threads(1)(work, range(100))

    assert len(begun) < 100


def test_workers_hand_out_each_result_as_soon_as_it_is_there() -> None:
    slow_may_end = Event()
    workers = WorkerThreads[str](2)
    workers.submit(lambda: "slow" if slow_may_end.wait(10) else "too slow")
    workers.submit(lambda: "quick")

    assert workers.done(10) == ["quick"]
    assert (workers.busy, workers.done(0)) == (1, [])

    slow_may_end.set()
    assert workers.done(10) == ["slow"]
    assert workers.busy == 0


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit("broken")])
def test_an_error_of_a_worker_reaches_the_one_who_waits_for_its_result(error: BaseException) -> None:
    def work() -> str:
        raise error

    workers = WorkerThreads[str](1)
    workers.submit(work)

    with pytest.raises(type(error), match="broken"):
        workers.done(10)
    assert workers.busy == 0
