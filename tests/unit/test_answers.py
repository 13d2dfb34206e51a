from datetime import timedelta

from arm_relay import batches
from arm_relay.answers import to_held, to_order_status, to_receipt, to_refusal, to_status
from arm_relay.batches import Answer, OrderStatus, State
from arm_relay.faults import Fault, InvalidOrders
from arm_relay.inquiries import HeldBatches
from arm_relay.receipts import Conflict, Line, Receipt, Rejected
from arm_relay.records import HeldBatch

from tests.builders import NOW, TIMES, a_batch, a_batch_order

KARI = "arn:aws:iam::123456789012:user/kari"


def test_a_receipt_tells_of_each_order_and_the_batch_it_belongs_to() -> None:
    old = batches.accepted(a_batch(id="b1"), "uuid-1", Answer(202, ""), NOW)
    new = batches.accepted(a_batch(id="b2", orders=(a_batch_order(id="evt-2"),)), "uuid-2", Answer(202, ""), NOW)
    receipt = Receipt((Line(old.orders[0], old, replayed=True), Line(new.orders[0], new, replayed=False)))

    common = {"orderId": "B-1", "documentNo": "88776655", "status": "IN_PROGRESS", "errors": []}
    assert to_receipt(receipt) == {
        "batchId": "b2",
        "status": "PENDING",
        "batchUuid": "uuid-2",
        "orders": [
            {"id": "evt-1", **common, "outcome": "duplicate", "batchId": "b1"},
            {"id": "evt-2", **common, "outcome": "accepted", "batchId": "b2"},
        ],
    }


def test_a_rejected_order_is_told_with_its_problem() -> None:
    batch = a_batch(id="b1")
    receipt = Receipt(
        (
            Rejected(None, InvalidOrders([Fault("/0", "should be an object")])),
            Rejected("evt-2", Conflict(["evt-2"])),
            Line(batch.orders[0], batch, replayed=True),
        )
    )

    invalid, conflict, duplicate = to_receipt(receipt)["orders"]

    assert invalid == {
        "id": None,
        "outcome": "invalid",
        "problem": {
            "type": "urn:arm-relay:problem:invalid-order",
            "title": "An order is not valid",
            "status": 422,
            "detail": "The request is JSON, but not orders the relay can take.",
            "errors": [{"pointer": "/0", "detail": "should be an object"}],
        },
    }
    assert (conflict["id"], conflict["outcome"], conflict["problem"]["status"]) == ("evt-2", "conflict", 409)
    assert (duplicate["outcome"], duplicate["batchId"]) == ("duplicate", "b1")


def test_a_refusal_tells_of_each_order() -> None:
    known = a_batch(id="b1")
    refused = batches.refused(a_batch(id="b2", orders=(a_batch_order(id="evt-2"),)), Answer(400, "no"), NOW)
    receipt = Receipt((Line(known.orders[0], known, replayed=True), Line(refused.orders[0], refused, replayed=False)))

    members = to_refusal(receipt).to_json()

    assert [(line["id"], line["outcome"]) for line in members["orders"]] == [
        ("evt-1", "duplicate"),
        ("evt-2", "refused"),
    ]
    assert (members["batchId"], members["answer"]) == ("b2", {"status": 400, "body": "no"})


def test_the_status_of_an_order_is_that_of_its_batch_and_its_own_line() -> None:
    batch = a_batch(orders=(a_batch_order(), a_batch_order(id="evt-2")))

    status = to_order_status(batch.orders[1], batch)

    assert status.pop("order") == to_status(batch)["orders"][1]
    assert status.items() < to_status(batch).items()


def test_held_batches_are_listed_with_the_cursor_of_the_next_page() -> None:
    page = HeldBatches((HeldBatch(id="b1", cause="too old", since=NOW, order_count=3),), "bmV4dA==")

    assert to_held(page) == {
        "batches": [{"batchId": "b1", "cause": "too old", "heldSince": "2025-02-27T12:00:00.000000Z", "orderCount": 3}],
        "cursor": "bmV4dA==",
    }


def test_a_receipt_of_known_orders_alone_tells_of_the_first_ones_batch() -> None:
    first, second = a_batch(id="b1"), a_batch(id="b2")
    receipt = Receipt(tuple(Line(batch.orders[0], batch, replayed=True) for batch in (first, second)))

    assert receipt.replayed
    assert to_receipt(receipt)["batchId"] == "b1"


def test_the_status_of_a_batch_tells_all_that_is_known() -> None:
    pending = batches.accepted(a_batch(), "uuid-1", Answer(202, "{}"), NOW + timedelta(seconds=1))

    assert to_status(pending) == {
        "batchId": "batch-1",
        "clientNo": "2218",
        "status": "PENDING",
        "cause": "ARM took it",
        "by": None,
        "batchUuid": "uuid-1",
        "claimedAt": "2025-02-27T12:00:00.000000Z",
        "endedAt": None,
        "nextLookAt": "2025-02-27T12:00:30.000000Z",
        "attempts": 1,
        "orders": [
            {"id": "evt-1", "orderId": "B-1", "documentNo": "88776655", "status": "IN_PROGRESS", "errors": []},
        ],
        "answer": {"status": 202, "body": "{}"},
        "history": [
            {"at": "2025-02-27T12:00:00.000000Z", "status": "CLAIMED", "cause": "accepted", "by": None},
            {"at": "2025-02-27T12:00:01.000000Z", "status": "PENDING", "cause": "ARM took it", "by": None},
        ],
    }


def test_the_status_of_an_announced_end_has_no_next_look() -> None:
    refused = batches.refused(a_batch(), Answer(400, "no"), NOW)

    status = to_status(batches.announced(refused))

    assert (status["endedAt"], status["nextLookAt"]) == ("2025-02-27T12:00:00.000000Z", None)


def test_the_status_of_a_redriven_batch_tells_by_whom() -> None:
    held = batches.announced(batches.held(a_batch(), "too old", NOW))
    closed = batches.closed(held, State.FAILED, "asked by phone", KARI, NOW + timedelta(days=1))

    status = to_status(closed)

    assert (status["by"], status["cause"]) == (KARI, "asked by phone")
    assert [(step["status"], step["by"]) for step in status["history"]] == [
        ("CLAIMED", None),
        ("HELD", None),
        ("FAILED", KARI),
    ]


def test_the_history_is_told_in_the_order_of_its_times() -> None:
    batch = a_batch()
    for minute in range(1, 4):
        now = NOW + timedelta(minutes=minute)
        batch = batches.not_taken(batch, "ARM answered 429", now, now)
        batch = batches.taken(batch, "the next attempt", now + timedelta(seconds=30), TIMES)

    history = to_status(batch)["history"]

    assert [step["status"] for step in history] == ["CLAIMED", *["QUEUED", "CLAIMED"] * 3]
    assert [step["at"] for step in history] == sorted(step["at"] for step in history)


def test_an_orders_errors_are_told() -> None:
    order = a_batch_order(status=OrderStatus.FAILED, errors=("Customer cannot be billed",))

    assert to_status(a_batch(orders=(order,)))["orders"][0]["errors"] == ["Customer cannot be billed"]
