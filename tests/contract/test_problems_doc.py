"""docs/problems.md has every kind of problem, as the functions answer it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from arm_relay.api import problems
from arm_relay.api.problems import SEND_AGAIN, Kind, Problem
from arm_relay.operators import problems as operators
from arm_relay.webhook import problems as webhook

TEXT = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()

#: The kinds whose detail depends on the request.
OF_THE_REQUEST = {
    *(Kind.NOT_JSON, Kind.INVALID_QUERY, Kind.BAD_SIGNATURE, Kind.REFUSED_BY_ARM),
    *(Kind.NOT_REDRIVABLE, Kind.NEEDS_CONFIRMATION, Kind.MORE_BATCHES),
    *(Kind.INVALID_DATE, Kind.UNKNOWN_DAY, Kind.NOT_FORGETTABLE),
}

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


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in OF_THE_REQUEST], ids=lambda kind: str(kind.slug))
def test_an_example_has_the_detail_of_the_code(kind: Kind) -> None:
    foreseen = {*problems.KINDS.items(), *webhook.KINDS.items(), *operators.KINDS.items()}
    details = {error.__doc__ for error, of_kind in foreseen if of_kind is kind}

    assert example(kind)["detail"] in details | {SEND_AGAIN, f"{Kind.UNKNOWN_ROUTE.title}."}


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: str(kind.slug))
def test_an_example_has_a_detail_in_sentences(kind: Kind) -> None:
    assert re.fullmatch(r"[A-Z].*\.", example(kind)["detail"])
