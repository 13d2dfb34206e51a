"""Many saves in one request: conditional updates in PartiQL, each with a fate of its own. Pure.

Each update states every attribute that the step can have changed, and removes those that the batch lacks after it: the
same as a put.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import batched
from typing import Any, Final

from arm_relay.store.records import ATTRIBUTES, Item

#: The most statements that BatchExecuteStatement takes.
MOST: Final = 25


def update(table: str, item: Item, version: int, attributes: tuple[str, ...] = ATTRIBUTES) -> dict[str, Any]:
    """The statement that saves these attributes of an item, on condition that it is at a version."""
    names = tuple(name for name in attributes if name in item)
    values = [dict(item[name]) for name in names]
    return {
        "Statement": _update(table, names, attributes),
        "Parameters": [*values, dict(item["pk"]), {"N": str(version)}],
    }


def postponement(table: str, pk: str, due: str, until: str) -> dict[str, Any]:
    """The statement that moves a batch's due time, on condition that it still has the old one."""
    return {
        "Statement": f'UPDATE "{table}" SET "due"=? WHERE "pk"=? AND "due"=?',  # noqa: S608 (the names are ours)
        "Parameters": [{"S": until}, {"S": pk}, {"S": due}],
    }


def in_portions[T](things: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """The things in portions that one request takes."""
    return batched(things, MOST, strict=False)


@lru_cache(64)
def _update(table: str, names: tuple[str, ...], attributes: tuple[str, ...]) -> str:
    stated = " ".join(f'SET "{name}"=?' for name in names)
    removed = " ".join(f'REMOVE "{name}"' for name in attributes if name not in names)
    return f'UPDATE "{table}" {stated} {removed} WHERE "pk"=? AND "version"=?'
