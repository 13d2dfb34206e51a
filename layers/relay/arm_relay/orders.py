"""What upstream sends: order events, and every fault in them at once, each with its JSON Pointer.

Length limits are the relay's own; ARM documents none.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

MAX_ORDERS: Final = 50
MAX_LINES: Final = 1000
#: More faults than these are not told at once: the answer has to fit into Lambda's 6 MB.
MAX_FAULTS: Final = 1000

#: Longer than other names, so that the default id of the longest `orderId` fits.
MAX_ID: Final = 128
#: More than any number of an order may have, and all that Decimal computes with unless it is told otherwise.
MANY_DIGITS: Final = 28

ITEM: Final = "item line"
TEXT: Final = "text line"

#: A JSON number, as a string may hold it.
NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
NAME: Final = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
CODE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
PROSE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
CURRENCY: Final = r"^[A-Z]{3}$"
LANGUAGE: Final = r"^[A-Za-z]{2}$"
KID: Final = r"^[0-9]{1,24}[0-9-]$"

#: What is wanted, by pattern or by pydantic's kind of fault. What stands nowhere here is told in pydantic's own words.
IN_WORDS: Final = {
    NAME: "should hold no control characters and neither begin nor end with a space",
    CODE: "should hold no control characters",
    PROSE: "should hold no control characters other than tabs and line breaks",
    CURRENCY: "should be a currency code: three capital letters (ISO 4217)",
    LANGUAGE: "should be a language code: two letters (ISO 639-1)",
    KID: "should be 2 to 25 digits, of which the last may be a hyphen",
    "missing": "is missing",
    "extra_forbidden": "no such field",
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


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request."""

    #: JSON Pointer (RFC 6901) into the request's body.
    pointer: str
    #: What is wrong there, for a person.
    detail: str


class NotJson(Exception):
    """The body is not one JSON value."""


class InvalidOrders(Exception):
    """The request is JSON, but not orders the relay can take."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(self.__doc__)
        #: All of them.
        self.faults: Final = tuple(faults)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # The exponent alone is beyond any number.
        return Decimal("Infinity")


def _integer(text: str) -> int | Decimal:
    # Python refuses to read an int of thousands of digits.
    return int(text) if len(text) < MANY_DIGITS else _decimal(text)


def _number(value: object) -> Decimal:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = _decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("should be a number, or a string that holds one")  # noqa: TRY004 (pydantic wants ValueError)
    number = Decimal(value)
    # Beyond these pydantic would round it, to zero even, or overflow.
    if not number.is_finite() or max(len(number.as_tuple().digits), abs(number.adjusted())) > MANY_DIGITS:
        raise ValueError("has too many digits")
    return number


def _normal(value: Decimal) -> Decimal:
    return value.normalize() + 0


def _date(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("should be a date, YYYY-MM-DD")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValueError("should be an e-mail address")
    return value


def _not_only_dots(value: str) -> str:
    if not value.strip("."):
        raise ValueError("should not be dots alone")  # In a URL path they are no name.
    return value


type Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(max_digits=15, decimal_places=6), AfterValidator(_normal)
]
type Percent = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0, le=100, decimal_places=4), AfterValidator(_normal)
]
type Day = Annotated[date, BeforeValidator(_date)]
type Name = Annotated[str, Field(min_length=1, max_length=100, pattern=NAME)]
type Id = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=NAME)]
type Code = Annotated[str, Field(max_length=100, pattern=CODE)]
type Text = Annotated[str, Field(max_length=2000, pattern=PROSE)]


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class References(_Model):
    """Whom and what the document refers to."""

    seller: Code | None = None
    buyer: Code | None = None
    purchase_order: Code | None = None
    additional: Code | None = None


class EinvoiceAddress(_Model):
    """Where an electronic invoice goes."""

    address: Code
    address_scheme: Code | None = None
    operator: Code | None = None


class Delivery(_Model):
    """How the document reaches the customer; the codes are ARM's (`M` and `0` are the only ones documented)."""

    type: Code
    einvoice_code: Annotated[StrictInt, Field(ge=0, le=999_999)] | None = None
    einvoice_address: EinvoiceAddress | None = None


