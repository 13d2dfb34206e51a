"""The relay reads what the simulator says, where one contract tells both: successes, failures and waiting batches."""

from typing import Final

import pytest
from arm_relay.arm import contract_files
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Waiting, read
from arm_relay.batches.batch import Answer, OrderStatus, State

from sandbox.arm import contracts
from tests.support.arm_builders import Simulator, a_document, a_simulator
from tests.support.builders import a_batch_order
from tests.support.poller_in_memory import MINUTE, World, an_order

PERSONALITIES: Final = [name for name in contract_files.names() if name != "default"]
#: They tell only of the batch as a whole.
SAY_NOT_WHICH: Final = {"like-salesforce"}
ALL_OR_NOTHING: Final = {"like-eve"}
TELL_WHICH: Final = sorted(set(PERSONALITIES) - SAY_NOT_WHICH - ALL_OR_NOTHING)

ORDERS: Final = tuple(
    a_batch_order(id=f"evt-{number}", document_no=f"A{number}", order_id=f"B-{number}") for number in (1, 2, 3)
)


def speaking(name: str, *failing: str) -> Simulator:
    simulator = a_simulator()
    simulator.settings.contract = contracts.named(name)
    simulator.settings.failing_documents = set(failing)
    simulator.settings.all_or_nothing = name in ALL_OR_NOTHING
    return simulator


def reading(name: str, *failing: str, after: float = 1) -> Reading:
    simulator = speaking(name, *failing)
    uuid = simulator.submit(*(a_document(documentNo=f"A{n}", salesOrderId=f"B-{n}") for n in (1, 2, 3)))
    simulator.clock.sleep(after)
    said = simulator.result(uuid)
    return read(Answer(said.status, said.body.decode()), ORDERS, contract_files.load(name), uuid)


def test_there_are_eight_and_more() -> None:
    assert len(PERSONALITIES) >= 8


@pytest.mark.parametrize("name", contract_files.names())
def test_the_relay_and_the_simulator_find_the_same_contract(name: str) -> None:
    assert contracts.named(name) == contract_files.complete(contract_files.read(name), name)


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_success_is_read_as_one(name: str) -> None:
    read_as = reading(name)

    assert isinstance(read_as, Ended)
    assert read_as.state is State.SUCCEEDED


@pytest.mark.parametrize("name", TELL_WHICH)
def test_a_partial_failure_is_read_order_by_order(name: str) -> None:
    read_as = reading(name, "A2")

    assert isinstance(read_as, Ended)
    assert [order.status for order in read_as.orders] == [
        OrderStatus.SUCCEEDED,
        OrderStatus.FAILED,
        OrderStatus.SUCCEEDED,
    ]


@pytest.mark.parametrize("name", sorted(SAY_NOT_WHICH))
def test_a_partial_failure_that_is_only_counted_is_undecided(name: str) -> None:
    assert isinstance(reading(name, "A2"), Undecided)


@pytest.mark.parametrize("name", sorted(ALL_OR_NOTHING))
def test_where_one_bad_document_rejects_all_no_order_succeeds(name: str) -> None:
    read_as = reading(name, "A2")

    assert isinstance(read_as, Ended)
    assert read_as.state is State.FAILED


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_rejection_is_read_as_one(name: str) -> None:
    read_as = reading(name, "A1", "A2", "A3")

    assert isinstance(read_as, Ended)
    assert read_as.state is State.FAILED


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_batch_that_waits_is_read_as_waiting(name: str) -> None:
    assert isinstance(reading(name, after=0), Waiting)


@pytest.mark.parametrize("name", PERSONALITIES)
@pytest.mark.parametrize("other", ["default"])
def test_another_contract_reads_nothing_wrong(name: str, other: str) -> None:
    simulator = speaking(name, "A1", "A2", "A3")
    uuid = simulator.submit(*(a_document(documentNo=f"A{n}", salesOrderId=f"B-{n}") for n in (1, 2, 3)))
    simulator.clock.sleep(1)
    said = simulator.result(uuid)

    read_as = read(Answer(said.status, said.body.decode()), ORDERS, contract_files.load(other), uuid)

    assert not isinstance(read_as, Ended) or read_as.state is State.FAILED


@pytest.mark.parametrize("name", PERSONALITIES)
@pytest.mark.parametrize(
    ("failing", "end"),
    [((), State.SUCCEEDED), (("A2",), State.PARTIALLY_FAILED), (("A1", "A2"), State.FAILED)],
)
def test_the_poller_ends_batches_by_what_the_ledger_says(name: str, failing: tuple[str, ...], end: State) -> None:
    if end is State.PARTIALLY_FAILED and name not in TELL_WHICH:
        end = State.FAILED if name in ALL_OR_NOTHING else State.HELD
    world = World(contract_files.load(name))
    world.arm.settings.contract = contracts.named(name)
    world.arm.settings.all_or_nothing = name in ALL_OR_NOTHING
    world.arm.settings.failing_documents = set(failing)
    world.submitted(an_order(1), an_order(2))

    world.keep_polling(120 * MINUTE)

    assert world.is_over(end)
