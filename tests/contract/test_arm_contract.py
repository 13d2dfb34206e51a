"""The JSON Schema and the page of ARM's contract: never stale, and of one mind with the check at a function's start."""

import copy
import json
from typing import Any

import pytest
from arm_relay.arm import contract_files
from arm_relay.arm.contract import WrongContract
from jsonschema import Draft202012Validator

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


@pytest.mark.parametrize(
    "value", [None, 7, "", "x", [], [7], [""], {}, {"x": 7}, {"x": "failed"}, {"200": "failed"}, True]
)
@pytest.mark.parametrize("key", sorted(KEYS.keys() - {"extends"}))
def test_the_schema_and_the_check_agree(key: str, value: Any) -> None:  # noqa: ANN401 (any JSON value)
    document = copy.deepcopy(DEFAULT) | {key: value}

    assert is_valid(document) == is_taken(document)
