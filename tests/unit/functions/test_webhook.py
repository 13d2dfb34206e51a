"""The webhook function as Lambda calls it: API Gateway events in, answers out; AWS by moto, ARM by its simulator."""

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from string import ascii_letters
from typing import Any

import boto3
import pytest
from arm_relay.api.event import LARGEST_BODY
from arm_relay.store.announced import Announced, Announcement

from functions.webhook import app
from tests.support.api_world import (
    CONTEXT,
    SECRET,
    SIGNING_SECRET,
    Apis,
    an_event,
    as_text,
    at,
    deployed,
    put_secret,
    signed,
)
from tests.support.builders import TIMES, an_order
from tests.support.store_contract import ANNOUNCED, TABLE


def limited_to(kroner: str) -> dict[str, Any]:
    """The secret, with the largest total of one order of the client."""
    return SECRET | {"clients": {"2218": {"signingSecrets": [SIGNING_SECRET], "maxTotal": {"NOK": kroner}}}}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apis]:
    with deployed(monkeypatch) as apis:
        yield apis


# Orders.


def test_an_order_is_accepted_and_submitted(api: Apis) -> None:
    answer = api.post(an_order())

    assert answer.status == 202
    assert answer.headers["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in answer.headers
    (batch,) = api.arm.ledger.batches
    assert answer.body == {
        "batchId": answer.body["batchId"],
        "status": "PENDING",
        "batchUuid": batch.uuid,
        "orders": [
            {
                "id": "evt-1",
                "orderId": "B-1",
                "documentNo": "88776655",
                "status": "IN_PROGRESS",
                "errors": [],
                "outcome": "accepted",
                "batchId": answer.body["batchId"],
                "currency": "NOK",
                "total": {"net": 200, "vat": 50, "gross": 250},
            }
        ],
    }


@pytest.mark.parametrize("name", ["webhook-order", "webhook-bulk"])
def test_the_example_events_are_accepted_once_they_are_signed(api: Apis, name: str) -> None:
    event = an_event(name)

    answer = api.call(signed(event, event["body"]))

    assert answer.status == 202
    assert len(answer.body["orders"]) == len(api.arm.ledger.documents)


def test_an_example_event_as_it_stands_is_too_old(api: Apis) -> None:
    answer = api.call(an_event("webhook-order"))

    assert (answer.status, answer.problem) == (401, "bad-signature")


def test_several_orders_become_one_batch(api: Apis) -> None:
    orders = [an_order(id=f"evt-{number}", invoiceNo=str(number)) for number in range(40)]

    answer = api.post(orders)

    assert answer.status == 202
    assert [order["id"] for order in answer.body["orders"]] == [order["id"] for order in orders]
    assert len(api.arm.ledger.batches) == 1


def test_a_body_in_base64_is_the_same_body(api: Apis) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order(message="Blåbær")))
    encoded = event | {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert api.call(encoded).status == 202
    assert api.arm.ledger.documents[0].payload["customerMessage"] == "Blåbær"


def test_the_same_order_again_is_answered_with_its_batch(api: Apis) -> None:
    first = api.post(an_order())

    again = api.post(an_order())

    assert again.status == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.body["batchId"] == first.body["batchId"]
    assert [order["outcome"] for order in again.body["orders"]] == ["duplicate"]
    assert len(api.arm.ledger.batches) == 1


def test_of_several_orders_the_known_ones_are_left_out_of_the_new_batch(api: Apis) -> None:
    first = api.post(an_order())

    answer = api.post([an_order(), an_order(id="evt-2", invoiceNo="2")])

    assert answer.status == 202
    assert "Idempotent-Replayed" not in answer.headers
    assert [order["outcome"] for order in answer.body["orders"]] == ["duplicate", "accepted"]
    assert answer.body["orders"][0]["batchId"] == first.body["batchId"]
    assert answer.body["orders"][1]["batchId"] == answer.body["batchId"] != first.body["batchId"]
    assert len(api.arm.ledger.documents) == 2


def test_an_order_is_accepted_while_arm_is_down(api: Apis) -> None:
    api.arm.fail("any", "refuse")

    answer = api.post(an_order())

    assert (answer.status, answer.body["status"], answer.body["batchUuid"]) == (202, "QUEUED", None)


def test_an_order_is_accepted_while_arm_leaves_it_in_doubt(api: Apis) -> None:
    api.arm.fail("submit", "drop-after")

    assert api.post(an_order()).body["status"] == "UNCONFIRMED"


@pytest.mark.parametrize("fault", ["status", "token-garbage"])
def test_trouble_with_the_token_is_not_the_senders(api: Apis, fault: str) -> None:
    api.arm.fail("token", fault)

    answer = api.post(an_order())

    assert (answer.status, answer.body["status"]) == (202, "QUEUED")


# Faults, in the order in which they are looked for.


def test_an_unknown_client_and_a_wrong_signature_are_answered_alike(api: Apis) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order()), secret="whsec_" + "A" * 32)

    of_nobody, of_another = api.call(at(event, "/v1/clients/9/orders")), api.call(event)

    assert (of_nobody.status, of_nobody.problem) == (401, "bad-signature")
    assert (of_nobody.status, of_nobody.headers, of_nobody.text) == (
        of_another.status,
        of_another.headers,
        of_another.text,
    )


