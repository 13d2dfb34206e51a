import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from arm_relay.arm.contract import Contract, Meaning, loose
from arm_relay.arm.outcomes import (
    MAX_ERROR_LENGTH,
    MAX_ERRORS,
    Ended,
    Reading,
    Undecided,
    Waiting,
    end_of,
    read,
)
from arm_relay.batches.batch import Answer, BatchOrder, OrderStatus, State
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_batch_order
from tests.support.contracts import DEFAULT, with_lines

ONE = (a_batch_order(document_no="A1", order_id="B-1"),)
TWO = (*ONE, a_batch_order(id="evt-2", document_no="A2", order_id="B-2"))
NUMBERLESS = (a_batch_order(document_no=None, order_id="B-1"), a_batch_order(document_no=None, order_id="B-2"))
NAMELESS = (a_batch_order(document_no=None, order_id=None), a_batch_order(document_no=None, order_id=None))
TWINS = (a_batch_order(document_no=None, order_id="B-1"), a_batch_order(document_no=None, order_id="B-1"))

OK: dict[str, Any] = {"result": "OK"}
BAD: dict[str, Any] = {"result": "FAILED", "message": "no such customer"}
WAIT: dict[str, Any] = {"result": "PENDING"}
A1, A2 = {"documentNo": "A1"}, {"documentNo": "A2"}
B1, B2 = {"salesOrderId": "B-1"}, {"salesOrderId": "B-2"}


def told(code: int, body: object, orders: Sequence[BatchOrder] = TWO, contract: Contract = DEFAULT) -> str:
    """The reading in short: `WAITING`, an end with each order's first letter, or why it is undecided."""
    return short(read(Answer(code, body if isinstance(body, str) else json.dumps(body)), orders, contract))


def short(reading: Reading) -> str:
    match reading:
        case Waiting():
            return "WAITING"
        case Ended(state, orders):
            return f"{state} {''.join(order.status[0] for order in orders)}"
        case Undecided(reason, _):
            return reason


def entries(*some: dict[str, Any], **words: object) -> dict[str, object]:
    return {"documents": list(some), **words}


SAYS_NOT_HOW = "ARM's result does not say how each order ended"
CONTRADICTS = "ARM's result contradicts itself"
WORDS_CONTRADICT = "the words of ARM's result contradict each other"
UNKNOWN_WORD = "ARM's result contains an unknown word"
WHICH = "ARM's result does not say which order an entry is about"
NOT_JSON = "ARM's result is not a JSON object"
NO_OBJECT = "ARM's result is not a JSON object"
ENTRIES = "the entries of ARM's result are not understood"
UNREAD = "a part of ARM's result is not understood"
BOTH = "ARM's result reports success but may also report an error"
TRIAL = "ARM's result is one of a trial"
TWICE = "ARM's result has a key twice"
COUNTS = "the counts of ARM's result are not those of the orders"
TEMPORARY = "ARM's result reports a failure that may be temporary"
ANOTHER = "ARM's result is about another batch"


