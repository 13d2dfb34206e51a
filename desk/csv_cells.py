"""Cells of CSV, in which no text of somebody else's becomes a formula of a spreadsheet. Pure."""

import re
from typing import Final

#: What a spreadsheet would take for a formula, with its full-width forms.
FORMULA: Final = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                  "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip

NUMBER: Final = re.compile(r"-?[0-9]+([.,][0-9]+)?", re.ASCII)


def cell[T: str | int](value: T) -> T | str:
    """A value as a cell; numbers, and texts that are a number, stay as they are."""
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    begins = value.startswith(("\t", "\r", "\n")) or value.lstrip().startswith(FORMULA)
    return f"'{value}" if begins else value
