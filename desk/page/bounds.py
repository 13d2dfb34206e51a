"""What the page takes from documents and texts, whose members no type checks: what is none is said in words. Pure."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from desk.answers import is_amount
from desk.problems import Problem


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
    if not is_amount(amount):
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


def _odd(what: str) -> Problem:
    return Problem(f"the relay's answer holds a {what} that is none; use the desk of the version that is deployed")
