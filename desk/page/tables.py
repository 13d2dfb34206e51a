"""The days in short, for a table and a plot. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from desk.answers import Day, DayRow
from desk.day_file import Counted, counted
from desk.page.bounds import amount_of


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day in short."""

    date: date
    claimed: int
    #: Of the orders that ended on it.
    succeeded: int
    failed: int
    #: What the documents that ARM created come to, with VAT, by currency and type of document.
    sums: dict[tuple[str | None, str], Decimal]
    counted: Counted


def line_of(day: Day, now: datetime) -> DayLine:
    """One day in short."""
    created = [row for row in day["ended"] if row["status"] == "SUCCEEDED"]
    sums: dict[tuple[str | None, str], Decimal] = {}
    for row in created:
        kind = (row["currency"], row["documentType"])
        sums[kind] = sums.get(kind, Decimal(0)) + amount_of(row["total"])
    return DayLine(
        date=date.fromisoformat(day["date"]),
        claimed=_orders(day["claimed"]),
        succeeded=_orders(created),
        failed=_orders(day["ended"]) - _orders(created),
        sums=sums,
        counted=counted(day, now),
    )


def _orders(rows: Iterable[DayRow]) -> int:
    return sum(row["orders"] for row in rows)
