"""What each field of an order event means: the words that the JSON Schema, the OpenAPI document and the page share.

They are beside the models and not in them, because the functions never need them. A test holds them against the
models' fields and against the names of ARM's fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from arm_relay.orders.order import (
    Credits,
    Delivery,
    EinvoiceAddress,
    ExpectedTotal,
    ItemLine,
    Order,
    References,
    TextLine,
)
from pydantic import BaseModel

#: For the fields that every event must have.
REQUIRED: Final = ""
NOT_SENT: Final = "ARM's document then has no such field."
EMPTY: Final = "ARM gets an empty text."


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNote:
    """What a sender needs to know about one field."""

    #: What it means, in which unit, and who makes it.
    means: str
    #: What happens without it; `REQUIRED` where it must be there.
    absent: str
    #: Where it lands in ARM's document, its field names in backticks.
    arm: str
    #: A value that is allowed.
    example: Any

    @property
    def description(self) -> str:
        """All of it in one text, for a schema that says elsewhere which fields are required."""
        without = f" Without it: {self.absent}" if self.absent else ""
        return f"{self.means}{without} In ARM: {self.arm}"


_ORDER: Final = {
    "id": FieldNote(
        means="Your key for this billing document, unique per client. Make it once, store it with the order, and send "
        "it again whenever you send the same document again: then the document is billed once. It "
        "must not be `.` or `..`.",
        absent="The key is `<type>:<invoiceNo>`. An invoice without an `invoiceNo` has the key `<type>:<orderId>`; two "
        "invoices of one order, such as part deliveries, then have the same key: give each its own `id`. A credit note "
        "needs an `id` or an `invoiceNo`.",
        arm="Not sent.",
        example="evt-20250227-0001",
    ),
    "type": FieldNote(
        means="`order.invoiced` asks for an invoice, `order.credited` for a credit note. Credit notes are accepted "
        "only where the relay's operators have configured ARM's code for them.",
        absent=REQUIRED,
        arm="`documentType`: `IN` for an invoice, the configured code for a credit note.",
        example="order.invoiced",
    ),
    "orderId": FieldNote(
        means="The number of the order in your system.",
        absent=f"Allowed if `id` or `invoiceNo` is given. {NOT_SENT}",
        arm="`salesOrderId`.",
        example="B-0564311",
    ),
    "customerNo": FieldNote(
        means="The customer's number in ARM. The relay neither creates customers nor checks that they exist. Whether "
        "ARM accepts a document for a customer that it does not have is not documented: create the customer in ARM "
        "first.",
        absent=REQUIRED,
        arm="`customerNo`.",
        example="543210",
    ),
    "invoiceNo": FieldNote(
        means="The document's own number. You choose it, unique per client; upper and lower case are the same. The "
        "same content under a known number is the same order, other content is a conflict. With it the relay can look "
        "the document up in ARM when a submission gets no answer. Only numbers of "
        "letters, digits, `-`, `_` and single dots between them can be looked up.",
        absent="We assume that ARM numbers the document; the relay learns that number if ARM's result says it. If a "
        "submission gets no answer, the order has to wait for a person (HELD).",
        arm="`documentNo`.",
        example="88776655",
    ),
    "invoiceDate": FieldNote(
        means="The date of the document.",
        absent="The day on which the relay accepts the order, in the relay's configured time zone.",
        arm="`documentDate`.",
        example="2025-02-27",
    ),
    "paymentTermsDays": FieldNote(
        means="The number of days from the invoice date to the due date, 0 to 3650. Give either this or `dueDate`; a "
        "credit note needs neither.",
        absent="`dueDate` is required, except in a credit note.",
        arm="`dueDate`: the invoice date plus these days.",
        example=14,
    ),
    "dueDate": FieldNote(
        means="The day by which the document must be paid; not before the document's own date. Give either this or "
        "`paymentTermsDays`; a credit note needs neither.",
        absent="`paymentTermsDays` is required, except in a credit note.",
        arm="`dueDate`. A credit note without both gets its own date, because both documents of ARM's sample have the "
        "field.",
        example="2025-03-11",
    ),
    "currency": FieldNote(
        means="The currency of every amount of the order: an ISO 4217 code in capital letters. With a currency the "
        "relay also sends the document's totals.",
        absent="No currency is sent; which one ARM takes is not documented. Amounts are rounded to two decimals, and "
        "no totals are sent.",
        arm="`currency`; it also decides whether the document has `currencyAmounts` (`exclVat`, `vat`, `inclVat`).",
        example="NOK",
    ),
    "language": FieldNote(
        means="The language of the document: a code of two letters (ISO 639-1).",
        absent=f"{NOT_SENT} Which language ARM takes is not documented.",
        arm="`language`.",
        example="en",
    ),
    "kid": FieldNote(
        means="The payment identifier (KID) that the customer pays with. Send one only if you have agreed its format "
        "with Amili. The relay checks its length and characters, and its check digit (MOD10 or MOD11) if its operators "
        "have turned that on.",
        absent=f"{NOT_SENT} We assume that ARM makes the KID.",
        arm="`kid`.",
        example="500221850000200350786",
    ),
    "emails": FieldNote(
        means="The e-mail addresses for this document, at most 20 of at most 254 characters each. The documentation "
        "does not say when ARM uses them.",
        absent=NOT_SENT,
        arm="`emailAddress`.",
        example=["test@armresttest.no"],
    ),
    "message": FieldNote(
        means="A message to the customer.",
        absent=NOT_SENT,
        arm="`customerMessage`.",
        example="Happy holidays!",
    ),
    "references": FieldNote(
        means="The references of seller and buyer.",
        absent="No reference is sent.",
        arm="`sellerReference`, `buyerReference`, `purchaseOrderId` and `additionalReference`.",
        example={"seller": "C333", "buyer": "A1982"},
    ),
    "subCustomerNo": FieldNote(
        means="ARM's field of the same name. The documentation does not say what it means: ask Amili before you use "
        "it.",
        absent=NOT_SENT,
        arm="`subCustomerNo`.",
        example="654655",
    ),
    "ledgerNote": FieldNote(
        means="A note for the accounts-receivable ledger.",
        absent=NOT_SENT,
        arm="`ledgerNote`.",
        example="This is a note for the AR ledger",
    ),
    "marketingMessageCode": FieldNote(
        means="ARM's field of the same name. The documentation has no list of codes: ask Amili before you use it.",
        absent=NOT_SENT,
        arm="`marketingMessageCode`.",
        example="0203",
    ),
    "delivery": FieldNote(
        means="How ARM delivers the document to the customer.",
        absent="Neither field is sent. How ARM then delivers the document is not documented.",
        arm="`distribution` and `einvoiceAddress`.",
        example={"type": "M", "einvoiceCode": 0},
    ),
    "attachmentCodes": FieldNote(
        means="ARM's field of the same name. The documentation shows only an empty list: ask Amili before you use it. "
        "The relay uploads no files.",
        absent=NOT_SENT,
        arm="`attachmentCodes`, with `attachmentFiles` as an empty list beside it.",
        example=[],
    ),
    "customCodes": FieldNote(
        means="ARM's field of the same name. The documentation shows only an empty list: ask Amili before you use it.",
        absent=NOT_SENT,
        arm="`customCodes`.",
        example=[],
    ),
    "credits": FieldNote(
        means="The invoice that a credit note credits. Only for `order.credited`. The credit note is not sent to ARM "
        "before its invoice, and may not be larger.",
        absent="The relay does not know which invoice is meant, and sends the credit note at once.",
        arm="Not sent, as no field for it is documented. If Amili names one, the relay's operators can configure that "
        "the number of the invoice is sent in it.",
        example={"invoiceNo": "88776655"},
    ),
    "pricesIncludeVat": FieldNote(
        means="Whether every `unitPrice` and every `discountAmount` of the order includes VAT.",
        absent="`false`: unit prices are net.",
        arm="Not sent: ARM gets net prices in both cases.",
        example=False,
    ),
    "vatRounding": FieldNote(
        means="How VAT is rounded: `rate` rounds it once for all lines of a VAT rate, `line` for each line.",
        absent="As the relay's operators have set it, which is `rate` unless they changed it.",
        arm="Not sent: it decides the amounts.",
        example="rate",
    ),
    "expectedTotal": FieldNote(
        means="What your system computed for the document: `net`, `vat`, `gross`, or more than one of them. If the "
        "relay computes another number, the order is rejected, and the error gives both numbers.",
        absent="Nothing is compared.",
        arm="Not sent.",
        example={"gross": 250},
    ),
    "armFields": FieldNote(
        means="Fields of ARM's document that the relay does not know, as ARM names them. The relay passes them through "
        "and checks only their size: at most 20 fields, 4 levels, 4000 characters. It refuses a field that it writes "
        "itself. A field that is null is left out.",
        absent="Nothing is added.",
        arm="Each under its own name, behind the relay's fields.",
        example={"period": "2025-02"},
    ),
    "metadata": FieldNote(
        means="Your own words about the order, by name: they come back in its notifications, in the results and in its "
        "status. All values are strings; the names have letters, digits, dots, hyphens and underscores. At most 20 "
        "members and 600 bytes as JSON. They are part of the order's content: keep out what changes when you send the "
        "order again, such as a time. Put no names of people into them: notifications are kept as they were sent.",
        absent="The notifications have an empty object.",
        arm="Not sent.",
        example={"shop": "oslo-2"},
    ),
    "failedBatchId": FieldNote(
        means="Only for `orders/retry`, which bills a failed order once more, unchanged: the `batchId` of the batch in "
        "which it failed or was refused.",
        absent="`orders/retry` refuses the order; `orders` takes no order with it.",
        arm="Not sent.",
        example="7f1c2a52-6f0f-4c7e-9a53-1f0f0e6d3b11",
    ),
    "lines": FieldNote(
        means="The document's lines in their order, 1 to 1000. A line with the field `text` is a text line; every "
        "other line is an item line.",
        absent=REQUIRED,
        arm="`documentLines`, numbered from 1 in `lineNo`; `lineType` is `PLH` for item lines and `TXT` for text "
        "lines.",
        example=[{"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25}],
    ),
}

_ITEM_LINE: Final = {
    "sku": FieldNote(
        means="Your number of the article; it may be empty.", absent=REQUIRED, arm="`articleNo`.", example="1300"
    ),
    "name": FieldNote(
        means="The name of the article; it may be empty.", absent=REQUIRED, arm="`articleName`.", example="Comb"
    ),
    "description": FieldNote(means="More text on the article.", absent=EMPTY, arm="`lineText`.", example="Red comb"),
    "quantity": FieldNote(
        means="How many units are billed. It may be negative, but not zero.",
        absent=REQUIRED,
        arm="`quantity`.",
        example=1,
    ),
    "unit": FieldNote(
        means="The name of the unit, as free text. The documentation has no list of units.",
        absent=EMPTY,
        arm="`quantityUnit`.",
        example="kg",
    ),
    "volume": FieldNote(
        means="The volume of the line. The documentation does not say what ARM does with it.",
        absent="ARM gets 0.",
        arm="`volume`.",
        example=0.75,
    ),
    "volumeUnit": FieldNote(
        means="The name of the unit of `volume`, as free text. The documentation has no list of units.",
        absent=EMPTY,
        arm="`volumeUnit`.",
        example="l",
    ),
    "unitPrice": FieldNote(
        means="The price of one unit before the discount, in major currency units (kroner, not øre). It is net; with "
        "`pricesIncludeVat` it includes VAT. It may be negative, for a coupon or a deduction.",
        absent=REQUIRED,
        arm="`price`: the net price of one unit after the discount. Where VAT or a discount is taken off, it "
        "is the line's net amount divided by the quantity, to 15 digits.",
        example=200,
    ),
    "vatRate": FieldNote(
        means="The VAT rate in per cent: 25 means 25 %. It is 0, or at least 1: 0.25 is an error, because 25 is meant.",
        absent=REQUIRED,
        arm="Not sent as a rate: ARM gets the amounts `exclVat`, `vat` and `inclVat` in the line's `currencyAmounts`.",
        example=25,
    ),
    "discountPercent": FieldNote(
        means="The discount on this line in per cent of its amount. Give either this or `discountAmount`.",
        absent="0: no discount.",
        arm="Not sent by itself: it is taken off `price` and off the line's `currencyAmounts`.",
        example=10,
    ),
    "discountAmount": FieldNote(
        means="The discount on this line as an amount for the whole line. It includes VAT if the unit price does, has "
        "the sign of the line, and is not larger than the line.",
        absent="0: no discount.",
        arm="Not sent by itself: it is taken off `price` and off the line's `currencyAmounts`.",
        example=50,
    ),
    "groups": FieldNote(
        means="Up to three item groups. The documentation does not say what ARM does with them.",
        absent="ARM gets three empty texts.",
        arm="`itemGroup1`, `itemGroup2` and `itemGroup3`.",
        example=["500"],
    ),
    "armFields": FieldNote(
        means="As the order's `armFields`, for ARM's line.",
        absent="Nothing is added.",
        arm="Each under its own name in the line, behind the relay's fields.",
        example={"accountNo": "3000"},
    ),
}

_TEXT_LINE: Final = {
    "text": FieldNote(
        means="The text. A text line has no amount.",
        absent="Then the line is an item line.",
        arm="`lineText`.",
        example="This is a text line with no amounts",
    ),
    "sku": FieldNote(
        means="An article number, if the text is about one.", absent=EMPTY, arm="`articleNo`.", example=""
    ),
    "name": FieldNote(
        means="An article name, if the text is about one.", absent=EMPTY, arm="`articleName`.", example=""
    ),
    "armFields": FieldNote(
        means="As the order's `armFields`, for ARM's line.",
        absent="Nothing is added.",
        arm="Each under its own name in the line, behind the relay's fields.",
        example={"accountNo": "3000"},
    ),
}

_REFERENCES: Final = {
    "seller": FieldNote(
        means="The seller's reference, such as the name of a contact.",
        absent=NOT_SENT,
        arm="`sellerReference`.",
        example="C333",
    ),
    "buyer": FieldNote(
        means="The buyer's reference, such as the name of a contact.",
        absent=NOT_SENT,
        arm="`buyerReference`.",
        example="A1982",
    ),
    "purchaseOrder": FieldNote(
        means="The number of the buyer's purchase order.", absent=NOT_SENT, arm="`purchaseOrderId`.", example="PO-4711"
    ),
    "additional": FieldNote(
        means="One more reference. The documentation does not say what ARM does with it.",
        absent=NOT_SENT,
        arm="`additionalReference`.",
        example="X99887",
    ),
}

_DELIVERY: Final = {
    "type": FieldNote(
        means="ARM's code of the way of delivery. The documentation shows only `M` for documents, without its meaning: "
        "ask Amili for the codes. The relay sends any code.",
        absent=REQUIRED,
        arm="`distribution.type`.",
        example="M",
    ),
    "einvoiceCode": FieldNote(
        means="ARM's code of the kind of electronic invoice, 0 to 999999. The documentation shows only `0` for "
        "documents, without its meaning: ask Amili for the codes.",
        absent=NOT_SENT,
        arm="`distribution.einvoiceCode`.",
        example=0,
    ),
    "einvoiceAddress": FieldNote(
        means="Where an electronic invoice goes.",
        absent=NOT_SENT,
        arm="`einvoiceAddress`.",
        example={"address": "test@armresttest.no"},
    ),
}

_EINVOICE_ADDRESS: Final = {
    "address": FieldNote(
        means="The buyer's electronic address, as the scheme writes it. With the scheme 0192 it is checked to be a "
        "Norwegian organisation number, with 0088 a GLN.",
        absent=REQUIRED,
        arm="`einvoiceAddress.address`.",
        example="test@armresttest.no",
    ),
    "addressScheme": FieldNote(
        means="The code of the address's scheme, such as 0192 for Norwegian organisation numbers. The documentation "
        "shows it only empty for documents, and 0192 for a customer: ask Amili for the codes.",
        absent=NOT_SENT,
        arm="`einvoiceAddress.addressScheme`.",
        example="",
    ),
    "operator": FieldNote(
        means="The operator that carries the invoice. The documentation shows it only empty: ask Amili for the codes.",
        absent=NOT_SENT,
        arm="`einvoiceAddress.operator`.",
        example="",
    ),
}

_CREDITS: Final = {
    "invoiceNo": FieldNote(
        means="The invoice's own number. Give either this or `orderId`.",
        absent="`orderId` is required.",
        arm="Not sent.",
        example="88776655",
    ),
    "orderId": FieldNote(
        means="The order of the invoice, as the invoice's `orderId` had it.",
        absent="`invoiceNo` is required.",
        arm="Not sent.",
        example="B-0564311",
    ),
}

_EXPECTED_TOTAL: Final = {
    "net": FieldNote(
        means="The document's amount without VAT.", absent="It is not compared.", arm="Not sent.", example=200
    ),
    "vat": FieldNote(means="The document's VAT.", absent="It is not compared.", arm="Not sent.", example=50),
    "gross": FieldNote(
        means="The document's amount with VAT, which the customer pays.",
        absent="It is not compared.",
        arm="Not sent.",
        example=250,
    ),
}

#: By model, each field by the name that senders write.
NOTES: Final[Mapping[type[BaseModel], Mapping[str, FieldNote]]] = {
    Order: _ORDER,
    ItemLine: _ITEM_LINE,
    TextLine: _TEXT_LINE,
    References: _REFERENCES,
    Delivery: _DELIVERY,
    EinvoiceAddress: _EINVOICE_ADDRESS,
    Credits: _CREDITS,
    ExpectedTotal: _EXPECTED_TOTAL,
}

#: What the shared kinds of values are, by the name of the kind.
KINDS: Final[Mapping[str, str]] = {
    "Identifier": "1 to 100 characters. No character that cannot be seen, and no space at the beginning or the end.",
    "EventId": "1 to 128 characters. No character that cannot be seen, and no space at the beginning or the end.",
    "DocumentNumber": "As Identifier, and not of dots alone.",
    "ShortText": "At most 100 characters. No control characters.",
    "LongText": "At most 2000 characters. No control characters other than tabs and line breaks.",
    "Email": "An e-mail address of at most 254 characters, without a name beside it.",
    "Codes": "At most 100 codes of at most 100 characters each.",
    "ArmFields": "An object of at most 20 fields, 4 levels and 4000 characters. Its numbers have at most 15 digits.",
    "Metadata": "An object of at most 20 members, each a string, and of at most 600 bytes as JSON.",
    "Date": "A date of the calendar, YYYY-MM-DD.",
    "Amount": "A number, or a string that holds one: at most 15 digits, 6 of them after the decimal point.",
    "Percent": "A number from 0 to 100, or a string that holds one: at most 4 digits after the decimal point.",
    "Quantity": "As Amount, and not 0.",
    "VatRate": "As Percent, and 0 or at least 1.",
    "Line": "An item line, or a text line if it has the field `text`.",
}
