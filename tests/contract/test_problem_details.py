"""Every kind of problem that the relay answers, frozen: programs distinguish them by `type` and `status`."""

import re

import pytest
from arm_relay.api import problems
from arm_relay.api.event import BodyTooLarge, Forbidden, InvalidQuery
from arm_relay.api.problems import Kind, Problem
from arm_relay.arm.credentials import NoCredentials
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, OrderStatus, State
from arm_relay.batches.steps import IllegalStep, NeedsConfirmation
from arm_relay.operators import problems as operators
from arm_relay.operators.bulk import MoreBatches, UnknownRedrive
from arm_relay.operators.day_reports import InvalidDate, UnknownDay
from arm_relay.operators.forgetting import InvalidForget, NotForgettable
from arm_relay.operators.inquiries import InvalidCursor, UnknownBatch, UnknownOrder
from arm_relay.operators.redrive import InvalidRedrive
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.secrets import SecretUnavailable
from arm_relay.store.table import Busy, RecordTooLarge, StoreUnavailable
from arm_relay.webhook import problems as webhook
from arm_relay.webhook.admission import NotJsonMediaType
from arm_relay.webhook.preview import PreviewTooLarge
from arm_relay.webhook.questions import InvalidQuestion
from arm_relay.webhook.receipts import Conflict, NotRetriable, Receipt, Taken
from arm_relay.webhook.responses import to_refusal
from arm_relay.webhook.signatures import BadSignature

from tests.support.builders import NOW, a_batch

#: Type, status, title.
FROZEN = {
    Kind.NOT_JSON: ("urn:arm-relay:problem:not-json", 400, "The body is not JSON the relay can read"),
    Kind.INVALID_DATE: ("urn:arm-relay:problem:invalid-date", 400, "The date is not valid"),
    Kind.INVALID_QUERY: ("urn:arm-relay:problem:invalid-query", 400, "A query parameter is not valid"),
    Kind.BAD_SIGNATURE: ("urn:arm-relay:problem:bad-signature", 401, "The request has no valid signature"),
    Kind.FORBIDDEN: ("urn:arm-relay:problem:forbidden", 403, "The route is for authorised operators"),
    Kind.UNKNOWN_BATCH: ("urn:arm-relay:problem:unknown-batch", 404, "There is no such batch"),
    Kind.UNKNOWN_DAY: ("urn:arm-relay:problem:unknown-day", 404, "The day is no longer kept"),
    Kind.UNKNOWN_ORDER: ("urn:arm-relay:problem:unknown-order", 404, "There is no such order"),
    Kind.UNKNOWN_REDRIVE: ("urn:arm-relay:problem:unknown-redrive", 404, "There is no such bulk redrive"),
    Kind.UNKNOWN_ROUTE: ("urn:arm-relay:problem:unknown-route", 404, "There is no such route"),
    Kind.CONFLICT: (
        "urn:arm-relay:problem:conflict",
        409,
        "An order with this id or invoice number already exists with different content",
    ),
    Kind.NOT_RETRIABLE: ("urn:arm-relay:problem:not-retriable", 409, "An order cannot be retried as it is"),
    Kind.NOT_FORGETTABLE: ("urn:arm-relay:problem:not-forgettable", 409, "The order cannot be forgotten now"),
    Kind.NOT_REDRIVABLE: (
        "urn:arm-relay:problem:not-redrivable",
        409,
        "The batch cannot be redriven in this way now",
    ),
    Kind.NEEDS_CONFIRMATION: ("urn:arm-relay:problem:needs-confirmation", 409, "ARM may have the batch already"),
    Kind.MORE_BATCHES: (
        "urn:arm-relay:problem:more-batches",
        409,
        "More batches match than the redrive states",
    ),
    Kind.TOO_LARGE: ("urn:arm-relay:problem:too-large", 413, "The request is too large"),
    Kind.NOT_JSON_MEDIA_TYPE: (
        "urn:arm-relay:problem:not-json-media-type",
        415,
        "The body should be application/json",
    ),
    Kind.INVALID_ORDER: ("urn:arm-relay:problem:invalid-order", 422, "An order is not valid"),
    Kind.INVALID_QUESTION: ("urn:arm-relay:problem:invalid-question", 422, "The question is not valid"),
    Kind.INVALID_FORGET: (
        "urn:arm-relay:problem:invalid-forget",
        422,
        "The request to forget an order is not valid",
    ),
    Kind.INVALID_REDRIVE: ("urn:arm-relay:problem:invalid-redrive", 422, "The redrive is not valid"),
    Kind.REFUSED_BY_ARM: ("urn:arm-relay:problem:refused-by-arm", 422, "ARM refused the batch"),
    Kind.INTERNAL_ERROR: ("urn:arm-relay:problem:internal-error", 500, "The relay failed to process this request"),
    Kind.UNAVAILABLE: ("urn:arm-relay:problem:unavailable", 503, "The relay cannot record the request now"),
}

