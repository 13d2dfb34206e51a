"""The start of a Lambda environment, without garbage collection.

Whatever is imported and built while an environment starts stays for good. Searching it for garbage takes time and finds
nothing (docs/decisions/0007).
"""

import gc
import os


def begin() -> None:
    """Turn garbage collection off while a Lambda environment starts; anywhere else, change nothing."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        gc.disable()


def end() -> None:
    """Turn garbage collection back on after start-up; everything allocated so far is frozen and never scanned."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
