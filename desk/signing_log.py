"""When each signing secret last signed a request, from the log of the function for senders.

The function logs the client, the place of the secret in its list, and its age. A place may have had another secret
before; the age tells them apart.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from arm_relay.signing_keys import SigningKey

#: What the function logs.
SIGNED: Final = "request signed"

#: How far back the first look goes. Each further one is twice as long: busy senders are found at once.
FIRST_LOOK: Final = timedelta(minutes=10)

#: How many answers of CloudWatch's are read in all; each looks through a portion of the log.
MOST_PAGES: Final = 200

#: A client's number, and the place of its secret.
type Place = tuple[str, int]


class Logs(Protocol):
    """CloudWatch Logs."""

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        """One portion of a log's lines that match a pattern."""


@dataclass(frozen=True, slots=True)
class LastSigned:
    """When secrets signed last, as far back as the log was read."""

    at: Mapping[Place, datetime]
    #: The log was read from then on.
    since: datetime


def last_signed(logs: Logs, group: str, keys: Mapping[Place, SigningKey], now: datetime, days: int) -> LastSigned:
    """When each of these secrets signed last, within so many days. It ends early once all have been seen."""
    earliest = now - timedelta(days=days)
    seen: dict[Place, datetime] = {}
    until, width, pages = now, FIRST_LOOK, MOST_PAGES
    while until > earliest and len(seen) < len(keys):
        since = max(earliest, until - width)
        found: dict[Place, datetime] = {}
        for page in _pages(logs, group, since, until):
            if pages == 0:
                # What was found of this look is true, but its newest lines may be missing.
                return LastSigned(seen, until)
            pages -= 1
            _note(page, keys, found)
        seen = found | seen
        until, width = since, width * 2
    return LastSigned(seen, until)


def _pages(logs: Logs, group: str, since: datetime, until: datetime) -> Iterator[Collection[Mapping[str, Any]]]:
    request: dict[str, Any] = {
        "logGroupName": group,
        "filterPattern": f'"{SIGNED}"',
        "startTime": int(since.timestamp() * 1000),
        "endTime": int(until.timestamp() * 1000),
    }
    while True:
        answer = logs.filter_log_events(**request)
        yield answer.get("events", ())
        token = answer.get("nextToken")
        if not token:
            return
        request["nextToken"] = token


def _note(
    events: Collection[Mapping[str, Any]], keys: Mapping[Place, SigningKey], found: dict[Place, datetime]
) -> None:
    for event in events:
        line = _parsed(str(event.get("message", "")))
        if line.get("message") != SIGNED:
            continue
        at = datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC)
        place = (str(line.get("clientNo")), int(line.get("secretPosition") or 0))
        key = keys.get(place)
        if key and _is_by(key, line.get("secretAgeDays"), at):
            found[place] = max(at, found.get(place, at))


def _is_by(key: SigningKey, age: object, at: datetime) -> bool:
    """Whether a line that states this age can be about the secret that now stands in its place."""
    expected = key.age(at)
    if expected is None or not isinstance(age, int):
        return expected is None and age is None
    # The function read its clock a moment before the line was written.
    return key.added_at is not None and key.added_at <= at + timedelta(minutes=5) and abs(expected - age) <= 1


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
