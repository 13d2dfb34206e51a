"""The webhook function as Lambda calls it: API Gateway events in, answers out; AWS by moto, ARM by its simulator."""

import base64
import copy
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from string import ascii_letters
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from arm_relay import batches
from arm_relay.door import LARGEST_BODY
from arm_relay.store import Store
from moto import mock_aws
from standardwebhooks.webhooks import Webhook

from functions.webhook import app
from sandbox.arm.transport import SimulatedTransport
from tests.api_gateway import routed
from tests.builders import NOW, TIMES, an_order
from tests.store_contract import MARKER_LIFE, TABLE, create_table
from tests.unit.sandbox_arm.builders import Simulator, a_simulator

EVENTS = Path(__file__).parents[3] / "events" / "lambda"

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = {
    "arm": {"clientId": "my-integration", "clientSecret": "s3cr3t"},
    "clients": {"2218": {"signingSecrets": [SIGNING_SECRET]}},
}
SETTINGS = {
    "TABLE_NAME": TABLE,
    "TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:topic",
    "SECRET_ARN": "secret",
    "ARM_BASE_URL": "https://arm.example/arm/v1",
    "ARM_TOKEN_URL": "https://arm.example/token",
    "ARM_USER_ID": "arm-relay",
    "INVOICE_TIME_ZONE": "Europe/Oslo",
    "FIRST_LOOK_SECONDS": "30",
    "LONGEST_LOOK_SECONDS": "900",
    "SETTLING_SECONDS": "900",
    "UNDECIDED_SECONDS": "3600",
    "HOLD_AFTER_SECONDS": "259200",
    "RETENTION_DAYS": "400",
    "SIGNATURE_TOLERANCE_SECONDS": "300",
}
CONTEXT: Any = SimpleNamespace(
    function_name="webhook",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-north-1:123456789012:function:webhook",
    aws_request_id="request-1",
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:  # noqa: ANN401 (JSON)
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return str(self.body["type"]).removeprefix("urn:arm-relay:problem:")


class Door:
    """The deployed function."""

    def __init__(self, arm: Simulator, logged: io.StringIO) -> None:
        self.arm = arm
        self.logged = logged
        self.dynamodb = boto3.client("dynamodb")

    def call(self, event: dict[str, Any]) -> Answer:
        answer = app.handler(event, CONTEXT)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def post(self, body: object, **changes: str) -> Answer:
        """A signed request."""
        return self.call(signed(an_event("webhook-order"), as_text(body), **changes))

    def items(self) -> int:
        return len(self.dynamodb.scan(TableName=TABLE)["Items"])


def an_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def as_text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def signed(event: dict[str, Any], body: str, secret: str = SIGNING_SECRET, **changes: str) -> dict[str, Any]:
    """The event with a body, signed now."""
    now = datetime.now(UTC)
    headers = {
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event["headers"]["webhook-id"], now, body),
    }
    more = {name.replace("_", "-"): value for name, value in changes.items()}
    return event | {"body": body, "headers": event["headers"] | headers | more}


def at(event: dict[str, Any], path: str) -> dict[str, Any]:
    moved = copy.deepcopy(event)
    moved["requestContext"]["http"]["path"] = path
    del moved["pathParameters"]
    return moved | routed(moved["requestContext"]["http"]["method"], path)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    arm = a_simulator()
    transport = SimulatedTransport(arm.api, arm.clock.sleep)
    monkeypatch.setattr("arm_relay.bootstrap.clients.httpx.Client", partial(httpx.Client, transport=transport))
    monkeypatch.setattr("arm_relay.bootstrap.webhook._pause", lambda _: None)
    logged = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", logged)
    monkeypatch.setattr(app.metrics, "namespace", "ArmRelay")  # Read from the environment when it is imported.
    app.relay.cache_clear()
    with mock_aws():
        create_table(boto3.client("dynamodb"))
        boto3.client("secretsmanager").create_secret(Name="secret", SecretString=json.dumps(SECRET))
        yield Door(arm, logged)
    app.relay.cache_clear()


def put_secret(text: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="secret", SecretString=text)


# Orders.


def test_an_order_is_accepted_and_submitted(door: Door) -> None:
    answer = door.post(an_order())

    assert answer.status == 202
    assert answer.headers["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in answer.headers
    (batch,) = door.arm.ledger.batches
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
            }
        ],
    }


