"""Every kind of item in the table, made and read: a batch and its payload, markers, leases. Pure.

`day` and `claimedAt` of a batch put it into the index `day`, by the UTC date of its claim.

pk                    holds
BATCH#<batchId>       a batch; `shard` and `due` while something is left to do put it into the sparse index `due`,
`heldOf` and `endedAt` while it is held into the sparse index `held`. Held and failed batches
rest in shards of their own, so that they can be listed
PAYLOAD#<batchId>     the payload of a batch whose record would be larger than a write unit with it
ORDER#<client>#<id>   the marker that makes an order id unique; `orderOf` puts it into the index `orderId`
INVOICE#<client>#<no> the marker that makes an invoice number unique, as ARM compares numbers
ENDED#<batchId>#<at>  in the index `day`: that a batch ended long after its claim; see `is_late_end`
SHARD#<n>             the lease of the poller that works on a shard
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from arm_relay.batches.batch import (
    FAILURES,
    INVOICED,
    Amounts,
    Answer,
    Batch,
    BatchOrder,
    CreditedInvoice,
    Evidence,
    OrderStatus,
    Standing,
    State,
    Transitions,
)
from arm_relay.batches.day_book import ended_late
from arm_relay.comparison import compared
from arm_relay.store.compression import compress, decompress

#: An item in DynamoDB's own notation.
type Item = Mapping[str, Mapping[str, Any]]

#: The format in which this release writes records, and the newest one it reads. A release reads a format before any
#: release writes it: while versions change, both are at work.
WRITTEN_FORMAT: Final = 1
NEWEST_FORMAT: Final = 1

#: Every attribute that a batch's item may have, except its key.
ATTRIBUTES: Final = (
    "format",
    "version",
    "clientNo",
    "state",
    "cause",
    "claimedAt",
    "openedAt",
    "attempt",
    "attemptAt",
    "polls",
    "announcements",
    "body",
    "heldOf",
    "orderCount",
    "shard",
    "due",
    "doubt",
    "settlingSince",
    "failingSince",
    "undecidedSince",
    "endedAt",
    "announced",
    "announcedAt",
    "failure",
    "batchUuid",
    "redrive",
    "retryOf",
    "retriedAs",
    "day",
    "trimmedAt",
    "expiresAt",
)

#: The attributes that change when an end or a hold has been announced.
ANNOUNCED: Final = ("version", "shard", "due", "announced", "announcedAt", "expiresAt")

#: How keys of late ends begin.
ENDED: Final = "ENDED#"

#: The shards of batches that are held, and of those with orders that failed: nothing is due there.
HELD: Final = "held"
FAILED: Final = "failed"
RESTING: Final = frozenset({HELD, FAILED})

#: How many shards the due index has. A poller leases one at a time, so this bounds how many share the work.
SHARDS: Final = 8

#: Before every batch there is.
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)

#: DynamoDB charges a write for every so many bytes that are begun.
WRITE_UNIT: Final = 1024

#: The largest body of a submission, uncompressed, in bytes: several are in memory at a time.
LARGEST_PAYLOAD: Final = 2_000_000

#: The largest record that may be claimed, in bytes. What is added later (ARM's answer, errors, the history's times)
#: fits into the rest of DynamoDB's 400 KB.
LARGEST_CLAIM: Final = 200_000

#: The largest item of a payload, in bytes: DynamoDB's limit is 400 KB.
LARGEST_PAYLOAD_ITEM: Final = 400_000


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes an order id or an invoice number unique: names the order it belongs to, and the content it stands for."""

    batch_id: str
    #: The id of the order in that batch.
    order_id: str
    digest: str
    #: From then on DynamoDB may delete it, and the order id or the number is free again.
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OrderPlace:
    """Where an order is that was found by its orderId: its batch, and its id there."""

    batch_id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """What the index `held` holds of a batch that waits for a person."""

    id: str
    cause: str
    since: datetime
    order_count: int


def located(
    place: Marker | OrderPlace | None, batches: Mapping[str, Batch], client_no: str
) -> tuple[BatchOrder, Batch] | None:
    """The order of this client that a marker or the index names, and its batch of these; None where there is none.

    A marker may outlive its batch. And other clients' keys may look the same: client `2218#a` with order `b` would
    share one with client `2218` and order `a#b`.
    """
    batch = batches.get(place.batch_id) if place else None
    if place is None or batch is None or batch.client_no != client_no:
        return None
    return batch.order(place.order_id), batch


