"""What the page takes from the relay's answers: what no relay means is said in words, and drawn nowhere. Pure."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from desk.problems import Problem

#: No count is larger.
MOST: Final = 10**15
#: Amounts have at most so many digits before the decimal point and after it.
DIGITS: Final = 30


def count_of(value: int) -> int:
    """A count.

    Raises:
        Problem: it is too large to be one.
    """
    if abs(value) > MOST:
        raise _odd("count")
    return value


def amount_of(value: Decimal | str) -> Decimal:
    """An amount, exactly.

    Raises:
        Problem: it is no number, or too large or too fine to be an amount.
    """
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise _odd("amount") from None
    # Written out, a number of a few signs can be millions of digits long.
    if not amount.is_finite() or amount.adjusted() > DIGITS or _places(amount) > DIGITS:
        raise _odd("amount")
    return amount


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A time, in a time zone.

    Raises:
        Problem: it is none, or so early or late that it is none in this zone.
    """
    try:
        return datetime.fromisoformat(text).astimezone(zone)
    except (ValueError, OverflowError):
        raise _odd("time") from None


def day_of(text: str) -> date:
    """A date.

    Raises:
        Problem: it is none, or so early or late that there is no other near it.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _odd("date") from None
    if not 1900 <= day.year < 9000:  # noqa: PLR2004 (years)
        raise _odd("date")
    return day


def zone_of(name: str) -> ZoneInfo:
    """A time zone.

    Raises:
        Problem: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise _odd("time zone") from None


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else DIGITS + 1


def _odd(what: str) -> Problem:
    return Problem(f"the relay's answer holds a {what} that is none; use the desk of the version that is deployed")
