"""`relay send` and `relay results`: what a client's own program does, by hand."""

import json
import os
import sys
import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from arm_relay.arm.documents import to_text

from desk.answers import Sent, read_as
from desk.console import AsJson, Client, Desk, Yes, connected
from desk.order_commands import one_client
from desk.problems import Answered, Exit, Problem
from desk.sender import Sender, body_of
from desk.words import NOTHING, amount, check_time, count, moment

URL_VARIABLE: Final = "ARM_RELAY_WEBHOOK_URL"
SECRET_VARIABLE: Final = "ARM_RELAY_SIGNING_SECRET"  # noqa: S105 (the name, not the secret)

#: The longest pause between two looks for results, in seconds.
PAUSE: Final = 3.0

#: How many ids of notifications are remembered: the relay lists those of the last two minutes again.
REMEMBERED: Final = 10_000

PAGE: Final = 100

PREVIEW: Final = "/preview"

#: What became of an order in an answer, where nothing is wrong with it.
GOOD: Final = frozenset({"accepted", "duplicate"})


@connected
def send(
    desk: Desk,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Order events as JSON; - is standard input.")],
    *,
    client: Client = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what they would become; nothing is sent on.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Failed orders once more, with failedBatchId.")] = False,
    on_invalid: Annotated[
        Literal["reject-all", "accept-valid"], typer.Option("--on-invalid", help="If some orders are invalid.")
    ] = "reject-all",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Sign orders as their client and send them. In production they are billed.

    The signing secret comes from ARM_RELAY_SIGNING_SECRET, or is asked for. With ARM_RELAY_WEBHOOK_URL, the client's
    URL for orders, no AWS is needed. Ends with 1 where an order was not accepted.
    """
    if preview and retry:
        raise Problem("--preview shows new orders only, so it does not go with --retry")
    bodies = [(file, *body_of(file, _text(file))) for file in files]
    sender = _sender(desk, client)
    if not preview and not (desk.is_sandbox and desk.connection.has_simulator):
        number = count(sum(orders for _, _, orders in bodies), "order")
        desk.confirm(f"Send {number} to {sender.orders_url}? They are billed.", yes=yes)
    to = PREVIEW if preview else "/retry" if retry else ""
    query = {} if preview else {"onInvalid": on_invalid}
    well = True
    refused = Counter[str]()
    for file, body, orders in bodies:
        answer, is_good = _sent(sender, body, to, query)
        well &= is_good
        if not is_good:
            bad = [order for order in answer.get("orders", ()) if order.get("outcome", "accepted") not in GOOD]
            refused[file] += len(bad) or orders
        if as_json:
            desk.print_json({"file": file, **answer})
        else:
            _show_sent(desk, file, answer, is_preview=preview)
    if len(bodies) > 1 and not preview and not as_json:
        desk.print(_summary(sum(orders for _, _, orders in bodies), refused), style="bold")
    if not well:
        raise typer.Exit(Exit.WRONG)


def _summary(orders: int, refused: Mapping[str, int]) -> str:
    """What several files came to; an order that the relay has already counts as accepted."""
    bad = sum(refused.values())
    where = f" ({', '.join(f'{file}: {number}' for file, number in refused.items())})" if refused else ""
    return f"{count(orders, 'order')}: {orders - bad} accepted, {bad} refused{where}."


@connected
def results(
    desk: Desk,
    *,
    client: Client = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="TIME", help="From when on; without it, the last 24 hours.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as they come, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a client's orders ended, as its own program reads it. With --json each notification is one line.

    The secret and the URL come from where `relay send` has them.
    """
    check_time("--after", after)
    sender = _sender(desk, client)
    begin = after or (desk.now() - timedelta(days=1)).isoformat()
    number = 0
    for event in _events(desk, sender, begin, follow=follow):
        number += 1
        if as_json:
            desk.print_json(event)
        else:
            for line in lines_of(event):
                desk.print(line)
    if not number and not as_json:
        desk.print(f"Nothing was announced since {moment(begin)} ({desk.zone()}).")


def lines_of(event: Mapping[str, Any]) -> Iterator[str]:
    """A notification as a line for each order."""
    for order in event["data"]["orders"]:
        total = (order.get("total") or {}).get("gross")
        names = " / ".join(filter(None, (order["id"], order["orderId"], order["documentNo"])))
        errors = "; ".join(order["errors"]) or (event["data"]["cause"] if order["status"] != "SUCCEEDED" else "")
        parts = (moment(event["time"]), f"{order['status']:<11}", names, amount(total, order["currency"]), errors)
        yield "  ".join(filter(None, parts))


def _events(desk: Desk, sender: Sender, after: str, *, follow: bool) -> Iterator[dict[str, Any]]:
    """The notifications, each once."""
    shown: OrderedDict[str, None] = OrderedDict()
    while True:
        page = sender.results(after, PAGE)
        for event in page["events"]:
            if event["id"] not in shown:
                shown[event["id"]] = None
                yield event
        while len(shown) > REMEMBERED:
            shown.popitem(last=False)
        after = page["next"]
        if not page["more"]:
            if not follow:
                return
            desk.sleep(PAUSE)


def _sender(desk: Desk, client: str | None) -> Sender:
    url = None if desk.is_sandbox else os.environ.get(URL_VARIABLE)
    if url is None:
        client_no = one_client(desk, client)
        url = desk.connection.orders_url(client_no)
    return Sender(url, _secret(desk), desk.send, desk.now, lambda: str(uuid.uuid4()))


def _secret(desk: Desk) -> str:
    known = desk.connection.signing_secret if desk.is_sandbox else os.environ.get(SECRET_VARIABLE)
    if known:
        return known
    if not sys.stdin.isatty():
        raise Problem(f"the client's signing secret is missing: set {SECRET_VARIABLE}")
    return str(typer.prompt("The client's signing secret", hide_input=True))


def _text(file: str) -> str:
    try:
        return (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Problem(f"{file} is not UTF-8") from None


def _sent(sender: Sender, body: str, to: str, query: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """The answer, and whether every order is well."""
    try:
        answer = sender.orders(body, to=to, query=query)
    except Answered as problem:
        faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in problem.faults]
        told = {"title": problem.title, "detail": problem.detail, "errors": faults}
        return {"problem": problem.kind or str(problem.status), **told}, False
    if to == PREVIEW:
        return {**read_as(dict[str, Any], answer)}, True
    # It is shown word for word, so that what was read is given back.
    orders = read_as(Sent, answer).get("orders", [])
    return answer, all(order.get("outcome", "accepted") in GOOD for order in orders)


def _show_sent(desk: Desk, file: str, answer: Mapping[str, Any], *, is_preview: bool) -> None:
    if "problem" in answer:
        desk.print(f"{file}: NOT ACCEPTED. {answer['title']}: {answer['detail']}", style="red")
        for fault in answer["errors"]:
            desk.print(f"  {fault['pointer'] or '(the whole body)'} {fault['detail']}")
        return
    if is_preview:
        desk.print(f"{file}: this is what ARM would get; nothing was sent", style="bold")
        desk.print(json.dumps(json.loads(to_text(answer)), indent=2, ensure_ascii=False))
        return
    desk.print(f"{file}: batch {answer.get('batchId') or NOTHING}, {answer.get('status') or NOTHING}", style="bold")
    desk.table(
        ("id", "order id", "document", "outcome", "status", "with VAT", "problem"),
        [_row(order) for order in answer.get("orders", ())],
    )


def _row(order: Mapping[str, Any]) -> tuple[str, ...]:
    problem = order.get("problem") or {}
    faults = "; ".join(f"{each['pointer']} {each['detail']}" for each in problem.get("errors", ()))
    return (
        str(order.get("id") or NOTHING),
        str(order.get("orderId") or NOTHING),
        str(order.get("documentNo") or NOTHING),
        str(order.get("outcome") or NOTHING),
        str(order.get("status") or NOTHING),
        amount(order["total"]["gross"], order.get("currency")) if order.get("total") else NOTHING,
        faults or str(problem.get("detail", "")) or "; ".join(order.get("errors") or ()) or NOTHING,
    )
