from sandbox.tables import of_notification, of_story, rows


def test_every_column_is_as_wide_as_its_widest_text() -> None:
    assert list(rows(("id", "status"), [("evt-1", "HELD"), ("e", "SUCCEEDED")])) == [
        "id     status",
        "evt-1  HELD",
        "e      SUCCEEDED",
    ]


def test_a_notification_is_a_line_for_the_batch_and_one_for_each_order() -> None:
    orders = [
        {"id": "evt-1", "orderId": "B-1", "documentNo": "88776655", "status": "SUCCEEDED", "errors": []},
        {"id": "evt-2", "orderId": None, "documentNo": None, "status": "FAILED", "errors": ["No customer", "No day"]},
    ]
    event = {"data": {"batchId": "b7c4", "status": "PARTIALLY_FAILED", "cause": "ARM's result", "orders": orders}}

    assert list(of_notification(event)) == [
        "batch b7c4: PARTIALLY_FAILED, ARM's result",
        "id     orderId  documentNo      status     errors",
        "evt-1  B-1      88776655        SUCCEEDED",
        "evt-2           (ARM's choice)  FAILED     No customer; No day",
    ]


def test_a_story_has_a_line_for_each_order_and_each_step() -> None:
    batch = {
        "orders": [{"id": "evt-1", "orderId": None, "documentNo": "88776655", "status": "SUCCEEDED"}],
        "history": [
            {"at": "2025-02-27T12:00:00.123456Z", "status": "CLAIMED", "cause": "accepted"},
            {"at": "2025-02-27T12:00:09.000000Z", "status": "SUCCEEDED", "cause": "ARM's result"},
        ],
    }

    assert list(of_story(batch)) == [
        "evt-1 / 88776655: SUCCEEDED",
        "when (UTC)           became     because",
        "2025-02-27 12:00:00  CLAIMED    accepted",
        "2025-02-27 12:00:09  SUCCEEDED  ARM's result",
    ]
