"""The four promises, checked against ARM's ledger, the topic and the table when a run is over."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm_relay.batches.batch import CORRECTABLE, ENDS, Batch, OrderStatus, Standing, State
from arm_relay.batches.bulk_redrive import BulkRedrive

from sandbox.arm.ledger import Document
from tests.support.messages import queue_text_of


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run has left behind."""

    #: The ids of orders answered with 200 or 202.
    accepted: frozenset[str]
    batches: Sequence[Batch]
    #: The id of the batch each order id belongs to now, as its marker says.
    belongs_to: Mapping[str, str]
    documents: Sequence[Document]
    messages: Sequence[Mapping[str, Any]]
    #: What a sender has read of its results, by id, in the order in which it came first.
    results: Mapping[str, Mapping[str, Any]]
    redrives: Sequence[BulkRedrive]
    #: What nobody foresaw: answers with 500, failed polls.
    failures: Sequence[str]


def broken(evidence: Evidence) -> list[str]:
    """Every promise broken, in words; none in a good run."""
    bills = Counter(str(document.payload.get("customerMessage")) for document in evidence.documents)
    return [
        *evidence.failures,
        *_unfinished(evidence),
        *_billed_twice(bills),
        *_untold(evidence),
        *_unread(evidence),
        *_false(evidence, bills),
        *_claimed_twice(evidence.batches),
        *_overtaken(evidence),
        *_redriven_otherwise(evidence),
    ]


def _unfinished(evidence: Evidence) -> Iterator[str]:
    """After a 202 an order reaches a terminal state or HELD."""
    known = {order.id for batch in evidence.batches for order in batch.orders}
    yield from (f"{order_id} was accepted and is nowhere" for order_id in evidence.accepted - known)
    for batch in evidence.batches:
        if batch.state not in ENDS and batch.state is not State.HELD:
            yield f"{batch.id} is still {batch.state}"


def _billed_twice(bills: Counter[str]) -> Iterator[str]:
    """No order is billed twice."""
    yield from (f"{order_id} is billed {number} times" for order_id, number in bills.items() if number > 1)


def _untold(evidence: Evidence) -> Iterator[str]:
    """Every end and hold is announced, always under the same id with the same content."""
    said: dict[str, set[str]] = defaultdict(set)
    for message in evidence.messages:
        entry = {name: value for name, value in message.items() if name not in {"Id", "MessageAttributes"}}
        attributes = {name: value for name, value in message["MessageAttributes"].items() if name != "replayed"}
        said[json.loads(queue_text_of(message))["id"]].add(json.dumps([entry, attributes], sort_keys=True))
    yield from (f"{event_id} says different things" for event_id, contents in said.items() if len(contents) > 1)
    for batch in evidence.batches:
        for number in range(1, batch.announcements + 1):
            if f"{batch.id}.{number}" not in said:
                yield f"{batch.id} came to rest for the {number}. time, and nobody was told"
        if batch.due:
            yield f"{batch.id} is still to be announced"


def _unread(evidence: Evidence) -> Iterator[str]:
    """Whoever reads the results has every end and hold, in the words of the topic, and those of a batch in order."""
    said = {event["id"]: event for event in (json.loads(queue_text_of(message)) for message in evidence.messages)}
    yield from (f"{event_id} was published and cannot be read" for event_id in said.keys() - evidence.results.keys())
    for event_id, event in evidence.results.items():
        if said.get(event_id) != event:
            yield f"{event_id} is read in other words than it was published"
    last: dict[str, int] = {}
    for event in evidence.results.values():
        number = event["data"]["sequence"]
        if number < last.get(event["subject"], 0):
            yield f"{event['id']} is read after what came later"
        last[event["subject"]] = number


def _false(evidence: Evidence, bills: Counter[str]) -> Iterator[str]:
    """What the relay says of an order is so in the ledger."""
    present = {
        order.id: order
        for batch in evidence.batches
        for order in batch.orders
        if evidence.belongs_to[order.id] == batch.id
    }
    for order_id, order in present.items():
        if order.status is OrderStatus.SUCCEEDED and not bills[order_id]:
            yield f"{order_id} is said to have succeeded, and is not billed"
        if order.status in CORRECTABLE and bills[order_id]:
            yield f"{order_id} is said to be {order.status}, and is billed"


def _claimed_twice(batches: Iterable[Batch]) -> Iterator[str]:
    """An order belongs to one batch that may still bill it."""
    alive = Counter(order.id for batch in batches for order in batch.orders if order.status not in CORRECTABLE)
    yield from (f"{order_id} belongs to {number} batches" for order_id, number in alive.items() if number > 1)


def _overtaken(evidence: Evidence) -> Iterator[str]:
    """No credit note that waited for its invoice came to ARM before it."""
    places = {str(document.payload.get("customerMessage")): place for place, document in enumerate(evidence.documents)}
    # One that was refused without a submission may have come again, for another invoice.
    for credit in (order for batch in evidence.batches if batch.attempt for order in batch.orders):
        if not credit.credited or credit.credited.standing is not Standing.AWAITED or credit.id not in places:
            continue
        if places.get(str(credit.credited.id), len(places)) > places[credit.id]:
            yield f"{credit.id} overtook {credit.credited.id}, the invoice that it credits"


def _redriven_otherwise(evidence: Evidence) -> Iterator[str]:
    """A bulk redrive ends, touches each batch once and no more than its operator has seen, and counts what it did."""
    for redrive in evidence.redrives:
        touched = Counter(
            batch.id
            for batch in evidence.batches
            for entry in batch.history
            for _ in entry.at
            # The first entry of a retry is its new batch's.
            if entry.by and entry.cause.endswith(redrive.reason) and entry is not _birth(batch)
        )
        if redrive.is_under_way:
            yield f"{redrive.id} is still under way"
        yield from (f"{batch_id} was redriven {number} times" for batch_id, number in touched.items() if number > 1)
        if len(touched) > redrive.most:
            yield f"{redrive.id} touched {len(touched)} batches of {redrive.most}"
        if len(touched) != redrive.done:
            yield f"{redrive.id} touched {len(touched)} batches and counted {redrive.done}"


def _birth(batch: Batch) -> object:
    return batch.history[0] if batch.retry_of else None
