import pytest
from arm_relay.orders.check_digits import is_gln, is_kid, is_organisation_number
from hypothesis import given
from hypothesis import strategies as st

digits = st.text("0123456789", min_size=1, max_size=24)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("2345676", True, id="MOD10"),
        pytest.param("12345678903", True, id="MOD11"),
        pytest.param("1000005-", True, id="MOD11, where ten is a hyphen"),
        pytest.param("100030", False, id="neither"),
        pytest.param("500221850000200350786", False, id="the one of ARM's documentation"),
        pytest.param("500221850000200350781", True, id="that one, by MOD10"),
        pytest.param("500221850000200350784", True, id="that one, by MOD11"),
    ],
)
def test_a_kid_ends_with_its_check_digit(number: str, expected: bool) -> None:  # noqa: FBT001 (a case)
    assert is_kid(number) == expected


@given(digits)
def test_at_most_two_last_characters_make_a_kid(body: str) -> None:
    assert 1 <= sum(is_kid(body + last) for last in "0123456789-") <= 2


@given(digits.filter(lambda body: len(body) > 1), st.data())
def test_one_wrong_digit_is_noticed_unless_the_other_rule_takes_it(body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != body[place]]))
    spoiled = body[:place] + other + body[place + 1 :]
    kids = {body + last for last in "0123456789-" if is_kid(body + last)}

    # Both rules notice every single wrong digit, so what stays a KID has the check digit of the other rule.
    assert sum(is_kid(spoiled + kid[-1]) for kid in kids) <= 1 or len(kids) > 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("984842252", True),
        ("923609016", True),
        ("984842253", False),
        ("98484225", False),
        ("984 842 252", False),
        ("NO984842252", False),
        ("９８４８４２２５２", False),  # noqa: RUF001 (digits that look alike)
    ],
)
def test_a_norwegian_organisation_number(number: str, expected: bool) -> None:  # noqa: FBT001 (a case)
    assert is_organisation_number(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [("7300010000001", True), ("7300010000002", False), ("730001000000", False), ("x" * 13, False)],
)
def test_a_global_location_number(number: str, expected: bool) -> None:  # noqa: FBT001 (a case)
    assert is_gln(number) == expected
