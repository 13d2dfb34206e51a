"""A request's body becomes orders, valid or not: every fault of every order is told at once. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, Final

from pydantic import ValidationError

from arm_relay.faults import Fault, InvalidOrders
from arm_relay.json_bodies import parse_json, repeated_keys
from arm_relay.orders import MAX_ID, NAME, Order
from arm_relay.wording import to_faults

MAX_ORDERS: Final = 50

#: Half a character, which JSON can write but no text can hold.
SURROGATE: Final = re.compile("[\ud800-\udfff]")

#: More faults than these, or longer ones, are not told at once: the answer has to fit into Lambda's 6 MB, where a
#: character may take 13 bytes. Each order tells its share.
MAX_FAULTS: Final = 1000
MAX_CHARACTERS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One order of a request: it is valid where there are no faults."""

    #: JSON Pointer to it in the request's body.
    pointer: str
    #: As it was read.
    content: Any
    #: Its own or the default one; None where there is neither.
    id: str | None
    #: None where it is not one.
    order: Order | None
    faults: tuple[Fault, ...]

    def also(self, faults: Sequence[Fault]) -> "Entry":
        """The same with more faults."""
        return replace(self, faults=(*self.faults, *faults))


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one request, in its order."""

    entries: tuple[Entry, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those of all orders."""
        return tuple(fault for entry in self.entries for fault in entry.faults)

    @property
    def valid(self) -> tuple[Order, ...]:
        """The valid ones, each once."""
        valid = {entry.order.id: entry.order for entry in self.entries if entry.order and not entry.faults}
        return tuple(valid.values())

    def reject_faults(self) -> None:
        """Refuse the request if anything is wrong with it.

        Raises:
            InvalidOrders: with every fault.
        """
        if self.faults:
            raise InvalidOrders(self.faults)


def parse_orders(body: bytes, check: Callable[[Order, str], Sequence[Fault]] = lambda _order, _pointer: ()) -> Orders:
    """Read a request body: one order event or an array of 1 to `MAX_ORDERS`.

    `check` finds what else is wrong with an order, given its pointer.

    Raises:
        NotJson: the body is not JSON.
        InvalidOrders: it holds no order, or too many.
    """
    value = parse_json(body)
    contents = value if isinstance(value, list) else [value]
    if not 1 <= len(contents) <= MAX_ORDERS:
        raise InvalidOrders([Fault("", f"should hold 1 to {MAX_ORDERS} orders; it holds {len(contents)}")])
    pointers = [f"/{index}" for index in range(len(contents))] if isinstance(value, list) else [""]
    entries = [_entry(*placed, check) for placed in zip(pointers, contents, strict=True)]
    entries = [entry.also(_repetitions(entry, entries[:index])) for index, entry in enumerate(entries)]
    share = (MAX_FAULTS // len(entries), MAX_CHARACTERS // len(entries))
    return Orders(tuple(_within(*share, entry) for entry in entries))


def _entry(pointer: str, content: Any, check: Callable[[Order, str], Sequence[Fault]]) -> Entry:  # noqa: ANN401 (whatever the sender wrote)
    found = islice(repeated_keys(content), MAX_FAULTS + 1)
    repeated = [Fault(pointer + fault.pointer, fault.detail) for fault in found]
    order_id = _id(content)
    try:
        order = Order.model_validate(_with_id(content, order_id))
    except ValidationError as error:
        told = {fault.pointer for fault in repeated}
        others = [fault for fault in to_faults(error, pointer, MAX_FAULTS + 1) if fault.pointer not in told]
        return Entry(pointer, content, order_id, None, (*repeated, *others))
    return Entry(pointer, content, order_id, order, tuple(check(order, pointer)))


def _id(content: Any) -> str | None:  # noqa: ANN401 (as above)
    """The id the content has, or the default that its type and `orderId` make."""
    if not isinstance(content, dict):
        return None
    if content.get("id") is not None:
        return _text(content, "id")
    parts = [_text(content, "type"), _text(content, "orderId")]
    default = ":".join(part for part in parts if part)
    fits = len(default) <= MAX_ID and re.fullmatch(NAME, default) and not re.search(SURROGATE, default)
    return default if all(parts) and fits else None


def _with_id(content: Any, order_id: str | None) -> Any:  # noqa: ANN401 (as above)
    if not isinstance(content, dict) or content.get("id") is not None or content.get("orderId") is None:
        return content
    # What is wrong with orderId or type is told there; it should not be told of an id that nobody wrote.
    return content | {"id": order_id or "none"}


def _repetitions(entry: Entry, earlier: Sequence[Entry]) -> list[Fault]:
    """What an order may not share with an earlier one of its request, unless it is the same order again."""
    twin = next((index for index, other in enumerate(earlier) if entry.id and other.id == entry.id), None)
    is_again = twin is not None and _is_same(entry, earlier[twin])
    # ARM compares data values without case (ARM page "About").
    number = (_text(entry.content, "invoiceNo") or "").casefold()
    others = (
        index
        for index, other in enumerate(earlier)
        if number == (_text(other.content, "invoiceNo") or "").casefold() and not (is_again and other.id == entry.id)
    )
    shared = {"id": None if is_again else twin, "invoiceNo": next(others, None) if number else None}
    return [
        Fault(f"{entry.pointer}/{field}", f"repeats that of order {index} of the same request, which has other content")
        for field, index in shared.items()
        if index is not None
    ]


def _is_same(one: Entry, other: Entry) -> bool:
    if one.order and other.order:
        return one.order.digest == other.order.digest
    return bool(one.content == other.content)


def _text(content: Any, field: str) -> str | None:  # noqa: ANN401 (as above)
    value = content.get(field) if isinstance(content, dict) else None
    return value if isinstance(value, str) else None


def _within(number: int, characters: int, entry: Entry) -> Entry:
    lengths = accumulate(len(fault.pointer) + len(fault.detail) for fault in entry.faults)
    told = min(number, sum(length <= characters for length in lengths))
    if told == len(entry.faults):
        return entry
    return replace(entry, faults=(*entry.faults[:told], Fault(entry.pointer, f"has more faults than these {told}")))
