"""`relay orders ...`: what has become of an order."""

from decimal import Decimal
from typing import Annotated

import typer

from desk.answers import FoundOrder, OrderStory, is_amount
from desk.console import AsJson, Client, Desk, Reason, Yes, connected
from desk.explained import explained, looked_up, total_of
from desk.problems import Exit, Problem
from desk.words import NOTHING, amount, count, moment

orders = typer.Typer(name="orders", help="What has become of an order.", no_args_is_help=True)

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Its invoice number, order id or event id; or its batch's id.")
]


@orders.command(epilog="Example: relay orders find B-0564311 --sandbox")
@connected
def find(desk: Desk, number: Number, *, client: Client = None, as_json: AsJson = False) -> None:
    """Find the orders that have a number. Ends with 1 where there is none.

    Without --client they are looked for among the clients that had orders yesterday or today.
    """
    found = _found(desk, number, client)
    if as_json:
        desk.print_json({"orders": found})
    elif found:
        _list(desk, found)
    if not found:
        if not as_json:
            _say_unknown(desk, number, client)
        raise typer.Exit(Exit.WRONG)


@orders.command(epilog="Example: relay orders show 88776655 --sandbox")
@connected
def show(
    desk: Desk,
    number: Number,
    *,
    client: Client = None,
    document: Annotated[bool, typer.Option("--document", help="Show the document's lines, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the story of one order: what happened to it, what to do about it, and the evidence.

    Ends with 1 where no order has the number. Where several have it, they are listed.
    """
    found = _found(desk, number, client)
    if not found:
        if not as_json:
            _say_unknown(desk, number, client)
        raise typer.Exit(Exit.WRONG)
    if len(found) > 1 and not as_json:
        _list(desk, found)
        desk.print(f"Several orders have the number {number}. Show one by its id.")
        return
    stories = [desk.relay.story(each) for each in found]
    if as_json:
        desk.print_json({"orders": stories})
        return
    _tell(desk, stories[0])
    if document:
        _lines(desk, stories[0])


@orders.command(epilog='Example: relay orders forget evt-20250227-0001 --client 2218 --reason "case 4711"')
@connected
def forget(
    desk: Desk,
    order_id: Annotated[str, typer.Argument(metavar="ID", help="The order's own id.")],
    *,
    client: Client = None,
    batch: Annotated[str | None, typer.Option("--batch", metavar="ID", help="Of which batch, if not its last.")] = None,
    reason: Reason = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove the lines, names, addresses and metadata of one order whose batch has ended. It cannot be undone.

    Do not write names into the reason: the history keeps it.
    """
    client_no = one_client(desk, client)
    why = desk.reason(reason)
    desk.confirm(f"Remove for ever what the relay holds of the people of {order_id} of client {client_no}?", yes=yes)
    answer = desk.relay.forget(client_no, order_id, why, batch)
    if as_json:
        desk.print_json(answer)
        return
    for heading, lines in (("Removed:", answer.get("removed")), ("What stays, and why:", answer.get("stays"))):
        desk.print(heading, style="bold")
        for line in lines or ():
            desk.print(f"  {line}")


def one_client(desk: Desk, given: str | None) -> str:
    """The client that is meant.

    Raises:
        Problem: none is named, and it could be any of several.
    """
    clients = desk.clients(given)
    if len(clients) > 1:
        raise Problem(f"name one of the clients {', '.join(clients)} with --client")
    return clients[0]


def _found(desk: Desk, number: str, client: str | None) -> list[FoundOrder]:
    if not number.strip():
        raise Problem("say which order: its invoice number, order id or event id, or its batch's id")
    return [found for client_no in desk.clients(client) for found in desk.relay.find_orders(client_no, number)]


def _list(desk: Desk, found: list[FoundOrder]) -> None:
    desk.table(
        ("id", "order id", "document", "order is", "client", "batch", "batch is", f"accepted ({desk.zone()})"),
        [
            (
                each["order"]["id"],
                each["order"]["orderId"] or NOTHING,
                each["order"]["documentNo"] or NOTHING,
                each["order"]["status"],
                each["clientNo"],
                each["batchId"],
                f"{each['status']}: {each['cause'] or ''}",
                moment(each["claimedAt"]),
            )
            for each in found
        ],
    )


def _tell(desk: Desk, story: OrderStory) -> None:
    order = story["order"]
    said = explained(story)
    total, currency = total_of(order)
    names = " / ".join(filter(None, (order["id"], order["orderId"], order["documentNo"])))
    desk.print(f"{names}: {order['status']}", style="bold")
    desk.print(said.happened)
    desk.print(f"What to do: {said.to_do}")
    desk.print()
    desk.pairs(
        [
            ("client", story["clientNo"]),
            ("amount with VAT", amount(total, currency) if total is not None else _why_no_amount(story)),
            ("ARM's words", "; ".join(order["errors"]) or NOTHING),
            ("ARM's ledger", looked_up(order)),
            ("batch", f"{story['batchId']}, {story['status']}"),
            ("ARM's id of it", story["batchUuid"] or NOTHING),
            ("sent", count(story["attempts"], "time")),
        ],
    )
    desk.table(
        (f"when ({desk.zone()})", "became", "because", "by"),
        [
            (moment(each["at"]), each["status"], each["cause"] or NOTHING, each["by"] or "the relay")
            for each in story["history"]
        ],
    )


def _why_no_amount(story: OrderStory) -> str:
    if story["documents"] == "KEPT":
        return "ARM computes it"
    return {"TOO_LARGE": "the batch is too large to show"}.get(story["documents"], "no longer kept")


def _lines(desk: Desk, story: OrderStory) -> None:
    document = story["order"]["document"]
    if document is None:
        desk.print("The document is not shown: " + _why_no_amount(story))
        return
    _, currency = total_of(story["order"])
    rows = []
    lines = document.get("documentLines")
    for line in lines if isinstance(lines, list) else ():
        if not isinstance(line, dict):
            raise Problem("the document's lines have another form than this desk expects; --json shows them")
        amounts = line.get("currencyAmounts")
        rows.append(
            (
                str(line.get("lineNo") or NOTHING),
                str(line.get("articleName") or line.get("lineText") or ""),
                str(line.get("quantity") or NOTHING),
                *(_amount(amounts, name, currency) for name in ("exclVat", "vat", "inclVat")),
            )
        )
    desk.table(("line", "what", "quantity", "net", "VAT", "with VAT"), rows)


def _amount(amounts: object, name: str, currency: str | None) -> str:
    value = amounts.get(name) if isinstance(amounts, dict) else None
    return amount(value, currency) if isinstance(value, int | Decimal) and is_amount(Decimal(value)) else NOTHING


def _say_unknown(desk: Desk, number: str, client: str | None) -> None:
    looked = ", ".join(desk.clients(client))
    desk.print(f"The relay has no order with the number {number} of client {looked}.")
    desk.print(
        "It never accepted one, or keeps it no longer. A number that ARM gave is not found: look by the order id."
    )
    desk.print("Of another client: --client. Whether it was ever sent: docs/operations.md, the first question, step 3.")
