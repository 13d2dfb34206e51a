"""What the table of announcements promises: one suite, run against moto, DynamoDB Local and the simulation's table.

Inherit from `AnnouncedContract` and give it a fixture `announced_table`: a client whose table `ANNOUNCED` is empty.
"""

from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from arm_relay.store.announced import Announced, Announcement, place_of

from tests.support.builders import NOW, TIMES
from tests.support.store_contract import ANNOUNCED

SECOND = timedelta(seconds=1)


def an_announcement(number: int, client_no: str = "2218", text: str = "", at: datetime = NOW) -> Announcement:
    return Announcement(f"batch-{number}.1", client_no, at, text or f'{{"id":"batch-{number}.1"}}')


class AnnouncedContract:
    @pytest.fixture
    def announced(self, announced_table: Any) -> Announced:  # noqa: ANN401 (a client of boto3's, or one that does as it does)
        return Announced(cast("Any", announced_table), ANNOUNCED, TIMES.retention)

    def test_what_was_kept_is_read_word_for_word(self, announced: Announced) -> None:
        text = '{"id":"batch-1.1","data":"Blåbær \\ufffe \N{PILE OF POO}"}'

        assert announced.keep([an_announcement(1, text=text)]) == {"batch-1.1"}

        assert announced.text("2218", place_of(NOW, "batch-1.1")) == text

    def test_nothing_is_at_any_other_place(self, announced: Announced) -> None:
        announced.keep([an_announcement(1)])

        assert announced.text("2219", place_of(NOW, "batch-1.1")) is None
        assert announced.text("2218", place_of(NOW + SECOND, "batch-1.1")) is None

    def test_more_than_one_request_takes_are_kept_at_once(self, announced: Announced) -> None:
        ids = announced.keep([an_announcement(number) for number in range(30)])

        assert len(ids) == 30
        assert len(list(announced.after("2218", "", 100))) == 30

    def test_a_client_reads_its_own_in_the_order_of_their_times(self, announced: Announced) -> None:
        announced.keep([an_announcement(2, at=NOW + SECOND)])
        announced.keep([an_announcement(1)])
        announced.keep([an_announcement(3, "2219")])
        announced.keep([an_announcement(4, at=NOW + 400 * 86_400 * SECOND)])

        listed = list(announced.after("2218", "", 10))

        assert [entry.text for entry in listed] == [an_announcement(number).text for number in (1, 2, 4)]
        assert listed[0].place == place_of(NOW, "batch-1.1")

    def test_reading_goes_on_behind_a_place_or_a_time(self, announced: Announced) -> None:
        for number in (1, 2, 3):
            announced.keep([an_announcement(number, at=NOW + number * SECOND)])
        first, *others = announced.after("2218", "", 10)

        assert list(announced.after("2218", first.place, 10)) == others
        assert list(announced.after("2218", place_of(NOW + 2 * SECOND, ""), 10)) == others

    def test_all_is_read_although_a_page_holds_less(self, announced: Announced) -> None:
        announced.keep([an_announcement(number) for number in range(7)])

        assert len(list(announced.after("2218", "", 2))) == 7

    def test_what_is_kept_again_at_another_time_is_listed_again(self, announced: Announced) -> None:
        announced.keep([an_announcement(1)])
        announced.keep([an_announcement(1, at=NOW + SECOND)])

        assert [entry.text for entry in announced.after("2218", "", 10)] == [an_announcement(1).text] * 2

    def test_it_expires_when_its_time_is_over(self, announced: Announced, announced_table: Any) -> None:  # noqa: ANN401 (as above)
        announced.keep([an_announcement(1)])

        key = {"clientNo": {"S": "2218"}, "place": {"S": place_of(NOW, "batch-1.1")}}
        item = announced_table.get_item(TableName=ANNOUNCED, Key=key)["Item"]

        assert item["expiresAt"] == {"N": str(int((NOW + TIMES.retention).timestamp()))}
