"""`python -m tools.pictures`: the pictures of the desk's page for the docs, taken in a sandbox with Chromium."""

import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.desk import desk
from sandbox.ready import Ready
from sandbox.send import send

PICTURES: Final = Path(__file__).parent.parent / "docs" / "pictures"

#: Of each picture, in pixels: what matters, and no more.
HEIGHTS: Final = {"now": 960, "order": 1180, "held": 900}

#: Long enough for the poller to settle what is sent, and for an outage to end in holds.
SECONDS_TO_SETTLE: Final = 8
SECONDS_TO_HOLD: Final = 30
HOLDS: Final = ("--parameter", "HoldAfterSeconds=15", "--parameter", "LongestPollSeconds=2")


def main(_arguments: Sequence[str]) -> int:
    """Take the pictures; the exit code."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("pictures: there is no Chromium on the PATH", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with (
        start_sandbox("--port", "0", "--poll-every", "1", *HOLDS) as sandbox,
        TemporaryDirectory() as folder,
        sync_playwright() as playwright,
    ):
        file = Path(folder) / "ready.json"
        file.write_text(sandbox.ready.to_json())
        order_id = _fill(sandbox.ready)
        with desk(file, "--no-open") as address:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(locale="en-GB")
            _take(page, address, "now")
            _take(page, f"{address}order?client={sandbox.ready.client_no}&id={order_id}", "order")
            _take(page, f"{address}batches/held", "held")
            browser.close()
    return 0


def _fill(ready: Ready) -> str:
    """Send orders that succeed, and some during an outage; the id of the first."""
    arm = ArmControl(ready.arm_control_url or "")
    _send(ready, 1, 5)
    time.sleep(SECONDS_TO_SETTLE)
    arm.add_fault("any", "refuse")
    _send(ready, 6, 9)
    time.sleep(SECONDS_TO_HOLD)
    arm.clear_faults()
    _send(ready, 10, 10)
    return "evt-1001"


def _send(ready: Ready, first: int, last: int) -> None:
    for number in range(1000 + first, 1001 + last):
        send(ready.webhook_url, ready.signing_secret, json.dumps(_order(number))).raise_for_status()


def _order(number: int) -> dict[str, Any]:
    return {
        "id": f"evt-{number}",
        "type": "order.invoiced",
        "orderId": f"B-056{number}",
        "customerNo": "543210",
        "invoiceNo": f"8877{number}",
        "paymentTermsDays": 14,
        "currency": "NOK",
        "message": "Thank you for the order",
        "lines": [
            {"sku": "1300", "name": "Desk lamp", "quantity": 2, "unit": "pcs", "unitPrice": 449.5, "vatRate": 25},
            {
                "sku": "1500",
                "name": "Coffee beans",
                "quantity": 1 + number % 4,
                "unit": "kg",
                "unitPrice": 189,
                "vatRate": 15,
            },
        ],
    }


def _take(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.set_viewport_size({"width": 1000, "height": HEIGHTS[name]})
    page.screenshot(path=PICTURES / f"desk-{name}.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
