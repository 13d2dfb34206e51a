"""API Gateway -> relay, for senders. API Gateway has found the route; its key says which."""

import os
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from arm_relay.api.event import Event, body_of, choice_of, client_no_of, headers_of
from arm_relay.api.responses import Api, ProblemFound, Response, encoded_response, json_response, response
from arm_relay.bootstrap import webhook
from arm_relay.webhook.description import Description, takes_gzip
from arm_relay.webhook.intake import OnInvalid
from arm_relay.webhook.problems import problem_of
from arm_relay.webhook.receipts import Receipt
from arm_relay.webhook.responses import to_receipt, to_refusal
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

#: Generated from the code by `make openapi`.
OPENAPI: Final = Path(__file__).with_name("openapi.json")

logger = Logger()
metrics = Metrics()


@cache
def relay() -> webhook.Webhook:
    """The function's parts, built at the first use."""
    return webhook.build(os.environ, logger, metrics)


def accept_orders(event: Event) -> Response:
    """Accept order events."""
    client_no, body = _signed(event)
    return _answer(client_no, relay().intake.accept(client_no, body, _on_invalid(event)))


def retry_orders(event: Event) -> Response:
    """Accept order events once more that failed."""
    client_no, body = _signed(event)
    return _answer(client_no, relay().intake.retry(client_no, body, _on_invalid(event)))


def show_orders(event: Event) -> Response:
    """Show what has become of orders."""
    return json_response(HTTPStatus.OK, relay().status.of(*_signed(event)))


def read_results(event: Event) -> Response:
    """Show what was announced."""
    return response(HTTPStatus.OK, "application/json", relay().results.read(*_signed(event)))


def _signed(event: Event) -> tuple[str, bytes]:
    """The client, and the body that one of its senders signed."""
    client_no, body = client_no_of(event), body_of(event)
    relay().admission.check(client_no, headers_of(event), body)
    return client_no, body


def _on_invalid(event: Event) -> OnInvalid:
    return choice_of(event, "onInvalid", OnInvalid, OnInvalid.REJECT_ALL)


def _answer(client_no: str, receipt: Receipt) -> Response:
    if receipt.replayed:
        return json_response(HTTPStatus.OK, to_receipt(receipt), {"Idempotent-Replayed": "true"})
    if receipt.refused:
        raise ProblemFound(to_refusal(receipt))
    # Where the sender asks what has become of them.
    location = {"Location": f"/v1/clients/{client_no}/orders/status"}
    return json_response(HTTPStatus.ACCEPTED, to_receipt(receipt), location)


def preview_orders(event: Event) -> Response:
    """Show the batch that order events would become."""
    return response(HTTPStatus.OK, "application/json", relay().preview.show(*_signed(event)))


@cache
def description() -> Description:
    """The API's description, read at the first use."""
    return Description(OPENAPI.read_text(encoding="utf-8"))


def describe_api(event: Event) -> Response:
    """Describe the relay's API as an OpenAPI document."""
    asked = headers_of(event)
    if description().is_known(asked):
        return {"statusCode": int(HTTPStatus.NOT_MODIFIED), "headers": description().headers, "body": ""}
    if takes_gzip(asked):
        return encoded_response("application/json", "gzip", description().compressed, description().headers)
    return response(HTTPStatus.OK, "application/json", description().text, description().headers)


API: Final = Api(
    routes={
        "POST /v1/clients/{clientNo}/orders": accept_orders,
        "POST /v1/clients/{clientNo}/orders/preview": preview_orders,
        "POST /v1/clients/{clientNo}/orders/retry": retry_orders,
        "POST /v1/clients/{clientNo}/orders/status": show_orders,
        "POST /v1/clients/{clientNo}/results": read_results,
        "GET /v1/openapi.json": describe_api,
    },
    problem_of=problem_of,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Event, _: LambdaContext) -> Response:
    """Lambda's entry point."""
    # API Gateway gives this id to the sender, too.
    logger.set_correlation_id(event["requestContext"].get("requestId"))
    return API.answer(event, relay().journal)


# In Lambda the clients are built while the environment starts, when it has a whole processor.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    relay()
