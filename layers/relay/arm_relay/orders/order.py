"""What upstream systems send: order events, and what each field may hold. `faults` words what is wrong with one. Pure.

A model checks one field at a time: what fields must not be together is in `checks`, so that no fault hides another.
Length limits are the relay's own; ARM documents none. What each field means is in `tools/order_fields.py`, beside
the models, so that a function's start does not pay for it.
"""

import hashlib
import json
from datetime import date
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
)
from pydantic.alias_generators import to_camel

from arm_relay.orders import values

MAX_LINES: Final = 1000

#: The longest order, customer or invoice number.
MAX_NUMBER: Final = 100

#: Longer than other names, so that the default id of the longest `invoiceNo` or `orderId` fits.
MAX_ID: Final = 128

ITEM: Final = "item line"
TEXT: Final = "text line"

INVOICED: Final = "order.invoiced"
CREDITED: Final = "order.credited"

NAME: Final = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
CODE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
PROSE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
CURRENCY: Final = r"^[A-Z]{3}$"
LANGUAGE: Final = r"^[A-Za-z]{2}$"
KID: Final = r"^[0-9]{1,24}[0-9-]$"

type Amount = Annotated[
    Decimal,
    BeforeValidator(values.decimal(6)),
    Field(max_digits=15, decimal_places=6),
    AfterValidator(values.normal),
]
type Percent = Annotated[
    Decimal,
    BeforeValidator(values.decimal(4)),
    Field(ge=0, le=100, decimal_places=4),
    AfterValidator(values.normal),
]
type Quantity = Annotated[Amount, AfterValidator(values.not_zero)]
type VatRate = Annotated[Percent, AfterValidator(values.vat_rate)]
type Date = Annotated[date, BeforeValidator(values.date_text)]
type Identifier = Annotated[
    str, Field(min_length=1, max_length=MAX_NUMBER, pattern=NAME), AfterValidator(values.visible)
]
type EventId = Annotated[
    str,
    Field(min_length=1, max_length=MAX_ID, pattern=NAME),
    AfterValidator(values.visible),
    AfterValidator(values.no_step),
]
type DocumentNumber = Annotated[Identifier, AfterValidator(values.not_only_dots)]
type ShortText = Annotated[str, Field(max_length=100, pattern=CODE)]
type LongText = Annotated[str, Field(max_length=2000, pattern=PROSE)]
type Email = Annotated[str, Field(max_length=values.LONGEST_EMAIL, pattern=CODE), AfterValidator(values.email)]
type Metadata = Annotated[
    dict[str, Annotated[str, BeforeValidator(values.metadata_value)]],
    BeforeValidator(values.metadata_names),
    AfterValidator(values.metadata_size),
]
type ArmFields = Annotated[dict[str, Any], BeforeValidator(values.arm_fields)]


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

    address: Annotated[ShortText, AfterValidator(values.visible)]
    address_scheme: ShortText | None = None
    operator: ShortText | None = None


class Delivery(_Model):
    """How the document reaches the customer."""

    type: ShortText
    einvoice_code: Annotated[StrictInt, Field(ge=0, le=999_999), BeforeValidator(values.whole)] | None = None
    einvoice_address: EinvoiceAddress | None = None


class Credits(_Model):
    """The invoice that a credit note credits: one of the two."""

    invoice_no: DocumentNumber | None = None
    order_id: Identifier | None = None


class ExpectedTotal(_Model):
    """What the sender computed for the document, in major currency units: any of the three."""

    net: Amount | None = None
    vat: Amount | None = None
    gross: Amount | None = None


