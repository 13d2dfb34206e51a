"""`relay`, or `python -m desk`."""

import io
import sys

from desk.app import app
from desk.problems import Exit, Problem


def main() -> None:
    """Run a command, and end the program with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows few characters is no reason to end.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="relay")
    except Problem as problem:
        print(f"relay: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        print("relay: interrupted", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
