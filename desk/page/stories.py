"""What became of a batch, step by step. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from desk.answers import Evidence, OrderEvidence, Transition
from desk.page.bounds import amount_of


class Actor(StrEnum):
    """Who did a step."""

    RELAY = "relay"
    ARM = "arm"
    LEDGER = "ledger"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: str
    actor: Actor
    #: The batch's status from then on; what the ledger said for a look-up.
    status: str
    cause: str
    #: The operator.
    by: str | None = None
    #: The order that was looked up.
    order_id: str | None = None
    #: How often it happened without anything else between, and when for the last time.
    times: int = 1
    until: str | None = None


def steps_of(evidence: Evidence, orders: Sequence[OrderEvidence]) -> list[Step]:
    """Everything that is known to have happened, the oldest first."""
    looked_up = [_looked_up(order) for order in orders if order["lookUp"]]
    steps = [*map(_moved, evidence["history"]), *looked_up]
    return list(_joined(sorted(steps, key=lambda step: step.at)))


def _moved(transition: Transition) -> Step:
    cause = transition["cause"] or ""
    return Step(transition["at"], _actor(transition, cause), transition["status"], cause, transition["by"])


def _actor(transition: Transition, cause: str) -> Actor:
    if transition["by"]:
        return Actor.OPERATOR
    # Whatever the reason for a hold is: the relay holds. Something between the two may answer with a page.
    if transition["status"] == "HELD" or cause.endswith(" with a page"):
        return Actor.RELAY
    if cause.startswith("ARM's ledger"):
        return Actor.LEDGER
    return Actor.ARM if cause.startswith(("ARM answered ", "ARM returned ", "ARM's result")) else Actor.RELAY


def _looked_up(order: OrderEvidence) -> Step:
    look_up = order["lookUp"]
    assert look_up  # noqa: S101 (as its caller has checked)
    return Step(look_up["at"], Actor.LEDGER, look_up["found"] or "UNKNOWN", "", order_id=order["id"])


def _joined(steps: Iterable[Step]) -> Iterable[Step]:
    """What happened again and again is one step."""
    before: Step | None = None
    for step in steps:
        if before and _is_same(before, step):
            before = replace(before, times=before.times + 1, until=step.at)
            continue
        if before:
            yield before
        before = step
    if before:
        yield before


def _is_same(one: Step, other: Step) -> bool:
    return (one.actor, one.status, one.cause, one.by, one.order_id) == (
        other.actor,
        other.status,
        other.cause,
        other.by,
        other.order_id,
    )


@dataclass(frozen=True, slots=True)
class AtStake:
    """What a batch comes to, for a person who decides about it."""

    orders: int
    #: With VAT, by currency; without the orders of which no amount is kept.
    sums: dict[str | None, Decimal]
    #: Of how many orders no amount is known.
    without_total: int


def at_stake(orders: Sequence[OrderEvidence]) -> AtStake:
    """What the orders come to that a redrive is about: those that are held, or have failed."""
    concerned = [order for order in orders if order["status"] != "SUCCEEDED"]
    sums: dict[str | None, Decimal] = {}
    without_total = 0
    for order in concerned:
        document = order["document"]
        gross = _gross(document) if document else None
        if document is None or gross is None:
            without_total += 1
            continue
        currency = str(document["currency"]) if document.get("currency") else None
        sums[currency] = sums.get(currency, Decimal(0)) + gross
    return AtStake(len(concerned), sums, without_total)


def _gross(document: dict[str, Any]) -> Decimal | None:
    amounts = document.get("currencyAmounts")
    gross = amounts.get("inclVat") if isinstance(amounts, dict) else None
    return None if gross is None else amount_of(str(gross))
