"""What a person who runs a command can cause: a sentence, and no traceback."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """How a command ends."""

    #: All is well.
    FINE = 0
    #: What was checked is wrong, or what was looked for is not there.
    WRONG = 1
    #: The command could not do its work: its arguments, a file or a connection were not what they should be.
    UNABLE = 2
    #: Somebody pressed Ctrl-C.
    INTERRUPTED = 130


class Problem(Exception):
    """The command cannot do its work, for a reason that a person can do something about."""

    @property
    def exit_code(self) -> Exit:
        """How a command ends that has this problem."""
        return Exit.UNABLE


class NotFound(Problem):
    """What was looked for is not there."""

    @property
    def exit_code(self) -> Exit:
        """What was looked for is not there."""
        return Exit.WRONG


#: The relay's problems that say that something is not there.
_NOT_THERE: Final = frozenset({"unknown-batch", "unknown-day", "unknown-order", "unknown-redrive"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request."""

    #: Where, as a JSON Pointer into the request.
    pointer: str
    detail: str


class Answered(Problem):
    """The relay answered with a problem."""

    def __init__(self, status: int, kind: str, title: str, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        """`kind` is the last part of the problem's type; empty where API Gateway itself answered."""
        places = [f"\n  {fault.pointer or '(the whole body)'} {fault.detail}" for fault in faults]
        super().__init__(f"{title}: {detail}{''.join(places)}" if detail else title)
        self.status: Final = status
        self.kind: Final = kind
        self.title: Final = title
        self.detail: Final = detail
        self.faults: Final = faults

    @property
    def exit_code(self) -> Exit:
        """An unknown route is a fault of the desk; everything else that is unknown was looked for."""
        return Exit.WRONG if self.kind in _NOT_THERE else Exit.UNABLE
