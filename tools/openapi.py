"""`make openapi`: the OpenAPI document of both APIs, the senders' and the operators', made from the code that answers.

The deployed webhook function serves the file at `GET /v1/openapi.json`; nothing of this runs there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from arm_relay.api.problems import Kind
from arm_relay.batches.batch import Evidence, OrderStatus, Standing, State
from arm_relay.batches.bulk_redrive import Action, Progress
from arm_relay.health import Check, Level
from arm_relay.operators.bulk import BulkRequest
from arm_relay.operators.forgetting import Forget
from arm_relay.operators.inquiries import LISTED, MOST_LISTED
from arm_relay.operators.lists import Listed
from arm_relay.operators.redrive import Announce, Ask, Close, Resubmit, Retry
from arm_relay.orders.order import CREDITED, INVOICED, MAX_ID
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.webhook.customers import Known
from arm_relay.webhook.intake import OnInvalid
from arm_relay.webhook.questions import MOST_IDS, MOST_RESULTS, RESULTS
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
batches, and redrive batches that are held or have failed; AWS IAM authorises their requests.

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
    ("Announce", "action"): "This form has the batch's end or hold announced once more, word for word.",
    ("Announce", "reason"): "Why; it is kept in the batch's history.",
    ("Ask", "action"): "This form opens a held batch again: the relay asks ARM, and acts by its own rules.",
    ("Ask", "reason"): "Why; it is kept in the batch's history.",
    ("Retry", "action"): "This form sends the failed orders of an ended batch again, unchanged, as a new batch.",
    ("Retry", "reason"): "Why they will not fail again; it is kept in the history of both batches.",
    ("Resubmit", "mayBeBilledTwice"): "Must be true where ARM may have the batch: say it once you have looked.",
    ("BulkRequest", "action"): "`ask` acts on held batches, `retry` on failed, `announce` on announced ones.",
    ("BulkRequest", "reason"): "Why; it is kept in the history of each batch.",
    ("BulkRequest", "filter"): "Which batches: all that is stated must apply. Without it all are meant.",
    ("BulkRequest", "dryRun"): "Only say what would be done.",
    ("BulkRequest", "asOf"): "The `asOf` of the dry run. What is held or has failed since is left alone.",
    ("BulkRequest", "batches"): "How many batches the dry run counted. No more are touched. Needed unless `dryRun`.",
    ("Filter", "clientNo"): "The client's number in ARM; all clients if absent.",
    ("Filter", "cause"): "The cause, word for word.",
    ("Filter", "status"): "The status of the batch.",
    ("Filter", "claimedAfter"): "Accepted at this time or later. `announce` needs it.",
    ("Filter", "claimedBefore"): "Accepted before this time.",
    ("Filter", "endedAfter"): "Ended or held at this time or later.",
    ("Filter", "endedBefore"): "Ended or held before this time.",
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
        f"{client}/orders/retry": {"post": _retry()},
        f"{client}/orders/status": {"post": _show_orders()},
        f"{client}/results": {"post": _read_results()},
        f"{client}/orders/preview": {"post": _preview()},
        f"{client}/orders/forget": {"post": _forget()},
        f"{client}/orders/{{id}}": {"get": _show_order()},
        "/v1/orders": {"get": _find_orders()},
        "/v1/batches": {"get": _list_batches()},
        "/v1/days/{date}": {"get": _show_day()},
        "/v1/health": {"get": _show_health()},
        f"{client}/batches": {"get": _list_held()},
        f"{client}/batches/{{batchId}}": {"get": _show_batch()},
        f"{client}/batches/{{batchId}}/redrive": {"post": _redrive()},
        "/v1/redrives": {"post": _redrive_batches()},
        "/v1/redrives/{redriveId}": {"get": _show_redrive()},
        "/v1/redrives/{redriveId}/stop": {"post": _stop_redrive()},
        "/v1/openapi.json": {"get": _show_document()},
    }


def _accept() -> Operation:
    return _takes_orders(
        name="acceptOrders",
        summary=f"Send one order event, or an array of 1 to {MAX_ORDERS}",
        description="The new orders of a request become one batch. Sending an order again with the same content is "
        "safe: it is billed once. See `docs/sending-orders.md`.",
        conflict=Kind.CONFLICT,
    )


def _retry() -> Operation:
    return _takes_orders(
        name="retryOrders",
        summary=f"Have failed orders billed once more, unchanged: one order event, or an array of 1 to {MAX_ORDERS}",
        description="Each order is sent as it was, with the `failedBatchId` of the batch in which it failed or was "
        "refused. The same retry twice is one retry. See `docs/sending-orders.md`.",
        conflict=Kind.NOT_RETRIABLE,
    )


def _takes_orders(*, name: str, summary: str, description: str, conflict: Kind) -> Operation:
    return Operation(
        name=name,
        reader=Reader.SENDERS,
        summary=summary,
        description=description,
        parameters=(_ON_INVALID, *_SIGNED),
        body=_ref("Orders"),
        answers={202: _ref("Receipt"), 200: _ref("Receipt")},
        headers=_OF_RECEIPTS,
        problems=(
            Kind.NOT_JSON,
            Kind.INVALID_QUERY,
            Kind.BAD_SIGNATURE,
            conflict,
            Kind.TOO_LARGE,
            Kind.NOT_JSON_MEDIA_TYPE,
            Kind.INVALID_ORDER,
            Kind.REFUSED_BY_ARM,
        ),
        security="standardWebhooks",
    )


def _show_orders() -> Operation:
    return Operation(
        name="showOrders",
        reader=Reader.SENDERS,
        summary=f"Ask what has become of 1 to {MOST_IDS} orders",
        description="An entry per id, in their order; `known` is false where the relay has no such order.",
        parameters=_SIGNED,
        body=_ref("StatusQuestion"),
        answers={200: _ref("OrdersProgress")},
        headers=_OF_OUTAGES,
        problems=_OF_QUESTIONS,
        security="standardWebhooks",
    )


def _read_results() -> Operation:
    return Operation(
        name="readResults",
        reader=Reader.SENDERS,
        summary="Read the notifications about the client's orders, without AWS",
        description="In the order in which they were published, each at least once. Drop those whose `id` you know. "
        "See `docs/receiving-results.md`.",
        parameters=_SIGNED,
        body=_ref("ResultsQuestion"),
        answers={200: _ref("Results")},
        headers=_OF_OUTAGES,
        problems=_OF_QUESTIONS,
        security="standardWebhooks",
    )


def _preview() -> Operation:
    return Operation(
        name="previewOrders",
        reader=Reader.SENDERS,
        summary="Show the ARM batch that order events would become",
        description="Nothing is recorded or sent. ARM is asked whether it has the customers.",
        parameters=_SIGNED,
        body=_ref("Orders"),
        answers={200: _ref("Preview")},
        problems=(
            Kind.NOT_JSON,
            Kind.BAD_SIGNATURE,
            Kind.TOO_LARGE,
            Kind.NOT_JSON_MEDIA_TYPE,
            Kind.INVALID_ORDER,
        ),
        security="standardWebhooks",
    )


def _show_order() -> Operation:
    return Operation(
        name="showOrder",
        reader=Reader.OPERATORS,
        summary="Show an order: what was sent, what ARM answered, and the history of its batch",
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


def _find_orders() -> Operation:
    return Operation(
        name="findOrders",
        reader=Reader.OPERATORS,
        summary="Find the order that has an invoice number, or the orders that have an orderId",
        parameters=(
            _query("clientNo", "The client's number in ARM.", {"type": "string"}, required=True),
            _query("invoiceNo", "The invoice's own number, in any case.", {"type": "string"}),
            _query(
                "orderId", "The order's number at its sender, in any case. At most 100 are found.", {"type": "string"}
            ),
        ),
        answers={200: _ref("FoundOrders")},
        problems=(Kind.INVALID_QUERY, Kind.FORBIDDEN),
        security="iam",
    )


def _list_batches() -> Operation:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}
    return Operation(
        name="listBatches",
        reader=Reader.OPERATORS,
        summary="List unfinished, held or failed batches, of one client or all, with counts and sums",
        description="The first page has the totals of the whole list. A page may have fewer batches than `limit` "
        "although it has a `cursor`.",
        parameters=(
            _query("state", "What to list.", _enum(Listed), required=True),
            _query("clientNo", "Only this client's batches.", {"type": "string"}),
            _query("cause", "Only batches with this cause, word for word.", {"type": "string"}),
            _query("limit", "How many batches a page may have.", limit),
            _query("cursor", "The `cursor` of the page before, as it is.", {"type": "string"}),
        ),
        answers={200: _ref("Batches")},
        problems=(Kind.INVALID_QUERY, Kind.FORBIDDEN),
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
        summary="List the held batches of a client, the longest held first",
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
        summary="Show a batch: what was sent, what ARM answered, and its history",
        parameters=(_in_path("batchId", "The relay's id of the batch."),),
        answers={200: _ref("BatchStatus")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_BATCH),
        security="iam",
    )


def _redrive() -> Operation:
    return Operation(
        name="redriveBatch",
        reader=Reader.OPERATORS,
        summary="Ask about a held batch, resubmit it or close it; retry what failed; or announce an end or hold again",
        parameters=(_in_path("batchId", "The relay's id of the batch."),),
        description="The answer is the batch as it is now; after a retry it is the new batch.",
        body={"oneOf": [_ref("Ask"), _ref("Retry"), _ref("Resubmit"), _ref("Close"), _ref("Announce")]},
        answers={200: _ref("BatchStatus")},
        problems=(
            Kind.NOT_JSON,
            Kind.FORBIDDEN,
            Kind.UNKNOWN_BATCH,
            Kind.NOT_REDRIVABLE,
            Kind.NEEDS_CONFIRMATION,
            Kind.TOO_LARGE,
            Kind.INVALID_REDRIVE,
        ),
        security="iam",
    )


def _redrive_batches() -> Operation:
    return Operation(
        name="redriveBatches",
        reader=Reader.OPERATORS,
        summary="Redrive many batches, after a dry run that says which",
        description="With `dryRun` the answer is 200 and says what would be touched. Without it the answer is 202, and "
        "the poller goes on with the work.",
        body=_ref("BulkRequest"),
        answers={200: _ref("RedrivePlan"), 202: _ref("BulkRedrive")},
        problems=(Kind.NOT_JSON, Kind.FORBIDDEN, Kind.MORE_BATCHES, Kind.TOO_LARGE, Kind.INVALID_REDRIVE),
        security="iam",
    )


def _show_redrive() -> Operation:
    return Operation(
        name="showBulkRedrive",
        reader=Reader.OPERATORS,
        summary="Show how far a bulk redrive is",
        parameters=(_in_path("redriveId", "The id of the bulk redrive."),),
        answers={200: _ref("BulkRedrive")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_REDRIVE),
        security="iam",
    )


def _stop_redrive() -> Operation:
    return Operation(
        name="stopBulkRedrive",
        reader=Reader.OPERATORS,
        summary="Stop a bulk redrive",
        description="What a run of the poller has in hand at that moment may still be redriven. One that has ended "
        "stays as it is.",
        parameters=(_in_path("redriveId", "The id of the bulk redrive."),),
        answers={200: _ref("BulkRedrive")},
        problems=(Kind.FORBIDDEN, Kind.UNKNOWN_REDRIVE),
        security="iam",
    )


def _show_document() -> Operation:
    return Operation(
        name="describeApi",
        reader=Reader.ANYBODY,
        summary="Show this description",
        description="It comes by gzip where the request accepts that. Keep its `ETag`, and send it as `If-None-Match`.",
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
    if operation.reader is Reader.ANYBODY:
        responses["304"] = {"description": "It has not changed since the request's `If-None-Match`."}
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
    _, redrives = models_json_schema(
        [(model, "validation") for model in (Ask, Retry, Resubmit, Close, Announce, BulkRequest, Forget)],
        by_alias=True,
    )
    schemas = definitions | {"Orders": orders} | _with_words(redrives["$defs"]) | _answers()
    moved: Json = json.loads(json.dumps(schemas).replace('"#/$defs/', f'"{COMPONENTS}'))
    return dict(sorted(moved.items()))


def _with_words(redrives: Json) -> Json:
    redrives["Reason"]["description"] = "1 to 500 characters."
    redrives["Time"]["description"] = "A time with its offset from UTC, such as `2026-11-26T08:00:00+01:00`."
    for (name, field_name), text in REDRIVE_WORDS.items():
        redrives[name]["properties"][field_name]["description"] = text
    return redrives


def _answers() -> Json:
    """What both functions' `responses` and `arm_relay.api.problems` write."""
    questions = _question_schemas() | _sender_schemas()
    return _problem_schemas() | _receipt_schemas() | questions | _operator_schemas()


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
        "creditedInvoice": _ref("CreditedInvoice"),
    }


