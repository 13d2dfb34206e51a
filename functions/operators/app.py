"""API Gateway -> relay, for operators whom IAM authorises. API Gateway has found the route; its key says which."""

import os
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from arm_relay.api.event import (
    Event,
    batch_id_of,
    choice_of,
    client_no_of,
    date_of,
    name_of,
    number_of,
    one_of,
    operator_of,
    order_id_of,
    query_of,
    redrive_id_of,
    small_body_of,
)
from arm_relay.api.responses import Api, Response, json_response, response
from arm_relay.batches.batch import Batch, BatchOrder
from arm_relay.batches.selection import Listing, Wanted
from arm_relay.bootstrap import operators
from arm_relay.operators.bulk import Plan
from arm_relay.operators.inquiries import LISTED, MOST_LISTED, ListedState
from arm_relay.operators.lists import Listed
from arm_relay.operators.problems import problem_of
from arm_relay.operators.responses import (
    to_day,
    to_forgotten,
    to_health,
    to_held,
    to_json,
    to_list,
    to_order_status,
    to_orders,
    to_plan,
    to_redrive,
    to_status,
)
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
metrics = Metrics()


@cache
def relay() -> operators.Operators:
    """The function's parts, built at the first use."""
    return operators.build(os.environ, logger, metrics)


def show_order(event: Event) -> Response:
    """Show an order, its batch and the batch's history."""
    operator_of(event)
    order, batch = relay().inquiries.order(client_no_of(event), order_id_of(event))
    return _evidence_of(order, batch)


def find_orders(event: Event) -> Response:
    """Find the order that has an invoice number, or the orders that have an orderId."""
    operator_of(event)
    client_no, (name, number) = name_of(event, "clientNo"), one_of(event, "invoiceNo", "orderId")
    inquiries = relay().inquiries
    find = inquiries.orders_of_number if name == "invoiceNo" else inquiries.orders_of_order_id
    return _answer(HTTPStatus.OK, to_orders(find(client_no, number), relay().times))


def list_batches(event: Event) -> Response:
    """List unfinished, held or failed batches, of one client or all, with counts and sums."""
    operator_of(event)
    wanted = Wanted(
        listing=Listing(choice_of(event, "state", Listed)),
        client_no=query_of(event, "clientNo"),
        cause=query_of(event, "cause"),
    )
    limit = number_of(event, "limit", 1, MOST_LISTED, LISTED)
    page = relay().lists.page(wanted, limit, query_of(event, "cursor"))
    return _answer(HTTPStatus.OK, to_list(page, relay().times))


def list_held(event: Event) -> Response:
    """List a client's batches that wait for a person."""
    operator_of(event)
    choice_of(event, "state", ListedState)
    limit = number_of(event, "limit", 1, MOST_LISTED, LISTED)
    held = relay().inquiries.held(client_no_of(event), limit, query_of(event, "cursor"))
    return json_response(HTTPStatus.OK, to_held(held))


def show_batch(event: Event) -> Response:
    """Show a batch and its history."""
    operator_of(event)
    batch = relay().inquiries.batch(client_no_of(event), batch_id_of(event))
    return _batch(batch)


def redrive_batch(event: Event) -> Response:
    """Ask about a held batch, resubmit it or close it; or retry what failed."""
    operator = operator_of(event)
    batch = relay().redrive.release(client_no_of(event), batch_id_of(event), small_body_of(event), operator)
    return _batch(batch)


def redrive_batches(event: Event) -> Response:
    """Redrive many batches, or say which ones that would be."""
    operator = operator_of(event)
    begun = relay().bulk.begin(small_body_of(event), operator)
    if isinstance(begun, Plan):
        return _answer(HTTPStatus.OK, to_plan(begun))
    return _answer(HTTPStatus.ACCEPTED, to_redrive(begun))


def show_redrive(event: Event) -> Response:
    """Show how far a bulk redrive is."""
    operator_of(event)
    return _answer(HTTPStatus.OK, to_redrive(relay().bulk.show(redrive_id_of(event))))


def stop_redrive(event: Event) -> Response:
    """Stop a bulk redrive."""
    operator = operator_of(event)
    return _answer(HTTPStatus.OK, to_redrive(relay().bulk.stop(redrive_id_of(event), operator)))


def _batch(batch: Batch) -> Response:
    return _answer(HTTPStatus.OK, to_status(batch, relay().times, relay().inquiries.documents(batch)))


def _evidence_of(order: BatchOrder, batch: Batch) -> Response:
    return _answer(HTTPStatus.OK, to_order_status(order, batch, relay().times, relay().inquiries.documents(batch)))


def _answer(status: HTTPStatus, body: dict[str, Any]) -> Response:
    return response(status, "application/json", to_json(body))


def forget_order(event: Event) -> Response:
    """Remove what the relay holds of the people of an order."""
    operator = operator_of(event)
    forgotten = relay().forgetting.forget(client_no_of(event), small_body_of(event), operator)
    return json_response(HTTPStatus.OK, to_forgotten(forgotten, relay().times))


def show_day(event: Event) -> Response:
    """Show what was claimed and what ended on one day."""
    operator_of(event)
    return json_response(HTTPStatus.OK, to_day(relay().day_reports.of(date_of(event))))


def show_health(event: Event) -> Response:
    """Show whether the relay can do its work."""
    operator_of(event)
    return json_response(HTTPStatus.OK, to_health(relay().health.report()))


API: Final = Api(
    routes={
        "POST /v1/clients/{clientNo}/orders/forget": forget_order,
        "GET /v1/clients/{clientNo}/orders/{id+}": show_order,
        "GET /v1/orders": find_orders,
        "GET /v1/days/{date}": show_day,
        "GET /v1/health": show_health,
        "GET /v1/batches": list_batches,
        "GET /v1/clients/{clientNo}/batches": list_held,
        "GET /v1/clients/{clientNo}/batches/{batchId}": show_batch,
        "POST /v1/clients/{clientNo}/batches/{batchId}/redrive": redrive_batch,
        "POST /v1/redrives": redrive_batches,
        "GET /v1/redrives/{redriveId}": show_redrive,
        "POST /v1/redrives/{redriveId}/stop": stop_redrive,
    },
    problem_of=problem_of,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Event, _: LambdaContext) -> Response:
    """Lambda's entry point."""
    # API Gateway gives this id to the operator, too.
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    return API.answer(event, relay().journal)


# In Lambda the clients are built while the environment starts, when it has a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    relay()
