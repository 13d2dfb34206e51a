from decimal import Decimal

import pytest
from arm_relay.arm.money import NOTHING, Tax, minor_unit_digits, price_of, round_half_up
from arm_relay.batches.batch import Amounts
from hypothesis import given
from hypothesis import strategies as st

rates = st.decimals(min_value=0, max_value=100, places=4)
digits = st.sampled_from([0, 2, 3])


@st.composite
def rounded(draw: st.DrawFn) -> tuple[list[Decimal], Tax]:
    """Amounts of any sign in minor units, and a tax on them."""
    places = draw(digits)
    wholes = draw(st.lists(st.integers(min_value=-(10**9), max_value=10**9), min_size=1, max_size=12))
    return [Decimal(whole).scaleb(-places) for whole in wholes], Tax(draw(rates), draw(st.booleans()), places)


@pytest.mark.parametrize(
    ("amount", "digits", "expected"),
    [
        pytest.param("0.005", 2, "0.01", id="a half goes up"),
        pytest.param("-0.005", 2, "-0.01", id="and down where it is a credit"),
        pytest.param("0.015", 2, "0.02", id="not to the even digit, up"),
        pytest.param("0.025", 2, "0.03", id="not to the even digit, down"),
        pytest.param("0.0049999999", 2, "0.00", id="less than a half goes to zero"),
        pytest.param("0.5", 0, "1", id="no minor unit"),
        pytest.param("0.0005", 3, "0.001", id="a thousandth"),
    ],
)
def test_a_half_is_rounded_away_from_zero(amount: str, digits: int, expected: str) -> None:
    assert Decimal(expected) == round_half_up(Decimal(amount), digits)


