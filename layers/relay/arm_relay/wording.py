"""What pydantic finds wrong with an order, in plain words and with hints. Pure."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from arm_relay.faults import Fault, to_pointer
from arm_relay.orders import (
    CODE,
    CURRENCY,
    ITEM,
    KID,
    LANGUAGE,
    NAME,
    PROSE,
    TEXT,
    Delivery,
    EinvoiceAddress,
    ItemLine,
    Order,
    References,
    TextLine,
)

#: What is wanted, by pattern or by pydantic's kind of fault. What stands nowhere here is told in pydantic's own words.
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
    "string_unicode": "holds half a surrogate pair, which is not a character",
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
}

#: The models by the names on the way to them.
MODELS: Final[Mapping[tuple[str, ...], type[BaseModel]]] = {
    (): Order,
    ("references",): References,
    ("delivery",): Delivery,
    ("delivery", "einvoiceAddress"): EinvoiceAddress,
    ("lines", ITEM): ItemLine,
    ("lines", TEXT): TextLine,
}

#: How like a field's name an unknown one is for it to be the one meant: `price` is 0.71 of `unitPrice`.
NEAR: Final = 0.7


def to_faults(error: ValidationError, pointer: str, most: int) -> list[Fault]:
    """The faults of the order that stands at `pointer` in its request, but no more than so many."""
    return [
        Fault(pointer + _pointer(fault["loc"]), _detail(fault))
        for fault in error.errors(include_url=False, include_input=False)[:most]
    ]


def _pointer(location: tuple[int | str, ...]) -> str:
    # ("lines", 0, the line's tag, ...): the tag is ours.
    return to_pointer((*location[:2], *location[3:]) if location[:1] == ("lines",) else location)


def _detail(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return _no_such_field(fault["loc"])
    context = fault.get("ctx", {})
    words = IN_WORDS.get(context.get("pattern", fault["type"]))
    if words is None:
        return fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return words.format_map(context)


def _no_such_field(location: tuple[int | str, ...]) -> str:
    """With the field that was probably meant, where one is near."""
    model = MODELS[tuple(name for name in location[:-1] if isinstance(name, str))]
    fields = {_plain(field.alias or name): field.alias for name, field in model.model_fields.items()}
    near = get_close_matches(_plain(str(location[-1])), fields, n=1, cutoff=NEAR)
    return f"no such field: did you mean `{fields[near[0]]}`?" if near else "no such field"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
