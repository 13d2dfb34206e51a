"""The kinds of problem that only senders meet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from arm_relay.api import problems
from arm_relay.api.problems import Kind, Problem
from arm_relay.store.table import RecordTooLarge
from arm_relay.webhook.admission import NotJsonMediaType
from arm_relay.webhook.preview import PreviewTooLarge
from arm_relay.webhook.questions import InvalidQuestion
from arm_relay.webhook.receipts import Conflict, NotRetriable
from arm_relay.webhook.signatures import BadSignature

KINDS: Final[Mapping[type[Exception], Kind]] = {
    BadSignature: Kind.BAD_SIGNATURE,
    NotJsonMediaType: Kind.NOT_JSON_MEDIA_TYPE,
    Conflict: Kind.CONFLICT,
    NotRetriable: Kind.NOT_RETRIABLE,
    InvalidQuestion: Kind.INVALID_QUESTION,
    RecordTooLarge: Kind.TOO_LARGE,
    PreviewTooLarge: Kind.TOO_LARGE,
}


def problem_of(error: Exception) -> Problem:
    """The answer to a sender whose request met this failure."""
    problem = problems.problem_of(error, KINDS)
    return replace(problem, members={"orderIds": error.order_ids}) if isinstance(error, Conflict) else problem
