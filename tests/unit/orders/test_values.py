"""What single values may be: each kind behind a letter that went wrong once, with other numbers."""

import json
import re
import time
from decimal import Decimal
from typing import Any

import pytest
from arm_relay.arm.money import MINOR_UNIT_DIGITS
from arm_relay.orders.currencies import CURRENCIES
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import ItemLine
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import an_order
from tests.support.reading import a_line, faults, faults_in, faults_or_none, order, read, with_line, with_literal

# Numbers.


@pytest.mark.parametrize(
    ("literal", "meant"),
    [
        pytest.param(repr(0.1 + 0.2), "0.3", id="a sum"),
        pytest.param(repr(4.35 * 100), "435", id="a product"),
        pytest.param(repr(1.1 + 2.2), "3.3", id="another sum"),
        pytest.param("99.9999999999986", "100", id="a thousand times a tenth, added up"),
        pytest.param(repr(-(0.1 + 0.7)), "-0.8", id="below zero"),
        pytest.param(json.dumps(repr(0.1 + 0.2)), "0.3", id="in a string"),
    ],
)
def test_the_noise_of_binary_fractions_gets_words_that_help(literal: str, meant: str) -> None:
    detail = f"looks like {meant} with a computer's rounding error: round it before you send it"

    assert faults_in(with_literal(literal)) == [Fault("/lines/0/quantity", detail)]


@pytest.mark.parametrize("literal", [repr(100 / 3), repr(2 / 3), "0.1234567", "1e-7", "0.0000001"])
def test_other_numbers_of_many_decimals_are_not_guessed_at(literal: str) -> None:
    (fault,) = faults_in(with_literal(literal))

    assert "looks like" not in fault.detail


def test_the_rounding_error_of_a_rate_is_told_by_its_four_decimals() -> None:
    (fault,) = faults(with_line(vatRate=repr(24.999999999999996)))

    assert fault == Fault(
        "/lines/0/vatRate", "looks like 25 with a computer's rounding error: round it before you send it"
    )


@pytest.mark.parametrize("rate", ["0.25", "0.06", "0.9999", "0.0001"])
def test_a_rate_below_one_per_cent_was_meant_as_a_fraction(rate: str) -> None:
    (fault,) = faults(with_line(vatRate=rate))
    meant = f"{(Decimal(rate) * 100).normalize():f}"

    assert fault == Fault("/lines/0/vatRate", f"is below 1 %: the rate is in per cent, so write {meant} for {meant} %")


@pytest.mark.parametrize("rate", [0, 1, "1.5", "2.6", 100])
def test_rates_of_nothing_and_of_one_per_cent_or_more_stand(rate: object) -> None:
    assert not faults_or_none(with_line(vatRate=rate))


@pytest.mark.parametrize("quantity", [0, "-0.00", "0e5"])
def test_a_billed_line_has_a_quantity(quantity: object) -> None:
    (fault,) = faults(with_line(quantity=quantity))

    assert fault.pointer == "/lines/0/quantity"
    assert fault.detail.startswith("is 0, so nothing is billed")


@pytest.mark.parametrize("literal", ["14", "14.0", "1.4e1", "14.00", "140e-1"])
def test_a_whole_number_may_be_written_in_any_way(literal: str) -> None:
    content = an_order(dueDate=None, paymentTermsDays="?", delivery={"type": "M", "einvoiceCode": "?"})
    (parsed,) = read(json.dumps(content).replace('"?"', literal).encode()).valid

    assert parsed.payment_terms_days == 14
    assert parsed.delivery
    assert parsed.delivery.einvoice_code == 14
    assert parsed.digest == order(json.loads(json.dumps(content).replace('"?"', "14"))).digest


# Null, and a byte order mark.


OPTIONAL = [
    *("id", "orderId", "invoiceNo", "invoiceDate", "paymentTermsDays", "currency", "language", "kid", "emails"),
    *("message", "references", "subCustomerNo", "ledgerNote", "marketingMessageCode", "delivery", "attachmentCodes"),
    *("customCodes", "credits", "pricesIncludeVat", "vatRounding", "expectedTotal", "armFields", "colour"),
]


