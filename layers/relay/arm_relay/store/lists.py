"""Lists of batches: read from an index in portions, each batch as it is in the table now.

What is unfinished, held or failed is in the index `due`. What was announced is found by its claim, in the index `day`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Final

from arm_relay.batches.batch import Batch
from arm_relay.batches.selection import Listing, Wanted
from arm_relay.store.days import Days, behind_claim
from arm_relay.store.records import FAILED, HELD, LONG_AGO, SHARDS
from arm_relay.store.table import READ_AT_ONCE, Store

#: The shards among which batches are spread.
SPREAD: Final = tuple(str(number) for number in range(SHARDS))
#: The shards of the index in which the batches of a listing are.
SHARDS_OF: Final[Mapping[Listing, tuple[str, ...]]] = {
    Listing.UNFINISHED: SPREAD,
    Listing.HELD: (HELD,),
    Listing.FAILED: (FAILED,),
    Listing.ANNOUNCED: SPREAD,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: an entry of the index."""

    shard: str
    #: The time by which the index sorts: when it is due, or when it was claimed.
    due: datetime
    batch_id: str


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a list."""

    #: The batches that are meant, each with its place.
    batches: tuple[tuple[Place, Batch], ...]
    #: The ids of batches that may be meant, and whose records cannot be read.
    unreadable: tuple[str, ...]
    #: How many entries of the index were examined.
    examined: int
    #: The place of the last of them.
    end: Place


class Lists:
    """Reads lists of batches."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days

    def portions(self, wanted: Wanted, after: Place | None = None, size: int = READ_AT_ONCE) -> Iterator[Portion]:
        """The batches that are meant, after a place. Within a shard the longest due come first.

        The index lags behind the table: what enters or leaves the list meanwhile may be missing, or be seen twice.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        shards = SHARDS_OF[wanted.listing]
        first = shards.index(after.shard) if after else 0
        for shard in shards[first:]:
            start = after if after and after.shard == shard else None
            read = self._claimed_in if wanted.listing is Listing.ANNOUNCED else self._due_in
            yield from read(shard, wanted, start, size)

    def _due_in(self, shard: str, wanted: Wanted, start: Place | None, size: int) -> Iterator[Portion]:
        while entries := self._store.listed(shard, size, (start.due, start.batch_id) if start else None):
            places = {entry.id: Place(shard, entry.due, entry.id) for entry in entries}
            ids = [entry.id for entry in entries if wanted.may_be(entry.client_no, entry.claimed_at)]
            last = entries[-1]
            yield self._portion(wanted, ids, places, last.id)
            start = places[last.id]
            # After an entry whose time is damaged there is no place from which to go on.
            if len(entries) < size or last.due == LONG_AGO:
                return

    def _claimed_in(self, shard: str, wanted: Wanted, start: Place | None, size: int) -> Iterator[Portion]:
        """By their claims from `claimed_after` on and before `claimed_before`; both must be stated."""
        if wanted.claimed_after is None or wanted.claimed_before is None:
            raise ValueError("what was announced is found by the time of its claim alone")
        after: str | None = behind_claim(start.due, start.batch_id) if start else ""
        while after is not None:
            page = self._days.page(shard, wanted.claimed_after, wanted.claimed_before, after)
            claims = [entry for entry in page.entries if not entry.is_end]
            for entries in batched(claims, size, strict=False):
                places = {entry.batch_id: Place(shard, entry.at, entry.batch_id) for entry in entries}
                yield self._portion(wanted, list(places), places, entries[-1].batch_id)
            after = page.after

    def _portion(self, wanted: Wanted, ids: Sequence[str], places: Mapping[str, Place], last: str) -> Portion:
        found, unreadable = self._store.read(ids) if ids else ({}, {})
        met = [found[name] for name in ids if name in found and wanted.is_met_by(found[name])]
        return Portion(tuple((places[batch.id], batch) for batch in met), tuple(unreadable), len(places), places[last])
