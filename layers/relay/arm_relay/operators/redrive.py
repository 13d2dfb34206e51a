"""Use case: an operator redrives one batch."""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from arm_relay.batches.batch import Batch, State
from arm_relay.json_notation import to_pointer
from arm_relay.operators.inquiries import Inquiries
from arm_relay.orders.faults import Fault, Faulty, in_words, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import PROSE
from arm_relay.redriving import Redriving, Wish

#: How many faults of a redrive are listed.
MOST_FAULTS: Final = 100

type Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=PROSE)]


class Model(BaseModel):
    """A body of an operator's request."""

    # Built at the first redrive: most environments never see one.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, alias_generator=to_camel)


class Ask(Model):
    """Open the held batch again: the relay asks ARM, and acts by its own rules."""

    action: Literal["ask"]
    #: Kept in the batch's history.
    reason: Reason


class Retry(Model):
    """Send the failed orders of an ended batch again, unchanged, as a new batch."""

    action: Literal["retry"]
    #: Kept in the history of both batches.
    reason: Reason


class Resubmit(Model):
    """Submit the batch again: the operator has made sure that ARM has none of it."""

    action: Literal["resubmit"]
    #: Kept in the batch's history.
    reason: Reason
    #: Must be stated where ARM may have the batch.
    may_be_billed_twice: StrictBool = False


class Close(Model):
    """End the batch: the operator has found out how it ended."""

    action: Literal["close"]
    #: How those orders ended whose status was not known.
    status: Literal["SUCCEEDED", "FAILED"]
    #: Kept in the batch's history.
    reason: Reason


class Announce(Model):
    """Announce the batch's end or hold once more, word for word."""

    action: Literal["announce"]
    #: Kept in the batch's history.
    reason: Reason


type AnyRedrive = Ask | Retry | Resubmit | Close | Announce

_REDRIVE: TypeAdapter[AnyRedrive] = TypeAdapter(
    Annotated[Ask | Retry | Resubmit | Close | Announce, Field(discriminator="action")],
    config=ConfigDict(defer_build=True),
)


class InvalidRedrive(Faulty):
    """The body is valid JSON, but not a valid redrive."""


class Redrive:
    """Redrives one batch."""

    def __init__(self, inquiries: Inquiries, redriving: Redriving) -> None:
        self._inquiries = inquiries
        self._redriving = redriving

    def release(self, client_no: str, batch_id: str, body: bytes, by: str) -> Batch:
        """Carry out an action on a batch, in the name of `by`: the batch, or the new batch of a retry.

        Raises:
            NotJson: the body is not JSON.
            InvalidRedrive: the body is not a redrive.
            UnknownBatch: there is no batch of this id.
            NeedsConfirmation: ARM may have the batch, and the body does not say that it may be billed twice.
            IllegalStep: the batch is not announced, or cannot be redriven in this way.
            UnreadableRecord: its payload is damaged.
            StoreUnavailable: it is not known whether it is redriven.
        """
        redrive = _parse(body)
        batch = self._inquiries.batch(client_no, batch_id)
        wish = Wish(redrive.reason, by)
        match redrive:
            case Ask():
                return self._redriving.ask(batch, wish)
            case Retry():
                return self._redriving.retry(batch, wish)
            case Resubmit(may_be_billed_twice=may_be_billed_twice):
                return self._redriving.resubmit(batch, wish, may_be_billed_twice=may_be_billed_twice)
            case Close(status=status):
                return self._redriving.close(batch, State(status), wish)
            case Announce():
                return self._redriving.announce(batch, wish)


def parsed[T](body: bytes, validate: Callable[[Any], T], fault_of: Callable[[ErrorDetails], Fault]) -> T:
    """The body of a redrive.

    Raises:
        NotJson: it is not JSON.
        InvalidRedrive: it is not valid.
    """
    value = parse_json(body)
    if repeated := list(islice(repeated_keys(value), MOST_FAULTS)):
        raise InvalidRedrive(repeated)
    try:
        return validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise InvalidRedrive([fault_of(fault) for fault in faults[:MOST_FAULTS]]) from None


def _parse(body: bytes) -> AnyRedrive:
    return parsed(body, _REDRIVE.validate_python, _fault)


def _fault(error: ErrorDetails) -> Fault:
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return Fault("/action", "should be ask, retry, resubmit, close or announce")
    # The union puts the name of its member first.
    return Fault(to_pointer(error["loc"][1:]), in_words(error))
