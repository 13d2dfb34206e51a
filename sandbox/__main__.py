"""`python -m sandbox`: runs the system, or one of the commands `demo`, `send` and `results`."""

import signal
import sys

# Until there is something to clean up, Ctrl-C just ends the program, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from sandbox import commands  # noqa: E402 (after the line above, because the imports take half a second)

sys.exit(commands.main(sys.argv[1:]))