@pytest.mark.parametrize(
    ("code", "body", "reading"),
    [
        # The code first.
        pytest.param(202, "", "WAITING", id="202: whatever the body"),
        pytest.param(202, {"result": "OK"}, "WAITING", id="202: even if a word says otherwise"),
        pytest.param(202, "<html>", "WAITING", id="202: even if it is a page"),
        pytest.param(400, {"result": "FAILED"}, "ARM answered 400 about the batch", id="400: our question, perhaps"),
        pytest.param(400, {"result": "OK"}, "ARM answered 400 about the batch", id="400: not even good news"),
        pytest.param(404, {"result": "FAILED"}, "ARM answered 404 about the batch", id="404: not known any more"),
        pytest.param(404, {"result": "PENDING"}, "ARM answered 404 about the batch", id="404: whatever it says"),
        pytest.param(406, "", NOT_JSON, id="406: without a word it may be about our Accept header"),
        pytest.param(406, {}, SAYS_NOT_HOW, id="406: an empty object, as well"),
        pytest.param(406, {"message": "Not acceptable"}, SAYS_NOT_HOW, id="406: a message is no word"),
        pytest.param(406, {"result": "FAILED"}, "FAILED FF", id="406: and the word fits"),
        pytest.param(406, {"result": "BATCH-REJECTED"}, "FAILED FF", id="406: rejected as a whole"),
        pytest.param(406, {"result": "OK"}, CONTRADICTS, id="406: and the word does not fit"),
        pytest.param(406, {"result": "PENDING"}, "WAITING", id="406: and still pending"),
        pytest.param(206, {"result": "PARTIAL"}, SAYS_NOT_HOW, id="206: some, but which?"),
        pytest.param(206, {"result": "OK"}, CONTRADICTS, id="206: partial, but all is well"),
        pytest.param(206, {"result": "FAILED"}, CONTRADICTS, id="206: partial, but all has failed"),
        pytest.param(206, {"result": "PENDING"}, "WAITING", id="206: partly processed so far"),
        *[
            pytest.param(code, {"result": "OK"}, f"ARM answered {code} about the batch", id=f"{code}: not documented")
            for code in (100, 201, 203, 204, 226, 301, 302, 304, 307, 308, 402, 405, 409, 410, 418, 422, 451, 600)
        ],
        # One word for all.
        pytest.param(200, {}, SAYS_NOT_HOW, id="no word"),
        pytest.param(200, {"status": None, "result": None}, SAYS_NOT_HOW, id="null is no word"),
        pytest.param(200, {"message": "OK"}, SAYS_NOT_HOW, id="a message is no word"),
        pytest.param(200, {"result": "PROCESSED"}, SAYS_NOT_HOW, id="done, but how?"),
        pytest.param(200, {"result": "PARTIAL"}, SAYS_NOT_HOW, id="some, but which?"),
        pytest.param(200, {"result": "OK"}, "SUCCEEDED SS", id="a success word"),
        pytest.param(200, {"result": "FAILED"}, "FAILED FF", id="a failure word"),
        pytest.param(200, {"result": "PENDING"}, "WAITING", id="a waiting word"),
        pytest.param(200, {"status": "NOT-PROCESSED", "result": "PENDING"}, "WAITING", id="as in the documentation"),
        pytest.param(200, {"status": "PROCESSED", "result": "OK"}, "SUCCEEDED SS", id="done, and well"),
        pytest.param(200, {"status": "PROCESSED", "result": "FAILED"}, "FAILED FF", id="done, and not well"),
        pytest.param(200, {"resultType": "BATCH-REJECTED"}, "FAILED FF", id="as for auto postings"),
        pytest.param(200, {"status": "ok"}, "SUCCEEDED SS", id="in any case"),
        pytest.param(200, {"status": " batch_rejected "}, "FAILED FF", id="with other separators"),
        pytest.param(200, {"status": "in progress"}, "WAITING", id="with blanks"),
        pytest.param(200, {"result": "OK", "batchUuid": "u1", "count": 2}, "SUCCEEDED SS", id="beside plain values"),
        # Words that do not help.
        pytest.param(200, {"result": "ARCHIVED"}, UNKNOWN_WORD, id="an unknown word"),
        pytest.param(200, {"status": "OK", "result": "ARCHIVED"}, UNKNOWN_WORD, id="one known, one unknown"),
        pytest.param(200, {"status": "OK", "result": ""}, UNKNOWN_WORD, id="a blank word"),
        pytest.param(200, {"result": "NOT OK"}, UNKNOWN_WORD, id="a word within a word"),
        pytest.param(200, {"result": True}, UNKNOWN_WORD, id="a boolean"),
        pytest.param(200, {"result": 200}, UNKNOWN_WORD, id="a number"),
        pytest.param(200, {"result": ["OK"]}, UNKNOWN_WORD, id="a list of words"),
        pytest.param(200, {"result": {"result": "OK"}}, UNKNOWN_WORD, id="an object"),
        pytest.param(200, {"status": "OK", "result": "FAILED"}, WORDS_CONTRADICT, id="good and bad"),
        pytest.param(200, {"status": "OK", "result": "PENDING"}, "WAITING", id="good and not yet: the call's"),
        pytest.param(200, {"status": "PROCESSED", "result": "PENDING"}, WORDS_CONTRADICT, id="done and not yet"),
        pytest.param(200, {"status": "OK", "resultType": "PARTIAL"}, WORDS_CONTRADICT, id="good and partly"),
        # A word for all beside more that might say otherwise.
        pytest.param(200, {"result": "OK", "error": "no such customer"}, BOTH, id="well, but an error"),
        pytest.param(200, {"result": "OK", "errors": ["x"]}, UNREAD, id="well, but errors"),
        pytest.param(200, {"result": "OK", "created": 1, "failed": 1}, BOTH, id="well, but one failed"),
        pytest.param(200, {"result": "OK", "failed": 0}, "SUCCEEDED SS", id="well, and none failed"),
        pytest.param(200, {"result": "OK", "success": False}, WORDS_CONTRADICT, id="well, but no success"),
        pytest.param(200, {"result": "OK", "documentStatus": "REJECTED"}, BOTH, id="well, but a rejection"),
        pytest.param(200, {"result": "OK", "message": "1 of 2 documents rejected"}, BOTH, id="well, but in words not"),
        pytest.param(200, {"result": "OK", "message": "Alt vel"}, "SUCCEEDED SS", id="well, in words too"),
        pytest.param(200, {"status": "CREATED"}, UNKNOWN_WORD, id="created may be the batch alone"),
        pytest.param(200, {"status": "ERROR", "message": "busy"}, UNKNOWN_WORD, id="busy, perhaps"),
        pytest.param(406, {"status": "ERROR"}, UNKNOWN_WORD, id="the question, perhaps"),
        pytest.param(200, {"result": "OK", "error": None, "errors": []}, "SUCCEEDED SS", id="well, and no errors"),
        pytest.param(200, {"result": "OK", "data": {"failed": [A1]}}, SAYS_NOT_HOW, id="the call well, but one failed"),
        pytest.param(200, {"result": "OK", "failed": [A1]}, SAYS_NOT_HOW, id="well, but a list of the failed"),
        pytest.param(200, {"result": "OK", "documents": {"A1": "FAILED"}}, UNREAD, id="well, but no list of entries"),
        pytest.param(200, {"result": "OK", "documents": []}, UNREAD, id="well, but not one entry"),
        pytest.param(200, {"result": "FAILED", "succeeded": [A1]}, CONTRADICTS, id="failed, but one succeeded"),
        pytest.param(200, {"result": "FAILED", "errors": [{"code": 7}]}, "FAILED FF", id="failed, with errors"),
        # Not a result at all.
        pytest.param(200, "", NOT_JSON, id="nothing"),
        pytest.param(200, "<html>OK</html>", NOT_JSON, id="a page"),
        pytest.param(200, '{"result":"OK"', NOT_JSON, id="cut off"),
        pytest.param(200, "[" * 100_000, NOT_JSON, id="nested without end"),
        pytest.param(200, "1" * 5_000, NOT_JSON, id="a number without end"),
        pytest.param(200, "null", NO_OBJECT, id="null"),
        pytest.param(200, '"OK"', NO_OBJECT, id="a text"),
        pytest.param(200, [OK], NO_OBJECT, id="a list"),
        pytest.param(200, '\ufeff{"result":"OK"}', NOT_JSON, id="a byte order mark"),
        # What speaks against a success.
        pytest.param(200, {"result": "OK", "batchStatus": "QUEUED"}, "WAITING", id="a waiting word beside"),
        pytest.param(200, {"result": "OK", "message": "Still being processed"}, "WAITING", id="a waiting text beside"),
        pytest.param(200, {"result": "OK", "processedAt": None}, "WAITING", id="no time of its end"),
        pytest.param(200, {"result": "OK", "percentComplete": "40"}, "WAITING", id="not all of it"),
        pytest.param(200, {"result": "OK", "pending": 1}, "WAITING", id="some of it is pending"),
        pytest.param(200, {"result": "OK", "pending": "0"}, "SUCCEEDED SS", id="none of it is pending"),
        pytest.param(200, {"result": "OK", "received": 2, "created": "1"}, BOTH, id="a count too low"),
        pytest.param(200, {"result": "OK", "created": 3}, BOTH, id="a count too high"),
        pytest.param(200, {"result": "OK", "invoicesCreated": 1}, BOTH, id="a count by another name"),
        pytest.param(200, {"result": "OK", "created": 2, "duplicates": 1}, BOTH, id="a duplicate"),
        pytest.param(200, {"result": "OK", "created": 2, "duplicates": "0"}, "SUCCEEDED SS", id="no duplicate"),
        pytest.param(200, {"result": "OK", "code": 409}, BOTH, id="a code of a fault"),
        pytest.param(200, {"result": "OK", "documentUuid": None}, BOTH, id="an id that is missing"),
        pytest.param(200, {"result": "OK", "message": "1 document created"}, BOTH, id="too few, in words"),
        pytest.param(
            200, {"result": "OK", "message": "Created 2025-03-09 14:01"}, "SUCCEEDED SS", id="a time: no count"
        ),
        pytest.param(200, {"result": "OK", "message": "0 documents created"}, BOTH, id="none, in words"),
        pytest.param(
            200, {"result": "OK", "message": "No documents failed"}, "SUCCEEDED SS", id="none failed, in words"
        ),
        pytest.param(
            200, {"result": "OK", "message": "failed: 0, created: 2"}, "SUCCEEDED SS", id="none failed, counted"
        ),
        pytest.param(200, {"result": "OK", "message": "No customer, rejected"}, BOTH, id="a comma ends what is denied"),
        pytest.param(
            200, {"result": "OK", "message": "0 errors\nRejected by bank"}, BOTH, id="a line break ends what is denied"
        ),
        pytest.param(200, {"result": "OK", "message": "0 errors\r\nRejected"}, BOTH, id="and the other line break"),
        pytest.param(200, {"result": "OK", "message": "0 errors\u2028Rejected"}, BOTH, id="and any other line break"),
        pytest.param(200, {"result": "OK", "message": "0\nrejected"}, BOTH, id="a line break before the fault"),
        pytest.param(200, {"result": "OK", "message": "0 errors\tRejected"}, BOTH, id="a tab parts words"),
        pytest.param(
            200, {"result": "OK", "message": "0 errors;rejected=1"}, BOTH, id="a semicolon ends what is denied"
        ),
        pytest.param(
            200, {"result": "OK", "message": "0 errors,rejected=1"}, BOTH, id="a comma without a blank, as well"
        ),
        pytest.param(200, {"result": "OK", "message": "0 errors/rejected=1"}, BOTH, id="only a plain word is denied"),
        pytest.param(200, {"result": "OK", "message": "0 errors.Rejected"}, BOTH, id="a full stop without a blank"),
        pytest.param(200, {"result": "OK", "message": "0 errors Rejected"}, BOTH, id="one word is denied, not two"),
        pytest.param(200, {"result": "OK", "message": "1,0 errors"}, BOTH, id="a comma in a number"),
        pytest.param(
            200, {"result": "OK", "message": "rejected=1;failed: 0"}, BOTH, id="none failed, but one rejected"
        ),
        pytest.param(
            200, {"result": "OK", "message": "created: 0, failed: 0"}, BOTH, id="none failed, and none created"
        ),
        pytest.param(200, {"result": "OK", "message": "timed\nout"}, BOTH, id="a text over two lines"),
        pytest.param(200, {"result": "OK", "message": "0\terrors"}, "SUCCEEDED SS", id="none failed, with a tab"),
        pytest.param(
            200,
            {"result": "OK", "message": "2 created,\n0 error(s)."},
            "SUCCEEDED SS",
            id="none failed, in a line of its own",
        ),
        pytest.param(
            200,
            {"result": "OK", "message": "0 errors; 2 created"},
            "SUCCEEDED SS",
            id="none failed, before a semicolon",
        ),
        pytest.param(200, {"result": "OK", "message": "Faktura ble ikke opprettet"}, BOTH, id="not, in Norwegian"),
        pytest.param(200, {"result": "OK", "message": "Ingen feil"}, "SUCCEEDED SS", id="no fault, in Norwegian"),
        pytest.param(200, {"result": "OK", "message": "Already exists"}, BOTH, id="it exists already"),
        pytest.param(200, {"result": "OK", "validateOnly": True}, TRIAL, id="only tried"),
        pytest.param(200, {"result": "FAILED", "validateOnly": "true"}, TRIAL, id="only tried, in vain"),
        pytest.param(200, {"result": "OK", "validateOnly": False}, "SUCCEEDED SS", id="not only tried"),
        pytest.param(200, {"result": "OK", "customerMessage": "Skip the error"}, "SUCCEEDED SS", id="the order's text"),
        pytest.param(200, {"result": "OK", "vatLiable": False}, "SUCCEEDED SS", id="false under any other key"),
        pytest.param(
            200, {"result": "OK", "summary": {"created": 2, "failed": 0}}, "SUCCEEDED SS", id="a fitting summary"
        ),
        pytest.param(200, {"result": "OK", "summary": {"created": 1, "failed": 1}}, BOTH, id="another summary"),
        # What speaks against a failure.
        pytest.param(200, {"result": "FAILED", "batchStatus": "QUEUED"}, CONTRADICTS, id="failed, and queued"),
        pytest.param(200, {"result": "FAILED", "created": 2}, COUNTS, id="failed, and created"),
        pytest.param(200, {"result": "FAILED", "message": "Temporary problem, try again later"}, TEMPORARY, id="busy"),
        pytest.param(406, {"result": "FAILED", "message": "Not Acceptable"}, TEMPORARY, id="about our question"),
        # Whose it is.
        pytest.param(200, '{"result":"FAILED","result":"OK"}', TWICE, id="a key twice"),
        pytest.param(200, '{"result":"OK","x":{"a":1,"a":1}}', TWICE, id="a key twice, anywhere"),
        # An envelope.
        pytest.param(200, {"data": {"result": "OK"}}, "SUCCEEDED SS", id="in an envelope"),
        pytest.param(200, {"result": "OK", "data": {"batchUrl": "u"}}, SAYS_NOT_HOW, id="the call's word"),
        pytest.param(200, {"result": "OK", "data": {"result": "QUEUED"}}, "WAITING", id="the call's, and the batch's"),
        pytest.param(200, {"data": {"data": {"data": OK}}}, "SUCCEEDED SS", id="in as many envelopes as are read"),
        pytest.param(
            200, {"data": {"data": {"data": OK | {"data": BAD}}}}, ENTRIES, id="a failure in one envelope more"
        ),
        pytest.param(200, {"data": {"data": {"data": OK | {"data": {}}}}}, ENTRIES, id="an empty envelope more"),
        pytest.param(200, {"status": "FAILED", "data": {"result": "OK"}}, BOTH, id="a failure around it"),
    ],
)
def test_an_answer_about_the_whole_batch(code: int, body: object, reading: str) -> None:
    assert told(code, body) == reading


