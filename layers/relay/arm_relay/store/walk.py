"""A walk through what happened in a time, shard by shard and page by page: a value, so that any run can go on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from arm_relay.store import records
from arm_relay.store.records import SHARDS


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk has come."""

    start: datetime
    end: datetime
    #: Where the next page begins, of each shard that is not done; empty for its first page.
    after: Mapping[str, str]

    @classmethod
    def through(cls, start: datetime, end: datetime) -> Self:
        """A walk at its beginning."""
        return cls(start, end, {str(shard): "" for shard in range(SHARDS)})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """A walk that was kept."""
        return cls(records.from_text(value["start"]), records.from_text(value["end"]), value["after"])

    def to_json(self) -> dict[str, Any]:
        """The walk, to be kept."""
        return {"start": records.to_text(self.start), "end": records.to_text(self.end), "after": dict(self.after)}

    @property
    def is_over(self) -> bool:
        """Whether every shard is done."""
        return not self.after

    def next(self) -> tuple[str, str]:
        """The shard to go on with, and where its next page begins."""
        return next(iter(self.after.items()))

    def past(self, shard: str, after: str | None) -> "Walk":
        """The walk after a page of a shard."""
        rest = {name: place for name, place in self.after.items() if name != shard}
        return Walk(self.start, self.end, {shard: after, **rest} if after is not None else rest)
