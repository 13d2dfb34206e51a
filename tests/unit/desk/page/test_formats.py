from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from desk.page.formats import Formats

FORMATS = Formats("nb", ZoneInfo("Europe/Oslo"))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1234.5", "NOK", "1 234,50 kr"),
        ("-0.4", "NOK", "-0,40 kr"),
        ("1234567.891", "EUR", "1 234 567,89 EUR"),
        ("1234", "JPY", "1 234 JPY"),
        ("10", "SEK", "10,00 SEK"),
        ("10", None, "10,00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str | None, written: str) -> None:
    assert plain(FORMATS.money(Decimal(amount), currency)) == written


def test_prices_and_quantities_keep_their_decimals() -> None:
    assert plain(FORMATS.price(Decimal("449.505"), "NOK")) == "449,505"
    assert plain(FORMATS.price(Decimal(1200), "NOK")) == "1 200,00"
    assert plain(FORMATS.quantity(Decimal("1.5"))) == "1,5"
    assert plain(FORMATS.count(12345)) == "12 345"


def test_times_are_those_of_the_books() -> None:
    assert FORMATS.moment("2026-11-27T07:15:30.5Z") == "27.11.2026 kl. 08:15"
    assert FORMATS.moment("2026-07-01T22:30:05Z", seconds=True) == "02.07.2026 kl. 00:30:05"
    assert Formats("en", ZoneInfo("Europe/Oslo")).moment("2026-11-27T07:15:30Z") == "27.11.2026 08:15"


def test_what_is_no_date_stays_as_it_is() -> None:
    assert FORMATS.day("2026-02-01") == "01.02.2026"
    assert FORMATS.day("soon") == "soon"
    assert FORMATS.short_day(date(2026, 2, 1)) == "01.02."