@pytest.mark.parametrize("name", ["webhook-order", "webhook-bulk"])
def test_the_example_events_are_accepted_once_they_are_signed(door: Door, name: str) -> None:
    event = an_event(name)

    answer = door.call(signed(event, event["body"]))

    assert answer.status == 202
    assert len(answer.body["orders"]) == len(door.arm.ledger.documents)


def test_an_example_event_as_it_stands_is_too_old(door: Door) -> None:
    answer = door.call(an_event("webhook-order"))

    assert (answer.status, answer.problem) == (401, "bad-signature")


def test_several_orders_become_one_batch(door: Door) -> None:
    orders = [an_order(id=f"evt-{number}", invoiceNo=str(number)) for number in range(50)]

    answer = door.post(orders)

    assert answer.status == 202
    assert [order["id"] for order in answer.body["orders"]] == [order["id"] for order in orders]
    assert len(door.arm.ledger.batches) == 1


def test_a_body_in_base64_is_the_same_body(door: Door) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order(message="Blåbær")))
    encoded = event | {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert door.call(encoded).status == 202
    assert door.arm.ledger.documents[0].payload["customerMessage"] == "Blåbær"


def test_the_same_order_again_is_answered_with_its_batch(door: Door) -> None:
    first = door.post(an_order())

    again = door.post(an_order())

    assert again.status == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.body["batchId"] == first.body["batchId"]
    assert [order["outcome"] for order in again.body["orders"]] == ["duplicate"]
    assert len(door.arm.ledger.batches) == 1


def test_of_several_orders_the_known_ones_are_left_out_of_the_new_batch(door: Door) -> None:
    first = door.post(an_order())

    answer = door.post([an_order(), an_order(id="evt-2", invoiceNo="2")])

    assert answer.status == 202
    assert "Idempotent-Replayed" not in answer.headers
    assert [order["outcome"] for order in answer.body["orders"]] == ["duplicate", "accepted"]
    assert answer.body["orders"][0]["batchId"] == first.body["batchId"]
    assert answer.body["orders"][1]["batchId"] == answer.body["batchId"] != first.body["batchId"]
    assert len(door.arm.ledger.documents) == 2


def test_an_order_is_accepted_while_arm_is_down(door: Door) -> None:
    door.arm.fail("any", "refuse")

    answer = door.post(an_order())

    assert (answer.status, answer.body["status"], answer.body["batchUuid"]) == (202, "QUEUED", None)


def test_an_order_is_accepted_while_arm_leaves_it_in_doubt(door: Door) -> None:
    door.arm.fail("submit", "drop-after")

    assert door.post(an_order()).body["status"] == "UNCONFIRMED"


@pytest.mark.parametrize("fault", ["status", "token-garbage"])
def test_trouble_with_the_token_is_not_the_senders(door: Door, fault: str) -> None:
    door.arm.fail("token", fault)

    answer = door.post(an_order())

    assert (answer.status, answer.body["status"]) == (202, "QUEUED")


# Faults, in the order in which they are looked for.


def test_an_unknown_client_is_not_found_whatever_it_sends(door: Door) -> None:
    answer = door.call(at(an_event("webhook-order") | {"body": "x" * (LARGEST_BODY + 1)}, "/v1/clients/9/orders"))

    assert (answer.status, answer.problem) == (404, "unknown-client")


def test_a_body_that_is_too_large_is_refused_before_its_signature_is_looked_at(door: Door) -> None:
    answer = door.call(an_event("webhook-order") | {"body": "x" * (LARGEST_BODY + 1)})

    assert (answer.status, answer.problem) == (413, "too-large")


def test_a_bad_signature_is_refused_before_the_media_type_is_looked_at(door: Door) -> None:
    answer = door.post("{", webhook_signature="v1,AAAA", content_type="text/plain")

    assert (answer.status, answer.problem) == (401, "bad-signature")


def test_the_media_type_is_looked_at_before_the_body(door: Door) -> None:
    answer = door.post("{", content_type="text/plain")

    assert (answer.status, answer.problem) == (415, "not-json-media-type")


def test_what_is_not_json_is_a_bad_request(door: Door) -> None:
    answer = door.post("{")

    assert (answer.status, answer.problem) == (400, "not-json")


def test_no_body_at_all_is_a_bad_request(door: Door) -> None:
    event = signed(an_event("webhook-order"), "")
    del event["body"]

    assert door.call(event).status == 400


def test_every_fault_of_every_order_is_told_with_its_pointer(door: Door) -> None:
    answer = door.post([an_order(currency="nok"), an_order(id="evt-2", customerNo=None)])

    assert (answer.status, answer.problem) == (422, "invalid-order")
    assert {error["pointer"] for error in answer.body["errors"]} == {
        "/0/currency",
        "/1/customerNo",
        "/1/invoiceNo",
    }
    assert door.items() == 0


def test_a_credit_note_is_not_valid_until_its_code_is_set(door: Door) -> None:
    answer = door.post(an_order(type="order.credited"))

    assert (answer.status, answer.problem) == (422, "invalid-order")
    assert "CreditNoteDocumentType" in answer.body["errors"][0]["detail"]


def test_a_field_nobody_knows_is_told_with_the_one_that_was_meant(door: Door) -> None:
    answer = door.post(an_order(invoiceNumber="1"))

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
def test_what_goes_beyond_a_limit_is_told_by_a_problem(door: Door, body: str, status: int, problem: str) -> None:
    answer = door.post(body)

    assert (answer.status, answer.problem) == (status, problem)
    assert door.items() == 0


def test_a_body_of_the_largest_size_is_taken(door: Door) -> None:
    order = json.dumps(an_order())

    assert door.post(order + " " * (LARGEST_BODY - len(order))).status == 202
    assert door.post(order + " " * (LARGEST_BODY - len(order) + 1)).problem == "too-large"


# Requests of which the valid orders shall be accepted.


def accepting_valid(body: object, on_invalid: str = "accept-valid") -> dict[str, Any]:
    event = signed(an_event("webhook-order"), as_text(body))
    return event | {"rawQueryString": f"onInvalid={on_invalid}", "queryStringParameters": {"onInvalid": on_invalid}}


def test_the_valid_orders_are_accepted_and_the_others_told_with_their_problems(door: Door) -> None:
    door.post(an_order(id="evt-0", invoiceNo="0"))
    orders = [
        an_order(),
        an_order(id="evt-0", invoiceNo="0"),
        an_order(id="evt-0", invoiceNo="0"),
        an_order(id="evt-2", invoiceNo="2", lines=[{"text": "Hello"}, {"sku": "1", "vatRate": 101}]),
        an_order(id="evt-3", invoiceNo="3", type="order.credited"),
    ]

    answer = door.call(accepting_valid(orders))

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
    assert [document.sales_order_id for document in door.arm.ledger.documents] == ["B-1", "B-1"]


def test_a_conflict_is_a_line_where_the_valid_orders_are_accepted(door: Door) -> None:
    door.post(an_order())

    answer = door.call(accepting_valid([an_order(message="other"), an_order(id="evt-2", invoiceNo="2")]))

    assert answer.status == 202
    assert [line["outcome"] for line in answer.body["orders"]] == ["conflict", "accepted"]
    assert answer.body["orders"][0]["problem"]["status"] == 409


def test_one_order_alone_is_answered_as_an_array_of_one(door: Door) -> None:
    assert door.call(accepting_valid(an_order(currency="nok"))).problem == "invalid-order"
    assert door.call(accepting_valid(an_order())).status == 202
    assert door.call(accepting_valid(an_order())).headers["Idempotent-Replayed"] == "true"
    assert door.call(accepting_valid(an_order(message="other"))).problem == "conflict"


def test_without_the_parameter_nothing_is_sent_beside_a_faulty_order(door: Door) -> None:
    orders = [an_order(), an_order(id="evt-2", invoiceNo="2", currency="nok")]

    told = [door.post(orders), door.call(accepting_valid(orders, "reject-all"))]

    assert [(answer.status, answer.body["errors"][0]["pointer"]) for answer in told] == [(422, "/1/currency")] * 2
    assert door.items() == 0


@pytest.mark.parametrize("value", ["", "accept", "ACCEPT-VALID", "accept-valid,reject-all"])
def test_another_value_of_the_parameter_is_told(door: Door, value: str) -> None:
    answer = door.call(accepting_valid(an_order(), value))

    assert (answer.status, answer.problem) == (400, "invalid-query")
    assert answer.body["detail"] == "onInvalid should be reject-all or accept-valid"
    assert door.items() == 0


def test_the_parameter_is_looked_at_only_behind_the_door(door: Door) -> None:
    event = accepting_valid(an_order(), "nonsense")
    del event["headers"]["webhook-signature"]

    assert door.call(event).problem == "bad-signature"


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", ["", "æ", "\ud800", "nan", "1e9", "-1", "v2,AAAA", "v1,=", "v1", "x" * 100_000])
def test_a_malformed_header_is_a_bad_signature(door: Door, header: str, value: str) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order()))
    event["headers"][header] = value

    answer = door.call(event)

    assert (answer.status, answer.problem) == (401, "bad-signature")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_a_bad_signature(door: Door, header: str) -> None:
    event = signed(an_event("webhook-order"), json.dumps(an_order()))
    del event["headers"][header]

    assert door.call(event).status == 401


