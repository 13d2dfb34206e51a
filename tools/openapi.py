"""`make openapi`: the OpenAPI document of the webhook's API, made from the code that answers.

The deployed webhook function serves the file at `GET /v1/openapi.json`; nothing of this runs there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from arm_relay.api.problems import Kind
from arm_relay.batches.batch import OrderStatus, State
from arm_relay.operators.inquiries import LISTED, MOST_LISTED
from arm_relay.operators.redrive import Close, Resubmit
from arm_relay.orders.order import MAX_ID
from arm_relay.webhook.intake import OnInvalid
from pydantic.json_schema import models_json_schema

from sandbox.paths import ROOT
from tools.examples import REQUESTS, answers
from tools.schemas import orders_schema

OPENAPI: Final = ROOT / "functions" / "webhook" / "openapi.json"

type Json = dict[str, Any]

COMPONENTS: Final = "#/components/schemas/"

#: Any request may meet these.
ALWAYS: Final = (Kind.INTERNAL_ERROR, Kind.UNAVAILABLE)
#: API Gateway's own answers, which have a message alone.
GATEWAY: Final[Mapping[int, str]] = {
    404: "There is no such route.",
    413: "Over 10 MB.",
    429: "Too many requests: send it again later.",
    500: "The function failed: send it again.",
    503: "The function did not answer in time: send it again.",
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    name: str
    summary: str
    parameters: tuple[Json, ...] = ()
    body: Json | None = None
    #: The schema of each answer that is no problem, by status.
    answers: Mapping[int, Json]
    problems: tuple[Kind, ...] = ()
    #: How callers prove who they are; None where everybody may ask.
    security: str | None
    headers: Mapping[int, Json] = field(default_factory=dict)


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ARM Relay",
            "version": "1",
            "description": "Order events in, ARM document batches out, every end announced.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {path: _path(path, methods) for path, methods in _paths().items()},
        "components": {"schemas": _schemas(), "securitySchemes": _security_schemes()},
    }


def to_text(openapi: Json) -> str:
    """The file's text."""
    return json.dumps(openapi, indent=1, ensure_ascii=False) + "\n"


def _paths() -> dict[str, dict[str, Operation]]:
    client = "/v1/clients/{clientNo}"
    return {
        f"{client}/orders": {"post": _accept()},
        f"{client}/orders/preview": {"post": _preview()},
        f"{client}/orders/{{id}}": {"get": _show_order()},
        f"{client}/batches": {"get": _list_held()},
        f"{client}/batches/{{batchId}}": {"get": _show_batch()},
        f"{client}/batches/{{batchId}}/redrive": {"post": _redrive()},
        "/v1/openapi.json": {"get": _show_document()},
    }


def _accept() -> Operation:
    return Operation(
        name="acceptOrders",
        summary="Take one order event, or an array of them",
        parameters=(
            _query("onInvalid", "What becomes of the other orders when some are faulty.", _enum(OnInvalid)),
            _header("webhook-id", "Of the message; the same when it is sent again."),
            _header("webhook-timestamp", "When it was signed, in seconds since 1970."),
        ),
        body=_ref("Orders"),
        answers={202: _ref("Receipt"), 200: _ref("Receipt")},
        headers={
            200: {"Idempotent-Replayed": {"schema": {"const": "true"}, "description": "Nothing of it was new."}},
            503: {"Retry-After": {"schema": {"type": "string"}, "description": "In seconds."}},
        },
        problems=(
            Kind.NOT_JSON,
            Kind.INVALID_QUERY,
            Kind.BAD_SIGNATURE,
            Kind.UNKNOWN_CLIENT,
            Kind.CONFLICT,
            Kind.TOO_LARGE,
            Kind.NOT_JSON_MEDIA_TYPE,
            Kind.INVALID_ORDER,
            Kind.REFUSED_BY_ARM,
        ),
        security="standardWebhooks",
    )


def _preview() -> Operation:
    return Operation(
        name="previewOrders",
        summary="Show the ARM batch that order events would become; nothing is recorded or sent",
        body=_ref("Orders"),
        answers={200: _ref("Preview")},
        problems=(
            Kind.NOT_JSON,
            Kind.FORBIDDEN,
            Kind.UNKNOWN_CLIENT,
            Kind.TOO_LARGE,
            Kind.INVALID_ORDER,
        ),
        security="iam",
    )


def _show_order() -> Operation:
    return Operation(
        name="showOrder",
        summary="Show an order, the batch it belongs to and its history",
        parameters=(_in_path("id", "The order's id, percent-encoded once.", MAX_ID),),
        answers={200: _ref("OrderStatus")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_ORDER),
        security="iam",
    )


