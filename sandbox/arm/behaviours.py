"""What each kind of fault does to a call."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from sandbox.arm.faults import ABORTS_AFTER, ABORTS_BEFORE, TOKEN_GARBAGE, Fault
from sandbox.arm.messages import Abort, Answer, Response
from sandbox.arm.results import error, html

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way: `answer` carries it out, `revoke_tokens` makes every token given before worthless."""

    answer: Callable[[], Response]
    revoke_tokens: Callable[[], None]


type Behaviour = Callable[[Fault, Call], Answer]


def play(fault: Fault | None, call: Call) -> Answer:
    """The call, with the fault if there is one."""
    return BEHAVIOURS[fault.kind](fault, call) if fault else call.answer()


def _abort_before(fault: Fault, _call: Call) -> Abort:
    return Abort(fault.kind)


def _abort_after(fault: Fault, call: Call) -> Abort:
    call.answer()
    return Abort(fault.kind)


def _error_before(_fault: Fault, _call: Call) -> Response:
    return error(500, "Internal error")


def _error_after(_fault: Fault, call: Call) -> Response:
    call.answer()
    return error(500, "Internal error")


def _status(fault: Fault, call: Call) -> Response:
    """Any status; only `taken` carries the call out first."""
    if fault.text("taken"):
        call.answer()
    response = error(int(fault.number("status")), "As the fault says")
    retry_after = fault.text("retryAfter")
    return replace(response, headers={**response.headers, "retry-after": retry_after}) if retry_after else response


def _slow(fault: Fault, call: Call) -> Response:
    return replace(call.answer(), delay=fault.number("seconds"))


def _not_json(_fault: Fault, call: Call) -> Response:
    status = call.answer().status
    return html(status if status < HTTPStatus.MULTIPLE_CHOICES else HTTPStatus.OK)


def _not_object(_fault: Fault, call: Call) -> Response:
    return replace(call.answer(), body=b"[]")


def _no_uuid(_fault: Fault, call: Call) -> Response:
    return _rewritten(call.answer(), {"batchUuid": None, "getResult": None})


def _ok_200(_fault: Fault, call: Call) -> Response:
    return replace(call.answer(), status=HTTPStatus.OK.value)


def _redirect(fault: Fault, _call: Call) -> Response:
    return Response(int(fault.number("status")), {"location": fault.text("location")}, b"")


def _huge(fault: Fault, call: Call) -> Response:
    return replace(call.answer(), padding=int(fault.number("megabytes")) * MEGABYTE)


def _trickle(fault: Fault, call: Call) -> Response:
    """The answer arrives too slowly, piece by piece."""
    return replace(call.answer(), padding=int(fault.number("pieces")), pause=fault.number("seconds"))


def _bad_encoding(_fault: Fault, call: Call) -> Response:
    response = call.answer()
    return replace(response, headers={**response.headers, "content-encoding": "gzip"})


def _token_garbage(fault: Fault, call: Call) -> Response:
    return _rewritten(call.answer(), TOKEN_GARBAGE[fault.text("variant")])


def _token_expired(_fault: Fault, call: Call) -> Response:
    call.revoke_tokens()
    return call.answer()


def _rewritten(response: Response, changes: Mapping[str, object]) -> Response:
    if not response.body.startswith(b"{"):
        return response
    body = {**json.loads(response.body), **changes}
    left = {name: value for name, value in body.items() if name not in changes or value is not None}
    return replace(response, body=json.dumps(left).encode())


BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    **dict.fromkeys(ABORTS_BEFORE, _abort_before),
    **dict.fromkeys(ABORTS_AFTER, _abort_after),
    "error-500-before": _error_before,
    "error-500-after": _error_after,
    "status": _status,
    "slow": _slow,
    "not-json": _not_json,
    "not-object": _not_object,
    "no-uuid": _no_uuid,
    "ok-200": _ok_200,
    "redirect": _redirect,
    "huge": _huge,
    "trickle": _trickle,
    "bad-encoding": _bad_encoding,
    "token-garbage": _token_garbage,
    "token-expired": _token_expired,
}