class UnreadableRecord(Exception):
    """A record was written by a newer release, or is damaged."""


@dataclass(frozen=True, slots=True)
class DueBatch:
    """What the index `due` holds of a batch that has something left to do."""

    id: str
    client_no: str
    claimed_at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class DayEntry:
    """What the index `day` holds: the claim of a batch, or an end long after one."""

    batch_id: str
    #: When it was claimed, or ended.
    at: datetime
    is_end: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease of a shard, as it was found."""

    #: The batches that the poller before had in hand and did not give back: its run died.
    in_hand: tuple[str, ...] = ()
    #: How many runs died in a row while they had each of these batches in hand.
    deaths: Mapping[str, int] = field(default_factory=dict)


def batch_key(batch_id: str) -> str:
    """The key of a batch."""
    return f"BATCH#{batch_id}"


def batch_id(key: str) -> str:
    """The id of the batch whose item has this key."""
    return key.removeprefix(batch_key(""))


def payload_key(batch_id: str) -> str:
    """The key of a batch's payload, where it has an item of its own."""
    return f"PAYLOAD#{batch_id}"


def marker_key(client_no: str, order_id: str) -> str:
    """The key of an order id's marker."""
    return f"ORDER#{client_no}#{order_id}"


def number_key(client_no: str, invoice_no: str) -> str:
    """The key of an invoice number's marker."""
    return f"INVOICE#{client_no}#{compared(invoice_no)}"


def order_key(client_no: str, order_id: str) -> str:
    """The key in the index `orderId` of the orders that have this orderId."""
    return f"{client_no}#{compared(order_id)}"


def shard_of(batch_id: str) -> str:
    """The shard a batch is due in, the same for its whole life."""
    return str(zlib.crc32(batch_id.encode()) % SHARDS)


def day_of(time: datetime, shard: str) -> str:
    """The partition of the index `day` that has what happened at a time."""
    return f"{time.astimezone(UTC):%Y-%m-%d}#{shard}"


def is_late_end(batch: Batch) -> bool:
    """Whether this step ends a batch so late that its claim does not lead to its end."""
    return batch.due is not None and ended_late(batch)


def to_late_end(batch: Batch, expires_at: datetime) -> Item:
    """The entry of a late end in the index `day`. It is written before the end is saved, so it may lead to none."""
    at = batch.ended_at or batch.claimed_at
    return {
        "pk": {"S": f"{ENDED}{batch.id}#{to_text(at)}"},
        "day": {"S": day_of(at, shard_of(batch.id))},
        "claimedAt": {"S": to_text(at)},
        "expiresAt": _timestamp(expires_at),
    }


def from_day_item(item: Item) -> DayEntry:
    """What an item of the index `day` says."""
    key, at = _text(item, "pk"), from_text(_text(item, "claimedAt"))
    if key.startswith(ENDED):
        return DayEntry(key.removeprefix(ENDED).rpartition("#")[0], at, is_end=True)
    return DayEntry(batch_id(key), at, is_end=False)


def to_item(batch: Batch, expires_at: datetime | None = None) -> Item:
    """The item of a batch. DynamoDB deletes it some time after `expires_at`."""
    item: dict[str, dict[str, Any]] = {
        "pk": {"S": batch_key(batch.id)},
        "format": {"N": str(WRITTEN_FORMAT)},
        "version": {"N": str(batch.version)},
        "clientNo": {"S": batch.client_no},
        "state": {"S": batch.state.value},
        "cause": {"S": batch.cause},
        "claimedAt": {"S": to_text(batch.claimed_at)},
        "day": {"S": day_of(batch.claimed_at, shard_of(batch.id))},
        "openedAt": {"S": to_text(batch.opened_at)},
        "attempt": {"N": str(batch.attempt)},
        "attemptAt": {"S": to_text(batch.attempt_at)},
        "polls": {"N": str(batch.polls)},
        "announcements": {"N": str(batch.announcements)},
        "body": {"B": compress(_body(batch))},
    }
    item |= _held(batch) | _place(batch)
    if batch.doubt:
        item["doubt"] = {"N": str(batch.doubt)}
    times = {
        "settlingSince": batch.settling_since,
        "failingSince": batch.failing_since,
        "undecidedSince": batch.undecided_since,
        "endedAt": batch.ended_at,
        "trimmedAt": batch.trimmed_at,
    }
    item |= {name: {"S": to_text(time)} for name, time in times.items() if time}
    texts = {
        "failure": batch.failure,
        "batchUuid": batch.batch_uuid,
        "redrive": batch.redrive_id,
        "retryOf": batch.retry_of,
        "retriedAs": batch.retried_as,
    }
    item |= {name: {"S": text} for name, text in texts.items() if text}
    return item | _announced(batch, expires_at)


