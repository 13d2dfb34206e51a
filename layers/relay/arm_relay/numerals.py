"""A number as JSON writes it. Pure."""

from decimal import Decimal
from typing import Final

#: Every decimal of up to this many significant digits is the shortest form of some double, so JSON carries it exactly.
EXACT_DIGITS: Final = 15


def json_number(number: Decimal) -> int | float:
    """A number of at most `EXACT_DIGITS` digits, in the type that JSON writes it from."""
    return int(number) if number == number.to_integral_value() else float(number)