@pytest.mark.parametrize(
    ("code", "body", "reading"),
    [
        pytest.param(200, entries(A1 | OK, A2 | OK), "SUCCEEDED SS", id="all well"),
        pytest.param(200, entries(A1 | BAD, A2 | BAD), "FAILED FF", id="none well"),
        pytest.param(200, entries(A1 | OK, A2 | BAD), "PARTIALLY_FAILED SF", id="one of each"),
        pytest.param(200, entries(A2 | OK, A1 | BAD), "PARTIALLY_FAILED FS", id="in another order"),
        pytest.param(206, entries(A1 | OK, A2 | BAD), "PARTIALLY_FAILED SF", id="206: one of each"),
        pytest.param(206, entries(A1 | OK, A2 | OK), CONTRADICTS, id="206: but all well"),
        pytest.param(206, entries(A1 | BAD, A2 | BAD), CONTRADICTS, id="206: but none well"),
        pytest.param(206, entries(A1 | OK), SAYS_NOT_HOW, id="206: and one missing"),
        pytest.param(206, entries(A2 | BAD), SAYS_NOT_HOW, id="206: only the failed one"),
        pytest.param(406, entries(A1 | BAD, A2 | BAD), "FAILED FF", id="406: none well"),
        pytest.param(406, entries(A1 | OK, A2 | BAD), CONTRADICTS, id="406: but one well"),
        pytest.param(400, entries(A1 | BAD, A2 | BAD), "ARM answered 400 about the batch", id="400: unread"),
        pytest.param(200, entries(A1 | OK, A2 | WAIT), "WAITING", id="one still pending"),
        pytest.param(200, entries(A1 | BAD, A2 | WAIT), "WAITING", id="one failed, one still pending"),
        pytest.param(200, entries(A1 | OK, A2), SAYS_NOT_HOW, id="one without a word"),
        pytest.param(200, entries(A1 | OK, A2 | {"result": "DONE"}), SAYS_NOT_HOW, id="one done, but how?"),
        pytest.param(200, entries(A1 | OK, A2 | {"result": "PARTIAL"}), SAYS_NOT_HOW, id="one partly"),
        pytest.param(200, entries(A1 | OK, A2 | {"result": "NO"}), UNKNOWN_WORD, id="one with an unknown word"),
        pytest.param(200, entries(A1 | OK, A2 | {"result": 1}), UNKNOWN_WORD, id="one with a number"),
        pytest.param(200, entries(A1 | OK, A2 | OK | {"status": "FAILED"}), WORDS_CONTRADICT, id="one with both"),
        pytest.param(200, entries(A1 | OK, A2 | OK | {"errors": ["x"]}), BOTH, id="one well, with errors"),
        pytest.param(200, entries(A1 | OK, A2 | OK | {"errors": []}), "SUCCEEDED SS", id="one well, without errors"),
        # With a word for the whole.
        pytest.param(200, entries(A1 | OK, A2 | OK, result="OK"), "SUCCEEDED SS", id="whole well, all well"),
        pytest.param(200, entries(A1 | OK, A2 | BAD, result="OK"), CONTRADICTS, id="whole well, but one failed"),
        pytest.param(200, entries(A1 | BAD, A2 | BAD, result="OK"), CONTRADICTS, id="whole well, but all failed"),
        pytest.param(200, entries(A1 | OK, A2 | BAD, result="FAILED"), CONTRADICTS, id="whole failed, but one well"),
        pytest.param(200, entries(A1 | OK, A2 | OK, result="FAILED"), CONTRADICTS, id="whole failed, but all well"),
        pytest.param(200, entries(A1 | OK, A2 | OK, result="PARTIAL"), CONTRADICTS, id="whole partial, but all well"),
        pytest.param(200, entries(A1 | OK, A2 | BAD, result="PARTIAL"), "PARTIALLY_FAILED SF", id="whole partial"),
        pytest.param(206, entries(A1 | OK, A2 | BAD, result="OK"), "PARTIALLY_FAILED SF", id="206: the call well"),
        pytest.param(200, entries(A1 | OK, A2 | OK, status="DONE"), "SUCCEEDED SS", id="whole done"),
        pytest.param(200, entries(A1 | OK, A2 | OK, result="PENDING"), "WAITING", id="whole pending"),
        pytest.param(200, entries(A1 | OK, A2 | OK, result="NO"), UNKNOWN_WORD, id="whole with an unknown word"),
        pytest.param(200, entries(A1 | OK, A2 | WAIT, result="OK"), "WAITING", id="whole well, one still pending"),
        pytest.param(200, entries(A1 | OK, A2, result="OK"), SAYS_NOT_HOW, id="whole well, one without a word"),
        pytest.param(200, entries(A1 | OK, A2 | OK, errors=["lost"]), BOTH, id="all well, but errors beside"),
        pytest.param(200, entries(A1 | OK, A2 | OK, failed=[A2]), ENTRIES, id="all well, but one among the failed"),
        pytest.param(200, entries(A1 | OK, A2 | OK | {"errorCode": "E17"}), BOTH, id="all well, but an error code"),
        pytest.param(200, entries(A1 | OK, A2 | OK, meta={"rejected": 1}), BOTH, id="all well, but one rejected"),
        pytest.param(200, entries(A1 | OK, A2 | OK, notProcessed=[A2]), BOTH, id="all well, but one not processed"),
        pytest.param(200, entries(A1 | OK, A2 | OK, rejectedDocuments=[A2]), BOTH, id="all well, but a list of others"),
        pytest.param(200, entries(A1 | OK, A2 | OK | {"state": "QUEUED"}), "WAITING", id="all well, but one queued"),
        # Which order is meant.
        pytest.param(200, entries({"documentNo": "a1"} | OK, A2 | OK), "SUCCEEDED SS", id="numbers without case"),
        pytest.param(
            200, entries(A1 | {"salesOrderId": "b-1"} | OK, A2 | BAD), "PARTIALLY_FAILED SF", id="both, alike"
        ),
        pytest.param(200, entries(B2 | BAD, B1 | OK), "PARTIALLY_FAILED SF", id="by order"),
        pytest.param(200, entries(A2 | BAD, B1 | OK), "PARTIALLY_FAILED SF", id="one by number, one by order"),
        pytest.param(200, entries(A1 | B2 | OK, A2 | B1 | BAD), WHICH, id="one's number with the other's order"),
        pytest.param(200, entries(A1 | OK, A1 | BAD), WHICH, id="the same order twice"),
        pytest.param(200, entries(A1 | OK, A1 | OK), WHICH, id="the same order twice, alike"),
        pytest.param(200, entries(A1 | OK, B1 | OK), WHICH, id="the same order twice, by different keys"),
        pytest.param(200, entries({"documentNo": "A9"} | OK, A2 | OK), WHICH, id="nobody's"),
        pytest.param(200, entries(A1 | OK, A2 | OK, {"documentNo": "A9"} | BAD), WHICH, id="one too many"),
        pytest.param(200, entries(A1 | OK, A2 | OK, OK), WHICH, id="one too many, without a key"),
        pytest.param(200, entries({"documentNo": ["A1"]} | OK, A2 | OK), WHICH, id="a number that is a list"),
        pytest.param(200, entries({"documentNo": {"no": "A1"}} | OK, A2 | OK), WHICH, id="a number that is an object"),
        pytest.param(200, entries({"documentNo": True} | OK, A2 | OK), WHICH, id="a number that is a boolean"),
        pytest.param(200, entries({"documentNo": "A\ud800"} | OK, A2 | OK), WHICH, id="a number with half a character"),
        pytest.param(200, entries({"documentNo": None} | OK, A2 | OK), "SUCCEEDED SS", id="null is no number"),
        pytest.param(200, entries({"documentNo": ""} | OK, A2 | OK), "SUCCEEDED SS", id="blank is no number"),
        # By position, where nothing else tells.
        pytest.param(200, entries(OK, OK), "SUCCEEDED SS", id="no keys, where all say the same"),
        pytest.param(200, entries(BAD, BAD), "FAILED FF", id="no keys, where all say the same ill"),
        pytest.param(200, entries(OK, BAD), WHICH, id="no keys, where each says something else"),
        pytest.param(200, entries(OK, A2 | OK), "SUCCEEDED SS", id="one without a key"),
        pytest.param(200, entries(OK, A2 | BAD), WHICH, id="one without a key, that says something else"),
        pytest.param(200, entries(OK, A1 | BAD), WHICH, id="one by position, at the place of another"),
        pytest.param(200, entries(A2 | BAD, OK), WHICH, id="as before, the other way round"),
        pytest.param(200, entries(OK), WHICH, id="too few for positions"),
        pytest.param(200, entries(OK, OK, OK), WHICH, id="too many for positions"),
        # The list.
        *[
            pytest.param(200, {key: [A1 | OK, A2 | OK]}, "SUCCEEDED SS", id=f"in {key}")
            for key in ("documents", "entries", "items", "results")
        ],
        pytest.param(200, {"documents": [A1 | OK], "entries": [A2 | OK]}, ENTRIES, id="two lists"),
        pytest.param(200, {"documents": [A1 | OK, A2 | OK], "items": []}, "SUCCEEDED SS", id="an empty list beside"),
        pytest.param(200, {"documents": ["OK", "OK"]}, ENTRIES, id="texts in the list"),
        pytest.param(200, {"documents": [A1 | OK, None]}, ENTRIES, id="a null in the list"),
        pytest.param(200, {"documents": [A1 | OK, [A2 | OK]]}, ENTRIES, id="a list in the list"),
        pytest.param(200, {"documents": []}, SAYS_NOT_HOW, id="an empty list"),
        pytest.param(200, {"documents": {"A1": OK}}, SAYS_NOT_HOW, id="no list"),
    ],
)
def test_an_answer_about_each_document(code: int, body: object, reading: str) -> None:
    assert told(code, body) == reading


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        ({"result": "OK", "batchUuid": "u1"}, "SUCCEEDED SS"),
        ({"result": "OK", "batchUuid": None}, "SUCCEEDED SS"),
        ({"result": "OK", "batchUuid": "U1"}, ANOTHER),
        ({"result": "PENDING", "batchUuid": "u2"}, ANOTHER),
        ({"data": {"result": "FAILED", "batchUuid": "u2"}}, ANOTHER),
        ({"result": "OK", "batchUuid": 7}, ANOTHER),
        (entries(A1 | OK, A2 | OK | {"batchUuid": "u2"}), ANOTHER),
    ],
)
def test_an_answer_about_another_batch_says_nothing(body: object, reading: str) -> None:
    assert short(read(Answer(200, json.dumps(body)), TWO, DEFAULT, "u1")) == reading


