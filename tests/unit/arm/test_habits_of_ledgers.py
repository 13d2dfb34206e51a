"""How real ledgers word a batch's result, and what a person who reads it would know.

Each body of `data/ledger_habits.json` is what some ledger says of the documents A1 and A2, or what could deceive a
reader. `means` is what happened: S created, F not created for each document, W still at work, ? nobody could tell.
`line` is the one line of a contract with which it is read, `fitting` the ledger's whole contract.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from arm_relay.arm.contract import Contract
from arm_relay.arm.outcomes import Ended, Undecided, Waiting, read
from arm_relay.batches.batch import Answer

from tests.support.builders import a_batch_order
from tests.support.contracts import DEFAULT, with_lines

HABITS: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "data" / "ledger_habits.json").read_text())

ORDERS: Final = (
    a_batch_order(document_no="A1", order_id="B-1"),
    a_batch_order(id="evt-2", document_no="A2", order_id="B-2"),
)


def said(habit: dict[str, Any], contract: Contract) -> str:
    """What a body is read as."""
    batch_uuid = habit.get("batchUuid", habit["body"].get("batchUuid"))
    match read(Answer(habit["code"], json.dumps(habit["body"])), ORDERS, contract, batch_uuid):
        case Waiting():
            return "W"
        case Undecided():
            return "?"
        case Ended(_, orders):
            return "".join(order.status[0] for order in orders)


def named(habits: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(habit, id=f"{habit['ledger']}: {habit['case']}") for habit in habits]


def best(habit: dict[str, Any]) -> str:
    """What a body is read as with the default contract, or with one line of it."""
    first = said(habit, DEFAULT)
    return said(habit, with_lines(**habit["line"])) if first == "?" and "line" in habit else first


@pytest.mark.parametrize("habit", named(HABITS))
def test_what_is_not_understood_is_undecided_and_never_wrong(habit: dict[str, Any]) -> None:
    assert said(habit, DEFAULT) in {habit["means"], "?"}
    assert best(habit) in {habit["means"], "?"}


@pytest.mark.parametrize("habit", named(HABITS))
def test_a_fitting_contract_reads_what_a_person_would_know(habit: dict[str, Any]) -> None:
    lines = habit.get("fitting", habit.get("line", {}))

    assert said(habit, with_lines(**lines)) == habit["means"]


def test_nine_of_ten_bodies_in_arms_names_are_read_with_the_default_contract_or_one_line_of_it() -> None:
    known = [habit for habit in HABITS if habit.get("inArmsNames") and habit["means"] != "?"]
    right = [habit for habit in known if best(habit) == habit["means"]]

    assert len(right) >= 0.9 * len(known)


def test_a_line_is_one_line() -> None:
    for habit in HABITS:
        assert len(habit.get("line", {"": ""})) == 1
