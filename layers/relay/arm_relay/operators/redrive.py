"""Use case: an operator releases a held batch."""

from itertools import islice
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import IllegalStep
from arm_relay.json_notation import to_pointer
from arm_relay.observability import Journal
from arm_relay.operators.inquiries import Inquiries
from arm_relay.orders.faults import Fault, Faulty, in_words, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import PROSE
from arm_relay.store.records import Marker
from arm_relay.store.table import Store

#: How many faults of a redrive are listed.
MOST_FAULTS: Final = 100

type Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=PROSE)]


class _Model(BaseModel):
    # Built at the first redrive: most environments never see one.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Resubmit(_Model):
    """Submit the batch again: the operator has made sure that ARM has none of it."""

    action: Literal["resubmit"]
    #: Kept in the batch's history.
    reason: Reason


class Close(_Model):
    """End the batch: the operator has found out how it ended."""

    action: Literal["close"]
    #: How those orders ended whose status was not known.
    status: Literal["SUCCEEDED", "FAILED"]
    #: Kept in the batch's history.
    reason: Reason


class Announce(_Model):
    """Announce the batch's end or hold once more, word for word."""

    action: Literal["announce"]
    #: Kept in the batch's history.
    reason: Reason


type _Redrives = Resubmit | Close | Announce

_REDRIVE: TypeAdapter[_Redrives] = TypeAdapter(
    Annotated[Resubmit | Close | Announce, Field(discriminator="action")], config=ConfigDict(defer_build=True)
)


class InvalidRedrive(Faulty):
    """The body is valid JSON, but not a valid redrive."""


class Redrive:
    """Releases held batches."""

    def __init__(self, *, store: Store, journal: Journal, pace: Pace) -> None:
        self._store = store
        self._inquiries = Inquiries(store)
        self._journal = journal
        self._pace = pace

    def release(self, client_no: str, batch_id: str, body: bytes, by: str) -> Batch:
        """Resubmit or close a held batch, or have any announced one announced again, in the name of `by`.

        Raises:
            NotJson: the body is not JSON.
            InvalidRedrive: the body is not a redrive.
            UnknownBatch: there is no batch of this id.
            IllegalStep: the batch is not held, or not announced, or cannot be redriven in this way.
            UnreadableRecord: its payload is damaged.
            StoreUnavailable: it is not known whether it is released.
        """
        redrive = _parse(body)
        batch = self._inquiries.batch(client_no, batch_id)
        now = self._pace.now()
        if isinstance(redrive, Announce):
            return self._saved(steps.to_be_repeated(batch, redrive.reason, by, now))
        if isinstance(redrive, Resubmit):
            released = steps.resubmitted(batch, redrive.reason, by, now)
            self._check_still_its_own(batch)
        else:
            released = steps.closed(batch, State(redrive.status), redrive.reason, by, now)
        saved = self._saved(released)
        self._journal.moved(saved)
        return saved

    def _saved(self, batch: Batch) -> Batch:
        saved = self._store.save(batch)
        if saved is None:
            raise IllegalStep("Another writer saved the batch first. Fetch the batch again before you decide.")
        return saved

    def _check_still_its_own(self, batch: Batch) -> None:
        """Refuse to send orders again whose ids are free, or will be before the batch could be held once more.

        They may have been sent, and billed, again meanwhile. What was to be sent is kept for as long.
        """
        ids, numbers = self._store.markers_of(
            batch.client_no,
            [order.id for order in batch.orders],
            [order.document_no for order in batch.orders if order.document_no],
        )
        lasting = self._pace.now() + self._pace.times.hold_after

        def is_lost(marker: Marker | None) -> bool:
            return marker is None or marker.batch_id != batch.id or marker.expires_at < lasting

        lost = [
            order.id
            for order in batch.orders
            if is_lost(ids.get(order.id)) or (order.document_no and is_lost(numbers.get(order.document_no)))
        ]
        if lost:
            raise IllegalStep(
                f"The ids or numbers of {len(lost)} of its {len(batch.orders)} orders are free or will soon be, the"
                f" first is {lost[0]}: they may have been sent again. Close the batch, then send its orders again."
            )
        if self._store.payload(batch) is None:
            raise IllegalStep("Its documents are no longer kept. Close the batch, then send its orders again.")


def _parse(body: bytes) -> _Redrives:
    value = parse_json(body)
    if repeated := list(islice(repeated_keys(value), MOST_FAULTS)):
        raise InvalidRedrive(repeated)
    try:
        return _REDRIVE.validate_python(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise InvalidRedrive([_fault(fault) for fault in faults[:MOST_FAULTS]]) from None


def _fault(error: ErrorDetails) -> Fault:
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return Fault("/action", "should be resubmit, close or announce")
    # The union puts the name of its member first.
    return Fault(to_pointer(error["loc"][1:]), in_words(error))
