from threading import Barrier, BrokenBarrierError, Event
from time import sleep

import pytest
from arm_relay.poller.concurrency import Threads


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
