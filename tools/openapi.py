"""`make openapi`: the OpenAPI document of both APIs, the senders' and the operators', made from the code that answers.

The deployed webhook function serves the file at `GET /v1/openapi.json`; nothing of this runs there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from arm_relay.api.problems import Kind
from arm_relay.batches.batch import OrderStatus, State
from arm_relay.health import Check, Level
from arm_relay.operators.forgetting import Forget
from arm_relay.operators.inquiries import LISTED, MOST_LISTED
from arm_relay.operators.redrive import Close, Resubmit
from arm_relay.orders.order import MAX_ID
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.webhook.intake import OnInvalid
from pydantic.json_schema import models_json_schema

from sandbox.paths import ROOT
from tools.examples import REQUESTS, answers
from tools.schemas import orders_schema

OPENAPI: Final = ROOT / "functions" / "webhook" / "openapi.json"

type Json = dict[str, Any]

COMPONENTS: Final = "#/components/schemas/"

DESCRIPTION: Final = """\
ARM Relay takes order events from senders, submits them as documents to Amili's accounts-receivable ledger ARM, and
publishes on an SNS topic how each of them ended.

There are two APIs, each with a URL of its own. **Senders** post signed orders. **Operators** see orders and
batches, and release held batches; AWS IAM authorises their requests.

The guides are in the repository:

- `docs/sending-orders.md`: how to write a sender, and what to do about each answer
- `docs/order-fields.md`: every field of an order event
- `docs/receiving-results.md`: how to read the results; they come on the topic and not from this API
- `docs/batch-states.md`: every status and every cause
- `docs/problems.md`: every error answer, and what to do about it
- `docs/operations.md`: the operators' guide

Where a page shows this description, `Try it out` works only for the description itself, because the page cannot sign
requests.
"""


class Reader(StrEnum):
    """For whom a route is."""

    SENDERS = "Senders"
    OPERATORS = "Operators"
    ANYBODY = "Anybody"


READERS: Final[Mapping[Reader, str]] = {
    Reader.SENDERS: "Systems that send orders. Each request is signed with one of the client's secrets (Standard "
    "Webhooks).",
    Reader.OPERATORS: "People who operate the relay. Each request is signed by AWS Signature Version 4, and goes to "
    "the operators' API: the stack's output `OperatorsUrl`.",
    Reader.ANYBODY: "No signature is needed.",
}

#: The operators' API has a base URL of its own.
OPERATORS_SERVER: Final[Json] = {
    "url": "{operatorsUrl}",
    "description": "The operators' API.",
    "variables": {
        "operatorsUrl": {
            "default": "https://operators.example.com",
            "description": "The stack's output `OperatorsUrl`.",
        }
    },
}

#: Any request may meet these.
ALWAYS: Final = (Kind.INTERNAL_ERROR, Kind.UNAVAILABLE)
#: API Gateway's own answers, which have a message alone.
GATEWAY: Final[dict[int, str]] = {
    404: "There is no such route.",
    413: "The request is larger than 10 MB.",
    429: "Too many requests. Send it again later.",
    500: "The function failed. Send it again.",
    503: "The function did not answer in time. Send it again.",
}
#: What it also answers where IAM authorises.
OF_IAM: Final[dict[int, str]] = {403: "The request is not signed, or its signer may not call this route."}

#: What the fields of a redrive mean, by schema and field.
REDRIVE_WORDS: Final = {
    ("Close", "action"): "This form ends the batch.",
    ("Close", "status"): "How the orders ended whose status was not known.",
    ("Close", "reason"): "How you found that out; it is kept in the batch's history.",
    ("Resubmit", "action"): "This form submits the batch again.",
    ("Forget", "id"): "The order event's `id`.",
    ("Forget", "batchId"): "An earlier batch of the order, if it failed before; without it, its latest one.",
    ("Forget", "reason"): "Why; it is kept in the batch's history.",
    ("Resubmit", "reason"): "How you made sure of that; it is kept in the batch's history.",
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    name: str
    reader: Reader
    summary: str
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Json | None = None
    #: The schema of each answer that is not a problem, by status.
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
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The senders' API, which also serves this document."}],
        "tags": [{"name": reader.value, "description": text} for reader, text in READERS.items()],
        "paths": {path: _path(path, methods) for path, methods in _paths().items()},
        "components": {"schemas": _schemas(), "securitySchemes": _security_schemes()},
    }


def to_text(openapi: Json) -> str:
    """The file's text."""
    return json.dumps(openapi, indent=1, ensure_ascii=False) + "\n"


