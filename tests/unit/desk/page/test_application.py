"""The page with a relay that answers from a list."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

import httpx
import pytest
from botocore.credentials import Credentials
from starlette.testclient import TestClient

from desk.api import Api
from desk.connection import Connection
from desk.page.application import Page, create
from desk.page.inquiries import Inquiries
from desk.relay import Relay

TOTALS: Final = {
    "isComplete": True, "batches": 0, "orders": 0, "certainlyNotInArm": 0, "unreadable": 0, "sums": [], "groups": [],
}  # fmt: skip
CONNECTION: Final = Connection(
    name="arm-relay",
    region="eu-north-1",
    credentials=Credentials("key", "secret"),
    operators_url="https://relay.example",
    webhook_url="https://senders.example/v1/clients/{clientNo}/orders",
    table_name="table",
    topic_arn="topic",
    secret_arn=None,
    webhook_log_group=None,
)

type Answer = Callable[[httpx.Request], httpx.Response]


class FakeRelay:
    """Answers each route with what the test has put there, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 (JSON)
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        for part, answer in self.answers.items():
            if part in request.url.path:
                return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
        raise httpx.ConnectError("nobody is there")


def a_browser(
    relay: Answer, *, ending: Event | None = None, real_arm: bool = False, language: str = "en"
) -> TestClient:
    inquiries = Inquiries(Relay(Api(CONNECTION, send=relay)), lambda: datetime(2026, 11, 27, 12, tzinfo=UTC), "2218")
    page = Page(
        inquiries=inquiries,
        relay_name="arm-relay",
        form_token="form-token",
        has_real_arm=real_arm,
        ending=ending or Event(),
    )
    return TestClient(
        create(page), headers={"Accept-Language": language}, follow_redirects=False, raise_server_exceptions=False
    )


def a_day(date: str) -> dict[str, Any]:
    return {
        "date": date, "timeZone": "Europe/Oslo", "from": f"{date}T00:00:00Z", "to": f"{date}T23:00:00Z",
        "snapshotAt": f"{date}T23:30:00Z", "complete": True, "claimed": [], "ended": [], "unreadableBatches": 0,
    }  # fmt: skip


def a_problem(status: int, kind: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"urn:arm-relay:problem:{kind}", "title": "No", "detail": "Because."})


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (httpx.Response(403, json={"message": "Forbidden"}), 403, "does not let you do this"),
        (a_problem(404, "unknown-batch"), 404, "does not have this"),
        (a_problem(503, "unavailable"), 503, "cannot answer at the moment"),
        (httpx.Response(502, text="<html>"), 502, "cannot be reached, or did not answer as expected"),
        ({"other": "form"}, 502, "cannot be reached, or did not answer as expected"),
    ],
)
def test_what_does_not_work_is_said_in_words(answer: object, status: int, words: str) -> None:
    shown = a_browser(FakeRelay(batches=answer)).get("/batch?client=2218&id=b-1")

    assert shown.status_code == status
    assert words in shown.text
    assert "Traceback" not in shown.text


def test_a_relay_out_of_reach_is_said_in_the_persons_language() -> None:
    shown = a_browser(FakeRelay(), language="nb").get("/health")

    assert shown.status_code == 502
    assert "Releet kan ikke nås" in shown.text


def test_a_mistake_of_the_desk_shows_no_traceback() -> None:
    def mistaken(request: httpx.Request) -> httpx.Response:
        raise RuntimeError(request.url)

    shown = a_browser(mistaken).get("/health")

    assert shown.status_code == 500
    assert "The desk has made a mistake." in shown.text
    assert "Traceback" not in shown.text


def test_an_answer_that_cannot_be_shown_is_no_traceback() -> None:
    shown = a_browser(FakeRelay(health={"status": "ok", "checkedAt": "soon", "checks": []})).get("/health")

    assert shown.status_code == 502
    assert "The desk has made a mistake." not in shown.text
    assert "Traceback" not in shown.text


@pytest.mark.parametrize("path", ["/plan", "/begin", "/review", "/carry-out", "/redrives/r-1/stop"])
@pytest.mark.parametrize("token", ["", "other"])
def test_a_form_of_another_run_is_refused(path: str, token: str) -> None:
    relay = FakeRelay()
    answer = a_browser(relay).post(path, data={"form": token, "action": "ask", "reason": "r", "batch": "2218/b-1"})

    assert (answer.status_code, relay.asked) == (403, [])


