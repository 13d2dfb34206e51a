"""The commands of `python -m sandbox`."""

import os
import signal
from collections.abc import Sequence

from sandbox import demo, environment, options, results, send, system


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name; the exit code."""
    environment.prepare(os.environ)
    match arguments:
        case ["send", *rest]:
            _end_with_our_reader()
            return send.main(rest)
        case ["results", *rest]:
            _end_with_our_reader()
            return results.main(rest)
        case ["demo", *rest]:
            return demo.main(rest)
        case _:
            return system.run(options.parse(arguments))


def _end_with_our_reader() -> None:
    """When the reader of our output stops (`| head`), end quietly."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
