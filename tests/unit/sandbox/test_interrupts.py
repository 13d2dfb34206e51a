import signal
from threading import Thread

import pytest

from sandbox.interrupts import interruptible, undisturbed


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_waits_until_the_end_of_the_block() -> None:
    steps = []

    def work() -> None:
        with undisturbed():
            ctrl_c()
            steps.append("finished")
        steps.append("never reached")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert steps == ["finished"]


def test_without_ctrl_c_nothing_is_raised_and_the_handler_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)

    with undisturbed():
        pass

    assert signal.getsignal(signal.SIGINT) == before


def test_an_error_in_the_block_comes_before_the_interrupt() -> None:
    def work() -> None:
        with undisturbed():
            ctrl_c()
            raise ValueError("an error of the block")

    with pytest.raises(ValueError, match="an error of the block"):
        work()


def test_in_another_thread_the_block_runs_as_it_is() -> None:
    ran = []

    def work() -> None:
        with undisturbed():
            ran.append(True)

    thread = Thread(target=work)
    thread.start()
    thread.join()

    assert ran == [True]


def test_ctrl_c_raises_where_the_program_would_have_ended() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), interruptible():
            ctrl_c()

        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
