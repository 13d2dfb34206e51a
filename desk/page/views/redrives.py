import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final, get_args

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from desk.answers import Action, BatchStory, State
from desk.page.forms import Form
from desk.page.inquiries import at_once
from desk.page.reviews import Ending, Outcome, Seen, seen_of
from desk.page.stories import AtStake, at_stake
from desk.page.views.orders import ACTIONS
from desk.page.views.parts import Parts
from desk.problems import Answered, Problem

_LOG: Final = logging.getLogger(__name__)

#: How many batches of a list are shown, and redriven one by one. More are redriven by their cause.
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
    action, batches = _action(form), _batches(form)
    if len(batches) > SHOWN:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    reviewed = [_reviewed(batch, action) for batch in parts.inquiries.stories(batches)]
    concerned = [each for each in reviewed if each.can]
    kept = parts.reviews.keep(action, [each.batch for each in concerned]) if concerned else None
    return parts.pages.write(
        request,
        "review.html",
        action=action,
        reviewed=reviewed,
        concerned=concerned,
        review_id=kept.id if kept else "",
        doubtful=[seen for seen in kept.batches if _is_doubtful(action, seen)] if kept else [],
    )


def carry_out(parts: Parts, request: Request, form: Form) -> Response:
    """Do what was reviewed to each batch that is as it was, once; the result has a page of its own.

    The relay does not check what was seen: somebody else may act in the moment between the last look and the action.
    """
    review_id, reason = form.one("review"), form.one("reason")
    if not reason:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    is_close = parts.reviews.action_of(review_id) == "close"
    status = _one_of(("SUCCEEDED", "FAILED"), form.one("status")) if is_close else None
    if found := parts.reviews.use_up(review_id):
        order = _Order(found.action, reason, status, frozenset(form.all("may_be_billed_twice")))
        parts.reviews.end(found, at_once(lambda seen: _outcome(parts, order, seen), found.batches))
    # A second click leads to what became of the first.
    elif parts.reviews.result(review_id) is None:
        raise HTTPException(HTTPStatus.CONFLICT)
    return RedirectResponse(f"{request.scope['root_path']}/results/{review_id}", HTTPStatus.SEE_OTHER)


def show_result(parts: Parts, request: Request) -> Response:
    """What became of a review."""
    result = parts.reviews.result(request.path_params["review_id"])
    if result is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    outcomes = result.outcomes or ()
    return parts.pages.write(
        request,
        "done.html",
        action=result.action,
        outcomes=outcomes,
        done=sum(each.ending is Ending.DONE for each in outcomes),
        unknown=sum(each.ending is Ending.UNKNOWN for each in outcomes),
        follows=result.outcomes is None,
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """What a person has confirmed."""

    action: Action
    reason: str
    #: How the orders ended that nobody knew of, for `close`.
    status: str | None
    #: The batches of which the person says that ARM has none of them, though it may.
    looked_up: frozenset[str]


def _outcome(parts: Parts, order: _Order, seen: Seen) -> Outcome:
    doubtful = _is_doubtful(order.action, seen)
    if doubtful and f"{seen.client_no}/{seen.batch_id}" not in order.looked_up:
        return Outcome(seen.client_no, seen.batch_id, Ending.UNTICKED)
    if parts.ending.is_set():
        return Outcome(seen.client_no, seen.batch_id, Ending.STOPPED)
    if change := _change(parts, seen):
        return change
    if parts.ending.is_set():
        return Outcome(seen.client_no, seen.batch_id, Ending.STOPPED)
    return _acted(parts, order, seen, may_be_billed_twice=doubtful)


def _change(parts: Parts, seen: Seen) -> Outcome | None:
    """Why nothing is done, if the batch is not as it was seen, or nobody knows."""
    try:
        is_as_seen = seen_of(parts.relay.batch(seen.client_no, seen.batch_id)) == seen
    except Problem as problem:
        return Outcome(seen.client_no, seen.batch_id, Ending.UNSEEN, str(problem))
    except Exception as error:  # noqa: BLE001 (named on the page, and in the window in which the desk runs)
        _LOG.exception("a batch could not be looked at again")
        return Outcome(seen.client_no, seen.batch_id, Ending.UNSEEN, type(error).__name__)
    return None if is_as_seen else Outcome(seen.client_no, seen.batch_id, Ending.CHANGED)


def _acted(parts: Parts, order: _Order, seen: Seen, *, may_be_billed_twice: bool) -> Outcome:
    def ended(ending: Ending, detail: str) -> Outcome:
        return Outcome(seen.client_no, seen.batch_id, ending, detail)

    try:
        after = parts.relay.redrive(
            seen.client_no,
            seen.batch_id,
            order.action,
            order.reason,
            status=order.status,
            may_be_billed_twice=may_be_billed_twice,
        )
    except Answered as problem:
        # What the relay or API Gateway refuses has not been done; after a fault of theirs nobody knows.
        is_refused = problem.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return ended(Ending.REFUSED if is_refused else Ending.UNKNOWN, str(problem))
    except Problem as problem:
        return ended(Ending.UNKNOWN, str(problem))
    except Exception as error:  # noqa: BLE001 (one odd answer must not hide what became of the others)
        _LOG.exception("what became of a redrive is not known")
        return ended(Ending.UNKNOWN, type(error).__name__)
    return Outcome(
        seen.client_no, seen.batch_id, Ending.DONE, status_after=after["status"], batch_id_after=after["batchId"]
    )


def _is_doubtful(action: Action, seen: Seen) -> bool:
    """Whether the action could bill somebody twice: it sends what ARM may have."""
    return action == "resubmit" and not seen.certainly_not_in_arm


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
