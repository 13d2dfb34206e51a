"""An operator after an outage: what is held is seen, counted by a dry run and released by one command."""

import json
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from sandbox.arm.client import ArmControl
from sandbox.gateway import sigv4
from sandbox.ready import Ready
from sandbox.send import send
from tests.support.builders import an_order

pytestmark = pytest.mark.xdist_group("sandbox")

#: How many orders come during the outage, each a batch of its own.
ORDERS: Final = 5
#: How long anything may take, in seconds.
PATIENCE: Final = 120.0
CAUSE: Final = "still QUEUED after HoldAfterSeconds"


def as_operator(ready: Ready, method: str, path: str, body: object = None) -> httpx.Response:
    """A request signed with AWS Signature Version 4."""
    url = f"{ready.operators_url}/v1/{path}"
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.request(method, url, content=content, headers=sigv4.signature(method, url, content), timeout=30)


def awaited(found: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever is found)
    """What is found in the end."""
    deadline = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(1)
    return result


def held(ready: Ready) -> dict[str, Any]:
    answer = as_operator(ready, "GET", "batches?state=held")
    assert answer.status_code == httpx.codes.OK
    totals: dict[str, Any] = answer.json()["totals"]
    return totals


def test_what_an_outage_held_is_released_by_one_command_after_a_dry_run(ready: Ready) -> None:
    arm = ArmControl(ready.arm_control_url or "")
    arm.add_fault("any", "refuse")
    numbers = [uuid4().hex[:12] for _ in range(ORDERS)]
    for number in numbers:
        order = an_order(id=f"evt-{number}", orderId=f"B-{number}", invoiceNo=f"N{number}")
        assert send(ready.webhook_url, ready.signing_secret, json.dumps(order)).status_code == httpx.codes.ACCEPTED
    totals = awaited(lambda: found if (found := held(ready))["batches"] == ORDERS else None)
    assert totals["sums"] == [{"currency": "NOK", "documentType": "IN", "orders": ORDERS, "total": 250 * ORDERS}]
    assert totals["groups"] == [{"status": "HELD", "cause": CAUSE, "batches": ORDERS}]
    assert totals["certainlyNotInArm"] == ORDERS
    arm.clear_faults()

    redrive = {"action": "ask", "reason": "the outage is over", "filter": {"cause": CAUSE}}
    plan = as_operator(ready, "POST", "redrives", redrive | {"dryRun": True})
    assert (plan.status_code, plan.json()["batches"]) == (200, ORDERS)
    assert held(ready)["batches"] == ORDERS

    begun = as_operator(ready, "POST", "redrives", redrive | {name: plan.json()[name] for name in ("batches", "asOf")})
    assert begun.status_code == httpx.codes.ACCEPTED
    path = f"redrives/{begun.json()['redriveId']}"
    ended = awaited(lambda: found if (found := as_operator(ready, "GET", path).json())["status"] == "DONE" else None)
    assert (ended["done"], ended["refused"], ended["left"]) == (ORDERS, 0, 0)

    batch_ids = plan.json()["batchIds"]
    for batch_id in batch_ids:
        batch = succeeded(ready, batch_id)
        assert batch["orders"][0]["document"]["documentNo"] in {f"N{number}" for number in numbers}
        assert batch["redriveId"] == begun.json()["redriveId"]
    billed = [document["documentNo"] for document in _documents(arm)]
    assert sorted(billed) == sorted(f"N{number}" for number in numbers)


def succeeded(ready: Ready, batch_id: str) -> dict[str, Any]:
    """The batch, once it has succeeded."""

    def found() -> dict[str, Any] | None:
        batch: dict[str, Any] = as_operator(ready, "GET", f"clients/{ready.client_no}/batches/{batch_id}").json()
        return batch if batch["status"] == "SUCCEEDED" else None

    batch: dict[str, Any] = awaited(found)
    return batch


def _documents(arm: ArmControl) -> list[dict[str, Any]]:
    return [document for batch in arm.ledger()["batches"] for document in batch["payload"]["documents"]]