@pytest.mark.parametrize("field", OPTIONAL)
def test_null_is_the_same_as_absent(field: str) -> None:
    content = an_order(**{field: None})

    assert order(content | {field: None}).digest == order(content).digest


@pytest.mark.parametrize(
    "field", ["description", "unit", "volume", "volumeUnit", "discountPercent", "discountAmount", "groups", "armFields"]
)
def test_null_is_the_same_as_absent_in_a_line(field: str) -> None:
    assert order(with_line(**{field: None})).digest == order(with_line()).digest


@pytest.mark.parametrize("field", ["type", "customerNo", "lines"])
def test_null_for_what_must_be_there_is_missing(field: str) -> None:
    assert [Fault(f"/{field}", "is missing")] == faults(an_order() | {field: None})


def test_an_item_of_an_array_cannot_be_null() -> None:
    assert [Fault("/emails/0", "should be a string")] == faults(an_order(emails=[None]))
    assert [Fault("/lines/1", "should be an object")] == faults(an_order(lines=[a_line(), None]))


def test_a_byte_order_mark_is_skipped() -> None:
    body = json.dumps(an_order()).encode()

    assert read(b"\xef\xbb\xbf" + body) == read(body)


# Texts.


HIDDEN = {
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "left-to-right mark": "\u200e",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "soft hyphen": "\u00ad",
    "hard space": "\u00a0",
    "narrow hard space": "\u202f",
    "ideographic space": "\u3000",
    "line separator": "\u2028",
    "Hangul filler": "\u3164",
    "variation selector": "\ufe0f",
    "further variation selector": "\U000e0100",
    "Mongolian variation selector": "\u180b",
    "not assigned": "\u0378",
    "private use": "\ue000",
    "Arabic letter mark": "\u061c",
    "tag": "\U000e0041",
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("field", ["id", "orderId", "customerNo", "invoiceNo", "subCustomerNo"])
def test_an_id_or_number_has_no_character_that_cannot_be_seen(field: str, hidden: str) -> None:
    (fault,) = faults(an_order(**{field: f"A{hidden}1"}))

    assert fault == Fault(f"/{field}", f"contains an invisible character (U+{ord(hidden):04X}) as its character 2")


def test_what_an_id_is_made_of_is_told_where_it_was_written() -> None:
    (fault,) = faults(an_order(id=None, invoiceNo="A\u200b1"))

    assert fault.pointer == "/invoiceNo"


@pytest.mark.parametrize("name", ["Ås 1", "Ø-1", "e\u0301", "שלום", "🎁", "123/4 % +"])
def test_an_id_may_hold_any_character_that_can_be_seen(name: str) -> None:
    assert order(an_order(id=name, customerNo=name, invoiceNo=name)).id == name


@pytest.mark.parametrize(
    "address",
    [
        "a@b.no",
        "first.last+tag@sub.example.co.uk",
        "reply+000c89caea14b0bf53caf17fd0c9c67fce378f51fd1af05492cf000000011292f3d892a169ce07601530@reply.example.com",
        "o'brien_#!$%&*/=?^`{|}~-@example.com",
        "blåbær@blåbær.no",
        "a@" + ".".join(["x" * 63] * 3) + "." + "y" * 60,
    ],
)
def test_an_address_that_can_be_one_is_taken(address: str) -> None:
    assert order(an_order(emails=[address])).emails == (address,)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="nothing"),
        pytest.param("a@b@c.no", id="two signs"),
        pytest.param("a@b.no, c@d.no", id="two addresses"),
        pytest.param("a@b.no;c@d.no", id="two addresses without a space"),
        pytest.param("Ola <a@b.no>", id="with a name"),
        pytest.param("mailto:a@b.no", id="a link"),
        pytest.param("@b.no", id="no name"),
        pytest.param("a.@b.no", id="dot at the end of the name"),
        pytest.param("a..b@b.no", id="two dots"),
        pytest.param("a@b", id="no top-level domain"),
        pytest.param("a@b.", id="empty top-level domain"),
        pytest.param("a@.no", id="empty domain"),
        pytest.param("a@-b.no", id="hyphen at the beginning of a part"),
        pytest.param("a@b-.no", id="hyphen at the end of a part"),
        pytest.param("a@b_c.no", id="underscore in the domain"),
        pytest.param("a@10.0.0.1", id="address of a host"),
        pytest.param("a@" + "x" * 64 + ".no", id="long part of a domain"),
        pytest.param("a\u200b@b.no", id="invisible character"),
        pytest.param("x" * 250 + "@b.no", id="longer than an address may be"),
    ],
)
def test_an_address_that_cannot_be_one_is_a_fault(address: str) -> None:
    (fault,) = faults(an_order(emails=["a@b.no", address]))

    assert fault.pointer == "/emails/1"