@pytest.mark.parametrize(
    ("orders", "body", "reading"),
    [
        pytest.param(ONE, {"result": "OK"}, "SUCCEEDED S", id="one order: a word for all is its own"),
        pytest.param(ONE, entries(OK), "SUCCEEDED S", id="one order: its entry needs no key"),
        pytest.param(ONE, entries({"documentNo": "A9"} | OK), WHICH, id="one order: but not with another's key"),
        pytest.param(ONE, entries(A1 | {"result": "PARTIAL"}), SAYS_NOT_HOW, id="one order cannot be partial"),
        pytest.param(NUMBERLESS, entries(B2 | A1 | BAD, B1 | A2 | OK), "PARTIALLY_FAILED SF", id="ARM's own numbers"),
        pytest.param(NUMBERLESS, entries(A1 | OK, A2 | OK), "SUCCEEDED SS", id="ARM's own numbers alone"),
        pytest.param(NUMBERLESS, entries(A1 | OK, A2 | BAD), WHICH, id="ARM's own numbers tell nothing apart"),
        pytest.param(NUMBERLESS, entries(A1 | OK), WHICH, id="ARM's own numbers, too few for positions"),
        pytest.param(NAMELESS, entries(A1 | B1 | OK, OK), "SUCCEEDED SS", id="nothing to compare"),
        pytest.param(TWINS, entries(B1 | OK, B1 | BAD), WHICH, id="two documents of one order: no telling them apart"),
        pytest.param(TWINS, {"result": "OK"}, "SUCCEEDED SS", id="two documents of one order: a word for all"),
    ],
)
def test_what_the_orders_have_to_be_matched_by(orders: Sequence[BatchOrder], body: object, reading: str) -> None:
    assert told(200, body, orders) == reading


