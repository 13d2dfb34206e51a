"""`relay`, or `python -m desk`."""

import io
import os
import sys
from typing import Final

from desk.app import app
from desk.console import harmless
from desk.problems import Exit, Problem

#: An environment variable: where it is set, a fault of the desk itself ends with its traceback.
TRACEBACK: Final = "ARM_RELAY_TRACEBACK"

#: How much is shown of such a fault, in characters.
LONGEST: Final = 300


def main() -> None:
    """Run a command, and end the program with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows few characters is no reason to end.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="relay")
    except Problem as problem:
        print(f"relay: {harmless(str(problem))}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        print("relay: interrupted", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        said = harmless(" ".join(f"{type(error).__name__}: {error}".split()))[:LONGEST]
        print(f"relay: this is a fault of the desk itself ({said}); {TRACEBACK}=1 shows where", file=sys.stderr)
        sys.exit(Exit.UNABLE)


if __name__ == "__main__":
    main()