#: What only some orders have.
_OF_SOME_ORDERS: Final = ("creditedInvoice",)


def _credited_invoice() -> Json:
    return _object(
        {
            "standing": _enum(Standing, "What the relay knew of the invoice; `docs/batch-states.md` explains each."),
            "batchId": _nullable(_text("The invoice's batch; null where the relay does not know the invoice.")),
            "id": _nullable(_text("The invoice's id in that batch.")),
        },
        description="The invoice that a credit note credits. Only a credit note that names its invoice has it.",
    )


def _total() -> Json:
    amounts = {
        "net": {"type": "number", "description": "Without VAT."},
        "vat": {"type": "number", "description": "The VAT."},
        "gross": {"type": "number", "description": "With VAT."},
    }
    return _object(amounts, description="What its document comes to, in major currency units.")


def _receipt_schemas() -> Json:
    outcomes = {
        "enum": ["accepted", "duplicate", "refused"],
        "description": "What became of the order in this request: new, already known with the same content, or refused "
        "by ARM at once.",
    }
    of_replay = {"duplicateOf": _text("The id under which the relay has the order, if it has it under another one.")}
    of_new = {
        "currency": _nullable(_text("The order's currency; null if it has none.")),
        "total": _total(),
    }
    taken = _object(
        _order_fields()
        | {"outcome": outcomes, "batchId": _text("The batch that the order belongs to.")}
        | of_new
        | of_replay,
        optional=(*_OF_SOME_ORDERS, *of_new, *of_replay),
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
    return {
        "Receipt": receipt,
        "OrderReceipt": either,
        "CreditedInvoice": _credited_invoice(),
        "Preview": _preview_answer(),
    }


def _preview_answer() -> Json:
    customer = "Whether ARM has the customer; `no-answer` and `not-asked` say nothing about it."
    order = {
        "id": _text("The order event's `id`."),
        "customerNo": _text("The order's `customerNo`."),
        "customer": _enum(Known, customer),
        "currency": _nullable(_text("The order's `currency`.")),
        "total": _total(),
        "creditedInvoice": _ref("CreditedInvoice"),
    }
    preview = {
        "batch": {"type": "object", "description": "The body that ARM would get."},
        "orders": _list(_object(order, optional=_OF_SOME_ORDERS), "What is known of each order."),
    }
    return _object(preview, description="What order events would become.")


def _question_schemas() -> Json:
    order_id = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
    ids = {"type": "array", "minItems": 1, "maxItems": MOST_IDS, "items": order_id}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_RESULTS, "default": RESULTS}
    results = {
        "after": _nullable(
            _text(
                "The `next` of an earlier answer; or a time, such as 2025-02-27T00:00:00Z. From the first without it."
            )
        ),
        "limit": _nullable(limit | {"description": "How many results an answer may have."}),
    }
    return {
        "StatusQuestion": _object({"ids": ids | {"description": "The orders' ids."}}, description="Which orders."),
        "ResultsQuestion": _object(results, optional=results, description="Which results."),
    }


