"""The sandbox from outside: started as a command, reached by its ready line, ended by a signal."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Thread
from typing import IO, Final

from sandbox.cloud import processes
from sandbox.errors import SandboxError
from sandbox.interrupts import undisturbed
from sandbox.paths import ROOT
from sandbox.progress import READY
from sandbox.ready import Ready

#: Long enough to remove what many workers have unpacked, on a busy machine.
SECONDS_TO_END: Final = 120


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A running sandbox."""

    ready: Ready
    #: The command's process: see `processes.worker_pids`.
    pid: int


@contextmanager
def start_sandbox(
    *arguments: str, timeout: float = 180, on_progress: Callable[[str], None] | None = None
) -> Iterator[Sandbox]:
    """Run `python -m sandbox` with these arguments during the `with` block.

    `on_progress` gets each line of its standard error, from another thread; without it they go to ours.

    Raises:
        SandboxError: it did not get ready in time, or did not end as it should.
    """
    lines: Queue[str] = Queue()
    # SIGTERM may come before the program listens to it; there is nothing to clean up then.
    good_endings = {0, -signal.SIGTERM}
    said_ready = Event()

    def progress(line: str) -> None:
        (on_progress or _to_stderr)(line)
        if line.endswith(READY):
            said_ready.set()

    with ExitStack() as running:
        # A process whose start is cut short by Ctrl-C would go on without us.
        with undisturbed():
            process = _started(arguments)
            running.callback(_stop, process, good_endings)
        readers = (
            _each_line(process.stdout, lines.put, at_end=lambda: lines.put("")),
            _each_line(process.stderr, progress, at_end=said_ready.set),
        )
        for reader in readers:
            running.callback(reader.join, timeout=5)
        # Called first, so that the readers see the end.
        running.callback(_stop, process, good_endings)
        ready = Ready.from_json(_first_line(process, lines, timeout))
        good_endings.remove(-signal.SIGTERM)
        # What it wrote to standard error before may come after, because that is another pipe.
        said_ready.wait(5)
        yield Sandbox(ready=ready, pid=process.pid)


def _started(arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches only us, and we end the sandbox.
        start_new_session=True,
    )


def _first_line(process: subprocess.Popen[str], lines: Queue[str], timeout: float) -> str:
    try:
        line = lines.get(timeout=timeout)
    except Empty:
        raise SandboxError(f"the sandbox was not ready after {timeout:g} s") from None
    if not line:
        raise SandboxError(f"the sandbox ended with exit code {process.wait()} before it was ready")
    return line


def _each_line(stream: IO[str] | None, to: Callable[[str], None], at_end: Callable[[], None]) -> Thread:
    assert stream  # noqa: S101 (a pipe, as asked for)

    def read() -> None:
        with stream:  # closed by the thread that reads it, and by no other
            for line in stream:
                to(line.rstrip("\n"))
        at_end()

    thread = Thread(target=read, name="sandbox output", daemon=True)
    thread.start()
    return thread


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _stop(process: subprocess.Popen[str], good_endings: AbstractSet[int]) -> None:
    """End it as a person would, and check that it ended well; Ctrl-C waits until then."""
    if process.poll() is not None:
        return
    with undisturbed():
        process.terminate()
        try:
            code = process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            processes.kill_descendants(process.pid)
            process.kill()
            process.wait()
            raise SandboxError("the sandbox did not end when asked to") from None
    if code not in good_endings:
        raise SandboxError(f"the sandbox ended with exit code {code}")