def _list_held() -> Operation:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}
    return Operation(
        name="listHeldBatches",
        summary="List the batches that wait for a person, the longest held first",
        parameters=(
            _query("state", "There is no other list.", {"const": "held"}, required=True),
            _query("limit", "How many.", limit),
            _query("cursor", "Of the page before.", {"type": "string"}),
        ),
        answers={200: _ref("HeldBatches")},
        problems=(Kind.INVALID_QUERY, Kind.FORBIDDEN),
        security="iam",
    )


def _show_batch() -> Operation:
    return Operation(
        name="showBatch",
        summary="Show a batch and its history",
        parameters=(_in_path("batchId", "The relay's own."),),
        answers={200: _ref("BatchStatus")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_BATCH),
        security="iam",
    )


def _redrive() -> Operation:
    return Operation(
        name="redriveBatch",
        summary="Resubmit or close a held batch",
        parameters=(_in_path("batchId", "The relay's own."),),
        body={"oneOf": [_ref("Resubmit"), _ref("Close")]},
        answers={200: _ref("BatchStatus")},
        problems=(
            Kind.NOT_JSON,
            Kind.FORBIDDEN,
            Kind.UNKNOWN_BATCH,
            Kind.NOT_REDRIVABLE,
            Kind.TOO_LARGE,
            Kind.INVALID_REDRIVE,
        ),
        security="iam",
    )


def _show_document() -> Operation:
    return Operation(
        name="showDocument", summary="Show this document", answers={200: {"type": "object"}}, security=None
    )


def _path(path: str, methods: Mapping[str, Operation]) -> Json:
    shared = [_in_path("clientNo", "The client in ARM.")] if "{clientNo}" in path else []
    operations = {method: _operation(operation) for method, operation in methods.items()}
    return ({"parameters": shared} if shared else {}) | operations


def _operation(operation: Operation) -> Json:
    described: Json = {"operationId": operation.name, "summary": operation.summary}
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": _json(operation.body, _request_examples(operation.body)),
        }
    described["responses"] = _responses(operation)
    described["security"] = [{operation.security: []}] if operation.security else []
    return described


def _responses(operation: Operation) -> Json:
    responses: Json = {
        str(status): {"description": _reason(status), "content": _json(schema, _answer_examples(schema))}
        for status, schema in operation.answers.items()
    }
    problems = (*operation.problems, Kind.UNKNOWN_ROUTE, *ALWAYS)
    messages = {**GATEWAY, **({403: "Not signed, or not allowed."} if operation.security == "iam" else {})}
    for status in sorted({kind.status for kind in problems} | messages.keys()):
        kinds = [kind for kind in problems if kind.status == status]
        responses[str(status)] = _response_of_problems(kinds, messages.get(status))
    for status, headers in operation.headers.items():
        responses[str(status)]["headers"] = headers
    return responses


def _response_of_problems(kinds: Iterable[Kind], message: str | None) -> Json:
    kinds = list(kinds)
    content: Json = {}
    if kinds:
        types = [f"urn:arm-relay:problem:{kind.slug}" for kind in kinds]
        schema = {"allOf": [_ref("Problem"), {"properties": {"type": {"enum": types}}}]}
        examples = {kind.slug: {"summary": kind.title, "value": _example(kind)} for kind in kinds}
        content["application/problem+json"] = {"schema": schema, "examples": examples}
    described = [f"{kind.title} (`{kind.slug}`)." for kind in kinds]
    if message:
        content["application/json"] = {"schema": _ref("Message")}
        described.append(f"API Gateway: {message}")
    return {"description": " ".join(described), "content": content}


def _example(kind: Kind) -> Json:
    """The one of docs/problems.md."""
    text = (ROOT / "docs" / "problems.md").read_text()
    section = text.split(f"\n## {kind.slug}\n", 1)[1]
    found: Json = json.loads(section.split("```json\n", 1)[1].split("```", 1)[0])
    return found


def _schemas() -> Json:
    orders = orders_schema()
    definitions = orders.pop("$defs")
    for name in ("$schema", "$id"):
        del orders[name]
    _, redrives = models_json_schema([(Resubmit, "validation"), (Close, "validation")])
    schemas = definitions | {"Orders": orders} | redrives["$defs"] | _answers()
    moved: Json = json.loads(json.dumps(schemas).replace('"#/$defs/', f'"{COMPONENTS}'))
    return dict(sorted(moved.items()))


