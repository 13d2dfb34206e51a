"""How JSON writes a number, and a JSON Pointer a place (RFC 6901). Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

#: Every decimal of up to this many significant digits is the shortest form of some double, so JSON carries it exactly.
EXACT_DIGITS: Final = 15


def json_number(number: Decimal) -> int | float:
    """A number of at most `EXACT_DIGITS` digits, in the type that JSON writes it from."""
    return int(number) if number == number.to_integral_value() else float(number)


def below(place: str, key: int | str) -> str:
    """The JSON Pointer of a value in the object or the list at this place."""
    return f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}"


def to_pointer(parts: Iterable[int | str]) -> str:
    """The JSON Pointer of a place in a body."""
    place = ""
    for part in parts:
        place = below(place, part)
    return place
