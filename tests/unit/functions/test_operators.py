"""The operators' function as Lambda calls it: API Gateway events in, answers out; AWS by moto, ARM by its simulator."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from arm_relay.batches import steps
from arm_relay.store.table import Store

from tests.support.api_world import Answer, Apis, an_event, at, deployed, hold, refused
from tests.support.builders import NOW, TIMES, an_order
from tests.support.store_contract import MARKER_LIFE, TABLE


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apis]:
    with deployed(monkeypatch) as apis:
        yield apis


# Operators.


def of_batch(name: str, batch_id: str) -> dict[str, Any]:
    event = an_event(name)
    return at(event, event["rawPath"].replace(event["pathParameters"]["batchId"], batch_id))


def test_a_batch_is_shown_with_its_history(api: Apis) -> None:
    batch_id = api.post(an_order()).body["batchId"]

    answer = api.call(of_batch("operators-batch", batch_id))

    assert answer.status == 200
    assert answer.body["status"] == "PENDING"
    assert [step["status"] for step in answer.body["history"]] == ["CLAIMED", "PENDING"]


@pytest.mark.parametrize("name", ["operators-batch", "operators-redrive"])
def test_an_unknown_batch_is_not_found(api: Apis, name: str) -> None:
    answer = api.call(an_event(name))

    assert (answer.status, answer.problem) == (404, "unknown-batch")


@pytest.mark.parametrize("name", ["operators-batch", "operators-redrive"])
def test_a_batch_of_another_client_is_not_found(api: Apis, name: str) -> None:
    batch_id = api.post(an_order()).body["batchId"]
    event = of_batch(name, batch_id)

    answer = api.call(at(event, event["rawPath"].replace("/2218/", "/2219/")))

    assert (answer.status, answer.problem) == (404, "unknown-batch")


def search(**query: str) -> dict[str, Any]:
    return an_event("operators-orders") | {"queryStringParameters": query}


def test_the_order_that_has_an_invoice_number_is_found(api: Apis) -> None:
    batch_id = api.post(an_order(id="made-up", invoiceNo="Æ-1")).body["batchId"]

    answer = api.call(search(clientNo="2218", invoiceNo="æ-1"))

    (found,) = answer.body["orders"]
    assert (answer.status, found["batchId"]) == (200, batch_id)
    assert (found["order"]["id"], found["order"]["documentNo"]) == ("made-up", "Æ-1")


def test_the_orders_that_have_an_order_id_are_found_without_their_ids(api: Apis) -> None:
    first = api.post(an_order(id="evt-1", orderId="Ordre Å", invoiceNo="1")).body["batchId"]
    second = api.post(an_order(id="evt-2", orderId="Ordre Å", invoiceNo="2")).body["batchId"]
    api.post(an_order(id="evt-3", orderId="Ordre Ø", invoiceNo="3"))

    answer = api.call(search(clientNo="2218", orderId="ordre å"))

    assert answer.status == 200
    assert [(each["order"]["id"], each["batchId"]) for each in answer.body["orders"]] == [
        ("evt-1", first),
        ("evt-2", second),
    ]


@pytest.mark.parametrize("name", ["invoiceNo", "orderId"])
@pytest.mark.parametrize(("number", "client_no"), [("2", "2218"), ("1", "2219"), ("1" * 2000, "2218")])
def test_a_number_that_no_order_of_the_client_has_finds_none(api: Apis, name: str, number: str, client_no: str) -> None:
    api.post(an_order(invoiceNo="1", orderId="1"))

    answer = api.call(search(clientNo=client_no, **{name: number}))

    assert (answer.status, answer.body) == (200, {"orders": []})


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"clientNo": "2218"}, "Give one of the query parameters invoiceNo and orderId."),
        (
            {"clientNo": "2218", "invoiceNo": "1", "orderId": "1"},
            "Give one of the query parameters invoiceNo and orderId.",
        ),
        ({"invoiceNo": "1"}, "The query parameter clientNo is missing."),
    ],
    ids=["no number", "two numbers", "no client"],
)
def test_a_search_that_is_none_is_told_what_is_wrong(api: Apis, query: dict[str, str], detail: str) -> None:
    answer = api.call(search(**query))

    assert (answer.status, answer.problem, answer.body["detail"]) == (400, "invalid-query", detail)


def test_a_batch_that_is_not_held_cannot_be_redriven(api: Apis) -> None:
    batch_id = api.post(an_order()).body["batchId"]

    answer = api.call(of_batch("operators-redrive", batch_id))

    assert (answer.status, answer.problem) == (409, "not-redrivable")


def test_a_redrive_that_is_none_is_told_its_faults(api: Apis) -> None:
    event = an_event("operators-redrive") | {"body": '{"action":"close","status":"LOST"}'}

    answer = api.call(event)

    assert (answer.status, answer.problem) == (422, "invalid-redrive")
    assert {error["pointer"] for error in answer.body["errors"]} == {"/status", "/reason"}


def test_a_redrive_that_is_not_json_is_a_bad_request(api: Apis) -> None:
    answer = api.call(an_event("operators-redrive") | {"body": "{"})

    assert (answer.status, answer.problem) == (400, "not-json")


def test_a_held_batch_is_redriven_in_the_operators_name(api: Apis) -> None:
    api.arm.fail("any", "refuse")
    batch_id = api.post(an_order()).body["batchId"]
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    queued = store.batch(batch_id)
    assert queued
    held = store.save(steps.held(queued, "too old", NOW))
    assert held
    store.save(steps.announced(held))

    answer = api.call(of_batch("operators-redrive", batch_id))

    assert (answer.status, answer.body["status"]) == (200, "QUEUED")
    assert answer.body["by"] == "arn:aws:sts::123456789012:assumed-role/Operator/kari"


def test_what_arm_may_have_needs_a_second_word(api: Apis) -> None:
    batch_id = api.post(an_order()).body["batchId"]
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    pending = store.batch(batch_id)
    assert pending
    held = store.save(steps.held(pending, "too old", NOW))
    assert held
    store.save(steps.announced(held))
    event = of_batch("operators-redrive", batch_id)

    refused = api.call(event)
    confirmed = api.call(event | {"body": '{"action":"resubmit","reason":"looked","mayBeBilledTwice":true}'})

    assert (refused.status, refused.problem) == (409, "needs-confirmation")
    assert "88776655" in refused.body["detail"]
    assert (confirmed.status, confirmed.body["status"]) == (200, "QUEUED")


def test_what_was_refused_is_sent_again_as_a_new_batch(api: Apis) -> None:
    api.arm.fail("submit", "status", 1, status=422)
    refused = api.post(an_order())
    assert refused.problem == "refused-by-arm"
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    batch = store.batch(refused.body["batchId"])
    assert batch
    store.save(steps.announced(batch))
    event = of_batch("operators-redrive", batch.id) | {"body": '{"action":"retry","reason":"they exist now"}'}

    answer = api.call(event)

    assert (answer.status, answer.body["status"], answer.body["retryOf"]) == (200, "QUEUED", batch.id)
    assert answer.body["attempts"] == 0
    assert api.call(event).problem == "not-redrivable"
    assert api.call(of_batch("operators-batch", batch.id)).body["retriedAs"] == answer.body["batchId"]


def retry(api: Apis, batch_id: str) -> Answer:
    return api.call(of_batch("operators-redrive", batch_id) | {"body": '{"action":"retry","reason":"they exist now"}'})


def test_what_an_operator_has_retried_its_sender_retries_no_more(api: Apis) -> None:
    batch_id = refused(api, an_order())
    new_id = retry(api, batch_id).body["batchId"]

    answer = api.ask("webhook-retry", an_order(failedBatchId=batch_id))

    assert (answer.status, answer.problem) == (409, "not-retriable")
    detail = f"the order's last batch is {new_id}, where it is IN_PROGRESS"
    assert answer.body["errors"] == [{"pointer": "/failedBatchId", "detail": detail}]


def test_what_its_sender_has_retried_an_operator_leaves_out(api: Apis) -> None:
    orders = [an_order(id=f"evt-{number}", invoiceNo=str(number)) for number in range(2)]
    batch_id = refused(api, *orders)
    assert api.ask("webhook-retry", orders[0] | {"failedBatchId": batch_id}).status == 202

    answer = retry(api, batch_id)

    assert (answer.status, [order["id"] for order in answer.body["orders"]]) == (200, ["evt-1"])


def test_what_its_sender_has_retried_whole_an_operator_retries_no_more(api: Apis) -> None:
    batch_id = refused(api, an_order())
    assert api.ask("webhook-retry", an_order(failedBatchId=batch_id)).status == 202

    assert retry(api, batch_id).problem == "not-redrivable"


# The evidence.


def test_a_batch_is_shown_with_the_documents_that_arm_got(api: Apis) -> None:
    batch_id = api.post(an_order()).body["batchId"]

    shown = api.call(of_batch("operators-batch", batch_id)).body

    (order,) = shown["orders"]
    assert shown["documents"] == "KEPT"
    assert order["document"] == api.arm.ledger.documents[0].payload
    assert order["lookUp"] is None


# Lists and bulk redrives.


def test_held_batches_of_all_clients_are_listed_with_counts_and_sums(api: Apis) -> None:
    ids = hold(api, 1, 2, announced=True)

    answer = api.call(an_event("operators-batches"))

    assert (answer.status, answer.body["cursor"]) == (200, None)
    sums = [{"currency": "NOK", "documentType": "IN", "orders": 1, "total": 250}]
    assert answer.body["batches"][0] == {
        "batchId": ids[0],
        "clientNo": "2218",
        "status": "HELD",
        "cause": "too old",
        "since": "2025-02-27T12:01:00.000000Z",
        "claimedAt": answer.body["batches"][0]["claimedAt"],
        "settlesAt": None,
        "certainlyNotInArm": True,
        "orders": 1,
        "sums": sums,
    }
    assert answer.body["totals"] == {
        "isComplete": True,
        "batches": 2,
        "orders": 2,
        "certainlyNotInArm": 2,
        "unreadable": 0,
        "sums": [{"currency": "NOK", "documentType": "IN", "orders": 2, "total": 500}],
        "groups": [{"status": "HELD", "cause": "too old", "batches": 2}],
    }


@pytest.mark.parametrize("query", [{}, {"state": "HELD"}, {"state": "held", "cursor": "x"}])
def test_a_list_that_there_is_not_is_told(api: Apis, query: dict[str, str]) -> None:
    answer = api.call(an_event("operators-batches") | {"queryStringParameters": query})

    assert (answer.status, answer.problem) == (400, "invalid-query")


def bulk(**body: object) -> dict[str, Any]:
    stated = {"action": "ask", "reason": "the outage is over", "asOf": "9999-01-01T00:00:00Z"} | body
    return an_event("operators-bulk") | {"body": json.dumps(stated)}


def of_redrive(name: str, redrive_id: str) -> dict[str, Any]:
    event = an_event(name)
    return at(event, event["rawPath"].replace(event["pathParameters"]["redriveId"], redrive_id))


def test_a_bulk_redrive_says_first_what_it_would_touch(api: Apis) -> None:
    ids = hold(api, 1, 2, announced=True)

    answer = api.call(an_event("operators-bulk"))

    assert answer.status == 200
    assert (answer.body["batches"], answer.body["batchIds"], answer.body["refused"]) == (2, ids, 0)
    assert answer.body["filter"]["clientNo"] is None


def test_a_bulk_redrive_begins_in_the_operators_name_and_is_watched_and_stopped(api: Apis) -> None:
    hold(api, 1, 2, announced=True)

    begun = api.call(bulk(batches=2))
    shown = api.call(of_redrive("operators-bulk-status", begun.body["redriveId"]))
    stopped = api.call(of_redrive("operators-bulk-stop", begun.body["redriveId"]))

    assert (begun.status, shown.status, stopped.status) == (202, 200, 200)
    assert shown.body == begun.body
    assert (begun.body["status"], begun.body["left"], begun.body["done"]) == ("RUNNING", 2, 0)
    assert begun.body["by"] == "arn:aws:sts::123456789012:assumed-role/Operator/kari"
    assert (stopped.body["status"], stopped.body["stoppedBy"]) == ("STOPPED", begun.body["by"])


def test_more_batches_than_were_seen_are_told(api: Apis) -> None:
    hold(api, 1, 2, announced=True)

    answer = api.call(bulk(batches=1))

    assert (answer.status, answer.problem) == (409, "more-batches")


def test_a_bulk_redrive_that_is_none_is_told_its_faults(api: Apis) -> None:
    answer = api.call(bulk())

    assert (answer.status, answer.problem) == (422, "invalid-redrive")
    assert [error["pointer"] for error in answer.body["errors"]] == ["/batches"]


@pytest.mark.parametrize("name", ["operators-bulk-status", "operators-bulk-stop"])
def test_an_unknown_bulk_redrive_is_not_found(api: Apis, name: str) -> None:
    assert (api.call(an_event(name)).status, api.call(an_event(name)).problem) == (404, "unknown-redrive")


def test_an_order_is_forgotten_in_the_operators_name(api: Apis) -> None:
    api.arm.fail("submit", "status", 1, status=400)
    api.post(an_order(message="Kjære Kari Nordmann"))
    store = Store(api.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    (batch,) = store.batches([marker.batch_id for marker in store.markers("2218", ["evt-1"]).values()]).values()
    store.save(steps.announced(batch))

    answer = api.call(an_event("operators-forget"))

    assert (answer.status, answer.body["order"]["id"], answer.body["status"]) == (200, "evt-1", "REFUSED")
    assert answer.body["removed"]
    assert answer.body["stays"]
    assert answer.body["history"][-1]["by"] == "arn:aws:sts::123456789012:assumed-role/Operator/kari"
    assert "Nordmann" not in answer.text + repr([store.payload(each) for each in store.batches([batch.id]).values()])


def test_an_order_that_has_not_ended_is_not_forgotten(api: Apis) -> None:
    api.post(an_order())

    answer = api.call(an_event("operators-forget"))

    assert (answer.status, answer.problem) == (409, "not-forgettable")


def test_what_the_operator_should_say_to_have_an_order_forgotten_is_told(api: Apis) -> None:
    answer = api.call(an_event("operators-forget") | {"body": "{}"})

    assert (answer.status, answer.problem) == (422, "invalid-forget")


# A day.


def of_day(day: str) -> dict[str, Any]:
    return at(an_event("operators-day"), f"/v1/days/{day}")


def test_today_is_counted_and_summed_up(api: Apis) -> None:
    api.post(an_order())
    today = datetime.now(ZoneInfo("Europe/Oslo")).date().isoformat()

    answer = api.call(of_day(today))

    row = {"clientNo": "2218", "currency": "NOK", "documentType": "IN", "status": "IN_PROGRESS"}
    assert answer.status == 200
    assert answer.body["claimed"] == [row | {"orders": 1, "total": "250.00", "ordersWithoutTotal": 0}]
    assert (answer.body["ended"], answer.body["snapshotAt"], answer.body["complete"]) == ([], None, True)


@pytest.mark.parametrize(
    ("day", "status", "problem"),
    [("2999-01-01", 400, "invalid-date"), ("yesterday", 400, "invalid-date"), ("2001-01-01", 404, "unknown-day")],
)
def test_a_day_that_cannot_be_shown_is_told_why(api: Apis, day: str, status: int, problem: str) -> None:
    answer = api.call(of_day(day))

    assert (answer.status, answer.problem) == (status, problem)


# What is asked of the table: an order, and what waits for a person.


def of_order(order_id: str) -> dict[str, Any]:
    """The event of a path that API Gateway has decoded, but for its percent signs."""
    path = "/v1/clients/2218/orders/" + order_id.replace("%", "%25")
    return at(an_event("operators-order"), path)


@pytest.mark.parametrize(
    "order_id",
    ["order.invoiced:B-1", "evt 1", "2025/0001", "100%", "a%3Ab", "%25", "a#b", "a+b", "ærlig", '"', "preview"],
)
def test_an_order_is_shown_by_its_id_decoded_exactly_once(api: Apis, order_id: str) -> None:
    batch_id = api.post([an_order(id="evt-0", invoiceNo="0"), an_order(id=order_id)]).body["batchId"]

    answer = api.call(of_order(order_id))

    assert answer.status == 200
    assert (answer.body["batchId"], answer.body["status"]) == (batch_id, "PENDING")
    assert (answer.body["order"]["id"], answer.body["order"]["status"]) == (order_id, "IN_PROGRESS")
    assert answer.body["answer"]["status"] == 202
    assert [step["status"] for step in answer.body["history"]] == ["CLAIMED", "PENDING"]
    assert answer.body["nextPollAt"]
    assert "orders" not in answer.body


@pytest.mark.parametrize("order_id", ["evt-2", "evt-1 ", "EVT-1", "x" * 3000])
def test_an_unknown_order_is_not_found(api: Apis, order_id: str) -> None:
    api.post(an_order())

    answer = api.call(of_order(order_id))

    assert (answer.status, answer.problem) == (404, "unknown-order")


def test_an_order_of_another_client_is_not_found(api: Apis) -> None:
    api.post(an_order())

    assert api.call(at(of_order("evt-1"), "/v1/clients/2219/orders/evt-1")).problem == "unknown-order"


def listing(**query: str) -> dict[str, Any]:
    return an_event("operators-held") | {"queryStringParameters": query}


def test_what_waits_for_a_person_is_listed_page_by_page(api: Apis) -> None:
    ids = hold(api, 3, 1, 2)

    first = api.call(listing(state="held", limit="2"))
    second = api.call(listing(state="held", limit="2", cursor=first.body["cursor"]))

    assert (first.status, second.status, second.body["cursor"]) == (200, 200, None)
    listed = first.body["batches"] + second.body["batches"]
    assert [batch["batchId"] for batch in listed] == [ids[1], ids[2], ids[0]]
    assert listed[0] == {
        "batchId": ids[1],
        "cause": "too old",
        "heldSince": "2025-02-27T12:01:00.000000Z",
        "orderCount": 1,
    }


def test_a_list_without_anything_in_it_is_empty(api: Apis) -> None:
    assert api.call(an_event("operators-held")).body == {"batches": [], "cursor": None}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({}, "The query parameter state should be held."),
        ({"state": "PENDING"}, "The query parameter state should be held."),
        ({"state": "held", "limit": "0"}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": "101"}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": "9" * 5000}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": "-1"}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": "2.0"}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": "²"}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "limit": ""}, "The query parameter limit should be a whole number from 1 to 100."),
        ({"state": "held", "cursor": "next"}, "The cursor does not come from this list."),
        ({"state": "held", "cursor": ""}, "The cursor does not come from this list."),
    ],
    ids=str,
)
def test_a_query_that_is_none_is_told(api: Apis, query: dict[str, str], detail: str) -> None:
    answer = api.call(listing(**query))

    assert (answer.status, answer.problem, answer.body["detail"]) == (400, "invalid-query", detail)


def test_a_list_without_a_query_is_told_what_it_wants(api: Apis) -> None:
    event = listing()
    del event["queryStringParameters"]

    assert api.call(event).problem == "invalid-query"


OPERATORS = [
    *("operators-batch", "operators-redrive", "operators-order", "operators-orders", "operators-held"),
]


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_routes_are_shut_where_iam_authorised_nobody(api: Apis, name: str) -> None:
    event = an_event(name)
    del event["requestContext"]["authorizer"]

    answer = api.call(event)

    assert (answer.status, answer.problem) == (403, "forbidden")


# Health.


def test_health_is_shown_with_the_worst_of_its_lines(api: Apis) -> None:
    answer = api.call(an_event("operators-health"))

    assert (answer.status, answer.body["status"], answer.body["checkedAt"]) == (200, "fault", None)
    assert answer.body["checks"][1] == {
        "check": "poller",
        "status": "fault",
        "detail": "The poller has never run.",
        "runbook": "docs/operations.md#health-poller",
    }
