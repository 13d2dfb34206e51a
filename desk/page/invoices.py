"""What was sent to ARM, as an invoice looks. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from desk.page.bounds import amount_of

#: A line that bills; every other kind is text.
_BILLED: Final = "PLH"

#: Norway's rates first: where two fit, as with very small amounts, they are the likely ones.
_USUAL_RATES: Final = (*map(Decimal, ("25", "15", "12", "11.11", "0")), *map(Decimal, range(1, 100)))
#: A line's VAT may be off by so much, because the VAT is rounded once for all lines of a rate.
_ROUNDING: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line; amounts and rate are None where it is text alone."""

    article_no: str
    name: str
    text: str
    unit: str
    quantity: Decimal | None
    #: Net, for each unit.
    price: Decimal | None
    #: In percent.
    rate: Decimal | None
    net: Decimal | None


@dataclass(frozen=True, slots=True)
class Vat:
    """The VAT of one rate."""

    #: In percent.
    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """One document."""

    document_type: str
    currency: str | None
    #: What it says of itself, by ARM's names, in the order in which an invoice shows it; without what is blank.
    head: tuple[tuple[str, str], ...]
    lines: tuple[InvoiceLine, ...]
    vat: tuple[Vat, ...]
    net: Decimal | None
    vat_total: Decimal | None
    gross: Decimal | None
    message: str


_HEAD: Final = (
    "customerNo",
    "documentNo",
    "documentDate",
    "dueDate",
    "salesOrderId",
    "kid",
    "purchaseOrderId",
    "sellerReference",
    "buyerReference",
    "additionalReference",
    "subCustomerNo",
)


def invoice_of(document: Mapping[str, Any]) -> Invoice:
    """The invoice that a document of ARM's stands for.

    ARM's document has no VAT rates, only amounts: the rate is the one that leads to them.
    """
    listed = document.get("documentLines")
    entries = [entry for entry in (listed if isinstance(listed, list) else []) if isinstance(entry, dict)]
    rates = _rates(entries)
    lines = tuple(_line(entry, rate) for entry, rate in zip(entries, rates, strict=True))
    totals = _object(document.get("currencyAmounts"))
    net, vat, gross = (_decimal(totals.get(name)) for name in ("exclVat", "vat", "inclVat"))
    return Invoice(
        document_type=str(document.get("documentType", "")),
        currency=str(document["currency"]) if document.get("currency") else None,
        head=tuple((name, str(document[name])) for name in _HEAD if document.get(name)),
        lines=lines,
        vat=tuple(_vat(entries, rates)),
        net=net,
        vat_total=vat,
        gross=gross,
        message=str(document.get("customerMessage") or ""),
    )


def _line(entry: Mapping[str, Any], rate: Decimal | None) -> InvoiceLine:
    billed = rate is not None
    net, _ = _amounts(entry)
    return InvoiceLine(
        article_no=str(entry.get("articleNo") or ""),
        name=str(entry.get("articleName") or ""),
        text=str(entry.get("lineText") or ""),
        unit=str(entry.get("quantityUnit") or ""),
        quantity=_decimal(entry.get("quantity")) if billed else None,
        price=_decimal(entry.get("price")) if billed else None,
        rate=rate,
        net=net if billed else None,
    )


def _rates(entries: Sequence[Mapping[str, Any]]) -> list[Decimal | None]:
    """Each line's rate, in their order: the larger a line, the surer its rate, and small ones follow it."""
    rates: list[Decimal | None] = [None] * len(entries)
    found: list[Decimal] = []
    largest_first = sorted(range(len(entries)), key=lambda place: -abs(_amounts(entries[place])[0]))
    for place in largest_first:
        if entries[place].get("lineType") == _BILLED:
            rate = _rate(*_amounts(entries[place]), known=found)
            rates[place] = rate
            found.append(rate)
    return rates


def _rate(net: Decimal, vat: Decimal, known: Sequence[Decimal]) -> Decimal:
    for rate in (*known, *_USUAL_RATES):
        if abs(net * rate / 100 - vat) <= _ROUNDING:
            return rate
    return round(vat / net * 100, 1) if net else Decimal(0)


def _vat(entries: Sequence[Mapping[str, Any]], rates: Sequence[Decimal | None]) -> Iterator[Vat]:
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for entry, rate in zip(entries, rates, strict=True):
        if rate is not None:
            (net, vat), (more_net, more_vat) = sums.get(rate, (Decimal(0), Decimal(0))), _amounts(entry)
            sums[rate] = (net + more_net, vat + more_vat)
    for rate in sorted(sums, reverse=True):
        yield Vat(rate, *sums[rate])


def _amounts(entry: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    amounts = _object(entry.get("currencyAmounts"))
    return _decimal(amounts.get("exclVat")) or Decimal(0), _decimal(amounts.get("vat")) or Decimal(0)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _decimal(value: object) -> Decimal | None:
    return amount_of(str(value)) if isinstance(value, int | float | Decimal) else None
