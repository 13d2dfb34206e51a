"""Whether a batch may be sent again: by what else waits at ARM, and by a document that must be found."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any, cast

import pytest
from arm_relay.arm.errors import NoAnswer
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.poller.control import NEIGHBOURS, PATIENCE, Control, Permission
from arm_relay.store.table import Store

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.store_contract import MARKER_LIFE, TABLE

#: When the batch in doubt has settled.
SETTLED = NOW + TIMES.settling
SECOND = timedelta(seconds=1)


class Ledger:
    """A ledger that finds some documents."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = set(numbers)
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False
        #: Look-ups of this client's documents wait until they may go on.
        self.is_held_for: str | None = None
        self.is_asked = Event()
        self.goes_on = Event()

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        raise AssertionError(client_no, payload)

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        raise AssertionError(client_no, batch_uuid, within)

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        raise AssertionError(client_no, customer_no, within)

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        assert within == 30.0
        self.asked.append((client_no, document_no))
        if client_no == self.is_held_for:
            self.is_asked.set()
            assert self.goes_on.wait(30)
        if self.is_silent:
            raise NoAnswer("ARM answered 503", Answer(503, ""))
        return {"documentNo": document_no} if document_no in self.numbers else None


class World:
    def __init__(self) -> None:
        self.store = Store(cast("Any", InMemoryDynamoDB()), TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self.ledger = Ledger("K1")
        self.now = SETTLED

    def control(self, known: Mapping[str, str]) -> Control:
        pace = Pace(TIMES, lambda: self.now, lambda: 0.5)
        return Control(store=self.store, ledger=self.ledger, pace=pace, known=known, left=lambda: 30.0)

    def check(self, known: Mapping[str, str] | None = None) -> Permission:
        return self.control({"2218": "K1"} if known is None else known).check(self.in_doubt())

    def in_doubt(self) -> Batch:
        return a_batch(state=State.UNCONFIRMED, doubt=1)

    def waits(self, *, after: timedelta, client_no: str = "2218", batch_id: str = "neighbour") -> None:
        """Another batch that ARM accepted, so long after the one in doubt was sent."""
        at = NOW + after
        order = a_batch_order(id=f"of-{batch_id}")
        batch = a_batch(id=batch_id, client_no=client_no, orders=(order,), claimed_at=at, attempt_at=at, due=at)
        assert self.store.claim(batch, {})
        assert self.store.save(steps.pending(batch, "uuid", Answer(202, "{}"), at))


@pytest.fixture
def world() -> World:
    return World()


def test_where_nothing_waits_and_a_known_document_is_found_it_may_be_sent_again(world: World) -> None:
    assert world.check() is Permission.GIVEN
    assert world.ledger.asked == [("2218", "K1")]


@pytest.mark.parametrize("after", [-NEIGHBOURS, timedelta(0), NEIGHBOURS])
def test_while_a_neighbour_waits_at_arm_it_may_not(world: World, after: timedelta) -> None:
    world.waits(after=after)

    assert world.check() is Permission.LATER
    assert world.ledger.asked == []


@pytest.mark.parametrize("after", [-NEIGHBOURS - SECOND, NEIGHBOURS + SECOND])
def test_what_was_accepted_at_another_time_says_nothing_of_the_queue(world: World, after: timedelta) -> None:
    world.waits(after=after)

    assert world.check() is Permission.GIVEN


def test_another_clients_batches_say_nothing(world: World) -> None:
    world.waits(after=timedelta(0), client_no="2219")

    assert world.check() is Permission.GIVEN


def test_a_neighbour_that_arm_has_forgotten_blocks_not_for_ever(world: World) -> None:
    world.waits(after=timedelta(0))

    world.now = NOW + PATIENCE * TIMES.settling - SECOND
    assert world.check() is Permission.LATER
    world.now += SECOND
    assert world.check() is Permission.GIVEN


def test_without_any_known_document_of_the_client_nothing_is_proven(world: World) -> None:
    assert world.check(known={"2219": "K1"}) is Permission.NO_CONTROL


def test_a_ledger_that_does_not_find_what_exists_proves_nothing(world: World) -> None:
    world.ledger.numbers.clear()

    assert world.check() is Permission.CONTROL_MISSING


def test_a_ledger_that_does_not_answer_is_asked_again_later(world: World) -> None:
    world.ledger.is_silent = True

    assert world.check() is Permission.LATER


def test_a_client_is_controlled_once_in_a_run(world: World) -> None:
    control = world.control({"2218": "K1"})

    assert [control.check(world.in_doubt()) for _ in range(3)] == [Permission.GIVEN] * 3
    assert len(world.ledger.asked) == 1


def test_a_slow_answer_about_one_client_delays_the_control_of_no_other(world: World) -> None:
    control = world.control({"2218": "K1", "2219": "K1"})
    world.ledger.is_held_for = "2218"
    slow = Thread(target=control.check, args=[world.in_doubt()])
    slow.start()
    assert world.ledger.is_asked.wait(10)

    other = Thread(target=control.check, args=[replace(world.in_doubt(), client_no="2219")])
    other.start()
    other.join(10)

    try:
        assert not other.is_alive()
        assert slow.is_alive()
    finally:
        world.ledger.goes_on.set()
        slow.join()
        other.join()
