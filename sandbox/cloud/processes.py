"""Child processes, each leading a group of its own, so that it ends with everything it started in turn."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds a process has to end by itself.
_GRACE = 1.0


@contextmanager
def running(
    command: Sequence[str | Path], *, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of the `with` block; what it prints goes to `log`."""
    with log.open("wb") as output:
        process = _start(command, environment, output.fileno())
    try:
        yield process
    finally:
        end(process)


def run(command: Sequence[str | Path], *, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command to its end: its exit code and what it printed, both streams together."""
    process = _start(command, environment, subprocess.PIPE)
    try:
        output, _ = process.communicate()
    finally:
        # Only if we are interrupted is there still something to end.
        end(process)
    return process.returncode, output.decode(errors="replace")


def _start(command: Sequence[str | Path], environment: Mapping[str, str], output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        # A session of its own: Ctrl-C reaches us alone, and we end the children in order.
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process and its group to end, then insist."""
    _signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    # We cannot wait for its children, so check until they are gone.
    deadline = time.monotonic() + _GRACE
    while _signal_group(process.pid, 0) and time.monotonic() < deadline:
        time.sleep(0.01)


def _signal_group(group: int, number: int) -> bool:
    """Whether the group still had a process to signal."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill_descendants(pid: int) -> None:
    """The last resort: kill whatever still runs below a process."""
    for descendant in descendants(pid):
        with suppress(ProcessLookupError):
            os.kill(descendant, signal.SIGKILL)


def worker_pids(sandbox_pid: int, function: str = "") -> list[int]:
    """The processes that run the functions under a sandbox; `function` may be a part of the function's name."""
    return [pid for pid in descendants(sandbox_pid) if _is_worker(_command_line(pid), function)]


def _is_worker(command: Sequence[str], function: str) -> bool:
    # MiniStack runs `python <tmp>/ministack-lambda-<function>-<random>/_worker.py`.
    script = Path(command[1]) if len(command) > 1 else Path()
    folder = script.parent.name
    return script.name == "_worker.py" and folder.startswith("ministack-lambda-") and function in folder


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, as /proc lists them now."""
    found: list[int] = []
    parents = _parents()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, its_parent in parents.items() if its_parent == parent]
        found += children
        waiting += children
    return found


def _parents() -> dict[int, int]:
    """The parent of every process on the machine."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended in the meantime
            # pid (name) state parent ...; the name may itself hold spaces and brackets.
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return parents


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