#: Every failure that is foreseen, with the kind of problem it is and what is said of it.
FAILURES = [
    (NotJson("The body is not JSON."), Kind.NOT_JSON, "The body is not JSON."),
    (BadSignature("The header is malformed."), Kind.BAD_SIGNATURE, "The header is malformed."),
    (Forbidden(Forbidden.__doc__), Kind.FORBIDDEN, "IAM has not authorised the caller."),
    (InvalidQuery("It should be a number."), Kind.INVALID_QUERY, "It should be a number."),
    (InvalidCursor(InvalidCursor.__doc__), Kind.INVALID_QUERY, "The cursor does not come from this list."),
    (UnknownOrder(UnknownOrder.__doc__), Kind.UNKNOWN_ORDER, "The client has no order with this id."),
    (UnknownBatch(UnknownBatch.__doc__), Kind.UNKNOWN_BATCH, "The client has no batch with this id."),
    (
        Conflict(["evt-1"]),
        Kind.CONFLICT,
        "An order with this id or invoice number is in progress or held, or has succeeded, with different content.",
    ),
    (
        NotRetriable(["evt-1"]),
        Kind.NOT_RETRIABLE,
        "An order cannot be retried: it did not fail in the batch that it names, or it was sent again since.",
    ),
    (UnknownRedrive(UnknownRedrive.__doc__), Kind.UNKNOWN_REDRIVE, "There is no bulk redrive with this id."),
    (IllegalStep("The batch is not held."), Kind.NOT_REDRIVABLE, "The batch is not held."),
    (NeedsConfirmation("ARM may have it."), Kind.NEEDS_CONFIRMATION, "ARM may have it."),
    (MoreBatches("More of them match."), Kind.MORE_BATCHES, "More of them match."),
    (InvalidDate("The day has not come yet."), Kind.INVALID_DATE, "The day has not come yet."),
    (UnknownDay("The relay keeps 400 days."), Kind.UNKNOWN_DAY, "The relay keeps 400 days."),
    (NotForgettable("The order's batch has not ended."), Kind.NOT_FORGETTABLE, "The order's batch has not ended."),
    (
        InvalidForget([Fault("/reason", "is missing")]),
        Kind.INVALID_FORGET,
        "The body is valid JSON, but does not say which order to forget and why.",
    ),
    (BodyTooLarge(BodyTooLarge.__doc__), Kind.TOO_LARGE, "The body is larger than 1 MiB."),
    (
        RecordTooLarge(RecordTooLarge.__doc__),
        Kind.TOO_LARGE,
        "The orders are too large to record. Send fewer per request.",
    ),
    (
        PreviewTooLarge(PreviewTooLarge.__doc__),
        Kind.TOO_LARGE,
        "The preview is larger than an answer may be. Preview fewer orders at once.",
    ),
    (
        NotJsonMediaType(NotJsonMediaType.__doc__),
        Kind.NOT_JSON_MEDIA_TYPE,
        "The Content-Type is not application/json.",
    ),
    (
        InvalidOrders([Fault("/id", "is missing")]),
        Kind.INVALID_ORDER,
        "The body is valid JSON, but contains invalid orders.",
    ),
    (
        InvalidQuestion([Fault("/ids", "should be an array")]),
        Kind.INVALID_QUESTION,
        "The body is valid JSON, but not what this route takes.",
    ),
    (
        InvalidRedrive([Fault("/reason", "is missing")]),
        Kind.INVALID_REDRIVE,
        "The body is valid JSON, but not a valid redrive.",
    ),
]


def problem_of(error: Exception) -> Problem:
    """The answer of the function that expects the failure."""
    return operators.problem_of(error) if type(error) in operators.KINDS else webhook.problem_of(error)