def operations() -> dict[str, Operation]:
    """Every operation by its route, as the functions write it: method and path, without the mark of a greedy part."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in _paths().items()
        for method, operation in methods.items()
    }


def _paths() -> dict[str, dict[str, Operation]]:
    client = "/v1/clients/{clientNo}"
    return {
        f"{client}/orders": {"post": _accept()},
        f"{client}/orders/preview": {"post": _preview()},
        f"{client}/orders/forget": {"post": _forget()},
        f"{client}/orders/{{id}}": {"get": _show_order()},
        "/v1/orders": {"get": _find_order()},
        "/v1/days/{date}": {"get": _show_day()},
        "/v1/health": {"get": _show_health()},
        f"{client}/batches": {"get": _list_held()},
        f"{client}/batches/{{batchId}}": {"get": _show_batch()},
        f"{client}/batches/{{batchId}}/redrive": {"post": _redrive()},
        "/v1/openapi.json": {"get": _show_document()},
    }


def _accept() -> Operation:
    return Operation(
        name="acceptOrders",
        reader=Reader.SENDERS,
        summary=f"Send one order event, or an array of 1 to {MAX_ORDERS}",
        description="The new orders of a request become one batch. Sending an order again with the same content is "
        "safe: it is billed once. See `docs/sending-orders.md`.",
        parameters=(
            _query(
                "onInvalid",
                "What happens to the other orders when some are invalid or in conflict: `reject-all` sends nothing, "
                "`accept-valid` sends the others.",
                _enum(OnInvalid) | {"default": OnInvalid.REJECT_ALL.value},
            ),
            _header(
                "webhook-id",
                "Any text; it is part of what is signed. The relay recognises a repeated order by the order's `id` and "
                "not by this header, so each try may have a new one.",
            ),
            _header("webhook-timestamp", "When the request was signed, in seconds since 1970."),
        ),
        body=_ref("Orders"),
        answers={202: _ref("Receipt"), 200: _ref("Receipt")},
        headers={
            200: {"Idempotent-Replayed": {"schema": {"const": "true"}, "description": "The relay had every order."}},
            503: {"Retry-After": {"schema": {"type": "string"}, "description": "How many seconds to wait."}},
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
        reader=Reader.OPERATORS,
        summary="Show the ARM batch that order events would become",
        description="Nothing is recorded or sent.",
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
        reader=Reader.OPERATORS,
        summary="Show an order, its batch and the batch's history",
        parameters=(_in_path("id", "The order event's `id`, percent-encoded once.", MAX_ID),),
        answers={200: _ref("OrderStatus")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_ORDER),
        security="iam",
    )


def _forget() -> Operation:
    return Operation(
        name="forgetOrder",
        reader=Reader.OPERATORS,
        summary="Remove the lines, names and addresses of one order whose batch has ended",
        description="The answer says what was removed, and what stays and why. Doing it again changes nothing.",
        body=_ref("Forget"),
        answers={200: _ref("ForgottenOrder")},
        problems=(
            Kind.NOT_JSON,
            Kind.FORBIDDEN,
            Kind.UNKNOWN_ORDER,
            Kind.UNKNOWN_BATCH,
            Kind.NOT_FORGETTABLE,
            Kind.TOO_LARGE,
            Kind.INVALID_FORGET,
        ),
        security="iam",
    )


def _find_order() -> Operation:
    return Operation(
        name="findOrder",
        reader=Reader.OPERATORS,
        summary="Find the order that has an invoice number",
        parameters=(
            _query("clientNo", "The client's number in ARM.", {"type": "string"}, required=True),
            _query("invoiceNo", "The number, in any case.", {"type": "string"}, required=True),
        ),
        answers={200: _ref("OrderStatus")},
        problems=(Kind.INVALID_QUERY, Kind.FORBIDDEN, Kind.UNKNOWN_ORDER),
        security="iam",
    )


def _show_day() -> Operation:
    return Operation(
        name="showDay",
        reader=Reader.OPERATORS,
        summary="Show what was claimed and what ended on one day, counted and summed up",
        description="Days begin at midnight of `InvoiceTimeZone`. An hour after a day is over it is counted, and that "
        "count never changes. Before, the answer counts what there is so far.",
        parameters=(_in_path("date", "The day, `YYYY-MM-DD`."),),
        answers={200: _ref("Day")},
        problems=(Kind.INVALID_DATE, Kind.FORBIDDEN, Kind.UNKNOWN_DAY),
        security="iam",
    )


def _show_health() -> Operation:
    return Operation(
        name="showHealth",
        reader=Reader.OPERATORS,
        summary="Show whether the relay can do its work, each line with the runbook's section",
        description="The poller checks it every five minutes: it asks the identity service for a token, and ARM's "
        "ledger about a number that no document has. `checkedAt` says when it did so last.",
        answers={200: _ref("Health")},
        problems=(Kind.FORBIDDEN,),
        security="iam",
    )


def _list_held() -> Operation:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}
    return Operation(
        name="listHeldBatches",
        reader=Reader.OPERATORS,
        summary="List the held batches, the longest held first",
        parameters=(
            _query("state", "Only held batches can be listed.", {"const": "held"}, required=True),
            _query("limit", "How many batches a page may have.", limit),
            _query("cursor", "The `cursor` of the page before, as it is.", {"type": "string"}),
        ),
        answers={200: _ref("HeldBatches")},
        problems=(Kind.INVALID_QUERY, Kind.FORBIDDEN),
        security="iam",
    )


def _show_batch() -> Operation:
    return Operation(
        name="showBatch",
        reader=Reader.OPERATORS,
        summary="Show a batch and its history",
        parameters=(_in_path("batchId", "The relay's id of the batch."),),
        answers={200: _ref("BatchStatus")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_BATCH),
        security="iam",
    )


def _redrive() -> Operation:
    return Operation(
        name="redriveBatch",
        reader=Reader.OPERATORS,
        summary="Release a held batch: resubmit it or close it",
        parameters=(_in_path("batchId", "The relay's id of the batch."),),
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
        name="describeApi",
        reader=Reader.ANYBODY,
        summary="Show this description",
        answers={200: {"type": "object", "description": "An OpenAPI document."}},
        security=None,
    )


def _path(path: str, methods: Mapping[str, Operation]) -> Json:
    described: Json = {}
    if any(operation.reader is Reader.OPERATORS for operation in methods.values()):
        described["servers"] = [OPERATORS_SERVER]
    if "{clientNo}" in path:
        described["parameters"] = [_in_path("clientNo", "The client's number in ARM.")]
    return described | {method: _operation(operation) for method, operation in methods.items()}


def _operation(operation: Operation) -> Json:
    described: Json = {"operationId": operation.name, "tags": [operation.reader.value], "summary": operation.summary}
    if operation.description:
        described["description"] = operation.description
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
    messages = GATEWAY | (OF_IAM if operation.security == "iam" else {})
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
    """The example in docs/problems.md."""
    text = (ROOT / "docs" / "problems.md").read_text()
    section = text.split(f"\n## {kind.slug}\n", 1)[1]
    found: Json = json.loads(section.split("```json\n", 1)[1].split("```", 1)[0])
    return found


def _schemas() -> Json:
    orders = orders_schema()
    definitions = orders.pop("$defs")
    for name in ("$schema", "$id"):
        del orders[name]
    _, redrives = models_json_schema([(Resubmit, "validation"), (Close, "validation"), (Forget, "validation")])
    schemas = definitions | {"Orders": orders} | _with_words(redrives["$defs"]) | _answers()
    moved: Json = json.loads(json.dumps(schemas).replace('"#/$defs/', f'"{COMPONENTS}'))
    return dict(sorted(moved.items()))


def _with_words(redrives: Json) -> Json:
    redrives["Reason"]["description"] = "1 to 500 characters."
    for (name, field_name), text in REDRIVE_WORDS.items():
        redrives[name]["properties"][field_name]["description"] = text
    return redrives


def _answers() -> Json:
    """What both functions' `responses` and `arm_relay.api.problems` write."""
    return _problem_schemas() | _receipt_schemas() | _operator_schemas()


