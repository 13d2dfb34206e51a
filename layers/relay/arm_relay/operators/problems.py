"""The kinds of problem that only operators meet."""

from collections.abc import Mapping
from typing import Final

from arm_relay.api import problems
from arm_relay.api.problems import Kind, Problem
from arm_relay.batches.steps import IllegalStep, NeedsConfirmation
from arm_relay.operators.bulk import MoreBatches, UnknownRedrive
from arm_relay.operators.day_reports import InvalidDate, UnknownDay
from arm_relay.operators.forgetting import InvalidForget, NotForgettable
from arm_relay.operators.inquiries import InvalidCursor, UnknownBatch, UnknownOrder
from arm_relay.operators.redrive import InvalidRedrive

KINDS: Final[Mapping[type[Exception], Kind]] = {
    InvalidCursor: Kind.INVALID_QUERY,
    InvalidDate: Kind.INVALID_DATE,
    UnknownDay: Kind.UNKNOWN_DAY,
    UnknownBatch: Kind.UNKNOWN_BATCH,
    UnknownOrder: Kind.UNKNOWN_ORDER,
    UnknownRedrive: Kind.UNKNOWN_REDRIVE,
    InvalidForget: Kind.INVALID_FORGET,
    NotForgettable: Kind.NOT_FORGETTABLE,
    IllegalStep: Kind.NOT_REDRIVABLE,
    NeedsConfirmation: Kind.NEEDS_CONFIRMATION,
    MoreBatches: Kind.MORE_BATCHES,
    InvalidRedrive: Kind.INVALID_REDRIVE,
}


def problem_of(error: Exception) -> Problem:
    """The answer to an operator whose request met this failure."""
    return problems.problem_of(error, KINDS)
