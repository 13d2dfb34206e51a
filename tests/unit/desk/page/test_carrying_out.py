"""Batches are redriven once, as the person saw them."""

import json
import re
from collections.abc import Callable
from threading import Event
from typing import Any, Final

import httpx
import pytest
from starlette.testclient import TestClient

from desk.page import reviews
from desk.page.reviews import Reviews
from tests.unit.desk.page.test_application import a_browser, a_problem

type Answering = Callable[[str], httpx.Response]

HELD_AT: Final = "2026-11-26T08:00:00Z"


def a_batch(batch_id: str, **changes: object) -> dict[str, Any]:
    order: dict[str, Any] = {
        "id": f"evt-{batch_id}", "orderId": None, "documentNo": None, "status": "HELD", "errors": [],
        "document": None, "lookUp": None, "retryOf": None, "replaces": None,
    }  # fmt: skip
    batch = {
        "batchId": batch_id, "clientNo": "2218", "status": "HELD", "cause": "c", "by": None, "batchUuid": None,
        "claimedAt": "2026-11-26T00:00:00Z", "endedAt": HELD_AT, "nextPollAt": None, "settlesAt": None,
        "certainlyNotInArm": True, "attempts": 1, "submissionAnswer": None, "answer": None, "retryOf": None,
        "retriedAs": None, "redriveId": None, "documents": "GONE", "orders": [order],
        "history": [{"at": HELD_AT, "status": "HELD", "cause": "c", "by": None}],
    }  # fmt: skip
    return batch | changes


class Relay:
    """Has batches; a redrive makes one QUEUED, or is answered as the test says."""

    def __init__(self, *batches: dict[str, Any]) -> None:
        self.batches = {batch["batchId"]: batch for batch in batches}
        self.redriven: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Answering] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        batch_id = request.url.path.split("/")[5]
        if request.method == "GET":
            return httpx.Response(200, json=self.batches[batch_id])
        assert batch_id not in self.redriven
        self.redriven[batch_id] = json.loads(request.content)
        if answer := self.answers.get(batch_id):
            return answer(batch_id)
        return httpx.Response(200, json=self.batches[batch_id] | {"status": "QUEUED"})


def reviewed(browser: TestClient, action: str, *batch_ids: str) -> tuple[str, str]:
    """The id of the review, and its page."""
    batches = [f"2218/{batch_id}" for batch_id in batch_ids]
    page = browser.post("/review", data={"form": "form-token", "action": action, "batch": batches}).text
    found = re.search(r'name="review" value="([^"]+)"', page)
    assert found
    return found[1], page


def carried_out(browser: TestClient, review_id: str, **fields: object) -> str:
    """The page to which that leads."""
    data = {"form": "form-token", "review": review_id, "reason": "r", **fields}
    answer = browser.post("/carry-out", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/results/{review_id}")
    return browser.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "change",
    [
        {"status": "QUEUED"},
        {"attempts": 2},
        {"certainlyNotInArm": False},
        {"cause": "other"},
        {"history": [{"at": "2026-11-27T08:00:00Z", "status": "HELD", "cause": "c", "by": None}]},
    ],
)
def test_a_batch_that_has_changed_since_it_was_reviewed_is_left_alone(change: dict[str, object]) -> None:
    relay = Relay(a_batch("b-1"), a_batch("b-2"))
    browser = a_browser(relay)
    review_id, _ = reviewed(browser, "ask", "b-1", "b-2")
    relay.batches["b-1"] |= change
    page = carried_out(browser, review_id)

    assert list(relay.redriven) == ["b-2"]
    assert "Done: 1. Not done: 1." in page
    assert "it has changed since you looked. Look again." in page


def test_a_review_is_carried_out_once_and_the_second_click_leads_to_its_result() -> None:
    relay = Relay(a_batch("b-1"))
    browser = a_browser(relay)
    review_id, _ = reviewed(browser, "ask", "b-1")

    assert "Done: 1. Not done: 0." in carried_out(browser, review_id)
    # The relay of the test does not take a second redrive.
    assert "Done: 1. Not done: 0." in carried_out(browser, review_id)
    assert relay.redriven == {"b-1": {"action": "ask", "reason": "r"}}


def test_only_what_was_in_doubt_and_ticked_may_be_billed_twice() -> None:
    relay = Relay(a_batch("sure"), *(a_batch(name, certainlyNotInArm=False) for name in ("ticked", "unticked")))
    browser = a_browser(relay)
    review_id, page = reviewed(browser, "resubmit", "sure", "ticked", "unticked")
    assert set(re.findall(r'name="may_be_billed_twice" value="([^"]+)"', page)) == {"2218/ticked", "2218/unticked"}
    result = carried_out(browser, review_id, may_be_billed_twice=["2218/ticked", "2218/sure"])

    said = {batch_id: body.get("mayBeBilledTwice", False) for batch_id, body in relay.redriven.items()}
    assert said == {"sure": False, "ticked": True}
    assert "you have not ticked that ARM does not have it" in result


@pytest.mark.parametrize("review_id", ["", "other"])
def test_a_review_that_there_is_not_is_not_carried_out(review_id: str) -> None:
    browser = a_browser(Relay(a_batch("b-1")))
    answer = browser.post(
        "/carry-out",
        data={"form": "form-token", "review": review_id, "reason": "r", "action": "ask", "batch": "2218/b-1"},
    )

    assert answer.status_code == 409
    assert "Look at the list again" in answer.text
    assert browser.get("/results/other").status_code == 404


