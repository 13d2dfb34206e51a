from arm_relay.batches import steps
from arm_relay.batches.batch import Answer
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.webhook.receipts import Conflict, Receipt, Rejected, Taken
from arm_relay.webhook.responses import to_receipt, to_refusal

from tests.support.builders import NOW, a_batch, a_batch_order


def test_a_receipt_tells_of_each_order_and_the_batch_it_belongs_to() -> None:
    old = steps.pending(a_batch(id="b1"), "uuid-1", Answer(202, ""), NOW)
    new = steps.pending(
        a_batch(id="b2", orders=(a_batch_order(id="evt-2", document_no="88776655"),)), "uuid-2", Answer(202, ""), NOW
    )
    receipt = Receipt((Taken(old.orders[0], old, replayed=True), Taken(new.orders[0], new, replayed=False)))

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
            Taken(batch.orders[0], batch, replayed=True),
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
            "detail": "The body is valid JSON, but contains invalid orders.",
            "errors": [{"pointer": "/0", "detail": "should be an object"}],
        },
    }
    assert (conflict["id"], conflict["outcome"], conflict["problem"]["status"]) == ("evt-2", "conflict", 409)
    assert (duplicate["outcome"], duplicate["batchId"]) == ("duplicate", "b1")


def test_a_refusal_tells_of_each_order() -> None:
    known = a_batch(id="b1")
    refused = steps.refused(a_batch(id="b2", orders=(a_batch_order(id="evt-2"),)), Answer(400, "no"), NOW)
    receipt = Receipt((Taken(known.orders[0], known, replayed=True), Taken(refused.orders[0], refused, replayed=False)))

    members = to_refusal(receipt).to_json()

    assert [(line["id"], line["outcome"]) for line in members["orders"]] == [
        ("evt-1", "duplicate"),
        ("evt-2", "refused"),
    ]
    assert (members["batchId"], members["answer"]) == ("b2", {"status": 400, "body": "no"})


def test_a_receipt_of_known_orders_alone_tells_of_the_first_ones_batch() -> None:
    first, second = a_batch(id="b1"), a_batch(id="b2")
    receipt = Receipt(tuple(Taken(batch.orders[0], batch, replayed=True) for batch in (first, second)))

    assert receipt.replayed
    assert to_receipt(receipt)["batchId"] == "b1"