# A second list that repeats the documents


def repeated(**beside: object) -> dict[str, object]:
    return {"results": [A1 | {"status": "CREATED"}, A2 | {"status": "CREATED"}], "documents": [A1 | beside, A2]}


@pytest.mark.parametrize(
    ("beside", "reading"),
    [
        pytest.param({}, "SUCCEEDED SS", id="nothing but what was sent"),
        pytest.param({"customerMessage": "Skip the error"}, "SUCCEEDED SS", id="the order's own text"),
        pytest.param({"errors": []}, "SUCCEEDED SS", id="no errors"),
        pytest.param({"errors": ["customer does not exist"]}, BOTH, id="an error"),
        pytest.param({"message": "rejected: unknown customer"}, BOTH, id="a text of a fault"),
        pytest.param({"documentStatus": "REJECTED"}, BOTH, id="a word of failure under another key"),
        pytest.param({"message": "still queued"}, "WAITING", id="a text that says it is not done"),
        pytest.param({"batchUuid": "u2"}, ANOTHER, id="the id of another batch"),
    ],
)
def test_a_list_that_repeats_the_documents_is_read_for_faults(beside: dict[str, object], reading: str) -> None:
    body = json.dumps(repeated(**beside))

    assert short(read(Answer(200, body), TWO, DEFAULT, "u1")) == reading
    assert short(read(Answer(200, f'{{"data": {body}}}'), TWO, DEFAULT, "u1")) == reading


