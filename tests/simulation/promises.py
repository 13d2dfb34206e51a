"""The four promises, checked against ARM's ledger, the topic and the table when a run is over."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm_relay.batches.batch import CORRECTABLE, ENDS, Batch, OrderStatus, State

from sandbox.arm.ledger import Document
from tests.support.messages import message_of


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
        *_false(evidence, bills),
        *_claimed_twice(evidence.batches),
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
        said[json.loads(message_of(message))["id"]].add(json.dumps(message, sort_keys=True))
    yield from (f"{event_id} says different things" for event_id, contents in said.items() if len(contents) > 1)
    for batch in evidence.batches:
        for number in range(1, batch.announcements + 1):
            if f"{batch.id}.{number}" not in said:
                yield f"{batch.id} came to rest for the {number}. time, and nobody was told"
        if batch.due:
            yield f"{batch.id} is still to be announced"


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
