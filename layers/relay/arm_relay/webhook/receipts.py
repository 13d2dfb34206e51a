"""What became of each order of a request. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from arm_relay.arm.money import Amounts
from arm_relay.batches.batch import Batch, BatchOrder, State
from arm_relay.orders.faults import Fault, Faulty, InvalidOrders
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest


class Conflict(Faulty):
    """An order with this id is in progress or held, or has succeeded, with different content."""

    def __init__(self, order_ids: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        """`faults` are those of the request's other orders."""
        super().__init__(faults)
        #: The ids of all orders of the request that conflict.
        self.order_ids: Final = list(order_ids)


@dataclass(frozen=True, slots=True)
class Taken:
    """One order of a request that is the relay's, and its batch."""

    order: BatchOrder
    batch: Batch
    replayed: bool
    #: What its document comes to, and in which currency; None for a replay, which the settings of its time decided.
    total: Amounts | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One order of a request that was not taken, and why."""

    #: Its id; None where it could not be read.
    id: str | None
    error: InvalidOrders | Conflict


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request of which at least one order is the relay's, now or from before."""

    #: One line per order, in the order of the request.
    lines: tuple[Taken | Rejected, ...]

    @property
    def taken(self) -> tuple[Taken, ...]:
        """The lines of the orders that are the relay's."""
        return tuple(line for line in self.lines if isinstance(line, Taken))

    @property
    def replayed(self) -> bool:
        """Whether no order of the request was new or rejected."""
        return all(isinstance(line, Taken) and line.replayed for line in self.lines)

    @property
    def refused(self) -> bool:
        """Whether ARM refused the new orders."""
        return any(not line.replayed and line.batch.state is State.REFUSED for line in self.taken)

    @property
    def batch(self) -> Batch:
        """The batch of the new orders; where there are none, that of the first order."""
        return next((line.batch for line in self.taken if not line.replayed), self.taken[0].batch)


@dataclass(frozen=True, slots=True)
class AlreadyRecorded:
    """What the table already holds of a request's orders."""

    #: The batches of orders that were sent before with the same content, by order id.
    replays: Mapping[str, Batch] = field(default_factory=dict)
    #: The ids of the batches of orders that this request corrects, by order id.
    replaced: Mapping[str, str] = field(default_factory=dict)
    #: The ids of orders that are in progress or held, or have succeeded, with different content.
    conflicts: tuple[str, ...] = ()

    def is_new(self, order: Order) -> bool:
        """Whether the order belongs in a new batch."""
        return order.id not in self.replays and order.id not in self.conflicts


def receipt_of(
    request: ParsedRequest, claimed: Batch | None, recorded: AlreadyRecorded, total: Callable[[Order], Amounts]
) -> Receipt:
    """What became of a request's orders, given the batch that was claimed for the new ones."""
    lines: list[Taken | Rejected] = []
    seen = set(recorded.replays)
    for parsed in request.orders:
        if parsed.faults or parsed.order is None:
            lines.append(Rejected(parsed.id, InvalidOrders(parsed.faults)))
        elif parsed.order.id in recorded.conflicts:
            lines.append(Rejected(parsed.order.id, Conflict([parsed.order.id])))
        else:
            taken = _taken(parsed.order.id, recorded.replays.get(parsed.order.id) or claimed, seen)
            is_new = not taken.replayed
            lines.append(replace(taken, total=total(parsed.order), currency=parsed.order.currency) if is_new else taken)
            seen.add(parsed.order.id)
    return Receipt(tuple(lines))


def _taken(order_id: str, batch: Batch | None, seen: Collection[str]) -> Taken:
    """An order that was `seen` already, in this request or an earlier one, is a replay."""
    if batch is None:
        raise AssertionError("an order that is not a replay has no batch")
    return Taken(batch.order(order_id), batch, replayed=order_id in seen)
