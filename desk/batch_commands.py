"""`relay batches`, `relay batch` and `relay held`: what is under way, what waits for a person, what failed."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Final

import typer

from desk.answers import BatchStory, ListedBatch, State, Totals
from desk.console import AsJson, Client, Desk, connected
from desk.explained import looked_up, total_of
from desk.presence import IN_LIST, listed_presence
from desk.problems import Answered, NotFound
from desk.words import NOTHING, UNNAMED, amount, count, moment, sums

#: How many batches are listed where nobody says how many.
LISTED: Final = 100

Cause = Annotated[str | None, typer.Option("--cause", metavar="TEXT", help="Only this cause, word for word.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="List at most so many; the sums are of all.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]


@connected
def batches(
    desk: Desk,
    *,
    state: Annotated[State, typer.Option("--state", help="Which ones.")] = "unfinished",
    cause: Cause = None,
    client: Client = None,
    limit: Limit = LISTED,
    as_json: AsJson = False,
) -> None:
    """List the batches that are unfinished, held or failed, with what they come to."""
    show_list(desk, state, cause, client, limit=limit, as_json=as_json)


@connected
def held(
    desk: Desk, *, cause: Cause = None, client: Client = None, limit: Limit = LISTED, as_json: AsJson = False
) -> None:
    """List the batches that wait for a person, the longest held first."""
    totals = show_list(desk, "held", cause, client, limit=limit, as_json=as_json)
    if totals["batches"] and not as_json:
        desk.print("Let the relay find out about them, after a look at what that would touch: relay release --dry-run")


@connected
def batch(desk: Desk, batch_id: BatchId, *, client: Client = None, as_json: AsJson = False) -> None:
    """Show one batch with its orders and its history."""
    found = batch_of(desk, batch_id, client)
    if as_json:
        desk.print_json(found)
        return
    show_batch(desk, found)


def show_list(desk: Desk, state: State, cause: str | None, client: str | None, *, limit: int, as_json: bool) -> Totals:
    """Show the batches in a state, and what they come to."""
    found = desk.relay.batches(state, cause=cause, client_no=client)
    some = list(islice(found.batches, limit))
    if as_json:
        desk.print_json({"totals": found.totals, "batches": some})
        return found.totals
    if some:
        _list(desk, some)
    show_totals(desk, found.totals, f"{state} batch", f"{state} batches")
    if found.totals["batches"] > len(some):
        desk.print(f"Only {len(some)} are listed; --limit lists more.")
    return found.totals


def show_totals(desk: Desk, totals: Totals, one: str, several: str) -> None:
    """Show what many batches come to."""
    least = "" if totals["isComplete"] else "at least "
    desk.print(
        f"{least}{count(totals['batches'], one, several)} with {count(totals['orders'], 'order')}.", style="bold"
    )
    if not totals["batches"]:
        return
    desk.table(
        ("batches", "status", "cause"),
        [(str(group["batches"]), group["status"], group["cause"] or NOTHING) for group in totals["groups"]],
    )
    desk.table(
        ("orders", "type", "with VAT"),
        [
            (str(each["orders"]), each["documentType"], amount(each["total"], each["currency"] or UNNAMED))
            for each in totals["sums"]
        ],
    )
    certain = totals["certainlyNotInArm"]
    failed = _number(totals, "FAILED") + _number(totals, "PARTIALLY_FAILED")
    others = max(totals["batches"] - certain - failed, 0)
    said = [f"ARM certainly has nothing of {certain}"]
    if failed:
        said.append(f"what failed in {failed} it did not create")
    if others or not failed:
        said.append(f"it may have the other {others}")
    desk.print("; ".join(said) + ".")
    if totals["unreadable"]:
        desk.print(f"{count(totals['unreadable'], 'record')} cannot be read.", style="red")


def _number(totals: Totals, status: str) -> int:
    return sum(group["batches"] for group in totals["groups"] if group["status"] == status)


def batch_of(desk: Desk, batch_id: str, client: str | None) -> BatchStory:
    """The batch with this id, of whichever client it is.

    Raises:
        NotFound: none of the clients that may be meant has it.
    """
    clients = desk.clients(client)
    for client_no in clients:
        try:
            return desk.relay.batch(client_no, batch_id)
        except Answered as problem:
            if problem.kind != "unknown-batch":
                raise
    raise NotFound(f"there is no batch {batch_id} of client {', '.join(clients)}; name another one with --client")


def show_batch(desk: Desk, found: BatchStory) -> None:
    """Show a batch with its orders and its history."""
    desk.print(f"{found['batchId']}: {found['status']}, {found['cause'] or NOTHING}", style="bold")
    desk.print(f"Client {found['clientNo']}; ARM's id: {found['batchUuid'] or NOTHING}")
    if found["settlesAt"]:
        desk.print(f"What ARM says counts from {moment(found['settlesAt'])} on.")
    if found["nextPollAt"]:
        desk.print(f"The relay looks again at {moment(found['nextPollAt'])}.")
    for name, what in (("retryOf", "It sends again what failed in"), ("retriedAs", "What failed was sent again as")):
        if found[name]:  # type: ignore[literal-required] # both are members
            desk.print(f"{what} {found[name]}.")  # type: ignore[literal-required] # as above
    desk.table(
        ("id", "order id", "document", "status", "with VAT", "ARM's words", "ARM's ledger"),
        [
            (
                order["id"],
                order["orderId"] or NOTHING,
                order["documentNo"] or NOTHING,
                order["status"],
                amount(*total_of(order)),
                "; ".join(order["errors"]) or NOTHING,
                looked_up(order),
            )
            for order in found["orders"]
        ],
    )
    desk.table((f"when ({desk.zone()})", "became", "because", "by"), history_rows(found))


def history_rows(story: Any) -> list[tuple[str, ...]]:  # noqa: ANN401 (of an order or of a batch)
    """The history of a batch as rows of a table."""
    return [
        (moment(each["at"]), each["status"], each["cause"] or NOTHING, each["by"] or "the relay")
        for each in story["history"]
    ]


def _list(desk: Desk, some: Iterable[ListedBatch]) -> None:
    desk.table(
        ("batch", "client", "status", "cause", f"since ({desk.zone()})", "orders", "with VAT", "in ARM"),
        [
            (
                each["batchId"],
                each["clientNo"],
                each["status"],
                each["cause"] or NOTHING,
                moment(each["since"]),
                str(each["orders"]),
                sums(each["sums"]),
                IN_LIST[listed_presence(each)],
            )
            for each in some
        ],
    )
