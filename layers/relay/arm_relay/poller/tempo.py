"""How many batches may wait to be saved and announced: as many as a run can finish in the time that it keeps. Pure."""

from typing import Final

#: What waits must be done within so many seconds.
WITHIN: Final = 3.0

#: How long a batch takes until it is known how long, in seconds.
ASSUMED: Final = 1 / 60

#: So many batches take as long as one: a request to the topic has that many.
TOGETHER: Final = 10

#: However long they take, so many may wait; and however short, no more than so many.
LEAST: Final = 10
MOST: Final = 150


class Tempo:
    """How long one kind of work has taken lately."""

    def __init__(self) -> None:
        #: Seconds a batch.
        self.each = ASSUMED

    def took(self, batches: int, seconds: float) -> None:
        """So many batches at once took so long."""
        self.each = (self.each + seconds / max(batches, TOGETHER)) / 2


def room(*steps: Tempo) -> int:
    """How many batches may wait that have all of these steps before them."""
    each = sum(step.each for step in steps)
    return max(LEAST, min(MOST, int(WITHIN / each))) if each > 0 else MOST
