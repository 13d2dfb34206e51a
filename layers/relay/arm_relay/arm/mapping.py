"""An order becomes an ARM document. Pure.

The documentation's two sample documents show two forms, and the relay follows both. An order that states its currency
gets the *complete* form: document totals, and text lines with every field, blank. One without a currency gets the
*minimal* form: no totals, and text lines with only their text.

How a credit note names its invoice, and the sign of its amounts, are not documented: the contract says both. Without a
word of it, what a credit note `credits` is not sent, and amounts are sent as the order has them. Every document of the
samples has a due date, so a credit note without one gets its own date.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from arm_relay.arm.amounts import VatRounding, amounts_of, price_of_line, sum_of
from arm_relay.arm.documents import (
    CurrencyAmounts,
    Distribution,
    Document,
    DocumentBatch,
    DocumentLine,
    EinvoiceAddress,
    Metadata,
    without_none,
)
from arm_relay.arm.money import NOTHING
from arm_relay.batches.batch import Amounts
from arm_relay.orders.order import CREDITED, INVOICED, ItemLine, Order, TextLine

#: The only document type code in the documentation.
INVOICE: Final = "IN"
#: Line types in the documentation's sample.
ITEM_LINE: Final = "PLH"
TEXT_LINE: Final = "TXT"


@dataclass(frozen=True, slots=True)
class ArmCodes:
    """What ARM needs and an order does not have, and what the deployer has chosen for orders that do not choose."""

    #: Who sends the batch.
    user_id: str
    #: ARM's code for credit notes; empty where the deployer has not set it.
    credit_note_type: str
    #: ARM's code for invoices.
    invoice_type: str = INVOICE
    #: The field in which a credit note names its invoice; empty where it does not.
    credited_invoice_key: str = ""
    #: Whether a credit note reaches ARM with the opposite sign: the quantities of its lines and all amounts.
    credits_are_negative: bool = False
    #: Over what VAT is rounded.
    vat_rounding: VatRounding = "rate"
    #: Whether a KID must have a right check digit.
    kid_check: bool = False


def to_batch(orders: Sequence[Order], codes: ArmCodes, today: date) -> DocumentBatch:
    """Map orders that have no faults. Documents without an invoice date get the date `today`."""
    documents = tuple(to_document(order, codes, today) for order in orders)
    return DocumentBatch(metadata=Metadata(userId=codes.user_id), documents=documents)


def total(order: Order, codes: ArmCodes) -> Amounts:
    """A document's amounts: the sums of those of its lines."""
    return sum_of(amounts_of(order, codes.vat_rounding))


def to_document(order: Order, codes: ArmCodes, today: date) -> Document:
    """One order as ARM's document."""
    document_date, due_date = dates_of(order, today)
    is_complete = order.currency is not None
    sign = -1 if order.type == CREDITED and codes.credits_are_negative else 1
    amounts = amounts_of(order, codes.vat_rounding)
    document = without_none(
        Document(
            documentType=document_type(order, codes),
            customerNo=order.customer_no,
            documentNo=order.invoice_no,
            documentDate=document_date.isoformat(),
            dueDate=due_date.isoformat(),
            currency=order.currency,
            language=order.language,
            kid=order.kid,
            marketingMessageCode=order.marketing_message_code,
            customerMessage=order.message,
            salesOrderId=order.order_id,
            purchaseOrderId=order.references.purchase_order,
            sellerReference=order.references.seller,
            buyerReference=order.references.buyer,
            additionalReference=order.references.additional,
            subCustomerNo=order.sub_customer_no,
            ledgerNote=order.ledger_note,
            currencyAmounts=currency_amounts(sum_of(amounts), sign) if is_complete else None,
            distribution=_distribution(order),
            einvoiceAddress=_einvoice_address(order),
            emailAddress=order.emails,
            # The relay uploads no files. The sample has the empty list wherever it names attachments.
            attachmentFiles=None if order.attachment_codes is None else (),
            attachmentCodes=order.attachment_codes,
            customCodes=order.custom_codes,
            documentLines=tuple(_line(order, number, *line, sign) for number, line in _numbered(order, amounts)),
        )
    )
    return _with(document, _credited_invoice(order, codes) | (order.arm_fields or {}))


