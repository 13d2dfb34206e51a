"""MiniStack: the sandbox's AWS, one process on a loopback port, which starts the functions' workers."""

import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from sandbox.cloud import processes
from sandbox.cloud.aws import REGION, Aws
from sandbox.errors import SandboxError
from sandbox.paths import MINISTACK_TOOLS

_SECONDS_TO_START = 60


@contextmanager
def ministack(state: Path) -> Iterator[Aws]:
    """A running MiniStack that keeps all it writes below `state`; its own log is `ministack.log` there.

    Raises:
        SandboxError: it is not installed, or did not start.
    """
    program = MINISTACK_TOOLS / "ministack"
    if not program.exists():
        raise SandboxError("MiniStack is not installed: run `make setup`")
    port, log = _free_port(), state / "ministack.log"
    with processes.running([program], environment=_environment(port, state), log=log) as process:
        _wait_until_up(process, port, log)
        yield Aws(f"http://127.0.0.1:{port}")


def _environment(port: int, state: Path) -> dict[str, str]:
    """Bare, because the functions' workers inherit it."""
    return {
        # The workers run under the Python found here, in an environment that has boto3, as Lambda has.
        "PATH": f"{MINISTACK_TOOLS}{os.pathsep}{os.defpath}",
        "HOME": str(state),
        # Where the workers' code is unpacked.
        "TMPDIR": str(state),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        # IAM decides about every call, so that a missing permission fails here already.
        "AUTH": "true",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(process: Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SandboxError("MiniStack did not start", log.read_text(errors="replace"))
        time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5):
            return True
    except OSError:
        return False
