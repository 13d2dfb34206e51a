"""A faster schedule: invokes the poller every few seconds, in addition to the deployed schedule."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.aws import REGION, Aws
from sandbox.progress import say

#: Polls that may run at the same time; a tick that finds them all running is left out.
_AT_ONCE: Final = 3


class Ticker:
    """Invokes one function over and over, without waiting for it to finish."""

    def __init__(self, aws: Aws, function: str, seconds: float) -> None:
        self._aws = aws
        self._function = function
        self._seconds = seconds
        self._reported = ""
        self._ended = Event()
        #: Held while a tick is handed over: the pool takes none after the end.
        self._handing_over = Lock()
        self._places = BoundedSemaphore(_AT_ONCE)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tick")

    def run(self) -> None:
        """Tick until `end` is called."""
        while not self._ended.wait(self._seconds):
            with self._handing_over:
                if not self._ended.is_set() and self._places.acquire(blocking=False):
                    self._pool.submit(self._tick)

    def end(self) -> None:
        """Stop ticking; calls in flight are dropped with the functions."""
        with self._handing_over:
            self._ended.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tick(self) -> None:
        try:
            error = self._invoke()
        finally:
            self._places.release()
        # An error that repeats at every tick is reported once; one that comes from our own end is not reported.
        if error and error != self._reported and not self._ended.is_set():
            say(f"the poller failed: {error}")
        self._reported = error

    def _invoke(self) -> str:
        """What went wrong; empty if nothing did."""
        try:
            answer = self._aws.functions.invoke(FunctionName=self._function, Payload=json.dumps(_event()))
        except (BotoCoreError, ClientError) as error:
            return str(error)
        return answer["Payload"].read().decode(errors="replace") if answer.get("FunctionError") else ""


@contextmanager
def ticking(aws: Aws, function: str, seconds: float) -> Iterator[None]:
    """Tick during the `with` block."""
    ticker = Ticker(aws, function, seconds)
    Thread(target=ticker.run, name="ticker", daemon=True).start()
    try:
        yield
    finally:
        ticker.end()


def _event() -> dict[str, object]:
    """As EventBridge Scheduler sends it when the template gives no input."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": "{}",
    }