def _problem_schemas() -> Json:
    fault = _object(
        {"pointer": _text("A JSON Pointer into the body as it was sent."), "detail": _text("What is wrong there.")}
    )
    problem = _object(
        {
            "type": _text("The kind of problem. Its last word is a section of `docs/problems.md`."),
            "title": _text("The kind of problem, for people."),
            "status": {"type": "integer", "description": "The HTTP status."},
            "detail": _text("What is wrong this time, for people."),
            "errors": _list(fault, "Every fault that was found."),
            "orderIds": _list(_text(), "The ids of the orders in conflict."),
            "batchId": _text("The relay's id for the refused batch."),
            "answer": _ref("ArmAnswer"),
            "orders": _list(_ref("OrderReceipt"), "The orders of the refused request."),
        },
        optional=("errors", "orderIds", "batchId", "answer", "orders"),
        description="An error answer (RFC 9457).",
    )
    message = {
        "type": "object",
        "description": "An error answer that API Gateway gives by itself.",
        "required": ["message"],
        "properties": {"message": {"type": ["string", "null"], "description": "What is wrong."}},
    }
    status = {"type": "integer", "description": "The HTTP status."}
    answer = _object({"status": status, "body": _text("The body as received, at most 32 KB.")})
    return {
        "Problem": problem,
        "Message": message,
        "ArmAnswer": _nullable(answer) | {"description": "ARM's latest answer about the batch, for people."},
    }


