"""A function in a process of its own, which reads from a pipe what to run."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants import Contestant

WORKER: Final = Path(__file__).parent / "worker.py"

#: As long as a function of the template has at most, in seconds.
LONG: Final = 55.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What running a handler took."""

    #: Of the handler alone, all its threads, in seconds.
    cpu: float
    wall: float
    statuses: Sequence[int | None]
    #: Of the process so far, in bytes.
    peak: int
    modules: Sequence[str]
    #: Whether garbage is collected.
    collects: bool
    #: By the process so far, in bytes.
    logged: int


class Function:
    """A running one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def run(self, events: Sequence[dict[str, Any]], seconds: float = LONG) -> Usage:
        """Invoke it with one event after the other; each has so many seconds.

        Raises:
            RuntimeError: it died; its traceback is on standard error.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"events": events, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a function under measurement died")
        return Usage(**json.loads(line))


@contextmanager
def running(contestant: Contestant, cloud_url: str, **variables: str) -> Iterator[Function]:
    """The function for the length of the `with` block."""
    process = subprocess.Popen(
        contestant.command(str(WORKER)),
        cwd=contestant.folder,
        env=contestant.environment(cloud_url, **variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Function(process)
        finally:
            process.kill()
