"""Use case: an operator has what the relay holds of the people of one order removed."""

from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from arm_relay.arm.documents import without
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import IllegalStep
from arm_relay.json_notation import to_pointer
from arm_relay.observability import Journal
from arm_relay.operators.inquiries import Inquiries, UnknownOrder
from arm_relay.orders.faults import Fault, Faulty, in_words, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import MAX_ID, PROSE
from arm_relay.store.table import Store

#: How many faults of a request are listed.
MOST_FAULTS: Final = 100

#: What is removed at once, and what stays and why: the answer says both.
REMOVED: Final = (
    "The order's document as it was sent to ARM, with its lines, names, addresses and messages.",
    "The sender's own words about the order (metadata).",
    "ARM's reasons for a failure of the order.",
    "ARM's raw answer about the batch, which may name people of any of its orders.",
)
STAYS: Final = (
    "The order's ids, numbers, digest, status and times, until RetentionDays are over: by them it is not billed twice.",
    "What has been announced: subscribers have it, and the relay keeps it word for word until RetentionDays are over.",
    "The document in ARM: only ARM can remove it.",
    "The table's point-in-time recovery, which holds every state of the last 35 days.",
    "Earlier batches of the order, if it failed before: forget it there, too, by their batchId (retryOf, replaces).",
)


class InvalidForget(Faulty):
    """The body is valid JSON, but does not say which order to forget and why."""


class NotForgettable(Exception):
    """The order cannot be forgotten now."""


class Forget(BaseModel):
    """Remove what the relay holds of the people of one order."""

    # Built at the first request: most environments never see one.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, alias_generator=to_camel)

    #: The order event's id.
    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    #: An earlier batch of the order; without it, its latest one.
    batch_id: Annotated[str, Field(min_length=1, max_length=MAX_ID)] | None = None
    #: Kept in the batch's history.
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=PROSE)]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """An order without what the relay held of people, and its batch."""

    order: BatchOrder
    batch: Batch


class Forgetting:
    """Removes lines, names and addresses."""

    def __init__(self, *, store: Store, journal: Journal, pace: Pace) -> None:
        self._store = store
        self._inquiries = Inquiries(store)
        self._journal = journal
        self._pace = pace

    def forget(self, client_no: str, body: bytes, by: str) -> Forgotten:
        """Remove them from one order of a batch that has ended, in the name of `by`. Doing it again changes nothing.

        Raises:
            NotJson: the body is not JSON.
            InvalidForget: the body does not say what to do.
            UnknownOrder, UnknownBatch: there is none of this id.
            NotForgettable: the batch has not ended, or another writer saved it first.
            UnreadableRecord: its payload is damaged.
            StoreUnavailable: it is not known whether everything is removed.
        """
        wanted = _parse(body)
        order, batch = self._found(client_no, wanted)
        if order.forgotten_at is None:
            batch = self._removed(batch, wanted, by)
        return Forgotten(batch.order(order.id), batch)

    def _found(self, client_no: str, wanted: Forget) -> tuple[BatchOrder, Batch]:
        if wanted.batch_id is None:
            return self._inquiries.order(client_no, wanted.id)
        batch = self._inquiries.batch(client_no, wanted.batch_id)
        found = next((order for order in batch.orders if order.id == wanted.id), None)
        if found is None:
            raise UnknownOrder(UnknownOrder.__doc__)
        return found, batch

    def _removed(self, batch: Batch, wanted: Forget, by: str) -> Batch:
        stands_apart = batch.payload is None
        payload = self._store.payload(batch)
        rest = payload and without(payload, [order.id for order in batch.orders].index(wanted.id))
        now = self._pace.now()
        try:
            after = steps.forgotten(batch, wanted.id, None if stands_apart else rest, wanted.reason, by, now)
        except IllegalStep as error:
            raise NotForgettable(str(error)) from None
        if stands_apart and rest:
            # Before the batch says that it is done: a crash in between leaves a request that can be repeated.
            self._store.replace_payload(batch, rest)
        saved = self._store.save(after)
        if saved is None:
            raise NotForgettable("Another writer saved the batch first. Send the same request again.")
        self._journal.noted("an order was forgotten", batchId=saved.id, clientNo=saved.client_no)
        return saved


def _parse(body: bytes) -> Forget:
    value = parse_json(body)
    if repeated := list(islice(repeated_keys(value), MOST_FAULTS)):
        raise InvalidForget(repeated)
    try:
        return Forget.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:MOST_FAULTS]
        raise InvalidForget([Fault(to_pointer(fault["loc"]), in_words(fault)) for fault in faults]) from None
