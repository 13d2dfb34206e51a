import json

import pytest

from sandbox.arm.api import Logged, route
from sandbox.arm.ledger import documents_of
from tests.support.arm_builders import (
    CREDENTIALS,
    FORM,
    a_document,
    a_payload,
    a_simulator,
    content,
)

BATCHES = "/arm/v1/clients/2218/documents/batches"


def test_a_token_answer_has_the_documented_keys() -> None:
    response = a_simulator().token()

    assert response.status == 200
    assert content(response) == {
        "access_token": "token-1",
        "token_type": "Bearer",
        "not_before": 1740657600,
        "expires_in": 3600,
        "expires_on": 1740661200,
        "resource": "04468334-ec11-4ef8-9e7c-e124bacbd5c1",
    }


@pytest.mark.parametrize(
    ("old", "new", "status", "error"),
    [
        (b"s3cr3t", b"guess", 401, "invalid_client"),
        (b"my-integration", b"other", 401, "invalid_client"),
        (b"&client_secret=s3cr3t", b"", 401, "invalid_client"),
        (b"client_credentials", b"password", 400, "unsupported_grant_type"),
        (CREDENTIALS, b"", 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_token(old: bytes, new: bytes, status: int, error: str) -> None:
    response = a_simulator().response("POST", "/token", CREDENTIALS.replace(old, new), **FORM)

    assert (response.status, content(response)) == (status, {"error": error})


def test_a_token_is_asked_for_with_a_form() -> None:
    response = a_simulator().response("POST", "/token", CREDENTIALS, content_type="application/json")

    assert response.status == 400


def test_a_new_batch_is_answered_with_the_documented_keys() -> None:
    simulator = a_simulator()

    response = simulator.response(
        "POST",
        BATCHES,
        json.dumps(a_payload()).encode(),
        authorization=simulator.bearer(),
        content_type="application/json; charset=utf-8",
    )

    assert response.status == 202
    assert content(response) == {
        "status": "NOT-PROCESSED",
        "result": "PENDING",
        "message": "Document batch accepted for processing",
        "batchUuid": "AAAAAAAAAAAAAAAAAAAAAQ",
        "getResult": "https://api.staging.amili.no/arm/v1/clients/2218/batches/AAAAAAAAAAAAAAAAAAAAAQ",
    }


def test_the_ledger_gets_the_body_byte_for_byte() -> None:
    simulator = a_simulator()
    body = json.dumps(a_payload(), indent=3).encode()

    simulator.response("POST", BATCHES, body, authorization=simulator.bearer(), content_type="application/json")

    assert simulator.ledger.batches[0].raw == body
    assert documents_of(simulator.ledger.batches[0].payload) == [a_document()]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic token-1", "token-1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", BATCHES), ("GET", "/arm/v1/clients/2218/batches/x"), ("GET", "/arm/v1/clients/2218/documents/x")],
)
def test_arm_wants_a_token(method: str, path: str, authorization: str) -> None:
    simulator = a_simulator()
    simulator.token()

    response = simulator.response(method, path, b"{}", authorization=authorization, content_type="application/json")

    assert response.status == 401


def test_a_token_expires() -> None:
    simulator = a_simulator()
    bearer = simulator.bearer()
    path = "/arm/v1/clients/2218/documents/x"

    simulator.clock.sleep(3599)
    assert simulator.response("GET", path, authorization=bearer).status == 404

    simulator.clock.sleep(1)
    assert simulator.response("GET", path, authorization=bearer).status == 401


def test_the_lifetime_of_a_token_can_be_chosen() -> None:
    simulator = a_simulator()
    simulator.settings.token_seconds = 5

    assert content(simulator.token())["expires_in"] == 5


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (json.dumps(a_payload()), "text/plain", "Content-Type must be application/json"),
        ("{", "application/json", "The body is not JSON"),
        ("\N{REPLACEMENT CHARACTER}", "application/json", "The body is not JSON"),
        ('{"documents": [NaN]}', "application/json", "The body is not JSON"),
        ("[]", "application/json", "The body has no documents"),
        ("{}", "application/json", "The body has no documents"),
        ('{"documents": []}', "application/json", "The body has no documents"),
        ('{"documents": [1]}', "application/json", "The body has no documents"),
        ('{"Documents": [{}]}', "application/json", "The body has no documents"),
    ],
)
def test_a_malformed_batch_is_refused(body: str, content_type: str, message: str) -> None:
    simulator = a_simulator()

    response = simulator.response(
        "POST", BATCHES, body.encode(), authorization=simulator.bearer(), content_type=content_type
    )

    assert (response.status, content(response)["message"]) == (400, message)
    assert simulator.ledger.batches == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("documentType", None),
        ("customerNo", None),
        ("customerNo", ""),
        ("customerNo", 543210),
        ("documentDate", None),
        ("dueDate", None),
        ("documentLines", None),
        ("documentLines", []),
    ],
)
def test_one_incomplete_document_refuses_the_batch(name: str, value: object) -> None:
    simulator = a_simulator()
    body = json.dumps(a_payload(a_document(), a_document(**{name: value}))).encode()

    response = simulator.response(
        "POST", BATCHES, body, authorization=simulator.bearer(), content_type="application/json"
    )

    assert (response.status, content(response)["message"]) == (400, f"documents[1].{name} is missing")
    assert simulator.ledger.documents == []