def test_a_fault_in_a_repeated_list_counts_against_the_order_that_it_is_about() -> None:
    results = [A1 | OK, A2 | BAD]

    assert told(206, {"results": results, "documents": [A1, A2 | {"errors": ["x"]}]}) == "PARTIALLY_FAILED SF"
    assert told(206, {"results": results, "documents": [A1 | {"errors": ["x"]}, A2]}) == BOTH


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"results": [A1 | OK], "documents": [A1, A2 | {"errors": ["x"]}]}, id="in a repeated list"),
        pytest.param(entries(A1 | OK, A2 | {"errors": ["x"]}), id="in its own entry"),
    ],
)
def test_a_fault_of_an_order_that_is_not_told_of_is_seen(body: object) -> None:
    reading = read(Answer(200, json.dumps(body)), TWO, DEFAULT)

    assert isinstance(reading, Undecided)
    assert reading.may_have_failed


# A failure that may pass


def named(*some: dict[str, Any], code: int = 200, **beside: object) -> frozenset[str]:
    reading = read(Answer(code, json.dumps(entries(*some, **beside))), TWO, DEFAULT)
    assert isinstance(reading, Ended), reading
    return reading.named


FIRST, SECOND = (order.id for order in TWO)


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param({"message": "Temporarily unavailable"}, id="a text"),
        pytest.param({"errors": [{"text": "please try\nagain"}]}, id="a text over two lines, further in"),
        pytest.param({"retryScheduled": True}, id="a name that says it"),
        pytest.param({"remainingAttempts": 3}, id="a count that says that ARM is at work"),
        pytest.param({"documentStatus": "QUEUED"}, id="a word that says so"),
        pytest.param({"failure": {"completed": False}}, id="a flag further in"),
    ],
)
def test_a_failure_that_may_pass_has_to_settle(beside: dict[str, Any]) -> None:
    assert named(A1 | BAD | beside, A2 | BAD) == {SECOND}
    assert named(A1 | BAD | beside, A2 | OK, code=206) == set()


@pytest.mark.parametrize(
    "beside", [{}, {"retryScheduled": False}, {"remainingAttempts": 0}, {"customerMessage": "Try again"}], ids=repr
)
def test_a_failure_that_does_not_pass_is_named(beside: dict[str, Any]) -> None:
    assert named(A1 | BAD | beside, A2 | BAD) == {FIRST, SECOND}


def test_a_repeated_list_may_say_that_a_failure_passes() -> None:
    assert named(A1 | BAD, A2 | BAD, items=[A1 | {"note": "retry at noon"}, A2]) == {SECOND}


# What an undecided answer did say


def known_statuses(body: object, code: int = 200) -> list[OrderStatus]:
    reading = read(Answer(code, json.dumps(body)), TWO, DEFAULT)
    assert isinstance(reading, Undecided)
    return [order.status for order in reading.orders]


def test_an_answer_about_some_orders_is_kept_for_the_ledger_to_complete() -> None:
    assert known_statuses(entries(A2 | BAD)) == [OrderStatus.IN_PROGRESS, OrderStatus.FAILED]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(entries(A1 | OK, A2 | BAD, result="FAILED"), id="contradiction"),
        pytest.param(entries(A1 | OK, A2 | {"result": "NO"}), id="unknown word"),
        pytest.param(entries(A1 | OK, A1 | OK), id="twice"),
    ],
)
def test_nothing_is_taken_from_an_answer_that_is_not_understood(body: object) -> None:
    assert known_statuses(body) == [OrderStatus.IN_PROGRESS] * 2


# Errors


def errors_of(entry: Mapping[str, object]) -> tuple[str, ...]:
    reading = read(Answer(200, json.dumps({"documents": [{"result": "FAILED", **entry}]})), ONE, DEFAULT)
    assert isinstance(reading, Ended)
    return reading.orders[0].errors


