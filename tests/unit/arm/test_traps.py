"""Answers that claim an end and say beside it that it is another one: with the default contract none is believed."""

import json
from typing import Any, Final

import pytest
from arm_relay.arm import contract_files
from arm_relay.arm.outcomes import Ended, read
from arm_relay.batches.batch import Answer, State

from tests.support.builders import a_batch_order

ORDERS: Final = tuple(a_batch_order(id=f"evt-{n}", document_no=f"A{n}", order_id=f"B-{n}") for n in (1, 2))
DEFAULT: Final = contract_files.load("default")


def end_of(body: object, code: int = 200) -> State | None:
    text = body if isinstance(body, str) else json.dumps(body)
    reading = read(Answer(code, text), ORDERS, DEFAULT, "u1")
    return reading.state if isinstance(reading, Ended) else None


def entries(**more: object) -> dict[str, Any]:
    return {"documents": [{"documentNo": f"A{n}", "result": "OK", **more} for n in (1, 2)]}


def test_without_a_trap_both_forms_are_a_success() -> None:
    assert end_of({"result": "OK"}) is State.SUCCEEDED
    assert end_of(entries()) is State.SUCCEEDED


@pytest.mark.parametrize(
    "beside",
    [
        # A word under a key that is not known says that ARM is at work.
        {"phase": "WAITING"},
        {"phase": "RUNNING"},
        {"phase": "started"},
        {"info": [{"stage": "VALIDATING"}]},
        {"waiting": 1},
        {"waiting": "1"},
        # A share that is not all.
        {"progress": 50},
        {"progress": "50%"},
        {"percentComplete": "40 %"},
        # Counts that are none, or too few, in numbers and in texts.
        {"created": None},
        {"created": False},
        {"created": ""},
        {"created": "+1"},
        {"created": "1"},
        {"created": 1.0},
        {"accepted": 1},
        {"numberOfDocuments": "1"},
        # A list of nothing under the name of the entries.
        {"documents": None},
        # False under a key that is a word of success, or of an end.
        {"ok": False},
        {"isCompleted": "false"},
        # A code below zero, and an id that is none.
        {"code": -1},
        {"documentUuid": "00000000-0000-0000-0000-000000000000"},
        # A trial.
        {"mode": "VALIDATE_ONLY"},
        # Texts.
        {"message": "Partly processed"},
        {"message": "Delvis behandlet"},
        {"message": "Incomplete"},
        {"message": "Unsuccessful"},
        {"message": "Couldn't create A2"},
        {"message": "A2 won\u2019t be billed"},
        {"message": "Rolled back"},
        {"message": "The batch was reversed"},
        {"message": "All documents deleted"},
        {"message": "A document is blocked"},
        {"message": "A document is on hold"},
        {"message": "Stopped after the first document"},
        {"message": "One document lost"},
        {"message": "Faktura forkastet"},
        {"message": "Faktura slettet"},
        {"message": "Faktura annullert"},
        {"message": "Fakturan kunde inte skapas"},
    ],
    ids=str,
)
def test_a_success_with_something_beside_it_is_none(beside: dict[str, object]) -> None:
    assert end_of({"result": "OK"} | beside) is None


@pytest.mark.parametrize("beside", [{"created": False}, {"created": None}, {"ok": False}, {"code": -1}], ids=str)
def test_an_entry_with_something_beside_its_success_is_none(beside: dict[str, object]) -> None:
    assert end_of(entries(**beside)) is None


@pytest.mark.parametrize(
    "beside",
    [
        {"created": 2},
        {"created": "+2"},
        {"created": "2026-12-01T10:00:00Z"},
        {"progress": "100 %"},
        {"accepted": True},
        {"ok": True},
        {"code": 0},
        {"message": "Documents created"},
        {"mode": "LIVE"},
    ],
    ids=str,
)
def test_what_fits_a_success_does_not_speak_against_it(beside: dict[str, object]) -> None:
    assert end_of({"result": "OK"} | beside) is State.SUCCEEDED


@pytest.mark.parametrize(
    "text",
    ["Too many requests", "Rate limit reached", "Token expired", "Access denied", "Forbidden", "Internal server error"],
)
def test_a_failure_of_the_call_is_none_of_the_batch(text: str) -> None:
    assert end_of({"result": "FAILED", "message": text}, 406) is None
    assert end_of({"result": "FAILED", "message": "no such customer"}, 406) is State.FAILED
