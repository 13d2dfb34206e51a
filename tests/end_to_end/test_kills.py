"""The functions' processes are killed while orders flow, and the promises of docs/reliability.md hold all the same."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event
from typing import Any, Final

import httpx
import pytest
from arm_relay.batches.batch import CLOCK_SKEW, CORRECTABLE, ENDS, LEASE, Batch, OrderStatus, State
from arm_relay.store import records

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud import processes
from sandbox.cloud.aws import Aws
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send
from tests.support.builders import an_order

pytestmark = pytest.mark.xdist_group("sandbox")

SEED: Final = 20261123
#: How long orders flow and functions are killed, in seconds: the least and, on a busy machine, the most.
FLOW: Final = 30.0
LONGEST_FLOW: Final = 300.0
#: How often each function has to be killed at least.
KILLS: Final = 3
SENDERS: Final = 4
#: A younger process may still be starting, and its death would be MiniStack's trouble rather than the function's.
WARM: Final = 2.0
FUNCTIONS: Final = ("Webhook", "Poller")

#: The longest a killed poller keeps others from its shard, then a killed submission's lease, then what settles.
PATIENCE: Final = 55 + (CLOCK_SKEW + LEASE + CLOCK_SKEW).total_seconds() + 60


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    waits = ["SettlingSeconds=5", "LongestPollSeconds=3", "FirstPollSeconds=1"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running


class Sender:
    """Sends orders one after the other, each until it is accepted, as a patient upstream system does."""

    def __init__(self, ready: Ready, number: int) -> None:
        self._ready = ready
        self._random = Random(SEED + number)  # noqa: S311 (repeatable on purpose)
        self._name = f"s{number}"
        self.accepted: list[str] = []
        self.interrupted = 0

    def run(self, over: Event) -> None:
        while not over.is_set():
            orders = [self._order() for _ in range(self._random.choice((1, 1, 3)))]
            self._send(json.dumps(orders))
            self.accepted += [order["id"] for order in orders]

    def _order(self) -> dict[str, Any]:
        name = f"{self._name}-{self._random.randrange(10**9)}"
        number = f"N-{name}" if self._random.random() < 0.9 else None
        return an_order(id=name, orderId=f"B-{name}", invoiceNo=number, message=name)

    def _send(self, body: str) -> None:
        for _ in range(60):
            try:
                answer = send(self._ready.webhook_url, self._ready.signing_secret, body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in (200, 202):
                return
            assert answer is None or answer.status_code >= 500, answer.text
            self.interrupted += 1
            time.sleep(0.5)
        raise AssertionError("the relay never took the order")


def kill(sandbox: Sandbox) -> None:
    """Kill now a worker of one function, now one of the other, until each has been killed often enough."""
    random = Random(SEED)  # noqa: S311 (repeatable on purpose)
    killed: Counter[str] = Counter()
    first_seen: dict[int, float] = {}
    begin = time.monotonic()
    while time.monotonic() < begin + FLOW or min(killed[function] for function in FUNCTIONS) < KILLS:
        assert time.monotonic() < begin + LONGEST_FLOW, killed
        time.sleep(random.uniform(0.2, 1))
        function = random.choice(FUNCTIONS)
        pids = processes.worker_pids(sandbox.pid, function)
        first_seen = {pid: first_seen.get(pid, time.monotonic()) for pid in {*first_seen, *pids}}
        warm = [pid for pid in pids if time.monotonic() - first_seen[pid] > WARM]
        if warm:
            os.kill(random.choice(warm), signal.SIGKILL)
            killed[function] += 1


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


def test_functions_are_killed_while_orders_flow_and_no_promise_is_broken(sandbox: Sandbox) -> None:
    ready = sandbox.ready
    arm = ArmControl(ready.arm_control_url or "")
    # So that kills meet functions in the middle of their calls.
    arm.add_fault("submit", "slow", seconds=0.6)
    arm.add_fault("result", "slow", seconds=0.3)
    senders = [Sender(ready, number) for number in range(SENDERS)]
    over = Event()
    with ThreadPoolExecutor(SENDERS) as threads:
        sending = [threads.submit(sender.run, over) for sender in senders]
        try:
            kill(sandbox)
        finally:
            over.set()
        for ended in sending:
            ended.result()
    arm.clear_faults()
    batches = drained(ready)

    in_flight = sum(sender.interrupted for sender in senders)
    lost = [batch for batch in batches if any(entry.state is State.UNCONFIRMED for entry in batch.history)]
    assert in_flight or lost, "no kill met anything"
    accepted = {order_id for sender in senders for order_id in sender.accepted}
    assert_promises(accepted, batches, arm, told(ready))


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