UNAVAILABLE = [StoreUnavailable("table-1"), Busy("table-1"), SecretUnavailable("secret-1")]


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_has_its_type_status_and_title(kind: Kind) -> None:
    kind_of_problem, status, title = FROZEN[kind]

    assert Problem(kind, "Something is wrong.").to_json() == {
        "type": kind_of_problem,
        "title": title,
        "status": status,
        "detail": "Something is wrong.",
    }


@pytest.mark.parametrize(("error", "kind", "detail"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_failure_is_of_its_kind(error: Exception, kind: Kind, detail: str) -> None:
    problem = problem_of(error)

    assert (problem.kind, problem.detail) == (kind, detail)


@pytest.mark.parametrize(("error", "detail"), [(error, detail) for error, _, detail in FAILURES], ids=str)
def test_every_detail_is_a_sentence(error: Exception, detail: str) -> None:
    assert problem_of(error).detail == detail
    assert re.fullmatch(r"[A-Z].*\.", detail)


def test_every_foreseen_failure_is_among_them() -> None:
    assert {type(error) for error, _, _ in FAILURES} == {*problems.KINDS, *webhook.KINDS, *operators.KINDS}


def test_every_kind_is_given_to_somebody() -> None:
    given = {problem_of(error).kind for error, _, _ in FAILURES}

    assert set(Kind) - given == {Kind.UNKNOWN_ROUTE, Kind.REFUSED_BY_ARM, Kind.INTERNAL_ERROR, Kind.UNAVAILABLE}


@pytest.mark.parametrize("error", UNAVAILABLE, ids=lambda error: type(error).__name__)
def test_what_cannot_be_recorded_is_told_without_our_resources(error: Exception) -> None:
    assert problem_of(error).to_json() == {
        "type": "urn:arm-relay:problem:unavailable",
        "title": "The relay cannot record the request now",
        "status": 503,
        "detail": "Send the same request again. Anything already recorded will not be processed twice.",
    }


@pytest.mark.parametrize("error", [ZeroDivisionError("543210"), NoCredentials("secret-1"), KeyError("543210")])
def test_what_nobody_foresaw_is_told_in_no_detail(error: Exception) -> None:
    assert problem_of(error).to_json() == {
        "type": "urn:arm-relay:problem:internal-error",
        "title": "The relay failed to process this request",
        "status": 500,
        "detail": "Send the same request again. Anything already recorded will not be processed twice.",
    }


def test_faults_are_told_all_at_once_each_with_its_pointer() -> None:
    error = InvalidOrders([Fault("/0/id", "is missing"), Fault("/1/lines/0/vatRate", "should be a number")])

    assert problem_of(error).to_json() == {
        "type": "urn:arm-relay:problem:invalid-order",
        "title": "An order is not valid",
        "status": 422,
        "detail": "The body is valid JSON, but contains invalid orders.",
        "errors": [
            {"pointer": "/0/id", "detail": "is missing"},
            {"pointer": "/1/lines/0/vatRate", "detail": "should be a number"},
        ],
    }


def test_a_conflict_names_its_orders() -> None:
    assert problem_of(Conflict(["evt-1", "evt-2"])).to_json() == {
        "type": "urn:arm-relay:problem:conflict",
        "title": "An order with this id or invoice number already exists with different content",
        "status": 409,
        "detail": Conflict.__doc__,
        "orderIds": ["evt-1", "evt-2"],
    }


def test_a_refusal_shows_arms_answer() -> None:
    pending = a_batch(answer=Answer(400, '{"message":"no such customer"}'))
    refused = steps.ended(pending, State.REFUSED, OrderStatus.REFUSED, "ARM answered 400", NOW)
    receipt = Receipt((Taken(refused.orders[0], refused, replayed=False),))

    assert to_refusal(receipt).to_json() == {
        "type": "urn:arm-relay:problem:refused-by-arm",
        "title": "ARM refused the batch",
        "status": 422,
        "detail": "ARM answered 400. Correct the orders and send them again.",
        "batchId": "batch-1",
        "answer": {"status": 400, "body": '{"message":"no such customer"}'},
        "orders": [
            {
                "id": "evt-1",
                "orderId": "B-1",
                "documentNo": "88776655",
                "status": "REFUSED",
                "errors": [],
                "outcome": "refused",
                "batchId": "batch-1",
            }
        ],
    }
