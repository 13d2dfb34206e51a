"""What IAM policies allow, decided offline: as much of IAM's rules as the policies in deploy/policies use.

An action or a resource may have `*`; a condition is one of `OPERATORS`, and all of a statement's must hold.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

POLICIES: Final = Path(__file__).parents[2] / "deploy" / "policies"

type Statement = Mapping[str, Any]


def filled(names: Sequence[str], **words: str) -> list[Statement]:
    """The statements of these policies, each word that stands for something replaced, as docs/deploying.md does it."""
    statements: list[Statement] = []
    for name in names:
        text = (POLICIES / f"{name}.json").read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        statements += json.loads(text)["Statement"]
    return statements


def allows(statements: Sequence[Statement], action: str, resource: str, **context: str) -> bool:
    """Whether a statement lets the action happen and none denies it; `context` has what IAM knows of the request.

    Raises:
        ValueError: a statement has something that is not understood here.
    """
    effects = {each["Effect"] for each in statements if _applies(each, action, resource, context)}
    return effects == {"Allow"}


def reaches(statement: Statement, resource: str) -> bool:
    """Whether a statement is about this resource, whatever its actions and conditions are."""
    return any(_like(resource, each) for each in listed(statement["Resource"]))


def listed(value: str | Sequence[str]) -> Sequence[str]:
    """What a policy lists, which may write a single one without a list."""
    return [value] if isinstance(value, str) else value


def _applies(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    known = {"Sid", "Effect", "Action", "Resource", "Condition"}
    if statement.keys() - known or statement["Effect"] not in {"Allow", "Deny"}:
        raise ValueError(f"not understood: {statement}")
    return (
        any(_like(action.lower(), each.lower()) for each in listed(statement["Action"]))
        and reaches(statement, resource)
        and _holds(statement.get("Condition", {}), context)
    )


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    if unknown := conditions.keys() - OPERATORS.keys():
        raise ValueError(f"not understood: {sorted(unknown)}")
    return all(
        OPERATORS[operator](context.get(key), listed(values))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _is_one(given: str | None, values: Sequence[str]) -> bool:
    return given in values


def _is_like_one(given: str | None, values: Sequence[str]) -> bool:
    return given is not None and any(_like(given, each) for each in values)


#: Each takes the value of the request, None where it has none, and those of the policy.
OPERATORS: Final[Mapping[str, Callable[[str | None, Sequence[str]], bool]]] = {
    "StringEquals": _is_one,
    "StringEqualsIfExists": lambda given, values: given is None or given in values,
    "StringLike": _is_like_one,
    "ArnLike": _is_like_one,
    "ForAnyValue:StringEquals": _is_one,
}


def _like(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