def test_a_request_without_any_header_is_answered(door: Door) -> None:
    event = an_event("webhook-order")
    del event["headers"]

    assert door.call(event).status == 401


def test_the_same_id_with_other_content_is_a_conflict(door: Door) -> None:
    door.post(an_order())

    answer = door.post([an_order(id="evt-0", invoiceNo="0"), an_order(message="other")])

    assert (answer.status, answer.problem) == (409, "conflict")
    assert answer.body["orderIds"] == ["evt-1"]
    assert len(door.arm.ledger.batches) == 1


def test_orders_that_do_not_fit_into_the_table_are_too_large(door: Door) -> None:
    random = Random(1)  # noqa: S311 (text that does not compress)
    lines = [{"text": "".join(random.choices(ascii_letters, k=2000))} for _ in range(400)]

    answer = door.post(an_order(lines=lines))

    assert (answer.status, answer.problem) == (413, "too-large")
    assert door.items() == 0
    assert door.arm.ledger.batches == []


# What ARM refuses at once.


def test_what_arm_refuses_at_once_is_not_processable(door: Door) -> None:
    door.arm.fail("submit", "status", 1, status=400)

    answer = door.post(an_order())

    assert (answer.status, answer.problem) == (422, "refused-by-arm")
    assert answer.body["answer"]["status"] == 400
    assert answer.body["batchId"]


