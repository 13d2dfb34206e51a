"""`python -m tools.dashboard FILE`: the deployed dashboard drawn as SVG, after two minutes of orders and faults."""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox import environment
from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.cloud.aws import Aws
from sandbox.cloud.logs import function_logs
from sandbox.errors import SandboxError
from sandbox.progress import say
from sandbox.ready import Ready
from sandbox.send import send
from tools.dashboard.charts import charts
from tools.dashboard.drawing import picture
from tools.dashboard.measurements import Identity, Measurements, Point, of_aws

#: How long orders come, how long what is left may take, and what one point of a line stands for, in seconds.
SENDING: Final = 100
ENDING: Final = 20
PERIOD: Final = 5

#: What takes hours in production takes seconds here.
PARAMETERS: Final = {
    "FirstPollSeconds": 2,
    "LongestPollSeconds": 4,
    "SettlingSeconds": 10,
    "UndecidedSeconds": 3,
    "AlarmAgeSeconds": 60,
}

#: The second from which faults are on, until the next entry.
FAULTS: Final[Mapping[int, Sequence[tuple[str, str, Mapping[str, Any]]]]] = {
    20: [("submit", "status", {"status": 503})],
    30: [("any", "drop-before", {})],
    40: [],
    48: [("any", "status", {"status": 403})],
    54: [("any", "status", {"status": 429})],
    60: [],
    # No new token is given, and ARM forgets the old ones.
    66: [("token", "status", {"status": 503}), ("submit", "token-expired", {}), ("result", "token-expired", {})],
    76: [("submit", "slow", {"seconds": 1.5})],
    84: [("result", "not-json", {})],
    92: [],
}


def main(arguments: Sequence[str]) -> int:
    """Run the story and draw it; the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tools.dashboard FILE", file=sys.stderr)
        return 2
    options = [part for name, value in PARAMETERS.items() for part in ("--parameter", f"{name}={value}")]
    environment.prepare(os.environ)
    try:
        with start_sandbox("--port", "0", "--poll-every", "1", *options) as sandbox:
            begun = time.time()
            live_through(sandbox.ready, begun)
            Path(arguments[0]).write_text(drawn(sandbox.ready, begun), encoding="utf-8")
    except SandboxError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    return 0


def live_through(ready: Ready, begun: float) -> None:
    """Orders come every half second; some are faulty, some come again, and ARM has its faults."""
    arm = ArmControl(ready.arm_control_url or "")
    arm.settings(processing_seconds=1.0, failing_customers=["666"])
    faults = dict(FAULTS)
    number = 0
    while (second := time.time() - begun) < SENDING:
        for due in [due for due in faults if due <= second]:
            say(f"second {due} of the story")
            arm.clear_faults()
            for endpoint, kind, parameters in faults.pop(due):
                arm.add_fault(endpoint, kind, **parameters)
        number += 1
        send(ready.webhook_url, _secret(ready, number), json.dumps(_order(number)))
        time.sleep(0.5)
    time.sleep(ENDING)


def drawn(ready: Ready, begun: float) -> str:
    """The dashboard of the stack with what was measured since `begun`, as SVG."""
    aws = Aws(ready.aws_endpoint_url)
    (dashboard,) = aws.cloudwatch.list_dashboards()["DashboardEntries"]
    body = json.loads(aws.cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
    measured = Measurements.in_logs(function_logs(ready.aws_endpoint_url))

    def find(identity: Identity, statistic: str) -> Sequence[Point]:
        if identity.namespace.startswith("AWS/"):
            return of_aws(aws, identity, statistic, datetime.fromtimestamp(begun, UTC))
        return measured.of(identity)

    return picture(charts(body, measured, find, PERIOD), begun - PERIOD, begun + SENDING + ENDING + PERIOD, PERIOD)


def _order(number: int) -> dict[str, Any]:
    """Every ninth fails in ARM, every seventh is faulty, every fifth comes twice, every fourth has no number."""
    number -= number % 5 == 0
    line = {"sku": "1300", "name": "Comb", "quantity": 1 if number % 7 else "one", "unitPrice": 200, "vatRate": 25}
    numbered = {"invoiceNo": str(88_000_000 + number)} if number % 4 else {}
    return numbered | {
        "id": f"evt-{number}",
        "type": "order.invoiced",
        "orderId": f"B-{number}",
        "customerNo": "543210" if number % 9 else "666",
        "paymentTermsDays": 14,
        "currency": "NOK",
        "lines": [line],
    }


def _secret(ready: Ready, number: int) -> str:
    """Every eleventh request is signed with another secret."""
    return ready.signing_secret if number % 11 else "whsec_" + "c2FuZGJveA" * 4
