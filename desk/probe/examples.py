"""The answers that the probe recorded about batches, and what it knows of each. Pure.

ARM's ledger shows what became of the documents of some steps. Of other answers nothing is known for certain, and for
them it counts that a new contract reads them as the present one does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arm_relay.arm.contract import Contract
from arm_relay.arm.outcomes import Ended, Reading, Waiting, read
from arm_relay.batches.batch import Answer, BatchOrder, OrderStatus

from desk.probe.seen import Finding, Findings, Seen

#: The steps whose outcome the ledger shows.
TELLING: Final = ("good", "one-bad", "all-bad")


@dataclass(frozen=True, slots=True)
class Example:
    """An answer, and what became of the documents that it is about."""

    step: str
    code: int
    body: str
    uuid: str
    numbers: tuple[str | None, ...]
    #: Whether each document was created; None while the batch was at work.
    created: tuple[bool, ...] | None

    @property
    def end(self) -> str:
        """How the batch ended, as a contract calls it."""
        if self.created is None:
            return "waiting"
        if all(self.created):
            return "succeeded"
        return "partial" if any(self.created) else "failed"

    def reading(self, contract: Contract) -> Reading:
        """How it is read."""
        return _reading(self.code, self.body, self.numbers, contract, self.uuid)

    def is_right(self, reading: Reading) -> bool:
        """Whether a reading of it is what happened."""
        match reading:
            case Waiting():
                return self.created is None
            case Ended(_, after):
                return tuple(order.status is OrderStatus.SUCCEEDED for order in after) == self.created
            case _:
                return False

    def is_false(self, reading: Reading) -> bool:
        """Whether a reading of it says for certain what did not happen."""
        return isinstance(reading, Waiting | Ended) and not self.is_right(reading)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An answer of which it is not known what became of the documents."""

    step: str
    code: int
    body: str
    uuid: str | None
    numbers: tuple[str | None, ...]

    def reading(self, contract: Contract) -> Reading:
        """How it is read. An answer about a batch that does not exist is read as one about a batch of one order."""
        return _reading(self.code, self.body, self.numbers or (None,), contract, self.uuid)

    def is_false(self, reading: Reading) -> bool:
        """Whether a reading of it cannot be true: a batch that does not exist has no end."""
        return self.uuid is None and isinstance(reading, Ended)


def examples_of(findings: Findings) -> list[Example]:
    """What the findings show for certain."""
    return [example for found in findings.by_step.values() if _is_telling(found) for example in _examples(found)]


def unjudged_of(findings: Findings) -> list[Unjudged]:
    """The other answers about batches."""
    return [
        Unjudged(found.step, seen.code, seen.body, found.batch_uuid, found.numbers)
        for found in findings.by_step.values()
        if not _is_telling(found)
        for seen in found.results
    ]


def as_said(reading: Reading) -> tuple[str, ...] | None:
    """What a reading says for certain: that ARM is not done, or how each order ended."""
    match reading:
        case Waiting():
            return ("waiting",)
        case Ended(_, after):
            return tuple(order.status.value for order in after)
        case _:
            return None


def _is_telling(found: Finding) -> bool:
    is_judged = bool(found.results and found.batch_uuid and found.created) and None not in found.created
    return found.step in TELLING and is_judged


def _examples(found: Finding) -> Iterator[Example]:
    *earlier, last = found.results
    created = tuple(bool(there) for there in found.created)

    def example(seen: Seen, ended: tuple[bool, ...] | None) -> Example:
        return Example(found.step, seen.code, seen.body, found.batch_uuid or "", found.numbers, ended)

    for seen in earlier:
        yield example(seen, None)
    yield example(last, created)


def _reading(
    code: int, body: str, numbers: Sequence[str | None], contract: Contract, batch_uuid: str | None
) -> Reading:
    return read(Answer(code, body), orders_numbered(numbers), contract, batch_uuid)


def orders_numbered(numbers: Sequence[str | None]) -> tuple[BatchOrder, ...]:
    """Orders with these document numbers."""
    return tuple(
        BatchOrder(id=str(place), order_id=None, customer_no="", document_no=number, digest="")
        for place, number in enumerate(numbers)
    )
