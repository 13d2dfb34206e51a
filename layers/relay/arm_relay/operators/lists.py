"""Use case: lists of unfinished, held and failed batches, with counts and sums, of one client or all."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from arm_relay.batches.batch import Batch
from arm_relay.batches.selection import Listing, Tally, Wanted
from arm_relay.operators.inquiries import InvalidCursor
from arm_relay.orders.order import MAX_ID
from arm_relay.store import records
from arm_relay.store.lists import SHARDS_OF, Lists, Place

#: How many entries of the index are examined for counts and sums, at most.
COUNTED: Final = 5_000

#: How many are examined for one further page, at most.
EXAMINED: Final = 1_000


class Listed(StrEnum):
    """What operators list. What was announced is only counted, by a bulk redrive's dry run."""

    UNFINISHED = Listing.UNFINISHED.value
    HELD = Listing.HELD.value
    FAILED = Listing.FAILED.value


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and sums of a whole list."""

    tally: Tally
    #: How many of its batches ARM certainly has none of.
    certainly_absent: int
    #: How many records cannot be read.
    unreadable: int
    #: Where counting ended although the list goes on; None where the whole list was counted.
    end: Place | None

    @property
    def is_complete(self) -> bool:
        """Whether the whole list was counted."""
        return self.end is None


@dataclass(frozen=True, slots=True)
class ListedBatches:
    """One page of a list."""

    batches: tuple[Batch, ...]
    #: With the first page only.
    totals: Totals | None
    #: Where the next page begins; None where there is none.
    cursor: str | None


class BatchLists:
    """What operators list."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def page(self, wanted: Wanted, limit: int, cursor: str | None) -> ListedBatches:
        """One page of the batches that are meant; `cursor` comes from the page before.

        A page may have fewer batches than `limit` although there is a next one: only so many are examined for it.

        Raises:
            InvalidCursor: the cursor does not come from this list.
            StoreUnavailable: the table is out of reach.
        """
        if cursor is None:
            batches, end, totals = self._counted(wanted, limit)
            return ListedBatches(batches, totals, _cursor(end) if end else None)
        batches, end = self._further(wanted, limit, _place(cursor, wanted))
        return ListedBatches(batches, None, _cursor(end) if end else None)

    def totals(self, wanted: Wanted, seen: Callable[[Batch], object] = lambda _: None) -> Totals:
        """Counts and sums of the batches that are meant; each one that is counted is shown to `seen`.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        return self._totals(wanted, lambda _, batch: seen(batch))

    def _totals(self, wanted: Wanted, seen: Callable[[Place, Batch], object]) -> Totals:
        tally, certain, unreadable, examined = Tally(), 0, 0, 0
        end: Place | None = None
        for portion in self._lists.portions(wanted):
            if examined >= COUNTED:
                return Totals(tally, certain, unreadable, end)
            examined += portion.examined
            unreadable += len(portion.unreadable)
            for place, batch in portion.batches:
                tally.add(batch)
                certain += batch.is_certainly_absent
                seen(place, batch)
            end = portion.end
        return Totals(tally, certain, unreadable, None)

    def _counted(self, wanted: Wanted, limit: int) -> tuple[tuple[Batch, ...], Place | None, Totals]:
        shown: list[tuple[Place, Batch]] = []

        def show(place: Place, batch: Batch) -> None:
            if len(shown) <= limit:
                shown.append((place, batch))

        totals = self._totals(wanted, show)
        # One more than is shown says whether there is a next page.
        end = shown[limit - 1][0] if len(shown) > limit else totals.end
        return tuple(batch for _, batch in shown[:limit]), end, totals

    def _further(self, wanted: Wanted, limit: int, after: Place) -> tuple[tuple[Batch, ...], Place | None]:
        shown: list[Batch] = []
        end, examined = after, 0
        for portion in self._lists.portions(wanted, after):
            for place, batch in portion.batches:
                if len(shown) == limit:
                    return tuple(shown), end
                shown.append(batch)
                end = place
            examined += portion.examined
            if len(shown) < limit:
                end = portion.end
            if examined >= EXAMINED:
                return tuple(shown), end
        return tuple(shown), None


def _cursor(last: Place) -> str:
    return base64.urlsafe_b64encode(f"{last.shard} {records.to_text(last.due)} {last.batch_id}".encode()).decode()


def _place(cursor: str, wanted: Wanted) -> Place:
    """The place in a cursor. An invented one leads only to another part of the same list."""
    try:
        decoded = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
        shard, due, batch_id = decoded.split(" ", 2)
        time = records.from_text(due)
        if shard in SHARDS_OF[wanted.listing] and records.to_text(time) == due and 0 < len(batch_id) <= MAX_ID:
            return Place(shard, time, batch_id)
    except (ValueError, OverflowError):
        pass
    raise InvalidCursor(InvalidCursor.__doc__)
