import json
from decimal import Decimal

import pytest
from arm_relay.arm.documents import (
    Document,
    DocumentBatch,
    DocumentLine,
    Metadata,
    number_text,
    to_json,
    to_text,
    without_none,
)
from hypothesis import given
from hypothesis import strategies as st

#: Whatever an order may hold or a sum may come to: 15 digits.
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1),
    st.integers(min_value=-15, max_value=0),
)


@given(numbers)
def test_a_number_on_the_wire_reads_exactly_as_the_decimal(number: Decimal) -> None:
    batch = DocumentBatch(
        metadata=Metadata(userId="u"), documents=[Document(documentLines=[DocumentLine(price=number)])]
    )
    body = to_json(batch)
    read = json.loads(body, parse_float=Decimal)["documents"][0]["documentLines"][0]["price"]

    assert number == read
    assert b"e" not in body.split(b'"price":')[1].lower()
    assert isinstance(read, int) == (number == number.to_integral_value())


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("5200", "5200", id="whole"),
        pytest.param("5200.00", "5200", id="whole, with decimals"),
        pytest.param("1E+2", "100", id="whole, in scientific notation"),
        pytest.param("1E+23", "100000000000000000000000", id="whole, and a little more than its double"),
        pytest.param("0.1", "0.1", id="no binary fraction"),
        pytest.param("1234.10", "1234.1", id="without closing zeros"),
        pytest.param("-0.00", "0", id="zero has no sign"),
        pytest.param("999999999999.999", "999999999999.999", id="fifteen digits"),
        pytest.param("0.00005", "0.00005", id="small, and not as 5e-05"),
        pytest.param("-1E-7", "-0.0000001", id="smaller"),
    ],
)
def test_a_number_is_written_as_short_as_it_is(number: str, expected: str) -> None:
    assert expected == number_text(Decimal(number))


@pytest.mark.parametrize(
    "number",
    ["9999999999999.9999", "12345678901234567890", "0.1234567890123456789", "1E+9999999", "NaN"],
)
def test_a_number_that_no_double_holds_is_refused_rather_than_changed(number: str) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        number_text(Decimal(number))


def test_fields_that_are_not_without_none_are_left_out_and_empty_ones_stay() -> None:
    document = without_none(Document(customerNo="1", documentNo=None, purchaseOrderId="", customCodes=()))

    assert document == {"customerNo": "1", "purchaseOrderId": "", "customCodes": ()}


def test_the_body_is_utf_8() -> None:
    body = to_json(DocumentBatch(metadata=Metadata(userId="Blåbærsyltetøy 🫐"), documents=()))

    assert "Blåbærsyltetøy 🫐" in body.decode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-(10**15) + 1, 10**15 - 1),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_other_value_is_written_as_json_writes_it(value: object) -> None:
    assert json.dumps(value, ensure_ascii=False, separators=(",", ":")) == to_text(value)