def test_what_arm_refused_may_be_sent_again_with_other_content(door: Door) -> None:
    door.arm.fail("submit", "status", 1, status=400)
    refused = door.post(an_order())

    answer = door.post(an_order(message="put right"))

    assert answer.status == 202
    assert answer.body["batchId"] != refused.body["batchId"]


# What the relay itself cannot do.


def test_without_its_table_the_relay_takes_nothing(door: Door) -> None:
    door.dynamodb.delete_table(TableName=TABLE)

    answer = door.post(an_order())

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert door.arm.ledger.batches == []
    assert "ResourceNotFound" not in answer.text


def test_without_its_secret_the_relay_takes_nothing(door: Door) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId="secret", ForceDeleteWithoutRecovery=True)

    answer = door.post(an_order())

    assert (answer.status, answer.problem) == (503, "unavailable")


def test_with_a_secret_that_is_not_json_the_relay_takes_nothing(door: Door) -> None:
    put_secret("{")

    assert door.post(an_order()).status == 503


def test_with_a_signing_secret_that_is_too_short_the_relay_takes_nothing_and_logs_why(door: Door) -> None:
    short = "whsec_aHVudGVyMg=="
    put_secret(json.dumps(SECRET | {"clients": {"2218": {"signingSecrets": [short]}}}))

    answer = door.call(signed(an_event("webhook-order"), json.dumps(an_order()), short))

    assert (answer.status, answer.problem) == (503, "unavailable")
    assert "a signing secret of client 2218 is shorter than 24 bytes" in door.logged.getvalue()
    assert "aHVudGVyMg" not in door.logged.getvalue() + answer.text


def test_with_the_secret_the_template_creates_no_client_is_known(door: Door) -> None:
    put_secret("{}")

    assert door.post(an_order()).status == 404


