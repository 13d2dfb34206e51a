"""The deployed stack over real HTTP: signed orders go in, results come out of the SNS-fed queue."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud.logs import function_logs
from sandbox.desk import desk
from sandbox.gateway import sigv4
from sandbox.paths import ROOT
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send
from tests.support.browser import CHROMIUM, MISSING, chromium, violations
from tests.support.builders import an_order
from tests.support.schemas import faults

pytestmark = pytest.mark.xdist_group("sandbox")

#: In every order, so that a log line with anything of an order's content would hold some of it.
CONFIDENTIAL: Final[dict[str, object]] = {
    "ledgerNote": "Confidential note",
    "kid": "0317172027",
    "emails": ["somebody.private@example.com"],
    "delivery": {"type": "E", "einvoiceCode": 1, "einvoiceAddress": {"address": "Confidential street"}},
    "lines": [{"sku": "1300", "name": "Confidential comb", "quantity": 1, "unitPrice": 31337.4, "vatRate": 25}],
}
#: Of those lines: as they are, with VAT.
AMOUNTS: Final = ("31337", "39171")

#: How long a result may take, in seconds.
PATIENCE = 60.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    waits = ["SettlingSeconds=4", "UndecidedSeconds=6", "LongestPollSeconds=3", "FirstPollSeconds=1"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    parameters += ["--parameter", "ArmUserId=TestUser"]
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running


@pytest.fixture
def ready(sandbox: Sandbox) -> Ready:
    return sandbox.ready


@pytest.fixture
def arm(ready: Ready) -> Iterator[ArmControl]:
    control = ArmControl(ready.arm_control_url or "")
    yield control
    control.clear_faults()


def a_fresh_order(**changes: object) -> dict[str, Any]:
    number = uuid4().hex[:12]
    return an_order(id=f"evt-{number}", orderId=f"B-{number}", invoiceNo=f"N{number}", **CONFIDENTIAL | changes)


def post(ready: Ready, body: object) -> httpx.Response:
    return send(ready.webhook_url, ready.signing_secret, json.dumps(body))


#: By their ids.
_told: dict[str, dict[str, Any]] = {}


def end_of(ready: Ready, batch_id: str, number: int = 1) -> dict[str, Any]:
    """The batch's notification of this number."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if f"{batch_id}.{number}" in _told:
            return _told[f"{batch_id}.{number}"]
        for event in received(ready):
            assert faults("notification", event) == []
            _told[event["id"]] = event
    raise AssertionError(f"nothing was announced about {batch_id}")


def as_operator(ready: Ready, method: str, path: str, body: object = None) -> httpx.Response:
    """A request to an operator's route of the client, signed with AWS Signature Version 4."""
    url = f"{ready.operators_url}/v1/clients/{ready.client_no}/{path}"
    content = b"" if body is None else json.dumps(body).encode()
    headers = sigv4.signature(method, url, content)
    return httpx.request(method, url, content=content, headers=headers, timeout=30)


