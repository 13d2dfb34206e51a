"""An order becomes an ARM document. Pure.

The documentation's two sample documents show two forms, and the relay follows both. An order that states its currency
gets the *complete* form: document totals, and text lines with every field, blank. One without a currency gets the
*minimal* form: no totals, and text lines with only their text.

How a credit note names its invoice, and the sign of its amounts, are not documented: amounts are sent as the order has
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Final

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
from arm_relay.arm.money import EXACT, HUNDRED, NOTHING, Amounts, minor_unit_digits, round_price
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import ItemLine, Order, TextLine

#: The only document type code in the documentation.
INVOICE: Final = "IN"
#: Line types in the documentation's sample.
ITEM_LINE: Final = "PLH"
TEXT_LINE: Final = "TXT"

#: The most digits of an amount that a JSON number holds exactly, and the most before the decimal point.
DIGITS: Final = 15
WHOLE_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class ArmCodes:
    """The codes that ARM needs and an order does not have."""

    #: Who sends the batch.
    user_id: str
    #: ARM's code for credit notes; empty where the deployer has not set it.
    credit_note_type: str


def to_batch(orders: Sequence[Order], codes: ArmCodes, today: date) -> DocumentBatch:
    """Map orders that have no `faults_of` them. Documents without an invoice date get the date `today`."""
    documents = tuple(to_document(order, codes, today) for order in orders)
    return DocumentBatch(metadata=Metadata(userId=codes.user_id), documents=documents)


def faults_of(order: Order, pointer: str, codes: ArmCodes) -> list[Fault]:
    """Why the order at `pointer` in its request cannot be mapped.

    That is a credit note whose document type code is not configured, or an amount that is too large to send.
    """
    faults = []
    if order.type == "order.credited" and not codes.credit_note_type:
        detail = "credit notes need ARM's document type code: set documents/creditNote in the contract (ArmContract)"
        faults.append(Fault(f"{pointer}/type", detail))
    bound = Decimal(10) ** min(WHOLE_DIGITS, DIGITS - minor_unit_digits(order.currency))
    too_large = [
        Fault(f"{pointer}/lines/{number}", f"is too large: the amount must be below {bound:f}")
        for number, line in enumerate(order.lines)
        if isinstance(line, ItemLine) and line_amounts(order, line).largest >= bound
    ]
    if not too_large and total(order).largest >= bound:
        too_large.append(Fault(f"{pointer}/lines", f"are too large: the total must be below {bound:f}"))
    return faults + too_large


def line_amounts(order: Order, line: ItemLine) -> Amounts:
    """A line's amounts, rounded half-up to the currency's minor unit."""
    from_amount = Amounts.from_gross if order.prices_include_vat else Amounts.from_net
    with localcontext(EXACT):
        amount = line.quantity * line.unit_price * (HUNDRED - line.discount_percent) / HUNDRED
        return from_amount(amount, line.vat_rate, minor_unit_digits(order.currency))


def total(order: Order) -> Amounts:
    """A document's amounts: the sums of those of its lines."""
    return sum((line_amounts(order, line) for line in order.lines if isinstance(line, ItemLine)), start=NOTHING)


def to_document(order: Order, codes: ArmCodes, today: date) -> Document:
    """One order as ARM's document."""
    document_date = order.invoice_date or today
    complete = order.currency is not None
    return without_none(
        Document(
            documentType=document_type(order, codes),
            customerNo=order.customer_no,
            documentNo=order.invoice_no,
            documentDate=document_date.isoformat(),
            dueDate=_due_date(order, document_date).isoformat(),
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
            currencyAmounts=currency_amounts(total(order)) if complete else None,
            distribution=_distribution(order),
            einvoiceAddress=_einvoice_address(order),
            emailAddress=order.emails,
            # The relay uploads no files. The sample has the empty list wherever it names attachments.
            attachmentFiles=None if order.attachment_codes is None else (),
            attachmentCodes=order.attachment_codes,
            customCodes=order.custom_codes,
            documentLines=tuple(_line(order, number, line) for number, line in enumerate(order.lines, start=1)),
        )
    )


def document_type(order: Order, codes: ArmCodes) -> str:
    """ARM's code for the type of the order's document."""
    return INVOICE if order.type == "order.invoiced" else codes.credit_note_type


def _due_date(order: Order, document_date: date) -> date:
    return order.due_date or document_date + timedelta(days=order.payment_terms_days or 0)


def currency_amounts(amounts: Amounts) -> CurrencyAmounts:
    """Amounts as ARM writes them."""
    return CurrencyAmounts(exclVat=amounts.net, vat=amounts.vat, inclVat=amounts.gross)


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


def _line(order: Order, number: int, line: ItemLine | TextLine) -> DocumentLine:
    if isinstance(line, ItemLine):
        return _item_line(order, number, line)
    return _text_line(number, line, complete=order.currency is not None)


def _item_line(order: Order, number: int, line: ItemLine) -> DocumentLine:
    group1, group2, group3 = _three(line.groups)
    return DocumentLine(
        lineNo=number,
        lineType=ITEM_LINE,
        articleNo=line.sku,
        articleName=line.name,
        lineText=line.description,
        quantityUnit=line.unit,
        quantity=line.quantity,
        volumeUnit="",
        volume=Decimal(0),
        price=_price(order, line),
        itemGroup1=group1,
        itemGroup2=group2,
        itemGroup3=group3,
        currencyAmounts=currency_amounts(line_amounts(order, line)),
    )


def _price(order: Order, line: ItemLine) -> Decimal:
    """The net unit price after discount; exactly the price of the order where neither VAT nor discount is taken off."""
    if not order.prices_include_vat and not line.discount_percent:
        return line.unit_price
    discounted = line.unit_price * (HUNDRED - line.discount_percent) / HUNDRED
    return round_price(discounted * HUNDRED / (HUNDRED + line.vat_rate) if order.prices_include_vat else discounted)


def _three(groups: Sequence[str]) -> tuple[str, str, str]:
    first, second, third = (*groups, "", "", "")[:3]
    return first, second, third


def _text_line(number: int, line: TextLine, *, complete: bool) -> DocumentLine:
    text = DocumentLine(
        lineNo=number, lineType=TEXT_LINE, articleNo=line.sku, articleName=line.name, lineText=line.text
    )
    return {**text, **_blanks()} if complete else text


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
