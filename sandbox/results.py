"""`python -m sandbox results`: the notifications of the sandbox that runs here, as they arrive."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from sandbox.cloud.aws import Aws
from sandbox.errors import SandboxError
from sandbox.paths import READY_FILE
from sandbox.ready import Ready


def main(arguments: Sequence[str]) -> int:
    """Show each notification on a line of its own, taking it off the queue; 0 when as many came as were asked for."""
    given = _parser().parse_args(arguments)
    try:
        ready = Ready.left(given.ready)
        for event in _arriving(ready, given.count, given.timeout):
            print(json.dumps(event, ensure_ascii=False), flush=True)
    except (SandboxError, BotoCoreError) as error:
        print(f"results: {error}", file=sys.stderr)
        return 1
    return 0


def received(ready: Ready) -> Iterator[dict[str, Any]]:
    """The CloudEvents waiting in the results queue, taken off it."""
    sqs = Aws(ready.aws_endpoint_url).sqs
    answer = sqs.receive_message(QueueUrl=ready.results_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    for message in answer.get("Messages", []):
        sqs.delete_message(QueueUrl=ready.results_queue_url, ReceiptHandle=message["ReceiptHandle"])
        yield json.loads(message["Body"])


def _arriving(ready: Ready, count: int, timeout: float) -> Iterator[dict[str, Any]]:
    """So many notifications.

    Raises:
        SandboxError: there were fewer in time.
    """
    deadline = time.monotonic() + timeout
    left = count
    while left > 0 and time.monotonic() < deadline:
        for event in received(ready):
            left -= 1
            yield event
    if left > 0:
        raise SandboxError(f"{left} of {count} notifications did not come within {timeout:g} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox results", description=__doc__)
    parser.add_argument("--count", type=int, default=1, help="how many to wait for (%(default)s)")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="for how long (%(default)g)")
    parser.add_argument("--ready", type=Path, default=READY_FILE, metavar="FILE", help="the sandbox's ready line")
    return parser
