"""`python -m sandbox results`: the notifications of the running sandbox, as they arrive."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.aws import Aws
from sandbox.errors import SandboxError
from sandbox.paths import READY_FILE
from sandbox.ready import Ready

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: Seconds between two lines of progress: the longest that one call waits.
_STEP: Final = 10


def main(arguments: Sequence[str]) -> int:
    """Show each notification on a line of its own and take it out of the queue; 0 if as many came as were asked for."""
    given = _parser().parse_args(arguments)
    try:
        ready = Ready.left(given.ready)
        _say(
            f"waiting up to {given.timeout:g} s for {_notifications(given.count)}; "
            f"what is shown is taken out of {ready.results_queue_url}"
        )
        for event in _arriving(ready, given.count, given.timeout):
            print(json.dumps(event, ensure_ascii=False), flush=True)
    except (SandboxError, BotoCoreError, ClientError) as error:
        print(f"results: {error}", file=sys.stderr)
        return 1
    return 0


def received(ready: Ready, wait: int = 1) -> Iterator[dict[str, Any]]:
    """The CloudEvents in the results queue, taken out of it; waits this many seconds for the first."""
    sqs = _sqs(ready.aws_endpoint_url)
    answer = sqs.receive_message(QueueUrl=ready.results_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
    for message in answer.get("Messages", []):
        sqs.delete_message(QueueUrl=ready.results_queue_url, ReceiptHandle=message["ReceiptHandle"])
        yield json.loads(message["Body"])


@cache
def _sqs(aws_endpoint_url: str) -> "SQSClient":
    # Making a client takes longer than using it.
    return Aws(aws_endpoint_url).sqs


def _arriving(ready: Ready, count: int, timeout: float) -> Iterator[dict[str, Any]]:
    """So many notifications, or a few more that come with the last one.

    Raises:
        SandboxError: there were fewer in time.
    """
    begun = time.monotonic()
    arrived = 0
    while arrived < count and (left := begun + timeout - time.monotonic()) > 0:
        for event in received(ready, wait=min(_STEP, max(1, int(left)))):
            arrived += 1
            yield event
        waited = time.monotonic() - begun
        if arrived < count and waited < timeout:
            _say(f"{arrived} of {_notifications(count)} after {waited:.0f} s")
    if arrived < count:
        raise SandboxError(f"{arrived} of {_notifications(count)} came within {timeout:g} s")


def _notifications(count: int) -> str:
    return "1 notification" if count == 1 else f"{count} notifications"


def _say(text: str) -> None:
    print(f"results: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox results",
        description="Show the next notifications of the sandbox that `make sandbox` runs, one JSON line each. "
        "They are taken out of the sandbox's queue: the next call does not show them again.",
        epilog="Example: python -m sandbox results --count 2 --timeout 300",
    )
    parser.add_argument("--count", type=int, default=1, help="how many to wait for (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="how long (default: %(default)g)")
    parser.add_argument("--ready", type=Path, default=READY_FILE, metavar="FILE", help="the sandbox's ready line")
    return parser
