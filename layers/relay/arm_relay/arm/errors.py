"""What a failed call to ARM lets us know, one class per consequence.

ArmError
├── NotSent    ARM certainly has not got it   -> the batch is QUEUED
├── Refused    ARM has read it and refused it -> the batch is REFUSED
├── InDoubt    ARM may have got it            -> the batch is UNCONFIRMED
└── NoAnswer   a question went unanswered     -> it is asked again later
"""

from datetime import timedelta

from arm_relay.batches import Answer


class ArmError(Exception):
    """A call to ARM did not end as wished."""

    def __init__(
        self,
        cause: str,
        answer: Answer | None = None,
        *,
        retry_after: timedelta | None = None,
        unreachable: bool = False,
    ) -> None:
        super().__init__(cause)
        #: Why, in words that repeat for the same trouble: they stand in the batch's history.
        self.cause = cause
        #: ARM's answer, where there was one.
        self.answer = answer
        #: How long ARM asked us to wait.
        self.retry_after = retry_after
        #: Whether the trouble is with ARM as a whole rather than with this batch.
        self.unreachable = unreachable


class NotSent(ArmError):
    """ARM certainly has not got the batch."""


class Refused(ArmError):
    """ARM has refused the batch."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"ARM answered {answer.status}", answer)
        #: Always there: a refusal is an answer.
        self.answer: Answer = answer


class InDoubt(ArmError):
    """ARM may have got the batch."""


class NoAnswer(ArmError):
    """ARM did not answer a question about a batch or a document."""