#: What senders and operators learn of a batch alike.
_OF_PROGRESS: Final = (
    *("batchId", "status", "cause", "by", "batchUuid", "claimedAt", "endedAt", "nextPollAt", "settlesAt"),
)


def _sender_schemas() -> Json:
    details = {
        "type": _enum((INVOICED, CREDITED), "As the order was sent."),
        "customerNo": _text("The customer's number in ARM."),
        "invoiceDate": _nullable(_described({"type": "string", "format": "date"}, "The document's own date.")),
        "dueDate": _nullable(_described({"type": "string", "format": "date"}, "When the document is due.")),
        "currency": _nullable(_text("The order's currency; null if it has none.")),
        "total": _nullable(_total()),
        "metadata": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "The sender's own words about the order.",
        },
    }
    fields = _batch_fields()
    known = _object(
        {"id": _text("The id of the question."), "known": {"const": True}}
        | {name: fields[name] for name in _OF_PROGRESS}
        | {"order": _object(_order_fields() | details, optional=_OF_SOME_ORDERS, description="As its batch has it.")},
        description="An order that the relay has.",
    )
    unknown = _object(
        {"id": _text("The id of the question."), "known": {"const": False}},
        description="An order that the relay does not have.",
    )
    results = {
        "events": _list(
            {"type": "object"},
            "The notifications, word for word: CloudEvents, by `docs/schemas/notification.schema.json`.",
        ),
        "next": _text("Where the next question goes on: its `after`."),
        "more": {"type": "boolean", "description": "Whether more can be read at once."},
    }
    entries = _list({"oneOf": [known, unknown]}, "An entry per id, in the order of the question.")
    return {
        "OrdersProgress": _object({"orders": entries}, description="What has become of orders."),
        "Results": _object(results, description="Notifications about the client's orders."),
    }


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
        "certainlyNotInArm": {
            "type": "boolean",
            "description": "Whether ARM certainly has none of it; false where it may have, or has it.",
        },
        "attempts": {"type": "integer", "minimum": 0, "description": "How many submissions to ARM have begun."},
        "submissionAnswer": _ref("ArmAnswer"),
        "answer": _ref("ArmAnswer"),
        "retryOf": _nullable(_text("The failed batch whose orders this one sends again.")),
        "retriedAs": _nullable(_text("The batch that sends the failed orders of this one again.")),
        "redriveId": _nullable(_text("The bulk redrive that acted on it last.")),
        "documents": {
            "enum": ["KEPT", "GONE", "TOO_LARGE"],
            "description": "Whether the documents that are sent to ARM are shown: they are, they are no longer kept, "
            "or no answer can hold them.",
        },
        "history": _list(transition, "Every change of its status, the oldest first."),
    }


