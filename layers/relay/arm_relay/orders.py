"""What upstream sends: order events, and every fault in them at once, each with its JSON Pointer.

Length limits are the relay's own; ARM documents none.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

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
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

MAX_ORDERS: Final = 50
MAX_LINES: Final = 1000

ITEM: Final = "item line"
TEXT: Final = "text line"


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
        #: All of them, in the order of the body.
        self.faults: Final = tuple(faults)


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("should be a number, or a string that holds one")  # noqa: TRY004 (pydantic wants ValueError)
    return value


def _normal(value: Decimal) -> Decimal:
    return value.normalize() + 0


def _date(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("should be a date, YYYY-MM-DD")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValueError("should be an e-mail address")
    return value


type Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(max_digits=15, decimal_places=6), AfterValidator(_normal)
]
type Percent = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0, le=100, decimal_places=4), AfterValidator(_normal)
]
type Day = Annotated[date, BeforeValidator(_date)]
type Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
type Code = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
type Text = Annotated[str, Field(max_length=2000)]


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
    einvoice_code: StrictInt | None = None
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


type Line = Annotated[Annotated[ItemLine, Tag(ITEM)] | Annotated[TextLine, Tag(TEXT)], Discriminator(_kind_of_line)]


class Order(_Model):
    """One order event: one billing document to be."""

    #: Stable per billing document: what makes sending it again harmless.
    id: Name
    type: Literal["order.invoiced", "order.credited"]
    #: Becomes ARM's salesOrderId. May be left out where `id` is given.
    order_id: Name | None = None
    customer_no: Name
    #: The document's own number. Without one ARM numbers the document, and the relay cannot look it up after a lost
    #: answer.
    invoice_no: Name | None = None
    #: Today in the configured time zone where it is absent.
    invoice_date: Day | None = None
    due_date: Day | None = None
    payment_terms_days: Annotated[StrictInt, Field(ge=0, le=3650)] | None = None
    #: ISO 4217. Stating it asks for the complete form of the document (see `mapping`).
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    kid: Annotated[str, Field(pattern=r"^[0-9]{1,24}[0-9-]$")] | None = None
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
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES)]

    @model_validator(mode="before")
    @classmethod
    def _default_id(cls, data: Any) -> Any:  # noqa: ANN401 (whatever the sender wrote)
        if isinstance(data, dict) and "id" not in data and "type" in data and "orderId" in data:
            return {"id": f"{data['type']}:{data['orderId']}", **data}
        return data

    @model_validator(mode="after")
    def _one_due_date(self) -> Self:
        if (self.due_date is None) == (self.payment_terms_days is None):
            raise ValueError("give either dueDate or paymentTermsDays")
        if self.due_date and self.invoice_date and self.due_date < self.invoice_date:
            raise ValueError("dueDate is before invoiceDate")
        return self

    @property
    def digest(self) -> str:
        """The same for every way to write the same content, another for any other (SHA-256, hex)."""
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_ORDERS: Final = TypeAdapter(tuple[Order, ...])


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
    """Read a request body: one order event or an array of 1 to 50.

    Raises:
        NotJson: the body is not JSON (NaN, Infinity and repeated keys are not either).
        InvalidOrders: with every fault in it.
    """
    value = _parse_json(body)
    bulk = isinstance(value, list)
    entries = value if isinstance(value, list) else [value]
    if not 1 <= len(entries) <= MAX_ORDERS:
        raise InvalidOrders([Fault("", f"should hold 1 to {MAX_ORDERS} orders; it holds {len(entries)}")])
    try:
        orders = Orders(_ORDERS.validate_python(entries), bulk=bulk)
    except ValidationError as error:
        raise InvalidOrders(_faults(error, bulk=bulk)) from None
    repeated = [*_repeated(orders, "id", [order.id for order in orders.orders])]
    # ARM compares data values without case (ARM page "About").
    numbers = [order.invoice_no.casefold() if order.invoice_no else None for order in orders.orders]
    repeated += _repeated(orders, "invoiceNo", numbers)
    if repeated:
        raise InvalidOrders(repeated)
    return orders


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(
            body.decode(), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_repeated_keys
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


def _faults(error: ValidationError, *, bulk: bool) -> list[Fault]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [Fault(_pointer(fault["loc"], bulk=bulk), _detail(fault["type"], fault["msg"])) for fault in faults]


def _pointer(location: tuple[int | str, ...], *, bulk: bool) -> str:
    parts = [str(part) for part in location if part not in (ITEM, TEXT)]
    escaped = [part.replace("~", "~0").replace("/", "~1") for part in (parts if bulk else parts[1:])]
    return "".join(f"/{part}" for part in escaped)


def _detail(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such field"
    return message.removeprefix("Value error, ").removeprefix("Input ")


def _repeated(orders: Orders, field: str, values: Sequence[str | None]) -> list[Fault]:
    return [
        Fault(orders.pointer(index, f"/{field}"), f"repeats that of order {values.index(value)} of the same request")
        for index, value in enumerate(values)
        if value is not None and values.index(value) != index
    ]
