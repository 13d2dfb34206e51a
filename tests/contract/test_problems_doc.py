"""docs/problems.md tells every kind of problem, as the webhook answers it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from arm_relay.api.problems import Kind, Problem

TEXT = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()

SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def example(kind: Kind) -> dict[str, Any]:
    [block] = re.findall(r"```json\n(.*?)```", SECTIONS[kind.slug], re.DOTALL)
    body: dict[str, Any] = json.loads(block)
    return body


def test_every_kind_of_problem_has_its_section_in_the_order_of_the_code() -> None:
    assert list(SECTIONS) == [kind.slug for kind in Kind]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: str(kind.slug))
def test_a_section_gives_the_problems_status_and_title_and_says_what_to_do(kind: Kind) -> None:
    assert f"**{kind.status}: {kind.title}.**" in SECTIONS[kind.slug]
    assert "What to do: " in SECTIONS[kind.slug]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: str(kind.slug))
def test_an_example_is_what_the_code_would_answer(kind: Kind) -> None:
    body = example(kind)

    assert Problem(kind, body["detail"]).to_json().items() <= body.items()
