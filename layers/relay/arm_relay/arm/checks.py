"""Why an order cannot become a document of ARM, or should not. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from arm_relay.arm.amounts import VatRounding, amounts_of, before_discount, bound_of, discount_of, sum_of
from arm_relay.arm.documents import Document, DocumentLine
from arm_relay.arm.limits import NO_LIMITS, Limits
from arm_relay.arm.mapping import ArmCodes
from arm_relay.arm.money import minor_unit_digits
from arm_relay.batches.batch import Amounts
from arm_relay.json_notation import to_pointer
from arm_relay.orders.check_digits import is_kid
from arm_relay.orders.checks import Readable
from arm_relay.orders.faults import Fault
from arm_relay.orders.order import CREDITED, INVOICED, ItemLine, Order, References

#: The fields that decide what an order comes to.
OF_AMOUNTS: Final = ("currency", "pricesIncludeVat", "vatRounding", "lines")

#: How many lines a fault of the total shows the roundings of.
MOST_ROUNDINGS: Final = 10

#: ARM's fields that the relay writes, by their names without case.
OF_DOCUMENT: Final = {name.casefold(): name for name in Document.__annotations__}
OF_LINE: Final = {name.casefold(): name for name in DocumentLine.__annotations__}


def faults_of(
    readable: Readable, pointer: str, codes: ArmCodes, today: date, limits: Limits = NO_LIMITS
) -> list[Fault]:
    """What is wrong with the readable part of the order at `pointer` in its request.

    `today` is the date of documents without an invoice date, `limits` are those of the client.
    """
    found = [
        *_of_type(readable, codes),
        *_of_due_date(readable, today),
        *_of_kid(readable, codes),
        *_of_arm_fields(readable.order, codes),
        *_of_credited_invoice(readable.order, codes),
        *_of_currency(readable, limits),
        *_of_amounts(readable, codes.vat_rounding, limits),
    ]
    return [Fault(pointer + fault.pointer, fault.detail) for fault in found]


def _of_type(readable: Readable, codes: ArmCodes) -> Iterator[Fault]:
    if readable.order.type == CREDITED and not codes.credit_note_type:
        yield Fault("/type", "credit notes are not set up in this relay: ask the people who operate it")


def _of_due_date(readable: Readable, today: date) -> Iterator[Fault]:
    order = readable.order
    if order.due_date and order.invoice_date is None and readable.has("invoiceDate") and order.due_date < today:
        yield Fault("/dueDate", f"is before today, {today}, which is the document's date without an invoiceDate")


def _of_kid(readable: Readable, codes: ArmCodes) -> Iterator[Fault]:
    if codes.kid_check and readable.order.kid and not is_kid(readable.order.kid):
        yield Fault("/kid", "has a wrong check digit, by MOD10 and by MOD11: the bank would not match the payment")


def _of_credited_invoice(order: Order, codes: ArmCodes) -> Iterator[Fault]:
    """A field of the order that ARM's contract needs for the number of the credited invoice."""
    stated = _in_shared_field(order.references, order.ledger_note, codes.credited_invoice_key)
    if stated and order.credits and order.credits.invoice_no:
        yield Fault(stated, f"ARM's {codes.credited_invoice_key} holds the number of the invoice that is credited")


def _in_shared_field(references: References, ledger_note: str | None, key: str) -> str | None:
    """Where the order states what ARM gets in this field, if it does."""
    stated = {
        "purchaseOrderId": ("/references/purchaseOrder", references.purchase_order),
        "sellerReference": ("/references/seller", references.seller),
        "buyerReference": ("/references/buyer", references.buyer),
        "additionalReference": ("/references/additional", references.additional),
        "ledgerNote": ("/ledgerNote", ledger_note),
    }
    pointer, value = stated.get(key, (None, None))
    return pointer if value is not None else None


def _of_arm_fields(order: Order, codes: ArmCodes) -> Iterator[Fault]:
    key = codes.credited_invoice_key
    yield from _of_mapped("", order.arm_fields, OF_DOCUMENT | ({key.casefold(): key} if key else {}))
    for index, line in enumerate(order.lines):
        yield from _of_mapped(f"/lines/{index}", line.arm_fields, OF_LINE)


def _of_mapped(place: str, fields: Mapping[str, Any] | None, known: Mapping[str, str]) -> Iterator[Fault]:
    """Fields to pass through that the relay writes itself."""
    for name in fields or ():
        if name.casefold() in known:
            detail = f"the relay writes ARM's {known[name.casefold()]} itself, from the order's other fields"
            yield Fault(place + to_pointer(("armFields", name)), detail)