def test_a_body_that_is_too_large_is_refused_before_its_signature_is_looked_at(api: Apis) -> None:
    answer = api.call(an_event("webhook-order") | {"body": "x" * (LARGEST_BODY + 1)})

    assert (answer.status, answer.problem) == (413, "too-large")


def test_a_bad_signature_is_refused_before_the_media_type_is_looked_at(api: Apis) -> None:
    answer = api.post("{", webhook_signature="v1,AAAA", content_type="text/plain")

    assert (answer.status, answer.problem) == (401, "bad-signature")


def test_the_media_type_is_looked_at_before_the_body(api: Apis) -> None:
    answer = api.post("{", content_type="text/plain")

    assert (answer.status, answer.problem) == (415, "not-json-media-type")


def test_what_is_not_json_is_a_bad_request(api: Apis) -> None:
    answer = api.post("{")

    assert (answer.status, answer.problem) == (400, "not-json")


def test_no_body_at_all_is_a_bad_request(api: Apis) -> None:
    event = signed(an_event("webhook-order"), "")
    del event["body"]

    assert api.call(event).status == 400


def test_every_fault_of_every_order_is_told_with_its_pointer(api: Apis) -> None:
    answer = api.post([an_order(currency="nok"), an_order(id="evt-2", customerNo=None)])

    assert (answer.status, answer.problem) == (422, "invalid-order")
    assert {error["pointer"] for error in answer.body["errors"]} == {
        "/0/currency",
        "/1/customerNo",
        "/1/invoiceNo",
    }
    assert api.items() == 0


def test_a_credit_note_is_not_valid_until_its_code_is_set(api: Apis) -> None:
    answer = api.post(an_order(type="order.credited"))

    assert (answer.status, answer.problem) == (422, "invalid-order")
    assert answer.body["errors"] == [
        {"pointer": "/type", "detail": "credit notes are not set up in this relay: ask the people who operate it"}
    ]


def test_a_field_nobody_knows_is_told_with_the_one_that_was_meant(api: Apis) -> None:
    answer = api.post(an_order(invoiceNumber="1"))

    assert answer.status == 422
    assert answer.body["errors"] == [
        {"pointer": "/invoiceNumber", "detail": "no such field: did you mean `invoiceNo`?"}
    ]


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        pytest.param("[" * 100_000, 400, "not-json", id="nested"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, 400, "not-json", id="nested and closed"),
        pytest.param('{"paymentTermsDays": NaN}', 400, "not-json", id="NaN"),
        pytest.param('{"paymentTermsDays": -Infinity}', 400, "not-json", id="Infinity"),
        pytest.param('{"paymentTermsDays": 1e999999}', 422, "invalid-order", id="huge power"),
        pytest.param('{"paymentTermsDays": %s}' % ("9" * 10_000), 422, "invalid-order", id="ten thousand digits"),
        pytest.param('{"paymentTermsDays": 1, "paymentTermsDays": 1}', 422, "invalid-order", id="repeated key"),
        pytest.param(json.dumps([an_order()] * 51), 422, "invalid-order", id="51 orders"),
        pytest.param("[]", 422, "invalid-order", id="no orders"),
    ],
)
def test_what_goes_beyond_a_limit_is_told_by_a_problem(api: Apis, body: str, status: int, problem: str) -> None:
    answer = api.post(body)

    assert (answer.status, answer.problem) == (status, problem)
    assert api.items() == 0