def to_announced(batch: Batch, expires_at: datetime | None = None) -> Item:
    """The attributes `ANNOUNCED` of a batch's item, and its key."""
    return {
        "pk": {"S": batch_key(batch.id)},
        "version": {"N": str(batch.version)},
        **_place(batch),
        **_announced(batch, expires_at),
    }


def from_item(item: Item) -> Batch:
    """The batch of an item.

    Raises:
        UnreadableRecord: a newer release wrote it, or it is damaged.
    """
    try:
        if _number(item, "format") > NEWEST_FORMAT:
            raise UnreadableRecord("a newer release of the relay wrote the record")
        return _batch(item)
    except (KeyError, ValueError, ArithmeticError, TypeError, zlib.error) as error:
        raise UnreadableRecord(f"the record is damaged: {error!r}") from error


def _batch(item: Item) -> Batch:
    # JSON without white space contains no line break.
    first_line, line_break, payload = decompress(bytes(item["body"]["B"])).partition(b"\n")
    orders, history, answer, *earlier = json.loads(first_line)
    return Batch(
        id=batch_id(_text(item, "pk")),
        version=_number(item, "version"),
        client_no=_text(item, "clientNo"),
        state=State(_text(item, "state")),
        cause=_text(item, "cause"),
        claimed_at=from_text(_text(item, "claimedAt")),
        opened_at=from_text(_text(item, "openedAt")),
        due=None if _text(item, "shard") in RESTING else _time(item, "due"),
        attempt=_number(item, "attempt"),
        attempt_at=from_text(_text(item, "attemptAt")),
        doubt=_number(item, "doubt") or None,
        polls=_number(item, "polls"),
        settling_since=_time(item, "settlingSince"),
        failing_since=_time(item, "failingSince"),
        failure=_text(item, "failure") or None,
        undecided_since=_time(item, "undecidedSince"),
        announcements=_number(item, "announcements"),
        batch_uuid=_text(item, "batchUuid") or None,
        answer=Answer(*answer) if answer else None,
        submission_answer=Answer(*earlier[0]) if earlier else None,
        ended_at=_time(item, "endedAt"),
        announced=_number(item, "announced"),
        announced_at=_time(item, "announcedAt"),
        trimmed_at=_time(item, "trimmedAt"),
        orders=tuple(_order_from_json(order) for order in orders),
        history=tuple(_transitions_from_json(entry) for entry in history),
        redrive_id=_text(item, "redrive") or None,
        retry_of=_text(item, "retryOf") or None,
        retried_as=_text(item, "retriedAs") or None,
        payload=payload if line_break else None,
    )


def to_payload(batch: Batch, expires_at: datetime) -> Item:
    """The item of a batch's payload. DynamoDB deletes it some time after `expires_at`."""
    return {
        "pk": {"S": payload_key(batch.id)},
        "body": {"B": compress(batch.payload or b"")},
        "expiresAt": _timestamp(expires_at),
    }


def from_payload(item: Item) -> bytes:
    """The payload of an item.

    Raises:
        UnreadableRecord: it is damaged.
    """
    try:
        return decompress(bytes(item["body"]["B"]))
    except (KeyError, zlib.error) as error:
        raise UnreadableRecord(f"the payload is damaged: {error!r}") from error


def from_held_item(item: Item) -> HeldBatch:
    """The held batch of an item of the index."""
    return HeldBatch(
        id=batch_id(_text(item, "pk")),
        cause=_text(item, "cause"),
        since=from_text(_text(item, "endedAt")),
        order_count=_number(item, "orderCount"),
    )


def to_marker(batch: Batch, order: BatchOrder, expires_at: datetime) -> Item:
    """The marker of an order's id. DynamoDB deletes it some time after `expires_at`."""
    marker = _marker(marker_key(batch.client_no, order.id), batch, order, expires_at)
    return marker | ({"orderOf": {"S": order_key(batch.client_no, order.order_id)}} if order.order_id else {})


