"""Ctrl-C at any moment: no traceback, the exit code of shells, and nothing left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from sandbox.client import start_sandbox
from sandbox.cloud.processes import descendants
from sandbox.paths import ROOT
from sandbox.ready import Ready

pytestmark = pytest.mark.xdist_group("sandbox")

#: How long cleaning up may take, in seconds.
PATIENCE: Final = 60.0

#: Texts in the output after which Ctrl-C is sent; empty means while the program still imports.
MOMENTS: Final = ("", "simulator plays ARM", "deploying the template", "ready; Ctrl-C ends it")


def often(*moments: str, of: set[str]) -> list[ParameterSet]:
    """The moments, of which only some are tried for every change."""
    return [pytest.param(moment, marks=() if moment in of else pytest.mark.nightly) for moment in moments]


@contextmanager
def started(arguments: Sequence[str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of the sandbox as the leader of a process group, which is what a terminal sends Ctrl-C to."""
    with (
        output.open("wb") as to,
        subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=to,
            stderr=to,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def wait_for(text: str, output: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while text not in output.read_text() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert text in output.read_text(), output.read_text()


def wait_for_its_imports(process: subprocess.Popen[bytes]) -> None:
    """Until the program imports; before, Python itself starts, and answers Ctrl-C with a traceback of its own."""
    maps = Path(f"/proc/{process.pid}/maps")
    deadline = time.monotonic() + 30
    while "_ssl" not in maps.read_text() and time.monotonic() < deadline:
        time.sleep(0.001)


def interrupted(process: subprocess.Popen[bytes]) -> int:
    """The exit code as a shell reports it."""
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(PATIENCE)
    return 128 - code if code < 0 else code


def assert_gone(pids: Sequence[int]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def assert_ctrl_c_ends(arguments: Sequence[str], moment: str, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with started(arguments, output) as process:
        wait_for_its_imports(process)
        wait_for(moment, output, process)
        below = descendants(process.pid)

        code = interrupted(process)

    assert (code, "Traceback" in output.read_text()) == (130, False), output.read_text()
    assert_gone(below)


@pytest.mark.parametrize(
    "moment", often(*MOMENTS, "1. Signed orders", of={"deploying the template", "1. Signed orders"})
)
def test_ctrl_c_ends_the_demo(moment: str, tmp_path: Path) -> None:
    assert_ctrl_c_ends(["demo"], moment, tmp_path)


@pytest.mark.parametrize("moment", often(*MOMENTS, of={"", "ready; Ctrl-C ends it"}))
def test_ctrl_c_ends_the_sandbox(moment: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"

    assert_ctrl_c_ends(["--port", "0", "--ready", str(ready)], moment, tmp_path)

    assert not ready.exists()


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with start_sandbox("--port", "0") as running:
        yield running.ready


@pytest.mark.parametrize("arguments", [["results"], ["send", "-"]])
@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0])
def test_ctrl_c_ends_a_command_that_waits(arguments: list[str], seconds: float, ready: Ready, tmp_path: Path) -> None:
    output = tmp_path / "output"
    (tmp_path / "ready.json").write_text(ready.to_json())
    with started([*arguments, "--ready", str(tmp_path / "ready.json")], output) as process:
        wait_for_its_imports(process)
        time.sleep(seconds)

        code = interrupted(process)

    assert (code, "Traceback" in output.read_text()) == (130, False), output.read_text()
