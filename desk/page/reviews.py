"""What a person has seen of some batches before acting on them, and what became of that. Kept in memory alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from desk.answers import Action, BatchStory

#: How many reviews and how many results are kept; the oldest go first.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch as a person saw it. Where any of this differs, something has happened to the batch since."""

    client_no: str
    batch_id: str
    status: str
    cause: str | None
    attempts: int
    certainly_not_in_arm: bool
    #: How many entries its history had, and when the last was made.
    moves: int
    moved_at: str | None


def seen_of(batch: BatchStory) -> Seen:
    """What a person sees of a batch when it is shown to them."""
    history = batch["history"]
    return Seen(
        client_no=batch["clientNo"],
        batch_id=batch["batchId"],
        status=batch["status"],
        cause=batch["cause"],
        attempts=batch["attempts"],
        certainly_not_in_arm=batch["certainlyNotInArm"],
        moves=len(history),
        moved_at=history[-1]["at"] if history else None,
    )


@dataclass(frozen=True, slots=True)
class Review:
    """An action that a person is asked to confirm, and the batches as they were shown."""

    id: str
    action: Action
    batches: tuple[Seen, ...]


class Ending(StrEnum):
    """How an action on one batch ended. The values are parts of the keys of their texts."""

    DONE = "done"
    #: The relay has said no.
    REFUSED = "refused"
    #: The batch is not as the person saw it.
    CHANGED = "changed"
    #: It could not be looked at again, so nothing was done.
    UNSEEN = "unseen"
    #: ARM may have it, and the person has not said that they looked.
    UNTICKED = "unticked"
    #: The desk was ended before.
    STOPPED = "stopped"
    #: The relay may have done it: no answer came, or one that cannot be read.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action on a batch."""

    client_no: str
    batch_id: str
    ending: Ending
    #: Why it was not done, in the relay's words.
    detail: str = ""
    #: The batch's status afterwards, and its id: a retry makes a new batch.
    status_after: str = ""
    batch_id_after: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a review."""

    action: Action
    #: None while it is being carried out.
    outcomes: tuple[Outcome, ...] | None


class Reviews:
    """The latest reviews and results of one run of the desk."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._reviews: dict[str, Review] = {}
        self._results: dict[str, Result] = {}
        self._lock = Lock()

    def keep(self, action: Action, batches: Sequence[BatchStory]) -> Review:
        """A review that can be carried out once."""
        review = Review(self._new_id(), action, tuple(map(seen_of, batches)))
        with self._lock:
            _put(self._reviews, review.id, review)
        return review

    def action_of(self, review_id: str) -> Action | None:
        """What a review is about; None if it was used before or is not kept."""
        with self._lock:
            review = self._reviews.get(review_id)
        return review.action if review else None

    def use_up(self, review_id: str) -> Review | None:
        """The review, which is being carried out from now on; None if it was used before or is not kept."""
        with self._lock:
            review = self._reviews.pop(review_id, None)
            if review:
                _put(self._results, review.id, Result(review.action, None))
        return review

    def end(self, review: Review, outcomes: Sequence[Outcome]) -> None:
        """Keep what became of it."""
        with self._lock:
            _put(self._results, review.id, Result(review.action, tuple(outcomes)))

    def result(self, review_id: str) -> Result | None:
        """What became of a review; None if it was not carried out or is no longer kept."""
        with self._lock:
            return self._results.get(review_id)


def _put[Kept](kept: dict[str, Kept], key: str, value: Kept) -> None:
    kept[key] = value
    while len(kept) > MOST:
        del kept[next(iter(kept))]
