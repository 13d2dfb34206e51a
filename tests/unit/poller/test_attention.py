"""What a batch that needs attention says to people who read mail."""

import json
from dataclasses import replace

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State
from arm_relay.poller.attention import LONGEST_SUBJECT, MOST_ORDERS, needs_attention, subject, words
from arm_relay.poller.notifications import message_of, repeated, to_event

from tests.support.builders import NOW, a_batch, a_batch_order, a_total


def a_failure(**changes: object) -> Batch:
    orders = [
        a_batch_order(id="evt-1", status=OrderStatus.SUCCEEDED),
        a_batch_order(
            id="evt-2",
            order_id="B-0564312",
            document_no="88776656",
            status=OrderStatus.FAILED,
            errors=("no such\n customer",),
            total=a_total("250.00"),
            currency="NOK",
        ),
    ]
    pending = a_batch(state=State.PENDING, orders=tuple(orders), **changes)
    return steps.ended_each(pending, State.PARTIALLY_FAILED, orders, "ARM's result", NOW)


def held(**changes: object) -> Batch:
    return steps.held(a_batch(**changes), "its polls failed unexpectedly", NOW)


def succeeded() -> Batch:
    pending = a_batch(state=State.PENDING)
    return steps.ended(pending, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", NOW)


def test_the_words_say_which_orders_and_why_and_what_to_do() -> None:
    assert words(to_event(a_failure())["data"]) == (
        "1 of the 2 orders of this batch need attention.\n"
        "\n"
        "Client:  2218\n"
        "Batch:   batch-1\n"
        "Status:  PARTIALLY_FAILED\n"
        "Why:     ARM's result\n"
        "\n"
        "Order:    B-0564312\n"
        "Id:       evt-2\n"
        "Invoice:  88776656\n"
        "Customer: 543210\n"
        "Sum:      250.00 NOK\n"
        "Status:   FAILED\n"
        "ARM says: no such customer\n"
        "\n"
        "What to do\n"
        "\n"
        "FAILED: ARM did not create its document. Correct the order in the system that sent it, and send it again "
        "under the same id. If the order is right, and only ARM had to be changed, have it retried unchanged "
        "(docs/operations.md).\n"
        "\n"
        "All that is known: GET /v1/clients/2218/batches/batch-1 of the operators' API.\n"
    )


def test_the_subject_is_one_that_sns_takes() -> None:
    assert subject(to_event(a_failure())["data"]) == "ARM Relay: 1 order of client 2218 is PARTIALLY_FAILED"
    assert subject(to_event(held())["data"]) == "ARM Relay: 1 order of client 2218 is HELD"

    long = subject(to_event(held(client_no="æ\n" * 100))["data"])
    assert long.isascii()
    assert len(long) <= LONGEST_SUBJECT


def test_arms_answer_is_shown_where_it_gave_no_reason_for_an_order() -> None:
    refused = steps.refused(a_batch(), Answer(400, '{"message":  "no such customer"}' + "x" * 1000), NOW)

    assert 'ARM answered 400: {"message": "no such customer"}xxx' in words(to_event(refused)["data"])
    assert "…" in words(to_event(refused)["data"])


def test_many_orders_are_not_all_listed() -> None:
    orders = tuple(a_batch_order(id=f"evt-{number}") for number in range(MOST_ORDERS + 3))

    text = words(to_event(held(orders=orders))["data"])

    assert text.count("Order:  ") == MOST_ORDERS
    assert "and 3 more" in text


@pytest.mark.parametrize(("batch", "is_told"), [(a_failure(), True), (held(), True), (succeeded(), False)])
def test_only_what_needs_attention_is_told(batch: Batch, is_told: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    assert needs_attention(batch) is is_told


# Beside the message.


def test_mail_gets_words_and_everybody_else_the_same_message() -> None:
    request = message_of(a_failure()).entry("0")

    assert request["MessageStructure"] == "json"
    both = json.loads(request["Message"])
    assert both.keys() == {"default", "email"}
    assert json.loads(both["default"]) == to_event(a_failure())
    assert both["email"] == words(to_event(a_failure())["data"])


def test_a_success_is_published_as_it_is() -> None:
    request = message_of(succeeded()).entry("0")

    assert {"MessageStructure", "Subject"} & request.keys() == set()
    assert json.loads(request["Message"]) == to_event(succeeded())


def test_a_message_that_leaves_no_room_for_words_is_published_without_them() -> None:
    batch = a_failure()
    large = replace(batch, orders=(replace(batch.orders[1], errors=('"' * 100_000,)),))

    message = message_of(large)

    assert "MessageStructure" not in message.entry("0")
    assert json.loads(message.text) == to_event(large)


def test_announced_again_it_has_the_same_words_even_if_the_batch_was_trimmed_meanwhile() -> None:
    batch = steps.refused(a_batch(), Answer(400, "no such customer"), NOW)
    before = message_of(batch)

    after = repeated(steps.trimmed(batch, NOW), before.text)

    assert after == replace(before, is_repeated=True)
    assert after.entry("0")["Message"] == before.entry("0")["Message"]
    assert after.entry("0")["Subject"] == before.entry("0")["Subject"]
    assert json.loads(before.text) == to_event(batch)


def test_a_credit_note_without_its_invoice_is_not_said_to_be_refused_by_arm() -> None:
    credit = a_batch(state=State.QUEUED, attempt=0)

    said = words(to_event(steps.not_created(credit, NOW))["data"])

    assert "ARM refused" not in said
    assert "the relay did not send the credit note to ARM" in said
