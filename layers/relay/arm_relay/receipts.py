"""What became of a request's orders. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from arm_relay.batches import Batch, BatchOrder, State
from arm_relay.faults import Fault, InvalidOrders
from arm_relay.orders import Order
from arm_relay.parsing import Orders


class Conflict(Exception):
    """An order of this id is under way, or succeeded, with other content."""

    def __init__(self, order_ids: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        super().__init__(self.__doc__)
        #: All of the request that are.
        self.order_ids = list(order_ids)
        #: Of the request's other orders.
        self.faults: Final = tuple(faults)


@dataclass(frozen=True, slots=True)
class Line:
    """One order of a request, and the batch it belongs to."""

    order: BatchOrder
    batch: Batch
    replayed: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """One order of a request that was not taken, and why."""

    #: None where it could not be read.
    id: str | None
    error: InvalidOrders | Conflict


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request of which something was taken, now or before."""

    #: One per order, in the order of the request.
    lines: tuple[Line | Rejected, ...]

    @property
    def taken(self) -> tuple[Line, ...]:
        """Those of orders that are the relay's."""
        return tuple(line for line in self.lines if isinstance(line, Line))

    @property
    def replayed(self) -> bool:
        """Whether nothing of the request was new or rejected."""
        return all(isinstance(line, Line) and line.replayed for line in self.lines)

    @property
    def refused(self) -> bool:
        """Whether ARM refused what was new."""
        return any(not line.replayed and line.batch.state is State.REFUSED for line in self.taken)

    @property
    def batch(self) -> Batch:
        """The batch of what was new, or of the first order taken before."""
        return next((line.batch for line in self.taken if not line.replayed), self.taken[0].batch)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the orders of a request stand in the table."""

    #: The batches of those that were sent before with the same content, by order id.
    replays: Mapping[str, Batch] = field(default_factory=dict)
    #: The ids of the batches of those that are corrected by this request, by order id.
    replaced: Mapping[str, str] = field(default_factory=dict)
    #: The ids of those that are under way, or succeeded, with other content.
    conflicts: tuple[str, ...] = ()

    def is_new(self, order: Order) -> bool:
        """Whether the order belongs into a new batch."""
        return order.id not in self.replays and order.id not in self.conflicts


def receipt_of(orders: Orders, claimed: Batch | None, standing: Standing) -> Receipt:
    """What became of these orders, given the batch that was claimed for the new ones."""
    lines: list[Line | Rejected] = []
    told = set(standing.replays)
    for entry in orders.entries:
        if entry.faults or entry.order is None:
            lines.append(Rejected(entry.id, InvalidOrders(entry.faults)))
        elif entry.order.id in standing.conflicts:
            lines.append(Rejected(entry.order.id, Conflict([entry.order.id])))
        else:
            lines.append(_line(entry.order.id, standing.replays.get(entry.order.id) or claimed, told))
            told.add(entry.order.id)
    return Receipt(tuple(lines))


def _line(order_id: str, batch: Batch | None, told: Collection[str]) -> Line:
    """What is `told` already, by this request or one before, is a replay."""
    if batch is None:
        raise AssertionError("an order that is no replay has been claimed")
    return Line(batch.order(order_id), batch, replayed=order_id in told)
