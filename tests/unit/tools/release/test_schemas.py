from typing import Any

import pytest

from tools.release.schemas import Comparison

TEXT = {"type": "string"}


def whats(old: dict[str, Any], new: dict[str, Any], *, is_received: bool) -> list[str]:
    comparison = Comparison("x.json", old, new, is_received)
    return [f"{each.subject}: {each.what}" for each in comparison.breaks(old, new, "x", "x")]


def an_object(required: tuple[str, ...] = (), **properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


#: Each pair is narrower in the second place: it breaks what is received, and the way back breaks what is sent.
NARROWER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a type less": ({"type": ["string", "null"]}, TEXT),
    "a type where there was none": ({}, TEXT),
    "integers instead of numbers": ({"type": "number"}, {"type": "integer"}),
    "a value less": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "values where all were allowed": (TEXT, {**TEXT, "enum": ["a"]}),
    "one value of several": ({"enum": ["a", "b"]}, {"const": "a"}),
    "a higher minimum": ({"minimum": 1}, {"minimum": 2}),
    "a lower maximum": ({"maximum": 2}, {"maximum": 1}),
    "a length that was free": (TEXT, {**TEXT, "maxLength": 3}),
    "a pattern that was not there": (TEXT, {**TEXT, "pattern": "^a$"}),
    "an alternative less": ({"anyOf": [TEXT, {"type": "null"}]}, {"anyOf": [TEXT]}),
    "alternatives where all was allowed": ({}, {"anyOf": [TEXT]}),
    "one rule more": ({"allOf": [TEXT]}, {"allOf": [TEXT, {"maxLength": 1}]}),
    "no unknown fields": ({"type": "object"}, {"type": "object", "additionalProperties": False}),
    "narrower items": ({"items": {}}, {"items": TEXT}),
    "a field that needs another one": ({}, {"dependentRequired": {"a": ["b"]}}),
    "rules for names of a form": ({}, {"patternProperties": {"^a": {"type": "string"}}}),
    "no fields that no rule looks at": ({}, {"unevaluatedProperties": False}),
    "something that a list has to hold": ({}, {"contains": TEXT}),
    "a required field without rules": ({}, {"required": ["a"]}),
    "a required field": (an_object(a=TEXT), an_object(("a",), a=TEXT)),
    "narrower behind a reference": (
        {"$defs": {"T": {"maxLength": 3}}, "properties": {"a": {"$ref": "#/$defs/T"}}},
        {"$defs": {"T": {"maxLength": 2}}, "properties": {"a": {"$ref": "#/$defs/T"}}},
    ),
    "narrower behind the same alternative": (
        {"$defs": {"T": {"maxLength": 3}}, "anyOf": [{"$ref": "#/$defs/T"}, {"type": "null"}]},
        {"$defs": {"T": {"maxLength": 2}}, "anyOf": [{"$ref": "#/$defs/T"}, {"type": "null"}]},
    ),
}


@pytest.mark.parametrize(("wide", "narrow"), NARROWER.values(), ids=NARROWER)
def test_what_is_received_breaks_by_becoming_narrower_and_what_is_sent_by_becoming_wider(
    wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    assert whats(wide, narrow, is_received=True) != []
    assert whats(narrow, wide, is_received=False) != []


@pytest.mark.parametrize(("wide", "narrow"), NARROWER.values(), ids=NARROWER)
def test_the_other_way_breaks_nothing(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert whats(narrow, wide, is_received=True) == []
    assert whats(wide, narrow, is_received=False) == []


@pytest.mark.parametrize("is_received", [True, False])
def test_a_field_that_is_gone_breaks_in_either_direction(is_received: bool) -> None:  # noqa: FBT001 (a parameter)
    assert whats(an_object(a=TEXT), an_object(), is_received=is_received) == ["a: the field is gone"]


@pytest.mark.parametrize("is_received", [True, False])
def test_a_new_optional_field_and_other_words_break_nothing(is_received: bool) -> None:  # noqa: FBT001 (a parameter)
    described = {**TEXT, "description": "A text.", "examples": ["a"], "title": "Text"}

    assert whats(an_object(a=TEXT), an_object(a=described, b=TEXT), is_received=is_received) == []


def test_a_new_required_field_is_named() -> None:
    assert whats(an_object(), an_object(("b",), b=TEXT), is_received=True) == ["b: the field is required now"]


def test_another_default_breaks_what_is_received() -> None:
    assert whats({"default": 1}, {"default": 2}, is_received=True) == ["x: the default was 1, and is 2"]


def test_a_changed_pattern_breaks_in_either_direction() -> None:
    for is_received in (True, False):
        assert whats({"pattern": "a"}, {"pattern": "b"}, is_received=is_received) == ["x: pattern was a, and is b"]


@pytest.mark.parametrize("is_received", [True, False])
def test_an_unknown_keyword_breaks_where_it_comes_changes_or_goes(is_received: bool) -> None:  # noqa: FBT001 (a parameter)
    one, other = {"x-rule": 1}, {"x-rule": 2}

    assert whats({}, one, is_received=is_received) == ["x: x-rule was not there, and is 1"]
    assert whats(one, other, is_received=is_received) == ["x: x-rule was 1, and is 2"]
    assert whats(one, {}, is_received=is_received) == ["x: x-rule was 1, and is not there"]


def behind_a_condition(rule: dict[str, Any]) -> dict[str, Any]:
    return {"$defs": {"T": rule}, "if": {"properties": {"a": {"$ref": "#/$defs/T"}}}}


def test_a_condition_breaks_where_what_it_refers_to_has_changed_and_not_where_its_words_have() -> None:
    old = behind_a_condition({"maxLength": 3})

    assert whats(old, behind_a_condition({"maxLength": 2}), is_received=True) != []
    assert whats(old, behind_a_condition({"maxLength": 3, "title": "Text"}), is_received=True) == []


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    old = {"$defs": {"T": {"properties": {"t": {"$ref": "#/$defs/T"}, "a": TEXT}}}, "$ref": "#/$defs/T"}
    new = {"$defs": {"T": {"properties": {"t": {"$ref": "#/$defs/T"}}}}, "$ref": "#/$defs/T"}

    assert whats(old, new, is_received=True) == ["a: the field is gone"]
