import pytest
from arm_relay.poller import tempo
from arm_relay.poller.tempo import Tempo, room


def after(batches: int, seconds: float, times: int = 20) -> Tempo:
    """A kind of work that has taken as long each time."""
    known = Tempo()
    for _ in range(times):
        known.took(batches, seconds)
    return known


def test_before_anything_is_known_a_middling_number_may_wait() -> None:
    assert tempo.LEAST < room(Tempo(), Tempo()) < tempo.MOST


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 1.0, 2.0])
def test_what_may_wait_can_be_finished_in_the_time_for_it(seconds: float) -> None:
    saving, announcing = after(25, 0.05), after(10, seconds)

    waiting = room(saving, announcing)

    assert waiting / 25 * 0.05 + waiting / 10 * seconds <= tempo.WITHIN


def test_the_slower_it_goes_the_fewer_may_wait() -> None:
    rooms = [room(Tempo(), after(30, seconds)) for seconds in (0.1, 1.0, 3.0, 9.0, 90.0)]

    assert rooms == sorted(rooms, reverse=True)
    assert rooms[-1] == tempo.LEAST


def test_however_fast_it_goes_there_is_an_end() -> None:
    assert room(after(30, 0.0, times=2000)) == tempo.MOST


def test_one_batch_alone_says_little_of_how_long_many_take() -> None:
    assert after(1, 0.1).each == pytest.approx(0.1 / tempo.TOGETHER, rel=0.01)


def test_a_spell_that_is_over_is_forgotten() -> None:
    known = after(30, 30.0)

    for _ in range(10):
        known.took(30, 0.1)

    assert room(known) == tempo.MOST
