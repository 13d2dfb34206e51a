from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final, get_args

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from desk.answers import Action, BatchStory, State
from desk.page.forms import Form
from desk.page.inquiries import at_once
from desk.page.stories import AtStake, at_stake
from desk.page.views.orders import ACTIONS
from desk.page.views.parts import Parts
from desk.problems import Problem

#: How many batches of a list are shown. More are redriven by their cause.
SHOWN: Final = 200

#: What is done to the batches of each list.
OFFERED: Final[dict[State, tuple[Action, ...]]] = {
    "held": ("ask", "close", "resubmit", "announce"),
    "failed": ("retry", "announce"),
    "unfinished": (),
}


def show_list(parts: Parts, request: Request) -> Response:
    """The batches in a state, to be ticked, and their causes, to be redriven in bulk."""
    state = _one_of(get_args(State.__value__), request.path_params["state"])
    cause = request.query_params.get("cause") or None
    client_no = request.query_params.get("client", "").strip() or None
    found = parts.relay.batches(state, cause=cause, client_no=client_no)
    return parts.pages.write(
        request,
        "batches.html",
        state=state,
        totals=found.totals,
        batches=list(islice(found.batches, SHOWN)),
        offered=OFFERED[state],
        chosen_cause=cause,
        client_no=client_no,
        follows=request.query_params.get("follow") == "on",
    )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A batch, and what an action would do to it."""

    batch: BatchStory
    at_stake: AtStake
    #: The key of the sentence that says what would happen.
    effect: str
    #: Whether the action can be taken at all.
    can: bool


def review(parts: Parts, request: Request, form: Form) -> Response:
    """A dry run: what would happen to each ticked batch. Nothing is touched."""
    action = _action(form)
    reviewed = [_reviewed(batch, action) for batch in parts.inquiries.stories(_batches(form))]
    concerned = [each for each in reviewed if each.can]
    return parts.pages.write(
        request,
        "review.html",
        action=action,
        reviewed=reviewed,
        concerned=concerned,
        needs_word=action == "resubmit" and not all(each.batch["certainlyNotInArm"] for each in concerned),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action on a batch."""

    client_no: str
    batch_id: str
    #: The batch after it, or the new one of a retry; None if it was not done.
    after: BatchStory | None
    #: Why it was not done.
    refusal: str


def carry_out(parts: Parts, request: Request, form: Form) -> Response:
    """Do it to each batch, and say what became of it."""
    action, reason = _action(form), form.one("reason")
    if not reason:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    status = _one_of(("SUCCEEDED", "FAILED"), form.one("status")) if action == "close" else None

    def do(client_no: str, batch_id: str) -> BatchStory:
        word = form.one("may_be_billed_twice") == "yes"
        return parts.relay.redrive(client_no, batch_id, action, reason, status=status, may_be_billed_twice=word)

    outcomes = at_once(lambda batch: _outcome(do, *batch), _batches(form))
    return parts.pages.write(request, "done.html", action=action, outcomes=outcomes)


def _outcome(do: Callable[[str, str], BatchStory], client_no: str, batch_id: str) -> Outcome:
    try:
        return Outcome(client_no, batch_id, do(client_no, batch_id), "")
    except Problem as problem:
        return Outcome(client_no, batch_id, None, str(problem))


def _reviewed(batch: BatchStory, action: Action) -> Reviewed:
    can = action in ACTIONS.get(batch["status"], ())
    return Reviewed(batch, at_stake(batch["orders"]), _effect(batch, action, can=can), can)


def _effect(batch: BatchStory, action: Action, *, can: bool) -> str:
    """The key of what the action leads to."""
    if not can:
        return "effect.none"
    if action == "ask":
        if batch["certainlyNotInArm"]:
            return "effect.ask.absent"
        return "effect.ask.taken" if batch["batchUuid"] else "effect.ask.inDoubt"
    if action == "resubmit":
        return "effect.resubmit.absent" if batch["certainlyNotInArm"] else "effect.resubmit.inDoubt"
    return f"effect.{action}"


def _action(form: Form) -> Action:
    return _one_of(get_args(Action.__value__), form.one("action"))


def _batches(form: Form) -> list[tuple[str, str]]:
    """The ticked batches, each with its client."""
    ticked = [batch.rpartition("/") for batch in form.all("batch")]
    return [(client_no, batch_id) for client_no, _, batch_id in ticked]


def _one_of[Choice](choices: Sequence[Choice], given: object) -> Choice:
    """The choice that was made.

    Raises:
        HTTPException: it is none of these.
    """
    for choice in choices:
        if choice == given:
            return choice
    raise HTTPException(HTTPStatus.NOT_FOUND)