def test_every_currency_is_three_capital_letters_and_the_usual_ones_are_there() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)
    assert {"NOK", "SEK", "DKK", "EUR", "USD", "GBP", "ISK", "JPY", "CHF", "PLN"} <= CURRENCIES
    assert set(MINOR_UNIT_DIGITS) <= CURRENCIES


@pytest.mark.parametrize("code", ["KRO", "NKR", "XXX", "XAU", "AAA", "DEM", "HRK"])
def test_a_currency_that_does_not_exist_is_a_fault(code: str) -> None:
    (fault,) = faults(an_order(currency=code))

    assert fault.pointer == "/currency"


# Fields that are passed through.


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        pytest.param([], "should be an object", id="array"),
        pytest.param("x", "should be an object", id="string"),
        pytest.param({str(n): n for n in range(21)}, "should have at most 20 fields", id="many"),
        pytest.param({"a": {"b": {"c": {"d": {"e": 1}}}}}, "should nest at most 4 levels", id="deep"),
        pytest.param({"a": "x" * 4001}, "should have at most 4000 characters in all", id="long"),
        pytest.param({"a": [1] * 4001}, "should have at most 4000 characters in all", id="wide"),
        pytest.param({"a": ["x" * 1000] * 4}, "should have at most 4000 characters in all", id="long in all"),
        pytest.param({"a": [10**14] * 300}, "should have at most 4000 characters in all", id="numbers"),
        pytest.param({"a": 10**15 + 1}, "contains a number with more than 15 digits", id="whole number"),
        pytest.param({"a": 0.1234567890123456}, "contains a number with more than 15 digits", id="decimals"),
        pytest.param({"a": 10**40}, "has too many digits", id="huge number"),
        pytest.param({"a": "\0"}, "should hold no control characters", id="control character"),
        pytest.param({"a": "\ud800"}, "should hold no control characters", id="half a character"),
        pytest.param({"\x01": 1}, "should hold no control characters", id="control character in a name"),
    ],
)
def test_fields_to_pass_through_are_bounded(fields: object, detail: str) -> None:
    told = faults(an_order(armFields=fields, lines=[a_line(armFields=fields), {"text": "", "armFields": fields}]))

    assert [fault.pointer for fault in told] == ["/armFields", "/lines/0/armFields", "/lines/1/armFields"]
    assert all(detail in fault.detail for fault in told)


def test_a_repeated_key_in_fields_to_pass_through_is_told_by_its_pointer() -> None:
    body = json.dumps(an_order(armFields={"a": "?"})).replace('"?"', '{"b": 1, "b": 2}').encode()

    assert faults_in(body) == [Fault("/armFields/a/b", "appears more than once")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param('{"a": 1, "b": 2}', '{"b": 2, "a": 1.0}', True, id="order and writing"),
        pytest.param('{"a": 1e2, "b": null}', '{"a": 100}', True, id="exponent and null"),
        pytest.param('{"a": 0.1}', '{"a": "0.1"}', False, id="number and string"),
        pytest.param('{"a": 1}', '{"a": true}', False, id="number and truth"),
        pytest.param('{"a": 1}', "{}", False, id="none"),
    ],
)
def test_fields_to_pass_through_are_part_of_the_content(one: str, other: str, same: bool) -> None:  # noqa: FBT001 (a case)
    def digest(fields: str) -> str:
        (parsed,) = read(json.dumps(an_order(armFields="?")).replace('"?"', fields).encode()).valid
        return parsed.digest

    assert (digest(one) == digest(other)) == same


