from decimal import Decimal

import pytest
from arm_relay.arm.money import NOTHING, Amounts, minor_unit_digits, round_half_up, round_price
from hypothesis import given
from hypothesis import strategies as st

amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=6)
rates = st.decimals(min_value=0, max_value=100, places=4)
digits = st.sampled_from([0, 2, 3])


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
        pytest.param("200", "25", ("200", "50", "250"), id="the documentation's comb"),
        pytest.param("5000", "25", ("5000", "1250", "6250"), id="the documentation's pill"),
        pytest.param("0.02", "25", ("0.02", "0.01", "0.03"), id="half an øre of VAT"),
        pytest.param("-0.02", "25", ("-0.02", "-0.01", "-0.03"), id="half an øre of VAT given back"),
        pytest.param("9.99", "0", ("9.99", "0", "9.99"), id="no VAT"),
        pytest.param("99.995", "12", ("100", "12", "112"), id="VAT is on the rounded net amount"),
    ],
)
def test_vat_is_put_on_net_amounts(net: str, rate: str, expected: tuple[str, str, str]) -> None:
    assert an_amounts(expected) == Amounts.from_net(Decimal(net), Decimal(rate), 2)


@pytest.mark.parametrize(
    ("gross", "rate", "expected"),
    [
        pytest.param("250", "25", ("200", "50", "250"), id="divides"),
        pytest.param("99.90", "25", ("79.92", "19.98", "99.90"), id="a shop's price"),
        pytest.param("100", "15", ("86.96", "13.04", "100"), id="does not divide"),
        pytest.param("-100", "15", ("-86.96", "-13.04", "-100"), id="the same given back"),
        pytest.param("0.01", "25", ("0.01", "0", "0.01"), id="too little for VAT"),
        pytest.param("9.99", "0", ("9.99", "0", "9.99"), id="no VAT"),
    ],
)
def test_vat_is_taken_out_of_gross_amounts(gross: str, rate: str, expected: tuple[str, str, str]) -> None:
    assert an_amounts(expected) == Amounts.from_gross(Decimal(gross), Decimal(rate), 2)


def an_amounts(values: tuple[str, str, str]) -> Amounts:
    net, vat, gross = map(Decimal, values)
    return Amounts(net=net, vat=vat, gross=gross)


@given(amounts, rates, digits)
def test_net_and_vat_make_gross_exactly(amount: Decimal, rate: Decimal, digits: int) -> None:
    for made in (Amounts.from_net(amount, rate, digits), Amounts.from_gross(amount, rate, digits)):
        assert made.net + made.vat == made.gross
        for part in (made.net, made.vat, made.gross):
            assert part == round_half_up(part, digits)


@given(amounts, rates, digits)
def test_the_amount_that_was_given_moves_by_its_own_rounding_alone(amount: Decimal, rate: Decimal, digits: int) -> None:
    rounded = round_half_up(amount, digits)

    assert rounded == Amounts.from_net(amount, rate, digits).net
    assert rounded == Amounts.from_gross(amount, rate, digits).gross


@given(amounts, rates, digits)
def test_the_vat_is_off_by_half_a_minor_unit_at_most(amount: Decimal, rate: Decimal, digits: int) -> None:
    half = Decimal(5).scaleb(-digits - 1)
    net = Amounts.from_net(amount, rate, digits)
    gross = Amounts.from_gross(amount, rate, digits)

    assert abs(net.vat - net.net * rate / 100) <= half
    # Compared without the division, which no decimal holds exactly.
    assert abs(gross.vat * (100 + rate) - gross.gross * rate) <= half * (100 + rate)


@given(amounts, rates, digits)
def test_a_credit_mirrors_its_invoice(amount: Decimal, rate: Decimal, digits: int) -> None:
    assert mirrored(Amounts.from_net(amount, rate, digits)) == Amounts.from_net(-amount, rate, digits)
    assert mirrored(Amounts.from_gross(amount, rate, digits)) == Amounts.from_gross(-amount, rate, digits)


def mirrored(made: Amounts) -> Amounts:
    return Amounts(net=-made.net, vat=-made.vat, gross=-made.gross)


@given(st.lists(st.builds(Amounts.from_gross, amounts, rates, st.just(2)), max_size=20))
def test_sums_hold_exactly_too(lines: list[Amounts]) -> None:
    total = sum(lines, start=NOTHING)

    assert total.net + total.vat == total.gross
    assert sum((line.gross for line in lines), start=Decimal(0)) == total.gross


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        pytest.param("79.92", "79.92", id="short enough"),
        pytest.param("86.956521739130434782", "86.956522", id="six decimals"),
        pytest.param("0.0000005", "0.000001", id="a half goes up"),
        pytest.param("-0.0000005", "-0.000001", id="and down where it is a credit"),
        pytest.param("123456789012.345678", "123456789012.346", id="fifteen digits in all"),
        pytest.param("869565217391304.347826", "869565217391304", id="fifteen digits and no decimals"),
    ],
)
def test_a_computed_price_is_short_enough_for_a_json_number(price: str, expected: str) -> None:
    assert Decimal(expected) == round_price(Decimal(price))
