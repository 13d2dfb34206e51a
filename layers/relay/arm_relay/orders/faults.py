"""What is wrong with a request: each fault, its JSON Pointer and its words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from arm_relay.json_notation import to_pointer
from arm_relay.orders.json_bodies import Repeated
from arm_relay.orders.order import (
    CODE,
    CURRENCY,
    ITEM,
    KID,
    LANGUAGE,
    NAME,
    PROSE,
    TEXT,
    Credits,
    Delivery,
    EinvoiceAddress,
    ExpectedTotal,
    ItemLine,
    Order,
    References,
    TextLine,
)

#: What is expected, by pattern or by pydantic's kind of error. Any other kind keeps pydantic's own words.
IN_WORDS: Final = {
    NAME: "should hold no control characters and neither begin nor end with a space",
    CODE: "should hold no control characters",
    PROSE: "should hold no control characters other than tabs and line breaks",
    CURRENCY: "should be a currency code: three capital letters (ISO 4217)",
    LANGUAGE: "should be a language code: two letters (ISO 639-1)",
    KID: "should be 2 to 25 digits, of which the last may be a hyphen",
    "missing": "is missing",
    "model_type": "should be an object",
    "tuple_type": "should be an array",
    "too_long": "should have at most {max_length} items",
    "string_type": "should be a string",
    "string_unicode": "contains half a surrogate pair, which is not a character",
    "string_too_short": "should not be empty",
    "string_too_long": "should have at most {max_length} characters",
    "bool_type": "should be true or false",
    "int_type": "should be a whole number",
    "decimal_max_digits": "should have at most {max_digits} digits",
    "decimal_max_places": "should have at most {decimal_places} decimals",
    "greater_than_equal": "should be {ge} or more",
    "less_than_equal": "should be {le} or less",
    "date_from_datetime_parsing": "should be a date of the calendar, YYYY-MM-DD",
    "date_parsing": "should be a date of the calendar, YYYY-MM-DD",
    "literal_error": "should be {expected}",
    "extra_forbidden": "no such field",
}

#: The models of an order, by the names of the fields that lead to them.
MODELS: Final[Mapping[tuple[str, ...], type[BaseModel]]] = {
    (): Order,
    ("references",): References,
    ("delivery",): Delivery,
    ("delivery", "einvoiceAddress"): EinvoiceAddress,
    ("credits",): Credits,
    ("expectedTotal",): ExpectedTotal,
    ("lines", ITEM): ItemLine,
    ("lines", TEXT): TextLine,
}

#: What helps with a fault of one field, by the field and pydantic's kind of error.
HINTS: Final = {
    ("discountPercent", "decimal_max_places"): ": for an exact amount give discountAmount",
    ("customerNo", "string_type"): ", so that zeros at its beginning are kept",
    ("invoiceNo", "string_type"): ", so that zeros at its beginning are kept",
}

#: How similar an unknown field's name must be to a known one to be suggested: `price` is 0.71 of `unitPrice`.
NEAR: Final = 0.7


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request."""

    #: JSON Pointer (RFC 6901) into the request's body.
    pointer: str
    #: What is wrong there, for a person.
    detail: str


class Faulty(Exception):
    """The request has faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(self.__doc__)
        #: Everything that was found wrong.
        self.faults: Final = tuple(faults)


class InvalidOrders(Faulty):
    """The body is valid JSON, but contains invalid orders."""


def repeated_keys(value: object, *place: int | str) -> Iterator[Fault]:
    """A fault for every repeated key in a value that was read from `place`."""
    if isinstance(value, Repeated):
        yield Fault(to_pointer(place), "appears more than once")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from repeated_keys(member, *place, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from repeated_keys(item, *place, index)


def faults_of_order(errors: Sequence[ErrorDetails], pointer: str) -> list[Fault]:
    """The faults of the order at `pointer` in its request."""
    return [Fault(pointer + _pointer(error["loc"]), _detail(error)) for error in errors]


def in_words(fault: ErrorDetails) -> str:
    """What pydantic found wrong, in plain words."""
    context = fault.get("ctx", {})
    words = IN_WORDS.get(context.get("pattern", fault["type"]))
    if words is None:
        return fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return words.format_map(context)


def _pointer(location: tuple[int | str, ...]) -> str:
    # ("lines", 0, the line's tag, ...): the tag is ours.
    return to_pointer((*location[:2], *location[3:]) if location[:1] == ("lines",) else location)


def _detail(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return _no_such_field(fault["loc"])
    return in_words(fault) + HINTS.get((str(fault["loc"][-1]) if fault["loc"] else "", fault["type"]), "")


def _no_such_field(location: tuple[int | str, ...]) -> str:
    """With a suggestion, where the name of a known field is similar."""
    model = MODELS[tuple(name for name in location[:-1] if isinstance(name, str))]
    fields = {_plain(field.alias or name): field.alias for name, field in model.model_fields.items()}
    near = get_close_matches(_plain(str(location[-1])), fields, n=1, cutoff=NEAR)
    return f"no such field: did you mean `{fields[near[0]]}`?" if near else "no such field"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
