import sys
import time
from contextlib import suppress
from typing import Final

#: How the last line before the ready line ends.
READY: Final = "ready; Ctrl-C ends it"

_STARTED: Final = time.monotonic()


def say(text: str) -> None:
    """Report progress on standard error: standard output is for the ready line alone."""
    # The reader may be gone, and a signal may come in the middle of a line (RuntimeError).
    with suppress(OSError, RuntimeError):
        print(f"sandbox {time.monotonic() - _STARTED:6.1f}s  {text}", file=sys.stderr, flush=True)
