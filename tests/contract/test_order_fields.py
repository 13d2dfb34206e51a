"""The field reference has a note for every field of an order event, and the schema, the API and the page carry it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from arm_relay.arm import documents
from arm_relay.orders.faults import MODELS
from jsonschema import Draft202012Validator

from tools.field_page import PAGE, SECTIONS, page
from tools.openapi import OPENAPI
from tools.order_fields import KINDS, NOTES, FieldNote
from tools.schemas import ORDERS_SCHEMA

SCHEMA: dict[str, Any] = json.loads(ORDERS_SCHEMA.read_text())
API: dict[str, Any] = json.loads(OPENAPI.read_text())

FIELDS = [(model.__name__, name, note) for model, notes in NOTES.items() for name, note in notes.items()]


def names_of_arm() -> set[str]:
    kinds = (
        documents.Document,
        documents.DocumentLine,
        documents.CurrencyAmounts,
        documents.Distribution,
        documents.EinvoiceAddress,
    )
    return {name for kind in kinds for name in kind.__annotations__}


def named(note: FieldNote) -> set[str]:
    """The names of ARM's fields in a note."""
    quoted = re.findall(r"`([A-Za-z0-9.]+)`", note.arm)
    return {part for path in quoted if not path.isupper() for part in path.split(".")}


def test_every_field_has_a_note_and_nothing_else_has_one() -> None:
    fields = {model: [field.alias for field in model.model_fields.values()] for model in MODELS.values()}

    assert {model: list(notes) for model, notes in NOTES.items()} == fields
    assert {model for model, _, _ in SECTIONS} == set(fields)


@pytest.mark.parametrize(("model", "name", "note"), FIELDS)
def test_a_note_says_what_happens_without_the_field_unless_it_is_required(
    model: str, name: str, note: FieldNote
) -> None:
    required = name in SCHEMA["$defs"][model].get("required", [])

    # A line without its text is another kind of line.
    assert required == (not note.absent) or (model, name) == ("TextLine", "text")


@pytest.mark.parametrize(("model", "name", "note"), FIELDS)
def test_an_example_is_allowed(model: str, name: str, note: FieldNote) -> None:
    schema = SCHEMA["$defs"][model]["properties"][name] | {"$defs": SCHEMA["$defs"]}

    assert list(Draft202012Validator(schema).iter_errors(note.example)) == []


@pytest.mark.parametrize(("model", "name", "note"), FIELDS)
def test_the_schema_and_the_api_carry_the_same_words(model: str, name: str, note: FieldNote) -> None:
    described = (SCHEMA["$defs"], API["components"]["schemas"])

    assert {schemas[model]["properties"][name]["description"] for schemas in described} == {note.description}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_value_is_described_in_both(kind: str) -> None:
    assert SCHEMA["$defs"][kind]["description"] == API["components"]["schemas"][kind]["description"] == KINDS[kind]


def test_every_schema_of_the_orders_has_a_description() -> None:
    assert [name for name, schema in SCHEMA["$defs"].items() if not schema.get("description")] == []


def test_the_notes_name_each_of_arms_fields_and_no_other() -> None:
    assert set().union(*(named(note) for _, _, note in FIELDS)) == names_of_arm()


def test_the_page_is_what_the_notes_say_now() -> None:
    assert PAGE.read_text() == page(), "run make reference"


def test_every_field_that_the_page_of_senders_names_exists() -> None:
    text = (Path(PAGE).parent / "sending-orders.md").read_text()
    fields = {name for _, name, _ in FIELDS}

    assert {"id", "invoiceNo", "customerNo"} <= {name for name in fields if f"`{name}`" in text}
