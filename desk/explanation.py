"""How an answer of ARM's about a batch is read, and why. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arm_relay.arm.contract import Contract
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Waiting, read
from arm_relay.batches.batch import Answer, BatchOrder, OrderStatus, State

from desk.problems import Problem

UNDECIDED: Final = "undecided"

#: The most orders of a batch.
MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A reading, in words."""

    contract: str
    code: int
    #: `waiting`, `undecided`, or an end: SUCCEEDED, PARTIALLY_FAILED, FAILED.
    reading: str
    #: The rule that decided, or the reason why none did.
    why: str
    orders: tuple[BatchOrder, ...]
    #: The place and the kind of each thing that speaks against what the words say.
    against: tuple[tuple[str, str], ...]
    #: What the relay does then.
    consequence: str

    @property
    def verdict(self) -> str:
        """The reading in one line."""
        return f"{self.code} with the contract {self.contract}: {self.reading}"

    @property
    def is_undecided(self) -> bool:
        """Whether the answer is not understood."""
        return self.reading == UNDECIDED

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "contract": self.contract,
            "status": self.code,
            "reading": self.reading,
            "why": self.why,
            "orders": [
                {"documentNo": order.document_no, "status": order.status.value, "errors": list(order.errors)}
                for order in self.orders
            ],
            "against": [{"place": place, "kind": kind} for place, kind in self.against],
            "consequence": self.consequence,
        }


def explain(
    answer: Answer, orders: Sequence[BatchOrder], contract: Contract, batch_uuid: str | None = None
) -> Explanation:
    """How the relay reads an answer."""
    reading = read(answer, orders, contract, batch_uuid)
    said, why, consequence = _in_words(reading)
    after = tuple(orders) if isinstance(reading, Waiting) else reading.orders
    against = () if isinstance(reading, Ended) else reading.against
    return Explanation(
        contract=contract.name,
        code=answer.status,
        reading=said,
        why=why,
        orders=after,
        against=tuple((objection.place, objection.kind.value) for objection in against),
        consequence=consequence,
    )


def _in_words(reading: Reading) -> tuple[str, str, str]:
    match reading:
        case Waiting(rule, _):
            return "waiting", rule.value, "asks again later."
        case Undecided(reason, _, _, may_have_failed):
            return UNDECIDED, reason, _when_undecided(may_have_failed=may_have_failed)
        case Ended(state, after, named, rule):
            return state.value, rule.value, _when_ended(state, after, named)


def orders_of(given: str, body: str, contract: Contract) -> tuple[BatchOrder, ...]:
    """The orders of a batch, by how many there are or by the numbers of their documents.

    Where only their number is given, they have the document numbers that the answer names.

    Raises:
        Problem: it is neither.
    """
    if given.isdecimal() and len(given) <= len(str(MOST)):
        count = int(given)
        if not 1 <= count <= MOST:
            raise Problem(f"a batch has 1 to {MOST} orders, not {given}")
        named = list(dict.fromkeys(_numbers(body, contract)))[:count]
        return tuple(map(_order, range(count), [*named, *[None] * (count - len(named))]))
    numbers = [number.strip() for number in given.split(",")]
    if not all(numbers) or len(numbers) > MOST:
        raise Problem(f"{given!r} is neither a number of orders nor a list of document numbers with commas")
    return tuple(map(_order, range(len(numbers)), numbers))


def _order(place: int, number: str | None) -> BatchOrder:
    return BatchOrder(id=f"order {place + 1}", order_id=None, customer_no="", document_no=number, digest="")


def _numbers(body: str, contract: Contract) -> Iterator[str]:
    try:
        waiting: list[object] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, list):
            waiting = [*part, *waiting]
        elif isinstance(part, dict):
            yield from (str(part[key]) for key in contract.number_keys if isinstance(part.get(key), str | int))
            waiting = [*part.values(), *waiting]


def _when_undecided(*, may_have_failed: bool) -> str:
    if may_have_failed:
        return (
            "asks ARM's ledger. Something in the answer may tell of a fault, so a document that the ledger shows may "
            "be an earlier one: then the batch is held."
        )
    return "asks ARM's ledger for each document, and holds the batch after UndecidedSeconds."


def _when_ended(state: State, orders: Sequence[BatchOrder], named: frozenset[str]) -> str:
    if state is State.SUCCEEDED:
        return "ends the batch."
    failed = {order.id for order in orders if order.status is OrderStatus.FAILED}
    asks = "asks ARM's ledger for each failed document, and ends the batch if it has none of them."
    if failed <= named:
        return asks
    return f"reads the same again after FailureSettlingSeconds, then {asks}"