def _operator_schemas() -> Json:
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
    looked_up = _object(
        {"found": _enum(Evidence, "Whether it has the order's document."), "at": _time("When it was asked.")}
    )
    evidence = {
        "document": {"type": ["object", "null"], "description": "What is sent to ARM for it, as it is."},
        "lookUp": _nullable(looked_up) | {"description": "What ARM's ledger said last about its document."},
        "retryOf": _nullable(_text("The batch in which it failed, and of which its sender retried it here.")),
        "replaces": _nullable(_text("The batch from which it took over its id or its number, as a correction.")),
    }
    orders = _list(_ref("OrderSummary"), "Its orders.")
    fields = _batch_fields()
    found = _object(
        {name: fields[name] for name in ("clientNo", *_OF_PROGRESS)}
        | {"order": _object(_order_fields(), optional=_OF_SOME_ORDERS, description="As its batch has it.")},
        description="An order and how far its batch is.",
    )
    return {
        "OrderSummary": _object(
            _order_fields() | evidence, optional=_OF_SOME_ORDERS, description="One order and how it ended."
        ),
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
        "FoundOrders": _object(
            {"orders": _list(found, "The orders; none where no order has the number.")},
            description="The orders that have a number.",
        ),
        "HeldBatches": _object(page, description="One page of a client's held batches."),
        **_list_schemas(),
        **_bulk_schemas(),
    }


