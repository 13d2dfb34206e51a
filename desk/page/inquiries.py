"""What the page asks of the relay, several things at once where that is quicker."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from desk.answers import BatchStory, Day, FoundOrder
from desk.problems import Answered
from desk.relay import Relay

#: Until the relay has said in which time zone its days are.
_ZONE: Final = ZoneInfo("Europe/Oslo")

#: How many days back the client numbers are looked for that a search without one tries.
_RECENT: Final = 7

#: How many requests are under way at once: the operators' function has little concurrency.
_AT_ONCE: Final = 3


def at_once[Item, Result](function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What the function makes of each, in their order."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(function, items))


class Inquiries:
    """Asks one relay."""

    def __init__(self, relay: Relay, now: Callable[[], datetime], client_no: str | None = None) -> None:
        """`client_no` is a client that is known from elsewhere."""
        self.relay: Final = relay
        self.now: Final = now
        self._client_no = client_no
        self._zone: ZoneInfo | None = None
        #: The counts that never change any more.
        self._stored: dict[date, Day] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the relay's days, as far as it is known."""
        return self._zone or _ZONE

    def today(self) -> date:
        """Today's date there."""
        return self.now().astimezone(self.zone).date()

    def day(self, day: date) -> Day:
        """What one day comes to."""
        if found := self._stored.get(day):
            return found
        found = self.relay.day(day)
        self._zone = ZoneInfo(found["timeZone"])
        if found["snapshotAt"] is not None:
            self._stored[day] = found
        return found

    def days(self, first: date, last: date) -> list[Day]:
        """The days from the first to the last that the relay still keeps."""
        wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [day for day in at_once(self._kept_day, wanted) if day is not None]

    def _kept_day(self, day: date) -> Day | None:
        try:
            return self.day(day)
        except Answered as problem:
            if problem.kind != "unknown-day":
                raise
            return None

    def clients(self) -> list[str]:
        """The numbers of the clients that have sent something lately."""
        today = self.today()
        days = self.days(today - timedelta(days=_RECENT - 1), today)
        seen = {row["clientNo"] for day in days for row in (*day["claimed"], *day["ended"])}
        return sorted(seen | ({self._client_no} if self._client_no else set()))

    def search(self, number: str, client_no: str) -> list[FoundOrder]:
        """The orders that have this number, of one client or, without one, of all that have sent something lately."""
        clients = [client_no] if client_no else self.clients()
        found = at_once(lambda client: self.relay.find_orders(client, number), clients)
        return [order for orders in found for order in orders]

    def stories(self, batches: Iterable[tuple[str, str]]) -> Iterator[BatchStory]:
        """All that is known about several batches, each named by its client and its id."""
        yield from at_once(lambda batch: self.relay.batch(*batch), batches)
