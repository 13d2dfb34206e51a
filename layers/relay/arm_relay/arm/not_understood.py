"""Why a part of ARM's answer is not understood."""

from collections.abc import Sequence
from typing import Final

from arm_relay.arm.objections import Objection

ENTRIES: Final = "the entries of ARM's result are not understood"
CONTRADICTION: Final = "ARM's result contradicts itself"
WORDS_DIFFER: Final = "the words of ARM's result contradict each other"
COUNTS_DIFFER: Final = "the counts of ARM's result are not those of the orders"
WHICH_ORDER: Final = "ARM's result does not say which order an entry is about"
SAYS_NOT_HOW: Final = "ARM's result does not say how each order ended"


class NotUnderstood(Exception):
    """A part of the answer is not understood."""

    def __init__(self, reason: str, against: Sequence[Objection] = ()) -> None:
        super().__init__(reason)
        #: What speaks against what the words say.
        self.against = tuple(against)


class UnknownWord(NotUnderstood):
    """A word is not known, or two contradict each other."""


class NotDone(Exception):
    """The words mean success, and something beside them says that ARM is still at work."""

    def __init__(self, against: Sequence[Objection]) -> None:
        super().__init__()
        self.against = tuple(against)
