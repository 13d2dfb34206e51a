import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.cloud.processes import descendants, run, running, worker_pids

#: A process that starts another one and, like it, never ends by itself.
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def eventually[T](look: Callable[[], T]) -> T:
    deadline = time.monotonic() + 10
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_command_prints_is_returned_with_its_exit_code() -> None:
    code, output = run([sys.executable, "-c", "import sys; print('out'); sys.exit('err')"], environment={})

    assert code == 1
    assert sorted(output.splitlines()) == ["err", "out"]


def test_a_process_ends_with_everything_it_started(tmp_path: Path) -> None:
    with running([sys.executable, "-c", PARENT], environment={}, log=tmp_path / "log") as process:
        children = eventually(lambda: descendants(process.pid))

    assert len(children) == 1
    assert process.returncode is not None
    assert eventually(lambda: not any(map(is_alive, children))) is not False


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    with running([sys.executable, "-c", deaf], environment={}, log=log) as process:
        eventually(log.read_text)

    assert process.returncode == -9


def test_the_functions_workers_are_told_from_other_processes(tmp_path: Path) -> None:
    script = tmp_path / "ministack-lambda-arm-relay-WebhookFunction-1A2B-x_y" / "_worker.py"
    script.parent.mkdir()
    script.write_text("import time; time.sleep(60)")
    with (
        running([sys.executable, script], environment={}, log=tmp_path / "a") as worker,
        running([sys.executable, "-c", "import time; time.sleep(60)"], environment={}, log=tmp_path / "b"),
    ):
        assert eventually(lambda: worker_pids(os.getpid())) == [worker.pid]
        assert worker_pids(os.getpid(), "WebhookFunction") == [worker.pid]
        assert worker_pids(os.getpid(), "PollerFunction") == []
