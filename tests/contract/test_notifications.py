"""What subscribers of the topic get, frozen: CloudEvents, and the attributes their filter policies use."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from arm_relay.arm.outcomes import MAX_ERROR_LENGTH, MAX_ERRORS
from arm_relay.batches import steps
from arm_relay.batches.batch import ENDS, KEPT_ANSWER, Amounts, Answer, Batch, BatchOrder, OrderStatus, State
from arm_relay.orders.order import MAX_ID
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.orders.values import MOST_METADATA_BYTES
from arm_relay.poller.notifications import Topic, message_of, repeated, to_event

from tests.support.builders import NOW, a_batch, a_batch_order
from tests.support.diary import Diary
from tests.support.messages import queue_text_of
from tests.support.schemas import SCHEMAS, faults

#: SNS's limit for a message with its attributes, in bytes.
SNS_LIMIT = 256 * 1024

ENDED_AT = NOW + timedelta(minutes=5)
ANSWER = Answer(200, '{"status":"PROCESSED","result":"OK"}')

#: The longest character there is: SNS rejects it, so that it is written as an escape of six bytes.
LONG = "\uffff"


def pending(**changes: object) -> Batch:
    batch = a_batch(**{"orders": (an_announced_order(),)} | changes)
    return replace(steps.pending(batch, "uuid-1", ANSWER, NOW), answer=ANSWER)


def an_announced_order(**changes: object) -> BatchOrder:
    details = {
        "invoice_date": date(2025, 2, 27),
        "due_date": date(2025, 3, 11),
        "currency": "NOK",
        "total": Amounts(Decimal("200.00"), Decimal("50.00"), Decimal("250.00")),
        "metadata": (("shop", "oslo-2"),),
    }
    return a_batch_order(**details | changes)


def succeeded() -> Batch:
    return steps.ended(pending(), State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", ENDED_AT)


def partially_failed() -> Batch:
    orders = (an_announced_order(), an_announced_order(id="evt-2", order_id=None, document_no=None))
    batch = pending(orders=orders)
    after = [
        replace(orders[0], status=OrderStatus.SUCCEEDED),
        replace(orders[1], status=OrderStatus.FAILED, errors=("Customer cannot be billed",)),
    ]
    return steps.ended_each(batch, State.PARTIALLY_FAILED, after, "ARM's result", ENDED_AT)


def failed() -> Batch:
    return steps.ended(pending(), State.FAILED, OrderStatus.FAILED, "ARM's result", ENDED_AT)


def refused() -> Batch:
    return steps.refused(a_batch(orders=(an_announced_order(),)), Answer(400, "no"), ENDED_AT)


def held() -> Batch:
    return steps.held(a_batch(orders=(an_announced_order(),)), "ARM did not take it in time", ENDED_AT)


def closed() -> Batch:
    announced = steps.announced(held())
    return steps.closed(announced, State.FAILED, "asked by phone", "arn:aws:iam::1:user/kari", ENDED_AT)


def an_event(**data: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "batch-1.1",
        "source": "/arm-relay/clients/2218",
        "subject": "batch-1",
        "time": "2025-02-27T12:05:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "batchId": "batch-1",
            "clientNo": "2218",
            "cause": "ARM's result",
            "by": None,
            "redrive": None,
            "batchUuid": "uuid-1",
            "sequence": 1,
            "answer": {"status": 200, "body": '{"status":"PROCESSED","result":"OK"}'},
            "answerOmitted": False,
        }
        | data,
    }


def a_line(status: str, **changes: object) -> dict[str, Any]:
    line = {"id": "evt-1", "orderId": "B-1", "documentNo": "88776655", "status": status, "errors": []}
    details = {
        "type": "order.invoiced",
        "customerNo": "543210",
        "invoiceDate": "2025-02-27",
        "dueDate": "2025-03-11",
        "currency": "NOK",
        "total": {"net": 200, "vat": 50, "gross": 250},
        "metadata": {"shop": "oslo-2"},
    }
    return line | details | changes


EVENTS: list[tuple[Callable[[], Batch], dict[str, Any]]] = [
    (
        succeeded,
        an_event(status="SUCCEEDED", orders=[a_line("SUCCEEDED")]) | {"type": "arm-relay.batch.succeeded"},
    ),
    (
        partially_failed,
        an_event(
            status="PARTIALLY_FAILED",
            orders=[
                a_line("SUCCEEDED"),
                a_line("FAILED", id="evt-2", orderId=None, documentNo=None, errors=["Customer cannot be billed"]),
            ],
        )
        | {"type": "arm-relay.batch.partially-failed"},
    ),
    (failed, an_event(status="FAILED", orders=[a_line("FAILED")]) | {"type": "arm-relay.batch.failed"}),
    (
        refused,
        an_event(
            status="REFUSED",
            cause="ARM answered 400",
            batchUuid=None,
            answer={"status": 400, "body": "no"},
            orders=[a_line("REFUSED")],
        )
        | {"type": "arm-relay.batch.refused"},
    ),
    (
        held,
        an_event(
            status="HELD",
            cause="ARM did not take it in time",
            batchUuid=None,
            answer=None,
            orders=[a_line("HELD")],
        )
        | {"type": "arm-relay.batch.held"},
    ),
    (
        closed,
        an_event(
            status="FAILED",
            cause="asked by phone",
            by="arn:aws:iam::1:user/kari",
            redrive={
                "by": "arn:aws:iam::1:user/kari",
                "at": "2025-02-27T12:05:00.000000Z",
                "reason": "asked by phone",
            },
            batchUuid=None,
            sequence=2,
            answer=None,
            orders=[a_line("FAILED")],
        )
        | {"type": "arm-relay.batch.failed", "id": "batch-1.2"},
    ),
]


class Sns:
    """Takes messages as SNS does."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def publish_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 (as boto3 has it)
        self.requests.append(request)
        return {"Successful": [{"Id": entry["Id"]} for entry in request["PublishBatchRequestEntries"]], "Failed": []}


