from http import HTTPStatus
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.answers import BulkAction, Filter, Plan
from desk.page.forms import Form
from desk.page.views.parts import Parts

#: The parts of a filter that a form can state.
_FILTER: Final = ("clientNo", "cause", "status", "claimedAfter", "claimedBefore", "endedAfter", "endedBefore")

_ACTIONS: Final[tuple[BulkAction, ...]] = ("ask", "retry", "announce")


#: No relay has more batches than this.
MOST: Final = 10**9

#: The relay asks for a reason with a dry run, too, and keeps none.
DRY_RUN: Final = "dry run"


def plan(parts: Parts, request: Request, form: Form) -> Response:
    """A dry run by the relay: what would be touched."""
    action, wanted = _action(form), _filter(form)
    found = parts.relay.plan(action, DRY_RUN, wanted)
    return parts.pages.write(request, "plan.html", plan=found, wanted=wanted)


def begin(parts: Parts, request: Request, form: Form) -> Response:
    """Begin what the dry run has counted."""
    action, reason, wanted = _action(form), _reason(form), _filter(form)
    batches, as_of = form.count("batches", MOST), form.one("as_of")
    if not as_of:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    # All that the relay is told of a plan.
    told = cast("Plan", {"action": action, "batches": batches, "asOf": as_of})
    begun = parts.relay.bulk_redrive(told, reason, wanted)
    return RedirectResponse(f"{request.scope['root_path']}/redrives/{begun['redriveId']}", HTTPStatus.SEE_OTHER)


def watch(parts: Parts, request: Request) -> Response:
    """How far a bulk redrive is."""
    redrive = parts.relay.redrive_progress(request.path_params["redrive_id"])
    return parts.pages.write(request, "redrive.html", redrive=redrive, follows=redrive["status"] == "RUNNING")


def stop(parts: Parts, request: Request, _form: Form) -> Response:
    """Stop a bulk redrive."""
    stopped = parts.relay.stop_redrive(request.path_params["redrive_id"])
    return RedirectResponse(f"{request.scope['root_path']}/redrives/{stopped['redriveId']}", HTTPStatus.SEE_OTHER)


def _action(form: Form) -> BulkAction:
    for action in _ACTIONS:
        if form.one("action") == action:
            return action
    raise HTTPException(HTTPStatus.BAD_REQUEST)


def _reason(form: Form) -> str:
    if reason := form.one("reason"):
        return reason
    raise HTTPException(HTTPStatus.BAD_REQUEST)


def _filter(form: Form) -> Filter:
    # A cause is taken word for word, with its blanks.
    stated = {name: form.fields[name][-1] for name in _FILTER if form.one(name)}
    # Without its cause, or with no filter at all, a form would mean far more batches than the person saw.
    if not stated or ("cause" in form.fields and "cause" not in stated):
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return cast("Filter", stated)
