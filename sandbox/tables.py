"""Small tables for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def rows(heading: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """The heading and the lines, every column as wide as its widest text."""
    table = [heading, *lines]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def of_notification(event: Mapping[str, Any]) -> Iterator[str]:
    """A notification: a line about the batch, then one line for each order."""
    data = event["data"]
    yield f"batch {data['batchId']}: {data['status']}, {data['cause']}"
    heading = ("id", "orderId", "documentNo", "status", "errors")
    yield from rows(heading, [_of_order(order) for order in data["orders"]])


def of_story(batch: Mapping[str, Any]) -> Iterator[str]:
    """An operator's answer about a batch: its orders, and then a line for each step with its time and its cause."""
    for order in batch["orders"]:
        names = " / ".join(filter(None, (order["id"], order["orderId"], order["documentNo"])))
        yield f"{names}: {order['status']}"
    steps = [(step["at"][:19].replace("T", " "), step["status"], step["cause"]) for step in batch["history"]]
    yield from rows(("when (UTC)", "became", "because"), steps)


def _of_order(order: Mapping[str, Any]) -> Sequence[str]:
    # An order without a number gets one from ARM, which the message does not have.
    number = order["documentNo"] or "(ARM's choice)"
    return (order["id"], order["orderId"] or "", number, order["status"], "; ".join(order["errors"]))
