"""Duty: each day is counted once, an hour after it is over, and what came of it is stored and never changed.

A page that is counted and how far the count has come are stored in one write, on condition that nobody else has written
meanwhile. So no order is counted twice, whatever run dies where.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from arm_relay.store.day_counts import Count, bounds, name_of
from arm_relay.store.days import Days
from arm_relay.store.table import Store

#: The last day that is stored has this name.
NAME: Final = "days"

#: How long after its end a day is counted: the index has everything by then, and most of its orders have ended.
PAUSE: Final = timedelta(hours=1)

#: A page begins only with so much time left, in seconds.
ENOUGH: Final = 5.0

ONE: Final = timedelta(days=1)


class Snapshots:
    """Counts and stores the days."""

    def __init__(
        self, *, store: Store, days: Days, now: Callable[[], datetime], zone: ZoneInfo, life: timedelta
    ) -> None:
        """`zone` is where the days begin; what is stored of a day lives for `life` after it."""
        self._store = store
        self._days = days
        self._now = now
        self._zone = zone
        self._life = life
        self._next: datetime | None = None

    def run(self, left: Callable[[], float]) -> None:
        """Go on as long as there is time, `left` in seconds.

        Raises:
            StoreUnavailable: the table is out of reach.
        """
        if self._next and self._now() < self._next:
            return
        kept = self._days.kept(NAME)
        version = kept.version if kept else 0
        day = date.fromisoformat(kept.state["last"]) + ONE if kept else self._yesterday()
        while self._is_to_be_stored(day):
            if not self._stored(day, left):
                return
            kept = self._days.keep(NAME, {"last": day.isoformat()}, version)
            if kept is None:
                # Another run of the poller goes on with it.
                return
            version, day = kept.version, day + ONE
        self._next = bounds(day, self._zone)[1] + PAUSE

    def _yesterday(self) -> date:
        return self._now().astimezone(self._zone).date() - ONE

    def _is_to_be_stored(self, day: date) -> bool:
        return self._now() >= bounds(day, self._zone)[1] + PAUSE

    def _stored(self, day: date, left: Callable[[], float]) -> bool:
        """Count a day; whether all of it is counted and stored."""
        kept = self._days.kept(name_of(day))
        version = kept.version if kept else 0
        count = Count.from_json(kept.state) if kept else Count.of(day, self._zone)
        while count.taken_at is None:
            if left() <= ENOUGH:
                return False
            count = count.after_page(self._store, self._days)
            if count.walk.is_over:
                count = replace(count, taken_at=self._now())
            saved = self._days.keep(name_of(day), count.to_json(), version, count.book.end + self._life)
            if saved is None:
                return False
            version = saved.version
        return True