def test_a_form_that_is_too_large_is_refused() -> None:
    answer = a_browser(FakeRelay()).post("/review", data={"form": "form-token", "batch": "x" * 300_000})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "erase"},
        {"reason": " "},
        {"batches": "many"},
        {"batches": ""},
        {"batches": "9" * 5_000},
        {"as_of": ""},
        {"cause": " "},
    ],
)
def test_nothing_is_begun_that_no_dry_run_has_counted(wrong: dict[str, str]) -> None:
    relay = FakeRelay()
    form = {"form": "form-token", "action": "ask", "reason": "r", "batches": "3", "as_of": "2026-11-27T08:00:00Z"}
    answer = a_browser(relay).post("/begin", data=form | {"cause": "c"} | wrong)

    assert (answer.status_code, relay.asked) == (400, [])


def test_a_bulk_redrive_states_what_the_dry_run_counted_and_the_cause_word_for_word() -> None:
    begun: dict[str, Any] = {
        "redriveId": "r-1", "action": "ask", "filter": {}, "reason": "r", "by": "me", "status": "RUNNING",
        "createdAt": "2026-11-27T08:00:00Z", "endedAt": None, "stoppedBy": None, "batches": 3, "done": 0,
        "refused": 0, "inHand": 0, "left": 3, "refusals": [],
    }  # fmt: skip
    relay = FakeRelay(redrives=httpx.Response(202, json=begun))
    form = {"form": "form-token", "action": "ask", "reason": "r", "batches": "3", "as_of": "2026-11-27T08:00:00Z"}
    answer = a_browser(relay).post("/begin", data=form | {"cause": " a  cause "})

    assert (answer.status_code, answer.headers["location"]) == (303, "/redrives/r-1")
    body = {"action": "ask", "reason": "r", "filter": {"cause": " a  cause "}, "batches": 3}
    assert relay.asked == [("POST", "/v1/redrives", body | {"asOf": "2026-11-27T08:00:00Z"})]


def test_days_that_are_stored_are_asked_for_once() -> None:
    relay = FakeRelay(**{f"2026-11-{day}": a_day(f"2026-11-{day}") for day in (26, 27)})
    browser = a_browser(relay)
    for _ in range(2):
        assert browser.get("/days?first=2026-11-26&last=2026-11-27").status_code == 200

    assert len(relay.asked) == 2


def test_days_that_are_no_longer_kept_are_left_out() -> None:
    relay = FakeRelay(**{"2026-11-26": a_problem(404, "unknown-day"), "2026-11-27": a_day("2026-11-27")})
    shown = a_browser(relay).get("/days.csv?first=2026-11-26&last=2026-11-30")

    assert shown.status_code == 200
    assert shown.headers["content-disposition"] == 'attachment; filename="arm-relay-2026-11-26-2026-11-27.csv"'


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/days?first=soon", "not a date"),
        ("/days?last=2026-13-01", "not a date"),
        ("/days?last=0001-01-05", "not a date"),
        ("/days?last=9999-12-31", "not a date"),
        ("/days?first=2026-11-20&last=2026-11-19", "after the last one"),
        ("/days?first=2026-11-28&last=2026-11-29", "has not come yet"),
        ("/days?first=2025-11-20&last=2026-11-19", "more than 62 days"),
        ("/days/2026-11-28", "has not come yet"),
        ("/days/2026-11-28/csv", "has not come yet"),
    ],
)
def test_what_is_wrong_with_a_date_is_said(path: str, words: str) -> None:
    shown = a_browser(FakeRelay()).get(path)

    assert shown.status_code == 400
    assert words in shown.text


def a_row(**changes: object) -> dict[str, Any]:
    row = {"clientNo": "2218", "currency": "NOK", "documentType": "IN", "status": "SUCCEEDED", "orders": 1}
    return row | {"total": "1.00", "ordersWithoutTotal": 0} | changes


