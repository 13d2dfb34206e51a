"""The largest total that one order of a client may come to. Pure.

Totals in different currencies cannot be compared, so each currency has a limit of its own. `*` is the limit in every
other currency, and where the order leaves the currency to ARM; without it such orders are not accepted: an order in
the wrong currency would pass every limit.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

#: The limit in every currency without one of its own.
ANY: Final = "*"

CURRENCY: Final = re.compile(r"[A-Z]{3}|\*")
AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)


class MalformedLimit(Exception):
    """A maxTotal is not as it should be. The message holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest gross total of one order, by currency."""

    #: In major currency units. None where every total is accepted.
    totals: Mapping[str, Decimal] | None = None

    @classmethod
    def of(cls, value: object) -> Self:
        """The limits that a client's maxTotal states, like {"NOK": "100000.00"}; None states none.

        Raises:
            MalformedLimit: it does not state any.
        """
        if value is None:
            return cls()
        if not isinstance(value, dict) or not value:
            raise MalformedLimit("should be an object with an amount for each currency")
        for currency, amount in value.items():
            if not CURRENCY.fullmatch(currency):
                raise MalformedLimit("should name currencies by three capital letters, and all others by *")
            if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
                raise MalformedLimit('should state each amount as a text, like "100000.00"')
        return cls({currency: Decimal(amount) for currency, amount in value.items()})

    def covers(self, currency: str | None) -> bool:
        """Whether orders in this currency are accepted at all."""
        return self.totals is None or ANY in self.totals or currency in self.totals

    def exceeded(self, currency: str | None, gross: Decimal) -> Decimal | None:
        """The limit that an order with this total exceeds; None where it exceeds none."""
        if self.totals is None:
            return None
        limit = self.totals.get(currency or ANY, self.totals.get(ANY))
        return limit if limit is not None and abs(gross) > limit else None

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that have limits of their own."""
        return tuple(sorted(set(self.totals or ()) - {ANY}))


#: Every total is accepted.
NO_LIMITS: Final = Limits()
