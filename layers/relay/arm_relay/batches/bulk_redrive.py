"""A redrive of many batches: which ones, on whose behalf, and how far it has come. Pure.

The poller works it off in portions. It records which batches it takes in hand before it acts on them, so that a run
that dies leaves nothing that is done twice or forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from arm_relay.batches.batch import Batch
from arm_relay.batches.selection import Listing, Wanted

#: How many refusals are kept with their reasons, and how much of a reason.
KEPT_REFUSALS: Final = 20
KEPT_REASON: Final = 300

#: How many runs may die with the same batches in hand before they are given up.
ENOUGH: Final = 3


class Action(StrEnum):
    """What is done to each batch."""

    #: A held batch is opened again, and settled by the relay's own rules.
    ASK = "ask"
    #: The failed orders of an ended batch are sent again in a new batch.
    RETRY = "retry"
    #: The end or the hold of a batch is announced once more, word for word.
    ANNOUNCE = "announce"

    @property
    def listing(self) -> Listing:
        """The batches that it may be done to."""
        return LISTINGS[self]


LISTINGS: Final[Mapping[Action, Listing]] = {
    Action.ASK: Listing.HELD,
    Action.RETRY: Listing.FAILED,
    Action.ANNOUNCE: Listing.ANNOUNCED,
}


class Progress(StrEnum):
    """How far a bulk redrive is."""

    #: The poller goes on with it.
    RUNNING = "RUNNING"
    #: An operator has stopped it.
    STOPPED = "STOPPED"
    #: It has come to the end of the list.
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A batch that could not be redriven."""

    batch_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRedrive:
    """One redrive of many batches."""

    id: str
    action: Action
    wanted: Wanted
    reason: str
    by: str
    created_at: datetime
    #: How many batches it may act on: as many as its operator has seen counted.
    most: int
    status: Progress = Progress.RUNNING
    stopped_by: str | None = None
    ended_at: datetime | None = None
    #: The place in the list up to which it has come: shard, due time and id.
    after: tuple[str, datetime, str] | None = None
    #: The batches that a run has in hand, and how many runs have tried.
    in_hand: tuple[str, ...] = ()
    tries: int = 0
    done: int = 0
    refused: int = 0
    #: The first of those that were refused.
    refusals: tuple[Refusal, ...] = ()
    version: int = 1

    @property
    def left(self) -> int:
        """How many batches it may still act on; when it has ended, how many were not there any more."""
        return self.most - self.done - self.refused - len(self.in_hand)

    @property
    def is_under_way(self) -> bool:
        """Whether the poller has something to do for it."""
        return self.status is Progress.RUNNING or bool(self.in_hand)

    def has_done(self, batch: Batch) -> bool:
        """Whether it has acted on the batch already."""
        return batch.redrive_id == self.id

    def is_met_by(self, batch: Batch) -> bool:
        """Whether it may act on the batch, as it is now."""
        return self.wanted.is_met_by(batch)


def taken_in_hand(redrive: BulkRedrive, ids: Sequence[str], after: tuple[str, datetime, str]) -> BulkRedrive:
    """A run is about to act on these batches."""
    return replace(redrive, in_hand=tuple(ids), tries=1, after=after)


def tried_again(redrive: BulkRedrive) -> BulkRedrive:
    """Another run takes up what one before had in hand."""
    return replace(redrive, tries=redrive.tries + 1)


def worked_off(redrive: BulkRedrive, done: int, refusals: Sequence[Refusal]) -> BulkRedrive:
    """The run has acted on what it had in hand."""
    room = KEPT_REFUSALS - len(redrive.refusals)
    kept = [Refusal(each.batch_id, each.reason[:KEPT_REASON]) for each in refusals[:room]]
    return replace(
        redrive,
        in_hand=(),
        tries=0,
        done=redrive.done + done,
        refused=redrive.refused + len(refusals),
        refusals=(*redrive.refusals, *kept),
    )


def came_to_an_end(redrive: BulkRedrive, now: datetime) -> BulkRedrive:
    """Nothing is left in the list, or it has acted on as many as it may."""
    return replace(redrive, status=Progress.DONE, ended_at=now)


def stopped(redrive: BulkRedrive, by: str, now: datetime) -> BulkRedrive:
    """An operator stops it. What a run has in hand at this moment may still be acted on."""
    if redrive.status is not Progress.RUNNING:
        return redrive
    return replace(redrive, status=Progress.STOPPED, stopped_by=by, ended_at=now)
