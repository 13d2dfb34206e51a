"""The main job, shown step by step: sample orders go in, ARM gets documents, every result arrives.

Ends with exit code 0 only when every order's notification has arrived and says that it succeeded.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Final

import httpx

from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.errors import SandboxError
from sandbox.gateway import sigv4
from sandbox.paths import ROOT
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send

#: How long to wait for the notifications, in seconds.
PATIENCE: Final = 30.0

SAMPLES: Final = sorted((ROOT / "events" / "orders").glob("*.json"))


def main() -> int:
    """Run the demo; the exit code."""
    try:
        with start_sandbox("--port", "0", "--poll-every", "1") as sandbox:
            return 0 if tour(sandbox.ready) else 1
    except (SandboxError, httpx.HTTPError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def tour(ready: Ready) -> bool:
    """Send the sample orders and follow them to their end; whether all succeeded."""
    begun = time.monotonic()
    title(f"1. Signed orders go to {ready.webhook_url}")
    waiting = {batch_id for path in SAMPLES if (batch_id := show_sending(ready, path.name, path.read_text()))}
    title("2. The first one is sent again: nothing happens twice")
    show_sending(ready, SAMPLES[0].name, SAMPLES[0].read_text())
    title("3. What ARM got")
    show_ledger(ready)
    title("4. The poller fetches the results, the topic tells them")
    told = dict(show_notifications(ready, waiting))
    title("5. Their histories, as an operator asks for them")
    show_histories(ready, waiting)
    succeeded = len(waiting) == len(SAMPLES) and told == dict.fromkeys(waiting, "SUCCEEDED")
    print(f"\n{len(told)} of {len(SAMPLES)} results arrived, {time.monotonic() - begun:.1f} s after the first order.")
    return succeeded


def title(text: str) -> None:
    """Begin a step."""
    print(f"\n{text}", flush=True)


def show_sending(ready: Ready, name: str, body: str) -> str:
    """Send one sample; the batchId of the answer."""
    response = send(ready.webhook_url, ready.signing_secret, body)
    answer = response.json()
    shown = {key: answer.get(key) for key in ("batchId", "status", "batchUuid", "detail") if answer.get(key)}
    print(f"   {name}: {response.status_code} {json.dumps(shown)}", flush=True)
    return str(answer.get("batchId", ""))


def show_ledger(ready: Ready) -> None:
    """Show the documents the simulated ARM has been sent."""
    for batch in ArmControl(ready.arm_control_url or "").ledger()["batches"]:
        for document in batch["payload"]["documents"]:
            total = document.get("currencyAmounts", {}).get("inclVat", "left to ARM")
            lines = len(document["documentLines"])
            print(
                f"   batch {batch['batchUuid']}: {document['documentType']} to customer {document['customerNo']}, "
                f"number {document.get('documentNo', 'left to ARM')}, {lines} lines, total {total}"
            )


def show_notifications(ready: Ready, waiting: set[str]) -> Iterator[tuple[str, str]]:
    """Show each notification as it arrives: its batchId and status."""
    left = set(waiting)
    deadline = time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        for event in received(ready):
            data = event["data"]
            print(f"   {event['type']} {event['id']}: {json.dumps(data['orders'])}", flush=True)
            left.discard(data["batchId"])
            yield data["batchId"], data["status"]


def show_histories(ready: Ready, batch_ids: set[str]) -> None:
    """Show the transitions of each batch."""
    for batch_id in sorted(batch_ids):
        url = f"{ready.webhook_url.removesuffix('orders')}batches/{batch_id}"
        answer = httpx.get(url, headers=sigv4.signature("GET", url, b""), timeout=30).raise_for_status()
        states = [entry["status"] for entry in answer.json()["history"]]
        print(f"   {batch_id}: {' -> '.join(states)}")


if __name__ == "__main__":
    sys.exit(main())
