"""Bodies that should be JSON objects. Pure."""

import json
from collections.abc import Callable
from typing import Any

type Pairs = list[tuple[str, Any]]


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text; None where it is anything else."""
    return _object(text, None)


def json_object_and_doubt(text: str) -> tuple[dict[str, Any] | None, bool]:
    """The same, and whether a key stands twice in one object of it: then the text does not say which value counts."""
    is_in_doubt = False

    def noted(pairs: Pairs) -> dict[str, Any]:
        nonlocal is_in_doubt
        found = dict(pairs)
        is_in_doubt = is_in_doubt or len(found) < len(pairs)
        return found

    return _object(text, noted), is_in_doubt


def _object(text: str, made_of: Callable[[Pairs], dict[str, Any]] | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=made_of)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
