"""A request's body becomes orders, valid or not: every fault of every order is listed at once. Pure."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from arm_relay.comparison import compared
from arm_relay.orders.checks import Readable, faults_between_fields
from arm_relay.orders.faults import Fault, InvalidOrders, faults_of_order, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import CREDITED, INVOICED, MAX_ID, MAX_NUMBER, NAME, Order
from arm_relay.orders.values import visible

#: As many as fit into one transaction of the table with all that is recorded of each.
MAX_ORDERS: Final = 40

#: Finds what else is wrong with an order, given what can be read of it and its pointer.
type Check = Callable[[Readable, str], Sequence[Fault]]

#: Half a surrogate pair: JSON can write it, but no text can contain it.
SURROGATE: Final = re.compile("[\ud800-\udfff]")

#: The most faults listed at once, and their most characters: the answer must fit into Lambda's 6 MB, where a character
#: may take 13 bytes. Each order gets an equal share.
MAX_FAULTS: Final = 1000
MAX_CHARACTERS: Final = 300_000


@dataclass(frozen=True, slots=True)
class ParsedOrder:
    """One order of a request. It is valid if it has no faults."""

    #: JSON Pointer to it in the request's body.
    pointer: str
    #: The JSON value as it was read.
    content: Any
    #: Its own id or the default one; None where it has neither.
    id: str | None
    #: The order; None where the content is not one.
    order: Order | None
    faults: tuple[Fault, ...]
    #: Whether all its faults are those of a new order: an order that the relay already has stays as it is, although
    #: its due date has passed or the settings have changed since.
    is_fine_if_recorded: bool = True

    def also(self, faults: Sequence[Fault]) -> "ParsedOrder":
        """The same order with more faults."""
        is_fine = self.is_fine_if_recorded and not faults
        return replace(self, faults=(*self.faults, *faults), is_fine_if_recorded=is_fine)


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """The orders of one request, in the order of the request."""

    orders: tuple[ParsedOrder, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of all orders."""
        return tuple(fault for parsed in self.orders for fault in parsed.faults)

    @property
    def valid(self) -> tuple[Order, ...]:
        """The valid orders, each once."""
        valid = {parsed.order.id: parsed.order for parsed in self.orders if parsed.order and not parsed.faults}
        return tuple(valid.values())

    @property
    def fine_if_recorded(self) -> tuple[Order, ...]:
        """The orders that are valid only if the relay already has them."""
        return tuple(
            parsed.order for parsed in self.orders if parsed.order and parsed.faults and parsed.is_fine_if_recorded
        )

    def with_recorded(self, ids: Collection[str]) -> "ParsedRequest":
        """The same request, knowing that the relay already has the orders of these ids with the same content."""
        return ParsedRequest(
            tuple(
                replace(parsed, faults=()) if parsed.id in ids and parsed.is_fine_if_recorded else parsed
                for parsed in self.orders
            )
        )

    def with_faults(self, faults: Mapping[str, Fault]) -> "ParsedRequest":
        """The same request with a further fault in each of the orders of these ids."""
        return ParsedRequest(
            tuple(
                parsed.also([Fault(parsed.pointer + fault.pointer, fault.detail)])
                if parsed.id and (fault := faults.get(parsed.id))
                else parsed
                for parsed in self.orders
            )
        )

    def reject_faults(self) -> None:
        """Refuse the request if anything is wrong with it.

        Raises:
            InvalidOrders: with every fault.
        """
        if self.faults:
            raise InvalidOrders(self.faults)