def test_a_document_is_found_by_its_number_once_processed() -> None:
    simulator = a_simulator()
    simulator.submit(a_document(documentNo="A 1/ø"))

    assert simulator.get("documents/A%201%2F%C3%B8").status == 404

    simulator.clock.sleep(1)
    response = simulator.get("documents/a%201%2f%c3%b8?expand&userid")
    assert response.status == 200
    assert content(response)["documentNo"] == "A 1/ø"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/token", ("token", ())),
        ("POST", BATCHES, ("submit", ("2218",))),
        ("GET", "/arm/v1/clients/2218/batches/8Nl-_k", ("result", ("2218", "8Nl-_k"))),
        ("GET", "/arm/v1/clients/2218/documents/8877%2F6655", ("document", ("2218", "8877/6655"))),
        ("GET", "/arm/v1/clients/2218/documents/batches", ("document", ("2218", "batches"))),
        ("GET", "/token", ("none", ())),
        ("POST", "/arm/v1/clients/2218/documents", ("none", ())),
        ("GET", "/arm/v1/clients/2218/documents/8877/6655", ("none", ())),
        ("POST", "/arm/v1/clients//documents/batches", ("none", ())),
    ],
)
def test_a_path_leads_to_its_endpoint(method: str, path: str, expected: object) -> None:
    assert route(method, path) == expected


def test_other_paths_are_not_found() -> None:
    simulator = a_simulator()

    response = simulator.response("GET", "/arm/v1/clients/2218", authorization=simulator.bearer())

    assert response.status == 404


def test_calls_are_logged_without_secrets() -> None:
    simulator = a_simulator()
    simulator.get("documents/1?userid=secret")

    at = simulator.clock.now()
    assert simulator.api.log == [
        Logged(at, "POST", "/token", "token", 200),
        Logged(at, "GET", "/arm/v1/clients/2218/documents/1", "document", 404),
    ]


def test_arm_has_every_customer_but_those_that_are_named() -> None:
    simulator = a_simulator()
    simulator.settings.unknown_customers = {"B7"}

    known, unknown = simulator.get("customers/543210"), simulator.get("customers/b7")

    assert (known.status, content(known)["customerNo"], unknown.status) == (200, "543210", 404)


def test_a_document_for_an_unknown_customer_fails() -> None:
    simulator = a_simulator()
    simulator.settings.unknown_customers = {"543210"}

    simulator.ledger.accept("2218", a_payload())

    assert simulator.ledger.documents == []
    assert {outcome.message for outcome in simulator.ledger.batches[0].outcomes} == {"Customer does not exist"}
