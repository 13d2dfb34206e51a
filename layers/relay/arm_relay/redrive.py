"""Use case: a person releases a held batch."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from arm_relay import batches
from arm_relay.batches import Batch, IllegalStep, State, Times
from arm_relay.faults import Fault, to_pointer
from arm_relay.inquiries import Inquiries
from arm_relay.json_bodies import parse_json, repeated_keys
from arm_relay.observability import Journal
from arm_relay.orders import PROSE
from arm_relay.store import Store

#: More of them are not told.
MOST_FAULTS: Final = 100

type Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=PROSE)]


class _Model(BaseModel):
    # Built when the first redrive comes: most environments never see one.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Resubmit(_Model):
    """Submit the batch again: the person has made sure that ARM has none of it."""

    action: Literal["resubmit"]
    #: Kept in the batch's history.
    reason: Reason


class Close(_Model):
    """End the batch: the person has found out how it ended."""

    action: Literal["close"]
    #: How the orders ended whose end was not known.
    status: Literal["SUCCEEDED", "FAILED"]
    #: Kept in the batch's history.
    reason: Reason


_REDRIVE: TypeAdapter[Resubmit | Close] = TypeAdapter(
    Annotated[Resubmit | Close, Field(discriminator="action")], config=ConfigDict(defer_build=True)
)


class InvalidRedrive(Exception):
    """The redrive is not one the relay knows."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(self.__doc__)
        #: All of them.
        self.faults = faults


class Redrive:
    """Releases held batches."""

    def __init__(self, *, store: Store, journal: Journal, times: Times, now: Callable[[], datetime]) -> None:
        self._store = store
        self._inquiries = Inquiries(store)
        self._journal = journal
        self._times = times
        self._now = now

    def release(self, client_no: str, batch_id: str, body: bytes, by: str) -> Batch:
        """Resubmit or close a held batch, in the name of `by`.

        Raises:
            NotJson: the body is not JSON.
            InvalidRedrive: the body is not a redrive.
            UnknownBatch: there is no batch of this id.
            IllegalStep: the batch is not held, or cannot be released in this way.
            StoreUnavailable: it is not known whether it is released.
        """
        redrive = _parse(body)
        batch = self._inquiries.batch(client_no, batch_id)
        now = self._now()
        if isinstance(redrive, Resubmit):
            released = batches.resubmitted(batch, redrive.reason, by, now, self._times)
        else:
            released = batches.closed(batch, State(redrive.status), redrive.reason, by, now)
        saved = self._store.save(released)
        if saved is None:
            raise IllegalStep("somebody else changed the batch at the same moment")
        self._journal.moved(saved)
        return saved


def _parse(body: bytes) -> Resubmit | Close:
    value = parse_json(body)
    if repeated := list(islice(repeated_keys(value), MOST_FAULTS)):
        raise InvalidRedrive(repeated)
    try:
        return _REDRIVE.validate_python(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidRedrive([_fault(fault) for fault in faults[:MOST_FAULTS]]) from None


def _fault(error: ErrorDetails) -> Fault:
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return Fault("/action", "should be resubmit or close")
    # The union puts the name of its member first.
    return Fault(to_pointer(error["loc"][1:]), error["msg"])
