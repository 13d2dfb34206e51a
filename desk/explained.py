"""What has become of an order, and what to do about it, in sentences. Pure; docs/operations.md has the same."""

from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from desk.answers import OrderEvidence, OrderStory, is_amount
from desk.words import moment


@dataclass(frozen=True, slots=True)
class Explained:
    """What happened to an order, and what to do about it."""

    happened: str
    to_do: str


def explained(story: OrderStory, zone: tzinfo | None = None) -> Explained:
    """An order's story in two sentences; times are in this zone, or in this machine's."""
    order = story["order"]
    match order["status"]:
        case "SUCCEEDED":
            return _succeeded(order)
        case "FAILED" | "REFUSED":
            return _failed(story)
        case "HELD":
            return _held(story)
        case _:
            return _unfinished(story, zone)


def _succeeded(order: OrderEvidence) -> Explained:
    number = order["documentNo"]
    named = f"the document {number}" if number else "its document, and did not say under which number"
    return Explained(
        f"ARM created {named}.",
        f"Nothing here. ARM knows what happened since: look for {number or order['orderId'] or order['id']} there.",
    )


def _failed(story: OrderStory) -> Explained:
    errors = "; ".join(story["order"]["errors"]) or story["cause"] or "it gave no reason"
    who = "ARM did not create its document" if story["order"]["status"] == "FAILED" else "ARM does not have it"
    if story["retriedAs"]:
        return Explained(f"{who}: {errors}.", f"Nothing here: it was sent again in the batch {story['retriedAs']}.")
    return Explained(
        f"{who}: {errors}.",
        "If the order is wrong, its sender corrects it and sends it again under the same id. If only ARM had to be"
        f" corrected: relay retry {story['batchId']}",
    )


def _held(story: OrderStory) -> Explained:
    certain = "ARM certainly does not have it." if story["certainlyNotInArm"] else "ARM may have it."
    return Explained(
        f"A person must decide, because: {story['cause']}. {certain}",
        f"Let the relay find out: relay release {story['batchId']}",
    )


def _unfinished(story: OrderStory, zone: tzinfo | None) -> Explained:
    happened = f"It is not finished: {story['status']}, {story['cause']}."
    if story["settlesAt"]:
        happened += f" What ARM says counts from {moment(story['settlesAt'], zone)} on."
    if story["nextPollAt"]:
        return Explained(happened, f"Wait. The relay looks again at {moment(story['nextPollAt'], zone)}.")
    return Explained(happened, "Wait: its end is being announced.")


def total_of(order: OrderEvidence) -> tuple[Decimal | None, str | None]:
    """What the order's document comes to with VAT, and its currency; None where that is not known."""
    document: dict[str, Any] = order["document"] or {}
    amounts, currency = document.get("currencyAmounts"), document.get("currency")
    value = amounts.get("inclVat") if isinstance(amounts, dict) else None
    total = Decimal(value) if isinstance(value, int | Decimal) else None
    return total if total is not None and is_amount(total) else None, currency if isinstance(currency, str) else None


def looked_up(order: OrderEvidence, zone: tzinfo | None = None) -> str:
    """What ARM's ledger said last about the order's document."""
    found = order["lookUp"]
    if found is None:
        return "was not asked"
    said = {
        "FOUND": "had the document",
        "ABSENT": "had no document with this number",
        "ANOTHER": "had a different document with this number",
    }
    return f"{said.get(found['found'] or '', 'gave no answer')}, asked at {moment(found['at'], zone)}"
