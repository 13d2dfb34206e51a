"""What single values of an order event may be, and what is said of those that may not. Pure.

Each check takes a value as it was read and returns it, or raises a `ValueError` whose message is the fault's detail.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from arm_relay.json_notation import EXACT_DIGITS, json_number
from arm_relay.orders.currencies import CURRENCIES
from arm_relay.orders.json_bodies import MANY_DIGITS, Repeated, to_decimal

#: A JSON number, as a string may hold it.
NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")

#: How far a sum of binary fractions strays from the decimal that was meant, as a part of it.
NOISE: Final = Decimal("1e-9")

#: Unicode's categories of characters that cannot be seen or look like a space (format, separators, control), or that
#: mean nothing (not assigned, for private use).
INVISIBLE_CATEGORIES: Final = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc", "Cn", "Co"})
#: Those that Unicode counts as letters or marks, but that cannot be seen either.
OTHER_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    # Variation selectors.
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)

#: The longest e-mail address (RFC 5321, section 4.5.3.1.3, with erratum 1690).
LONGEST_EMAIL: Final = 254
#: What may stand before the @. Quoted names are left out: they may hold anything, and nobody has one.
LOCAL_PART: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\.]+(\.[^\s@\"(),:;<>\[\]\\.]+)*")
#: One part of a domain (RFC 1035, section 2.3.1), letters of any script allowed (RFC 5890).
DOMAIN_PART: Final = re.compile(r"(?!-)[^\W_](?:[^\W_]|-){0,62}(?<!-)")

#: Bounds of `armFields`: what is passed through should stay small beside the document.
MOST_ARM_FIELDS: Final = 20
MOST_ARM_LEVELS: Final = 4
MOST_ARM_CHARACTERS: Final = 4000

#: Bounds of `metadata`: with every other field of forty orders as long as it may be, it fits into one message of SNS.
MOST_METADATA: Final = 20
LONGEST_METADATA_NAME: Final = 40
MOST_METADATA_BYTES: Final = 600
#: The names that metadata may have.
METADATA_NAME: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST_METADATA_NAME}}}")
#: Two code points that no text is meant to hold; SNS rejects them.
NO_CHARACTERS: Final = ("\ufffe", "\uffff")

#: Control characters other than tabs and line breaks, and halves of surrogate pairs.
UNSENDABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def decimal(places: int) -> Callable[[object], Decimal]:
    """A check for a number, or a string that holds one, with at most so many decimals."""

    def check(value: object) -> Decimal:
        number = _number(value)
        if len(number.as_tuple().digits) - number.adjusted() - 1 > places:
            meant = normal(round(number, places))
            if number != meant and abs(number - meant) <= NOISE * max(abs(number), Decimal(1)):
                raise ValueError(f"looks like {meant:f} with a computer's rounding error: round it before you send it")
        return number

    return check


def _number(value: object) -> Decimal:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = to_decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("should be a number, or a string that holds one")  # noqa: TRY004 (pydantic wants ValueError)
    number = Decimal(value)
    # Beyond these pydantic would round it, even to zero, or overflow.
    if not number.is_finite() or max(len(number.as_tuple().digits), abs(number.adjusted())) > MANY_DIGITS:
        raise ValueError("has too many digits")
    return number


def normal(value: Decimal) -> Decimal:
    """The same number without closing zeros; zero without a sign."""
    return value.normalize() + 0


def whole(value: object) -> object:
    """A whole number however it is written: 14.0 and 1.4e1 are 14. Anything else is left to the next check."""
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= MANY_DIGITS:
        return int(value) if value == value.to_integral_value() else value
    return value


def not_zero(value: Decimal) -> Decimal:
    """A quantity that is billed."""
    if not value:
        raise ValueError("is 0, so nothing is billed: write a text line, or leave the line out")
    return value


def vat_rate(value: Decimal) -> Decimal:
    """A rate in per cent that some country has."""
    if 0 < value < 1:
        percent = normal(value * 100)
        raise ValueError(f"is below 1 %: the rate is in per cent, so write {percent:f} for {percent:f} %")
    return value


def date_text(value: object) -> object:
    """A date as ISO 8601 writes it."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("should be a date, YYYY-MM-DD")
    return value


def currency(value: str) -> str:
    """A code of ISO 4217."""
    if value not in CURRENCIES:
        raise ValueError("is not a currency of ISO 4217")
    return value


