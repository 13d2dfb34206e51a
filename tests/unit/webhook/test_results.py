"""What a sender reads of its clients' announcements: in order, each at least once, whoever announces them when."""

import base64
import json
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from arm_relay.orders.faults import Fault
from arm_relay.store.announced import Announced, Announcement
from arm_relay.webhook import results
from arm_relay.webhook.questions import InvalidQuestion
from arm_relay.webhook.results import Results

from tests.simulation.announced import AnnouncedInMemory
from tests.support.builders import NOW, TIMES

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Counted(AnnouncedInMemory):
    queries = 0

    def query(self, **query: Any) -> dict[str, Any]:  # noqa: ANN401 (as boto3 has it)
        self.queries += 1
        return super().query(**query)


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.table = Counted()
        self.announced = Announced(cast("Any", self.table), "announced", TIMES.retention)
        self.results = Results(self.announced, lambda: self.now)

    def announce(self, *numbers: int, at: datetime | None = None, client_no: str = "2218", text: str = "") -> None:
        """What a poller keeps that reads this time on its clock."""
        for number in numbers:
            text_of = text or json.dumps({"id": number})
            self.announced.keep([Announcement(f"b{number}.1", client_no, at or self.now, text_of)])

    def read(self, client_no: str = "2218", **question: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        answer: dict[str, Any] = json.loads(self.results.read(client_no, json.dumps(question).encode()))
        return answer

    def ids(self, **question: Any) -> list[int]:  # noqa: ANN401 (as above)
        return [event["id"] for event in self.read(**question)["events"]]


@pytest.fixture
def world() -> World:
    return World()


def faults(world: World, after: str) -> list[Fault]:
    with pytest.raises(InvalidQuestion) as raised:
        world.read(after=after)
    return list(raised.value.faults)


def test_where_nothing_was_announced_there_is_nothing_and_a_place_to_go_on(world: World) -> None:
    answer = world.read()

    assert (answer["events"], answer["more"]) == ([], False)
    world.announce(1)
    assert world.ids(after=answer["next"]) == [1]


def test_what_was_announced_is_listed_word_for_word(world: World) -> None:
    text = '{"id":1,  "by":"Bl\u00e5b\\ufffer \N{PILE OF POO}"}'
    world.announce(1, text=text)

    assert world.results.read("2218", b"{}").startswith(f'{{"events":[{text}],"next":"')


def test_results_come_in_the_order_in_which_they_were_announced_and_go_on_at_the_cursor(world: World) -> None:
    for number in range(5):
        world.announce(number, at=NOW - 10 * MINUTE + number * SECOND)

    first = world.read(limit=2)
    second = world.read(after=first["next"], limit=2)
    third = world.read(after=second["next"], limit=2)

    assert [[event["id"] for event in page["events"]] for page in (first, second, third)] == [[0, 1], [2, 3], [4]]
    assert [page["more"] for page in (first, second, third)] == [True, True, False]


def test_the_results_of_other_clients_are_not_listed(world: World) -> None:
    world.announce(1, client_no="2219")
    world.announce(2, client_no="221")
    world.announce(3, client_no="22180")

    assert world.ids() == []


def test_what_was_announced_less_than_two_minutes_ago_is_listed_at_once_and_again(world: World) -> None:
    world.announce(1)
    first = world.read()
    assert [event["id"] for event in first["events"]] == [1]

    world.now += 119 * SECOND
    second = world.read(after=first["next"])
    assert [event["id"] for event in second["events"]] == [1]

    world.now += 2 * SECOND
    third = world.read(after=second["next"])
    assert [event["id"] for event in third["events"]] == [1]
    assert world.ids(after=third["next"]) == []


def test_an_announcement_of_a_poller_whose_clock_is_behind_is_not_skipped(world: World) -> None:
    world.announce(1)
    cursor = world.read()["next"]
    world.announce(2, at=world.now - MINUTE)

    world.now += MINUTE

    assert world.ids(after=cursor) == [2, 1]


def test_a_reader_whose_clock_is_ahead_skips_nothing(world: World) -> None:
    cursor = world.read(after=(world.now + 3 * MINUTE).isoformat())["next"]
    world.announce(1, at=world.now + 30 * SECOND)

    world.now += 60 * MINUTE

    assert world.ids(after=cursor) == [1]


def test_where_more_is_new_than_one_page_holds_nothing_is_skipped(world: World) -> None:
    world.announce(*range(10))
    cursor, seen = None, set()
    for _ in range(30):
        page = world.read(limit=3) if cursor is None else world.read(after=cursor, limit=3)
        cursor = page["next"]
        seen |= {event["id"] for event in page["events"]}
        world.now += 10 * SECOND

    assert seen == set(range(10))


def test_while_more_is_new_than_one_page_holds_nobody_is_sent_round_in_circles(world: World) -> None:
    world.announce(*range(10))

    assert world.read(limit=3)["more"] is False


@pytest.mark.parametrize("seed", range(20))
def test_whatever_writers_overlap_and_clocks_differ_nothing_is_skipped(seed: int) -> None:
    world, random = World(), Random(seed)  # noqa: S311 (repeatable on purpose)
    written: dict[int, datetime] = {}
    cursor: str | None = None
    seen: list[int] = []
    for number in range(200):
        world.now += SECOND * random.expovariate(0.2)
        # A clock that is wrong by up to half a minute, and a write that takes up to twenty seconds.
        at = world.now + SECOND * random.uniform(-30, 30) - SECOND * random.uniform(0, 20)
        world.announce(number, at=at)
        written[number] = at
        if random.random() < 0.3:
            reader = SECOND * random.uniform(-30, 30)
            world.now += reader
            question: dict[str, Any] = {"limit": random.choice((1, 5, 50))}
            page = world.read(**question | ({"after": cursor} if cursor else {}))
            world.now -= reader
            cursor = page["next"]
            seen += [event["id"] for event in page["events"]]
    for _ in range(300):
        world.now += 10 * SECOND
        page = world.read(after=cursor, limit=5) if cursor else world.read(limit=5)
        cursor = page["next"]
        seen += [event["id"] for event in page["events"]]

    assert set(seen) == set(range(200))


def test_a_long_spell_without_announcements_costs_one_query(world: World) -> None:
    world.announce(1, at=NOW - timedelta(days=390))
    world.announce(2)

    assert world.ids() == [1, 2]
    assert world.table.queries == 1


def test_results_can_be_read_from_a_time_on(world: World) -> None:
    for number, hours in ((1, 30), (2, 20), (3, 10)):
        world.announce(number, at=NOW - timedelta(hours=hours))

    assert world.ids(after="2025-02-26T12:00:00Z") == [2, 3]
    assert world.ids(after="2025-02-26T18:30:00+02:00") == [3]


def test_an_answer_fits_into_what_lambda_returns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LARGEST_ANSWER", 2500)
    for number in range(4):
        world.announce(number, at=NOW - MINUTE * (10 - number), text=json.dumps({"id": number, "x": "x" * 1000}))

    first = world.read()

    assert ([event["id"] for event in first["events"]], first["more"]) == ([0, 1], True)
    assert world.ids(after=first["next"]) == [2, 3]


def test_a_result_that_is_too_large_for_an_answer_is_listed_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "LARGEST_ANSWER", 10)
    world.announce(1, 2, at=NOW - MINUTE * 10)

    first = world.read()

    assert [event["id"] for event in first["events"]] == [1]
    assert world.ids(after=first["next"]) == [2]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="words"),
        pytest.param("2025-02-27", id="a day"),
        pytest.param("2025-02-27T12:00:00", id="no zone"),
        pytest.param("0001-01-01T00:00:00+14:00", id="no year"),
        pytest.param("%%%", id="no base64"),
        pytest.param("\N{PILE OF POO}", id="no ASCII"),
        pytest.param(encoded("2218 27 February"), id="no place"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe").decode(), id="no text"),
    ],
)
def test_a_cursor_that_is_none_is_a_fault(world: World, after: str) -> None:
    words = "should be the `next` of an earlier answer, or a time such as 2025-02-27T00:00:00Z"

    assert faults(world, after) == [Fault("/after", words)]


def test_a_cursor_of_another_client_is_a_fault(world: World) -> None:
    cursor = world.read("2219")["next"]

    assert faults(world, cursor) == [Fault("/after", "is a cursor of another client")]


def test_a_cursor_of_a_clock_that_is_ahead_does_not_go_back(world: World) -> None:
    cursor = world.read()["next"]
    world.now -= MINUTE

    assert world.read(after=cursor)["next"] == cursor
