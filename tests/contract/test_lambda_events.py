"""The events for `sam local invoke`: what API Gateway and the scheduler send. The handlers' tests send them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from arm_relay.operators.bulk import BulkRequest
from arm_relay.operators.redrive import Resubmit
from arm_relay.orders.parsing import parse_orders

from tests.support.template import template

EVENTS = Path(__file__).parents[2] / "events"
REQUESTS = {
    function: sorted(path.stem for path in (EVENTS / "lambda").glob(f"{name}-*.json"))
    for function, name in (("WebhookFunction", "webhook"), ("OperatorsFunction", "operators"))
}
EACH_REQUEST = [(function, name) for function, names in REQUESTS.items() for name in names]


def load(path: Path) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(path.read_text(encoding="utf-8"))


def an_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = load(EVENTS / "lambda" / f"{name}.json")
    return event


def routes(function: str) -> dict[str, str]:
    """The path of each of the function's routes."""
    events = template()["Resources"][function]["Properties"]["Events"].values()
    properties = [event["Properties"] for event in events]
    return {f"{route['Method']} {route['Path']}": route["Path"] for route in properties}


@pytest.mark.parametrize("function", REQUESTS)
def test_there_is_an_event_for_every_route(function: str) -> None:
    assert {an_event(name)["routeKey"] for name in REQUESTS[function]} == set(routes(function))


@pytest.mark.parametrize(("function", "name"), EACH_REQUEST)
def test_an_event_agrees_with_its_route(function: str, name: str) -> None:
    event = an_event(name)

    path = re.sub(r"\{(\w+)\+?\}", lambda found: event["pathParameters"][found[1]], event["routeKey"].partition(" ")[2])
    http = event["requestContext"]["http"]
    assert (event["version"], event["rawPath"], http["path"]) == ("2.0", path, path)
    route = f"{http['method']} {routes(function)[event['routeKey']]}"
    assert event["requestContext"]["routeKey"] == event["routeKey"] == route
    assert all(header == header.lower() for header in event["headers"])


@pytest.mark.parametrize(("function", "name"), EACH_REQUEST)
def test_operators_are_authorised_by_iam_and_senders_sign(function: str, name: str) -> None:
    event = an_event(name)

    by_iam = function == "OperatorsFunction"
    assert ("authorizer" in event["requestContext"]) == by_iam
    assert ("webhook-signature" in event["headers"]) == (not by_iam and name != "webhook-openapi")


@pytest.mark.parametrize(
    ("name", "orders"),
    [
        ("webhook-order", ["complete"]),
        ("webhook-preview", ["complete"]),
        ("webhook-bulk", ["complete", "minimal"]),
    ],
)
def test_the_orders_in_events_are_the_example_orders(name: str, orders: list[str]) -> None:
    body = an_event(name)["body"]

    examples = [load(EVENTS / "orders" / f"{order}.json") for order in orders]
    assert json.loads(body) == (examples if len(examples) > 1 else examples[0])
    assert len(parse_orders(body.encode()).valid) == len(orders)


def test_the_redrives_in_events_are_some() -> None:
    Resubmit.model_validate_json(an_event("operators-redrive")["body"])
    BulkRequest.model_validate_json(an_event("operators-bulk")["body"])


def test_the_schedules_event_is_the_schedulers_default() -> None:
    event = an_event("poller-schedule")

    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
