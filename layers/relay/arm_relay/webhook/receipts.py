"""What became of each order of a request. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from arm_relay.batches.batch import Amounts, Batch, BatchOrder, State
from arm_relay.orders.faults import Fault, Faulty, InvalidOrders
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedOrder, ParsedRequest
from arm_relay.webhook.crediting import Named
from arm_relay.webhook.identity import New, Other, Same


class Conflict(Faulty):
    """An order with this id or invoice number is in progress or held, or has succeeded, with different content."""

    def __init__(self, order_ids: Sequence[str], faults: Sequence[Fault] = ()) -> None:
        """`faults` are those of the request's other orders."""
        super().__init__(faults)
        #: The ids of all orders of the request that conflict.
        self.order_ids: Final = list(order_ids)


class NotRetriable(Conflict):
    """An order cannot be retried: it did not fail in the batch that it names, or it was sent again since."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One order of a request that is the relay's, and its batch."""

    order: BatchOrder
    batch: Batch
    replayed: bool
    #: The id in the request, if it is another one than that under which a replay is recorded.
    sent_as: str | None = None

    @property
    def total(self) -> Amounts | None:
        """What its document comes to; None for a replay, which the settings of its time decided."""
        return None if self.replayed else self.order.total

    @property
    def currency(self) -> str | None:
        """In which currency; None for a replay."""
        return None if self.replayed else self.order.currency


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
        """The batch of the first new order; where there is none, that of the first order.

        A credit note that waits for its invoice has a batch of its own, which counts only where it is the only one.
        """
        new = [line.batch for line in self.taken if not line.replayed]
        return next((batch for batch in new if not batch.awaited_invoice), [*new, self.taken[0].batch][0])


@dataclass(frozen=True, slots=True)
class AlreadyRecorded:
    """What the table already holds of a request's orders."""

    #: What each order is, by its id. Every order is new as long as the table has not been asked.
    identities: Mapping[str, New | Same | Other] = field(default_factory=dict)
    #: The orders that each credit note may mean, by the credit note's id.
    named: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    #: What it means where an order can be neither.
    conflict: type[Conflict] = Conflict

    def of(self, order: Order) -> New | Same | Other:
        """What an order is."""
        return self.identities.get(order.id, New())

    @property
    def replays(self) -> tuple[str, ...]:
        """The ids of the orders that were sent before with the same content."""
        return tuple(name for name, identity in self.identities.items() if isinstance(identity, Same))

    def conflict_of(self, request: ParsedRequest, faults: Sequence[Fault] = ()) -> Conflict | None:
        """The conflict of the request's orders, None where there is none; `faults` are those of its other orders."""
        conflicts = {parsed.id: conflict for parsed in request.orders if (conflict := self.conflict_with(parsed))}
        if not conflicts:
            return None
        found = [fault for conflict in conflicts.values() for fault in conflict.faults]
        return self.conflict([str(name) for name in conflicts], [*found, *faults])

    def conflict_with(self, parsed: ParsedOrder) -> Conflict | None:
        """The conflict of one order, None where there is none."""
        identity = self.of(parsed.order) if parsed.order and not parsed.faults else None
        if not isinstance(identity, Other) or parsed.order is None:
            return None
        return self.conflict([parsed.order.id], list(_faults_of(identity, parsed, parsed.order)))


def _faults_of(identity: Other, parsed: ParsedOrder, order: Order) -> Iterator[Fault]:
    """What a conflict is about."""
    if identity.why_no_retry:
        yield Fault(f"{parsed.pointer}/failedBatchId", identity.why_no_retry)
    if identity.number_of is not None:
        detail = f"already is the number of order {identity.number_of}, which has different content"
        yield Fault(f"{parsed.pointer}/invoiceNo", detail)
    if identity.recorded is not None:
        names = _differences(order, identity.recorded)
        if identity.number_of is not None:
            names = [name for name in names if name != "invoiceNo"]
        yield from (Fault(f"{parsed.pointer}/{name}", "is different in the order that the relay has") for name in names)


def _differences(order: Order, known: BatchOrder) -> list[str]:
    """The fields in which a recorded order is different. Of most of its content only a digest is recorded."""
    pairs = {
        "orderId": (order.order_id, known.order_id),
        "customerNo": (order.customer_no, known.customer_no),
        "invoiceNo": (order.invoice_no, known.document_no),
        "currency": (order.currency, known.currency),
    }
    return [name for name, (ours, theirs) in pairs.items() if ours != theirs]


def receipt_of(request: ParsedRequest, claimed: Mapping[str, Batch], recorded: AlreadyRecorded) -> Receipt:
    """What became of a request's orders, given the batch that was claimed for each new one, by its id."""
    lines: list[Taken | Rejected] = []
    seen: set[str] = set()
    for parsed in request.orders:
        if parsed.faults or parsed.order is None:
            lines.append(Rejected(parsed.id, InvalidOrders(parsed.faults)))
        elif conflict := recorded.conflict_with(parsed):
            lines.append(Rejected(parsed.order.id, conflict))
        else:
            is_seen = parsed.order.id in seen
            batch = claimed.get(parsed.order.id)
            lines.append(_taken(parsed.order, recorded.of(parsed.order), batch, is_seen=is_seen))
            seen.add(parsed.order.id)
    return Receipt(tuple(lines))


def _taken(order: Order, identity: New | Same | Other, claimed: Batch | None, *, is_seen: bool) -> Taken:
    """An order that was seen already, in this request or an earlier one, is a replay."""
    if isinstance(identity, Same):
        sent_as = order.id if order.id != identity.order_id else None
        return Taken(identity.batch.order(identity.order_id), identity.batch, replayed=True, sent_as=sent_as)
    if claimed is None:
        raise AssertionError("an order that is not a replay has no batch")
    return Taken(claimed.order(order.id), claimed, replayed=is_seen)
