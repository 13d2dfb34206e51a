"""Start: a fresh process under AWS's runtime client, from its start to the answer to its first event."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from benchmarks.cloud import Cloud
from benchmarks.contestants import FLOOR, FLOOR_WITH_SECRET, PEER, RELAY, Contestant
from benchmarks.events import an_event
from benchmarks.ratios import ROUNDS, Row, alternately, compared
from benchmarks.server import Request, Response, Server

#: How long a start may take at most, in seconds.
PATIENCE: Final = 60.0

AT_MOST_FLOOR: Final = 1.25
AT_MOST_PEER: Final = 0.6


@dataclass(frozen=True, slots=True)
class Started:
    """What one start took, in seconds."""

    wall: float
    cpu: float


@dataclass(slots=True)
class RuntimeApi:
    """Lambda's Runtime API with one event to give."""

    event: dict[str, Any]
    #: The answer, and when it came.
    answered: "Future[tuple[dict[str, Any], float]]" = field(default_factory=Future)
    given: bool = False

    async def __call__(self, request: Request) -> Response:
        """What the runtime client asks."""
        if not request.path.endswith("/invocation/next"):
            if not self.answered.done():
                self.answered.set_result((json.loads(request.body), time.monotonic()))
            return Response(b"", status=202)
        if self.given:
            await asyncio.sleep(PATIENCE)
        self.given = True
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "1",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + PATIENCE) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-north-1:123456789012:function:function",
        }
        return Response(json.dumps(self.event).encode(), headers=headers)


def rows() -> list[Row]:
    """Time passed, and beside it the CPU time, which other work on the machine disturbs less."""
    with Server(Cloud()) as cloud:
        contestants = (RELAY, FLOOR, FLOOR_WITH_SECRET, PEER)
        measures = {contestant.name: partial(start, contestant, cloud.url) for contestant in contestants}
        alternately(1, measures)  # the first reads files that the others find in memory
        samples = alternately(ROUNDS, measures)
    walls = {name: [sample.wall * 1000 for sample in started] for name, started in samples.items()}
    cpus = {name: [sample.cpu * 1000 for sample in started] for name, started in samples.items()}
    return [*_rows("Start, time passed", walls), *_rows("Start, CPU time", cpus)]


def _rows(what: str, samples: dict[str, Sequence[float]] | dict[str, list[float]]) -> list[Row]:
    relay = samples[RELAY.name]
    for_information = FLOOR_WITH_SECRET.name
    return [
        compared(what, "floor", AT_MOST_FLOOR, relay, samples[FLOOR.name], "ms"),
        compared(what, for_information, None, relay, samples[for_information], "ms"),
        compared(what, "peer", AT_MOST_PEER, relay, samples[PEER.name], "ms"),
    ]


def start(contestant: Contestant, cloud_url: str) -> Started:
    """Start it once.

    Raises:
        RuntimeError: its first answer is not a 202.
    """
    api = RuntimeApi(an_event())
    with Server(api) as runtime:
        begun = time.monotonic()
        process = subprocess.Popen(
            contestant.command("-m", "awslambdaric", "app.handler"),
            cwd=contestant.folder,
            env=contestant.environment(cloud_url, AWS_LAMBDA_RUNTIME_API=runtime.address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            answer, ended = api.answered.result(PATIENCE)
        finally:
            process.kill()
            # It has not been waited for yet, so its usage is still there to ask for.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if answer.get("statusCode") != 202:
        raise RuntimeError(f"{contestant.name} answered {answer}")
    return Started(ended - begun, usage.ru_utime + usage.ru_stime)
