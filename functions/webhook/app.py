"""API Gateway -> relay: routes and status codes. API Gateway has found the route: its key is all that is looked at."""

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from arm_relay.answers import to_held, to_order_status, to_preview, to_receipt, to_refusal, to_status
from arm_relay.bootstrap import webhook
from arm_relay.door import check_size
from arm_relay.inquiries import LISTED, MOST_LISTED
from arm_relay.intake import OnInvalid, TooLarge
from arm_relay.observability import Metric
from arm_relay.problems import Kind, Problem, problem_of
from arm_relay.requests import (
    Event,
    ListedState,
    batch_id_of,
    body_of,
    choice_of,
    client_no_of,
    headers_of,
    number_of,
    operator_of,
    order_id_of,
    query_of,
)
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

#: An answer as API Gateway wants it (payload format 2.0).
type Response = dict[str, Any]

#: Made of this code by `make openapi`.
OPENAPI: Final = Path(__file__).with_name("openapi.json")

#: As Lambda takes it from a function, in bytes, with some room for what stands around the body.
LARGEST_ANSWER: Final = 6_000_000

logger = Logger()
metrics = Metrics()


@cache
def relay() -> webhook.Webhook:
    """The relay's parts, built at the first use."""
    return webhook.build(os.environ, logger, metrics)


def accept_orders(event: Event) -> Response:
    """Take order events."""
    client_no, body = client_no_of(event), body_of(event)
    relay().door.check(client_no, headers_of(event), body)
    on_invalid = choice_of(event, "onInvalid", OnInvalid, OnInvalid.REJECT_ALL)
    receipt = relay().intake.accept(client_no, body, on_invalid)
    if receipt.replayed:
        return _json(HTTPStatus.OK, to_receipt(receipt), {"Idempotent-Replayed": "true"})
    if receipt.refused:
        return _problem(event, to_refusal(receipt))
    return _json(HTTPStatus.ACCEPTED, to_receipt(receipt))


def preview_orders(event: Event) -> Response:
    """Show the batch that order events would become."""
    operator_of(event)
    relay().door.check_client(client_no_of(event))
    check_size(body_of(event))
    shown = to_preview(relay().intake.preview(body_of(event)))
    if len(json.dumps(shown)) > LARGEST_ANSWER:
        raise TooLarge("the preview is larger than an answer can be: show fewer orders at once")
    return _response(HTTPStatus.OK, "application/json", shown)


def show_order(event: Event) -> Response:
    """Show an order, the batch it belongs to and its history."""
    operator_of(event)
    order, batch = relay().inquiries.order(client_no_of(event), order_id_of(event))
    return _json(HTTPStatus.OK, to_order_status(order, batch))


def list_batches(event: Event) -> Response:
    """List the batches that wait for a person."""
    operator_of(event)
    choice_of(event, "state", ListedState)
    limit = number_of(event, "limit", 1, MOST_LISTED, LISTED)
    held = relay().inquiries.held(client_no_of(event), limit, query_of(event, "cursor"))
    return _json(HTTPStatus.OK, to_held(held))


def show_batch(event: Event) -> Response:
    """Show a batch and its history."""
    operator_of(event)
    return _json(HTTPStatus.OK, to_status(relay().inquiries.batch(client_no_of(event), batch_id_of(event))))


def redrive_batch(event: Event) -> Response:
    """Resubmit or close a held batch."""
    operator = operator_of(event)
    check_size(body_of(event))
    batch = relay().redrive.release(client_no_of(event), batch_id_of(event), body_of(event), operator)
    return _json(HTTPStatus.OK, to_status(batch))


def show_document(_: Event) -> Response:
    """Show what this API takes and answers."""
    return _response(HTTPStatus.OK, "application/json", OPENAPI.read_text(encoding="utf-8"))


def unknown_route(event: Event) -> Response:
    """Answer a request that no route takes."""
    return _problem(event, Problem(Kind.UNKNOWN_ROUTE, Kind.UNKNOWN_ROUTE.title))


ROUTES: Final[Mapping[str, Callable[[Event], Response]]] = {
    "POST /v1/clients/{clientNo}/orders": accept_orders,
    "POST /v1/clients/{clientNo}/orders/preview": preview_orders,
    "GET /v1/clients/{clientNo}/orders/{id+}": show_order,
    "GET /v1/clients/{clientNo}/batches": list_batches,
    "GET /v1/clients/{clientNo}/batches/{batchId}": show_batch,
    "POST /v1/clients/{clientNo}/batches/{batchId}/redrive": redrive_batch,
    "GET /v1/openapi.json": show_document,
}


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Event, _: LambdaContext) -> Response:
    """Lambda's entry point."""
    # By this id API Gateway names the request, to its sender as well.
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    relay().journal.count(Metric.REQUESTS)
    try:
        return ROUTES.get(event["routeKey"], unknown_route)(event)
    except Exception as error:  # noqa: BLE001 (every failure has an answer, and what nobody foresaw is told in the log)
        return _answer_failure(event, error)


def _answer_failure(event: Event, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.kind is Kind.INTERNAL_ERROR:
        relay().journal.failed("a request failed")
    elif problem.kind is Kind.UNAVAILABLE:
        relay().journal.trouble(str(error))
    return _problem(event, problem)


def _problem(event: Event, problem: Problem) -> Response:
    client_no = (event.get("pathParameters") or {}).get("clientNo")
    relay().journal.rejected(problem.kind.slug, problem.kind.status, client_no)
    retry = {"Retry-After": "5"} if problem.kind is Kind.UNAVAILABLE else {}
    return _response(problem.kind.status, "application/problem+json", json.dumps(problem.to_json()), retry)


def _json(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return _response(status, "application/json", json.dumps(body), headers)


def _response(status: int, media_type: str, body: str, headers: Mapping[str, str] | None = None) -> Response:
    return {"statusCode": int(status), "headers": {"Content-Type": media_type, **(headers or {})}, "body": body}


# In Lambda the clients are built while the environment starts, where a processor is lent for it.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    relay()
