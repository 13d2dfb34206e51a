"""Use case: an operator redrives many batches, after a dry run that says which; watches it, and stops it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field, StrictBool, StrictInt, StrictStr, TypeAdapter
from pydantic_core import ErrorDetails

from arm_relay.batches import bulk_redrive, steps
from arm_relay.batches.batch import CLOCK_SKEW, Batch, State
from arm_relay.batches.bulk_redrive import Action, BulkRedrive, Progress
from arm_relay.batches.pace import Pace
from arm_relay.batches.selection import Wanted
from arm_relay.batches.steps import IllegalStep, Retry
from arm_relay.json_notation import to_pointer
from arm_relay.operators.lists import COUNTED, BatchLists, Totals
from arm_relay.operators.redrive import InvalidRedrive, Model, Reason, parsed
from arm_relay.orders.faults import Fault, in_words
from arm_relay.orders.order import MAX_ID
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import StoreUnavailable

#: How many ids of batches a dry run lists.
SHOWN: Final = 100

#: The longest time of claims that is announced once more: each of its days has partitions that are asked one by one.
LONGEST_TIME: Final = timedelta(days=92)

#: How often a stop is tried while the poller goes on at the same moment.
STOP_ATTEMPTS: Final = 10


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("should be a time of this era") from None


type Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Filter(Model):
    """Which batches are meant: all that is stated must apply."""

    client_no: StrictStr | None = None
    #: Word for word.
    cause: StrictStr | None = None
    status: State | None = None
    claimed_after: Time | None = None
    claimed_before: Time | None = None
    #: When they ended or were held.
    ended_after: Time | None = None
    ended_before: Time | None = None


class BulkRequest(Model):
    """Do something to many batches."""

    action: Action
    #: Kept in the history of each batch.
    reason: Reason
    filter: Filter = Filter()
    #: Whether only to say what would be done.
    dry_run: StrictBool = False
    #: When the dry run was made: what is held or has failed since then, nobody has seen.
    as_of: Time | None = None
    #: How many batches the dry run counted. No more are touched.
    batches: Annotated[StrictInt, Field(ge=1, le=COUNTED)] | None = None


_REQUEST: TypeAdapter[BulkRequest] = TypeAdapter(BulkRequest)


class UnknownRedrive(Exception):
    """There is no bulk redrive with this id."""


class MoreBatches(Exception):
    """More batches match than the operator has stated."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bulk redrive would do."""

    action: Action
    #: What is held or has failed since then does not count.
    as_of: datetime
    wanted: Wanted
    totals: Totals
    #: How many of the batches could not be redriven as they are now.
    refused: int
    #: The ids of the first ones.
    ids: tuple[str, ...]


class Bulk:
    """Redrives many batches."""

    def __init__(self, *, lists: BatchLists, redrives: Redrives, pace: Pace, new_id: Callable[[], str]) -> None:
        self._lists = lists
        self._redrives = redrives
        self._pace = pace
        self._new_id = new_id

    def begin(self, body: bytes, by: str) -> Plan | BulkRedrive:
        """What a dry run finds; or a new bulk redrive in the name of `by`, with which the poller goes on.

        Raises:
            NotJson: the body is not JSON.
            InvalidRedrive: the body is not a bulk redrive.
            MoreBatches: more batches match than the operator has stated.
            StoreUnavailable: it is not known whether it has begun.
        """
        request = _parse(body)
        now = self._pace.now()
        as_of = min(request.as_of or now, now)
        wanted = _wanted(request, as_of)
        plan = self._plan(request.action, as_of, wanted, now)
        if request.dry_run or request.batches is None:
            return plan
        if plan.totals.tally.batches > request.batches:
            raise MoreBatches(
                f"The redrive states {request.batches} batches, and {plan.totals.tally.batches} match."
                " Make a dry run again."
            )
        redrive = BulkRedrive(
            id=self._new_id(),
            action=request.action,
            wanted=wanted,
            reason=request.reason,
            by=by,
            created_at=now,
            most=request.batches,
        )
        self._redrives.create(redrive)
        return redrive

    def show(self, redrive_id: str) -> BulkRedrive:
        """A bulk redrive as it is now.

        Raises:
            UnknownRedrive: there is none with this id.
            StoreUnavailable: the table is out of reach.
        """
        redrive = self._redrives.redrive(redrive_id) if 0 < len(redrive_id) <= MAX_ID else None
        if redrive is None:
            raise UnknownRedrive(UnknownRedrive.__doc__)
        return redrive

    def stop(self, redrive_id: str, by: str) -> BulkRedrive:
        """Stop a bulk redrive; one that has ended stays as it is.

        Raises:
            UnknownRedrive: there is none with this id.
            StoreUnavailable: it is not known whether it is stopped.
        """
        for _ in range(STOP_ATTEMPTS):
            redrive = self.show(redrive_id)
            if redrive.status is not Progress.RUNNING:
                return redrive
            if saved := self._redrives.save(bulk_redrive.stopped(redrive, by, self._pace.now())):
                return saved
        raise StoreUnavailable("the poller kept saving the bulk redrive first")

    def _plan(self, action: Action, as_of: datetime, wanted: Wanted, now: datetime) -> Plan:
        ids: list[str] = []
        refused = 0

        def see(batch: Batch) -> None:
            nonlocal refused
            refused += not _can(action, batch, now)
            if len(ids) < SHOWN:
                ids.append(batch.id)

        totals = self._lists.totals(wanted, see)
        return Plan(action, as_of, wanted, totals, refused, tuple(ids))


