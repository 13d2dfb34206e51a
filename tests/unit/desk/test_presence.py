from typing import cast

import pytest

from desk.answers import Evidence, ListedBatch, OrderEvidence
from desk.presence import Presence, listed_presence, presence_of


def evidence(
    status: str, cause: str = "ARM's result", by: str | None = None, *, absent: bool = False, later: bool = False
) -> Evidence:
    history = [{"at": "1", "status": "PENDING", "cause": "ARM returned a batchUuid", "by": None}]
    history.append({"at": "2", "status": status, "cause": cause, "by": by})
    if later:
        history.append({"at": "3", "status": status, "cause": "sent again in batch b-2: it exists now", "by": "kari"})
    return cast("Evidence", {"status": status, "certainlyNotInArm": absent, "history": history})


def an_order(status: str, found: str | None = None) -> OrderEvidence:
    look_up = {"found": found, "at": "1"} if found else None
    return cast("OrderEvidence", {"id": "evt-1", "status": status, "lookUp": look_up})


@pytest.mark.parametrize(
    ("story", "order", "known"),
    [
        (evidence("FAILED"), an_order("FAILED"), Presence.NOT_CREATED),
        (evidence("FAILED"), an_order("FAILED", "ABSENT"), Presence.NOT_CREATED_CONFIRMED),
        (evidence("FAILED", later=True), an_order("FAILED", "ABSENT"), Presence.NOT_CREATED_CONFIRMED),
        (evidence("PARTIALLY_FAILED"), an_order("FAILED", "ABSENT"), Presence.NOT_CREATED_CONFIRMED),
        (evidence("PARTIALLY_FAILED"), None, Presence.IN_PART),
        (evidence("FAILED", "ARM's ledger, because x"), an_order("FAILED", "ABSENT"), Presence.NOT_IN_LEDGER),
        (evidence("FAILED", "I looked", "kari"), an_order("FAILED"), Presence.CLOSED),
        (evidence("REFUSED", "ARM answered 422", absent=True), an_order("REFUSED"), Presence.CERTAINLY_NOT),
        (evidence("HELD", "too old"), an_order("HELD"), Presence.PERHAPS),
        (evidence("HELD", "too old", absent=True), None, Presence.CERTAINLY_NOT),
    ],
)
def test_it_is_said_whether_arm_has_an_order_and_how_that_is_known(
    story: Evidence, order: OrderEvidence | None, known: Presence
) -> None:
    assert presence_of(story, order) is known


@pytest.mark.parametrize(
    ("status", "absent", "known"),
    [
        ("FAILED", False, Presence.NOT_CREATED),
        ("PARTIALLY_FAILED", False, Presence.IN_PART),
        ("REFUSED", True, Presence.CERTAINLY_NOT),
        ("HELD", False, Presence.PERHAPS),
    ],
)
def test_a_list_never_says_that_arm_may_have_what_failed(status: str, absent: object, known: Presence) -> None:
    assert listed_presence(cast("ListedBatch", {"status": status, "certainlyNotInArm": absent})) is known
