"""A request's body as JSON, read within bounds. Pure.

RFC 8259 leaves to its reader how deep values nest, how long numbers are and what a repeated key means.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from arm_relay.faults import Fault, to_pointer

#: An order needs five levels: the array, the order, its lines, a line, its groups.
MOST_LEVELS: Final = 16
#: Of an object's member, in characters; an order's longest has 20.
LONGEST_NAME: Final = 200
#: More than any number of an order may have, and all that Decimal computes with unless it is told otherwise.
MANY_DIGITS: Final = 28

#: Strings are passed over; they take what is left where they do not end, and nothing is ever read twice.
BRACKET: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(?P<opens>[\[{])|(?P<closes>[\]}])', re.DOTALL)


class NotJson(Exception):
    """The body is not JSON."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Stands for the value of a key that its object holds more than once; one is as good as another."""


def parse_json(body: bytes) -> object:
    """The body's value: numbers with decimals or exponents as `Decimal`, repeated keys as `Repeated`.

    Raises:
        NotJson: it is not JSON (NaN and Infinity are not either), nests too deeply, or has a name too long.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotJson(f"the body is not UTF-8 at byte {error.start}") from None
    _check_levels(text)
    try:
        return json.loads(
            text,
            parse_float=to_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise NotJson(f"the body is not JSON: {error}") from None


def repeated_keys(value: object, *place: int | str) -> Iterator[Fault]:
    """A fault for every repeated key in a value that was read from `place`."""
    if isinstance(value, Repeated):
        yield Fault(to_pointer(place), "is there more than once")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from repeated_keys(member, *place, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from repeated_keys(item, *place, index)


def to_decimal(text: str) -> Decimal:
    """The number a text holds; Infinity where its exponent alone is beyond any number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _check_levels(text: str) -> None:
    level = 0
    for found in BRACKET.finditer(text):
        level += bool(found["opens"]) - bool(found["closes"])
        if level > MOST_LEVELS:
            raise NotJson(f"the body nests deeper than {MOST_LEVELS} levels at character {found.start()}")


def _integer(text: str) -> int:
    # What comes after so many digits changes nothing: it is too large for every field.
    return int(text[: MANY_DIGITS + 2])


def _no_constant(name: str) -> object:
    raise NotJson(f"the body is not JSON: {name} is no number of JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if any(len(name) > LONGEST_NAME for name in members):
        raise NotJson(f"the body has a name of more than {LONGEST_NAME} characters")
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        members |= {key: Repeated() for key, number in times.items() if number > 1}
    return members