def test_a_body_of_the_largest_size_is_taken(api: Apis) -> None:
    order = json.dumps(an_order())

    assert api.post(order + " " * (LARGEST_BODY - len(order))).status == 202
    assert api.post(order + " " * (LARGEST_BODY - len(order) + 1)).problem == "too-large"


# Requests of which the valid orders shall be accepted.


def accepting_valid(body: object, on_invalid: str = "accept-valid") -> dict[str, Any]:
    event = signed(an_event("webhook-order"), as_text(body))
    return event | {"rawQueryString": f"onInvalid={on_invalid}", "queryStringParameters": {"onInvalid": on_invalid}}


def test_the_valid_orders_are_accepted_and_the_others_told_with_their_problems(api: Apis) -> None:
    api.post(an_order(id="evt-0", invoiceNo="0"))
    orders = [
        an_order(),
        an_order(id="evt-0", invoiceNo="0"),
        an_order(id="evt-0", invoiceNo="0"),
        an_order(id="evt-2", invoiceNo="2", lines=[{"text": "Hello"}, {"sku": "1", "vatRate": 101}]),
        an_order(id="evt-3", invoiceNo="3", type="order.credited"),
    ]

    answer = api.call(accepting_valid(orders))

    assert answer.status == 202
    assert "Idempotent-Replayed" not in answer.headers
    lines = answer.body["orders"]
    assert [(line["id"], line["outcome"]) for line in lines] == [
        ("evt-1", "accepted"),
        ("evt-0", "duplicate"),
        ("evt-0", "duplicate"),
        ("evt-2", "invalid"),
        ("evt-3", "invalid"),
    ]
    assert {error["pointer"] for line in lines[3:] for error in line["problem"]["errors"]} == {
        "/3/lines/1/name",
        "/3/lines/1/quantity",
        "/3/lines/1/unitPrice",
        "/3/lines/1/vatRate",
        "/4/type",
    }
    assert [document.sales_order_id for document in api.arm.ledger.documents] == ["B-1", "B-1"]


def test_a_conflict_is_a_line_where_the_valid_orders_are_accepted(api: Apis) -> None:
    api.post(an_order())

    answer = api.call(accepting_valid([an_order(message="other"), an_order(id="evt-2", invoiceNo="2")]))

    assert answer.status == 202
    assert [line["outcome"] for line in answer.body["orders"]] == ["conflict", "accepted"]
    assert answer.body["orders"][0]["problem"]["status"] == 409


def test_one_order_alone_is_answered_as_an_array_of_one(api: Apis) -> None:
    assert api.call(accepting_valid(an_order(currency="nok"))).problem == "invalid-order"
    assert api.call(accepting_valid(an_order())).status == 202
    assert api.call(accepting_valid(an_order())).headers["Idempotent-Replayed"] == "true"
    assert api.call(accepting_valid(an_order(message="other"))).problem == "conflict"


def test_without_the_parameter_nothing_is_sent_beside_a_faulty_order(api: Apis) -> None:
    orders = [an_order(), an_order(id="evt-2", invoiceNo="2", currency="nok")]

    told = [api.post(orders), api.call(accepting_valid(orders, "reject-all"))]

    assert [(answer.status, answer.body["errors"][0]["pointer"]) for answer in told] == [(422, "/1/currency")] * 2
    assert api.items() == 0


