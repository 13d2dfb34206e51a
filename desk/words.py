"""Amounts, times and sums as people read them. Pure; what programs read stays as the relay says it."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from desk.answers import Sum
from desk.problems import Problem

#: Between groups of three digits: no reader takes it for a decimal sign.
THIN: Final = "\N{THIN SPACE}"

#: The currency of orders that name none.
UNNAMED: Final = "in ARM's own currency"

#: What stands where nothing is known.
NOTHING: Final = "-"


def amount(value: Decimal | int | None, currency: str | None = None) -> str:
    """An amount with its digits in groups of three, at least two decimals, and its currency."""
    if value is None:
        return "not recorded"
    exponent = Decimal(value).as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    shown = f"{value:,.{decimals}f}".replace(",", THIN)
    return f"{shown} {currency}" if currency else shown


def moment(text: str | None, zone: tzinfo | None = None) -> str:
    """A time of the relay's in this zone, or in this machine's, to the second."""
    if text is None:
        return NOTHING
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def check_time(option: str, text: str | None) -> None:
    """See that what is given as an option is a time.

    Raises:
        Problem: it is none, or does not say in which time zone it is.
    """
    if text is None:
        return
    try:
        is_whole = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Problem(f"{option} {text} is not a time with its zone: write it as 2025-11-26T00:00:00Z")


def zone_name(zone: tzinfo | None, now: datetime) -> str:
    """What the zone in which times are shown calls itself."""
    return now.astimezone(zone).tzname() or "local time"


def sums(all_sums: Iterable[Sum]) -> str:
    """What several orders come to, one line for each currency and type of document."""
    lines = [f"{amount(each['total'], each['currency'] or UNNAMED)} ({each['documentType']})" for each in all_sums]
    return "\n".join(lines) or NOTHING


def count(number: int, one: str, several: str | None = None) -> str:
    """A number of things, in words that agree with it."""
    return f"{number} {one if number == 1 else several or one + 's'}"
