"""A request's body as JSON, read within bounds. Pure.

RFC 8259 lets the reader decide how deeply values may nest, how long numbers may be and what a repeated key means.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

#: An order needs five levels: the array, the order, its lines, a line, its groups.
MOST_LEVELS: Final = 16
#: The longest name of an object's member, in characters. The longest of an order has 20.
LONGEST_NAME: Final = 200
#: More digits than any number of an order may have; also the precision of Decimal by default.
MANY_DIGITS: Final = 28

#: Strings are skipped. One without an end takes the rest, and nothing is ever read twice.
BRACKET: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(?P<opens>[\[{])|(?P<closes>[\]}])', re.DOTALL)


class NotJson(Exception):
    """The body is not JSON."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Stands for the value of a key that appears more than once in its object. One is equal to another."""


def parse_json(body: bytes) -> object:
    """The body's value: numbers with decimals or exponents as `Decimal`, repeated keys as `Repeated`.

    A member that is null is left out: it means the same everywhere. So is a byte order mark (RFC 8259, section 8.1).

    Raises:
        NotJson: it is not JSON (neither are NaN and Infinity), nests too deeply, or contains too long a name.
    """
    try:
        text = body.decode().lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise NotJson(f"The body is not UTF-8 at byte {error.start}.") from None
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
        raise NotJson(f"The body is not JSON: {error}.") from None


def to_decimal(text: str) -> Decimal:
    """The number in a text; Infinity where its exponent alone is out of range."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _check_levels(text: str) -> None:
    level = 0
    for found in BRACKET.finditer(text):
        level += bool(found["opens"]) - bool(found["closes"])
        if level > MOST_LEVELS:
            raise NotJson(f"The body nests deeper than {MOST_LEVELS} levels at character {found.start()}.")


def _integer(text: str) -> int:
    # Further digits change nothing: the number is too large for every field.
    return int(text[: MANY_DIGITS + 2])


def _no_constant(name: str) -> object:
    raise NotJson(f"The body is not JSON: {name} is not a number in JSON.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if any(len(name) > LONGEST_NAME for name in members):
        raise NotJson(f"The body contains a name of more than {LONGEST_NAME} characters.")
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        members |= {key: Repeated() for key, number in times.items() if number > 1}
    if None in members.values():
        return {name: value for name, value in members.items() if value is not None}
    return members
