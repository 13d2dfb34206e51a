import json
from decimal import Decimal

import pytest
from arm_relay.arm.documents import CurrencyAmounts, Document, DocumentBatch, DocumentLine, Metadata, json_number
from hypothesis import given
from hypothesis import strategies as st

#: Whatever an order may hold or a sum may come to: 15 digits.
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1),
    st.integers(min_value=-6, max_value=0),
)


@given(numbers)
def test_a_number_on_the_wire_reads_exactly_as_the_decimal(number: Decimal) -> None:
    line = DocumentLine(line_no=1, line_type="PLH", article_no="", article_name="", line_text="", price=number)
    read = json.loads(line.model_dump_json(exclude_none=True), parse_float=Decimal)["price"]

    assert number == read
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
    ],
)
def test_a_number_is_written_as_short_as_it_is(number: str, expected: str) -> None:
    assert expected == json.dumps(json_number(Decimal(number)))


@pytest.mark.parametrize(
    "number",
    ["9999999999999.9999", "12345678901234567890", "0.1234567890123456789", "1E+9999999", "NaN"],
)
def test_a_number_that_no_double_holds_is_refused_rather_than_changed(number: str) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        json_number(Decimal(number))


def test_fields_that_are_not_stated_are_left_out_and_empty_ones_stay() -> None:
    nothing = CurrencyAmounts(excl_vat=Decimal(0), vat=Decimal(0), incl_vat=Decimal(0))
    document = Document(
        document_type="IN",
        customer_no="1",
        document_date="2025-02-27",
        due_date="2025-03-11",
        purchase_order_id="",
        currency_amounts=nothing,
        custom_codes=(),
        document_lines=(),
    )

    assert json.loads(DocumentBatch(metadata=Metadata(user_id="u"), documents=(document,)).to_json()) == {
        "metadata": {"userId": "u"},
        "documents": [
            {
                "documentType": "IN",
                "customerNo": "1",
                "documentDate": "2025-02-27",
                "dueDate": "2025-03-11",
                "purchaseOrderId": "",
                "currencyAmounts": {"exclVat": 0, "vat": 0, "inclVat": 0},
                "customCodes": [],
                "documentLines": [],
            }
        ],
    }


def test_the_body_is_utf_8() -> None:
    body = DocumentBatch(metadata=Metadata(user_id="Blåbærsyltetøy 🫐"), documents=()).to_json()

    assert "Blåbærsyltetøy 🫐" in body.decode()