def to_number_marker(batch: Batch, order: BatchOrder, invoice_no: str, expires_at: datetime) -> Item:
    """The marker of an order's invoice number. DynamoDB deletes it some time after `expires_at`."""
    return _marker(number_key(batch.client_no, invoice_no), batch, order, expires_at)


def _marker(key: str, batch: Batch, order: BatchOrder, expires_at: datetime) -> dict[str, dict[str, Any]]:
    return {
        "pk": {"S": key},
        "id": {"S": order.id},
        "batchId": {"S": batch.id},
        "digest": {"S": order.digest},
        "expiresAt": _timestamp(expires_at),
    }


def from_marker(item: Item) -> Marker:
    """The marker of an item."""
    return Marker(
        batch_id=_text(item, "batchId"),
        order_id=_text(item, "id"),
        digest=_text(item, "digest"),
        expires_at=datetime.fromtimestamp(_number(item, "expiresAt"), UTC),
    )


def from_order_item(item: Item) -> OrderPlace:
    """Where an order is, by an item of the index `orderId`."""
    return OrderPlace(batch_id=_text(item, "batchId"), order_id=_text(item, "id"))


def to_lease(shard: str, owner: str, until: datetime, lease: Lease) -> Item:
    """The lease of a shard."""
    return {
        "pk": {"S": f"SHARD#{shard}"},
        "leasedBy": {"S": owner},
        "leasedUntil": {"S": to_text(until)},
        "inHand": {"S": _json(lease.in_hand)},
        "deaths": {"S": _json(dict(lease.deaths))},
    }


def from_lease(item: Item) -> Lease:
    """The lease of an item."""
    return Lease(tuple(json.loads(_text(item, "inHand") or "[]")), json.loads(_text(item, "deaths") or "{}"))


def from_due_item(item: Item) -> DueBatch:
    """What an item of the index `due` says.

    A damaged one must not stop those after it: a time that cannot be read counts as long ago.
    """
    return DueBatch(
        id=batch_id(_text(item, "pk")),
        client_no=_text(item, "clientNo"),
        claimed_at=_time_or_long_ago(item, "claimedAt"),
        due=_time_or_long_ago(item, "due"),
    )


def size(item: Item) -> int:
    """An item's size in bytes as DynamoDB counts it; counting a number by its digits may be off by a byte."""
    return sum(
        len(name) + sum(len(value) if isinstance(value, bytes) else len(value.encode()) for value in typed.values())
        for name, typed in item.items()
    )


def to_text(time: datetime) -> str:
    """A time as text of fixed width, so that texts sort by time."""
    # Not by strftime: it writes the years before 1000 with fewer digits.
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def optional_text(time: datetime | None) -> str | None:
    """A time as `to_text` writes it; None where there is none."""
    return to_text(time) if time else None


def from_text(text: str) -> datetime:
    """The time of a text by `to_text`."""
    return datetime.fromisoformat(text)


def _place(batch: Batch) -> dict[str, dict[str, Any]]:
    """The attributes that put a batch into the index `due`."""
    if batch.due:
        return {"shard": {"S": shard_of(batch.id)}, "due": {"S": to_text(batch.due)}}
    if batch.ended_at and (shard := _resting_shard(batch)):
        # So that those that wait for a person, and those that may be sent again, can be counted and listed.
        return {"shard": {"S": shard}, "due": {"S": to_text(batch.ended_at)}}
    return {}


def _announced(batch: Batch, expires_at: datetime | None) -> dict[str, dict[str, Any]]:
    item: dict[str, dict[str, Any]] = {}
    if batch.announced:
        item["announced"] = {"N": str(batch.announced)}
    if batch.announced_at:
        item["announcedAt"] = {"S": to_text(batch.announced_at)}
    if expires_at:
        item["expiresAt"] = _timestamp(expires_at)
    return item


def _resting_shard(batch: Batch) -> str | None:
    if batch.state is State.HELD:
        return HELD
    return FAILED if batch.state in FAILURES and not batch.retried_as else None


def _held(batch: Batch) -> dict[str, dict[str, Any]]:
    """The attributes that put a held batch into the index `held`; other batches do not pay for them."""
    if batch.state is not State.HELD:
        return {}
    return {"heldOf": {"S": batch.client_no}, "orderCount": {"N": str(len(batch.orders))}}