@pytest.mark.parametrize(
    ("currency", "expected"),
    [("NOK", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("CLF", 4), (None, 2)],
    ids=["øre", "yen have none", "krónur have none", "fils", "ten-thousandths", "left to ARM"],
)
def test_an_amount_has_as_many_decimals_as_its_currency(currency: str | None, expected: int) -> None:
    assert expected == minor_unit_digits(currency)


@pytest.mark.parametrize(
    ("net", "rate", "expected"),
    [
        pytest.param("200", "25", "50", id="the documentation's comb"),
        pytest.param("5000", "25", "1250", id="the documentation's pill"),
        pytest.param("0.02", "25", "0.01", id="half an øre of VAT"),
        pytest.param("-0.02", "25", "-0.01", id="half an øre of VAT given back"),
        pytest.param("9.99", "0", "0", id="no VAT"),
        pytest.param("899.10", "11.11", "99.89", id="raw fish"),
    ],
)
def test_vat_is_put_on_net_amounts(net: str, rate: str, expected: str) -> None:
    assert Decimal(expected) == Tax(Decimal(rate), is_contained=False, digits=2).of(Decimal(net))


@pytest.mark.parametrize(
    ("gross", "rate", "expected"),
    [
        pytest.param("250", "25", "50", id="divides"),
        pytest.param("99.90", "25", "19.98", id="a shop's price"),
        pytest.param("100", "15", "13.04", id="does not divide"),
        pytest.param("-100", "15", "-13.04", id="the same given back"),
        pytest.param("0.01", "25", "0", id="too little for VAT"),
        pytest.param("9.99", "0", "0", id="no VAT"),
    ],
)
def test_vat_is_taken_out_of_gross_amounts(gross: str, rate: str, expected: str) -> None:
    assert Decimal(expected) == Tax(Decimal(rate), is_contained=True, digits=2).of(Decimal(gross))


@pytest.mark.parametrize(
    ("amounts", "rate", "expected"),
    [
        pytest.param(["696.22"] * 10, "25", ["174.06"] * 5 + ["174.05"] * 5, id="halves go to the earlier lines"),
        pytest.param(["-696.22"] * 4, "25", ["-174.06"] * 2 + ["-174.05"] * 2, id="and so where they are given back"),
        pytest.param(["0.01", "0.03"], "25", ["0", "0.01"], id="to the largest remainder"),
        pytest.param(["0", "0.02", "0"], "25", ["0", "0.01", "0"], id="nothing to what is nothing"),
        pytest.param(["100.50", "-100.50"], "25", ["25.13", "-25.13"], id="what is given back takes the same back"),
        pytest.param(["-10", "10"], "0", ["0", "0"], id="no VAT"),
        pytest.param([], "25", [], id="nothing at all"),
    ],
)
def test_vat_is_rounded_once_and_spread(amounts: list[str], rate: str, expected: list[str]) -> None:
    tax = Tax(Decimal(rate), is_contained=False, digits=2)

    assert list(map(Decimal, expected)) == tax.spread(list(map(Decimal, amounts)))


@given(rounded())
def test_the_vat_of_the_parts_adds_up_to_the_vat_of_the_sum(made: tuple[list[Decimal], Tax]) -> None:
    amounts, tax = made

    assert sum(tax.spread(amounts)) == tax.of(sum(amounts, start=Decimal(0)))


@given(rounded())
def test_the_vat_of_a_sum_is_off_by_half_a_minor_unit_at_most(made: tuple[list[Decimal], Tax]) -> None:
    amounts, tax = made
    total = sum(amounts, start=Decimal(0))
    half = Decimal(5).scaleb(-tax.digits - 1)

    # Compared without the division, which no decimal holds exactly.
    base = 100 + (tax.rate if tax.is_contained else 0)
    assert abs(tax.of(total) * base - total * tax.rate) <= half * base


@given(rounded())
def test_no_part_is_off_by_a_minor_unit_or_more(made: tuple[list[Decimal], Tax]) -> None:
    amounts, tax = made
    base = 100 + (tax.rate if tax.is_contained else 0)

    for amount, vat in zip(amounts, tax.spread(amounts), strict=True):
        assert abs(vat * base - amount * tax.rate) < Decimal(1).scaleb(-tax.digits) * base
        assert amount or not vat


@given(rounded())
def test_a_credit_mirrors_its_invoice(made: tuple[list[Decimal], Tax]) -> None:
    amounts, tax = made

    assert [-vat for vat in tax.spread(amounts)] == tax.spread([-amount for amount in amounts])


@given(rounded())
def test_one_amount_by_itself_has_the_vat_of_the_sum(made: tuple[list[Decimal], Tax]) -> None:
    (amount, *_), tax = made

    assert [tax.of(amount)] == tax.spread([amount])


def test_sums_hold_exactly() -> None:
    lines = [Amounts.of_net(Decimal("0.10"), Decimal("0.03")), Amounts.of_gross(Decimal("1.00"), Decimal("0.20"))]

    assert sum(lines, start=NOTHING) == Amounts(net=Decimal("0.90"), vat=Decimal("0.23"), gross=Decimal("1.13"))


@pytest.mark.parametrize(
    ("net", "quantity", "expected"),
    [
        pytest.param("79.92", "1", "79.92", id="short enough"),
        pytest.param("100", "3", "33.3333333333333", id="fifteen digits"),
        pytest.param("3106.72", "278362.5", "0.0111606987291751", id="fifteen digits behind zeros"),
        pytest.param("-2", "3", "-0.666666666666667", id="rounded half-up, whatever the sign"),
        pytest.param("0", "7", "0", id="a present"),
    ],
)
def test_a_computed_price_has_as_many_digits_as_a_json_number_holds(net: str, quantity: str, expected: str) -> None:
    assert Decimal(expected) == price_of(Decimal(net), Decimal(quantity))


@given(
    st.integers(min_value=-(10**14), max_value=10**14),
    st.decimals(min_value="0.000001", max_value=10**9, places=6) | st.decimals(min_value=1, max_value=10**15, places=0),
)
def test_a_computed_price_times_its_quantity_is_the_net_amount(minor_units: int, quantity: Decimal) -> None:
    net = Decimal(minor_units).scaleb(-2)

    assert abs(price_of(net, quantity) * quantity - net) <= Decimal("0.005")