def _count(description: str) -> Json:
    return {"type": "integer", "minimum": 0, "description": description}


def _total_fields() -> Json:
    group = _object(
        {
            "status": _enum(State, "The status."),
            "cause": _text("The cause."),
            "batches": _count("How many batches have both."),
        }
    )
    return {
        "isComplete": {"type": "boolean", "description": "False: there are more than were counted."},
        "batches": _count("How many batches match."),
        "orders": _count("How many orders they have; of a failed batch the failed ones."),
        "certainlyNotInArm": _count("Of how many batches ARM certainly has nothing."),
        "unreadable": _count("How many records cannot be read. They are in no list."),
        "sums": _list(_ref("Sum"), "What the orders come to."),
        "groups": _list(group, "How many batches there are of each status and cause."),
    }


def _list_schemas() -> Json:
    total = _nullable({"type": "number"}) | {"description": "With VAT; null where not every total was recorded."}
    one = {
        "currency": _nullable(_text("The currency; null where the orders leave it to ARM.")),
        "documentType": _text("ARM's code of the type of document."),
        "orders": _count("How many orders."),
        "total": total,
    }
    listed = _object(
        {
            "batchId": _text("The relay's id of the batch."),
            "clientNo": _text("The client's number in ARM."),
            "status": _enum(State, "The status of the batch."),
            "cause": _text("Why it has this status."),
            "since": _time("Since when it has this status."),
            "claimedAt": _time("When the relay accepted the orders."),
            "settlesAt": _nullable(_time("Until when ARM's silence or failure must settle; null if nothing does.")),
            "certainlyNotInArm": {"type": "boolean", "description": "Whether ARM certainly has none of it."},
            "orders": _count("How many orders it has; if it failed, how many of them failed."),
            "sums": _list(_ref("Sum"), "What they come to."),
        }
    )
    totals = _object(_total_fields())
    page = {
        "batches": _list(listed, "The batches of this page."),
        "totals": _nullable(totals) | {"description": "Of the whole list; null on every page but the first."},
        "cursor": _nullable(_text("Where the next page begins; null on the last page.")),
    }
    return {
        "Sum": _object(one, description="What documents of one type and one currency come to."),
        "Batches": _object(page, description="One page of a list of batches."),
    }