plain = st.none() | st.booleans() | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
numbers = st.integers(-(10**15) + 1, 10**15 - 1) | st.decimals(-100, 100, places=6).map(float)


@given(st.dictionaries(st.text("abc", min_size=1), plain | numbers | st.lists(plain | numbers, max_size=5), max_size=9))
def test_what_is_passed_through_stays_what_it_is(fields: dict[str, Any]) -> None:
    (line,) = order(with_line(armFields=fields)).lines

    assert isinstance(line, ItemLine)
    assert line.arm_fields == {name: value for name, value in fields.items() if value is not None}


# Metadata.


@pytest.mark.parametrize(
    ("metadata", "pointer", "detail"),
    [
        pytest.param("shop", "/metadata", "should be an object", id="no object"),
        pytest.param({str(n): "" for n in range(21)}, "/metadata", "should have at most 20 members", id="members"),
        pytest.param({"a b": ""}, "/metadata", "has a name that is not 1 to 40 of the letters A to Z", id="space"),
        pytest.param({"": ""}, "/metadata", "has a name that is not 1 to 40", id="no name"),
        pytest.param({"a" * 41: ""}, "/metadata", "has a name that is not 1 to 40", id="long name"),
        pytest.param({"shop": 2}, "/metadata/shop", "should be a string", id="number"),
        pytest.param({"shop": {"no": "2"}}, "/metadata/shop", "should be a string", id="nested"),
        pytest.param({"shop": "\0"}, "/metadata/shop", "should hold no control characters", id="control character"),
        pytest.param({"shop": "\uffff"}, "/metadata/shop", "should hold no control characters", id="no character"),
        pytest.param({"shop": "x" * 590}, "/metadata", "at most 600 bytes as JSON; it takes 601", id="long"),
        pytest.param({"shop": "\N{PILE OF POO}" * 150}, "/metadata", "it takes 611", id="long in bytes"),
    ],
)
def test_metadata_is_bounded(metadata: object, pointer: str, detail: str) -> None:
    (told,) = faults(an_order(metadata=metadata))

    assert told.pointer == pointer
    assert detail in told.detail


def test_metadata_stays_as_it_is() -> None:
    metadata = {"shop": "oslo-2", "Sales.person_1": "Kåre\nNordmann", "empty": ""}

    assert order(an_order(metadata=metadata)).metadata == metadata


def test_metadata_is_part_of_the_content() -> None:
    digests = {order(an_order(metadata=metadata)).digest for metadata in ({"a": "1"}, {"a": "2"}, None)}

    assert len(digests) == 3


# Large bodies.


@pytest.mark.parametrize(
    "order_of",
    [
        pytest.param(lambda n: an_order(id=f"{n}", invoiceNo=f"{n}", lines=[{}] * 6000), id="empty lines"),
        pytest.param(lambda n: an_order(id=f"{n}", invoiceNo=f"{n}", lines=[{}] * 1000), id="as many as may be"),
        pytest.param(lambda n: an_order(id=f"{n}", invoiceNo=f"{n}", customCodes=[1] * 8000), id="codes"),
        pytest.param(lambda n: an_order(id=f"{n}", emails=[""] * 6000), id="addresses"),
        pytest.param(lambda n: an_order(id=f"{n}") | {f"x{i}": 1 for i in range(2000)}, id="unknown fields"),
        pytest.param(lambda n: with_line(**{f"x{i}": n for i in range(2000)}), id="unknown fields of a line"),
        pytest.param(lambda n: an_order(id=f"{n}", armFields={"a": [1] * 10_000}), id="fields to pass through"),
    ],
)
def test_a_large_faulty_request_is_read_in_a_moment(order_of: Any) -> None:  # noqa: ANN401 (a case)
    body = json.dumps([order_of(number) for number in range(40)]).encode()
    begun = time.process_time()
    faults_in(body)

    assert time.process_time() - begun < 4