def test_a_failure_that_nobody_foresaw_is_told_in_no_detail(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("543210 owes 250")

    monkeypatch.setattr(app.relay().intake, "accept", fail)

    answer = door.post(an_order())

    assert (answer.status, answer.problem) == (500, "internal-error")
    assert "543210" not in answer.text


@pytest.mark.parametrize("path", ["/", "/v1/clients/2218", "/v1/clients/2218/order", "/v2/clients/2218/orders"])
def test_another_path_is_not_found(door: Door, path: str) -> None:
    answer = door.call(at(an_event("webhook-order"), path))

    assert (answer.status, answer.problem) == (404, "unknown-route")


# Operators.


def test_a_preview_shows_the_batch_and_sends_nothing(door: Door) -> None:
    event = an_event("webhook-preview")

    answer = door.call(event)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    amounts = {"exclVat": 5200, "vat": 1300, "inclVat": 6500}
    assert answer.body["batch"]["documents"][0]["currencyAmounts"] == amounts
    assert answer.body["totals"] == [{"id": "evt-20250227-0001", "currency": "NOK", **amounts}]
    assert door.items() == 0
    assert door.arm.api.log == []


def test_a_preview_tells_the_totals_that_a_document_without_a_currency_leaves_out(door: Door) -> None:
    answer = door.call(an_event("webhook-preview") | {"body": json.dumps([an_order(currency=None)])})

    assert "currencyAmounts" not in answer.body["batch"]["documents"][0]
    assert answer.body["totals"] == [{"id": "evt-1", "currency": None, "exclVat": 200, "vat": 50, "inclVat": 250}]


def test_a_preview_of_a_faulty_order_tells_its_faults(door: Door) -> None:
    answer = door.call(an_event("webhook-preview") | {"body": json.dumps(an_order(currency="nok"))})

    assert (answer.status, answer.problem) == (422, "invalid-order")


def test_a_preview_of_what_is_not_json_is_a_bad_request(door: Door) -> None:
    assert door.call(an_event("webhook-preview") | {"body": "{"}).status == 400


def test_a_preview_takes_no_more_than_the_signed_route(door: Door) -> None:
    assert door.call(an_event("webhook-preview") | {"body": " " * (LARGEST_BODY + 1)}).problem == "too-large"


def test_a_preview_that_no_answer_can_hold_is_told(door: Door) -> None:
    orders = [an_order(id=f"evt-{n}", invoiceNo=None, lines=[{"text": ""}] * 1000) for n in range(50)]

    answer = door.call(an_event("webhook-preview") | {"body": json.dumps(orders)})

    assert (answer.status, answer.problem) == (413, "too-large")


def test_a_preview_for_an_unknown_client_is_not_found(door: Door) -> None:
    answer = door.call(at(an_event("webhook-preview"), "/v1/clients/9/orders/preview"))

    assert (answer.status, answer.problem) == (404, "unknown-client")


def of_batch(name: str, batch_id: str) -> dict[str, Any]:
    event = an_event(name)
    return at(event, event["rawPath"].replace(event["pathParameters"]["batchId"], batch_id))


def test_a_batch_is_shown_with_its_history(door: Door) -> None:
    batch_id = door.post(an_order()).body["batchId"]

    answer = door.call(of_batch("webhook-status", batch_id))

    assert answer.status == 200
    assert answer.body["status"] == "PENDING"
    assert [step["status"] for step in answer.body["history"]] == ["CLAIMED", "PENDING"]


@pytest.mark.parametrize("name", ["webhook-status", "webhook-redrive"])
def test_an_unknown_batch_is_not_found(door: Door, name: str) -> None:
    answer = door.call(an_event(name))

    assert (answer.status, answer.problem) == (404, "unknown-batch")


@pytest.mark.parametrize("name", ["webhook-status", "webhook-redrive"])
def test_a_batch_of_another_client_is_not_found(door: Door, name: str) -> None:
    batch_id = door.post(an_order()).body["batchId"]
    event = of_batch(name, batch_id)

    answer = door.call(at(event, event["rawPath"].replace("/2218/", "/2219/")))

    assert (answer.status, answer.problem) == (404, "unknown-batch")


def test_a_batch_that_is_not_held_cannot_be_redriven(door: Door) -> None:
    batch_id = door.post(an_order()).body["batchId"]

    answer = door.call(of_batch("webhook-redrive", batch_id))

    assert (answer.status, answer.problem) == (409, "not-redrivable")


def test_a_redrive_that_is_none_is_told_its_faults(door: Door) -> None:
    event = an_event("webhook-redrive") | {"body": '{"action":"close","status":"LOST"}'}

    answer = door.call(event)

    assert (answer.status, answer.problem) == (422, "invalid-redrive")
    assert {error["pointer"] for error in answer.body["errors"]} == {"/status", "/reason"}


def test_a_redrive_that_is_not_json_is_a_bad_request(door: Door) -> None:
    answer = door.call(an_event("webhook-redrive") | {"body": "{"})

    assert (answer.status, answer.problem) == (400, "not-json")


def test_a_held_batch_is_redriven_in_the_operators_name(door: Door) -> None:
    door.arm.fail("any", "refuse")
    batch_id = door.post(an_order()).body["batchId"]
    store = Store(door.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    queued = store.batch(batch_id)
    assert queued
    held = store.save(batches.held(queued, "too old", NOW))
    assert held
    store.save(batches.announced(held))

    answer = door.call(of_batch("webhook-redrive", batch_id))

    assert (answer.status, answer.body["status"]) == (200, "QUEUED")
    assert answer.body["by"] == "arn:aws:sts::123456789012:assumed-role/Operator/kari"


# What is asked of the table: an order, and what waits for a person.


def of_order(order_id: str) -> dict[str, Any]:
    """The event of a path that API Gateway has decoded, but for its percent signs."""
    path = "/v1/clients/2218/orders/" + order_id.replace("%", "%25")
    return at(an_event("webhook-order-status"), path)


@pytest.mark.parametrize(
    "order_id",
    ["order.invoiced:B-1", "evt 1", "2025/0001", "100%", "a%3Ab", "%25", "a#b", "a+b", "ærlig", '"', "preview"],
)
def test_an_order_is_shown_by_its_id_decoded_exactly_once(door: Door, order_id: str) -> None:
    batch_id = door.post([an_order(id="evt-0", invoiceNo="0"), an_order(id=order_id)]).body["batchId"]

    answer = door.call(of_order(order_id))

    assert answer.status == 200
    assert (answer.body["batchId"], answer.body["status"]) == (batch_id, "PENDING")
    assert (answer.body["order"]["id"], answer.body["order"]["status"]) == (order_id, "IN_PROGRESS")
    assert answer.body["answer"]["status"] == 202
    assert [step["status"] for step in answer.body["history"]] == ["CLAIMED", "PENDING"]
    assert answer.body["nextLookAt"]
    assert "orders" not in answer.body


@pytest.mark.parametrize("order_id", ["evt-2", "evt-1 ", "EVT-1", "x" * 3000])
def test_an_unknown_order_is_not_found(door: Door, order_id: str) -> None:
    door.post(an_order())

    answer = door.call(of_order(order_id))

    assert (answer.status, answer.problem) == (404, "unknown-order")


def test_an_order_of_another_client_is_not_found(door: Door) -> None:
    door.post(an_order())

    assert door.call(at(of_order("evt-1"), "/v1/clients/2219/orders/evt-1")).problem == "unknown-order"


def listing(**query: str) -> dict[str, Any]:
    return an_event("webhook-held") | {"queryStringParameters": query}


def hold(door: Door, *numbers: int) -> list[str]:
    """So many batches that wait for a person."""
    door.arm.fail("any", "refuse")
    store = Store(door.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)
    ids = [door.post(an_order(id=f"evt-{number}", invoiceNo=str(number))).body["batchId"] for number in numbers]
    for number, batch_id in zip(numbers, ids, strict=True):
        queued = store.batch(batch_id)
        assert queued
        assert store.save(batches.held(queued, "too old", NOW + timedelta(minutes=number)))
    return ids


def test_what_waits_for_a_person_is_listed_page_by_page(door: Door) -> None:
    ids = hold(door, 3, 1, 2)

    first = door.call(listing(state="held", limit="2"))
    second = door.call(listing(state="held", limit="2", cursor=first.body["cursor"]))

    assert (first.status, second.status, second.body["cursor"]) == (200, 200, None)
    listed = first.body["batches"] + second.body["batches"]
    assert [batch["batchId"] for batch in listed] == [ids[1], ids[2], ids[0]]
    assert listed[0] == {
        "batchId": ids[1],
        "cause": "too old",
        "heldSince": "2025-02-27T12:01:00.000000Z",
        "orderCount": 1,
    }


def test_a_list_without_anything_in_it_is_empty(door: Door) -> None:
    assert door.call(an_event("webhook-held")).body == {"batches": [], "cursor": None}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({}, "state should be held"),
        ({"state": "PENDING"}, "state should be held"),
        ({"state": "held", "limit": "0"}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": "101"}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": "9" * 5000}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": "-1"}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": "2.0"}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": "²"}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "limit": ""}, "limit should be a whole number from 1 to 100"),
        ({"state": "held", "cursor": "next"}, "The cursor is not one of this list."),
        ({"state": "held", "cursor": ""}, "The cursor is not one of this list."),
    ],
    ids=str,
)
def test_a_query_that_is_none_is_told(door: Door, query: dict[str, str], detail: str) -> None:
    answer = door.call(listing(**query))

    assert (answer.status, answer.problem, answer.body["detail"]) == (400, "invalid-query", detail)


