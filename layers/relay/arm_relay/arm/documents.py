"""ARM's payload, field by field as in the documentation's sample batch (ARM page "POST documents/batches").

Only names and sample values are documented: no types, lengths or required fields.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def json_number(value: Decimal) -> int | float:
    """The JSON number that reads exactly as `value`.

    Raises:
        ValueError: no double has that shortest form (more than 15 significant digits).
    """
    number = float(value)
    if Decimal(str(number)) != value:
        raise ValueError("the amount has too many digits for a JSON number")
    return int(value) if number.is_integer() else number


type Number = Annotated[Decimal, PlainSerializer(json_number)]


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, frozen=True, extra="forbid"
    )


class CurrencyAmounts(_Model):
    """Amounts in major currency units; exclVat + vat = inclVat."""

    excl_vat: Number
    vat: Number
    incl_vat: Number


class Distribution(_Model):
    """How ARM sends the document on."""

    type: str
    einvoice_code: int | None = None


class EinvoiceAddress(_Model):
    """Where an electronic invoice goes."""

    address: str
    address_scheme: str | None = None
    operator: str | None = None


class DocumentLine(_Model):
    """One line; `PLH` bills, `TXT` only says something. The samples' text lines come with and without blank fields."""

    line_no: int
    line_type: str
    article_no: str
    article_name: str
    line_text: str
    quantity_unit: str | None = None
    quantity: Number | None = None
    volume_unit: str | None = None
    volume: Number | None = None
    #: Net unit price after discount: price x quantity = exclVat in the samples.
    price: Number | None = None
    item_group1: str | None = None
    item_group2: str | None = None
    item_group3: str | None = None
    currency_amounts: CurrencyAmounts | None = None


class Document(_Model):
    """An invoice or credit note."""

    document_type: str
    customer_no: str
    document_no: str | None = None
    document_date: str
    due_date: str
    currency: str | None = None
    language: str | None = None
    kid: str | None = None
    marketing_message_code: str | None = None
    customer_message: str | None = None
    sales_order_id: str | None = None
    purchase_order_id: str | None = None
    seller_reference: str | None = None
    buyer_reference: str | None = None
    additional_reference: str | None = None
    sub_customer_no: str | None = None
    ledger_note: str | None = None
    currency_amounts: CurrencyAmounts | None = None
    distribution: Distribution | None = None
    einvoice_address: EinvoiceAddress | None = None
    email_address: tuple[str, ...] | None = None
    attachment_files: tuple[str, ...] | None = None
    attachment_codes: tuple[str, ...] | None = None
    custom_codes: tuple[str, ...] | None = None
    document_lines: tuple[DocumentLine, ...]


class Metadata(_Model):
    """Who sends the batch."""

    user_id: str


class DocumentBatch(_Model):
    """The body of POST documents/batches."""

    metadata: Metadata
    documents: tuple[Document, ...]

    def to_json(self) -> bytes:
        """The request body: UTF-8 JSON without the fields that are not stated."""
        return self.model_dump_json(exclude_none=True).encode()