def test_what_lacks_something_does_not_use_the_review_up() -> None:
    relay = Relay(a_batch("b-1"))
    browser = a_browser(relay)
    review_id, _ = reviewed(browser, "close", "b-1")
    for wrong in ({"reason": " "}, {"status": ""}, {"status": "LOST"}):
        data = {"form": "form-token", "review": review_id, "reason": "r", "status": "FAILED", **wrong}
        assert browser.post("/carry-out", data=data).status_code in (400, 404)
    carried_out(browser, review_id, status="FAILED")

    assert relay.redriven == {"b-1": {"action": "close", "reason": "r", "status": "FAILED"}}


def raising(error: Exception) -> Answering:
    def answer(_batch_id: str) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("odd", "status"),
    [
        ({"documents": "NEW"}, 200),
        ({"settlesAt": "soon", "endedAt": None}, 502),
        ({"claimedAt": "0001-01-01T00:00:00+14:00"}, 502),
        ({"claimedAt": "9999-12-31T23:59:59-12:00"}, 502),
    ],
    ids=str,
)
def test_a_batch_as_no_relay_means_it_is_shown_or_said_in_words(odd: dict[str, object], status: int) -> None:
    shown = a_browser(Relay(a_batch("b-1", **odd))).get("/batch?client=2218&id=b-1")

    assert shown.status_code == status


@pytest.mark.parametrize(
    "document",
    [
        {"currencyAmounts": [1], "documentLines": "x"},
        {"currencyAmounts": {"inclVat": 1}, "currency": {"a": 1}, "documentLines": [{"currencyAmounts": 1}, "x"]},
    ],
    ids=["a list", "an object"],
)
def test_a_document_of_another_form_is_shown_as_far_as_it_goes(document: dict[str, object]) -> None:
    batch = a_batch("b-1", documents="KEPT")
    batch["orders"][0]["document"] = document
    browser = a_browser(Relay(batch))

    assert browser.get("/batch?client=2218&id=b-1").status_code == 200
    assert reviewed(browser, "ask", "b-1")


@pytest.mark.parametrize(
    "odd",
    [
        lambda _: httpx.Response(200, content="[" * 60_000),
        lambda _: httpx.Response(200, json={"other": "form"}),
        lambda _: a_problem(503, "unavailable"),
        raising(httpx.ReadTimeout("slow")),
        raising(httpx.DecodingError("not gzip")),
        raising(RuntimeError("a mistake")),
    ],
    ids=["deep", "another form", "unavailable", "slow", "damaged", "a mistake"],
)
def test_an_odd_answer_to_one_redrive_is_not_known_and_the_others_are_named(odd: Answering) -> None:
    relay = Relay(a_batch("b-1"), a_batch("b-2"), a_batch("b-3"))
    relay.answers = {"b-1": odd, "b-2": lambda _: a_problem(409, "not-redrivable")}
    browser = a_browser(relay)
    page = carried_out(browser, reviewed(browser, "ask", "b-1", "b-2", "b-3")[0])

    assert "Done: 1. Not done: 1. Not known whether it was done: 1." in page
    assert all(f"id=b-{number}" in page for number in (1, 2, 3))
    assert "It is not known whether it was done. Look at the batch." in page


def test_a_batch_that_cannot_be_looked_at_again_is_left_alone() -> None:
    relay = Relay(a_batch("b-1"), a_batch("b-2"))
    browser = a_browser(relay)
    review_id, _ = reviewed(browser, "ask", "b-1", "b-2")
    del relay.batches["b-1"]
    page = carried_out(browser, review_id)

    assert list(relay.redriven) == ["b-2"]
    assert "because it could not be looked at again" in page


def test_nothing_further_is_begun_when_the_desk_is_ended() -> None:
    ending = Event()
    names = [f"b-{number}" for number in range(20)]
    relay = Relay(*map(a_batch, names))

    def ends(batch_id: str) -> httpx.Response:
        ending.set()
        return httpx.Response(200, json=relay.batches[batch_id])

    relay.answers = dict.fromkeys(names, ends)
    browser = a_browser(relay, ending=ending)
    page = carried_out(browser, reviewed(browser, "ask", *names)[0])

    # As many as are under way at once.
    assert 1 <= len(relay.redriven) <= 3
    assert "the desk was ended before" in page


def test_more_batches_than_a_list_shows_are_redriven_by_their_cause() -> None:
    relay = Relay()
    batches = [f"2218/b-{number}" for number in range(201)]
    answer = a_browser(relay).post("/review", data={"form": "form-token", "action": "ask", "batch": batches})

    assert answer.status_code == 413
    assert "use the action for all of a cause" in answer.text
    assert 'href="/batches/held"' in answer.text


def test_only_the_latest_reviews_and_results_are_kept() -> None:
    numbers = iter(range(1_000))
    kept = Reviews(lambda: str(next(numbers)))
    for _ in range(reviews.MOST + 1):
        kept.keep("ask", [a_batch("b-1")])  # type: ignore[list-item]  # JSON
    assert kept.use_up("0") is None

    for number in range(1, reviews.MOST + 1):
        assert kept.use_up(str(number))
    kept.keep("ask", [])
    assert kept.use_up(str(reviews.MOST + 1))
    assert kept.result("1") is None
    assert kept.result("2") == reviews.Result("ask", None)
