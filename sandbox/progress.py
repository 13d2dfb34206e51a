import sys
import time
from contextlib import suppress
from typing import Final

_STARTED: Final = time.monotonic()


def say(text: str) -> None:
    """Tell the person watching, on standard error: standard output carries the ready line alone."""
    # Nobody may be watching any more, and a signal may come in the middle of a line (RuntimeError).
    with suppress(OSError, RuntimeError):
        print(f"sandbox {time.monotonic() - _STARTED:6.1f}s  {text}", file=sys.stderr, flush=True)