def _bulk_schemas() -> Json:
    chosen = _object(
        {
            "clientNo": _nullable(_text("The client's number in ARM.")),
            "cause": _nullable(_text("The cause, word for word.")),
            "status": _nullable(_enum(State, "The status.")),
            "claimedAfter": _nullable(_time("Accepted at this time or later.")),
            "claimedBefore": _nullable(_time("Accepted before this time.")),
            "endedAfter": _nullable(_time("Ended or held at this time or later.")),
            "endedBefore": _nullable(_time("Ended or held before this time.")),
        },
        description="Which batches are meant; null where everything is.",
    )
    action = _enum(Action, "What is done to each batch.")
    plan = {
        "action": action,
        "asOf": _time("When the dry run was made; state it when you begin."),
        "filter": chosen,
        **_total_fields(),
        "refused": _count("How many of the batches could not be redriven as they are now."),
        "batchIds": _list(_text(), "The ids of the first 100."),
    }
    refusal = _object({"batchId": _text("The batch."), "reason": _text("Why it was not redriven.")})
    redrive = {
        "redriveId": _text("The id of the bulk redrive."),
        "action": action,
        "filter": chosen,
        "reason": _text("The operator's reason."),
        "by": _text("The operator."),
        "status": _enum(Progress, "Whether the poller goes on with it."),
        "createdAt": _time("When it began."),
        "endedAt": _nullable(_time("When it was done or stopped.")),
        "stoppedBy": _nullable(_text("The operator who stopped it.")),
        "batches": _count("How many batches it may touch."),
        "done": _count("How many were redriven."),
        "refused": _count("How many could not be redriven."),
        "inHand": _count("How many the poller has in hand."),
        "left": _count("How many are still to come; when it has ended: how many were not in the list any more."),
        "refusals": _list(refusal, "The first of those that could not be redriven."),
    }
    return {
        "RedrivePlan": _object(plan, description="What a bulk redrive would touch."),
        "BulkRedrive": _object(redrive, description="How far a bulk redrive is."),
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
    return {200: "The present state.", 202: "Accepted. The relay now takes care of it."}[status]


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


_ON_INVALID: Final = _query(
    "onInvalid",
    "What happens to the other orders when some are invalid or in conflict: `reject-all` sends nothing, "
    "`accept-valid` sends the others.",
    _enum(OnInvalid) | {"default": OnInvalid.REJECT_ALL.value},
)
_SIGNED: Final = (
    _header(
        "webhook-id",
        "Any text; it is part of what is signed. The relay recognises a repeated order by the order's `id` and "
        "not by this header, so each try may have a new one.",
    ),
    _header("webhook-timestamp", "When the request was signed, in seconds since 1970."),
)
_OF_OUTAGES: Final[Mapping[int, Json]] = {
    503: {"Retry-After": {"schema": {"type": "string"}, "description": "How many seconds to wait."}},
}
_OF_RECEIPTS: Final[Mapping[int, Json]] = {
    200: {"Idempotent-Replayed": {"schema": {"const": "true"}, "description": "The relay had every order."}},
    202: {
        "Location": {
            "schema": {"type": "string"},
            "description": "The path of `orders/status`, where the sender asks what has become of the orders.",
        }
    },
    **_OF_OUTAGES,
}
_OF_QUESTIONS: Final = (
    Kind.NOT_JSON,
    Kind.BAD_SIGNATURE,
    Kind.TOO_LARGE,
    Kind.NOT_JSON_MEDIA_TYPE,
    Kind.INVALID_QUESTION,
)


if __name__ == "__main__":
    OPENAPI.write_text(to_text(document()))
