"""The days as rows: for a table, a plot and a file. Pure."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Final

from desk.answers import Day, DayRow
from desk.page.bounds import amount_of, count_of, day_of

#: The columns of the file. They are the words of the API, in every language, so that programs can read it, too.
COLUMNS: Final = ("date", "counted", "clientNo", "currency", "documentType", "status", "orders", "total")

#: What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


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
    #: Whether the count is stored and final.
    is_final: bool
    is_complete: bool


def line_of(day: Day) -> DayLine:
    """One day in short."""
    created = [row for row in day["ended"] if row["status"] == "SUCCEEDED"]
    sums: dict[tuple[str | None, str], Decimal] = {}
    for row in created:
        kind = (row["currency"], row["documentType"])
        sums[kind] = sums.get(kind, Decimal(0)) + amount_of(row["total"])
    return DayLine(
        date=day_of(day["date"]),
        claimed=_orders(day["claimed"]),
        succeeded=_orders(created),
        failed=_orders(day["ended"]) - _orders(created),
        sums=sums,
        is_final=day["snapshotAt"] is not None,
        is_complete=day["complete"],
    )


def _orders(rows: Iterable[DayRow]) -> int:
    return count_of(sum(count_of(row["orders"]) for row in rows))


def to_csv(days: Sequence[Day]) -> str:
    """The rows of some days as a Norwegian spreadsheet opens them: semicolons, decimal commas, a mark of UTF-8."""
    file = StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow(COLUMNS)
    for day in days:
        for counted in ("claimed", "ended"):
            rows = day["claimed"] if counted == "claimed" else day["ended"]
            writer.writerows([day["date"], counted, *_cells(row)] for row in rows)
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue()


def _cells(row: DayRow) -> list[str | int]:
    texts = [row["clientNo"], row["currency"] or "", row["documentType"], row["status"]]
    return [*map(_harmless, texts), row["orders"], row["total"].replace(".", ",")]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
