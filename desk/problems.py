"""What a person who runs a command can cause: a sentence, and no traceback."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ends."""

    #: All is well.
    FINE = 0
    #: What was checked is wrong.
    WRONG = 1
    #: The command could not do its work: its arguments, a file or a connection were not what they should be.
    UNABLE = 2
    #: Somebody pressed Ctrl-C.
    INTERRUPTED = 130


class Problem(Exception):
    """The command cannot do its work, for a reason that a person can do something about."""
