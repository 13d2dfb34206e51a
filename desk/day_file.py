"""Days as a CSV file: the same columns for the command and the page. Pure."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from io import StringIO
from typing import Final

from desk.answers import Day, DayRow
from desk.csv_cells import cell

#: The columns, whose names stay. `event` is claimed or ended; an order that ended on the day it came counts in both.
COLUMNS: Final = (
    "date",
    "timeZone",
    "event",
    "clientNo",
    "currency",
    "documentType",
    "status",
    "orders",
    "total",
    "ordersWithoutTotal",
    "counted",
    "countedAt",
)

#: The poller counts a day for good an hour after it is over; it is given a day for that.
_PATIENCE: Final = timedelta(days=1)

#: The mark by which a spreadsheet knows UTF-8.
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class Counted(StrEnum):
    """How far a day is counted."""

    FINAL = "final"
    SO_FAR = "so far"
    #: There was not enough time to count all of it.
    IN_PART = "in part"
    #: The day is long over, and no count of it was stored: it was before the relay's first count.
    NOT_FOR_GOOD = "not counted for good"


def counted(day: Day, now: datetime) -> Counted:
    """How far a day is counted."""
    if day["snapshotAt"] is not None:
        return Counted.FINAL
    if not day["complete"]:
        return Counted.IN_PART
    over = datetime.fromisoformat(day["to"])  # type: ignore[typeddict-item] # a member that Python cannot name
    return Counted.NOT_FOR_GOOD if now - over > _PATIENCE else Counted.SO_FAR


def as_written(kind: str, value: str) -> str:
    """The words of the API: `kind` is a column."""
    del kind
    return value


def to_csv(days: Sequence[Day], now: datetime) -> str:
    """The days for programs: commas, a decimal dot, line feeds, the words of the API."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for day in days:
        writer.writerows(map(cell, row) for row in _rows(day, now))
    return file.getvalue()


def to_spreadsheet(days: Sequence[Day], now: datetime, words: Callable[[str, str], str] = as_written) -> str:
    """The days as a Norwegian spreadsheet opens them: semicolons, decimal commas, CRLF, a mark of UTF-8.

    `words` writes a value of a column, or with the kind `column` its name, in the reader's language.
    """
    file = StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow([words("column", name) for name in COLUMNS])
    for day in days:
        for row in _rows(day, now):
            cells = {name: words(name, value) for name, value in zip(COLUMNS, row, strict=True)}
            total = cells.pop("total").replace(".", ",")
            writer.writerow([total if name == "total" else cell(cells[name]) for name in COLUMNS])
    return _MARK + file.getvalue()


def _rows(day: Day, now: datetime) -> Iterator[tuple[str, ...]]:
    known = counted(day, now)
    at = day["snapshotAt"] or now.isoformat(timespec="seconds").replace("+00:00", "Z")
    for event, lines in (("claimed", day["claimed"]), ("ended", day["ended"])):
        begin = (day["date"], day["timeZone"], event)
        for line in lines:
            yield (*begin, *_cells(line), known.value, at)
        if not lines:
            # So that a day without orders is not taken for one that is missing.
            yield (*begin, "", "", "", "", "0", "0", "0", known.value, at)


def _cells(line: DayRow) -> tuple[str, ...]:
    return (
        line["clientNo"],
        line["currency"] or "",
        line["documentType"],
        line["status"],
        str(line["orders"]),
        line["total"],
        str(line["ordersWithoutTotal"]),
    )
