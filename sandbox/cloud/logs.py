"""What the functions wrote, from CloudWatch Logs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.aws import Aws


def function_logs(aws_endpoint_url: str) -> list[str]:
    """Every line that any function of the sandbox wrote until its last finished call, oldest first.

    Standard output and standard error alike, with Lambda's own START, END and REPORT.
    """
    return [event["message"] for event in _events(Aws(aws_endpoint_url))]


@contextmanager
def following(aws_endpoint_url: str) -> Iterator[None]:
    """Repeat on standard error, during the `with` block, what the functions log."""
    ended = Event()
    Thread(target=_follow, args=(Aws(aws_endpoint_url), ended), name="logs", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _follow(aws: Aws, ended: Event) -> None:
    shown: set[str] = set()
    while not ended.wait(1):
        # MiniStack writes one stream per call, all at once when the call has ended.
        with suppress(BotoCoreError, ClientError):
            events = _events(aws)
            for event in events:
                if event["logStreamName"] not in shown:
                    print(event["message"], file=sys.stderr, flush=True)
            shown |= {event["logStreamName"] for event in events}


def _events(aws: Aws) -> list[dict[str, Any]]:
    """Every event of every log group, oldest first."""
    events = [event for group in _groups(aws) for event in _group_events(aws, group)]
    return sorted(events, key=itemgetter("timestamp"))


def _groups(aws: Aws) -> list[str]:
    pages = aws.logs.get_paginator("describe_log_groups").paginate()
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _group_events(aws: Aws, group: str) -> Iterator[dict[str, Any]]:
    for page in aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from page["events"]