class ItemLine(_Model):
    """A line that is billed."""

    sku: ShortText
    name: LongText
    description: LongText = ""
    quantity: Quantity
    unit: ShortText = ""
    volume: Amount = Decimal(0)
    volume_unit: ShortText = ""
    #: Per unit in major currency units, before the discount; with VAT where the order's `pricesIncludeVat` says so.
    unit_price: Amount
    vat_rate: VatRate
    discount_percent: Percent = Decimal(0)
    #: Off the whole line, in its sign; with VAT where the unit price is.
    discount_amount: Amount = Decimal(0)
    groups: Annotated[tuple[ShortText, ...], Field(max_length=3), BeforeValidator(values.at_most(3))] = ()
    arm_fields: ArmFields | None = None


class TextLine(_Model):
    """A line of text, without an amount."""

    text: LongText
    sku: ShortText = ""
    name: LongText = ""
    arm_fields: ArmFields | None = None


def _kind_of_line(value: object) -> str:
    return TEXT if isinstance(value, TextLine) or (isinstance(value, dict) and "text" in value) else ITEM


def _some(lines: tuple[ItemLine | TextLine, ...]) -> tuple[ItemLine | TextLine, ...]:
    # Field(min_length=1) would also complain about an array whose lines are all faulty.
    if not lines:
        raise ValueError("should have at least 1 item")
    return lines


type Codes = Annotated[tuple[ShortText, ...], Field(max_length=100), BeforeValidator(values.at_most(100))]
type Line = Annotated[Annotated[ItemLine, Tag(ITEM)] | Annotated[TextLine, Tag(TEXT)], Discriminator(_kind_of_line)]


class Order(_Model, defer_build=False):
    """One order event: an order that becomes one billing document."""

    #: The same whenever this billing document is sent again; that makes sending it again harmless.
    id: EventId
    type: Literal["order.invoiced", "order.credited"]
    #: Becomes ARM's salesOrderId. May be left out where `id` or `invoiceNo` is given.
    order_id: Identifier | None = None
    customer_no: Identifier
    #: The document's own number. Without one ARM numbers the document, and the relay cannot look it up after a lost
    #: answer.
    invoice_no: DocumentNumber | None = None
    #: Today in the configured time zone where it is absent.
    invoice_date: Date | None = None
    payment_terms_days: Annotated[StrictInt, Field(ge=0, le=3650), BeforeValidator(values.whole)] | None = None
    due_date: Date | None = None
    #: ISO 4217. Stating it asks for the complete form of the document (see `mapping`).
    currency: Annotated[str, Field(pattern=CURRENCY), AfterValidator(values.currency)] | None = None
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None
    kid: Annotated[str, Field(pattern=KID)] | None = None
    emails: Annotated[tuple[Email, ...], Field(max_length=20), BeforeValidator(values.at_most(20))] | None = None
    message: LongText | None = None
    references: References = References()
    sub_customer_no: Annotated[ShortText, AfterValidator(values.visible)] | None = None
    ledger_note: LongText | None = None
    marketing_message_code: ShortText | None = None
    delivery: Delivery | None = None
    attachment_codes: Codes | None = None
    custom_codes: Codes | None = None
    #: Of a credit note.
    credits: Credits | None = None
    prices_include_vat: StrictBool = False
    #: How VAT is rounded: once per rate, or line by line; the template's `VatRounding` where it is absent.
    vat_rounding: Literal["rate", "line"] | None = None
    expected_total: ExpectedTotal | None = None
    arm_fields: ArmFields | None = None
    #: The sender's own words about the order: announced with it, and not sent to ARM.
    metadata: Metadata | None = None
    #: Of an order that is sent to be retried: the batch in which it failed or was refused.
    failed_batch_id: Identifier | None = None
    lines: Annotated[
        tuple[Line, ...],
        Field(max_length=MAX_LINES),
        BeforeValidator(values.at_most(MAX_LINES)),
        AfterValidator(_some),
    ]

    @property
    def digest(self) -> str:
        """SHA-256 in hex: the same however the same content is written, different for different content.

        The id is left out: the same content under another id is the same document. So is what asks for a retry.
        """
        left_out = {"id", "failed_batch_id"}
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=left_out)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
