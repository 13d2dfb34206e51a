"""Days of the calendar, counted from the index `day` page by page: the poller stores them, operators see them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from arm_relay.batches.day_book import LATE, DayBook
from arm_relay.store import records
from arm_relay.store.days import Days
from arm_relay.store.table import Store
from arm_relay.store.walk import Walk


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day begins and when it is over in a time zone, in UTC: it may have 23 or 25 hours."""
    begin, over = (datetime.combine(each, datetime.min.time(), zone) for each in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), over.astimezone(UTC)


def name_of(day: date) -> str:
    """Under which name a day's count is kept."""
    return f"day-{day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Count:
    """A day, as far as it is counted."""

    walk: Walk
    book: DayBook
    #: When the whole day had been counted for good; None before that.
    taken_at: datetime | None = None

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> Self:
        """A count at its beginning."""
        start, end = bounds(day, zone)
        return cls(Walk.through(start - LATE, end), DayBook(start, end))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """A count that was kept."""
        start, end = records.from_text(value["start"]), records.from_text(value["end"])
        taken_at = value["takenAt"]
        return cls(
            Walk.from_json(value["walk"]),
            DayBook.from_json(start, end, value["book"]),
            records.from_text(taken_at) if taken_at else None,
        )

    def to_json(self) -> dict[str, Any]:
        """The count, to be kept."""
        return {
            "walk": self.walk.to_json(),
            "start": records.to_text(self.book.start),
            "end": records.to_text(self.book.end),
            "book": self.book.to_json(),
            "takenAt": records.optional_text(self.taken_at),
        }

    def after_page(self, store: Store, days: Days) -> "Count":
        """The count after one page more.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        shard, after = self.walk.next()
        page = days.page(shard, self.walk.start, self.walk.end, after)
        found, unreadable = store.read(sorted({entry.batch_id for entry in page.entries})) if page.entries else ({}, {})
        book = self.book.with_unreadable(
            sum(not entry.is_end and entry.batch_id in unreadable for entry in page.entries)
        )
        for entry in page.entries:
            # DynamoDB deletes what has expired in any order.
            if batch := found.get(entry.batch_id):
                book = book.with_late_end(batch, entry.at) if entry.is_end else book.with_claim(batch)
        return Count(self.walk.past(shard, page.after), book, self.taken_at)
