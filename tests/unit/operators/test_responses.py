from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Evidence, OrderStatus, State
from arm_relay.operators.inquiries import HeldBatches
from arm_relay.operators.responses import to_held, to_json, to_order_status, to_status
from arm_relay.store.records import HeldBatch

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

KARI = "arn:aws:iam::123456789012:user/kari"


def test_the_status_of_an_order_is_that_of_its_batch_and_its_own_line() -> None:
    batch = a_batch(orders=(a_batch_order(), a_batch_order(id="evt-2")))

    status = to_order_status(batch.orders[1], batch, TIMES, None)

    assert status.pop("order") == to_status(batch, TIMES, None)["orders"][1]
    assert status.items() < to_status(batch, TIMES, None).items()


def test_held_batches_are_listed_with_the_cursor_of_the_next_page() -> None:
    page = HeldBatches((HeldBatch(id="b1", cause="too old", since=NOW, order_count=3),), "bmV4dA==")

    assert to_held(page) == {
        "batches": [{"batchId": "b1", "cause": "too old", "heldSince": "2025-02-27T12:00:00.000000Z", "orderCount": 3}],
        "cursor": "bmV4dA==",
    }


def test_the_status_of_a_batch_tells_all_that_is_known() -> None:
    pending = steps.pending(a_batch(), "uuid-1", Answer(202, "{}"), NOW + timedelta(seconds=1))

    assert to_status(pending, TIMES, None) == {
        "batchId": "batch-1",
        "clientNo": "2218",
        "status": "PENDING",
        "cause": "ARM returned a batchUuid",
        "by": None,
        "batchUuid": "uuid-1",
        "claimedAt": "2025-02-27T12:00:00.000000Z",
        "endedAt": None,
        "nextPollAt": "2025-02-27T12:00:30.000000Z",
        "settlesAt": None,
        "certainlyNotInArm": False,
        "attempts": 1,
        "retryOf": None,
        "retriedAs": None,
        "redriveId": None,
        "documents": "GONE",
        "orders": [
            {
                "id": "evt-1",
                "orderId": "B-1",
                "documentNo": "88776655",
                "status": "IN_PROGRESS",
                "errors": [],
                "document": None,
                "lookUp": None,
                "retryOf": None,
                "replaces": None,
            },
        ],
        "submissionAnswer": None,
        "answer": {"status": 202, "body": "{}"},
        "history": [
            {"at": "2025-02-27T12:00:00.000000Z", "status": "CLAIMED", "cause": "accepted", "by": None},
            {"at": "2025-02-27T12:00:01.000000Z", "status": "PENDING", "cause": "ARM returned a batchUuid", "by": None},
        ],
    }


def test_the_status_of_an_announced_end_has_no_next_look() -> None:
    refused = steps.refused(a_batch(), Answer(400, "no"), NOW)

    status = to_status(steps.announced(refused), TIMES, None)

    assert (status["endedAt"], status["nextPollAt"]) == ("2025-02-27T12:00:00.000000Z", None)


def test_the_status_of_a_redriven_batch_tells_by_whom() -> None:
    held = steps.announced(steps.held(a_batch(), "too old", NOW))
    closed = steps.closed(held, State.FAILED, "asked by phone", KARI, NOW + timedelta(days=1))

    status = to_status(closed, TIMES, None)

    assert (status["by"], status["cause"]) == (KARI, "asked by phone")
    assert [(step["status"], step["by"]) for step in status["history"]] == [
        ("CLAIMED", None),
        ("UNCONFIRMED", None),
        ("HELD", None),
        ("FAILED", KARI),
    ]


def test_the_history_is_told_in_the_order_of_its_times() -> None:
    batch = a_batch()
    for minute in range(1, 4):
        now = NOW + timedelta(minutes=minute)
        batch = steps.requeued(batch, "ARM answered 429", now, now)
        batch = steps.begun(batch, "next attempt", now + timedelta(seconds=30), TIMES)

    history = to_status(batch, TIMES, None)["history"]

    assert [step["status"] for step in history] == ["CLAIMED", *["QUEUED", "CLAIMED"] * 3]
    assert [step["at"] for step in history] == sorted(step["at"] for step in history)


def test_an_orders_errors_are_told() -> None:
    order = a_batch_order(status=OrderStatus.FAILED, errors=("Customer cannot be billed",))

    assert to_status(a_batch(orders=(order,)), TIMES, None)["orders"][0]["errors"] == ["Customer cannot be billed"]


def test_the_status_says_until_when_arms_silence_settles() -> None:
    doubtful = steps.in_doubt(a_batch(), "no answer", None, NOW)

    assert to_status(doubtful, TIMES, None)["settlesAt"] is None
    assert to_status(replace(doubtful, settling_since=NOW), TIMES, None)["settlesAt"] == "2025-02-27T12:15:00.000000Z"


def test_the_status_says_until_when_arms_failure_settles() -> None:
    pending = steps.pending(a_batch(), "uuid-1", Answer(202, "{}"), NOW)
    failing = steps.failing(pending, pending.orders, NOW)
    ended = steps.ended(failing, State.FAILED, OrderStatus.FAILED, "ARM's result", NOW)

    assert to_status(failing, TIMES, None)["settlesAt"] == "2025-02-27T12:15:00.000000Z"
    assert to_status(ended, TIMES, None)["settlesAt"] is None


# The evidence.


def test_every_order_is_shown_with_its_document_and_what_the_ledger_said_of_it() -> None:
    orders = (a_batch_order(evidence=Evidence.ABSENT, asked_at=NOW), a_batch_order(id="evt-2"))
    sent: list[dict[str, Any]] = [{"documentNo": "1", "price": Decimal("0.00005")}, {"documentNo": "2"}]

    status = to_status(a_batch(orders=orders), TIMES, sent)

    assert status["documents"] == "KEPT"
    assert [order["document"] for order in status["orders"]] == sent
    looked_up = {"found": "ABSENT", "at": "2025-02-27T12:00:00.000000Z"}
    assert [order["lookUp"] for order in status["orders"]] == [looked_up, None]
    assert '"price":0.00005' in to_json(status)


def test_one_order_is_shown_with_its_own_document() -> None:
    batch = a_batch(orders=(a_batch_order(), a_batch_order(id="evt-2")))

    status = to_order_status(batch.orders[1], batch, TIMES, [{"documentNo": "1"}, {"documentNo": "2"}])

    assert status["order"]["document"] == {"documentNo": "2"}


def test_documents_that_no_answer_can_hold_are_left_out_and_that_is_told() -> None:
    status = to_status(a_batch(), TIMES, [{"customerMessage": '"' * 1_000_000}])

    assert (status["documents"], status["orders"][0]["document"]) == ("TOO_LARGE", None)


def test_arms_answer_to_the_submission_is_shown_beside_its_result() -> None:
    pending = steps.pending(a_batch(), "uuid-1", Answer(202, "taken"), NOW)
    polled = steps.answered(steps.answered(pending, Answer(404, "none")), Answer(200, "done"))

    status = to_status(polled, TIMES, None)

    assert status["submissionAnswer"] == {"status": 202, "body": "taken"}
    assert status["answer"] == {"status": 200, "body": "done"}