def _body(batch: Batch) -> bytes:
    """What only the relay reads: a line with the orders, the history and ARM's answer, and perhaps the payload."""
    orders = [_order_to_json(order) for order in batch.orders]
    history = [_transitions_to_json(entry) for entry in batch.history]
    answer = [batch.answer.status, batch.answer.body] if batch.answer else None
    earlier = batch.submission_answer
    line = _json([orders, history, answer, *([[earlier.status, earlier.body]] if earlier else [])]).encode()
    return line if batch.payload is None else line + b"\n" + batch.payload


def _order_to_json(order: BatchOrder) -> dict[str, object]:
    dates, total = (order.invoice_date, order.due_date), order.total
    named = {
        "id": order.id,
        "orderId": order.order_id,
        "customerNo": order.customer_no,
        "documentNo": order.document_no,
        "armNo": order.arm_no,
        "digest": order.digest,
        "status": order.status.value,
        "errors": order.errors,
        "type": order.document_type,
        "event": order.type if order.type != INVOICED else None,
        "dates": [each.isoformat() if each else None for each in dates] if any(dates) else None,
        "currency": order.currency,
        "total": [str(amount) for amount in (total.net, total.vat, total.gross)] if total else None,
        "credits": _credited_to_json(order.credited),
        "metadata": dict(order.metadata),
        "retryOf": order.retry_of,
        "replaces": order.replaces,
        "evidence": order.evidence.value if order.evidence else None,
        "askedAt": optional_text(order.asked_at),
        "forgottenAt": optional_text(order.forgotten_at),
    }
    return {name: value for name, value in named.items() if value}


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _order_from_json(order: Mapping[str, Any]) -> BatchOrder:
    dates = order.get("dates", (None, None))
    return BatchOrder(
        id=order["id"],
        order_id=order.get("orderId"),
        customer_no=order["customerNo"],
        document_no=order.get("documentNo"),
        arm_no=order.get("armNo"),
        digest=order["digest"],
        status=OrderStatus(order["status"]),
        errors=tuple(order.get("errors", ())),
        document_type=order.get("type", ""),
        type=order.get("event", INVOICED),
        invoice_date=_date(dates[0]),
        due_date=_date(dates[1]),
        currency=order.get("currency"),
        total=Amounts(*map(Decimal, order["total"])) if "total" in order else None,
        credited=_credited_from_json(order["credits"]) if "credits" in order else None,
        metadata=tuple(order.get("metadata", {}).items()),
        retry_of=order.get("retryOf"),
        replaces=order.get("replaces"),
        evidence=Evidence(order["evidence"]) if "evidence" in order else None,
        asked_at=from_text(order["askedAt"]) if "askedAt" in order else None,
        forgotten_at=from_text(order["forgottenAt"]) if "forgottenAt" in order else None,
    )


def _credited_to_json(credited: CreditedInvoice | None) -> list[str | None] | None:
    return [credited.standing.value, credited.batch_id, credited.id] if credited else None


def _credited_from_json(credited: Sequence[Any]) -> CreditedInvoice:
    standing, batch_id, order_id = credited
    return CreditedInvoice(Standing(standing), batch_id, order_id)


def _transitions_to_json(entry: Transitions) -> dict[str, object]:
    named = {"state": entry.state.value, "cause": entry.cause, "by": entry.by, "at": [to_text(at) for at in entry.at]}
    return {name: value for name, value in named.items() if value}


def _transitions_from_json(entry: Mapping[str, Any]) -> Transitions:
    return Transitions(
        state=State(entry["state"]),
        cause=entry["cause"],
        by=entry.get("by"),
        at=tuple(from_text(at) for at in entry["at"]),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _timestamp(time: datetime) -> dict[str, str]:
    return {"N": str(int(time.timestamp()))}


def _text(item: Item, name: str) -> str:
    return str(item.get(name, {"S": ""})["S"])


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {"N": "0"})["N"])


def _time(item: Item, name: str) -> datetime | None:
    return from_text(item[name]["S"]) if name in item else None


def _time_or_long_ago(item: Item, name: str) -> datetime:
    try:
        return from_text(_text(item, name))
    except ValueError:
        return LONG_AGO
