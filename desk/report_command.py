"""`relay report`: what went through on a day, counted and summed up."""

import sys
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from desk.answers import Day, DayRow
from desk.console import AsJson, Desk, connected, harmless
from desk.day_file import Counted, counted, to_csv, to_spreadsheet
from desk.problems import Problem
from desk.words import NOTHING, UNNAMED, amount

#: What is said beside a file of a day that may still change.
NOT_FINAL = {
    Counted.SO_FAR: "Counted now: this may still change. The stored count comes an hour after the day is over.",
    Counted.NOT_FOR_GOOD: "Counted now, and never for good: the relay made its first count after this day.",
}


@connected
def report(
    desk: Desk,
    day: Annotated[
        str, typer.Argument(metavar="DAY", help="yesterday, today, or a date such as 2025-02-27.")
    ] = "yesterday",
    *,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV for programs: commas between, exact amounts with a dot.")
    ] = False,
    spreadsheet: Annotated[
        bool, typer.Option("--spreadsheet", help="With --csv: as a Norwegian spreadsheet opens it, like the page's.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count and sum up one day: the orders that were accepted on it, and those that ended on it.

    Days begin at midnight of the relay's own time zone. The count of a day that is over is stored and never changes.
    """
    if spreadsheet and not as_csv:
        raise Problem("--spreadsheet goes with --csv")
    found = _day(desk, day)
    if as_json:
        desk.print_json(found)
    elif as_csv:
        days, now = [found], desk.now()
        sys.stdout.write(to_spreadsheet(days, now) if spreadsheet else harmless(to_csv(days, now)))
    else:
        _show(desk, found)
    if not found["complete"]:
        desk.note("NOT COMPLETE: there was not enough time to count all of it. Wait for the stored count.")
    elif as_csv and (known := counted(found, desk.now())) is not Counted.FINAL:
        desk.note(NOT_FINAL[known])


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
    known = counted(day, desk.now())
    kept = "counted just now, and may still change"
    if known is Counted.FINAL:
        kept = f"counted for good at {day['snapshotAt']}"
    elif known is Counted.NOT_FOR_GOOD:
        kept = "counted just now, and never for good: the relay made its first count after this day"
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
