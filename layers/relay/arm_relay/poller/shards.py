"""The shards that a run has leased, what is due in them, and what it has in hand.

A run says in the lease which batches it has in hand. Where it dies, the next run finds them there. A batch that was in
hand when two runs died in a row is tried alone, after everything else; where that run dies, too, the batch is held.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from arm_relay.store.records import DueBatch, Lease
from arm_relay.store.table import Store

#: From so many deaths on a batch is tried alone, and from so many on it is not tried again.
ALONE: Final = 2
ENOUGH: Final = 3


@dataclass(slots=True)
class _Shard:
    name: str
    pages: Iterator[list[DueBatch]]
    #: What was found due and not yet handed out.
    found: list[DueBatch]
    deaths: dict[str, int] = field(default_factory=dict)
    in_hand: set[str] = field(default_factory=set)
    suspects: list[DueBatch] = field(default_factory=list)

    def is_suspect(self, batch: DueBatch) -> bool:
        """Whether so many runs died with the batch in hand that it must be tried alone."""
        return self.deaths.get(batch.id, 0) >= ALONE


class Shards:
    """The leases of one run."""

    def __init__(
        self, *, store: Store, now: Callable[[], datetime], owner: str, remaining: Callable[[], float]
    ) -> None:
        """`remaining` gives the seconds that the run has left."""
        self._store = store
        self._now = now
        self._owner = owner
        self._remaining = remaining
        self._shards: list[_Shard] = []

    def lease(self, names: Sequence[str]) -> None:
        """Lease those of these shards in which something is due and on which nobody else works."""
        for name in names:
            pages = self._store.due(name, self._now())
            found = next(pages, [])
            # Mostly nothing is due in a shard: then not even a lease is written.
            lease = self._lease(name, found) if found else None
            if lease is not None:
                shard = _Shard(name, pages, found, _deaths(lease))
                shard.in_hand = {batch.id for batch in found if not shard.is_suspect(batch)}
                if shard.deaths:
                    self._keep(shard)
                self._shards.append(shard)

    def pages(self) -> Iterator[list[DueBatch]]:
        """What is due in the leased shards, page by page, in turns; suspects are kept apart."""
        waiting = list(self._shards)
        while waiting:
            shard = waiting.pop(0)
            page, shard.found = shard.found, []
            shard.suspects += [batch for batch in page if shard.is_suspect(batch)]
            yield [batch for batch in page if not shard.is_suspect(batch)]
            more = next(shard.pages, [])
            if more:
                shard.found = more
                shard.in_hand |= {batch.id for batch in more if not shard.is_suspect(batch)}
                self._keep(shard)
                waiting.append(shard)

    def give_back(self, batch_id: str) -> None:
        """The run is done with a batch: its step is saved, or it is left for the next run."""
        for shard in self._shards:
            shard.in_hand.discard(batch_id)
            shard.deaths.pop(batch_id, None)

    def suspects(self) -> Iterator[tuple[DueBatch, bool]]:
        """Each suspect, while the lease names it alone; and whether it has ended enough runs."""
        suspected = [shard for shard in self._shards if shard.suspects]
        if suspected:
            # Whatever happens now, no other batch is to blame for it.
            for shard in self._shards:
                shard.in_hand = set()
                self._keep(shard)
        for shard in suspected:
            for batch in shard.suspects:
                shard.in_hand = {batch.id}
                self._keep(shard)
                yield batch, shard.deaths.get(batch.id, 0) >= ENOUGH
            # The last one is done: it is not to blame for what the next shard's suspects do.
            shard.in_hand = set()
            self._keep(shard)

    def release(self) -> None:
        """Give the leased shards back."""
        for shard in self._shards:
            self._store.release(shard.name, self._owner, self._now(), Lease((), shard.deaths))
        self._shards = []

    def _lease(self, name: str, found: Sequence[DueBatch]) -> Lease | None:
        return self._store.lease(name, self._owner, self._now(), self._until(), [batch.id for batch in found])

    def _keep(self, shard: _Shard) -> None:
        self._store.keep_lease(shard.name, self._owner, self._until(), Lease(tuple(shard.in_hand), shard.deaths))

    def _until(self) -> datetime:
        return self._now() + timedelta(seconds=self._remaining())


def _deaths(lease: Lease) -> dict[str, int]:
    """How many runs died in a row with each batch in hand, given the lease that the run before left."""
    died = {batch_id: lease.deaths.get(batch_id, 0) + 1 for batch_id in lease.in_hand}
    return {**lease.deaths, **died}
