"""What a batch that needs attention says to people who read mail. Pure, and made from the stored batch alone."""

from typing import Final

from arm_relay.batches.batch import Batch, BatchOrder, OrderStatus, State

#: The states that need somebody's attention. The template's subscription for AttentionEmail filters by the same.
NEEDS_ATTENTION: Final = frozenset({State.HELD, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED})

#: How many orders are listed, and how much of ARM's words is shown, in characters.
MOST_ORDERS: Final = 20
MOST_WORDS: Final = 400

#: The longest subject that SNS takes is 100 characters; it has to be ASCII.
LONGEST_SUBJECT: Final = 99

WHAT_TO_DO: Final = {
    OrderStatus.HELD: "Nobody knows yet whether ARM has it. Look into ARM, then release the batch (docs/operations.md, "
    "held batches). Do not bill the order in another way meanwhile.",
    OrderStatus.FAILED: "ARM did not create its document. Correct the order in the system that sent it, and send it "
    "again under the same id.",
    OrderStatus.REFUSED: "ARM refused the whole batch. Correct the order in the system that sent it, and send it again "
    "under the same id.",
}


def needs_attention(batch: Batch) -> bool:
    """Whether somebody has to do something about its present end or hold."""
    return batch.state in NEEDS_ATTENTION


def subject(batch: Batch) -> str:
    """The subject of the mail."""
    orders = len(_of_attention(batch))
    what = f"{orders} order{'' if orders == 1 else 's'} of client {batch.client_no}"
    text = f"ARM Relay: {what} {'is' if orders == 1 else 'are'} {batch.state.value}"
    return text.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]


def words(batch: Batch) -> str:
    """The text of the mail."""
    found = _of_attention(batch)
    lines = [
        f"{len(found)} of the {len(batch.orders)} orders of this batch need attention.",
        "",
        f"Client:  {batch.client_no}",
        f"Batch:   {batch.id}",
        f"Status:  {batch.state.value}",
        f"Why:     {batch.cause}",
        *([f"Decided by: {batch.by}"] if batch.by else []),
    ]
    for order in found[:MOST_ORDERS]:
        lines += ["", *_of_order(order)]
    if len(found) > MOST_ORDERS:
        lines += ["", f"and {len(found) - MOST_ORDERS} more"]
    if batch.answer and not any(order.errors for order in found):
        lines += ["", f"ARM answered {batch.answer.status}: {_short(batch.answer.body)}"]
    lines += ["", "What to do", ""]
    lines += [f"{status.value}: {WHAT_TO_DO[status]}" for status in WHAT_TO_DO if _has(found, status)]
    lines += ["", f"All that is known: GET /v1/clients/{batch.client_no}/batches/{batch.id} of the operators' API."]
    return "\n".join(lines) + "\n"


def _of_attention(batch: Batch) -> list[BatchOrder]:
    return [order for order in batch.orders if order.status in WHAT_TO_DO]


def _of_order(order: BatchOrder) -> list[str]:
    number = order.document_no or order.arm_no
    amount = (
        f"{order.total.gross:f} {order.currency or '(the currency is left to ARM)'}"
        if order.total is not None
        else None
    )
    facts = {
        "Order:   ": order.order_id or order.id,
        "Id:      ": order.id,
        "Invoice: ": number or "without a number",
        "Customer:": order.customer_no,
        "Sum:     ": amount,
        "Status:  ": order.status.value,
    }
    told = [f"{name} {fact}" for name, fact in facts.items() if fact]
    return told + [f"ARM says: {_short(error)}" for error in order.errors]


def _has(orders: list[BatchOrder], status: OrderStatus) -> bool:
    return any(order.status is status for order in orders)


def _short(text: str) -> str:
    """On one line, and not longer than a mail should have it."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_WORDS else line[:MOST_WORDS] + "…"
