"""A batch and its orders as JSON for people and programs: the words that answers and announcements share. Pure."""

from typing import Any

from arm_relay.batches.batch import Amounts, Batch, BatchOrder, CreditedInvoice
from arm_relay.json_notation import json_number


def of_batch(batch: Batch) -> dict[str, Any]:
    """The members that every answer and every announcement about a batch has."""
    return {
        "batchId": batch.id,
        "clientNo": batch.client_no,
        "status": batch.state.value,
        "cause": batch.cause,
        "by": batch.by,
        "batchUuid": batch.batch_uuid,
    }


def of_order(order: BatchOrder) -> dict[str, Any]:
    """One order with its status."""
    return {
        "id": order.id,
        "orderId": order.order_id,
        "documentNo": order.document_no or order.arm_no,
        "status": order.status.value,
        "errors": list(order.errors),
        **({"creditedInvoice": of_credited(order.credited)} if order.credited else {}),
    }


def of_credited(credited: CreditedInvoice) -> dict[str, Any]:
    """The invoice that a credit note credits."""
    return {"standing": credited.standing.value, "batchId": credited.batch_id, "id": credited.id}


def details_of(order: BatchOrder) -> dict[str, Any]:
    """What a reader needs to book an order without asking the system that sent it."""
    return {
        "type": order.type,
        "customerNo": order.customer_no,
        "invoiceDate": order.invoice_date.isoformat() if order.invoice_date else None,
        "dueDate": order.due_date.isoformat() if order.due_date else None,
        "currency": order.currency,
        "total": of_amounts(order.total) if order.total else None,
        "metadata": dict(order.metadata),
    }


def of_amounts(amounts: Amounts) -> dict[str, int | float]:
    """What an order comes to. An amount has at most 14 digits, which JSON carries exactly (`arm.amounts`)."""
    return {"net": json_number(amounts.net), "vat": json_number(amounts.vat), "gross": json_number(amounts.gross)}


def of_answer(batch: Batch) -> dict[str, Any] | None:
    """ARM's latest answer; None where there was none."""
    return {"status": batch.answer.status, "body": batch.answer.body} if batch.answer else None
