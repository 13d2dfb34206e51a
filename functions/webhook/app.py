"""API Gateway -> relay: routes and status codes."""

import json
import os
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from arm_relay import bootstrap
from arm_relay.answers import to_held, to_order_status, to_preview, to_receipt, to_refusal, to_status
from arm_relay.inquiries import LISTED, MOST_LISTED
from arm_relay.intake import OnInvalid
from arm_relay.observability import Metric
from arm_relay.problems import Kind, Problem, problem_of
from arm_relay.requests import ListedState, body_of, choice_of, number_of, operator_of, order_id_of, query_of
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

#: Made of this code by `make openapi`.
OPENAPI: Final = Path(__file__).with_name("openapi.json")

logger = Logger()
metrics = Metrics()
app = APIGatewayHttpResolver()


@cache
def relay() -> bootstrap.Webhook:
    """The relay's parts, built at the first use."""
    return bootstrap.webhook(os.environ, logger, metrics)


@app.post("/v1/clients/<client_no>/orders")
def accept_orders(client_no: str) -> Response[str]:
    """Take order events."""
    event = app.current_event.raw_event
    body = body_of(event)
    relay().door.check(client_no, app.current_event.headers, body)
    on_invalid = choice_of(event, "onInvalid", OnInvalid, OnInvalid.REJECT_ALL)
    receipt = relay().intake.accept(client_no, body, on_invalid)
    if receipt.replayed:
        return _json(HTTPStatus.OK, to_receipt(receipt), {"Idempotent-Replayed": "true"})
    if receipt.refused:
        return _problem(to_refusal(receipt))
    return _json(HTTPStatus.ACCEPTED, to_receipt(receipt))


@app.post("/v1/clients/<client_no>/orders/preview")
def preview_orders(client_no: str) -> Response[str]:
    """Show the batch that order events would become."""
    operator_of(app.current_event.raw_event)
    relay().door.check_client(client_no)
    preview = relay().intake.preview(body_of(app.current_event.raw_event))
    return Response(HTTPStatus.OK, "application/json", to_preview(preview))


# An order id may hold what Powertools takes for no part of a path, slashes for one.
@app.get("/v1/clients/<client_no>/orders/.+")
def show_order(client_no: str) -> Response[str]:
    """Show an order, the batch it belongs to and its history."""
    operator_of(app.current_event.raw_event)
    order, batch = relay().inquiries.order(client_no, order_id_of(app.current_event.raw_event))
    return _json(HTTPStatus.OK, to_order_status(order, batch))


@app.get("/v1/clients/<client_no>/batches")
def list_batches(client_no: str) -> Response[str]:
    """List the batches that wait for a person."""
    event = app.current_event.raw_event
    operator_of(event)
    choice_of(event, "state", ListedState)
    limit = number_of(event, "limit", 1, MOST_LISTED, LISTED)
    return _json(HTTPStatus.OK, to_held(relay().inquiries.held(client_no, limit, query_of(event, "cursor"))))


@app.get("/v1/clients/<client_no>/batches/<batch_id>")
def show_batch(client_no: str, batch_id: str) -> Response[str]:
    """Show a batch and its history."""
    operator_of(app.current_event.raw_event)
    return _json(HTTPStatus.OK, to_status(relay().inquiries.batch(client_no, batch_id)))


@app.post("/v1/clients/<client_no>/batches/<batch_id>/redrive")
def redrive_batch(client_no: str, batch_id: str) -> Response[str]:
    """Resubmit or close a held batch."""
    operator = operator_of(app.current_event.raw_event)
    batch = relay().redrive.release(client_no, batch_id, body_of(app.current_event.raw_event), operator)
    return _json(HTTPStatus.OK, to_status(batch))


@app.get("/v1/openapi.json")
def show_document() -> Response[str]:
    """Show what this API takes and answers."""
    return Response(HTTPStatus.OK, "application/json", OPENAPI.read_text())


@app.not_found
def unknown_route(_: Exception) -> Response[str]:
    """Answer a request that no route takes."""
    return _problem(Problem(Kind.UNKNOWN_ROUTE, Kind.UNKNOWN_ROUTE.title))


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # Powertools leaves it untyped
def answer_problem(error: Exception) -> Response[str]:
    """Answer a request that met a failure, foreseen or not."""
    problem = problem_of(error)
    if problem.kind is Kind.INTERNAL_ERROR:
        relay().journal.failed("a request failed")
    elif problem.kind is Kind.UNAVAILABLE:
        relay().journal.trouble(str(error))
    return _problem(problem)


def _json(status: HTTPStatus, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response[str]:
    return Response(status, "application/json", json.dumps(body), dict(headers or {}))


def _problem(problem: Problem) -> Response[str]:
    client_no = (app.current_event.raw_event.get("pathParameters") or {}).get("clientNo")
    relay().journal.rejected(problem.kind.slug, problem.kind.status, client_no)
    retry = {"Retry-After": "5"} if problem.kind is Kind.UNAVAILABLE else {}
    return Response(problem.kind.status, "application/problem+json", json.dumps(problem.to_json()), dict(retry))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    # By this id API Gateway names the request, to its sender as well.
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    relay().journal.count(Metric.REQUESTS)
    return app.resolve(event, context)


# In Lambda the clients are built while the environment starts, where a processor is lent for it.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    relay()