def _can(action: Action, batch: Batch, now: datetime) -> bool:
    """Whether the batch can take the step, as far as its own record says."""
    try:
        match action:
            case Action.ASK:
                steps.asked(batch, "", "", now)
            case Action.RETRY:
                steps.superseded(batch, Retry(batch_id="", reason="", by="", at=now))
            case Action.ANNOUNCE:
                steps.to_be_repeated(batch, "", "", now)
    except IllegalStep:
        return False
    return True


def _wanted(request: BulkRequest, as_of: datetime) -> Wanted:
    chosen = request.filter
    before = _claimed_before(chosen, as_of) if request.action is Action.ANNOUNCE else chosen.claimed_before
    return Wanted(
        listing=request.action.listing,
        client_no=chosen.client_no,
        cause=chosen.cause,
        status=chosen.status,
        claimed_after=chosen.claimed_after,
        claimed_before=before,
        ended_after=chosen.ended_after,
        ended_before=chosen.ended_before,
        since_before=as_of,
    )


def _claimed_before(chosen: Filter, as_of: datetime) -> datetime:
    """Until when a batch was claimed that may be announced once more.

    Raises:
        InvalidRedrive: the time before it is too long.
    """
    ended = [chosen.ended_before + CLOCK_SKEW] if chosen.ended_before else []
    before = min(chosen.claimed_before or as_of, as_of, *ended)
    if chosen.claimed_after and before - chosen.claimed_after > LONGEST_TIME:
        long = (
            f"should be at most {LONGEST_TIME.days} days before claimedBefore, endedBefore or now:"
            " announce a longer time in parts"
        )
        raise InvalidRedrive([Fault("/filter/claimedAfter", long)])
    return before


def _parse(body: bytes) -> BulkRequest:
    request = parsed(body, _REQUEST.validate_python, _fault)
    states = request.action.listing.states
    if request.filter.status and request.filter.status not in states:
        wrong = f"should be {' or '.join(sorted(states))} with this action"
        raise InvalidRedrive([Fault("/filter/status", wrong)])
    if request.action is Action.ANNOUNCE and request.filter.claimed_after is None:
        missing = "is missing: state from when on the batches were accepted that are announced once more"
        raise InvalidRedrive([Fault("/filter/claimedAfter", missing)])
    if not request.dry_run:
        of_dry_run = {"batches": request.batches, "asOf": request.as_of}
        absent = [name for name, value in of_dry_run.items() if value is None]
        if absent:
            raise InvalidRedrive([Fault(f"/{name}", f"is missing: state the {name} of a dry run") for name in absent])
    return request


def _fault(error: ErrorDetails) -> Fault:
    return Fault(to_pointer(error["loc"]), in_words(error))
