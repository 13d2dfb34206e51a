"""The JSON Schema and the page of ARM's contract: never stale, and of one mind with the check at a function's start."""

import copy
import json
import re
from typing import Any

import pytest
from arm_relay.arm import contract_files
from arm_relay.arm.contract import WrongContract
from arm_relay.batches.batch import Answer
from jsonschema import Draft202012Validator

from desk.gaps import gaps_in, in_words
from desk.probe.examples import orders_numbered
from tools.contract_keys import KEYS, OPTIONAL
from tools.contract_page import PAGE, SCHEMA, contract_schema, page

DEFAULT = contract_files.read("default")


def is_valid(document: object) -> bool:
    schema = contract_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(document)


def is_taken(document: object) -> bool:
    try:
        contract_files.of_document(document, "tried")
    except WrongContract:
        return False
    return True


def test_the_schema_and_the_page_are_those_of_today() -> None:
    assert json.loads(SCHEMA.read_text()) == contract_schema()
    assert PAGE.read_text() == page()


def test_every_key_is_explained() -> None:
    assert KEYS.keys() - OPTIONAL | {"about"} == DEFAULT.keys()


@pytest.mark.parametrize("name", contract_files.names())
def test_every_contract_that_ships_fits_the_schema(name: str) -> None:
    assert is_valid(contract_files.read(name))
    assert is_valid(contract_files.complete(contract_files.read(name), name))


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_example_is_taken(key: str) -> None:
    assert is_taken({"extends": "default", key: KEYS[key].example})


LINES = re.findall(r"^\| [^|]*\| `(\"[^`]*)`", PAGE.read_text(), re.MULTILINE)


def test_there_are_lines_for_most_answers() -> None:
    assert len(LINES) > 12


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_is_taken(line: str) -> None:
    assert is_taken({"extends": "default"} | json.loads(f"{{{line}}}"))


def test_what_explain_says_stands_on_the_page_as_it_says_it() -> None:
    orders = orders_numbered(["88776655", "88776656"])
    said = in_words(gaps_in(Answer(200, '{"status": "PROCESSED", "result": "BOOKED"}'), orders, DEFAULT))

    *shown, _ = said
    assert "\n".join(f"   {line}" for line in shown) in PAGE.read_text()


@pytest.mark.parametrize(
    "value", [None, 7, "", "x", [], [7], [""], {}, {"x": 7}, {"x": "failed"}, {"200": "failed"}, True]
)
@pytest.mark.parametrize("key", sorted(KEYS.keys() - {"extends"}))
def test_the_schema_and_the_check_agree(key: str, value: Any) -> None:  # noqa: ANN401 (any JSON value)
    document = copy.deepcopy(DEFAULT) | {key: value}

    assert is_valid(document) == is_taken(document)