class ItemLine(_Model):
    """A line that is billed."""

    sku: Code
    name: Text
    description: Text = ""
    quantity: Amount
    unit: Code = ""
    #: Per unit in major currency units, before the discount; with VAT where the order's `pricesIncludeVat` says so.
    unit_price: Amount
    vat_rate: Percent
    discount_percent: Percent = Decimal(0)
    groups: Annotated[tuple[Code, ...], Field(max_length=3)] = ()


class TextLine(_Model):
    """A line that only says something."""

    text: Text
    sku: Code = ""
    name: Text = ""


def _kind_of_line(value: object) -> str:
    return TEXT if isinstance(value, TextLine) or (isinstance(value, dict) and "text" in value) else ITEM


def _some(lines: tuple[ItemLine | TextLine, ...]) -> tuple[ItemLine | TextLine, ...]:
    # As Field(min_length=1) it would say so of an array with nothing but faulty lines, too.
    if not lines:
        raise ValueError("should have at least 1 item")
    return lines


type Line = Annotated[Annotated[ItemLine, Tag(ITEM)] | Annotated[TextLine, Tag(TEXT)], Discriminator(_kind_of_line)]


class Order(_Model):
    """One order event: one billing document to be."""

    #: Stable per billing document: what makes sending it again harmless.
    id: Id
    type: Literal["order.invoiced", "order.credited"]
    #: Becomes ARM's salesOrderId. May be left out where `id` is given.
    order_id: Name | None = None
    customer_no: Name
    #: The document's own number. Without one ARM numbers the document, and the relay cannot look it up after a lost
    #: answer.
    invoice_no: Annotated[Name, AfterValidator(_not_only_dots)] | None = None
    #: Today in the configured time zone where it is absent.
    invoice_date: Day | None = None
    payment_terms_days: Annotated[StrictInt, Field(ge=0, le=3650)] | None = None
    due_date: Day | None = None
    #: ISO 4217. Stating it asks for the complete form of the document (see `mapping`).
    currency: Annotated[str, Field(pattern=CURRENCY)] | None = None
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None
    kid: Annotated[str, Field(pattern=KID)] | None = None
    emails: Annotated[tuple[Annotated[Code, AfterValidator(_email)], ...], Field(max_length=20)] | None = None
    message: Text | None = None
    references: References = References()
    sub_customer_no: Code | None = None
    ledger_note: Text | None = None
    marketing_message_code: Code | None = None
    delivery: Delivery | None = None
    attachment_codes: Annotated[tuple[Code, ...], Field(max_length=100)] | None = None
    custom_codes: Annotated[tuple[Code, ...], Field(max_length=100)] | None = None
    prices_include_vat: StrictBool = False
    lines: Annotated[tuple[Line, ...], Field(max_length=MAX_LINES), AfterValidator(_some)]

    @model_validator(mode="before")
    @classmethod
    def _with_due_date(cls, data: Any) -> Any:  # noqa: ANN401 (whatever the sender wrote)
        # Where it is absent its validator should run, too.
        return {"dueDate": None} | data if isinstance(data, dict) else data

    # A validator of a field, unlike one of the order, runs when other fields are faulty, too: `info.data` lacks those.

    @field_validator("payment_terms_days")
    @classmethod
    def _ends_in_the_calendar(cls, days: int | None, info: ValidationInfo) -> int | None:
        invoice_date = info.data.get("invoice_date")
        if days and invoice_date and date.max - invoice_date < timedelta(days=days):
            raise ValueError("leads beyond the year 9999")
        return days

    @field_validator("due_date")
    @classmethod
    def _one_due_date(cls, due_date: date | None, info: ValidationInfo) -> date | None:
        known = info.data
        if "payment_terms_days" in known and (due_date is None) == (known["payment_terms_days"] is None):
            raise ValueError("give either dueDate or paymentTermsDays")
        if due_date and known.get("invoice_date") and due_date < known["invoice_date"]:
            raise ValueError("is before invoiceDate")
        return due_date

    @property
    def digest(self) -> str:
        """The same for every way to write the same content, another for any other (SHA-256, hex)."""
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one request."""

    orders: tuple[Order, ...]
    #: Whether the body was an array: pointers into it then begin with the order's index.
    bulk: bool

    def pointer(self, index: int, rest: str = "") -> str:
        """The JSON Pointer to (a part of) the order at `index`."""
        return f"/{index}{rest}" if self.bulk else rest


def parse_orders(body: bytes) -> Orders:
    """Read a request body: one order event or an array of 1 to `MAX_ORDERS`.

    Raises:
        NotJson: the body is not JSON (NaN, Infinity and repeated keys are not either).
        InvalidOrders: with every fault in it, up to `MAX_FAULTS`.
    """
    value = _parse_json(body)
    bulk = isinstance(value, list)
    entries = value if isinstance(value, list) else [value]
    if not 1 <= len(entries) <= MAX_ORDERS:
        raise InvalidOrders([Fault("", f"should hold 1 to {MAX_ORDERS} orders; it holds {len(entries)}")])
    entries = [_with_id(index, entry) for index, entry in enumerate(entries)]
    orders, faults = _orders(entries, bulk=bulk)
    faults += _repeated("id", _values(entries, "id"))
    # ARM compares data values without case (ARM page "About").
    faults += _repeated("invoiceNo", [number and number.casefold() for number in _values(entries, "invoiceNo")])
    if faults:
        raise InvalidOrders(faults)
    return Orders(tuple(orders), bulk=bulk)


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(
            body.decode(),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_no_repeated_keys,
        )
    except (ValueError, RecursionError):
        raise NotJson(NotJson.__doc__) from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _no_repeated_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is repeated")
    return members


def _with_id(index: int, entry: Any) -> Any:  # noqa: ANN401 (whatever the sender wrote)
    """The entry with the default id, where it has none of its own and `orderId` can make one."""
    if not isinstance(entry, dict) or entry.get("id") is not None or entry.get("orderId") is None:
        return entry
    parts = [entry.get("type"), entry["orderId"]]
    default = ":".join(parts) if all(isinstance(part, str) and part for part in parts) else ""
    # What is wrong with orderId or type is told there; it should not be told of an id that nobody wrote.
    return entry | {"id": default if len(default) <= MAX_ID and re.fullmatch(NAME, default) else f"order {index}"}


def _orders(entries: Sequence[object], *, bulk: bool) -> tuple[list[Order], list[Fault]]:
    orders: list[Order] = []
    faults: list[Fault] = []
    for index, entry in enumerate(entries):
        try:
            orders.append(Order.model_validate(entry))
        except ValidationError as error:
            faults += _faults(error, f"/{index}" if bulk else "")
        if len(faults) > MAX_FAULTS:
            return orders, [*faults[:MAX_FAULTS], Fault("", f"has more faults than these {MAX_FAULTS}")]
    return orders, faults


def _faults(error: ValidationError, pointer: str) -> list[Fault]:
    return [Fault(pointer + _pointer(fault["loc"]), _detail(fault)) for fault in error.errors(include_input=False)]


def _pointer(location: tuple[int | str, ...]) -> str:
    # ("lines", 0, the line's tag, ...): the tag is ours.
    parts = (*location[:2], *location[3:]) if location[:1] == ("lines",) else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _detail(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    words = IN_WORDS.get(context.get("pattern", fault["type"]))
    if words is None:
        return fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return words.format_map(context)


def _values(entries: Sequence[object], field: str) -> list[str | None]:
    values = [entry.get(field) if isinstance(entry, dict) else None for entry in entries]
    return [value if isinstance(value, str) else None for value in values]


def _repeated(field: str, values: Sequence[str | None]) -> list[Fault]:
    return [
        Fault(f"/{index}/{field}", f"repeats that of order {values.index(value)} of the same request")
        for index, value in enumerate(values)
        if value is not None and values.index(value) != index
    ]