@pytest.mark.parametrize("value", ["", "accept", "ACCEPT-VALID", "accept-valid,reject-all"])
def test_another_value_of_the_parameter_is_told(api: Apis, value: str) -> None:
    answer = api.call(accepting_valid(an_order(), value))

    assert (answer.status, answer.problem) == (400, "invalid-query")
    assert answer.body["detail"] == "The query parameter onInvalid should be reject-all or accept-valid."
    assert api.items() == 0


def test_the_parameter_is_looked_at_only_behind_the_door(api: Apis) -> None:
    event = accepting_valid(an_order(), "nonsense")
    del event["headers"]["webhook-signature"]

    assert api.call(event).problem == "bad-signature"


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", ["", "æ", "\ud800", "nan", "1e9", "-1", "v2,AAAA", "v1,=", "v1", "x" * 100_000])
def test_a_malformed_header_is_a_bad_signature(api: Apis, header: str, value: str) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order()))
    event["headers"][header] = value

    answer = api.call(event)

    assert (answer.status, answer.problem) == (401, "bad-signature")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_a_bad_signature(api: Apis, header: str) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order()))
    del event["headers"][header]

    assert api.call(event).status == 401


def test_a_request_without_any_header_is_answered(api: Apis) -> None:
    event = an_event("webhook-order")
    del event["headers"]

    assert api.call(event).status == 401


def test_the_same_id_with_other_content_is_a_conflict(api: Apis) -> None:
    api.post(an_order())

    answer = api.post([an_order(id="evt-0", invoiceNo="0"), an_order(message="other")])

    assert (answer.status, answer.problem) == (409, "conflict")
    assert answer.body["orderIds"] == ["evt-1"]
    assert len(api.arm.ledger.batches) == 1


def test_orders_that_do_not_fit_into_the_table_are_too_large(api: Apis) -> None:
    random = Random(1)  # noqa: S311 (text that does not compress)
    lines = [{"text": "".join(random.choices(ascii_letters, k=2000))} for _ in range(400)]

    answer = api.post(an_order(lines=lines))

    assert (answer.status, answer.problem) == (413, "too-large")
    assert api.items() == 0
    assert api.arm.ledger.batches == []


# What ARM refuses at once.


def test_what_arm_refuses_at_once_is_not_processable(api: Apis) -> None:
    api.arm.fail("submit", "status", 1, status=400)

    answer = api.post(an_order())

    assert (answer.status, answer.problem) == (422, "refused-by-arm")
    assert answer.body["answer"]["status"] == 400
    assert answer.body["batchId"]


def test_what_arm_refused_may_be_sent_again_with_other_content(api: Apis) -> None:
    api.arm.fail("submit", "status", 1, status=400)
    refused = api.post(an_order())

    answer = api.post(an_order(message="put right"))

    assert answer.status == 202
    assert answer.body["batchId"] != refused.body["batchId"]


# What the relay itself cannot do.


def test_without_its_table_the_relay_takes_nothing(api: Apis) -> None:
    api.dynamodb.delete_table(TableName=TABLE)

    answer = api.post(an_order())

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert api.arm.ledger.batches == []
    assert "ResourceNotFound" not in answer.text


def test_without_its_secret_the_relay_takes_nothing(api: Apis) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId="secret", ForceDeleteWithoutRecovery=True)

    answer = api.post(an_order())

    assert (answer.status, answer.problem) == (503, "unavailable")


def test_with_a_secret_that_is_not_json_the_relay_takes_nothing(api: Apis) -> None:
    put_secret("{")

    assert api.post(an_order()).status == 503


def test_with_a_signing_secret_that_is_too_short_the_relay_takes_nothing_and_logs_why(api: Apis) -> None:
    short = "whsec_aHVudGVyMg=="
    put_secret(json.dumps(SECRET | {"clients": {"2218": {"signingSecrets": [short]}}}))

    answer = api.call(signed(an_event("webhook-order"), json.dumps(an_order()), short))

    assert (answer.status, answer.problem) == (401, "bad-signature")
    assert "client 2218: signing secret 1 is shorter than 24 bytes" in api.logged.getvalue()
    assert "aHVudGVyMg" not in api.logged.getvalue() + answer.text