def test_a_list_without_a_query_is_told_what_it_wants(door: Door) -> None:
    event = listing()
    del event["queryStringParameters"]

    assert door.call(event).problem == "invalid-query"


OPERATORS = ["webhook-preview", "webhook-status", "webhook-redrive", "webhook-order-status", "webhook-held"]


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_routes_are_shut_where_iam_authorised_nobody(door: Door, name: str) -> None:
    event = an_event(name)
    del event["requestContext"]["authorizer"]

    answer = door.call(event)

    assert (answer.status, answer.problem) == (403, "forbidden")


# What is told of it.


def test_every_request_is_counted(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door.call(at(an_event("webhook-order"), "/"))

    problem, whole = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (whole["Requests"], whole["RequestsRejected"]) == ([1.0], [1.0])
    assert (problem["RequestsRejected"], problem["problem"]) == ([1.0], "unknown-route")


def test_a_rejected_request_is_one_line_with_api_gateways_id(door: Door) -> None:
    door.post(an_order(currency=None, lines=[]))

    (line,) = [json.loads(line) for line in door.logged.getvalue().splitlines()]
    expected = {
        "message": "request rejected",
        "problem": "invalid-order",
        "status": 422,
        "clientNo": "2218",
        "correlation_id": an_event("webhook-order")["requestContext"]["requestId"],
    }
    assert {name: line[name] for name in expected} == expected


def test_accepted_and_known_orders_are_counted(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door.post(an_order())
    door.post([an_order(), an_order(id="evt-2", invoiceNo="2")])

    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["OrdersAccepted"], "OrdersReplayed" in first) == ([1.0], False)
    assert (second["OrdersAccepted"], second["OrdersReplayed"]) == ([1.0], [1.0])


def test_every_transition_is_logged_with_the_same_fields(door: Door) -> None:
    door.post(an_order())

    lines = [json.loads(line) for line in door.logged.getvalue().splitlines()]
    assert [(line["message"], line["state"]) for line in lines] == [
        ("batch moved", "CLAIMED"),
        ("batch moved", "PENDING"),
    ]
    assert {line["function_request_id"] for line in lines} == {"request-1"}


def test_nothing_secret_or_personal_is_logged(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    order = an_order(
        emails=["kari@example.no"],
        message="Kjære Kari Nordmann",
        lines=[{"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": "73219.5", "vatRate": 25}],
    )
    event = signed(an_event("webhook-order"), json.dumps(order))
    door.call(event)
    door.call(event)
    door.post(order | {"message": "Kari Nordmann"})
    door.post(order | {"id": "evt-2", "invoiceNo": "73219.50", "currency": "Kari Nordmann"})
    door.post(json.dumps(order) + "Kari Nordmann")
    door.post(order, webhook_signature="v1,S2FyaSBOb3JkbWFubg==")
    door.arm.fail("submit", "status", 1, status=400)
    door.post(order | {"id": "evt-3", "invoiceNo": "3"})
    door.arm.fail("token", "status", 1, status=401)
    door.post(order | {"id": "evt-4", "invoiceNo": "4"})
    door.call(an_event("webhook-preview") | {"body": json.dumps(order)})
    put_secret(json.dumps(SECRET) + "}")
    door.dynamodb.delete_table(TableName=TABLE)
    door.post(order | {"id": "evt-5"})

    logged = door.logged.getvalue() + capsys.readouterr().out
    tokens = list(door.arm.api._tokens)  # noqa: SLF001 (the tokens that were given)
    secrets = [SIGNING_SECRET, SIGNING_SECRET.removeprefix("whsec_"), "s3cr3t", event["headers"]["webhook-signature"]]
    personal = ["kari", "Nordmann", "73219", "Comb", "S2FyaSBOb3JkbWFubg"]
    assert logged
    assert tokens
    assert [word for word in tokens + secrets + personal if word.casefold() in logged.casefold()] == []
