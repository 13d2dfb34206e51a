"""GUESSED, all of it: the bodies the documentation does not show, and when ARM answers which status.

Read in the documentation: that GET batches/{batchuuid} may answer 200, 202, 206, 400, 403, 404 and 406; the words
NOT-PROCESSED and PENDING (answer to a new batch); FAILED and `resultType` BATCH-REJECTED (auto postings); that a
document has a documentUuid. Everything else here is ours, and `Settings` chooses among the guesses: `result_shape` one
of `SHAPES`, `status_*` the codes. Another guess is another function here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sandbox.arm.ledger import Batch, Document, Outcome
from sandbox.arm.messages import Response, json_response
from sandbox.arm.settings import ResultShape, Settings
from sandbox.arm.speech import spoken

type Json = dict[str, object]


def error(status: int, message: str) -> Response:
    """Any error."""
    return json_response(status, {"status": "ERROR", "result": "FAILED", "message": message})


def token_error(status: int, code: str) -> Response:
    """An error of the identity service, as OAuth2 (RFC 6749) has it."""
    return json_response(status, {"error": code})


def document_found(document: Document) -> Response:
    """GET documents/{documentno}: what was sent, with what ARM added."""
    return json_response(
        200, {**document.payload, "documentNo": document.document_no, "documentUuid": document.uuid, "status": "ACTIVE"}
    )


def customer_found(client_no: str, customer_no: str) -> Response:
    """GET customers/{customerno}: the list's first keys (ARM page "GET a list of customers")."""
    number = int(client_no) if client_no.isdecimal() else client_no
    return json_response(200, {"clientNo": number, "accountNo": 500_002, "customerNo": customer_no, "name": "Customer"})


def batch_result(batch: Batch | None, settings: Settings, now: datetime) -> Response:
    """GET batches/{batchuuid}."""
    if batch is None or _forgotten(batch, settings, now):
        return error(settings.status_unknown, "Batch not found")
    if settings.contract:
        return spoken(batch, settings.contract, is_done=now >= batch.processed_at)
    if now < batch.processed_at:
        return json_response(settings.status_pending, _pending(batch))
    return SHAPES[settings.result_shape](batch, settings)


def _forgotten(batch: Batch, settings: Settings, now: datetime) -> bool:
    kept = settings.forget_after_seconds
    return kept is not None and now >= batch.processed_at + timedelta(seconds=kept)


def _pending(batch: Batch) -> Json:
    return {
        "status": "NOT-PROCESSED",
        "result": "PENDING",
        "message": "Document batch not processed yet",
        "batchUuid": batch.uuid,
    }


def _done(batch: Batch, settings: Settings, entries: list[Json] | None = None) -> Response:
    """The truth in one status and one word, with the entries if there are any."""
    created = sum(outcome.result == "created" for outcome in batch.outcomes)
    if created == len(batch.outcomes):
        status, head = settings.status_done, _head(batch, "OK", "Document batch processed")
    elif created:
        status, head = settings.status_partial, _head(batch, "PARTIAL", "Some documents failed")
    else:
        status, head = settings.status_rejected, _head(batch, "FAILED", "Document batch rejected")
        head["resultType"] = "BATCH-REJECTED"
    return json_response(status, head if entries is None else head | {"documents": entries})


def _head(batch: Batch, result: str, message: str) -> Json:
    return {"status": "PROCESSED", "result": result, "message": message, "batchUuid": batch.uuid}


def _entry(outcome: Outcome, *, number: bool = True, order: bool = True) -> Json:
    entry: Json = {"documentNo": outcome.document_no} if number and outcome.document_no else {}
    if order and outcome.sales_order_id:
        entry["salesOrderId"] = outcome.sales_order_id
    entry |= {"status": "PROCESSED", "result": "OK" if outcome.result == "created" else "FAILED"}
    if outcome.result == "batch-rejected":
        entry["resultType"] = "BATCH-REJECTED"
    return entry | {"message": outcome.message}


def _entries(batch: Batch, settings: Settings, *, number: bool = True, order: bool = True) -> list[Json]:
    outcomes = reversed(batch.outcomes) if settings.reverse_entries else batch.outcomes
    return [_entry(outcome, number=number, order=order) for outcome in outcomes]


def _per_document(batch: Batch, settings: Settings) -> Response:
    """Entries with both keys."""
    return _done(batch, settings, _entries(batch, settings))


def _by_order(batch: Batch, settings: Settings) -> Response:
    """Entries that differ in nothing but salesOrderId."""
    return _done(batch, settings, _entries(batch, settings, number=False))


def _by_position(batch: Batch, settings: Settings) -> Response:
    """Entries without keys."""
    return _done(batch, settings, _entries(batch, settings, number=False, order=False))


def _whole_batch(batch: Batch, settings: Settings) -> Response:
    """No entries."""
    return _done(batch, settings)


def _unknown_words(batch: Batch, settings: Settings) -> Response:
    """Words nobody documented, whatever happened."""
    words: Json = {"status": "ARCHIVED", "result": "SEE-LEDGER-NOTE"}
    entries = [_entry(outcome) | words for outcome in batch.outcomes]
    head = {**words, "message": "", "batchUuid": batch.uuid, "documents": entries}
    return json_response(settings.status_done, head)


def _contradictory(batch: Batch, settings: Settings) -> Response:
    """All is well, but the entries say otherwise: the failed ones, or the last one when none failed."""
    entries = [_entry(outcome) for outcome in batch.outcomes]
    if all(outcome.result == "created" for outcome in batch.outcomes):
        entries[-1] |= {"result": "FAILED", "message": "Document failed"}
    head = _head(batch, "OK", "Document batch processed")
    return json_response(settings.status_done, head | {"documents": entries})


def _not_json(_batch: Batch, settings: Settings) -> Response:
    """A page for people."""
    return html(settings.status_done)


def _empty(_batch: Batch, settings: Settings) -> Response:
    """Nothing at all."""
    return Response(settings.status_done, {"content-type": "application/json"}, b"")


def html(status: int) -> Response:
    """What a proxy may put in the place of an answer."""
    page = b"<!doctype html><title>Amili</title><p>We will be back soon.</p>"
    return Response(status, {"content-type": "text/html; charset=utf-8"}, page)


SHAPES: Final[Mapping[ResultShape, Callable[[Batch, Settings], Response]]] = {
    "per-document": _per_document,
    "by-order": _by_order,
    "by-position": _by_position,
    "whole-batch": _whole_batch,
    "unknown-words": _unknown_words,
    "contradictory": _contradictory,
    "not-json": _not_json,
    "empty": _empty,
}