def test_a_signing_secret_of_two_clients_signs_for_neither_and_the_log_says_where_it_stands(api: Apis) -> None:
    other = "whsec_" + "T" * 32
    clients = {"2218": {"signingSecrets": [SIGNING_SECRET, other]}, "2219": {"signingSecrets": [SIGNING_SECRET]}}
    put_secret(json.dumps(SECRET | {"clients": clients}))

    answers = [
        api.call(signed(an_event("webhook-order"), json.dumps(an_order()), secret))
        for secret in (SIGNING_SECRET, other, SIGNING_SECRET)
    ]

    assert [answer.status for answer in answers] == [401, 202, 401]
    warnings = [line for line in map(json.loads, api.logged.getvalue().splitlines()) if "places" in line]
    assert [(line["level"], line["places"]) for line in warnings] == [("WARNING", "2218: 1, 2219: 1")]
    assert SIGNING_SECRET.removeprefix("whsec_") not in api.logged.getvalue()


def test_an_order_beyond_the_clients_largest_total_is_not_sent(api: Apis) -> None:
    put_secret(json.dumps(limited_to("249.99")))

    answer = api.post(an_order())

    assert (answer.status, answer.problem) == (422, "invalid-order")
    assert [error["pointer"] for error in answer.body["errors"]] == ["/lines"]
    assert api.arm.ledger.batches == []


def test_an_order_that_the_relay_has_is_answered_though_its_total_would_be_too_large_now(api: Apis) -> None:
    first = api.post(an_order())
    put_secret(json.dumps(limited_to("249.99")))
    app.relay.cache_clear()

    again = api.post(an_order())

    assert (again.status, again.body["batchId"]) == (200, first.body["batchId"])


def test_with_the_secret_the_template_creates_no_client_is_known(api: Apis) -> None:
    put_secret("{}")

    assert api.post(an_order()).status == 401


def test_a_failure_that_nobody_foresaw_is_told_in_no_detail(api: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("543210 owes 250")

    monkeypatch.setattr(app.relay().intake, "accept", fail)

    answer = api.post(an_order())

    assert (answer.status, answer.problem) == (500, "internal-error")
    assert "543210" not in answer.text


@pytest.mark.parametrize("path", ["/", "/v1/clients/2218", "/v1/clients/2218/order", "/v2/clients/2218/orders"])
def test_another_path_is_not_found(api: Apis, path: str) -> None:
    answer = api.call(at(an_event("webhook-order"), path))

    assert (answer.status, answer.problem) == (404, "unknown-route")


# What is told of it.


def test_every_request_is_counted(api: Apis, capsys: pytest.CaptureFixture[str]) -> None:
    api.call(at(an_event("webhook-order"), "/"))

    problem, whole = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (whole["Requests"], whole["RequestsRejected"]) == ([1.0], [1.0])
    assert (problem["RequestsRejected"], problem["problem"]) == ([1.0], "unknown-route")


def test_a_rejected_request_is_one_line_with_api_gateways_id(api: Apis) -> None:
    api.post(an_order(currency=None, lines=[]))

    lines = [json.loads(line) for line in api.logged.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] != "request signed"]
    expected = {
        "message": "request rejected",
        "problem": "invalid-order",
        "status": 422,
        "clientNo": "2218",
        "correlation_id": an_event("webhook-order")["requestContext"]["requestId"],
    }
    assert {name: line[name] for name in expected} == expected


def test_accepted_and_known_orders_are_counted(api: Apis, capsys: pytest.CaptureFixture[str]) -> None:
    api.post(an_order())
    api.post([an_order(), an_order(id="evt-2", invoiceNo="2")])

    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["OrdersAccepted"], "OrdersReplayed" in first) == ([1.0], False)
    assert (second["OrdersAccepted"], second["OrdersReplayed"]) == ([1.0], [1.0])


