"""ARM's payload, field by field as in the documentation's sample batch (ARM page "POST documents/batches").

Only names and sample values are documented: no types, lengths or required fields. So the relay writes what it has under
the documented names and leaves out what an order does not state.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from json.encoder import encode_basestring
from typing import Any, Final, TypedDict, cast

from arm_relay.json_notation import EXACT_DIGITS

#: A number of at most 15 digits without an exponent; nearly all are.
PLAIN: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")
#: A number with more zeros than this is no amount, and would be a very long text.
MOST_PLACES: Final = 30
#: Wide enough not to round a number before its digits are counted.
WIDE: Final = Context(prec=100)


class CurrencyAmounts(TypedDict):
    """Amounts in major currency units; exclVat + vat = inclVat."""

    exclVat: Decimal
    vat: Decimal
    inclVat: Decimal


class Distribution(TypedDict, total=False):
    """How ARM delivers the document."""

    type: str
    einvoiceCode: int | None


class EinvoiceAddress(TypedDict, total=False):
    """Where an electronic invoice goes."""

    address: str
    addressScheme: str | None
    operator: str | None


class DocumentLine(TypedDict, total=False):
    """One line: `PLH` bills, `TXT` is text. The samples show text lines with and without blank fields."""

    lineNo: int
    lineType: str
    articleNo: str
    articleName: str
    lineText: str
    quantityUnit: str
    quantity: Decimal
    volumeUnit: str
    volume: Decimal
    #: Net unit price after discount: price x quantity = exclVat in the samples.
    price: Decimal
    itemGroup1: str
    itemGroup2: str
    itemGroup3: str
    currencyAmounts: CurrencyAmounts


class Document(TypedDict, total=False):
    """An invoice or credit note."""

    documentType: str
    customerNo: str
    documentNo: str | None
    documentDate: str
    dueDate: str
    currency: str | None
    language: str | None
    kid: str | None
    marketingMessageCode: str | None
    customerMessage: str | None
    salesOrderId: str | None
    purchaseOrderId: str | None
    sellerReference: str | None
    buyerReference: str | None
    additionalReference: str | None
    subCustomerNo: str | None
    ledgerNote: str | None
    currencyAmounts: CurrencyAmounts | None
    distribution: Distribution | None
    einvoiceAddress: EinvoiceAddress | None
    emailAddress: Sequence[str] | None
    attachmentFiles: Sequence[str] | None
    attachmentCodes: Sequence[str] | None
    customCodes: Sequence[str] | None
    documentLines: Sequence[DocumentLine]


class Metadata(TypedDict):
    """Who sends the batch."""

    userId: str


class DocumentBatch(TypedDict):
    """The body of POST documents/batches."""

    metadata: Metadata
    documents: Sequence[Document]


def without_none[T: Mapping[str, Any]](fields: T) -> T:
    """The fields without those that are None."""
    return cast("T", {name: value for name, value in fields.items() if value is not None})


def to_json(batch: DocumentBatch) -> bytes:
    """As ARM gets it: UTF-8 JSON.

    Raises:
        ValueError: an amount has too many digits for a JSON number.
    """
    return to_text(batch).encode()


def documents_of(payload: bytes) -> list[dict[str, Any] | None]:
    """The documents of a stored body, in the order of the batch's orders; None for one that is forgotten.

    Amounts are exact.
    """
    documents: list[dict[str, Any] | None] = json.loads(payload, parse_float=Decimal)["documents"]
    return documents


def of_some(payload: bytes, places: Sequence[int]) -> bytes:
    """A stored body with some of its documents only, by their places; each as it was."""
    batch = json.loads(payload, parse_float=Decimal)
    if len(places) == len(batch["documents"]):
        return payload
    return to_text(batch | {"documents": [batch["documents"][place] for place in places]}).encode()


def without(payload: bytes, place: int) -> bytes:
    """A stored body in which null stands for the document at a place; the others are as they were."""
    batch = json.loads(payload, parse_float=Decimal)
    documents = [None if index == place else document for index, document in enumerate(batch["documents"])]
    return to_text(batch | {"documents": documents}).encode()


def to_text(value: object) -> str:
    """JSON without spaces. Numbers are written in plain digits: 0.00005 and not 5e-05, which some readers refuse.

    Raises:
        ValueError: a number has too many digits for a JSON number.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{encode_basestring(name)}:{to_text(member)}" for name, member in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([to_text(item) for item in value]) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return number_text(Decimal(repr(value))) if isinstance(value, float) else json.dumps(value)


def number_text(number: Decimal) -> str:
    """The number in plain digits, as short as it is.

    Raises:
        ValueError: no double has that shortest form (more than 15 significant digits).
    """
    text = str(number)
    if PLAIN.fullmatch(text):
        short_text = text.rstrip("0").rstrip(".") if "." in text else text
        return short_text if short_text != "-0" else "0"
    if not number.is_finite() or abs(number.adjusted()) > MOST_PLACES:
        raise ValueError("the amount has too many digits for a JSON number")
    short = number.normalize(WIDE)
    if len(short.as_tuple().digits) > EXACT_DIGITS:
        raise ValueError("the amount has too many digits for a JSON number")
    return f"{short:f}" if short else "0"
