"""What a batch that needs attention says to people who read mail. Pure.

The words are made from the data of the CloudEvent that is announced: announced again, they are the same words, even if
the batch has been trimmed meanwhile.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from arm_relay.arm.money import minor_unit_digits
from arm_relay.batches import causes
from arm_relay.batches.batch import Batch, OrderStatus, State

#: The data of a CloudEvent, or an order in it.
type Json = Mapping[str, Any]

#: The states that need somebody's attention. The template's subscription for AttentionEmail filters by the same.
NEEDS_ATTENTION: Final = frozenset({State.HELD, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED})

#: How many orders are listed, and how much of ARM's words is shown, in characters.
MOST_ORDERS: Final = 20
MOST_WORDS: Final = 400

#: The longest subject that SNS takes is 100 characters; it has to be ASCII.
LONGEST_SUBJECT: Final = 99

RETRY: Final = "If the order is right, and only ARM had to be changed, have it retried unchanged (docs/operations.md)."
WHAT_TO_DO: Final = {
    OrderStatus.HELD: "The relay could not find out by itself how it ends. Have it ask once more, or look into ARM and "
    "release the batch (docs/operations.md, held batches). Do not bill the order in another way meanwhile.",
    OrderStatus.FAILED: "ARM did not create its document. Correct the order in the system that sent it, and send it "
    f"again under the same id. {RETRY}",
    OrderStatus.REFUSED: "ARM refused the whole batch. Correct the order in the system that sent it, and send it again "
    f"under the same id. {RETRY}",
}
#: The same where the relay did not submit a credit note.
WITHOUT_INVOICE: Final = (
    "The invoice that it credits was not created, so the relay did not send the credit note to ARM. Once the invoice "
    "is in ARM, have the credit note retried (docs/sending-orders.md, corrections and credit notes)."
)


def needs_attention(batch: Batch) -> bool:
    """Whether somebody has to do something about its present end or hold."""
    return batch.state in NEEDS_ATTENTION


def subject(data: Json) -> str:
    """The subject of the mail."""
    orders = len(_of_attention(data))
    what = f"{orders} order{'' if orders == 1 else 's'} of client {data['clientNo']}"
    text = f"ARM Relay: {what} {'is' if orders == 1 else 'are'} {data['status']}"
    return text.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]


def words(data: Json) -> str:
    """The text of the mail."""
    found, answer = _of_attention(data), data["answer"]
    lines = [
        f"{len(found)} of the {len(data['orders'])} orders of this batch need attention.",
        "",
        f"Client:  {data['clientNo']}",
        f"Batch:   {data['batchId']}",
        f"Status:  {data['status']}",
        f"Why:     {data['cause']}",
        *([f"Decided by: {data['by']}"] if data["by"] else []),
    ]
    for order in found[:MOST_ORDERS]:
        lines += ["", *_of_order(order)]
    if len(found) > MOST_ORDERS:
        lines += ["", f"and {len(found) - MOST_ORDERS} more"]
    if answer and not any(order["errors"] for order in found):
        lines += ["", f"ARM answered {answer['status']}: {_short(answer['body'])}"]
    lines += ["", "What to do", ""]
    lines += [f"{status.value}: {_what_to_do(status, data)}" for status in WHAT_TO_DO if _has(found, status)]
    place = f"/v1/clients/{data['clientNo']}/batches/{data['batchId']}"
    lines += ["", f"All that is known: GET {place} of the operators' API."]
    return "\n".join(lines) + "\n"


def _what_to_do(status: OrderStatus, data: Json) -> str:
    return WITHOUT_INVOICE if data["cause"] == causes.INVOICE_NOT_CREATED else WHAT_TO_DO[status]


def _of_attention(data: Json) -> list[Json]:
    return [order for order in data["orders"] if order["status"] in WHAT_TO_DO]


def _of_order(order: Json) -> list[str]:
    facts = {
        "Order:   ": order["orderId"] or order["id"],
        "Id:      ": order["id"],
        "Invoice: ": order["documentNo"] or "without a number",
        "Customer:": order["customerNo"],
        "Sum:     ": _sum(order),
        "Status:  ": order["status"],
    }
    told = [f"{name} {fact}" for name, fact in facts.items() if fact]
    return told + [f"ARM says: {_short(error)}" for error in order["errors"]]


def _sum(order: Json) -> str | None:
    if not order["total"]:
        return None
    currency = order["currency"]
    amount = f"{order['total']['gross']:.{minor_unit_digits(currency)}f}"
    return f"{amount} {currency or '(the currency is left to ARM)'}"


def _has(orders: Sequence[Json], status: OrderStatus) -> bool:
    return any(order["status"] == status for order in orders)


def _short(text: str) -> str:
    """On one line, and not longer than a mail should have it."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_WORDS else line[:MOST_WORDS] + "…"
