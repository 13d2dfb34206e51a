"""Lists of batches: read from the index `due` in portions, each batch as it is in the table now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arm_relay.batches.batch import Batch
from arm_relay.batches.selection import Listing, Wanted
from arm_relay.store.records import FAILED, HELD, LONG_AGO, SHARDS
from arm_relay.store.table import READ_AT_ONCE, Store

#: The shards of the index in which the batches of a listing are.
SHARDS_OF: Final[Mapping[Listing, tuple[str, ...]]] = {
    Listing.UNFINISHED: tuple(str(number) for number in range(SHARDS)),
    Listing.HELD: (HELD,),
    Listing.FAILED: (FAILED,),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: an entry of the index."""

    shard: str
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

    def __init__(self, store: Store) -> None:
        self._store = store

    def portions(self, wanted: Wanted, after: Place | None = None, size: int = READ_AT_ONCE) -> Iterator[Portion]:
        """The batches that are meant, after a place. Within a shard the longest due come first.

        The index lags behind the table: what enters or leaves the list meanwhile may be missing, or be seen twice.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        shards = SHARDS_OF[wanted.listing]
        first = shards.index(after.shard) if after else 0
        for shard in shards[first:]:
            start = (after.due, after.batch_id) if after and after.shard == shard else None
            yield from self._of_shard(shard, wanted, start, size)

    def _of_shard(self, shard: str, wanted: Wanted, start: tuple[datetime, str] | None, size: int) -> Iterator[Portion]:
        while entries := self._store.listed(shard, size, start):
            places = {entry.id: Place(shard, entry.due, entry.id) for entry in entries}
            ids = [entry.id for entry in entries if wanted.may_be(entry.client_no, entry.claimed_at)]
            found, unreadable = self._store.read(ids) if ids else ({}, {})
            met = [found[name] for name in ids if name in found and wanted.is_met_by(found[name])]
            last = entries[-1]
            yield Portion(
                tuple((places[batch.id], batch) for batch in met), tuple(unreadable), len(entries), places[last.id]
            )
            start = (last.due, last.id)
            # After an entry whose time is damaged there is no place from which to go on.
            if len(entries) < size or last.due == LONG_AGO:
                return