def visible(value: str) -> str:
    """A text in which every character can be seen, so that two that look the same are the same."""
    if value.isascii():
        return value
    for place, character in enumerate(value, start=1):
        if character != " " and (
            unicodedata.category(character) in INVISIBLE_CATEGORIES or character in OTHER_INVISIBLE
        ):
            raise ValueError(f"contains an invisible character (U+{ord(character):04X}) as its character {place}")
    return value


def not_only_dots(value: str) -> str:
    """A text that can stand in a URL's path, where dots alone are no name."""
    if not value.strip("."):
        raise ValueError("must not consist of dots only")
    return value


def no_step(value: str) -> str:
    """A text that leads to itself in a URL's path, where one dot or two mean another place."""
    if value in {".", ".."}:
        raise ValueError("must not be . or ..")
    return value


def email(value: str) -> str:
    """An address that can be one: a name, an @ and a domain of two parts or more."""
    name, at, domain = value.rpartition("@")
    if not at or not LOCAL_PART.fullmatch(name):
        raise ValueError("should be an e-mail address, such as name@example.com")
    parts = domain.split(".")
    # No top-level domain is a number, so that no address looks like a host's.
    if len(parts) == 1 or parts[-1].isdecimal() or not all(DOMAIN_PART.fullmatch(part) for part in parts):
        raise ValueError("should be an e-mail address: what follows the @ is not a domain")
    return visible(value)


def at_most(most: int) -> Callable[[object], object]:
    """A check for an array of at most so many items, before any of them is looked at."""

    def check(value: object) -> object:
        if isinstance(value, list | tuple) and len(value) > most:
            raise ValueError(f"should have at most {most} items")
        return value

    return check


def metadata_names(value: object) -> object:
    """An object of a bounded number of members whose names are plain."""
    if not isinstance(value, dict):
        raise ValueError("should be an object")  # noqa: TRY004 (as above)
    if len(value) > MOST_METADATA:
        raise ValueError(f"should have at most {MOST_METADATA} members")
    for name in value:
        if not METADATA_NAME.fullmatch(name):
            raise ValueError(
                f"has a name that is not 1 to {LONGEST_METADATA_NAME} of the letters A to Z, digits, dots, hyphens and"
                " underscores"
            )
    return value


def metadata_value(value: object) -> str:
    """A text without control characters."""
    if not isinstance(value, str):
        raise ValueError("should be a string")  # noqa: TRY004 (as above)
    if UNSENDABLE.search(value) or any(character in value for character in NO_CHARACTERS):
        raise ValueError("should hold no control characters other than tabs and line breaks")
    return value


def metadata_size(value: dict[str, str]) -> dict[str, str]:
    """As JSON not larger than what the announcement of a full batch has room for."""
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MOST_METADATA_BYTES:
        raise ValueError(f"should take at most {MOST_METADATA_BYTES} bytes as JSON; it takes {size}")
    return value


def arm_fields(value: object) -> object:
    """Fields that are passed through: JSON of bounded size, whose numbers JSON carries exactly."""
    if not isinstance(value, dict):
        raise ValueError("should be an object")  # noqa: TRY004 (as above)
    if len(value) > MOST_ARM_FIELDS:
        raise ValueError(f"should have at most {MOST_ARM_FIELDS} fields")
    size = 0

    def passed(member: Any, level: int) -> Any:  # noqa: ANN401 (whatever the sender wrote)
        nonlocal size
        size += len(member) + 2 if isinstance(member, str | list | dict) else len(str(member))
        if size > MOST_ARM_CHARACTERS:
            raise ValueError(f"should have at most {MOST_ARM_CHARACTERS} characters in all")
        if level > MOST_ARM_LEVELS:
            raise ValueError(f"should nest at most {MOST_ARM_LEVELS} levels")
        if isinstance(member, dict):
            return {passed(name, level): passed(inner, level + 1) for name, inner in member.items()}
        if isinstance(member, list):
            return [passed(inner, level + 1) for inner in member]
        return _passed_value(member)

    return passed(value, 0)


def _passed_value(value: object) -> object:
    if isinstance(value, str) and UNSENDABLE.search(value):
        raise ValueError("should hold no control characters other than tabs and line breaks")
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        number = normal(_number(value))
        if len(number.as_tuple().digits) > EXACT_DIGITS:
            raise ValueError(f"contains a number with more than {EXACT_DIGITS} digits: send it as a string")
        return json_number(number)
    # A repeated key is reported as such.
    return None if isinstance(value, Repeated) else value