@pytest.mark.parametrize("path", ["/days?first=2026-11-26&last=2026-11-26", "/days/2026-11-26"])
@pytest.mark.parametrize(
    "odd",
    [
        {"timeZone": "Mars/One"},
        {"timeZone": "../../etc/passwd"},
        {"date": "soon"},
        {"date": "0001-01-01"},
        {"ended": [a_row(orders=10**400)]},
        {"ended": [a_row(total="many")]},
        {"ended": [a_row(total="NaN")]},
        {"ended": [a_row(total="1e400")]},
        {"ended": [a_row(total="1e-400")]},
    ],
    ids=str,
)
def test_a_day_that_no_relay_means_is_said_in_words(odd: dict[str, object], path: str) -> None:
    shown = a_browser(FakeRelay(days=a_day("2026-11-26") | odd)).get(path)

    assert shown.status_code == 502
    assert "did not answer as expected" in shown.text


def test_a_day_without_its_limits_is_said_in_words() -> None:
    day = {name: value for name, value in a_day("2026-11-26").items() if name != "to"}

    assert a_browser(FakeRelay(days=day)).get("/days/2026-11-26").status_code == 502


@pytest.mark.parametrize("total", ["1e5000", "1e300000", "1e3000000"])
def test_a_sum_that_is_none_is_not_written_out(total: str) -> None:
    row = '{"currency": "NOK", "documentType": "IN", "orders": 1, "total": ' + total + "}"
    batch = {
        "batchId": "b", "clientNo": "2218", "status": "HELD", "cause": "c", "since": "2026-11-26T00:00:00Z",
        "claimedAt": "2026-11-26T00:00:00Z", "settlesAt": None, "certainlyNotInArm": False, "orders": 1, "sums": ["@"],
    }  # fmt: skip
    text = json.dumps(a_list() | {"batches": [batch]}).replace('"@"', row)
    shown = a_browser(FakeRelay(batches=httpx.Response(200, text=text))).get("/batches/held")

    assert shown.status_code == 502


def test_a_check_at_no_time_is_said_in_words() -> None:
    shown = a_browser(FakeRelay(health={"status": "ok", "checkedAt": "soon", "checks": []})).get("/health")

    assert (shown.status_code, "did not answer as expected" in shown.text) == (502, True)


def test_failures_are_played_in_the_sandbox_alone() -> None:
    browser = a_browser(FakeRelay())

    assert browser.get("/play").status_code == 404
    assert browser.post("/play/send", data={"form": "form-token"}).status_code in (404, 405)


def test_the_language_that_was_chosen_stays() -> None:
    browser = a_browser(FakeRelay(batches={"batches": [], "totals": TOTALS, "cursor": None}))
    chosen = browser.get("/batches/held?lang=nb")

    assert "Det er ingen." in chosen.text
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(chosen.headers["set-cookie"].split("; "))
    assert "Det er ingen." in browser.get("/batches/held").text
    assert "set-cookie" not in browser.get("/batches/held?lang=klingon").headers


def test_a_list_that_there_is_not_is_not_asked_for() -> None:
    assert a_browser(FakeRelay()).get("/batches/erased").status_code == 404


@pytest.mark.parametrize("wrong", [{"cause": " ", "status": "HELD"}, {"cause": "", "status": "HELD"}, {}])
def test_a_form_without_its_cause_does_not_mean_all_batches(wrong: dict[str, str]) -> None:
    relay = FakeRelay()
    answer = a_browser(relay).post("/plan", data={"form": "form-token", "action": "ask", **wrong})

    assert (answer.status_code, relay.asked) == (400, [])


def a_list(**group: object) -> dict[str, Any]:
    group = {"status": "HELD", "cause": "c", "batches": 1, **group}
    return {"batches": [], "cursor": None, "totals": TOTALS | {"batches": 1, "groups": [group]}}


def test_batches_without_a_cause_are_not_offered_all_at_once() -> None:
    assert 'action="/plan"' in a_browser(FakeRelay(batches=a_list())).get("/batches/held").text
    without = a_browser(FakeRelay(batches=a_list(cause=None))).get("/batches/held").text

    assert 'action="/plan"' not in without
    assert "tick them one by one" in without


def test_a_sandbox_with_a_real_arm_says_so() -> None:
    batches: dict[str, Any] = {"batches": [], "totals": TOTALS, "cursor": None}

    assert "a real ARM" in a_browser(FakeRelay(batches=batches), real_arm=True).get("/batches/held").text
    assert "a real ARM" not in a_browser(FakeRelay(batches=batches)).get("/batches/held").text
