"""The second port's routes: read the ledger, switch faults on and off, change settings."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from sandbox.arm.api import ArmApi, Logged
from sandbox.arm.faults import ENDPOINTS, HTTP_KINDS, PARAMETERS, Fault, Faults
from sandbox.arm.ledger import Batch, Document, Ledger
from sandbox.arm.messages import Request, Response, json_response
from sandbox.arm.settings import Settings

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the control port's requests; the parts are those of `api`."""

    api: ArmApi
    ledger: Ledger
    faults: Faults
    settings: Settings

    def handle(self, request: Request) -> Response:
        """Carry one request out. The body ends its line, for those who ask with curl in a terminal."""
        response = self._answer(request)
        return replace(response, body=response.body + b"\n")

    def _answer(self, request: Request) -> Response:
        route = ROUTES.get((request.method, request.path))
        if route is None:
            return json_response(404, self._what_there_is())
        try:
            return json_response(200, route(self, request))
        except ValueError as problem:
            return json_response(400, {"message": str(problem)})

    def _what_there_is(self) -> Json:
        """For those who ask for anything else, such as the root."""
        return {
            "message": "; ".join(" ".join(known) for known in ROUTES),
            "endpoints": ENDPOINTS,
            "faults": {kind: PARAMETERS[kind] for kind in sorted(HTTP_KINDS)},
            "settings": self.settings.as_json(),
        }


def _show_ledger(control: Control, _request: Request) -> Json:
    now = control.ledger.now()
    return {
        "batches": [_batch_json(batch) for batch in control.ledger.batches],
        "documents": [_document_json(document, now) for document in control.ledger.documents],
    }


def _clear_ledger(control: Control, request: Request) -> Json:
    control.ledger.clear()
    return _show_ledger(control, request)


def _show_requests(control: Control, _request: Request) -> list[Json]:
    return [_logged_json(logged) for logged in control.api.log]


def _show_faults(control: Control, _request: Request) -> list[Json]:
    return [asdict(fault) for fault in control.faults.standing]


def _add_fault(control: Control, request: Request) -> list[Json]:
    fault = _fault(_object(request))
    if fault.kind not in HTTP_KINDS:
        raise ValueError(f"{fault.kind} cannot be played over HTTP; these can: {', '.join(sorted(HTTP_KINDS))}")
    if fault.kind == "refuse" and (fault.times or fault.endpoint != "any"):
        raise ValueError("over HTTP refuse is for any endpoint, until it is cleared")
    control.faults.add(fault)
    return _show_faults(control, request)


def _clear_faults(control: Control, request: Request) -> list[Json]:
    control.faults.clear()
    return _show_faults(control, request)


def _show_settings(control: Control, _request: Request) -> Json:
    return control.settings.as_json()


def _change_settings(control: Control, request: Request) -> Json:
    control.settings.change(_object(request))
    return control.settings.as_json()


ROUTES: Final[Mapping[tuple[str, str], Callable[[Control, Request], object]]] = {
    ("GET", "/ledger"): _show_ledger,
    ("DELETE", "/ledger"): _clear_ledger,
    ("GET", "/requests"): _show_requests,
    ("GET", "/faults"): _show_faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("GET", "/settings"): _show_settings,
    ("PATCH", "/settings"): _change_settings,
}


def _object(request: Request) -> Json:
    content = json.loads(request.body)
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 (a fault of the request, not of the program)
    return content


def _fault(content: Json) -> Fault:
    match content:
        case {"endpoint": str(endpoint), "kind": str(kind), **rest}:
            times, parameters = rest.pop("times", None), rest.pop("parameters", {})
        case _:
            raise ValueError("a fault has an endpoint and a kind")
    if rest or not isinstance(times, int | None) or not isinstance(parameters, dict):
        raise ValueError("a fault may have times (a number) and parameters (an object), nothing else")
    return Fault(endpoint, kind, times, parameters)


def _batch_json(batch: Batch) -> Json:
    return {
        "batchUuid": batch.uuid,
        "clientNo": batch.client_no,
        "receivedAt": batch.received_at.isoformat(),
        "processedAt": batch.processed_at.isoformat(),
        "body": batch.raw.decode(errors="replace"),
        "payload": batch.payload,
        "outcomes": [
            {
                "documentNo": outcome.document_no,
                "salesOrderId": outcome.sales_order_id,
                "result": outcome.result,
                "message": outcome.message,
            }
            for outcome in batch.outcomes
        ],
    }


def _document_json(document: Document, now: datetime) -> Json:
    return {
        "documentUuid": document.uuid,
        "documentNo": document.document_no,
        "salesOrderId": document.sales_order_id,
        "customerNo": document.customer_no,
        "clientNo": document.client_no,
        "batchUuid": document.batch_uuid,
        "createdAt": document.created_at.isoformat(),
        "visible": document.created_at <= now,
        "payload": document.payload,
    }


def _logged_json(logged: Logged) -> Json:
    return {
        "at": logged.at.isoformat(),
        "method": logged.method,
        "path": logged.path,
        "endpoint": logged.endpoint,
        "ending": logged.ending,
    }
