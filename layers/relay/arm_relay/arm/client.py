"""ARM's four calls over HTTP. Each ends in an answer, or in an `ArmError` that says what is known."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from arm_relay.arm.auth import Tokens
from arm_relay.arm.contract import Turned
from arm_relay.arm.errors import ArmError, InDoubt, NoAnswer, NotSent, Refused, Scope
from arm_relay.arm.json_objects import json_object
from arm_relay.arm.wire import ARM_TIMEOUT, BEFORE_SENDING, LONGEST_CALL, PATIENCE, TIMEOUTS, WIRE_ERRORS, Reply, Wire
from arm_relay.batches import causes
from arm_relay.batches.batch import Answer
from arm_relay.comparison import same_value

#: ARM's batchUuid is 22 characters of base64url in the documentation. Any length of that alphabet is accepted.
BATCH_UUID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")

#: 4xx that mean the same in every API, and say nothing about a batch. What the others mean is the contract's.
NOT_ABOUT_THE_BATCH: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}
)


class ArmClient:
    """The `Ledger` behind ARM's HTTP interface."""

    def __init__(self, wire: Wire, tokens: Tokens, base_url: str, turned: Callable[[int], Turned]) -> None:
        """`turned` says what a 4xx to a submission means."""
        self._wire = wire
        self._tokens = tokens
        self._base_url = base_url.rstrip("/")
        self._turned = turned

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Ledger`."""
        try:
            reply = self._call("POST", f"/clients/{_segment(client_no)}/documents/batches", payload)
        except BEFORE_SENDING as error:
            raise NotSent(f"no connection to ARM ({type(error).__name__})", scope=Scope.ARM) from error
        except WIRE_ERRORS as error:
            raise InDoubt(f"no answer from ARM ({type(error).__name__})", scope=Scope.ARM) from error
        return _batch_uuid(reply, self._turned)

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        """See `Ledger`."""
        return self._ask(f"/clients/{_segment(client_no)}/batches/{_segment(batch_uuid)}", within)

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        """See `Ledger`."""
        answer = self._ask(f"/clients/{_segment(client_no)}/documents/{_segment(document_no)}", within)
        if _is_absent(answer):
            return None
        document = _object_of(answer)
        if document is None:
            raise NoAnswer(f"ARM answered {answer.status} about a document", answer)
        return document

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """See `Ledger`."""
        answer = self._ask(f"/clients/{_segment(client_no)}/customers/{_segment(customer_no)}", within)
        if _is_absent(answer):
            return False
        customer = _object_of(answer)
        if customer is None:
            raise NoAnswer(f"ARM answered {answer.status} about a customer", answer)
        inner = customer.get("customer")
        named = customer.get("customerNo") or (inner.get("customerNo") if isinstance(inner, dict) else None)
        if not named or not same_value(named, customer_no):
            raise NoAnswer("ARM's answer about a customer is not understood", answer)
        return True

    def _ask(self, path: str, within: float) -> Answer:
        try:
            reply = self._call("GET", path, within=within)
        except NotSent as error:
            raise NoAnswer(error.cause, scope=error.scope) from error
        except TIMEOUTS as error:
            is_cut = within < PATIENCE
            scope = Scope.BATCH if is_cut else Scope.ARM
            raise NoAnswer(f"no answer from ARM ({type(error).__name__})", scope=scope, is_cut=is_cut) from error
        except WIRE_ERRORS as error:
            raise NoAnswer(f"no answer from ARM ({type(error).__name__})", scope=Scope.ARM) from error
        status = reply.answer.status
        if status in NOT_ABOUT_THE_BATCH or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            cause = causes.arm_answered(status)
            raise NoAnswer(cause, reply.answer, retry_after=reply.retry_after, scope=_scope(status))
        return reply.answer

    def _call(self, method: str, path: str, content: bytes | None = None, within: float = LONGEST_CALL) -> Reply:
        """One exchange with the token, repeated with a new token where ARM no longer accepts the first."""
        until = self._wire.clock() + within
        token = self._tokens.token(within)
        reply = self._exchange(method, path, token, content, until)
        if reply.answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.drop(token)
            token = self._tokens.token(until - self._wire.clock())
            reply = self._exchange(method, path, token, content, until)
        return reply

    def _exchange(self, method: str, path: str, token: str, content: bytes | None, until: float) -> Reply:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        within = until - self._wire.clock()
        url = self._base_url + path
        return self._wire.exchange(method, url, ARM_TIMEOUT, within=within, headers=headers, content=content)


def _batch_uuid(reply: Reply, turned: Callable[[int], Turned]) -> tuple[str, Answer]:
    answer = reply.answer
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        body = json_object(answer.body)
        batch_uuid = body.get("batchUuid") if body else None
        if isinstance(batch_uuid, str) and BATCH_UUID.fullmatch(batch_uuid):
            return batch_uuid, answer
    raise _submission_error(reply, turned)


def _submission_error(reply: Reply, turned: Callable[[int], Turned]) -> ArmError:
    answer = reply.answer
    cause = causes.arm_answered(answer.status)
    if answer.status < HTTPStatus.BAD_REQUEST:
        return InDoubt(f"{cause} without a batchUuid", answer)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        return InDoubt(cause, answer, scope=Scope.ARM)
    if answer.status in NOT_ABOUT_THE_BATCH:
        return NotSent(cause, answer, retry_after=reply.retry_after, scope=_scope(answer.status))
    return _turned_away(reply, turned(answer.status), cause)


def _turned_away(reply: Reply, turned: Turned, cause: str) -> ArmError:
    """What one of the 4xx means that mean something else in every API."""
    answer = reply.answer
    if turned is Turned.IN_DOUBT:
        return InDoubt(cause, answer)
    if _is_a_page(answer):
        return NotSent(f"{cause} with a page", answer, retry_after=reply.retry_after, scope=Scope.ARM)
    if turned is Turned.WAITS:
        # It may be the client's number, or ARM's address: what other clients send may be taken.
        return NotSent(cause, answer, retry_after=reply.retry_after, scope=Scope.CLIENT)
    return Refused(answer)


def _scope(status: int) -> Scope:
    """Whom an answer affects that says nothing about the batch."""
    if status == HTTPStatus.UNAUTHORIZED:
        return Scope.TOKEN
    return Scope.CLIENT if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS) else Scope.ARM


def _is_absent(answer: Answer) -> bool:
    """Whether ARM says that it has nothing under a number."""
    return answer.status == HTTPStatus.NOT_FOUND and not _is_a_page(answer)


def _object_of(answer: Answer) -> dict[str, Any] | None:
    """What ARM says it has under a number; None where the answer does not say it."""
    return json_object(answer.body) if answer.status == HTTPStatus.OK else None


def _is_a_page(answer: Answer) -> bool:
    """Whether the answer is HTML: then it comes from something between us and ARM, and not from ARM."""
    return answer.body.lstrip().startswith("<")


def _segment(value: str) -> str:
    return quote(value, safe="")
