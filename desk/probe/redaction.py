"""What of an answer may be kept: no secret, and nothing that may be about a person. Pure."""

import json
import re
from collections.abc import Set as AbstractSet
from typing import Final

HIDDEN: Final = "(redacted)"

#: Keys whose values are never kept.
SECRET: Final = re.compile(r"token|secret|password|authorization|credential", re.IGNORECASE)

#: A text that may be about a person, or be a secret: an address of mail, a long number, a token.
PERSONAL: Final = re.compile(r"[^\s@]+@[^\s@]+|(?<![\w-])\+?\d[\d ]{9,}(?![\w-])|eyJ[\w.-]{20,}")

#: How long a text may be that is kept whole.
LONGEST: Final = 300


def redacted(body: str, ours: AbstractSet[str]) -> str:
    """A body without what may not be kept; `ours` are texts of the probe's own, which may."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _text(body, ours)
    return json.dumps(_value("", value, ours), ensure_ascii=False)


def only_ours(body: str, ours: AbstractSet[str]) -> str:
    """A document of ARM's: its fields, with the values that the probe has sent, and no other."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return HIDDEN
    return json.dumps(_ours(value, ours), ensure_ascii=False)


def _value(key: str, value: object, ours: AbstractSet[str]) -> object:
    if isinstance(value, dict):
        return {name: _value(name, part, ours) for name, part in value.items()}
    if isinstance(value, list):
        return [_value(key, part, ours) for part in value]
    if value and SECRET.search(key) and key != "token_type":
        return HIDDEN
    return _text(value, ours) if isinstance(value, str) else value


def _text(text: str, ours: AbstractSet[str]) -> str:
    if text in ours:
        return text
    kept = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return PERSONAL.sub(HIDDEN, kept)


def _ours(value: object, ours: AbstractSet[str]) -> object:
    if isinstance(value, dict):
        return {name: _ours(part, ours) for name, part in value.items()}
    if isinstance(value, list):
        return [_ours(part, ours) for part in value]
    if value is None or isinstance(value, bool) or str(value) in ours:
        return value
    return HIDDEN
