"""Decimal money: rounding to the currency's minor unit and VAT, from net or from gross.

Amounts are in major currency units (kroner, not øre) as `Decimal`; rates and discounts are in per cent.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, Self

#: Currencies whose minor unit is not a hundredth (ISO 4217).
MINOR_UNIT_DIGITS: Final = {
    **dict.fromkeys(("CLF", "UYW"), 4),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLP", "GNF", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BIF", "DJF", "KMF", "RWF", "UYI"), 0),
}

#: A price is sent with at most this many decimals (our choice: ARM documents none).
PRICE_DIGITS: Final = 6

#: Every decimal of up to 15 significant digits is the shortest form of some double.
JSON_NUMBER: Final = Context(prec=15, rounding=ROUND_HALF_UP)

#: Wide enough for the product of a quantity, a price and rates to be exact; Python's own 28 digits are not.
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)

HUNDRED: Final = Decimal(100)


def round_half_up(amount: Decimal, digits: int) -> Decimal:
    """`amount` with `digits` decimals; a half goes away from zero, so a credit mirrors its invoice."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def minor_unit_digits(currency: str | None) -> int:
    """How many decimals an amount in `currency` has; 2 where the order leaves the currency to ARM."""
    return MINOR_UNIT_DIGITS.get(currency or "", 2)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net, VAT and gross of a line or a document; net + vat = gross always holds exactly."""

    net: Decimal
    vat: Decimal
    gross: Decimal

    @property
    def largest(self) -> Decimal:
        """The largest of the three, without its sign: amounts of both signs may leave a small gross of large parts."""
        return max(abs(self.net), abs(self.vat), abs(self.gross))

    @classmethod
    def from_net(cls, net: Decimal, vat_rate: Decimal, digits: int) -> Self:
        """Round the net amount, then the VAT on it."""
        rounded = round_half_up(net, digits)
        vat = round_half_up(rounded * vat_rate / HUNDRED, digits)
        return cls(net=rounded, vat=vat, gross=rounded + vat)

    @classmethod
    def from_gross(cls, gross: Decimal, vat_rate: Decimal, digits: int) -> Self:
        """Round what the customer pays, then the VAT contained in it: the gross amount is never moved by a rounding."""
        rounded = round_half_up(gross, digits)
        vat = round_half_up(rounded * vat_rate / (HUNDRED + vat_rate), digits)
        return cls(net=rounded - vat, vat=vat, gross=rounded)

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(net=self.net + other.net, vat=self.vat + other.vat, gross=self.gross + other.gross)


NOTHING: Final = Amounts(net=Decimal(0), vat=Decimal(0), gross=Decimal(0))


def round_price(price: Decimal) -> Decimal:
    """A computed unit price, to `PRICE_DIGITS` decimals and no more digits than a JSON number holds exactly."""
    return JSON_NUMBER.plus(round_half_up(price, PRICE_DIGITS))
