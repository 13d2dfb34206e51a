"""The form of a body that was not understood: what an operator may see of it without seeing anybody's data. Pure."""

import json
from typing import Final

#: How long the name of a key may be. A longer one may be a text.
LONGEST_NAME: Final = 40

#: How long a shape may be in the log, in characters.
LONGEST_SHAPE: Final = 4_000


def shape_of(text: str) -> str:
    """The keys of a body and the kinds of its values, as JSON. It shows no value, and no key that may be one."""
    try:
        shape = json.dumps(_shape(json.loads(text)), separators=(",", ":"))
    except (ValueError, RecursionError):
        return "no JSON"
    return shape if len(shape) <= LONGEST_SHAPE else f"{shape[:LONGEST_SHAPE]}..."


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {_name(key): _shape(part) for key, part in value.items()}
    if isinstance(value, list):
        kinds: list[object] = []
        for part in value:
            if (kind := _shape(part)) not in kinds:
                kinds.append(kind)
        return kinds
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "null" if value is None else "text"


def _name(key: str) -> str:
    """The key, where it can be a name that a programmer gave: a document's number can be a key, too."""
    letters = key.replace("_", "").replace("-", "")
    return key if letters.isascii() and letters.isalpha() and len(key) <= LONGEST_NAME else "?"
