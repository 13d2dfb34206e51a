"""`python -m sandbox demo`: the main job, step by step: sample orders go in, ARM gets documents, every result arrives.

Ends with exit code 0 only if every order's notification has arrived and says that it succeeded.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import httpx

from sandbox import tables
from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.errors import SandboxError
from sandbox.gateway import sigv4
from sandbox.interrupts import INTERRUPTED, interruptible
from sandbox.paths import ROOT
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send

#: How long to wait for the notifications, in seconds.
PATIENCE: Final = 30.0

SAMPLES: Final = sorted((ROOT / "events" / "orders").glob("*.json"))


def main(arguments: Sequence[str]) -> int:
    """Run the demo; the exit code."""
    _parser().parse_args(arguments)
    try:
        with interruptible(), start_sandbox("--port", "0", "--poll-every", "1", on_progress=show) as sandbox:
            return 0 if tour(sandbox.ready) else 1
    except (SandboxError, httpx.HTTPError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def tour(ready: Ready) -> bool:
    """Send the sample orders and follow them to their results; whether all succeeded."""
    begun = time.monotonic()
    show(f"\n1. Signed orders go to {ready.webhook_url}")
    waiting = {batch_id for path in SAMPLES if (batch_id := show_sending(ready, path.name, path.read_text()))}
    show("\n2. The first one is sent again: nothing happens twice")
    show_sending(ready, SAMPLES[0].name, SAMPLES[0].read_text())
    show("\n3. What ARM received")
    show_ledger(ready)
    show("\n4. The poller fetches the results, and the topic publishes them")
    results = dict(show_notifications(ready, waiting))
    show("\n5. The story of each order, as an operator asks for it; `relay orders show` has more")
    show_stories(ready, waiting)
    succeeded = len(waiting) == len(SAMPLES) and results == dict.fromkeys(waiting, "SUCCEEDED")
    show(f"\n{len(results)} of {len(SAMPLES)} results arrived, {time.monotonic() - begun:.1f} s after the first order.")
    return succeeded


def show(line: str) -> None:
    """Print a line at once. The sandbox's progress comes here, too, so that all is in its order."""
    print(line, flush=True)


def show_sending(ready: Ready, name: str, body: str) -> str:
    """Send one sample; the batchId of the answer."""
    response = send(ready.webhook_url, ready.signing_secret, body)
    answer = response.json()
    shown = {key: answer.get(key) for key in ("batchId", "status", "batchUuid", "detail") if answer.get(key)}
    show(f"   {name}: {response.status_code} {json.dumps(shown)}")
    return str(answer.get("batchId", ""))


def show_ledger(ready: Ready) -> None:
    """Show the documents that the simulated ARM has received."""
    for batch in ArmControl(ready.arm_control_url or "").ledger()["batches"]:
        for document in batch["payload"]["documents"]:
            show(f"   batch {batch['batchUuid']}: {described(document)}")


def described(document: Mapping[str, Any]) -> str:
    """A document as one line."""
    number = document.get("documentNo") or "ARM's choice"
    lines = len(document["documentLines"])
    return (
        f"{document['documentType']} to customer {document['customerNo']}, number: {number}, {lines} lines, "
        f"total: {_total(document)}"
    )


def _total(document: Mapping[str, Any]) -> str:
    currency = document.get("currency")
    if currency is None:
        return "computed by ARM, as the order names no currency"
    return f"{document['currencyAmounts']['inclVat']} {currency}"


def show_notifications(ready: Ready, waiting: set[str]) -> Iterator[tuple[str, str]]:
    """Show each notification as it arrives: its batchId and status."""
    left = set(waiting)
    deadline = time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        for event in received(ready):
            data = event["data"]
            for line in tables.of_notification(event):
                show(f"   {line}")
            left.discard(data["batchId"])
            yield data["batchId"], data["status"]


def show_stories(ready: Ready, batch_ids: set[str]) -> None:
    """Show what became of each order, step by step."""
    for batch_id in sorted(batch_ids):
        url = f"{ready.operators_url}/v1/clients/{ready.client_no}/batches/{batch_id}"
        answer = httpx.get(url, headers=sigv4.signature("GET", url, b""), timeout=30).raise_for_status()
        for line in tables.of_story(answer.json()):
            show(f"   {line}")


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="python -m sandbox demo",
        description="Run the whole system, send it the orders of events/orders, and show what becomes of them.",
        epilog="Example: python -m sandbox demo",
    )