def redriven(ready: Ready, batch_id: str, redrive: dict[str, object]) -> httpx.Response:
    """A redrive as soon as the hold has been announced."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = as_operator(ready, "POST", f"batches/{batch_id}/redrive", redrive)
        if answer.status_code != 409 or time.monotonic() > deadline:
            return answer
        time.sleep(0.5)


def batches_of(arm: ArmControl, order_id: str) -> list[str]:
    return [
        batch["batchUuid"]
        for batch in arm.ledger()["batches"]
        for document in batch["payload"]["documents"]
        if document.get("salesOrderId") == order_id
    ]


def test_the_documentations_samples_reach_arm_field_for_field(ready: Ready, arm: ArmControl) -> None:
    answers = [
        send(ready.webhook_url, ready.signing_secret, (ROOT / "events" / "orders" / name).read_text())
        for name in ("complete.json", "minimal.json")
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    sent = {batch["batchUuid"]: batch["payload"] for batch in arm.ledger()["batches"]}
    complete, minimal = (sent[answer.json()["batchUuid"]] for answer in answers)
    assert complete["metadata"] == {"userId": "TestUser"}
    (document,) = complete["documents"]
    assert document["documentNo"] == "88776655"
    assert document["currencyAmounts"] == {"exclVat": 5200, "vat": 1300, "inclVat": 6500}
    assert [line["lineType"] for line in document["documentLines"]] == ["PLH", "PLH", "TXT"]
    (document,) = minimal["documents"]
    assert document["documentLines"][1] == {
        "lineNo": 2,
        "lineType": "TXT",
        "articleNo": "Text",
        "articleName": "Text",
        "lineText": "This is a text line",
    }
    ends = [end_of(ready, answer.json()["batchId"])["type"] for answer in answers]
    assert ends == ["arm-relay.batch.succeeded"] * 2


def test_the_same_event_twice_makes_one_batch_and_other_content_is_a_conflict(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()

    first, again = post(ready, order), post(ready, order)
    other = post(ready, order | {"message": "something else"})

    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["batchId"] == first.json()["batchId"]
    assert other.headers["Content-Type"] == "application/problem+json"
    assert len(batches_of(arm, order["orderId"])) == 1


def test_the_same_event_thirty_times_at_once_makes_one_batch(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()

    with ThreadPoolExecutor(30) as senders:
        answers = list(senders.map(lambda _: post(ready, order), range(30)))

    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 29}
    assert len({answer.json()["batchId"] for answer in answers}) == 1
    assert len(batches_of(arm, order["orderId"])) == 1


def test_an_order_is_taken_while_arm_refuses_connections_and_ends_once_it_is_back(
    ready: Ready, arm: ArmControl
) -> None:
    order = a_fresh_order()
    arm.add_fault("any", "refuse")

    answer = post(ready, order)
    time.sleep(2)
    arm.clear_faults()

    assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
    assert end_of(ready, answer.json()["batchId"])["type"] == "arm-relay.batch.succeeded"
    assert len(batches_of(arm, order["orderId"])) == 1


def test_a_batch_that_arm_took_without_answering_is_found_in_its_ledger(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    arm.add_fault("submit", "drop-after", times=1)

    answer = post(ready, order)

    assert (answer.status_code, answer.json()["status"]) == (202, "UNCONFIRMED")
    assert end_of(ready, answer.json()["batchId"])["type"] == "arm-relay.batch.succeeded"
    assert len(batches_of(arm, order["orderId"])) == 1


def test_a_batch_that_arm_never_got_is_sent_again_after_the_settling_time(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    arm.add_fault("submit", "drop-before", times=1)

    answer = post(ready, order)

    assert answer.json()["status"] == "UNCONFIRMED"
    assert end_of(ready, answer.json()["batchId"])["type"] == "arm-relay.batch.succeeded"
    assert len(batches_of(arm, order["orderId"])) == 1


def test_an_unanswered_order_without_a_number_is_held_for_a_person(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    del order["invoiceNo"]
    arm.add_fault("submit", "drop-before", times=1)

    answer = post(ready, order)

    event = end_of(ready, answer.json()["batchId"])
    assert (event["type"], event["data"]["orders"][0]["status"]) == ("arm-relay.batch.held", "HELD")
    assert batches_of(arm, order["orderId"]) == []


def a_held_batch(ready: Ready, arm: ArmControl, order: dict[str, Any]) -> str:
    del order["invoiceNo"]
    arm.add_fault("submit", "drop-before", times=1)
    batch_id: str = post(ready, order).json()["batchId"]
    assert end_of(ready, batch_id)["type"] == "arm-relay.batch.held"
    return batch_id


def test_an_operator_resubmits_a_held_batch_and_its_history_tells_the_story(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    batch_id = a_held_batch(ready, arm, order)

    answer = redriven(ready, batch_id, {"action": "resubmit", "reason": "ARM has none of it", "mayBeBilledTwice": True})

    assert (answer.status_code, answer.json()["status"]) == (200, "QUEUED")
    assert end_of(ready, batch_id, 2)["type"] == "arm-relay.batch.succeeded"
    assert len(batches_of(arm, order["orderId"])) == 1
    history = as_operator(ready, "GET", f"batches/{batch_id}").json()["history"]
    states = [transition["status"] for transition in history]
    assert states == ["CLAIMED", "UNCONFIRMED", "HELD", "QUEUED", "CLAIMED", "PENDING", "SUCCEEDED"]
    assert history[3]["cause"] == "ARM has none of it"
    assert [bool(transition["by"]) for transition in history] == [state == "QUEUED" for state in states]


def test_an_operator_closes_a_held_batch_and_its_order_may_be_corrected(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    batch_id = a_held_batch(ready, arm, order)
    assert post(ready, order | {"message": "corrected"}).status_code == 409

    answer = redriven(ready, batch_id, {"action": "close", "status": "FAILED", "reason": "not in ARM"})

    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")
    published = end_of(ready, batch_id, 2)
    assert (published["type"], published["data"]["cause"]) == ("arm-relay.batch.failed", "not in ARM")
    assert published["data"]["by"]
    assert post(ready, order | {"message": "corrected"}).status_code == 202


def test_of_a_partly_failed_batch_the_failed_order_is_corrected_inside_a_bulk_request(
    ready: Ready, arm: ArmControl
) -> None:
    good, bad, new = a_fresh_order(), a_fresh_order(customerNo="666"), a_fresh_order()
    arm.settings(failing_customers=["666"])
    first = post(ready, [good, bad])
    assert end_of(ready, first.json()["batchId"])["type"] == "arm-relay.batch.partially-failed"

    assert post(ready, [good | {"message": "changed"}, new]).status_code == 409
    second = post(ready, [good, bad | {"customerNo": "1"}, new])

    assert second.status_code == 202
    assert [line["outcome"] for line in second.json()["orders"]] == ["duplicate", "accepted", "accepted"]
    assert end_of(ready, second.json()["batchId"])["type"] == "arm-relay.batch.succeeded"
    assert [len(batches_of(arm, order["orderId"])) for order in (good, bad, new)] == [1, 2, 1]


def test_the_valid_orders_of_a_request_go_through_beside_a_faulty_one(ready: Ready, arm: ArmControl) -> None:
    good, faulty = a_fresh_order(), a_fresh_order(currency="nok")
    body = json.dumps([faulty, good, good])

    answer = send(f"{ready.webhook_url}?onInvalid=accept-valid", ready.signing_secret, body)

    assert answer.status_code == 202
    assert [line["outcome"] for line in answer.json()["orders"]] == ["invalid", "accepted", "duplicate"]
    assert (len(batches_of(arm, good["orderId"])), batches_of(arm, faulty["orderId"])) == (1, [])


def test_an_operator_is_shown_an_order_whatever_its_id_holds(ready: Ready) -> None:
    order = a_fresh_order()
    order |= {"id": f"order.invoiced:{order['orderId']}/100% #1+2 æ"}
    accepted = post(ready, order)

    answer = as_operator(ready, "GET", f"orders/{quote(order['id'], safe='')}")
    unsigned = httpx.get(f"{ready.operators_url}/v1/clients/{ready.client_no}/orders/{quote(order['id'], safe='')}")
    unknown = as_operator(ready, "GET", f"orders/{quote('no such:order', safe='')}")

    assert (answer.status_code, unsigned.status_code, unknown.status_code) == (200, 403, 404)
    assert answer.json()["batchId"] == accepted.json()["batchId"]
    assert answer.json()["order"]["id"] == order["id"]
    assert unknown.json()["type"] == "urn:arm-relay:problem:unknown-order"


def test_an_operator_is_listed_what_is_held_until_it_is_released(ready: Ready, arm: ArmControl) -> None:
    held = [a_held_batch(ready, arm, a_fresh_order()) for _ in range(2)]

    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = as_operator(ready, "GET", f"batches?state=held&limit=1{cursor and f'&cursor={quote(cursor)}'}")
        assert page.status_code == 200, page.text
        listed += [batch["batchId"] for batch in page.json()["batches"]]
        cursor = page.json()["cursor"]

    assert [batch_id for batch_id in listed if batch_id in held] == held
    assert as_operator(ready, "GET", "batches?state=ended").status_code == 400
    unsigned = httpx.get(f"{ready.operators_url}/v1/clients/{ready.client_no}/batches?state=held")
    assert unsigned.status_code == 403


def test_an_order_that_arm_refuses_at_once_may_be_corrected(ready: Ready, arm: ArmControl) -> None:
    order = a_fresh_order()
    arm.add_fault("submit", "status", times=1, status=422)

    refused = post(ready, order)
    corrected = post(ready, order | {"message": "corrected"})

    assert (refused.status_code, corrected.status_code) == (422, 202)
    assert end_of(ready, refused.json()["batchId"])["type"] == "arm-relay.batch.refused"
    assert end_of(ready, corrected.json()["batchId"])["type"] == "arm-relay.batch.succeeded"


def test_nothing_is_open_without_a_signature_or_an_operators_authorisation(ready: Ready) -> None:
    body = json.dumps(a_fresh_order())
    unsigned = httpx.post(ready.webhook_url, content=body, headers={"content-type": "application/json"})
    wrongly_signed = send(ready.webhook_url, "whsec_d3Jvbmc=", body)
    preview = httpx.post(f"{ready.webhook_url}/preview", content=body, headers={"content-type": "application/json"})
    held = f"{ready.operators_url}/v1/clients/{ready.client_no}/batches?state=held"

    assert (unsigned.status_code, wrongly_signed.status_code, preview.status_code) == (401, 401, 401)
    assert httpx.get(held).status_code == 403


def test_a_preview_asks_arm_for_the_customer_and_sends_nothing(ready: Ready) -> None:
    order = a_fresh_order()

    answer = send(f"{ready.webhook_url}/preview", ready.signing_secret, json.dumps(order))

    assert answer.status_code == 200
    (shown,) = answer.json()["orders"]
    assert (shown["id"], shown["customer"]) == (order["id"], "exists")


def test_each_api_has_its_own_routes_alone(ready: Ready) -> None:
    client = f"/v1/clients/{ready.client_no}"
    senders = ready.webhook_url.removesuffix(f"{client}/orders")
    body = json.dumps(a_fresh_order())
    of_operators = f"{senders}{client}/batches?state=held"

    signed_for_senders = httpx.get(of_operators, headers=sigv4.signature("GET", of_operators, b""), timeout=30)
    sent_to_operators = send(f"{ready.operators_url}{client}/orders", ready.signing_secret, body)

    assert (signed_for_senders.status_code, sent_to_operators.status_code) == (404, 404)


def test_an_orders_whole_story_is_found_by_its_batch_and_the_ids_of_its_requests(ready: Ready) -> None:
    order = a_fresh_order()
    post(ready, order)
    found = as_operator(ready, "GET", f"orders/{quote(order['id'], safe='')}").json()

    end_of(ready, found["batchId"])

    logged = story_of(ready, found["batchId"])
    assert [line["state"] for line in logged] == ["CLAIMED", "PENDING", "SUCCEEDED"]
    claim, taken, end = [line["correlation_id"] for line in logged]
    assert claim == taken != end


def story_of(ready: Ready, batch_id: str) -> list[dict[str, Any]]:
    """What the saved query of the story of a batch finds once the last call has ended."""
    deadline = time.monotonic() + 15
    while True:
        lines = [json.loads(line) for line in function_logs(ready.aws_endpoint_url) if batch_id in line]
        if len(lines) == 3 or time.monotonic() > deadline:
            return lines
        time.sleep(0.5)


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_the_desks_page_shows_what_is_under_way(ready: Ready, arm: ArmControl, tmp_path: Path) -> None:
    orders = {"PENDING": a_fresh_order(), "UNCONFIRMED": a_fresh_order(), "QUEUED": a_fresh_order()}
    arm.settings(processing_seconds=600)
    post(ready, orders["PENDING"])
    arm.add_fault("submit", "drop-after", times=1)
    post(ready, orders["UNCONFIRMED"])
    # From now on nothing is learned of any of them.
    arm.add_fault("any", "refuse")
    post(ready, orders["QUEUED"])
    (tmp_path / "ready.json").write_text(ready.to_json())

    with desk(tmp_path / "ready.json", "--no-open") as address, chromium() as browser:
        page = browser.new_page(locale="en-GB")
        page.set_default_timeout(PATIENCE * 1000)
        for status, order in orders.items():
            page.goto(f"{address}order?client={ready.client_no}&id={order['id']}")
            assert page.locator(f".badge.{status}").count() > 0
            assert violations(page) == []
        page.goto(f"{address}batches/unfinished")
        assert all(page.locator(f".badge.{status}").count() > 0 for status in orders)
        assert violations(page) == []
    arm.settings(processing_seconds=0.2)


def test_nothing_secret_or_personal_was_logged_by_any_of_these_tests(ready: Ready) -> None:
    end_of(ready, post(ready, a_fresh_order()).json()["batchId"])
    secrets = ("whsec_", ready.signing_secret.removeprefix("whsec_"), "Bearer", "client_secret")
    personal = ("onfidential", "0317172027", "somebody.private")

    logged = "\n".join(function_logs(ready.aws_endpoint_url))

    assert "batch moved" in logged
    assert [text for text in (*secrets, *personal) if text in logged] == []
    # Ids and times are long enough to hold five digits by chance.
    assert [amount for amount in AMOUNTS if re.search(rf"(?<!\w){amount}(?!\w)", logged)] == []
