"""Numbers, amounts, dates and times as a Norwegian accountant writes them. Pure."""

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision

from desk.page.bounds import amount_of, moment_of

#: Numbers look the same in both languages: who reads them keeps Norwegian books.
_LOCALE = "nb_NO"

#: What stands between the date and the time.
_BETWEEN = {"nb": " kl. ", "en": " "}

#: A time in ISO 8601 within a text.
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


def person(name: str) -> str:
    """Who did something: of an ARN the name at its end, arn:aws:iam::1:user/kari is kari."""
    return name.rsplit("/", 1)[-1] or name if name.startswith("arn:") else name


class Formats:
    """How values are written in one language, with times in one time zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self._between = _BETWEEN[language]
        self._zone = zone

    def count(self, number: int) -> str:
        """A whole number: 1 234."""
        return format_decimal(number, locale=_LOCALE)

    def quantity(self, number: Decimal) -> str:
        """A number with as many decimals as it has: 1,5."""
        return format_decimal(amount_of(number), format="#,##0.######", locale=_LOCALE)

    def amount(self, amount: Decimal, currency: str | None) -> str:
        """An amount without its currency, with the currency's decimals: 1 234,50."""
        places = get_currency_precision(currency) if currency else 2
        pattern = "#,##0." + "0" * places if places else "#,##0"
        return format_decimal(amount_of(amount), format=pattern, locale=_LOCALE)

    def price(self, price: Decimal, currency: str | None) -> str:
        """A price for one unit, which may have more decimals than an amount: 1 234,505."""
        places = get_currency_precision(currency) if currency else 2
        return format_decimal(amount_of(price), format="#,##0." + "0" * places + "#" * (6 - places), locale=_LOCALE)

    def money(self, amount: Decimal, currency: str | None) -> str:
        """An amount with its currency: 1 234,50 kr. Only the Norwegian krone is kr: Swedes and Danes have one, too."""
        unit = "kr" if currency == "NOK" else currency
        written = self.amount(amount, currency)
        return f"{written}\N{NO-BREAK SPACE}{unit}" if unit else written

    def day(self, day: date | str) -> str:
        """A date: 27.11.2026. A text that is no ISO date stays as it is: what ARM gets may be anything."""
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day)
            except ValueError:
                return str(day)
        return format_date(day, format="dd.MM.yyyy", locale=_LOCALE)

    def short_day(self, day: date) -> str:
        """A date without its year: 27.11."""
        return format_date(day, format="dd.MM.", locale=_LOCALE)

    def moment(self, moment: str, *, seconds: bool = False) -> str:
        """A time in ISO 8601: 27.11.2026 kl. 08:15."""
        local = self.local(moment)
        clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
        return f"{self.day(local.date())}{self._between}{clock}"

    def moments_within(self, text: str) -> str:
        """A text of the relay's with its times written as the others of the page."""
        return _MOMENT.sub(lambda found: self.moment(found[0], seconds=True), text)

    def local(self, moment: str) -> datetime:
        """A time in ISO 8601, in the time zone of the books."""
        return moment_of(moment, self._zone)
