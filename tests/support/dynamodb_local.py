"""Real DynamoDB Local for the session: on a free loopback port, in memory, telling nobody of it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

HOME: Final = Path(__file__).parents[2] / ".tools" / "dynamodb-local"

#: How long it may take to answer, in seconds: on a busy machine Java alone takes several.
PATIENCE: Final = 60.0


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """Its endpoint URL."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("DynamoDB Local needs Java, and there is no `java` on the PATH")
    if not (HOME / ".ready").exists():
        pytest.fail("DynamoDB Local is not installed: run make test")
    with running(java, free_port()) as url:
        yield url


@contextmanager
def running(java: str, port: int) -> Iterator[str]:
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    # It unpacks a library and would leave it behind.
    with TemporaryDirectory(prefix="dynamodb-local-") as scratch:
        places = ["-Djava.library.path=./DynamoDBLocal_lib", f"-Djava.io.tmpdir={scratch}"]
        command = [java, *places, "-jar", "DynamoDBLocal.jar", *options]
        with subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                wait_for(port, process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"DynamoDB Local did not start (exit code {process.poll()})")
