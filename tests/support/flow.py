"""Orders that flow into a sandbox, and whether the promises of docs/reliability.md were kept for each of them."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event
from typing import Any, Final

import httpx
from arm_relay.batches.batch import CLOCK_SKEW, CORRECTABLE, ENDS, LEASE, Batch, OrderStatus, State
from arm_relay.store import records

from sandbox.arm.client import ArmControl
from sandbox.cloud.aws import Aws
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send
from tests.support.builders import an_order

SEED: Final = 20261123
SENDERS: Final = 4

#: The longest a killed poller keeps others from its shard, then a killed submission's lease, then what settles.
PATIENCE: Final = 55 + (CLOCK_SKEW + LEASE + CLOCK_SKEW).total_seconds() + 60


class Sender:
    """Sends orders one after the other, each until it is accepted, as a patient upstream system does."""

    def __init__(self, ready: Ready, number: int) -> None:
        self._ready = ready
        self._random = Random(SEED + number)  # noqa: S311 (repeatable on purpose)
        self._name = f"s{number}"
        #: The one that it signs with from now on.
        self.signing_secret = ready.signing_secret
        self.accepted: list[str] = []
        self.interrupted = 0

    def run(self, over: Event) -> None:
        while not over.is_set():
            orders = [self._order() for _ in range(self._random.choice((1, 1, 3)))]
            self.deliver(json.dumps(orders))
            self.accepted += [order["id"] for order in orders]

    def _order(self) -> dict[str, Any]:
        name = f"{self._name}-{self._random.randrange(10**9)}"
        number = f"N-{name}" if self._random.random() < 0.9 else None
        return an_order(id=name, orderId=f"B-{name}", invoiceNo=number, message=name)

    def deliver(self, body: str) -> None:
        """Send until it is accepted."""
        for _ in range(60):
            try:
                answer = send(self._ready.webhook_url, self.signing_secret, body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in (200, 202):
                return
            assert answer is None or answer.status_code >= 500, answer.text
            self.interrupted += 1
            time.sleep(0.5)
        raise AssertionError("the relay never took the order")


@contextmanager
def flowing(ready: Ready) -> Iterator[Sequence[Sender]]:
    """Senders send during the `with` block; all have been answered after it."""
    senders = [Sender(ready, number) for number in range(SENDERS)]
    over = Event()
    with ThreadPoolExecutor(SENDERS) as threads:
        sending = [threads.submit(sender.run, over) for sender in senders]
        try:
            yield senders
        finally:
            over.set()
        for ended in sending:
            ended.result()


def accepted_by(senders: Sequence[Sender]) -> set[str]:
    """The ids of the orders that the relay has taken."""
    return {order_id for sender in senders for order_id in sender.accepted}


def stored(ready: Ready) -> list[Batch]:
    pages = Aws(ready.aws_endpoint_url).dynamodb.get_paginator("scan").paginate(TableName=ready.table_name)
    items = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("BATCH#")]
    return [records.from_item(item) for item in items]


def drained(ready: Ready) -> list[Batch]:
    """The batches when nothing is left to do."""
    until = time.monotonic() + PATIENCE
    while True:
        batches = stored(ready)
        waiting = [(batch.state.value, batch.cause) for batch in batches if batch.due]
        if not waiting:
            return batches
        assert time.monotonic() < until, waiting
        time.sleep(1)


def told(ready: Ready) -> dict[str, set[str]]:
    """Everything announced: the contents by CloudEvents id."""
    contents: dict[str, set[str]] = {}
    while events := list(received(ready)):
        for event in events:
            contents.setdefault(event["id"], set()).add(json.dumps(event, sort_keys=True))
    return contents


def assert_promises(accepted: set[str], batches: list[Batch], arm: ArmControl, told: dict[str, set[str]]) -> None:
    documents = [document for batch in arm.ledger()["batches"] for document in batch["payload"]["documents"]]
    bills = Counter(document["customerMessage"] for document in documents)
    orders = [order for batch in batches for order in batch.orders]
    belongs = Counter(order.id for order in orders if order.status not in CORRECTABLE)

    assert {batch.state for batch in batches} <= {*ENDS, State.HELD}
    assert {order_id: belongs[order_id] for order_id in accepted} == dict.fromkeys(accepted, 1)
    assert [order_id for order_id, number in bills.items() if number > 1] == []
    assert {order.id for order in orders if order.status is OrderStatus.SUCCEEDED} <= bills.keys()
    assert [number for number, contents in told.items() if len(contents) > 1] == []
    assert {f"{batch.id}.{batch.announcements}" for batch in batches} <= told.keys()
