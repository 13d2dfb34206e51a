"""Bodies that should be JSON objects. Pure."""

import json
from typing import Any


class _Twice(ValueError):
    """A key stands twice in one object."""


def json_object(text: str, *, twice: bool = True) -> dict[str, Any] | None:
    """The JSON object in a text; None where it is anything else, or has a key `twice` where it may not."""
    try:
        value = json.loads(text, object_pairs_hook=None if twice else _once)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice("a key stands twice")
    return found
