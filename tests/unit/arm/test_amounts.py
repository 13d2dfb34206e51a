"""What orders come to, by examples and for whatever is sold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from arm_relay.arm.amounts import amounts_of, price_of_line, sum_of
from arm_relay.arm.money import NOTHING
from arm_relay.batches.batch import Amounts
from arm_relay.orders.order import ItemLine
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import an_order
from tests.support.reading import a_line, order

MINOR_UNITS = {"NOK": Decimal("0.01"), "EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}


type Texts = tuple[str, str, str]


def came_to(lines: Sequence[Mapping[str, object]], **changes: object) -> tuple[list[Texts], Texts]:
    """The amounts of the lines and of the document."""
    made = amounts_of(order(an_order(lines=list(lines), **changes)), "rate")
    return [texts(amounts) for amounts in made], texts(sum_of(made))


def texts(amounts: Amounts) -> Texts:
    return f"{amounts.net:f}", f"{amounts.vat:f}", f"{amounts.gross:f}"


def total(lines: Sequence[Mapping[str, object]], **changes: object) -> Texts:
    return came_to(lines, **changes)[1]


# VAT.


TEN = [a_line(quantity=2, unitPrice="348.11")] * 10


def test_vat_is_rounded_once_per_rate() -> None:
    lines, document = came_to(TEN)

    assert document == ("6962.20", "1740.55", "8702.75")
    assert {line[1] for line in lines} == {"174.06", "174.05"}


def test_vat_is_rounded_by_line_where_the_order_or_the_deployer_says_so() -> None:
    by_line = order(an_order(lines=TEN, vatRounding="line"))
    by_rate = order(an_order(lines=TEN, vatRounding="rate"))
    unsaid = order(an_order(lines=TEN))

    assert texts(sum_of(amounts_of(by_line, "rate"))) == ("6962.20", "1740.60", "8702.80")
    assert amounts_of(unsaid, "line") == amounts_of(by_line, "rate")
    assert amounts_of(by_rate, "line") == amounts_of(unsaid, "rate")


def test_each_rate_is_rounded_by_itself() -> None:
    cent = a_line(unitPrice="0.02")
    lines: list[dict[str, object]] = [cent, a_line(unitPrice="0.05", vatRate=15), cent, {"text": "x"}]

    made, document = came_to(lines)

    assert made == [("0.02", "0.01", "0.03"), ("0.05", "0.01", "0.06"), ("0.02", "0.00", "0.02"), ("0", "0", "0")]
    assert document == ("0.09", "0.02", "0.11")


def test_gross_prices_stand_and_the_vat_in_them_is_rounded_once_per_rate() -> None:
    made, document = came_to([a_line(unitPrice="0.99")] * 3, pricesIncludeVat=True)

    # 2.97 / 5 is 0.594; by line it would be three times 0.20.
    assert document == ("2.38", "0.59", "2.97")
    assert [line[2] for line in made] == ["0.99"] * 3


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [("rate", ("76.30", "11.45", "87.75")), ("line", ("76.30", "11.44", "87.74"))],
)
def test_the_two_ways_of_xeros_help_page(rounding: str, expected: tuple[str, ...]) -> None:
    lines = [
        a_line(quantity=2, unitPrice="12.53", vatRate="15"),
        a_line(unitPrice="25.61", vatRate="15"),
        a_line(unitPrice="25.63", vatRate="15"),
    ]

    assert total(lines, vatRounding=rounding) == expected


# Discounts.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"quantity": 6, "unitPrice": "5.504", "discountPercent": 20, "vatRate": 0},
            ("26.42", "0.00", "26.42"),
            id="both the amount and the discount are rounded",
        ),
        pytest.param(
            {"unitPrice": "84000", "discountAmount": 70000, "vatRate": 0}, ("14000", "0", "14000"), id="by an amount"
        ),
        pytest.param(
            {"unitPrice": "10.05", "discountPercent": 50}, ("5.02", "1.26", "6.28"), id="a half taken off goes up"
        ),
        pytest.param(
            {"quantity": "2.25", "unitPrice": "64.22", "discountPercent": 100}, ("0", "0", "0"), id="all of it"
        ),
        pytest.param(
            {"quantity": 3, "unitPrice": "0.333", "discountAmount": 1},
            ("0", "0", "0"),
            id="all of it, as it is rounded",
        ),
        pytest.param(
            {"quantity": -2, "unitPrice": 50, "discountAmount": -10},
            ("-90", "-22.5", "-112.5"),
            id="in the line's sign",
        ),
    ],
)
def test_a_discount_is_taken_off_the_line(changes: dict[str, object], expected: tuple[str, ...]) -> None:
    assert list(map(Decimal, expected)) == list(map(Decimal, total([a_line(**changes)])))


def test_a_discount_of_a_gross_price_is_gross() -> None:
    changes = {"unitPrice": 200, "discountAmount": "50"}

    assert total([a_line(**changes)], pricesIncludeVat=True) == ("120.00", "30.00", "150.00")


# Whatever is sold.

quantities = st.decimals(min_value=-1000, max_value=10**6, places=4).filter(bool)
prices = st.decimals(min_value=-100_000, max_value=100_000, places=6)
rates = st.sampled_from(["0", "6", "11.11", "12", "15", "25"]) | st.decimals(min_value=1, max_value=100, places=4)


@st.composite
def item_lines(draw: st.DrawFn) -> dict[str, object]:
    quantity, price = draw(quantities), draw(prices)
    line = a_line(quantity=str(quantity), unitPrice=str(price), vatRate=str(draw(rates)))
    match draw(st.sampled_from(["", "percent", "amount"])):
        case "percent":
            line["discountPercent"] = str(draw(st.decimals(min_value=0, max_value=100, places=2)))
        case "amount":
            part = draw(st.integers(min_value=0, max_value=100))
            line["discountAmount"] = str(round(int(quantity * price) * Decimal(part) / 100, 2))
    return line


texts_between = st.builds(lambda text: {"text": text}, st.text("abc", max_size=5))
orders = st.builds(
    an_order,
    currency=st.sampled_from(list(MINOR_UNITS)),
    pricesIncludeVat=st.booleans(),
    vatRounding=st.sampled_from(["rate", "line"]),
    lines=st.lists(item_lines() | texts_between, min_size=1, max_size=8),
)


def amounts(content: dict[str, Any]) -> tuple[Amounts, ...]:
    return amounts_of(order(content), "rate")


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, ROUND_HALF_UP)


def asked(line: dict[str, Any], unit: Decimal) -> Decimal:
    """What the order asks for a line, by schoolbook arithmetic."""
    amount = rounded(Decimal(line["quantity"]) * Decimal(line["unitPrice"]), unit)
    percent = rounded(amount * Decimal(line.get("discountPercent", 0)) / 100, unit)
    return amount - percent - rounded(Decimal(line.get("discountAmount", 0)), unit)


@given(orders)
def test_lines_add_up_to_the_document_in_minor_units(content: dict[str, Any]) -> None:
    unit = MINOR_UNITS[content["currency"]]
    made = amounts(content)

    for part in (*made, sum_of(made)):
        assert part.net + part.vat == part.gross
        assert all(amount == rounded(amount, unit) for amount in (part.net, part.vat, part.gross))


@given(orders)
def test_every_line_bills_exactly_what_the_order_asks(content: dict[str, Any]) -> None:
    unit = MINOR_UNITS[content["currency"]]

    for line, made in zip(content["lines"], amounts(content), strict=True):
        billed = made.gross if content["pricesIncludeVat"] else made.net
        assert billed == (0 if "text" in line else asked(line, unit))


type Group = tuple[Decimal, int | None]


@given(orders)
def test_vat_is_the_base_times_the_rate_rounded_once_per_rate(content: dict[str, Any]) -> None:
    unit = MINOR_UNITS[content["currency"]]
    bases, vats = defaultdict[Group, Decimal](Decimal), defaultdict[Group, Decimal](Decimal)
    for index, (line, made) in enumerate(zip(content["lines"], amounts(content), strict=True)):
        if "text" not in line:
            group = (Decimal(line["vatRate"]), index if content["vatRounding"] == "line" else None)
            bases[group] += made.gross if content["pricesIncludeVat"] else made.net
            vats[group] += made.vat

    for (rate, place), vat in vats.items():
        base = bases[rate, place]
        if content["pricesIncludeVat"]:
            # Compared without the division, which no decimal holds exactly.
            assert abs(vat * (100 + rate) - base * rate) <= unit / 2 * (100 + rate)
        else:
            assert vat == rounded(base * rate / 100, unit)


@given(orders)
def test_every_price_times_its_quantity_is_the_net_amount(content: dict[str, Any]) -> None:
    unit = MINOR_UNITS[content["currency"]]
    parsed = order(content)

    for line, made in zip(parsed.lines, amounts_of(parsed, "rate"), strict=True):
        if isinstance(line, ItemLine):
            assert abs(price_of_line(parsed, line, made) * line.quantity - made.net) <= unit / 2


@given(orders)
def test_a_credit_note_mirrors_its_invoice_line_by_line(content: dict[str, Any]) -> None:
    turned = [
        line | {name: str(-Decimal(line[name])) for name in ("quantity", "discountAmount") if name in line}
        for line in content["lines"]
    ]

    mirrored = [Amounts(net=-made.net, vat=-made.vat, gross=-made.gross) for made in amounts(content)]

    assert mirrored == list(amounts(content | {"lines": turned}))


@given(orders)
def test_what_is_all_taken_off_is_nothing(content: dict[str, Any]) -> None:
    free = [
        line if "text" in line else {n: v for n, v in line.items() if n != "discountAmount"} | {"discountPercent": 100}
        for line in content["lines"]
    ]

    assert all(made == NOTHING for made in amounts(content | {"lines": free}))
