"""Use case: what one day comes to. A day that is over has a stored count; of today it is counted so far."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from arm_relay.store.day_counts import Count, name_of
from arm_relay.store.days import Days
from arm_relay.store.table import Store

#: How long a day without a stored count is counted for one request, in seconds: API Gateway waits no longer than 30.
LONGEST: Final = 12.0

DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class InvalidDate(Exception):
    """The date is not one of the calendar, or has not come yet."""


class UnknownDay(Exception):
    """The day is longer ago than the relay keeps what happened."""


@dataclass(frozen=True, slots=True)
class DayReport:
    """What one day comes to."""

    day: date
    zone: str
    count: Count

    @property
    def is_complete(self) -> bool:
        """Whether everything of the day so far is counted; of a very full day there may not be time for it."""
        return self.count.walk.is_over


class DayReports:
    """Answers what a day comes to."""

    def __init__(
        self,
        *,
        store: Store,
        days: Days,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        zone: ZoneInfo,
        life: timedelta,
    ) -> None:
        """`zone` is where the days begin; what happened is kept for `life`."""
        self._store = store
        self._days = days
        self._now = now
        self._monotonic = monotonic
        self._zone = zone
        self._life = life

    def of(self, text: str) -> DayReport:
        """What the day comes to whose date is `text`.

        Raises:
            InvalidDate: it is no date, or that day has not come yet.
            UnknownDay: it is longer ago than the relay keeps what happened.
            StoreUnavailable: the table is out of reach.
        """
        day = self._checked(text)
        kept = self._days.kept(name_of(day))
        stored = Count.from_json(kept.state) if kept else None
        count = stored if stored and stored.taken_at else self._counted(day)
        return DayReport(day, str(self._zone), count)

    def _checked(self, text: str) -> date:
        try:
            day = date.fromisoformat(text) if DATE.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            raise InvalidDate("The date should be a day of the calendar, written YYYY-MM-DD.")
        today = self._now().astimezone(self._zone).date()
        if day > today:
            raise InvalidDate(f"The day has not come yet: today is {today} in {self._zone}.")
        first = today - self._life
        if day < first:
            raise UnknownDay(f"The relay keeps what happened for {self._life.days} days: since {first}.")
        return day

    def _counted(self, day: date) -> Count:
        over = self._monotonic() + LONGEST
        count = Count.of(day, self._zone)
        while not count.walk.is_over and self._monotonic() < over:
            count = count.after_page(self._store, self._days)
        return count
