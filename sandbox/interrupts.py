"""Ctrl-C (SIGINT) in programs that have something to clean up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Final

#: As shells report a program that Ctrl-C ended.
INTERRUPTED: Final = 128 + signal.SIGINT


@contextmanager
def interruptible() -> Iterator[None]:
    """Make Ctrl-C raise KeyboardInterrupt during the `with` block."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Make Ctrl-C wait until the end of the `with` block.

    Raises:
        KeyboardInterrupt: at the end of the block, if Ctrl-C came during it.
    """
    if current_thread() is not main_thread():
        # Only the main thread gets signals.
        yield
        return
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting:
        raise KeyboardInterrupt
