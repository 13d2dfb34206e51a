"""Starts the desk, the page of `relay desk`, beside the sandbox, as a program of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.errors import SandboxError

#: The first start imports much.
SECONDS_TO_START: Final = 60.0
SECONDS_TO_END: Final = 5.0


@contextmanager
def desk(ready_file: Path, *options: str) -> Iterator[str]:
    """The page during the `with` block; its address, which lets in whoever has it.

    Raises:
        SandboxError: it did not start.
    """
    # The desk looks for the ready line of the folder in which it runs.
    with TemporaryDirectory(prefix="arm-relay-desk-") as folder:
        place = Path(folder) / ".aws-sam"
        place.mkdir()
        (place / "ready.json").symlink_to(ready_file.absolute())
        process = subprocess.Popen(
            [sys.executable, "-m", "desk", "desk", "--sandbox", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C reaches only the sandbox, and the sandbox ends the desk.
            start_new_session=True,
        )
        try:
            yield _address(process)
        finally:
            _end(process)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout  # noqa: S101 (a pipe, as asked for)
    readable, _, _ = select([process.stdout], [], [], SECONDS_TO_START)
    address = process.stdout.readline().strip() if readable else ""
    if not address:
        raise SandboxError("the desk did not start")
    return address


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
