"""docs/batch-states.md lists every cause that the code can give, and no other."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from arm_relay.arm import auth, bodies, client, matching, outcomes, words
from arm_relay.batches import causes
from arm_relay.batches.batch import State
from arm_relay.poller import reconciliation

TEXT = (Path(__file__).parents[2] / "docs" / "batch-states.md").read_text()

#: Each cause on the page with its meaning.
LISTED = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", TEXT, re.MULTILINE))

#: The causes that functions of `causes` make, each with the sentence of its function.
MADE = {
    causes.arm_answered(503).replace("503", "<status>"): causes.arm_answered,
    causes.repeated_submission_refused(503).replace("503", "<status>"): causes.repeated_submission_refused,
    causes.in_ledger_because("<reason>"): causes.in_ledger_because,
    causes.announced_again("<reason>"): causes.announced_again,
    causes.sent_again("<batchId>", "<reason>"): causes.sent_again,
    causes.forgotten("<id>", "<reason>"): causes.forgotten,
    causes.too_old(State.PENDING).replace("PENDING", "<state>"): causes.too_old,
}

#: What raises or returns a reason whose words become a cause.
GIVEN_BY = {"NotSent", "InDoubt", "NoAnswer", "Undecided", "NotUnderstood", "UnknownWord"}


def constants() -> dict[str, str]:
    """Each constant cause with the comment above it."""
    source = inspect.getsource(causes)
    comments = re.findall(r"^((?:#: .*\n)+)(\w+): Final", source, re.MULTILINE)
    return {
        getattr(causes, name): " ".join(line.removeprefix("#: ") for line in text.splitlines())
        for text, name in comments
    }


def reasons(module: ModuleType) -> Iterator[str]:
    """The words of every reason in a module, as a pattern: what is put into them may be anything."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in GIVEN_BY:
            continue
        given = node.args[0]
        if isinstance(given, ast.Name) and isinstance(named := getattr(module, given.id, None), str):
            yield re.escape(named)
        elif isinstance(given, ast.Constant):
            yield re.escape(str(given.value))
        elif isinstance(given, ast.JoinedStr):
            parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in given.values)
            yield "".join(parts)


REASONS = [
    pattern
    for module in (auth, client, outcomes, bodies, words, matching, reconciliation)
    for pattern in reasons(module)
]


def test_every_constant_cause_is_listed_in_the_sentence_of_the_code() -> None:
    names = [name for name in vars(causes) if name.isupper()]

    assert len(constants()) == len(names)
    assert constants().items() <= LISTED.items()


def test_every_cause_that_is_made_is_listed_in_the_sentence_of_the_code() -> None:
    functions = {name for name, _ in inspect.getmembers(causes, inspect.isfunction)}

    assert {function.__name__ for function in MADE.values()} == functions
    assert {cause: LISTED.get(cause) for cause in MADE} == {cause: made.__doc__ for cause, made in MADE.items()}


def test_the_reasons_are_found_in_the_code() -> None:
    assert "ARM's result contains an unknown word" in [pattern.replace("\\", "") for pattern in REASONS]
    assert len(REASONS) > 15


@pytest.mark.parametrize("pattern", sorted(set(REASONS)))
def test_every_reason_is_listed(pattern: str) -> None:
    assert [cause for cause in LISTED if re.fullmatch(pattern, cause)]


def test_no_cause_is_listed_that_the_code_does_not_give() -> None:
    known = {*constants(), *MADE}

    assert [
        cause for cause in LISTED if cause not in known and not any(re.fullmatch(words, cause) for words in REASONS)
    ] == []
