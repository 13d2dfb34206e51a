"""The table loses items while orders flow, and gets them back from a restored one as docs/deploying.md says."""

import json
import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from arm_relay.batches import causes
from arm_relay.batches.batch import CORRECTABLE, ENDS, Batch, State
from arm_relay.store import records

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox
from sandbox.cloud.aws import Aws
from sandbox.ready import Ready
from tests.rehearsals import support
from tests.support.builders import an_order
from tests.support.doc_examples import example
from tests.support.flow import SEED, Sender, accepted_by, drained, flowing, stored, told

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("sandbox")]

RESTORED = "arm-relay-restored"
#: How long orders flow before and after the time that is restored, in seconds.
PART = 6.0
#: How long ARM takes for a batch, in seconds.
LONG, SHORT = 45.0, 0.2
CREDITS = 5


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # The default contract takes no credit notes.
    with support.sandbox("ArmContract=like-merge") as running:
        yield running


def send_credits(ready: Ready) -> None:
    """Invoices, and credit notes that wait for them."""
    sender = Sender(ready, CREDITS)
    for number in range(CREDITS):
        name = f"credited-{number}"
        invoice = an_order(id=name, orderId=f"B-{name}", invoiceNo=f"N-{name}", message=name)
        # A credit note gives back what it has, in positive amounts.
        credit = an_order(
            id=f"credit-{number}",
            type="order.credited",
            invoiceNo=f"C-{name}",
            message=f"credit-{number}",
            credits={"invoiceNo": f"N-{name}"},
        )
        del credit["dueDate"]
        for order in (invoice, credit):
            sender.deliver(json.dumps(order))


def all_items(aws: Aws, table: str) -> list[dict[str, Any]]:
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def damage(aws: Aws, table: str) -> tuple[int, int]:
    """Delete a third of what was restored from the live table, and every credit note that waited: how many of each."""
    random = Random(SEED)  # noqa: S311 (repeatable on purpose)
    restored = all_items(aws, RESTORED)
    batches = [records.from_item(item) for item in restored if item["pk"]["S"].startswith("BATCH#")]
    waiting = {records.batch_key(batch.id) for batch in batches if batch.awaited_invoice}
    some = {item["pk"]["S"] for item in restored if random.random() < 1 / 3}
    for key in some | waiting:
        aws.dynamodb.delete_item(TableName=table, Key={"pk": {"S": key}})
    return len(some | waiting), len(waiting)


def assert_nothing_is_lost_or_billed_twice(accepted: set[str], batches: Sequence[Batch], arm: ArmControl) -> None:
    bills = [
        document["customerMessage"] for batch in arm.ledger()["batches"] for document in batch["payload"]["documents"]
    ]
    orders = [order.id for batch in batches for order in batch.orders if order.status not in CORRECTABLE]

    assert len(bills) == len(set(bills))
    assert {batch.state for batch in batches} <= {*ENDS, State.HELD}
    assert {order_id: orders.count(order_id) for order_id in accepted} == dict.fromkeys(accepted, 1)


def test_what_a_table_has_lost_comes_back_and_is_not_billed_again(sandbox: Sandbox) -> None:
    ready = sandbox.ready
    aws, arm = Aws(ready.aws_endpoint_url), ArmControl(ready.arm_control_url or "")
    # Some of what was QUEUED then is in ARM now.
    arm.add_fault("submit", "slow", seconds=0.4)
    arm.add_fault("submit", "status", status=503, times=12)
    with flowing(ready) as senders:
        time.sleep(PART)
        # So that the invoices are under way at the time that is restored.
        arm.settings(processing_seconds=LONG)
        send_credits(ready)
        support.commands(aws, example("deploying.md", "sh", "restore-table-to-point-in-time"))
        arm.settings(processing_seconds=SHORT)
        time.sleep(PART)
    arm.clear_faults()
    support.commands(aws, example("deploying.md", "sh", "# Stop all"))
    deleted, waiting = damage(aws, ready.table_name)
    assert waiting, "no credit note waited at the time that was restored"
    shown = support.commands(aws, example("deploying.md", "sh", "tools.restoring"))
    support.commands(aws, example("deploying.md", "sh", "# Resume all"))
    batches = drained(ready)

    accepted = accepted_by(senders) | {f"credit-{number}" for number in range(CREDITS)}
    assert_nothing_is_lost_or_billed_twice(accepted, batches, arm)
    held = [batch for batch in batches if batch.cause == causes.RESTORED_WHILE_WAITING]
    assert len(held) == waiting
    assert {batch.id for batch in stored(ready)} == {batch.id for batch in batches}
    ends = told(ready)
    assert {f"{batch.id}.{batch.announcements}" for batch in batches} <= ends.keys()
    assert "copied back" in shown
    changed = sum(len(contents) > 1 for contents in ends.values())
    support.summary("restore", senders, batches, deleted=deleted, announced_with_other_words=changed)