def _of_currency(readable: Readable, limits: Limits) -> Iterator[Fault]:
    """An order whose total nobody has limited, where the client's totals are limited."""
    currency = readable.order.currency
    if readable.has("currency") and not limits.covers(currency):
        accepted = " or ".join(limits.currencies)
        state = "is missing" if currency is None else f"is {currency}"
        yield Fault("/currency", f"{state}: this relay accepts orders of this client in {accepted} only")


def _of_amounts(readable: Readable, default: VatRounding, limits: Limits) -> Iterator[Fault]:
    order = readable.order
    if readable.has("currency"):
        yield from _of_discounts(order)
    if not readable.has(*OF_AMOUNTS):
        return
    amounts = amounts_of(order, default)
    bound = bound_of(order.currency)
    large = [index for index, made in enumerate(amounts) if made.largest >= bound]
    total = sum_of(amounts)
    for index in large:
        yield Fault(f"/lines/{index}", f"is too large: the amount must be below {bound:f}")
    if large:
        return
    if total.largest >= bound:
        yield Fault("/lines", f"are too large: the total must be below {bound:f}")
    else:
        yield from _of_limit(order, total, limits)
        if readable.has("type"):
            yield from _of_sign(order, total)
    if readable.has("expectedTotal"):
        yield from _of_expected_total(order, amounts, total)


def _of_discounts(order: Order) -> Iterator[Fault]:
    digits = minor_unit_digits(order.currency)
    for index, line in enumerate(order.lines):
        if isinstance(line, ItemLine) and line.discount_amount:
            amount, discount = before_discount(line, digits), discount_of(line, digits)
            place = f"/lines/{index}/discountAmount"
            if discount * amount < 0:
                yield Fault(place, f"has another sign than its line, which is {_plain(amount)} before the discount")
            elif abs(discount) > abs(amount):
                yield Fault(place, f"is larger than its line, which is {_plain(amount)} before the discount")


def _of_limit(order: Order, total: Amounts, limits: Limits) -> Iterator[Fault]:
    limit = limits.exceeded(order.currency, total.gross)
    if limit is not None:
        unit = f" {order.currency}" if order.currency else ""
        yield Fault(
            "/lines",
            f"come to {_plain(abs(total.gross))}{unit}: one order of this client may come to"
            f" {_plain(limit)}{unit} at most. If the total is right, ask the people who operate"
            " the relay",
        )


def _of_sign(order: Order, total: Amounts) -> Iterator[Fault]:
    if total.gross >= 0:
        return
    if order.type == INVOICED:
        detail = f"add up to {_plain(total.gross)}: to give money back, send {CREDITED} with positive amounts"
    else:
        detail = f"add up to {_plain(total.gross)}: write what a credit note gives back as positive amounts"
    yield Fault("/lines", detail)


def _of_expected_total(order: Order, amounts: Sequence[Amounts], total: Amounts) -> Iterator[Fault]:
    """Each stated number that the order does not come to; the first of them with the roundings."""
    if order.expected_total is None:
        return
    made = {"net": total.net, "vat": total.vat, "gross": total.gross}
    stated = {name: getattr(order.expected_total, name) for name in made}
    different = [name for name in made if stated[name] is not None and stated[name] != made[name]]
    for name in different:
        roundings = f". {_roundings(order, amounts)}" if name == different[0] else ""
        said, come_to = (_with_currency(amount, order.currency) for amount in (stated[name], made[name]))
        detail = f"is {said}, but the lines come to {come_to}{roundings}"
        yield Fault(f"/expectedTotal/{name}", detail)


def _roundings(order: Order, amounts: Sequence[Amounts]) -> str:
    billed = [index for index, line in enumerate(order.lines) if isinstance(line, ItemLine)]
    shown = [_rounding(index, amounts[index]) for index in billed[:MOST_ROUNDINGS]]
    more = [f"and {len(billed) - MOST_ROUNDINGS} more"] if len(billed) > MOST_ROUNDINGS else []
    return f"The lines as they are rounded: {'; '.join([*shown, *more])}"


def _rounding(index: int, made: Amounts) -> str:
    return f"/lines/{index}: {_plain(made.net)} + {_plain(made.vat)} VAT = {_plain(made.gross)}"


def _with_currency(amount: Decimal, currency: str | None) -> str:
    return f"{_plain(amount)} {currency}" if currency else _plain(amount)


def _plain(amount: Decimal) -> str:
    """Without an exponent, and without a sign where it is zero."""
    return f"{amount + 0:f}"