def _order_fields() -> Json:
    return {
        "id": _text("The order event's `id`."),
        "orderId": _nullable(_text("The number of the order in the sender's system.")),
        "documentNo": _nullable(_text("The `invoiceNo` that the sender gave, or the number that ARM gave.")),
        "status": _enum(OrderStatus, "How the order ended; `docs/batch-states.md` explains each status."),
        "errors": _list(_text(), "ARM's words on why it failed."),
    }


def _receipt_schemas() -> Json:
    outcomes = {
        "enum": ["accepted", "duplicate", "refused"],
        "description": "What became of the order in this request: new, already known with the same content, or refused "
        "by ARM at once.",
    }
    amounts = {
        "net": {"type": "number", "description": "Without VAT."},
        "vat": {"type": "number", "description": "The VAT."},
        "gross": {"type": "number", "description": "With VAT."},
    }
    of_replay = {"duplicateOf": _text("The id under which the relay has the order, if it has it under another one.")}
    of_new = {
        "currency": _nullable(_text("The order's currency; null if it has none.")),
        "total": _object(amounts, description="What its document comes to, in major currency units."),
    }
    taken = _object(
        _order_fields()
        | {"outcome": outcomes, "batchId": _text("The batch that the order belongs to.")}
        | of_new
        | of_replay,
        optional=(*of_new, *of_replay),
        description="An order that the relay has. `currency` and `total` are there if it is new in this request.",
    )
    rejected = _object(
        {
            "id": _nullable(_text("The order event's `id`, where it could be read.")),
            "outcome": {"enum": ["invalid", "conflict"], "description": "Why the relay did not take it."},
            "problem": _ref("Problem"),
        },
        description="An order that the relay did not take (with `onInvalid=accept-valid`).",
    )
    receipt = _object(
        {
            "batchId": _text("The batch of the new orders; if none is new, the batch of the first order."),
            "status": _enum(State, "The status of that batch."),
            "batchUuid": _nullable(_text("ARM's id of that batch, if ARM has given one.")),
            "orders": _list(_ref("OrderReceipt"), "One entry per order, in the order of the request."),
        },
        description="What became of the orders of a request.",
    )
    either = {"description": "What became of one order of a request.", "oneOf": [taken, rejected]}
    return {"Receipt": receipt, "OrderReceipt": either}


def _batch_fields() -> Json:
    by = _nullable(_text("The operator who released it; null where the relay acted by itself."))
    transition = _object(
        {"at": _time("When."), "status": _enum(State, "The new status."), "cause": _text("Why."), "by": by}
    )
    return {
        "batchId": _text("The relay's id of the batch."),
        "clientNo": _text("The client's number in ARM."),
        "status": _enum(State, "The status of the batch; `docs/batch-states.md` explains each."),
        "cause": _text("Why it has this status; `docs/batch-states.md` lists each cause."),
        "by": by,
        "batchUuid": _nullable(_text("ARM's id of the batch, if ARM has given one.")),
        "claimedAt": _time("When the relay accepted the orders."),
        "endedAt": _nullable(_time("When it ended or was held.")),
        "nextPollAt": _nullable(_time("When the poller handles it next; null if nothing is left to do.")),
        "settlesAt": _nullable(_time("Until when ARM's silence or failure must settle; null if nothing does.")),
        "attempts": {"type": "integer", "minimum": 1, "description": "How many submissions to ARM have begun."},
        "answer": _ref("ArmAnswer"),
        "history": _list(transition, "Every change of its status, the oldest first."),
    }