def test_every_transition_is_logged_with_the_same_fields(api: Apis) -> None:
    api.post(an_order())

    signed_line, *lines = [json.loads(line) for line in api.logged.getvalue().splitlines()]
    # The saved query of the signing secrets in use asks for these.
    assert [signed_line[name] for name in ("message", "clientNo", "secretPosition")] == ["request signed", "2218", 1]
    assert [(line["message"], line["state"]) for line in lines] == [
        ("batch moved", "CLAIMED"),
        ("batch moved", "PENDING"),
    ]
    assert {line["function_request_id"] for line in lines} == {"request-1"}


def test_nothing_secret_or_personal_is_logged(api: Apis, capsys: pytest.CaptureFixture[str]) -> None:
    order = an_order(
        emails=["kari@example.no"],
        message="Kjære Kari Nordmann",
        lines=[{"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": "73219.5", "vatRate": 25}],
    )
    event = signed(an_event("webhook-order"), json.dumps(order))
    api.call(event)
    api.call(event)
    api.post(order | {"message": "Kari Nordmann"})
    api.post(order | {"id": "evt-2", "invoiceNo": "73219.50", "currency": "Kari Nordmann"})
    api.post(json.dumps(order) + "Kari Nordmann")
    api.post(order, webhook_signature="v1,S2FyaSBOb3JkbWFubg==")
    api.arm.fail("submit", "status", 1, status=400)
    api.post(order | {"id": "evt-3", "invoiceNo": "3"})
    api.arm.fail("token", "status", 1, status=401)
    api.post(order | {"id": "evt-4", "invoiceNo": "4"})
    api.preview(order)
    put_secret(json.dumps(SECRET) + "}")
    api.dynamodb.delete_table(TableName=TABLE)
    api.post(order | {"id": "evt-5"})

    logged = api.logged.getvalue() + capsys.readouterr().out
    tokens = list(api.arm.api._tokens)  # noqa: SLF001 (the tokens that were given)
    secrets = [SIGNING_SECRET, SIGNING_SECRET.removeprefix("whsec_"), "s3cr3t", event["headers"]["webhook-signature"]]
    personal = ["kari", "Nordmann", "73219", "Comb", "S2FyaSBOb3JkbWFubg"]
    assert logged
    assert tokens
    assert [word for word in tokens + secrets + personal if word.casefold() in logged.casefold()] == []


# Previews.


def test_a_preview_shows_the_batch_and_what_arm_says_of_the_customer_and_sends_nothing(api: Apis) -> None:
    event = an_event("webhook-preview")

    answer = api.call(signed(event, event["body"]))

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    amounts = {"exclVat": 5200, "vat": 1300, "inclVat": 6500}
    assert answer.body["batch"]["documents"][0]["currencyAmounts"] == amounts
    assert answer.body["orders"] == [
        {
            "id": "evt-20250227-0001",
            "customerNo": "543210",
            "customer": "exists",
            "currency": "NOK",
            "total": {"net": 5200, "vat": 1300, "gross": 6500},
        }
    ]
    assert api.items() == 0
    assert [call.endpoint for call in api.arm.api.log] == ["token", "customer"]


def test_a_preview_tells_the_totals_that_a_document_without_a_currency_leaves_out(api: Apis) -> None:
    answer = api.preview([an_order(currency=None)])

    assert "currencyAmounts" not in answer.body["batch"]["documents"][0]
    (order,) = answer.body["orders"]
    assert (order["currency"], order["total"]) == (None, {"net": 200, "vat": 50, "gross": 250})


def test_a_preview_asks_for_each_customer_once(api: Apis) -> None:
    api.arm.settings.unknown_customers = {"B7"}
    numbers = ["a1", "A1", "b7", "a 1"]
    orders = [an_order(id=f"e{n}", invoiceNo=str(n), customerNo=number) for n, number in enumerate(numbers)]

    answer = api.preview(orders)

    assert [order["customer"] for order in answer.body["orders"]] == ["exists", "exists", "missing", "not-asked"]
    assert [call.path.rpartition("/")[2] for call in api.arm.api.log if call.endpoint == "customer"] == ["a1", "b7"]


