from sandbox.tables import of_notification, rows


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
