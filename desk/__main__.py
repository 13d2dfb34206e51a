"""`relay`, or `python -m desk`."""

import sys

from desk.app import app
from desk.problems import Exit, Problem


def main() -> None:
    """Run a command, and end the program with its exit code."""
    try:
        app(prog_name="relay")
    except Problem as problem:
        print(f"relay: {problem}", file=sys.stderr)
        sys.exit(Exit.UNABLE)
    except KeyboardInterrupt:
        print("relay: interrupted", file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