def parse_orders(body: bytes, check: Check = lambda _readable, _pointer: ()) -> ParsedRequest:
    """Read a request body: one order event or an array of 1 to `MAX_ORDERS`.

    Raises:
        NotJson: the body is not JSON.
        InvalidOrders: it holds no order, or too many.
    """
    value = parse_json(body)
    contents = value if isinstance(value, list) else [value]
    if not 1 <= len(contents) <= MAX_ORDERS:
        raise InvalidOrders([Fault("", f"should hold 1 to {MAX_ORDERS} orders; it holds {len(contents)}")])
    pointers = [f"/{index}" for index in range(len(contents))] if isinstance(value, list) else [""]
    most = MAX_FAULTS // len(contents)
    parsed = [_parsed(*placed, check, most) for placed in zip(pointers, contents, strict=True)]
    parsed = [order.also(faults) for order, faults in zip(parsed, _repetitions(parsed), strict=True)]
    return ParsedRequest(tuple(_within(most, MAX_CHARACTERS // len(parsed), order) for order in parsed))


def _parsed(pointer: str, content: Any, check: Check, most: int) -> ParsedOrder:  # noqa: ANN401 (whatever the sender wrote)
    order_id = _id(content)
    found = islice(repeated_keys(content), most + 1)
    spoiled = [Fault(pointer + fault.pointer, fault.detail) for fault in found]
    if order_id is None and isinstance(content, dict) and "id" not in content:
        spoiled += _faults_of_no_id(content, pointer)
    order, errors = _validated(_with_id(content, order_id))
    listed = {fault.pointer for fault in spoiled}
    spoiled += [fault for fault in faults_of_order(errors[: most + 1], pointer) if fault.pointer not in listed]
    readable = Readable(order) if order else _readable(content, errors)
    if readable:
        spoiled += [Fault(pointer + fault.pointer, fault.detail) for fault in faults_between_fields(readable)]
    others = tuple(check(readable, pointer)) if readable else ()
    return ParsedOrder(
        pointer,
        content,
        order_id,
        None if spoiled else order,
        (*spoiled, *others),
        is_fine_if_recorded=not spoiled,
    )


def _validated(content: Any) -> tuple[Order | None, Sequence[ErrorDetails]]:  # noqa: ANN401 (as above)
    try:
        return Order.model_validate(content), ()
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)


#: Where a fault is, as pydantic says it.
type Place = tuple[int | str, ...]

#: Stand-ins for what an order must have, where the sender's cannot be read.
STAND_INS: Final = {"id": "none", "type": INVOICED, "customerNo": "none"}
NO_LINE: Final = {"text": ""}


def _readable(content: Any, errors: Sequence[ErrorDetails]) -> Readable | None:  # noqa: ANN401 (as above)
    """The rest of an order when all that is faulty in it is taken away; None if nothing is left of it."""
    if not isinstance(content, dict):
        return None
    content = _without(content, [error["loc"] for error in errors if error["type"] == "extra_forbidden"])
    places = [error["loc"] for error in errors if error["loc"] and error["type"] != "extra_forbidden"]
    unreadable = {str(place[0]) for place in places}
    lines = content.get("lines")
    bad_lines = {place[1] for place in places if place[:1] == ("lines",) and len(place) > 1}
    if "lines" in unreadable and (not bad_lines or not isinstance(lines, list)):
        lines = [NO_LINE]
    elif isinstance(lines, list):
        lines = [NO_LINE if index in bad_lines else line for index, line in enumerate(lines)]
    rest = {name: value for name, value in content.items() if name not in unreadable}
    order, _ = _validated(STAND_INS | rest | {"lines": lines})
    return Readable(order, frozenset(unreadable)) if order else None


def _without(content: dict[str, Any], places: Sequence[Place]) -> dict[str, Any]:
    """An order without the fields at these places, which no order has. A place may name a kind of line, too."""
    left = {name: _copied(value) for name, value in content.items()} if places else content
    for *path, name in places:
        parent: Any = left
        for part in path:
            if isinstance(parent, list) and isinstance(part, int):
                parent = parent[part]
            elif isinstance(parent, dict):
                parent = parent.get(part, parent)
        if isinstance(parent, dict):
            parent.pop(name, None)
    return left


def _copied(value: object) -> object:
    """A copy as deep as an order has fields of its own: in an object, and in the objects of a list."""
    if isinstance(value, list):
        return [dict(each) if isinstance(each, dict) else each for each in value]
    return dict(value) if isinstance(value, dict) else value


def _id(content: Any) -> str | None:  # noqa: ANN401 (as above)
    """The id the content has, or the default that its type and its number make."""
    if not isinstance(content, dict):
        return None
    if "id" in content:
        return _text(content, "id")
    # A credit note's order may be credited more than once, so its number alone makes an id.
    field = "orderId" if "invoiceNo" not in content and content.get("type") != CREDITED else "invoiceNo"
    parts = [_text(content, "type"), _text(content, field)]
    default = ":".join(part for part in parts if part)
    return default if all(parts) and _is_id(default) else None


def _is_id(text: str) -> bool:
    try:
        visible(text)
    except ValueError:
        return False
    return len(text) <= MAX_ID and bool(re.fullmatch(NAME, text)) and not re.search(SURROGATE, text)


def _faults_of_no_id(content: dict[str, Any], pointer: str) -> list[Fault]:
    """That the id is missing, unless a fault of what would make it is listed elsewhere."""
    if "invoiceNo" in content:
        return []
    if content.get("type") == CREDITED:
        detail = "a credit note needs an id or an invoiceNo, because an order may be credited more than once"
    elif "orderId" in content:
        return []
    else:
        detail = "give the order an id, an invoiceNo or an orderId"
    return [Fault(f"{pointer}/id", f"is missing: {detail}")]


def _with_id(content: Any, order_id: str | None) -> Any:  # noqa: ANN401 (as above)
    # A missing id is reported by `_faults_of_no_id`, and not for an id that nobody wrote.
    return {"id": order_id or STAND_INS["id"]} | content if isinstance(content, dict) else content


def _repetitions(parsed: Sequence[ParsedOrder]) -> Iterator[list[Fault]]:
    """Of each order, what it must not share with an earlier one of its request, unless it is the same order again."""
    by_id: dict[str, int] = {}
    by_number: dict[str, int] = {}
    for index, order in enumerate(parsed):
        number = _number_of(order)
        places = {"id": by_id.get(order.id or ""), "invoiceNo": by_number.get(number)}
        yield [
            Fault(f"{order.pointer}/{field}", f"is already used by the order at {other.pointer}, {_but(order, other)}")
            for field, place in places.items()
            if place is not None and not _is_again(order, other := parsed[place])
        ]
        if order.id:
            by_id.setdefault(order.id, index)
        if number:
            by_number.setdefault(number, index)


def _number_of(parsed: ParsedOrder) -> str:
    """The order's number as ARM compares numbers. One that is too long has a fault of its own, and is not compared."""
    number = _text(parsed.content, "invoiceNo") or ""
    return compared(number) if len(number) <= MAX_NUMBER else ""


def _is_again(one: ParsedOrder, other: ParsedOrder) -> bool:
    return one.id == other.id and _is_same(one, other)


def _but(one: ParsedOrder, other: ParsedOrder) -> str:
    return "with the same content under another id" if _is_same(one, other) else "with different content"


def _is_same(one: ParsedOrder, other: ParsedOrder) -> bool:
    if one.order and other.order:
        return one.order.digest == other.order.digest
    return bool(one.content == other.content)


def _text(content: Any, field: str) -> str | None:  # noqa: ANN401 (as above)
    value = content.get(field) if isinstance(content, dict) else None
    return value if isinstance(value, str) else None


def _within(number: int, characters: int, parsed: ParsedOrder) -> ParsedOrder:
    """The order with at most so many of its faults, and so many characters of them."""
    lengths = accumulate(len(fault.pointer) + len(fault.detail) for fault in parsed.faults)
    listed = min(number, sum(length <= characters for length in lengths))
    if listed == len(parsed.faults):
        return parsed
    more = Fault(parsed.pointer, f"has more errors; only the first {listed} are listed")
    return replace(parsed, faults=(*parsed.faults[:listed], more))
