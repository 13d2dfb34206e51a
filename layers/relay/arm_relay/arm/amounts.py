"""What an order comes to: the amounts of its lines and of its document. Pure.

A line's amount is rounded, then its discount, and the difference is what it bills (EN 16931, BT-136). VAT is rounded
once per rate and spread over the lines of that rate (BR-CO-17), so the lines always add up to the document.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Final, Literal

from arm_relay.arm.money import EXACT, HUNDRED, NOTHING, Tax, minor_unit_digits, price_of, round_half_up
from arm_relay.batches.batch import Amounts
from arm_relay.orders.order import ItemLine, Order

#: Over what VAT is rounded: all lines of one rate, or each line by itself.
type VatRounding = Literal["rate", "line"]

#: An amount has at most so many digits before the decimal point, and so many in all: then a price of 15 digits times
#: its quantity is the amount within half a minor unit.
WHOLE_DIGITS: Final = 12
DIGITS: Final = 14


def amounts_of(order: Order, default: VatRounding) -> tuple[Amounts, ...]:
    """The amounts of each line, nothing for lines of text. `default` is for orders without `vatRounding`."""
    digits = minor_unit_digits(order.currency)
    is_by_line = (order.vat_rounding or default) == "line"
    made = [NOTHING] * len(order.lines)
    groups: dict[Decimal | int, list[tuple[int, ItemLine]]] = {}
    for index, line in enumerate(order.lines):
        if isinstance(line, ItemLine):
            groups.setdefault(index if is_by_line else line.vat_rate, []).append((index, line))
    of = Amounts.of_gross if order.prices_include_vat else Amounts.of_net
    with localcontext(EXACT):
        for group in groups.values():
            tax = Tax(group[0][1].vat_rate, order.prices_include_vat, digits)
            billed = [_billed(line, digits) for _, line in group]
            for (index, _), amount, vat in zip(group, billed, tax.spread(billed), strict=True):
                made[index] = of(amount, vat)
    return tuple(made)


def sum_of(amounts: Sequence[Amounts]) -> Amounts:
    """A document's amounts, from those of its lines."""
    with localcontext(EXACT):
        return sum(amounts, start=NOTHING)


def before_discount(line: ItemLine, digits: int) -> Decimal:
    """Quantity times unit price, rounded."""
    with localcontext(EXACT):
        return round_half_up(line.quantity * line.unit_price, digits)


def discount_of(line: ItemLine, digits: int) -> Decimal:
    """What is taken off a line, rounded, in the sign of the line."""
    with localcontext(EXACT):
        if line.discount_amount:
            return round_half_up(line.discount_amount, digits)
        return round_half_up(before_discount(line, digits) * line.discount_percent / HUNDRED, digits)


def price_of_line(order: Order, line: ItemLine, amounts: Amounts) -> Decimal:
    """The net price of one unit after the discount.

    Where neither VAT nor a discount is taken off, that is exactly the price of the order.
    """
    if order.prices_include_vat or line.discount_percent or line.discount_amount:
        return price_of(amounts.net, line.quantity)
    return line.unit_price


def bound_of(currency: str | None) -> Decimal:
    """An amount in this currency must be smaller."""
    return Decimal(10) ** min(WHOLE_DIGITS, DIGITS - minor_unit_digits(currency))


def _billed(line: ItemLine, digits: int) -> Decimal:
    amount = before_discount(line, digits)
    return amount - discount_of(line, digits) if line.discount_amount or line.discount_percent else amount