def published(batch: Batch) -> dict[str, Any]:
    sns: Any = Sns()
    assert Topic(sns, "arn:topic", Diary()).publish_all([message_of(batch)]) == {batch.id}
    (request,) = sns.requests
    (entry,) = request["PublishBatchRequestEntries"]
    return {"TopicArn": request["TopicArn"], **entry}


@pytest.mark.parametrize(("make", "event"), EVENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_message_of_an_end(make: Callable[[], Batch], event: dict[str, Any]) -> None:
    assert to_event(make()) == event


@pytest.mark.parametrize(("make", "event"), EVENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_message_is_the_event_as_json(make: Callable[[], Batch], event: dict[str, Any]) -> None:
    request = published(make())

    assert request["TopicArn"] == "arn:topic"
    assert json.loads(queue_text_of(request)) == event


def test_every_state_that_is_announced_is_among_them() -> None:
    assert {make().state for make, _ in EVENTS} == ENDS | {State.HELD}


def test_filter_policies_find_type_client_and_status() -> None:
    assert published(partially_failed())["MessageAttributes"] == {
        "type": {"DataType": "String", "StringValue": "arm-relay.batch.partially-failed"},
        "clientNo": {"DataType": "String", "StringValue": "2218"},
        "status": {"DataType": "String", "StringValue": "PARTIALLY_FAILED"},
        "replayed": {"DataType": "String", "StringValue": "false"},
    }


def test_what_is_published_again_is_the_same_text_and_says_so() -> None:
    sns: Any = Sns()
    Topic(sns, "arn:topic", Diary()).publish_all([repeated(succeeded(), "as it was")])
    (request,) = sns.requests
    (entry,) = request["PublishBatchRequestEntries"]

    assert entry["Message"] == "as it was"
    assert entry["MessageAttributes"]["replayed"] == {"DataType": "String", "StringValue": "true"}


def test_the_same_end_announced_again_is_the_same_message() -> None:
    first = succeeded()
    again = replace(first, version=9, polls=3, due=NOW + timedelta(days=1))

    assert published(again) == published(first)


def test_a_hold_and_the_end_that_follows_it_have_ids_of_their_own() -> None:
    assert [to_event(held())["id"], to_event(closed())["id"]] == ["batch-1.1", "batch-1.2"]


def test_letters_stay_letters() -> None:
    assert "Blåbær" in queue_text_of(published(replace(held(), cause="Blåbær")))


@pytest.mark.parametrize("character", ["\ufffe", "\uffff"])
def test_what_sns_takes_for_no_character_is_written_in_another_way(character: str) -> None:
    message = queue_text_of(published(replace(held(), cause=f"a{character}b")))

    assert character not in message
    assert json.loads(message)["data"]["cause"] == f"a{character}b"


@pytest.mark.parametrize("make", [make for make, _ in EVENTS], ids=lambda make: str(make.__name__))
def test_the_message_keeps_the_published_schema(make: Callable[[], Batch]) -> None:
    assert faults("notification", json.loads(queue_text_of(published(make())))) == []


def test_the_published_schema_has_the_states_that_are_announced_and_no_other() -> None:
    schema = json.loads((SCHEMAS / "notification.schema.json").read_text())
    announced = {make() for make, _ in EVENTS}

    assert set(schema["properties"]["type"]["enum"]) == {to_event(batch)["type"] for batch in announced}
    assert set(schema["$defs"]["Batch"]["properties"]["status"]["enum"]) == {batch.state for batch in announced}
    ends = set(OrderStatus) - {OrderStatus.IN_PROGRESS}
    assert set(schema["$defs"]["Order"]["properties"]["status"]["enum"]) == ends


# Size.


def largest() -> Batch:
    """Everything as long as it may be."""
    order = a_batch_order(
        id=LONG * MAX_ID,
        order_id=LONG * 100,
        customer_no=LONG * 100,
        document_no=LONG * 100,
        type="order.credited",
        invoice_date=date(2025, 2, 27),
        due_date=date(2025, 2, 27),
        currency="NOK",
        total=Amounts(*[Decimal("-9999999999.999")] * 3),
        metadata=(("a" * 40, "x" * (MOST_METADATA_BYTES - len('{"":""}') - 40)),),
        status=OrderStatus.FAILED,
        errors=(LONG * MAX_ERROR_LENGTH,) * MAX_ERRORS,
    )
    batch = pending(id="x" * 36, client_no="1" * 20, orders=(order,) * MAX_ORDERS)
    held_by_us = steps.announced(steps.held(batch, "too old", NOW))
    ended = steps.closed(held_by_us, State.SUCCEEDED, LONG * 500, "arn:" + "x" * 2000, ENDED_AT)
    return replace(ended, answer=Answer(200, '"' * KEPT_ANSWER))


def size(request: dict[str, Any]) -> int:
    attributes = [
        text
        for name, value in request["MessageAttributes"].items()
        for text in (name, value["DataType"], value["StringValue"])
    ]
    return len(request["Message"].encode()) + sum(len(text.encode()) for text in attributes)


def test_the_largest_message_of_all_stays_within_what_sns_takes() -> None:
    assert size(published(largest())) <= SNS_LIMIT


def test_a_message_that_is_too_large_leaves_out_arms_answer_and_says_so() -> None:
    batch = largest()

    message = json.loads(queue_text_of(published(replace(batch, answer=Answer(200, '"' * 200_000)))))

    assert faults("notification", message) == []
    data = message["data"]
    assert (data["answer"], data["answerOmitted"]) == (None, True)
    assert len(data["orders"]) == MAX_ORDERS


def test_an_answer_as_long_as_it_may_be_stays_in_an_ordinary_message() -> None:
    batch = replace(succeeded(), answer=Answer(200, '"' * KEPT_ANSWER))

    data = json.loads(queue_text_of(published(batch)))["data"]

    assert (len(data["answer"]["body"]), data["answerOmitted"]) == (KEPT_ANSWER, False)


def test_whoever_had_a_held_batch_asked_again_stands_in_the_announcement_of_its_end() -> None:
    held = steps.announced(steps.held(pending(), "too old", NOW))
    asked = steps.asked(held, "the outage is over", "arn:kari", ENDED_AT)

    event = to_event(steps.ended(asked, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", ENDED_AT))

    assert faults("notification", event) == []
    assert (event["data"]["by"], event["data"]["redrive"]) == (
        None,
        {"by": "arn:kari", "at": "2025-02-27T12:05:00.000000Z", "reason": "the outage is over"},
    )


def test_an_announcement_that_was_asked_for_again_is_no_redrive_of_what_comes_later() -> None:
    held = steps.announced(steps.held(pending(), "too old", NOW))
    again = steps.announced(steps.to_be_repeated(held, "the queue was lost", "arn:kari", NOW))

    closed = steps.closed(again, State.SUCCEEDED, "found it", "arn:ola", ENDED_AT)

    assert to_event(closed)["data"]["redrive"]["by"] == "arn:ola"
    assert to_event(again)["data"]["redrive"] is None
