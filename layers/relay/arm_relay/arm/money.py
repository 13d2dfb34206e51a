"""Decimal money: rounding to the currency's minor unit, discounts, and VAT from net or from gross.

Amounts are in major currency units (kroner, not øre) as `Decimal`; rates and discounts are in per cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from arm_relay.batches.batch import Amounts
from arm_relay.json_notation import EXACT_DIGITS

#: Currencies whose minor unit is not a hundredth (ISO 4217).
MINOR_UNIT_DIGITS: Final = {
    **dict.fromkeys(("CLF", "UYW"), 4),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLP", "GNF", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BIF", "DJF", "KMF", "RWF", "UYI"), 0),
}

#: Rounds to what a JSON number holds exactly.
JSON_NUMBER: Final = Context(prec=EXACT_DIGITS, rounding=ROUND_HALF_UP)

#: Wide enough for the product of a quantity, a price and rates to be exact; Python's own 28 digits are not.
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)

HUNDRED: Final = Decimal(100)

#: A rate in per cent has at most four decimals, so a rate times this is a whole number, and so is 100 % times this.
RATE_SCALE: Final = 10_000


def round_half_up(amount: Decimal, digits: int) -> Decimal:
    """`amount` with `digits` decimals; a half goes away from zero, so a credit mirrors its invoice."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def minor_unit_digits(currency: str | None) -> int:
    """How many decimals an amount in `currency` has; 2 where the order leaves the currency to ARM."""
    return MINOR_UNIT_DIGITS.get(currency or "", 2)


NOTHING: Final = Amounts(net=Decimal(0), vat=Decimal(0), gross=Decimal(0))


@dataclass(frozen=True, slots=True)
class Tax:
    """VAT at one rate: put on net amounts, or contained in gross ones.

    Amounts that come in are rounded to `digits` decimals already; the VAT that comes out is, too.
    """

    rate: Decimal
    #: Whether the amounts contain the VAT.
    is_contained: bool
    #: The decimals of the currency's minor unit.
    digits: int

    def of(self, amount: Decimal) -> Decimal:
        """The VAT of one amount, rounded half-up (EN 16931, BR-CO-17: base x rate, rounded)."""
        return self._amount(self._rounded(self._whole(amount)))

    def spread(self, amounts: Sequence[Decimal]) -> list[Decimal]:
        """The VAT of each amount, so that they add up to the VAT of their sum, rounded once (BR-CO-17).

        Each is its exact VAT rounded down, and the largest remainders get a minor unit more until the sum is right; of
        equal remainders the earlier. The first amount that is not zero counts as positive, whatever its sign: so a
        credit mirrors its invoice.
        """
        wholes = [self._whole(amount) for amount in amounts]
        sign = -1 if next((whole for whole in wholes if whole), 0) < 0 else 1
        parts, remainders = [], []
        for whole in wholes:
            part, remainder = divmod(sign * whole * self._numerator, self._denominator)
            parts.append(part)
            remainders.append(remainder)
        missing = self._rounded(sign * sum(wholes)) - sum(parts)
        # Python's sort is stable, so the earlier of two equal remainders comes first.
        for index in sorted(range(len(parts)), key=lambda index: -remainders[index])[:missing]:
            parts[index] += 1
        return [self._amount(sign * part) for part in parts]

    @property
    def _numerator(self) -> int:
        return int(self.rate * RATE_SCALE)

    @property
    def _denominator(self) -> int:
        return 100 * RATE_SCALE + (self._numerator if self.is_contained else 0)

    def _whole(self, amount: Decimal) -> int:
        """In minor units."""
        return int(amount.scaleb(self.digits))

    def _amount(self, whole: int) -> Decimal:
        return Decimal(whole).scaleb(-self.digits)

    def _rounded(self, whole: int) -> int:
        """The VAT in minor units, half of one going away from zero."""
        doubled = 2 * abs(whole) * self._numerator + self._denominator
        rounded = doubled // (2 * self._denominator)
        return -rounded if whole < 0 else rounded


def price_of(net: Decimal, quantity: Decimal) -> Decimal:
    """The net price of one unit to 15 significant digits, the most that a JSON number holds exactly."""
    return JSON_NUMBER.divide(net, quantity)
