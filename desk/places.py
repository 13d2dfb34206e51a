"""Where the parts of an answer's body stand, by a contract: JSON Pointers. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arm_relay.arm.objections import below

#: How deep envelopes are followed.
DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """An object of the body that has words: a head, or an entry."""

    place: str
    fields: Mapping[str, Any]
    is_entry: bool

    def pointer(self, key: str) -> str:
        """The JSON Pointer of a value in it."""
        return below(self.place, key)


def parsed(text: str) -> Any:  # noqa: ANN401 (any JSON value)
    """The JSON value in a text; None where there is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def heads_of(body: Mapping[str, Any], document: Mapping[str, Any]) -> list[Part]:
    """The objects that have the words for the whole batch, from the outside in."""
    heads = [Part("", body, is_entry=False)]
    for _ in range(DEEPEST):
        outer = heads[-1]
        inner = [key for key in document["envelopes"] if isinstance(outer.fields.get(key), dict)]
        if len(inner) != 1:
            break
        heads.append(Part(outer.pointer(inner[0]), outer.fields[inner[0]], is_entry=False))
    return heads


def entries_of(body: Mapping[str, Any], document: Mapping[str, Any]) -> list[Part]:
    """The entries in the known lists of the heads."""
    lists = [*document["entryLists"], *(key for pair in document["listPairs"] for key in pair.values())]
    return [
        Part(f"{head.pointer(key)}/{place}", entry, is_entry=True)
        for head in heads_of(body, document)
        for key in dict.fromkeys(lists)
        for place, entry in enumerate(_listed(head.fields.get(key)))
        if isinstance(entry, dict)
    ]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


class _Pairs(list[tuple[str, Any]]):
    """An object as the pairs that it is written as."""


def doubled(text: str) -> list[str]:
    """The JSON Pointers of the keys that stand twice in one object."""
    try:
        return list(dict.fromkeys(_doubled(json.loads(text, object_pairs_hook=_Pairs), "")))
    except (ValueError, RecursionError):
        return []


def _doubled(value: object, place: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, part in value:
            here = below(place, key)
            if key in seen:
                yield here
            seen.add(key)
            yield from _doubled(part, here)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _doubled(part, f"{place}/{number}")
