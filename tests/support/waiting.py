"""Waiting for what others do in their own time."""

import time
from collections.abc import Callable


def awaited(found: Callable[[], object], patience: float) -> None:
    """Wait until something is found to be so, `patience` seconds at most."""
    deadline = time.monotonic() + patience
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.5)
