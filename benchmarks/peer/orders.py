"""The peer's models of order events: the documented fields, limits and rules."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$",
    ),
]
Code = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$")]
Email = Annotated[str, Field(max_length=100, pattern=r"^[^@\s]+@[^@\s]+$")]
Amount = Annotated[Decimal, Field(max_digits=15, decimal_places=6)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4)]


class Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class References(Model):
    seller: Code | None = None
    buyer: Code | None = None
    purchase_order: Code | None = None
    additional: Code | None = None


class EinvoiceAddress(Model):
    address: Code
    address_scheme: Code | None = None
    operator: Code | None = None


class Delivery(Model):
    type: Code
    einvoice_code: Annotated[int, Field(ge=0, le=999_999)] | None = None
    einvoice_address: EinvoiceAddress | None = None


class ItemLine(Model):
    sku: Code
    name: Text
    description: Text = ""
    quantity: Amount
    unit: Code = ""
    unit_price: Amount
    vat_rate: Percent
    discount_percent: Percent = Decimal(0)
    groups: Annotated[list[Code], Field(max_length=3)] = []


class TextLine(Model):
    text: Text
    sku: Code = ""
    name: Text = ""


class Order(Model):
    id: Name
    type: Literal["order.invoiced", "order.credited"]
    order_id: Name | None = None
    customer_no: Name
    invoice_no: Name | None = None
    invoice_date: date | None = None
    payment_terms_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    due_date: date | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    kid: Annotated[str, Field(pattern=r"^[0-9]{1,24}[0-9-]$")] | None = None
    emails: Annotated[list[Email], Field(max_length=20)] | None = None
    message: Text | None = None
    references: References = References()
    sub_customer_no: Code | None = None
    ledger_note: Text | None = None
    marketing_message_code: Code | None = None
    delivery: Delivery | None = None
    attachment_codes: Annotated[list[Code], Field(max_length=100)] | None = None
    custom_codes: Annotated[list[Code], Field(max_length=100)] | None = None
    prices_include_vat: bool = False
    lines: Annotated[list[ItemLine | TextLine], Field(min_length=1, max_length=1000)]

    @model_validator(mode="before")
    @classmethod
    def default_id(cls, data):
        if isinstance(data, dict) and "id" not in data and "orderId" in data:
            return {"id": f"{data.get('type')}:{data['orderId']}"} | data
        return data

    @model_validator(mode="after")
    def one_due_date(self):
        if (self.due_date is None) == (self.payment_terms_days is None):
            raise ValueError("give either dueDate or paymentTermsDays")
        if self.due_date and self.invoice_date and self.due_date < self.invoice_date:
            raise ValueError("dueDate is before invoiceDate")
        return self

    @property
    def digest(self):
        content = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


Orders = Order | Annotated[list[Order], Field(min_length=1, max_length=50)]