def _credited_invoice(order: Order, codes: ArmCodes) -> dict[str, Any]:
    number = order.credits.invoice_no if order.credits else None
    return {codes.credited_invoice_key: number} if number and codes.credited_invoice_key else {}


def _numbered(order: Order, amounts: Sequence[Amounts]) -> Iterable[tuple[int, tuple[ItemLine | TextLine, Amounts]]]:
    return enumerate(zip(order.lines, amounts, strict=True), start=1)


def _with[T: Mapping[str, Any]](fields: T, passed: Mapping[str, Any] | None) -> T:
    """ARM's fields and, behind them, further ones; `checks` has seen that none has the same name."""
    return cast("T", {**fields, **passed}) if passed else fields


def document_type(order: Order, codes: ArmCodes) -> str:
    """ARM's code for the type of the order's document."""
    return codes.invoice_type if order.type == INVOICED else codes.credit_note_type


def dates_of(order: Order, today: date) -> tuple[date, date]:
    """The document's own date, and when it is due. A document without an invoice date gets the date `today`."""
    document_date = order.invoice_date or today
    # A credit note needs neither, and is then due on its own date.
    return document_date, order.due_date or document_date + timedelta(days=order.payment_terms_days or 0)


def currency_amounts(amounts: Amounts, sign: int = 1) -> CurrencyAmounts:
    """Amounts as ARM writes them, times the sign."""
    return CurrencyAmounts(exclVat=sign * amounts.net, vat=sign * amounts.vat, inclVat=sign * amounts.gross)


def _distribution(order: Order) -> Distribution | None:
    if not order.delivery:
        return None
    return without_none(Distribution(type=order.delivery.type, einvoiceCode=order.delivery.einvoice_code))


def _einvoice_address(order: Order) -> EinvoiceAddress | None:
    if not order.delivery or not order.delivery.einvoice_address:
        return None
    address = order.delivery.einvoice_address
    return without_none(
        EinvoiceAddress(address=address.address, addressScheme=address.address_scheme, operator=address.operator)
    )


def _line(order: Order, number: int, line: ItemLine | TextLine, amounts: Amounts, sign: int) -> DocumentLine:
    if isinstance(line, ItemLine):
        return _with(_item_line(order, number, line, amounts, sign), line.arm_fields)
    return _with(_text_line(number, line, is_complete=order.currency is not None), line.arm_fields)


def _item_line(order: Order, number: int, line: ItemLine, amounts: Amounts, sign: int) -> DocumentLine:
    group1, group2, group3 = _three(line.groups)
    return DocumentLine(
        lineNo=number,
        lineType=ITEM_LINE,
        articleNo=line.sku,
        articleName=line.name,
        lineText=line.description,
        quantityUnit=line.unit,
        # Price times quantity stays the net amount.
        quantity=sign * line.quantity,
        volumeUnit=line.volume_unit,
        volume=line.volume,
        price=price_of_line(order, line, amounts),
        itemGroup1=group1,
        itemGroup2=group2,
        itemGroup3=group3,
        currencyAmounts=currency_amounts(amounts, sign),
    )


def _three(groups: Sequence[str]) -> tuple[str, str, str]:
    first, second, third = (*groups, "", "", "")[:3]
    return first, second, third


def _text_line(number: int, line: TextLine, *, is_complete: bool) -> DocumentLine:
    text = DocumentLine(
        lineNo=number, lineType=TEXT_LINE, articleNo=line.sku, articleName=line.name, lineText=line.text
    )
    return {**text, **_blanks()} if is_complete else text


def _blanks() -> DocumentLine:
    zero = Decimal(0)
    return DocumentLine(
        quantityUnit="",
        quantity=zero,
        volumeUnit="",
        volume=zero,
        price=zero,
        itemGroup1="",
        itemGroup2="",
        itemGroup3="",
        currencyAmounts=currency_amounts(NOTHING),
    )
