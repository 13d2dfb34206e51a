"""What one day comes to: the orders that were claimed and those that ended, counted and summed up. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from arm_relay.batches.batch import ENDS, Batch, BatchOrder

#: An end that comes later than this after its claim is found by its own time, and an earlier one by that of its claim.
LATE: Final = timedelta(hours=6)

#: Client number, currency ("" where the order leaves it to ARM), document type, status.
type Kind = tuple[str, str, str, str]


def ended_late(batch: Batch) -> bool:
    """Whether the batch ended so long after its claim that the claim does not lead to the end."""
    return batch.state in ENDS and batch.ended_at is not None and batch.ended_at - batch.claimed_at > LATE


@dataclass(frozen=True, slots=True)
class Sum:
    """So many orders, and what their documents come to."""

    orders: int = 0
    #: In major currency units, with VAT.
    total: Decimal = Decimal(0)
    #: Of how many orders the amount was not recorded.
    without_total: int = 0

    def plus(self, order: BatchOrder) -> "Sum":
        """With one order more."""
        total = self.total + (order.total.gross if order.total else 0)
        return Sum(self.orders + 1, total, self.without_total + (order.total is None))


@dataclass(frozen=True, slots=True)
class DayBook:
    """One day, as far as it is counted."""

    #: The day begins at `start` and is over at `end`.
    start: datetime
    end: datetime
    claimed: Mapping[Kind, Sum] = field(default_factory=dict)
    ended: Mapping[Kind, Sum] = field(default_factory=dict)
    #: How many batches could not be read.
    unreadable: int = 0

    def with_claim(self, batch: Batch) -> "DayBook":
        """After a batch was found by its claim, which may have been some hours before the day."""
        book = self
        if self.start <= batch.claimed_at < self.end:
            book = replace(book, claimed=_counted(book.claimed, batch))
        if batch.state in ENDS and not ended_late(batch) and self._is_within(batch.ended_at):
            book = replace(book, ended=_counted(book.ended, batch))
        return book

    def with_late_end(self, batch: Batch, at: datetime) -> "DayBook":
        """After a batch was found by a late end; it did not end then where another writer was first."""
        if ended_late(batch) and batch.ended_at == at and self._is_within(at):
            return replace(self, ended=_counted(self.ended, batch))
        return self

    def with_unreadable(self, number: int) -> "DayBook":
        """After so many batches could not be read."""
        return replace(self, unreadable=self.unreadable + number)

    def to_json(self) -> dict[str, Any]:
        """The counts and sums, in a fixed order."""
        return {"claimed": _rows(self.claimed), "ended": _rows(self.ended), "unreadableBatches": self.unreadable}

    @classmethod
    def from_json(cls, start: datetime, end: datetime, value: Mapping[str, Any]) -> Self:
        """The book of `to_json`."""
        return cls(start, end, _sums(value["claimed"]), _sums(value["ended"]), value["unreadableBatches"])

    def _is_within(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end


def _counted(sums: Mapping[Kind, Sum], batch: Batch) -> dict[Kind, Sum]:
    after = dict(sums)
    for order in batch.orders:
        kind = (batch.client_no, order.currency or "", order.document_type, order.status.value)
        after[kind] = after.get(kind, Sum()).plus(order)
    return after


def _rows(sums: Mapping[Kind, Sum]) -> list[dict[str, Any]]:
    return [
        {
            "clientNo": client_no,
            "currency": currency or None,
            "documentType": document_type,
            "status": status,
            "orders": found.orders,
            "total": f"{found.total:f}",
            "ordersWithoutTotal": found.without_total,
        }
        for (client_no, currency, document_type, status), found in sorted(sums.items())
    ]


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[Kind, Sum]:
    return {
        (row["clientNo"], row["currency"] or "", row["documentType"], row["status"]): Sum(
            row["orders"], Decimal(row["total"]), row["ordersWithoutTotal"]
        )
        for row in rows
    }