@pytest.mark.parametrize(
    ("entry", "errors"),
    [
        pytest.param({}, (), id="none"),
        pytest.param({"message": "no such customer"}, ("no such customer",), id="a message"),
        pytest.param({"errors": ["a", "b"]}, ("a", "b"), id="a list of texts"),
        pytest.param({"errors": [{"code": 7, "text": "Å"}]}, ('{"code": 7, "text": "Å"}',), id="a list of objects"),
        pytest.param({"error": {"code": 7}}, ('{"code": 7}',), id="an object"),
        pytest.param({"errors": ["", None, 7, True, [], "a"]}, ("a",), id="what is no text is left out"),
        pytest.param({"message": "m", "errors": ["e"], "reason": "r"}, ("e", "m", "r"), id="errors before messages"),
        pytest.param({"errors": ["1", "2", "3", "4"]}, ("1", "2", "3"), id=f"{MAX_ERRORS} at most"),
        pytest.param({"message": "x" * 1000}, ("x" * MAX_ERROR_LENGTH,), id="cut"),
        pytest.param({"message": "half \ud83d"}, ("half ?",), id="half a character, which no UTF-8 holds"),
        pytest.param({"errors": [{"t": "\udc00"}]}, ('{"t": "?"}',), id="half a character in an object"),
        pytest.param({"message": "a\x00b\x1bc\td"}, ("a\ufffdb\ufffdc\td",), id="control characters"),
    ],
)
def test_errors_are_arms_words(entry: Mapping[str, object], errors: tuple[str, ...]) -> None:
    assert errors_of(entry) == errors


def test_a_batch_that_failed_as_a_whole_gives_its_errors_to_every_order() -> None:
    reading = read(Answer(406, '{"result":"FAILED","message":"limit exceeded"}'), TWO, DEFAULT)

    assert isinstance(reading, Ended)
    assert [order.errors for order in reading.orders] == [("limit exceeded",)] * 2


@pytest.mark.parametrize("depth", [*range(9_950, 10_020), 50_000])
def test_nesting_at_the_edge_of_what_python_reads_does_no_harm(depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth

    for body in (f'{{"result":"FAILED","error":{nested}}}', f'{{"result":{nested}}}', f'{{"documentNo":{nested}}}'):
        assert not told(200, body, ONE).startswith("SUCCEEDED")


# The lines of a contract


@pytest.mark.parametrize(
    ("lines", "code", "body", "reading"),
    [
        pytest.param({"words": {"BOKFØRT": "succeeded"}}, 200, {"result": "Bokført"}, "SUCCEEDED SS", id="a new word"),
        pytest.param({"words": {"not  ready": "waiting"}}, 200, {"result": "NOT_READY"}, "WAITING", id="with blanks"),
        pytest.param({"words": {"OK": "finished"}}, 200, {"result": "OK"}, SAYS_NOT_HOW, id="another meaning"),
        pytest.param(
            {"words": {"OK": "finished"}}, 200, entries(A1 | BAD, A2 | BAD, status="OK"), "FAILED FF", id="not contrary"
        ),
        pytest.param({"words": {"OK": None}}, 200, {"result": "OK"}, UNKNOWN_WORD, id="a word taken out"),
        pytest.param({"headWords": {"NEW": "succeeded"}}, 200, {"result": "NEW"}, "SUCCEEDED SS", id="a head's"),
        pytest.param(
            {"entryWords": {"OK": "finished"}}, 200, entries(A1 | OK, A2 | OK), SAYS_NOT_HOW, id="an entry's word"
        ),
        pytest.param(
            {"entryWords": {"OK": "finished"}},
            200,
            entries(A1 | OK, A2 | OK, result="OK"),
            "SUCCEEDED SS",
            id="an entry's word, and the whole's",
        ),
        pytest.param({"codes": {"201": "succeeded"}}, 201, {"result": "OK"}, "SUCCEEDED SS", id="a code"),
        pytest.param({"codes": {"201": "succeeded"}}, 201, {}, SAYS_NOT_HOW, id="a code alone is not enough"),
        pytest.param(
            {"codes": {"201": "succeeded"}, "decidingCodes": [201]}, 201, {}, "SUCCEEDED SS", id="a code that decides"
        ),
        pytest.param(
            {"codes": {"201": "succeeded"}, "decidingCodes": [201]},
            201,
            "",
            NOT_JSON,
            id="but no JSON",
        ),
        pytest.param(
            {"codes": {"201": "succeeded"}, "decidingCodes": [201]}, 201, {"items": []}, UNREAD, id="and a part unread"
        ),
        pytest.param({"codes": {"201": "succeeded"}}, 201, {"result": "FAILED"}, CONTRADICTS, id="a word against it"),
        pytest.param(
            {"codes": {"201": "succeeded"}}, 201, entries(A1 | OK, A2 | BAD), CONTRADICTS, id="an entry against it"
        ),
        pytest.param(
            {"headWords": {"OK": "finished"}},
            200,
            entries(A1 | OK, A2 | BAD, result="OK"),
            "PARTIALLY_FAILED SF",
            id="a word that is the call's",
        ),
        pytest.param({"decidingCodes": [406]}, 406, {}, "FAILED FF", id="406 without a word"),
        pytest.param({"codes": {"404": "waiting"}}, 404, "", "WAITING", id="404 as waiting"),
        pytest.param({}, 207, {}, SAYS_NOT_HOW, id="a partial code: which?"),
        pytest.param({}, 207, entries(A1 | OK, A2 | BAD), "PARTIALLY_FAILED SF", id="a partial code"),
        pytest.param({}, 207, entries(A1 | OK, A2 | OK), CONTRADICTS, id="a partial code, all well"),
        pytest.param(
            {"codes": {"422": "finished"}},
            422,
            entries(A1 | OK, A2 | OK),
            "SUCCEEDED SS",
            id="any end",
        ),
        pytest.param({"codes": {"202": "finished"}}, 202, {"result": "OK"}, "SUCCEEDED SS", id="another 202"),
        pytest.param({"codes": {"206": "waiting"}}, 206, entries(A1 | OK, A2 | BAD), "WAITING", id="so far"),
    ],
)
def test_a_line_of_the_contract_changes_the_reading(
    lines: dict[str, Any], code: int, body: object, reading: str
) -> None:
    assert told(code, body, contract=with_lines(**lines)) == reading


@pytest.mark.parametrize(
    ("statuses", "end"),
    [
        ([OrderStatus.SUCCEEDED], State.SUCCEEDED),
        ([OrderStatus.FAILED, OrderStatus.FAILED], State.FAILED),
        ([OrderStatus.SUCCEEDED, OrderStatus.FAILED], State.PARTIALLY_FAILED),
    ],
)
def test_orders_make_the_end_of_their_batch(statuses: list[OrderStatus], end: State) -> None:
    assert end_of(a_batch_order(status=status) for status in statuses) is end


# Whatever comes

GOOD = Meaning.SUCCEEDED

words = st.sampled_from([*DEFAULT.words, *DEFAULT.entry_words, "NO", "", "ok", "true"]) | st.text(max_size=4)
plain = st.none() | st.booleans() | st.integers() | st.floats() | words | st.sampled_from(["A1", "A2", "B-1", "B-2"])
keys = st.sampled_from(
    [
        "status",
        "result",
        "resultType",
        "documents",
        "entries",
        "errors",
        "error",
        "message",
        "documentNo",
        "salesOrderId",
    ]
) | st.text(max_size=3)
bodies = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)
codes = st.sampled_from([200, 202, 206, 400, 404, 406]) | st.integers(100, 599)


def texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from texts(part)
        case dict():
            for part in value.values():
                yield from texts(part)


def says_success(body: object) -> bool:
    words = {word for known in (DEFAULT.words, DEFAULT.entry_words) for word, end in known.items() if end is GOOD}
    return any(loose(text) in words for text in texts(body))


@given(codes, bodies, st.sampled_from([ONE, TWO, NUMBERLESS, NAMELESS, TWINS]))
def test_no_body_is_a_success_without_a_word_of_success(
    code: int, body: object, orders: tuple[BatchOrder, ...]
) -> None:
    reading = read(Answer(code, json.dumps(body)), orders, DEFAULT)

    assert len(reading.orders if not isinstance(reading, Waiting) else orders) == len(orders)
    if isinstance(reading, Ended):
        assert end_of(reading.orders) is reading.state
        assert reading.state is State.FAILED or says_success(body)
        assert {order.status for order in reading.orders} <= {OrderStatus.SUCCEEDED, OrderStatus.FAILED}


@given(codes, st.text())
def test_no_text_is_a_success(code: int, body: str) -> None:
    assert not isinstance(read(Answer(code, body), TWO, DEFAULT), Ended)


@given(st.lists(st.sampled_from([OK, BAD]), min_size=2, max_size=2), st.booleans(), st.sampled_from(["no", "order"]))
def test_entries_mean_the_same_in_any_order(ends: list[dict[str, Any]], turned: bool, by: str) -> None:  # noqa: FBT001 (hypothesis)
    named = [key | end for key, end in zip((A1, A2) if by == "no" else (B1, B2), ends, strict=True)]
    body = entries(*(reversed(named) if turned else named))

    assert told(200, body).endswith("".join("S" if end is OK else "F" for end in ends))


# The number that ARM gave.


def numbers(orders: Sequence[BatchOrder], body: dict[str, object]) -> list[str | None]:
    reading = read(Answer(200, json.dumps(body)), orders, DEFAULT)
    assert isinstance(reading, Ended), reading
    return [order.arm_no for order in reading.orders]


def test_the_number_that_arm_gave_is_taken_from_the_entry_that_names_the_order() -> None:
    entries = [B2 | OK | {"documentNo": 70002}, B1 | OK | {"documentNo": "70001"}]

    assert numbers(NUMBERLESS, {"documents": entries}) == ["70001", "70002"]


def test_the_only_entry_of_the_only_order_is_about_it() -> None:
    assert numbers(NUMBERLESS[:1], {"documents": [OK | {"documentNo": "70001"}]}) == ["70001"]


@pytest.mark.parametrize(
    "body",
    [OK | {"documentNo": "70001"}, {"data": OK | {"documentNo": "70001"}}],
    ids=["beside the word", "in data"],
)
def test_what_is_said_of_the_batch_is_said_of_its_only_order(body: dict[str, object]) -> None:
    assert numbers(NUMBERLESS[:1], body) == ["70001"]


def test_what_is_said_of_the_batch_is_no_number_of_several_orders() -> None:
    assert numbers(NUMBERLESS, OK | {"documentNo": "70001"}) == [None, None]


def test_a_number_whose_order_is_a_guess_is_not_taken() -> None:
    entries = [OK | {"documentNo": "70001"}, OK | {"documentNo": "70002"}]

    assert numbers(NUMBERLESS, {"documents": entries}) == [None, None]


def test_an_order_with_a_number_of_its_own_keeps_it() -> None:
    order = a_batch_order(document_no="A1", order_id="B-1")

    assert numbers([order], {"documents": [B1 | OK | {"documentNo": "A1"}]}) == [None]


def test_an_order_that_failed_has_no_number() -> None:
    entries = [B1 | BAD | {"documentNo": "70001"}, B2 | OK | {"documentNo": "70002"}]

    assert numbers(NUMBERLESS, {"documents": entries}) == [None, "70002"]


@pytest.mark.parametrize(
    "value",
    [True, False, 0, -7, "0", "-7", "", "  ", "N/A", "none", "true", None, [], ["70001"], {"no": "70001"}],
    ids=repr,
)
def test_what_is_no_number_is_not_taken_for_one(value: object) -> None:
    assert numbers(NUMBERLESS[:1], {"documents": [OK | {"documentNo": value}]}) == [None]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param(" 70001 ", "70001", id="blanks around it"),
        pytest.param("007", "007", id="zeros before it"),
        pytest.param("F-7", "F-7", id="letters in it"),
        pytest.param("7\ud83d", "7?", id="half a character, which no UTF-8 holds"),
        pytest.param("7" * 101, "7" * 100, id="cut"),
    ],
)
def test_a_number_is_taken_in_a_form_that_can_be_stored(value: object, number: str) -> None:
    assert numbers(NUMBERLESS[:1], {"documents": [OK | {"documentNo": value}]}) == [number]
