"""A request's body becomes orders, valid or not: every fault of every order is listed at once. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, Final

from pydantic import ValidationError

from arm_relay.comparison import same_value
from arm_relay.orders.faults import Fault, InvalidOrders, faults_of_order, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import MAX_ID, NAME, Order

MAX_ORDERS: Final = 50

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

    def also(self, faults: Sequence[Fault]) -> "ParsedOrder":
        """The same order with more faults."""
        return replace(self, faults=(*self.faults, *faults))


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

    def reject_faults(self) -> None:
        """Refuse the request if anything is wrong with it.

        Raises:
            InvalidOrders: with every fault.
        """
        if self.faults:
            raise InvalidOrders(self.faults)


def parse_orders(
    body: bytes, check: Callable[[Order, str], Sequence[Fault]] = lambda _order, _pointer: ()
) -> ParsedRequest:
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
    parsed = [_parsed(*placed, check) for placed in zip(pointers, contents, strict=True)]
    parsed = [order.also(_repetitions(order, parsed[:index])) for index, order in enumerate(parsed)]
    share = (MAX_FAULTS // len(parsed), MAX_CHARACTERS // len(parsed))
    return ParsedRequest(tuple(_within(*share, order) for order in parsed))


def _parsed(pointer: str, content: Any, check: Callable[[Order, str], Sequence[Fault]]) -> ParsedOrder:  # noqa: ANN401 (whatever the sender wrote)
    found = islice(repeated_keys(content), MAX_FAULTS + 1)
    repeated = [Fault(pointer + fault.pointer, fault.detail) for fault in found]
    order_id = _id(content)
    try:
        order = Order.model_validate(_with_id(content, order_id))
    except ValidationError as error:
        listed = {fault.pointer for fault in repeated}
        found_too = faults_of_order(error, pointer, MAX_FAULTS + 1)
        others = [fault for fault in found_too if fault.pointer not in listed]
        return ParsedOrder(pointer, content, order_id, None, (*repeated, *others))
    return ParsedOrder(pointer, content, order_id, order, tuple(check(order, pointer)))


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
    # A fault of orderId or type is listed there, and not for an id that nobody wrote.
    return content | {"id": order_id or "none"}


def _repetitions(parsed: ParsedOrder, earlier: Sequence[ParsedOrder]) -> list[Fault]:
    """What an order must not share with an earlier one of its request, unless it is the same order again."""
    twin = next((index for index, other in enumerate(earlier) if parsed.id and other.id == parsed.id), None)
    is_again = twin is not None and _is_same(parsed, earlier[twin])
    number = _text(parsed.content, "invoiceNo") or ""
    others = (
        index
        for index, other in enumerate(earlier)
        if same_value(number, _text(other.content, "invoiceNo") or "") and not (is_again and other.id == parsed.id)
    )
    shared = {"id": None if is_again else twin, "invoiceNo": next(others, None) if number else None}
    return [
        Fault(f"{parsed.pointer}/{field}", f"is already used by order {index} of this request, with different content")
        for field, index in shared.items()
        if index is not None
    ]


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
