"""What upstream systems send: order events, and what each field may hold. `faults` words what is wrong with one. Pure.

Length limits are the relay's own; ARM documents none. What each field means is in `tools/order_fields.py`, beside
the models, so that a function's start does not pay for it.
"""

import hashlib
import json
import re
from datetime import date, timedelta
from decimal import Decimal
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
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from arm_relay.orders.json_bodies import MANY_DIGITS, to_decimal

MAX_LINES: Final = 1000

#: Longer than other names, so that the default id of the longest `orderId` fits.
MAX_ID: Final = 128

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


def _number(value: object) -> Decimal:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = to_decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("should be a number, or a string that holds one")  # noqa: TRY004 (pydantic wants ValueError)
    number = Decimal(value)
    # Beyond these pydantic would round it, even to zero, or overflow.
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
        raise ValueError("must not consist of dots only")  # In a URL path dots are no name.
    return value


type Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(max_digits=15, decimal_places=6), AfterValidator(_normal)
]
type Percent = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0, le=100, decimal_places=4), AfterValidator(_normal)
]
type Date = Annotated[date, BeforeValidator(_date)]
type Identifier = Annotated[str, Field(min_length=1, max_length=100, pattern=NAME)]
type EventId = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=NAME)]
type ShortText = Annotated[str, Field(max_length=100, pattern=CODE)]
type LongText = Annotated[str, Field(max_length=2000, pattern=PROSE)]


class _Model(BaseModel):
    # Pydantic builds a part of an order with the order, so it need not build it separately.
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, defer_build=True)


class References(_Model):
    """What the document refers to, by the words of seller and buyer."""

    seller: ShortText | None = None
    buyer: ShortText | None = None
    purchase_order: ShortText | None = None
    additional: ShortText | None = None


class EinvoiceAddress(_Model):
    """Where an electronic invoice goes."""

    address: ShortText
    address_scheme: ShortText | None = None
    operator: ShortText | None = None


class Delivery(_Model):
    """How the document reaches the customer."""

    type: ShortText
    einvoice_code: Annotated[StrictInt, Field(ge=0, le=999_999)] | None = None
    einvoice_address: EinvoiceAddress | None = None


class ItemLine(_Model):
    """A line that is billed."""

    sku: ShortText
    name: LongText
    description: LongText = ""
    quantity: Amount
    unit: ShortText = ""
    #: Per unit in major currency units, before the discount; with VAT where the order's `pricesIncludeVat` says so.
    unit_price: Amount
    vat_rate: Percent
    discount_percent: Percent = Decimal(0)
    groups: Annotated[tuple[ShortText, ...], Field(max_length=3)] = ()


class TextLine(_Model):
    """A line of text, without an amount."""

    text: LongText
    sku: ShortText = ""
    name: LongText = ""


def _kind_of_line(value: object) -> str:
    return TEXT if isinstance(value, TextLine) or (isinstance(value, dict) and "text" in value) else ITEM


def _some(lines: tuple[ItemLine | TextLine, ...]) -> tuple[ItemLine | TextLine, ...]:
    # Field(min_length=1) would also complain about an array whose lines are all faulty.
    if not lines:
        raise ValueError("should have at least 1 item")
    return lines


type Line = Annotated[Annotated[ItemLine, Tag(ITEM)] | Annotated[TextLine, Tag(TEXT)], Discriminator(_kind_of_line)]


class Order(_Model, defer_build=False):
    """One order event: an order that becomes one billing document."""

    #: The same whenever this billing document is sent again; that makes sending it again harmless.
    id: EventId
    type: Literal["order.invoiced", "order.credited"]
    #: Becomes ARM's salesOrderId. May be left out where `id` is given.
    order_id: Identifier | None = None
    customer_no: Identifier
    #: The document's own number. Without one ARM numbers the document, and the relay cannot look it up after a lost
    #: answer.
    invoice_no: Annotated[Identifier, AfterValidator(_not_only_dots)] | None = None
    #: Today in the configured time zone where it is absent.
    invoice_date: Date | None = None
    payment_terms_days: Annotated[StrictInt, Field(ge=0, le=3650)] | None = None
    due_date: Date | None = None
    #: ISO 4217. Stating it asks for the complete form of the document (see `mapping`).
    currency: Annotated[str, Field(pattern=CURRENCY)] | None = None
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None
    kid: Annotated[str, Field(pattern=KID)] | None = None
    emails: Annotated[tuple[Annotated[ShortText, AfterValidator(_email)], ...], Field(max_length=20)] | None = None
    message: LongText | None = None
    references: References = References()
    sub_customer_no: ShortText | None = None
    ledger_note: LongText | None = None
    marketing_message_code: ShortText | None = None
    delivery: Delivery | None = None
    attachment_codes: Annotated[tuple[ShortText, ...], Field(max_length=100)] | None = None
    custom_codes: Annotated[tuple[ShortText, ...], Field(max_length=100)] | None = None
    prices_include_vat: StrictBool = False
    lines: Annotated[tuple[Line, ...], Field(max_length=MAX_LINES), AfterValidator(_some)]

    @model_validator(mode="before")
    @classmethod
    def _with_due_date(cls, data: Any) -> Any:  # noqa: ANN401 (whatever the sender wrote)
        # Its validator must run even where the field is absent.
        return {"dueDate": None} | data if isinstance(data, dict) else data

    # Unlike a validator of the order, one of a field runs even when other fields are faulty; `info.data` lacks those.
    # A validator sees only the fields declared above its own.

    @field_validator("payment_terms_days")
    @classmethod
    def _ends_in_the_calendar(cls, days: int | None, info: ValidationInfo) -> int | None:
        invoice_date = info.data.get("invoice_date")
        if days and invoice_date and date.max - invoice_date < timedelta(days=days):
            raise ValueError("gives a due date after the year 9999")
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
        """SHA-256 in hex: the same however the same content is written, different for different content."""
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
