"""Use case: a sender reads what was announced of its orders, for which it needs no AWS.

Several pollers announce at once, and their clocks differ. So the cursor stays behind the newest announcement, by more
than clocks differ and a write takes: what turns up later is listed again, and readers drop the ids they know.
"""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

from arm_relay.batches.batch import CLOCK_SKEW
from arm_relay.orders.faults import Fault
from arm_relay.store.announced import Announced, Listed
from arm_relay.store.records import from_text, to_text
from arm_relay.webhook.questions import InvalidQuestion, results_of

#: How far the cursor stays behind. Clocks differ by up to `CLOCK_SKEW`, and a write with its repetitions takes less.
BEHIND: Final = 2 * CLOCK_SKEW

#: The largest answer, in bytes: Lambda returns 6 MB, in which the body is a JSON string.
LARGEST_ANSWER: Final = 5_500_000

#: The years in which times are understood.
YEARS: Final = range(2000, 9000)

NO_CURSOR: Final = "should be the `next` of an earlier answer, or a time such as 2025-02-27T00:00:00Z"


class Results:
    """The results of clients."""

    def __init__(self, announced: Announced, now: Callable[[], datetime]) -> None:
        self._announced = announced
        self._now = now

    def read(self, client_no: str, body: bytes) -> str:
        """JSON: the client's announcements behind a cursor, word for word, and where to go on.

        Raises:
            NotJson, InvalidQuestion: the question is not valid.
            StoreUnavailable: the table is out of reach.
        """
        question = results_of(body)
        # Whatever was announced up to then can be found by now.
        complete = to_text(self._now() - BEHIND)
        after = _place(question.after, client_no, complete) if question.after is not None else ""
        shown, is_cut = self._page(client_no, after, question.limit)
        reached = min(shown[-1].place, complete) if is_cut else complete
        has_more = is_cut and shown[-1].place <= complete
        events = ",".join(entry.text for entry in shown)
        following = json.dumps(_cursor(client_no, max(after, reached)))
        return f'{{"events":[{events}],"next":{following},"more":{json.dumps(has_more)}}}'

    def _page(self, client_no: str, after: str, limit: int) -> tuple[list[Listed], bool]:
        """The first announcements behind a place, and whether there are more."""
        shown: list[Listed] = []
        size = 0
        for entry in self._announced.after(client_no, after, limit + 1):
            size += len(json.dumps(entry.text))
            if len(shown) == limit or (shown and size > LARGEST_ANSWER):
                return shown, True
            shown.append(entry)
        return shown, False


def _cursor(client_no: str, place: str) -> str:
    return base64.urlsafe_b64encode(f"{client_no} {place}".encode()).decode()


def _place(after: str, client_no: str, latest: str) -> str:
    """The place that a cursor or a time means. A time is at most the latest one: the reader's clock may be ahead."""
    if (time := _time(after)) is not None:
        return min(to_text(time), latest)
    owner, _, place = _decoded(after).partition(" ")
    if not _begins_with_a_time(place):
        raise InvalidQuestion([Fault("/after", NO_CURSOR)])
    if owner != client_no:
        raise InvalidQuestion([Fault("/after", "is a cursor of another client")])
    return place


def _decoded(cursor: str) -> str:
    """The text in a cursor; empty where there is none."""
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""


def _begins_with_a_time(place: str) -> bool:
    text = place.partition(" ")[0]
    try:
        return to_text(from_text(text)) == text
    except (ValueError, OverflowError):
        return False


def _time(text: str) -> datetime | None:
    """A time with its zone; None where the text is none."""
    try:
        time = datetime.fromisoformat(text)
        return time if time.utcoffset() is not None and time.year in YEARS else None
    except ValueError:
        return None
