from collections.abc import Iterator

import pytest

from sandbox.client import start_sandbox
from sandbox.ready import Ready


@pytest.fixture(scope="package")
def ready() -> Iterator[Ready]:
    """One sandbox for all tests of this folder: an outage of some seconds ends in holds."""
    waits = ["HoldAfterSeconds=15", "LongestPollSeconds=2", "FirstPollSeconds=1", "SettlingSeconds=4"]
    waits += ["FailureSettlingSeconds=3", "UndecidedSeconds=6"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running.ready
