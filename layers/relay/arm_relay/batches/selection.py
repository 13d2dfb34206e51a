"""Many batches: which of them are meant, and what they come to. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arm_relay.batches.batch import CORRECTABLE, ENDS, FAILURES, Batch, BatchOrder, State


class Listing(StrEnum):
    """What can be listed."""

    #: The batches that have neither ended nor are held.
    UNFINISHED = "unfinished"
    #: The batches that wait for a person.
    HELD = "held"
    #: The batches with orders that failed or were refused, and were not sent again by a retry.
    FAILED = "failed"
    #: The batches whose end or hold was announced, by the time of their claim.
    ANNOUNCED = "announced"

    @property
    def states(self) -> frozenset[State]:
        """The states of its batches."""
        return STATES[self]


STATES: Final[Mapping[Listing, frozenset[State]]] = {
    Listing.UNFINISHED: frozenset(State) - ENDS - {State.HELD},
    Listing.HELD: frozenset({State.HELD}),
    Listing.FAILED: FAILURES,
    Listing.ANNOUNCED: ENDS | {State.HELD},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which batches of a listing are meant: all that is stated must apply."""

    listing: Listing
    client_no: str | None = None
    #: The cause, word for word.
    cause: str | None = None
    status: State | None = None
    #: Claimed at this time or later, and before that one.
    claimed_after: datetime | None = None
    claimed_before: datetime | None = None
    #: Ended or held at this time or later, and before that one.
    ended_after: datetime | None = None
    ended_before: datetime | None = None
    #: In their present state since this time or longer.
    since_before: datetime | None = None

    def may_be(self, client_no: str, claimed_at: datetime) -> bool:
        """Whether a batch of this client, claimed then, can be meant."""
        return (
            (self.client_no is None or self.client_no == client_no)
            and (self.claimed_after is None or self.claimed_after <= claimed_at)
            and (self.claimed_before is None or claimed_at < self.claimed_before)
        )

    def is_met_by(self, batch: Batch) -> bool:
        """Whether the batch is meant, as it is now."""
        return (
            self.may_be(batch.client_no, batch.claimed_at)
            and batch.state in self.listing.states
            and (self.status is None or self.status is batch.state)
            and (self.cause is None or self.cause == batch.cause)
            and (self.since_before is None or batch.since <= self.since_before)
            and self._may_have_ended(batch.ended_at)
            and (self.listing is not Listing.FAILED or batch.retried_as is None)
            and (self.listing is not Listing.ANNOUNCED or batch.is_announced)
        )

    def _may_have_ended(self, at: datetime | None) -> bool:
        if self.ended_after is None and self.ended_before is None:
            return True
        return (
            at is not None
            and (self.ended_after is None or self.ended_after <= at)
            and (self.ended_before is None or at < self.ended_before)
        )


@dataclass(frozen=True, slots=True, order=True)
class Sum:
    """What documents of one type and one currency come to."""

    #: None where the orders leave the currency to ARM.
    currency: str | None
    document_type: str
    orders: int
    #: With VAT, in major units; None where the total of any of them was not recorded.
    total: Decimal | None


def sums_of(orders: Iterable[BatchOrder]) -> tuple[Sum, ...]:
    """What the orders come to, by currency and type of document."""
    tally = Tally()
    tally.add_orders(orders)
    return tally.sums


@dataclass(slots=True)
class Tally:
    """Counts and sums of batches, added up one by one."""

    batches: int = 0
    orders: int = 0
    #: How many batches and orders there are of each state and cause.
    groups: Counter[tuple[State, str]] = field(default_factory=Counter)
    _orders: Counter[tuple[str, str]] = field(default_factory=Counter)
    _totals: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    _unknown: set[tuple[str, str]] = field(default_factory=set)

    def add(self, batch: Batch) -> None:
        """One batch more. Of one that failed, the orders that failed count."""
        self.batches += 1
        self.groups[batch.state, batch.cause] += 1
        self.add_orders(orders_at_stake(batch))

    def add_orders(self, orders: Iterable[BatchOrder]) -> None:
        """Some orders more."""
        for order in orders:
            kind = (order.currency or "", order.document_type)
            self.orders += 1
            self._orders[kind] += 1
            self._totals[kind] = self._totals.get(kind, Decimal(0)) + (order.total.gross if order.total else 0)
            if order.total is None:
                self._unknown.add(kind)

    @property
    def sums(self) -> tuple[Sum, ...]:
        """What all of them come to, by currency and type of document."""
        return tuple(
            Sum(kind[0] or None, kind[1], count, None if kind in self._unknown else self._totals[kind])
            for kind, count in sorted(self._orders.items())
        )


def orders_at_stake(batch: Batch) -> tuple[BatchOrder, ...]:
    """The orders that a person who lists batches asks about: where the batch has ended, those that failed."""
    if batch.state not in FAILURES:
        return batch.orders
    return tuple(order for order in batch.orders if order.status in CORRECTABLE)
