"""Each day is counted once, and what came of it never changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.operators.day_reports import DayReport, DayReports, InvalidDate, UnknownDay
from arm_relay.poller.snapshots import Snapshots
from arm_relay.store import days
from arm_relay.store.days import Days
from arm_relay.store.table import Store, StoreUnavailable

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import TIMES, a_batch, a_batch_order, a_total
from tests.support.store_contract import MARKER_LIFE, TABLE

OSLO = ZoneInfo("Europe/Oslo")
#: The clocks go forward on 30 March: the day has 23 hours.
DAY = date(2025, 3, 30)
MIDNIGHT = datetime(2025, 3, 29, 23, tzinfo=UTC)
OVER = datetime(2025, 3, 30, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Dies(BaseException):
    """The function is ended from outside."""


class World:
    def __init__(self) -> None:
        self.now = MIDNIGHT
        self.dynamodb = InMemoryDynamoDB()
        client = cast("Any", self.dynamodb)
        self.store = Store(client, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
        self.days = Days(client, TABLE)
        self.seconds = 0.0

    def run(self, *, pages: int = 1000) -> None:
        """What a run of the poller does, in an environment of its own."""
        left = iter([55.0] * pages + [0.0])
        self.snapshots().run(lambda: next(left))

    def snapshots(self) -> Snapshots:
        return Snapshots(store=self.store, days=self.days, now=lambda: self.now, zone=OSLO, life=TIMES.retention)

    def reports(self, monotonic: Callable[[], float] = lambda: 0.0) -> DayReports:
        return DayReports(
            store=self.store,
            days=self.days,
            now=lambda: self.now,
            monotonic=monotonic,
            zone=OSLO,
            life=TIMES.retention,
        )

    def report(self, text: str = "2025-03-30") -> DayReport:
        return self.reports().of(text)

    def claimed(self, name: str, at: datetime) -> Batch:
        order = a_batch_order(
            id=f"evt-{name}", document_no=name, total=a_total("10.10"), currency="NOK", document_type="IN"
        )
        claimed = self.store.claim(a_batch(id=name, orders=(order,), claimed_at=at, opened_at=at, attempt_at=at), {})
        assert claimed
        return claimed

    def ended(self, batch: Batch, at: datetime) -> Batch:
        end = steps.ended(replace(batch, state=State.PENDING), State.SUCCEEDED, OrderStatus.SUCCEEDED, "result", at)
        saved = self.store.save(end)
        assert saved
        announced = self.store.save(steps.announced(saved))
        assert announced
        return announced


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(days, "PAGE", 3)
    return World()


def sums(report: DayReport) -> tuple[dict[str, tuple[int, str]], dict[str, tuple[int, str]]]:
    """By status, what was claimed and what ended."""
    book = report.count.book.to_json()
    claimed, ended = (
        {row["status"]: (row["orders"], row["total"]) for row in book[part]} for part in ("claimed", "ended")
    )
    return claimed, ended


def a_full_day(world: World) -> None:
    """Twenty claims of the day, of which twelve end on it; one before it and one after, and a late end."""
    for number in range(20):
        batch = world.claimed(f"b{number}", MIDNIGHT + number * HOUR)
        if number < 12:
            world.ended(batch, MIDNIGHT + number * HOUR + MINUTE)
    world.ended(world.claimed("evening", MIDNIGHT - MINUTE), MIDNIGHT + MINUTE)
    world.ended(world.claimed("week", MIDNIGHT - timedelta(days=7)), MIDNIGHT + 3 * HOUR)
    world.claimed("morning", OVER)


FULL = ({"SUCCEEDED": (12, "121.20"), "IN_PROGRESS": (8, "80.80")}, {"SUCCEEDED": (14, "141.40")})


def test_a_day_is_stored_an_hour_after_it_is_over(world: World) -> None:
    a_full_day(world)
    world.now = OVER + HOUR - MINUTE
    world.run()
    assert world.report().count.taken_at is None

    world.now = OVER + HOUR
    world.run()

    assert world.report().count.taken_at == OVER + HOUR
    assert sums(world.report()) == FULL


def test_a_stored_day_never_changes(world: World) -> None:
    a_full_day(world)
    world.now = OVER + HOUR
    world.run()
    before = world.report()

    world.ended(world.store.batches(["b15"])["b15"], world.now)
    world.now += timedelta(days=2)
    world.run()

    assert world.report() == before


def test_what_ends_after_its_day_is_in_the_count_of_its_own(world: World) -> None:
    a_full_day(world)
    world.now = OVER + HOUR
    world.run()
    world.ended(world.store.batches(["b15"])["b15"], world.now)

    world.now = OVER + timedelta(days=1) + HOUR
    world.run()

    assert sums(world.report("2025-03-31")) == ({"IN_PROGRESS": (1, "10.10")}, {"SUCCEEDED": (1, "10.10")})


def test_runs_that_have_little_time_count_every_order_once(world: World) -> None:
    a_full_day(world)
    world.now = OVER + HOUR

    for _ in range(200):
        world.run(pages=1)

    assert sums(world.report()) == FULL
    assert world.report().count.taken_at


def test_runs_that_die_anywhere_and_repeat_what_they_wrote_count_every_order_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_full_day(world)
    world.now = OVER + HOUR
    put = world.dynamodb.put_item
    number = 0

    def dying(**request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        nonlocal number
        number += 1
        if number % 3 == 1:
            raise Dies
        answer = put(**request)
        if number % 3 == 2:
            raise Dies
        return answer

    monkeypatch.setattr(world.dynamodb, "put_item", dying)
    for _ in range(200):
        try:
            world.run()
        except Dies:
            continue

    assert sums(world.report()) == FULL


def test_two_runs_at_once_count_every_order_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a_full_day(world)
    world.now = OVER + HOUR
    page, inside = world.days.page, False

    def overtaken(*args: Any) -> Any:  # noqa: ANN401 (as the index's)
        nonlocal inside
        if not inside:
            inside = True
            world.run(pages=1)
            inside = False
        return page(*args)

    monkeypatch.setattr(world.days, "page", overtaken)
    for _ in range(200):
        world.run()

    assert sums(world.report()) == FULL


def test_days_in_which_no_poller_ran_are_made_up_for(world: World) -> None:
    world.now = MIDNIGHT + HOUR
    world.run()
    a_full_day(world)
    world.now = OVER + timedelta(days=3, hours=2)
    world.run()

    stored = [world.report(f"2025-{day}").count.taken_at for day in ("03-30", "03-31", "04-01", "04-02", "04-03")]
    assert stored == [world.now] * 4 + [None]


def test_nothing_is_asked_until_the_next_day_is_to_be_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.now = OVER + HOUR
    duty = world.snapshots()
    duty.run(lambda: 55.0)

    def unavailable(**_: object) -> object:
        raise AssertionError

    monkeypatch.setattr(world.dynamodb, "get_item", unavailable)
    world.now += 23 * HOUR
    duty.run(lambda: 55.0)


def test_without_the_table_nothing_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object) -> object:
        raise StoreUnavailable

    world.now = OVER + HOUR
    with monkeypatch.context() as broken:
        broken.setattr(world.days, "page", unavailable)
        with pytest.raises(StoreUnavailable):
            world.run()

    world.run()
    assert world.report().count.taken_at == world.now


def test_a_batch_that_cannot_be_read_is_told(world: World) -> None:
    world.claimed("b1", MIDNIGHT)
    item = world.dynamodb.items["BATCH#b1"]
    world.dynamodb.put_item(TableName=TABLE, Item={**item, "format": {"N": "9"}})
    world.now = OVER + HOUR

    assert world.report().count.book.to_json() == {"claimed": [], "ended": [], "unreadableBatches": 1}


def test_today_is_counted_so_far(world: World) -> None:
    a_full_day(world)
    world.now = MIDNIGHT + 5 * HOUR

    report = world.report()

    assert (report.count.taken_at, report.is_complete) == (None, True)
    assert (report.count.book.start, report.count.book.end) == (MIDNIGHT, OVER)
    assert sums(report)[0]["SUCCEEDED"] == (12, "121.20")


def test_a_day_that_takes_too_long_to_count_is_said_to_be_incomplete(world: World) -> None:
    a_full_day(world)
    seconds = iter(float(number) for number in range(1000))

    report = world.reports(lambda: next(seconds)).of("2025-03-30")

    assert not report.is_complete


@pytest.mark.parametrize(
    "text", ["2025-02-30", "20250330", "30.03.2025", "2025-3-30", "today", "2025-03-30T00:00", "٢025-03-30"]
)
def test_what_is_no_date_is_told(world: World, text: str) -> None:
    with pytest.raises(InvalidDate, match="written YYYY-MM-DD"):
        world.report(text)


def test_a_day_that_has_not_come_where_days_begin_is_told(world: World) -> None:
    world.now = OVER - MINUTE
    with pytest.raises(InvalidDate, match="today is 2025-03-30 in Europe/Oslo"):
        world.report("2025-03-31")

    world.now = OVER
    assert world.report("2025-03-31").is_complete


def test_a_day_before_the_retention_is_told(world: World) -> None:
    world.now = OVER - MINUTE

    assert world.report("2024-02-24").is_complete
    with pytest.raises(UnknownDay, match="for 400 days: since 2024-02-24"):
        world.report("2024-02-23")


def test_a_stored_day_lives_as_long_as_what_happened(world: World) -> None:
    world.now = OVER + HOUR
    world.run()

    expires_at = int(world.dynamodb.items["DUTY#day-2025-03-30"]["expiresAt"]["N"])
    assert expires_at == int((OVER + TIMES.retention).timestamp())
