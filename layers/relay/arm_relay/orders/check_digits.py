"""Check digits: what a number's last digit must be, given the others. Pure.

The numbers are strings of digits; MOD11 writes a remainder of ten as a hyphen.
"""

from itertools import cycle
from typing import Final

#: The weights of MOD11 in a KID and in a Norwegian organisation number, from the right.
WEIGHTS: Final = (2, 3, 4, 5, 6, 7)

ORGANISATION_NUMBER_DIGITS: Final = 9
GLN_DIGITS: Final = 13


def is_kid(number: str) -> bool:
    """Whether the last character is the check digit of the others, by MOD10 or MOD11, as in a Norwegian KID."""
    body, last = number[:-1], number[-1]
    return body.isdecimal() and last in (mod10(body), mod11(body))


def is_organisation_number(number: str) -> bool:
    """Whether it is a Norwegian organisation number: nine digits, the last by MOD11 (Peppol, PEPPOL-COMMON-R041)."""
    return _is_digits(number, ORGANISATION_NUMBER_DIGITS) and number[-1] == mod11(number[:-1])


def is_gln(number: str) -> bool:
    """Whether it is a Global Location Number: thirteen digits, the last by GS1's rule (Peppol, PEPPOL-COMMON-R040)."""
    if not _is_digits(number, GLN_DIGITS):
        return False
    weighted = sum(int(digit) * weight for digit, weight in zip(reversed(number[:-1]), cycle((3, 1)), strict=False))
    return int(number[-1]) == -weighted % 10


def mod10(body: str) -> str:
    """The check digit by MOD10, Luhn's algorithm."""
    doubled = (int(digit) * factor for digit, factor in zip(reversed(body), cycle((2, 1)), strict=False))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def mod11(body: str) -> str:
    """The check digit by MOD11 with the weights 2 to 7; a hyphen where it would be ten."""
    weighted = sum(int(digit) * weight for digit, weight in zip(reversed(body), cycle(WEIGHTS), strict=False))
    check = -weighted % 11
    return "-" if check == 10 else str(check)  # noqa: PLR2004 (MOD11's own)


def _is_digits(number: str, length: int) -> bool:
    return len(number) == length and number.isascii() and number.isdecimal()
