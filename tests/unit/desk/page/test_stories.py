from decimal import Decimal
from typing import Any, cast

from desk.answers import Evidence, OrderEvidence
from desk.page.stories import Actor, Step, at_stake, steps_of


def evidence(*history: tuple[str, str, str, str | None]) -> Evidence:
    keys = ("at", "status", "cause", "by")
    return cast("Evidence", {"history": [dict(zip(keys, entry, strict=True)) for entry in history]})


def an_order(order_id: str = "evt-1", status: str = "HELD", **changes: object) -> OrderEvidence:
    order: dict[str, Any] = {"id": order_id, "status": status, "lookUp": None, "document": None}
    return cast("OrderEvidence", order | changes)


def a_document(gross: object, currency: str | None = "NOK") -> dict[str, Any]:
    return {"currency": currency, "currencyAmounts": {"inclVat": gross} if gross is not None else None}


def test_the_ledgers_words_stand_between_the_steps_by_their_time() -> None:
    story = evidence(("10", "CLAIMED", "accepted", None), ("40", "SUCCEEDED", "ARM's ledger has every document", None))

    steps = steps_of(story, [an_order(lookUp={"found": "FOUND", "at": "30"})])

    assert [(step.at, step.actor, step.status) for step in steps] == [
        ("10", Actor.RELAY, "CLAIMED"),
        ("30", Actor.LEDGER, "FOUND"),
        ("40", Actor.LEDGER, "SUCCEEDED"),
    ]


def test_who_did_a_step_is_told() -> None:
    story = evidence(
        ("1", "PENDING", "ARM returned a batchUuid", None),
        ("2", "QUEUED", "ARM answered 503", None),
        ("3", "HELD", "its polls failed unexpectedly", None),
        ("4", "QUEUED", "ARM is back", "arn:aws:iam::1:user/kari"),
        ("5", "QUEUED", "ARM is out of reach", None),
        ("6", "QUEUED", "ARM answered 503 with a page", None),
        ("7", "HELD", "ARM may have the batch, and not every order has an invoice number to look up", None),
        ("8", "HELD", "ARM's ledger does not show the documents of all orders", None),
    )

    actors = [step.actor for step in steps_of(story, [])]

    assert actors == [Actor.ARM, Actor.ARM, Actor.RELAY, Actor.OPERATOR, *[Actor.RELAY] * 4]


def test_what_happened_again_and_again_is_one_step() -> None:
    again = [(str(at), "QUEUED", "no connection to ARM (ConnectError)", None) for at in range(1, 5)]

    assert steps_of(evidence(*again), []) == [
        Step("1", Actor.RELAY, "QUEUED", "no connection to ARM (ConnectError)", times=4, until="4")
    ]


def test_only_what_has_not_succeeded_is_at_stake_and_currencies_stay_apart() -> None:
    stake = at_stake(
        [
            an_order("1", "SUCCEEDED", document=a_document(1)),
            an_order("2", document=a_document("10.50")),
            an_order("3", document=a_document(5)),
            an_order("4", document=a_document(7, "EUR")),
            an_order("5", document=a_document(None)),
            an_order("6"),
        ]
    )

    assert (stake.orders, stake.without_total) == (5, 2)
    assert dict(stake.sums) == {"NOK": Decimal("15.5"), "EUR": Decimal(7)}