def _answers() -> Json:
    """What `arm_relay.webhook.responses` and `arm_relay.api.problems` write."""
    fault = _object({"pointer": _text("JSON Pointer into the body as it was sent."), "detail": _text("What is wrong.")})
    problem = _object(
        {
            "type": _text("Its last word is a section of docs/problems.md."),
            "title": _text(),
            "status": {"type": "integer"},
            "detail": _text(),
            "errors": _list(fault),
            "orderIds": _list(_text()),
            "batchId": _text(),
            "answer": _ref("Answer"),
            "orders": _list(_ref("ReceiptLine")),
        },
        optional=("errors", "orderIds", "batchId", "answer", "orders"),
    )
    line = {
        "id": _text(),
        "orderId": _nullable(_text()),
        "documentNo": _nullable(_text()),
        "status": _enum(OrderStatus),
        "errors": _list(_text("ARM's words.")),
    }
    outcomes = {"enum": ["accepted", "duplicate", "refused"]}
    taken = _object(line | {"outcome": outcomes, "batchId": _text()})
    rejected = _object(
        {"id": _nullable(_text()), "outcome": {"enum": ["invalid", "conflict"]}, "problem": _ref("Problem")}
    )
    status = {
        "batchId": _text(),
        "clientNo": _text(),
        "status": _enum(State),
        "cause": _text("Why it is in this state."),
        "by": _nullable(_text("Who redrove it.")),
        "batchUuid": _nullable(_text("ARM's.")),
        "claimedAt": _time(),
        "endedAt": _nullable(_time()),
        "nextPollAt": _nullable(_time()),
        "attempts": {"type": "integer", "minimum": 1},
        "answer": _ref("Answer"),
        "history": _list(_object({"at": _time(), "status": _enum(State), "cause": _text(), "by": _nullable(_text())})),
    }
    amounts = {name: {"type": "number"} for name in ("exclVat", "vat", "inclVat")}
    totals = _object({"id": _text(), "currency": _nullable(_text()), **amounts})
    held = _object(
        {"batchId": _text(), "cause": _text(), "heldSince": _time(), "orderCount": {"type": "integer", "minimum": 1}}
    )
    return {
        "Answer": _nullable(_object({"status": {"type": "integer"}, "body": _text("As it came, at most 32 KB.")})),
        "Problem": problem,
        "Message": {"type": "object", "required": ["message"], "properties": {"message": {"type": ["string", "null"]}}},
        "Receipt": _object(
            {
                "batchId": _text(),
                "status": _enum(State),
                "batchUuid": _nullable(_text()),
                "orders": _list(_ref("ReceiptLine")),
            }
        ),
        "ReceiptLine": {"oneOf": [taken, rejected]},
        "Preview": _object({"batch": {"type": "object"}, "totals": _list(totals)}),
        "OrderLine": _object(line),
        "BatchStatus": _object(status | {"orders": _list(_ref("OrderLine"))}),
        "OrderStatus": _object(status | {"order": _ref("OrderLine")}),
        "HeldBatches": _object({"batches": _list(held), "cursor": _nullable(_text("Of the next page."))}),
    }


def _security_schemes() -> Json:
    webhooks = "Standard Webhooks: the signature of id, timestamp and body with one of the client's secrets."
    iam = "AWS Signature Version 4, service execute-api."
    return {
        "standardWebhooks": {"type": "apiKey", "in": "header", "name": "webhook-signature", "description": webhooks},
        "iam": {"type": "apiKey", "in": "header", "name": "Authorization", "description": iam},
    }


def _reason(status: int) -> str:
    return {200: "As it stands now.", 202: "Accepted: what was new is the relay's from now on."}[status]


def _in_path(name: str, description: str, longest: int | None = None) -> Json:
    schema = {"type": "string", "minLength": 1} | ({"maxLength": longest} if longest else {})
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _query(name: str, description: str, schema: Json, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def _header(name: str, description: str) -> Json:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": {"type": "string"}}


def _json(schema: Json, examples: Mapping[str, Any]) -> Json:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": {"schema": schema} | ({"examples": shown} if shown else {})}


def _request_examples(schema: Json) -> Mapping[str, Any]:
    return REQUESTS["Orders" if schema == _ref("Orders") else "Redrive"]


def _answer_examples(schema: Json) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix(COMPONENTS)
    return {"sample": found} if (found := answers().get(name)) else {}


def _ref(name: str) -> Json:
    return {"$ref": COMPONENTS + name}


def _object(properties: Json, optional: Iterable[str] = ()) -> Json:
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _text(description: str = "") -> Json:
    return {"type": "string"} | ({"description": description} if description else {})


def _time() -> Json:
    return {"type": "string", "format": "date-time"}


def _enum(values: Iterable[str]) -> Json:
    return {"enum": [str(value) for value in values]}


def _nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


if __name__ == "__main__":
    OPENAPI.write_text(to_text(document()))