def _operator_schemas() -> Json:
    amounts = {
        "exclVat": {"type": "number", "description": "Net."},
        "vat": {"type": "number", "description": "VAT."},
        "inclVat": {"type": "number", "description": "Gross."},
    }
    currency = _nullable(_text("The order's `currency`."))
    totals = _object({"id": _text("The order event's `id`."), "currency": currency, **amounts})
    preview = {
        "batch": {"type": "object", "description": "The body that ARM would get."},
        "totals": _list(totals, "By order."),
    }
    held = _object(
        {
            "batchId": _text("The relay's id of the batch."),
            "cause": _text("Why it is held."),
            "heldSince": _time("Since when it has been held."),
            "orderCount": {"type": "integer", "minimum": 1, "description": "How many orders it has."},
        }
    )
    page = {
        "batches": _list(held, "The batches of this page."),
        "cursor": _nullable(_text("Where the next page begins; null on the last page.")),
    }
    orders = _list(_ref("OrderSummary"), "Its orders.")
    return {
        "Preview": _object(preview, description="What order events would become."),
        "OrderSummary": _object(_order_fields(), description="One order and how it ended."),
        "BatchStatus": _object(_batch_fields() | {"orders": orders}, description="All that is known about a batch."),
        "OrderStatus": _object(
            _batch_fields() | {"order": _ref("OrderSummary")}, description="All that is known about an order."
        ),
        "Day": _object(_day_fields(), description="What one day comes to."),
        "Health": _object(_health_fields(), description="Whether the relay can do its work."),
        "ForgottenOrder": _object(
            _batch_fields()
            | {
                "order": _ref("OrderSummary"),
                "removed": _list(_text(), "What was removed, for people."),
                "stays": _list(_text(), "What stays and why, for people."),
            },
            description="What is left of an order.",
        ),
        "HeldBatches": _object(page, description="One page of the held batches."),
    }


def _day_fields() -> Json:
    number = {"type": "integer", "minimum": 0}
    row = _object(
        {
            "clientNo": _text("The client's number in ARM."),
            "currency": _nullable(_text("The orders' currency; null where they leave it to ARM.")),
            "documentType": _text("The type of their documents, such as `IN`."),
            "status": _enum(OrderStatus, "The status of the orders when they were counted."),
            "orders": number | {"description": "How many orders."},
            "total": _text("The sum of their documents with VAT, in major currency units. A text, so it is exact."),
            "ordersWithoutTotal": number | {"description": "Of how many of them the amount is not known."},
        }
    )
    return {
        "date": _text("The day."),
        "timeZone": _text("Where it begins and ends."),
        "from": _time("When it begins."),
        "to": _time("When it is over."),
        "snapshotAt": _nullable(_time("When this count was stored for good; null where it may still change.")),
        "complete": {"type": "boolean", "description": "Whether everything there is so far is counted."},
        "claimed": _list(row, "The orders that the relay accepted on that day."),
        "ended": _list(row, "The orders whose batch ended on that day."),
        "unreadableBatches": number | {"description": "How many batches could not be read, so are not counted."},
    }


def _health_fields() -> Json:
    line = _object(
        {
            "check": _enum(Check, "What was checked."),
            "status": _enum(Level, "What came of it."),
            "detail": _text("What was found, for people."),
            "runbook": _text("The section of the runbook that says what to do."),
        }
    )
    return {
        "status": _enum(Level, "The worst of the lines."),
        "checkedAt": _nullable(_time("When the poller checked it last; null where it never did.")),
        "checks": _list(line, "One line or more for each check."),
    }


def _security_schemes() -> Json:
    webhooks = (
        "Standard Webhooks: `v1,` and the base64 of the HMAC-SHA256 of id, timestamp and body, joined by dots, with "
        "one of the client's signing secrets."
    )
    iam = "AWS Signature Version 4 for the service execute-api."
    return {
        "standardWebhooks": {"type": "apiKey", "in": "header", "name": "webhook-signature", "description": webhooks},
        "iam": {"type": "apiKey", "in": "header", "name": "Authorization", "description": iam},
    }


def _reason(status: int) -> str:
    return {200: "The present state.", 202: "Accepted. The relay now takes care of the new orders."}[status]


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
    return REQUESTS[schema.get("$ref", COMPONENTS + "Redrive").removeprefix(COMPONENTS)]


def _answer_examples(schema: Json) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix(COMPONENTS)
    return {"sample": found} if (found := answers().get(name)) else {}


def _ref(name: str) -> Json:
    return {"$ref": COMPONENTS + name}


def _object(properties: Json, optional: Iterable[str] = (), description: str = "") -> Json:
    required = [name for name in properties if name not in set(optional)]
    shape = {"type": "object", "additionalProperties": False, "required": required, "properties": properties}
    return _described(shape, description)


def _list(items: Json, description: str = "") -> Json:
    return _described({"type": "array", "items": items}, description)


def _text(description: str = "") -> Json:
    return _described({"type": "string"}, description)


def _time(description: str = "") -> Json:
    return _described({"type": "string", "format": "date-time"}, description)


def _enum(values: Iterable[str], description: str = "") -> Json:
    return _described({"enum": [str(value) for value in values]}, description)


def _described(schema: Json, description: str) -> Json:
    return schema | ({"description": description} if description else {})


def _nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


if __name__ == "__main__":
    OPENAPI.write_text(to_text(document()))
