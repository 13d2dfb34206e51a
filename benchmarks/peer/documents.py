"""The peer's mapping of orders to ARM's payload."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from orders import ItemLine

CENT = Decimal("0.01")


def to_payload(orders):
    return {"metadata": {"userId": "arm-relay"}, "documents": [to_document(order) for order in orders]}


def to_document(order):
    document_date = order.invoice_date or date.today()
    due_date = order.due_date or document_date + timedelta(days=order.payment_terms_days)
    lines = [to_line(order, number, line) for number, line in enumerate(order.lines, start=1)]
    document = {
        "documentType": "IN",
        "customerNo": order.customer_no,
        "documentNo": order.invoice_no,
        "documentDate": document_date.isoformat(),
        "dueDate": due_date.isoformat(),
        "currency": order.currency,
        "language": order.language,
        "kid": order.kid,
        "marketingMessageCode": order.marketing_message_code,
        "customerMessage": order.message,
        "salesOrderId": order.order_id,
        "purchaseOrderId": order.references.purchase_order,
        "sellerReference": order.references.seller,
        "buyerReference": order.references.buyer,
        "additionalReference": order.references.additional,
        "subCustomerNo": order.sub_customer_no,
        "ledgerNote": order.ledger_note,
        "emailAddress": order.emails,
        "attachmentCodes": order.attachment_codes,
        "customCodes": order.custom_codes,
        "documentLines": lines,
    }
    if order.currency:
        amounts = [line["currencyAmounts"] for line in lines if "currencyAmounts" in line]
        document["currencyAmounts"] = {
            name: sum(amount[name] for amount in amounts) for name in ("exclVat", "vat", "inclVat")
        }
    if order.delivery:
        document["distribution"] = {"type": order.delivery.type, "einvoiceCode": order.delivery.einvoice_code}
        if order.delivery.einvoice_address:
            document["einvoiceAddress"] = order.delivery.einvoice_address.model_dump(by_alias=True)
    return {name: value for name, value in document.items() if value is not None}


def to_line(order, number, line):
    if not isinstance(line, ItemLine):
        return {
            "lineNo": number,
            "lineType": "TXT",
            "articleNo": line.sku,
            "articleName": line.name,
            "lineText": line.text,
        }
    groups = [*line.groups, "", "", ""]
    price = line.unit_price * (100 - line.discount_percent) / 100
    if order.prices_include_vat:
        gross = rounded(line.quantity * price)
        vat = rounded(gross * line.vat_rate / (100 + line.vat_rate))
        net = gross - vat
        price = price * 100 / (100 + line.vat_rate)
    else:
        net = rounded(line.quantity * price)
        vat = rounded(net * line.vat_rate / 100)
        gross = net + vat
    return {
        "lineNo": number,
        "lineType": "PLH",
        "articleNo": line.sku,
        "articleName": line.name,
        "lineText": line.description,
        "quantityUnit": line.unit,
        "quantity": line.quantity,
        "volumeUnit": "",
        "volume": 0,
        "price": price,
        "itemGroup1": groups[0],
        "itemGroup2": groups[1],
        "itemGroup3": groups[2],
        "currencyAmounts": {"exclVat": net, "vat": vat, "inclVat": gross},
    }


def rounded(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