@pytest.mark.parametrize("fault", ["not-json", "error-500-before", "refuse"])
def test_a_preview_is_shown_where_arm_says_nothing_of_the_customer(api: Apis, fault: str) -> None:
    api.arm.fail("any", fault)

    answer = api.preview(an_order())

    assert (answer.status, answer.body["orders"][0]["customer"]) == (200, "no-answer")


@pytest.mark.parametrize("change", [{"webhook_signature": "v1,AAAA"}, {"content_type": "text/plain"}], ids=str)
def test_a_preview_wants_what_the_orders_want(api: Apis, change: dict[str, str]) -> None:
    assert api.preview(an_order(), **change).status == api.post(an_order(), **change).status
    assert api.arm.api.log == []


def test_a_preview_is_for_orders_that_are_sent_and_not_for_retries(api: Apis) -> None:
    answer = api.ask("webhook-preview", an_order(failedBatchId="batch-1"))

    assert (answer.status, [error["pointer"] for error in answer.body["errors"]]) == (422, ["/failedBatchId"])


def test_a_preview_of_a_faulty_order_tells_its_faults(api: Apis) -> None:
    answer = api.preview(an_order(currency="nok"))

    assert (answer.status, answer.problem) == (422, "invalid-order")


def test_a_preview_of_what_is_not_json_is_a_bad_request(api: Apis) -> None:
    assert api.preview("{").status == 400


def test_a_preview_takes_no_more_than_a_request_of_orders(api: Apis) -> None:
    assert api.preview(" " * (LARGEST_BODY + 1)).problem == "too-large"


def test_a_preview_that_no_answer_can_hold_is_told(api: Apis) -> None:
    orders = [an_order(id=f"evt-{n}", invoiceNo=None, lines=[{"text": ""}] * 1000) for n in range(40)]

    answer = api.preview(orders)

    assert (answer.status, answer.problem) == (413, "too-large")


def test_a_preview_for_an_unknown_client_is_refused(api: Apis) -> None:
    event = signed(an_event("webhook-preview"), json.dumps(an_order()))

    answer = api.call(at(event, "/v1/clients/9/orders/preview"))

    assert (answer.status, answer.problem) == (401, "bad-signature")


# The description.


def test_the_description_is_small_and_the_same_document(api: Apis) -> None:
    event = an_event("webhook-openapi")
    plain = api.call(event | {"headers": {}})
    packed = app.handler(event | {"headers": {"Accept-Encoding": "br, gzip"}}, CONTEXT)

    assert plain.body == json.loads(app.OPENAPI.read_text())
    assert json.loads(gzip.decompress(base64.b64decode(packed["body"]))) == plain.body
    assert (packed["headers"]["Content-Encoding"], packed["isBase64Encoded"]) == ("gzip", True)
    assert len(plain.text) < 0.75 * app.OPENAPI.stat().st_size
    # At two requests a second, nobody can draw more than this of it.
    assert len(base64.b64decode(packed["body"])) < 30_000


def test_the_description_is_not_sent_again_while_it_has_not_changed(api: Apis) -> None:
    event = an_event("webhook-openapi")
    known = api.call(event | {"headers": {}}).headers

    again = api.call(event | {"headers": {"if-none-match": known["ETag"]}})

    assert (again.status, again.text, again.headers["ETag"]) == (304, "", known["ETag"])
    assert known["Cache-Control"] == "public, max-age=3600"


# Asking and retrying.


