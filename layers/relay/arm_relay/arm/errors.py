"""What a failed call to ARM means, one class per consequence.

ArmError
├── NotSent    ARM certainly does not have it -> the batch is QUEUED
├── Refused    ARM has read it and refused it -> the batch is REFUSED
├── InDoubt    ARM may have it                -> the batch is UNCONFIRMED
└── NoAnswer   ARM did not answer a question  -> it is asked again later
"""

from datetime import timedelta
from enum import Enum, auto

from arm_relay.batches.batch import Answer


class Scope(Enum):
    """Whom a failure affects."""

    #: One batch.
    BATCH = auto()
    #: Every batch of the client.
    CLIENT = auto()
    #: Everybody: there is no token, or ARM does not accept it.
    TOKEN = auto()
    #: Everybody: ARM cannot be reached, or is failing.
    ARM = auto()


class ArmError(Exception):
    """A call to ARM failed."""

    def __init__(
        self,
        cause: str,
        answer: Answer | None = None,
        *,
        retry_after: timedelta | None = None,
        scope: Scope = Scope.BATCH,
        is_cut: bool = False,
    ) -> None:
        super().__init__(cause)
        #: Why, in the same words for the same failure: they appear in the batch's history.
        self.cause = cause
        #: ARM's answer, where there was one.
        self.answer = answer
        #: How long ARM asked us to wait.
        self.retry_after = retry_after
        #: Whom the failure affects.
        self.scope = scope
        #: Whether we gave up early, because our own time was over: that says nothing about ARM.
        self.is_cut = is_cut


class NotSent(ArmError):
    """ARM certainly does not have the batch."""


class Refused(ArmError):
    """ARM has refused the batch."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"ARM answered {answer.status}", answer)
        #: Always there: a refusal is an answer.
        self.answer: Answer = answer


class InDoubt(ArmError):
    """ARM may have the batch."""


class NoAnswer(ArmError):
    """ARM did not answer a question about a batch or a document."""
