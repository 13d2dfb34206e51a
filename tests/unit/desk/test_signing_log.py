import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from arm_relay.signing_keys import SigningKey

from desk.signing_log import MOST_PAGES, last_signed
from tests.support.builders import NOW

OLD = SigningKey(1, b"k")
NEW = SigningKey(2, b"k", added_at=NOW - timedelta(days=5))
KEYS = {("2218", 1): OLD, ("2218", 2): NEW}


class Log:
    """CloudWatch Logs as far as it is asked: lines of a time, in pages of two."""

    def __init__(self, *lines: tuple[datetime, object]) -> None:
        self.lines = [{"timestamp": int(at.timestamp() * 1000), "message": line} for at, line in lines]
        self.asked: list[tuple[int, int]] = []

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        self.asked.append((request["startTime"], request["endTime"]))
        assert request["filterPattern"] == '"request signed"'
        found = [line for line in self.lines if request["startTime"] <= line["timestamp"] <= request["endTime"]]
        begin = int(request.get("nextToken", 0))
        page: dict[str, Any] = {"events": found[begin : begin + 2]}
        return page | ({"nextToken": str(begin + 2)} if len(found) > begin + 2 else {})


class Endless:
    """A log so full that it has always one more page."""

    def filter_log_events(self, **_: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        return {"events": [], "nextToken": "more"}


def signed(position: int = 1, age: int | None = None, client_no: str = "2218") -> str:
    line = {"message": "request signed", "clientNo": client_no, "secretPosition": position, "secretAgeDays": age}
    return json.dumps(line)


def before(**time: float) -> datetime:
    return NOW - timedelta(**time)


def test_the_latest_use_of_each_secret_is_found() -> None:
    lines = [
        (before(days=2), signed(1)),
        (before(hours=30), signed(1)),
        (before(hours=29), signed(1)),
        (before(hours=28), signed(2, 3)),
    ]

    found = last_signed(Log(*lines), "log", KEYS, NOW, 7)

    assert found.at == {("2218", 1): before(hours=29), ("2218", 2): before(hours=28)}


def test_the_log_is_read_no_further_than_needed() -> None:
    log = Log((before(minutes=1), signed(1)), (before(minutes=2), signed(2, 4)))

    found = last_signed(log, "log", KEYS, NOW, 7)

    assert len(log.asked) == 1
    assert found.since == before(minutes=10)


def test_what_was_not_seen_is_absent_since_the_days_that_were_asked_for() -> None:
    found = last_signed(Log((before(days=8), signed(1))), "log", KEYS, NOW, 7)

    assert found.at == {}
    assert found.since == before(days=7)


def test_another_secret_that_had_the_place_before_does_not_count() -> None:
    lines = [(before(hours=1), signed(2, 200)), (before(hours=1), signed(2)), (before(days=6), signed(2, 0))]

    assert last_signed(Log(*lines), "log", KEYS, NOW, 7).at == {}


def test_other_clients_and_other_lines_do_not_count() -> None:
    other = json.dumps({"message": "a remark: request signed", "clientNo": "2218", "secretPosition": 1})
    lines = [(before(hours=1), signed(1, client_no="2219")), (before(hours=1), other), (before(hours=1), "no JSON")]

    assert last_signed(Log(*lines), "log", KEYS, NOW, 7).at == {}


def test_a_log_that_is_too_full_is_read_to_a_limit_and_said_so() -> None:
    found = last_signed(Endless(), "log", KEYS, NOW, 7)

    assert found.at == {}
    assert found.since == NOW
    assert MOST_PAGES < 1000