@pytest.mark.parametrize("name", ["webhook-retry", "webhook-status", "webhook-results"])
def test_who_does_not_sign_is_told_nothing(api: Apis, name: str) -> None:
    event = an_event(name)

    assert (api.call(event).status, api.call(event).problem) == (401, "bad-signature")
    assert api.call(signed(event, event["body"], secret="whsec_" + "A" * 32)).problem == "bad-signature"
    assert api.call(signed(event, event["body"], content_type="text/plain")).problem == "not-json-media-type"
    assert api.call(signed(at(event, event["rawPath"].replace("2218", "999")), event["body"])).problem == (
        "bad-signature"
    )


@pytest.mark.parametrize("name", ["webhook-retry", "webhook-status", "webhook-results"])
def test_a_question_that_is_not_json_is_told_as_that(api: Apis, name: str) -> None:
    assert (api.ask(name, "{").status, api.ask(name, "{").problem) == (400, "not-json")


def test_an_accepted_order_says_where_its_sender_asks_about_it(api: Apis) -> None:
    accepted = api.post(an_order())

    answer = api.ask("webhook-status", {"ids": ["evt-1", "evt-2"]}, accepted.headers["Location"])

    assert answer.status == 200
    known, unknown = answer.body["orders"]
    assert (known["batchId"], known["status"], known["order"]["status"]) == (
        accepted.body["batchId"],
        "PENDING",
        "IN_PROGRESS",
    )
    assert unknown == {"id": "evt-2", "known": False}
    assert "Location" not in api.post(an_order()).headers


@pytest.mark.parametrize(
    ("name", "body", "pointer"),
    [("webhook-status", {"ids": []}, "/ids"), ("webhook-results", {"after": "yesterday"}, "/after")],
)
def test_a_question_that_is_not_valid_is_told_with_its_place(
    api: Apis, name: str, body: dict[str, Any], pointer: str
) -> None:
    answer = api.ask(name, body)

    assert (answer.status, answer.problem) == (422, "invalid-question")
    assert [fault["pointer"] for fault in answer.body["errors"]] == [pointer]


def test_results_are_those_that_the_poller_has_kept(api: Apis) -> None:
    announced = Announced(api.dynamodb, ANNOUNCED, TIMES.retention)
    announced.keep([Announcement("b1.1", "2218", datetime.now(UTC), '{"id":"b1.1"}')])

    answer = api.ask("webhook-results", {})

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert (answer.body["events"], answer.body["more"]) == ([{"id": "b1.1"}], False)
    assert api.ask("webhook-results", {"after": answer.body["next"], "limit": 1}).status == 200


def test_an_order_that_arm_refused_is_retried_unchanged(api: Apis) -> None:
    api.arm.fail("submit", "status", 1, status=422)
    refused = api.post(an_order())
    batch_id = refused.body["batchId"]
    assert api.post(an_order()).headers["Idempotent-Replayed"] == "true"

    retried = api.ask("webhook-retry", an_order(failedBatchId=batch_id))
    again = api.ask("webhook-retry", an_order(failedBatchId=batch_id))

    assert (refused.status, retried.status, again.status) == (422, 202, 200)
    assert retried.headers["Location"] == "/v1/clients/2218/orders/status"
    assert retried.body["batchId"] == again.body["batchId"] != batch_id
    assert [entry["outcome"] for entry in again.body["orders"]] == ["duplicate"]
    assert len(api.arm.ledger.documents) == 1


def test_an_order_that_cannot_be_retried_is_told_how_it_stands(api: Apis) -> None:
    batch_id = api.post(an_order()).body["batchId"]

    answer = api.ask("webhook-retry", an_order(failedBatchId=batch_id))

    assert (answer.status, answer.problem, answer.body["orderIds"]) == (409, "not-retriable", ["evt-1"])
    assert answer.body["errors"] == [
        {"pointer": "/failedBatchId", "detail": "the order is IN_PROGRESS, and the batch is PENDING"}
    ]


def test_while_the_table_of_announcements_is_out_of_reach_results_are_unavailable_and_orders_are_taken(
    api: Apis,
) -> None:
    api.dynamodb.delete_table(TableName=ANNOUNCED)

    assert api.ask("webhook-results", {}).problem == "unavailable"
    assert api.post(an_order()).status == 202
