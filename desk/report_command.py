"""`relay report`: what went through on a day, counted and summed up."""

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from desk.answers import Day, DayRow
from desk.console import AsJson, Desk, connected, harmless
from desk.csv_cells import cell
from desk.problems import Problem
from desk.words import NOTHING, UNNAMED, amount

#: The columns of the CSV, whose names stay. `event` is claimed or ended.
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
)


@connected
def report(
    desk: Desk,
    day: Annotated[
        str, typer.Argument(metavar="DAY", help="yesterday, today, or a date such as 2025-02-27.")
    ] = "yesterday",
    *,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, for a spreadsheet: exact amounts with a dot.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count and sum up one day: the orders that were accepted on it, and those that ended on it.

    Days begin at midnight of the relay's own time zone. The count of a day that is over is stored and never changes.
    """
    found = _day(desk, day)
    if as_json:
        desk.print_json(found)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            [cell(harmless(each) if isinstance(each, str) else each) for each in row] for row in rows(found)
        )
    else:
        _show(desk, found)
    if not found["complete"]:
        desk.note("NOT COMPLETE: there was not enough time to count all of it. Wait for the stored count.")
    elif found["snapshotAt"] is None and as_csv:
        desk.note("Counted now: this may still change. The stored count comes an hour after the day is over.")


def rows(day: Day) -> Iterator[tuple[str | int, ...]]:
    """The day's lines for `COLUMNS`."""
    for event, lines in (("claimed", day["claimed"]), ("ended", day["ended"])):
        for line in lines:
            yield (
                day["date"],
                day["timeZone"],
                event,
                line["clientNo"],
                line["currency"] or "",
                line["documentType"],
                line["status"],
                line["orders"],
                line["total"],
                line["ordersWithoutTotal"],
            )


def _day(desk: Desk, text: str) -> Day:
    if text not in {"yesterday", "today"}:
        try:
            return desk.relay.day(date.fromisoformat(text))
        except ValueError:
            raise Problem(f"{text} is not a day: write yesterday, today, or a date such as 2025-02-27") from None
    # The relay says in which zone its days begin; there it may be another day than here.
    here = desk.now().astimezone().date() - timedelta(days=1)
    guess = desk.relay.day(here)
    there = desk.now().astimezone(ZoneInfo(guess["timeZone"])).date()
    wanted = there if text == "today" else there - timedelta(days=1)
    return guess if wanted == here else desk.relay.day(wanted)


def _show(desk: Desk, day: Day) -> None:
    kept = f"counted for good at {day['snapshotAt']}" if day["snapshotAt"] else "counted just now, and may still change"
    desk.print(f"{day['date']} ({day['timeZone']}), {kept}", style="bold")
    for heading, lines in (("Accepted on this day", day["claimed"]), ("Ended on this day", day["ended"])):
        desk.print()
        desk.print(heading if lines else f"{heading}: nothing")
        if lines:
            desk.table(("client", "type", "status", "orders", "with VAT", "without amount"), map(_row, lines))
    if day["unreadableBatches"]:
        desk.print(f"{day['unreadableBatches']} batches cannot be read.", style="red")


def _row(line: DayRow) -> tuple[str, ...]:
    return (
        line["clientNo"],
        line["documentType"],
        line["status"],
        str(line["orders"]),
        amount(Decimal(line["total"]), line["currency"] or UNNAMED),
        str(line["ordersWithoutTotal"] or NOTHING),
    )
