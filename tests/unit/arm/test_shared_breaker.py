from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.shared_breaker import SharedBreaker
from arm_relay.batches.batch import Answer
from arm_relay.store.outage import LIFE, LIMIT, Outage
from arm_relay.store.table import StoreUnavailable

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW
from tests.support.diary import Diary

HANGS = InDoubt("no answer from ARM (ReadTimeout)", scope=Scope.ARM)
SHUT = NotSent("ARM answered 403", Answer(403, ""), scope=Scope.CLIENT)


class Arm:
    """A ledger whose submissions end as they are told."""

    def __init__(self) -> None:
        self.ending: ArmError | None = None
        self.submissions = 0
        self.customers = 0

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        assert (client_no, payload) == ("2218", b"{}")
        self.submissions += 1
        if self.ending:
            raise self.ending
        return "uuid", Answer(202, "{}")

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        raise AssertionError(client_no, batch_uuid, within)

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        assert (client_no, customer_no, within) == ("2218", "7", 5.0)
        self.customers += 1
        if self.ending:
            raise self.ending
        return True

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        raise AssertionError(client_no, document_no, within)


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.arm = Arm()
        self.diary = Diary()
        self.dynamodb = InMemoryDynamoDB()
        self.outage = Outage(cast("Any", self.dynamodb), "relay")

    def environment(self) -> SharedBreaker:
        return SharedBreaker(self.arm, self.outage, self.diary, self.time)

    def time(self) -> datetime:
        return self.now


@pytest.fixture
def world() -> World:
    return World()


def submit(breaker: SharedBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ArmError):
            breaker.submit("2218", b"{}")


def test_after_so_many_failures_in_a_row_arm_is_called_no_more(world: World) -> None:
    world.arm.ending = HANGS
    breaker = world.environment()
    submit(breaker, LIMIT)

    with pytest.raises(NotSent, match="ARM is out of reach"):
        breaker.submit("2218", b"{}")
    assert world.arm.submissions == LIMIT


def test_what_one_environment_has_met_another_knows(world: World) -> None:
    world.arm.ending = HANGS
    submit(world.environment(), LIMIT)

    with pytest.raises(NotSent):
        world.environment().submit("2218", b"{}")
    assert world.arm.submissions == LIMIT


def test_an_answer_ends_the_row(world: World) -> None:
    breaker = world.environment()
    world.arm.ending = HANGS
    submit(breaker, LIMIT - 1)
    world.arm.ending = None
    breaker.submit("2218", b"{}")

    assert world.outage.failures(world.now) == 0


@pytest.mark.parametrize("ending", [SHUT, Refused(Answer(400, "{}"))], ids=["one client", "one batch"])
def test_a_failure_that_does_not_affect_everybody_does_not_count(world: World, ending: ArmError) -> None:
    world.arm.ending = ending
    submit(world.environment(), LIMIT + 1)

    assert world.arm.submissions == LIMIT + 1


def test_the_failures_are_forgotten_when_they_are_old(world: World) -> None:
    world.arm.ending = HANGS
    submit(world.environment(), LIMIT)
    world.now += LIFE

    submit(world.environment())
    assert world.arm.submissions == LIMIT + 1
    assert world.outage.failures(world.now) == 1


def test_what_is_known_is_read_every_five_seconds_at_most(world: World) -> None:
    breaker = world.environment()
    breaker.submit("2218", b"{}")
    for _ in range(LIMIT):
        world.outage.failed(world.now)

    breaker.submit("2218", b"{}")
    world.now += timedelta(seconds=5)
    with pytest.raises(NotSent):
        breaker.submit("2218", b"{}")


def test_without_the_tables_word_arm_is_called(world: World) -> None:
    class Unreachable(Outage):
        def failures(self, now: datetime) -> int:
            raise StoreUnavailable(f"no table at {now}")

    breaker = SharedBreaker(world.arm, Unreachable(cast("Any", None), ""), world.diary, world.time)

    assert breaker.submit("2218", b"{}")[0] == "uuid"
    assert len(world.diary.transient_errors) == 1


def test_no_customer_is_asked_for_while_arm_is_out_of_reach(world: World) -> None:
    world.arm.ending = HANGS
    submit(world.environment(), LIMIT)

    with pytest.raises(NoAnswer, match="ARM is out of reach") as raised:
        world.environment().customer("2218", "7", 5.0)
    assert (raised.value.scope, world.arm.customers) == (Scope.ARM, 0)


def test_what_becomes_of_a_question_about_a_customer_holds_up_no_order(world: World) -> None:
    breaker = world.environment()
    world.arm.ending = NoAnswer("no answer from ARM (ReadTimeout)", scope=Scope.ARM)
    for _ in range(LIMIT):
        with pytest.raises(NoAnswer, match="ReadTimeout"):
            breaker.customer("2218", "7", 5.0)

    assert world.outage.failures(world.now) == 0
    world.arm.ending = None
    breaker.submit("2218", b"{}")
