"""The contract that the probe proposes: the present one, and what has to be added. Pure.

It keeps all that the present contract has, but for what was seen to be wrong: what keeps an answer from being read as
what happened. And it reads every recorded answer at least as well: a line that would cost a reading is left out.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract, WrongContract, loose
from arm_relay.arm.outcomes import Ended

from desk.probe.examples import Example, Unjudged, as_said
from desk.probe.inference import Lines, lines_of, switches

#: What is no line of a contract's own.
EXTENDS: Final = "extends"

type Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A recorded answer that a contract reads worse than the present one does."""

    step: str
    code: int
    #: What the present one reads, and what the other one; None where it is undecided.
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something of the present contract that the proposed one changes, or a line that is not proposed."""

    #: Its place in the contract: a JSON Pointer.
    pointer: str
    #: What stands there now, or would stand there.
    value: object
    #: The answers that are the reason: their steps and codes.
    because: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A contract that is proposed."""

    base: str
    document: Lines
    #: The examples that it reads right, and those that it does not.
    right: tuple[Example, ...] = ()
    wrong: tuple[Example, ...] = ()
    #: What of the present contract was seen to be wrong.
    dropped: tuple[Change, ...] = ()
    #: What would have been proposed, but costs a reading that the present contract has.
    left_out: tuple[Change, ...] = ()


def propose(examples: Sequence[Example], unjudged: Sequence[Unjudged] = (), base: str = "default") -> Proposal:
    """The smallest addition to the contract `base` that reads the most examples right and loses no reading."""
    measure = _Measure(examples, unjudged, base)
    found = lines_of(examples)
    tried: list[Lines] = [{}, *(found | more for more in switches(examples))]
    best = max(tried, key=lambda lines: (measure.of(lines), -len(lines)))
    whole = measure.smaller(measure.with_present(best))
    safe, left_out = measure.without_losses(whole)
    small = measure.smaller(safe)
    contract = measure.contract(small)
    right = tuple(example for example in examples if contract and example.is_right(example.reading(contract)))
    return Proposal(
        base=base,
        document={EXTENDS: base} | small,
        right=right,
        wrong=tuple(example for example in examples if example not in right),
        dropped=tuple(measure.dropped(small)),
        left_out=left_out,
    )


def losses(
    examples: Sequence[Example], unjudged: Sequence[Unjudged], before: Contract, after: Contract
) -> tuple[Loss, ...]:
    """The recorded answers that `after` reads worse than `before`."""
    found = []
    all_recorded: list[Example | Unjudged] = [*examples, *unjudged]
    for recorded in all_recorded:
        earlier, later = recorded.reading(before), recorded.reading(after)
        said, says = as_said(earlier), as_said(later)
        is_false = recorded.is_false(later) and says != said
        is_lost = said is not None and says != said and not recorded.is_false(earlier)
        if is_false or is_lost:
            found.append(Loss(recorded.step, recorded.code, said, says))
    return tuple(found)


class _Measure:
    """Compares lines with the contract that they are laid over."""

    def __init__(self, examples: Sequence[Example], unjudged: Sequence[Unjudged], base: str) -> None:
        self._examples = examples
        self._unjudged = unjudged
        self._base = base
        self._before = contract_files.load(base)
        complete = contract_files.complete(contract_files.read(base), base)
        self._present: Lines = complete if isinstance(complete, dict) else {}
        self._known: dict[str, tuple[int, int, int]] = {}

    def contract(self, lines: Lines) -> Contract | None:
        """The contract with these lines; None where it is none."""
        try:
            return contract_files.of_document({EXTENDS: self._base} | lines, "proposed")
        except WrongContract:
            return None

    def of(self, lines: Lines) -> tuple[int, int, int]:
        """How good lines are: answers read right, readings not lost, failed documents with a reason."""
        known = json.dumps(lines)
        if known not in self._known:
            self._known[known] = self._measured(lines)
        return self._known[known]

    def _measured(self, lines: Lines) -> tuple[int, int, int]:
        contract = self.contract(lines)
        if contract is None:
            return -1, 0, 0
        readings = [(example, example.reading(contract)) for example in self._examples]
        right = [reading for example, reading in readings if example.is_right(reading)]
        reasons = sum(bool(order.errors) for reading in right if isinstance(reading, Ended) for order in reading.orders)
        return len(right), -len(self._losses(contract)), reasons

    def _losses(self, contract: Contract) -> tuple[Loss, ...]:
        return losses(self._examples, self._unjudged, self._before, contract)

    def with_present(self, lines: Lines) -> Lines:
        """The lines, and behind them all of the present contract that does no harm."""
        for path, values in list(_lists(lines)):
            missing = [value for value in _at(self._present, path) or [] if value not in values]
            # Most often all of them fit.
            for more in [missing, *([value] for value in missing)]:
                lines = self._better(lines, _with(lines, path, [*_at(lines, path), *_new(more, _at(lines, path))]))
        for path in list(_nulls(lines)):
            lines = self._better(lines, _without(lines, path))
        return lines

    def smaller(self, lines: Lines) -> Lines:
        """The lines without all that changes nothing."""
        for path in list(_removable(lines, self._present)):
            if _has(lines, path):
                lines = self._better(lines, _removed(lines, path))
        return lines

    def without_losses(self, lines: Lines) -> tuple[Lines, tuple[Change, ...]]:
        """The lines without those that cost a reading, and those."""
        left_out: list[Change] = []
        while lost := self._lost(lines):
            tried = [(path, _removed(lines, path)) for path in _removable(lines, self._present)]
            curing = [(path, fewer) for path, fewer in tried if len(self._lost(fewer)) < len(lost)]
            if not curing:
                # No single line is the cause: then none of them is proposed.
                left_out += [Change(f"/{key}", value, _causes(lost)) for key, value in lines.items()]
                return {}, tuple(left_out)
            path, fewer = max(curing, key=lambda one: (self.of(one[1]), len(one[0])))
            cured = [loss for loss in lost if loss not in self._lost(fewer)]
            place = path[:-1] if isinstance(_at(lines, path[:-1]), list) else path
            left_out.append(Change(_pointer(place), _value(lines, path), _causes(cured)))
            lines = fewer
        return lines, tuple(left_out)

    def dropped(self, lines: Lines) -> Iterator[Change]:
        """What of the present contract the lines take away or change."""
        for path, values in _lists(lines):
            for value in _at(self._present, path) or []:
                if value not in values:
                    put_back = _with(lines, path, [*values, value])
                    yield Change(_pointer(path), value, self._harmed(lines, put_back))
        for path, value in _leaves(lines):
            present = _at(self._present, path)
            if present is not None and present != value:
                yield Change(_pointer(path), present, self._harmed(lines, _without(lines, path)))
        for key, name in _own_words(lines):
            meant = self._before.words.get(loose(name))
            if meant and meant != lines[key][name]:
                yield Change(_pointer((key, name)), meant.value, self._harmed(lines, _without(lines, (key, name))))

    def _lost(self, lines: Lines) -> tuple[Loss, ...]:
        contract = self.contract(lines)
        return self._losses(contract) if contract else ()

    def _better(self, lines: Lines, other: Lines) -> Lines:
        return other if self.of(other) >= self.of(lines) else lines

    def _harmed(self, lines: Lines, other: Lines) -> tuple[tuple[str, int], ...]:
        """The answers that the lines read right and the other ones do not."""
        one, another = self.contract(lines), self.contract(other)
        return tuple(
            dict.fromkeys(
                (example.step, example.code)
                for example in self._examples
                if one and example.is_right(example.reading(one))
                if not (another and example.is_right(example.reading(another)))
            )
        )


def _causes(lost: Sequence[Loss]) -> tuple[tuple[str, int], ...]:
    return tuple(dict.fromkeys((loss.step, loss.code) for loss in lost))


def _new(values: Sequence[object], known: Sequence[object]) -> list[object]:
    return [value for value in values if value not in known]


# Places in a document: the keys from its top. In a list, the last part is a value of it, written as `repr` does.


def _lists(lines: Lines, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    for key, value in lines.items():
        if isinstance(value, list):
            yield (*path, key), value
        elif isinstance(value, dict):
            yield from _lists(value, (*path, key))


def _leaves(lines: Lines, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Everything that is no list and no object."""
    for key, value in lines.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        elif not isinstance(value, list):
            yield (*path, key), value


def _own_words(lines: Lines) -> list[Path]:
    """The words that mean something of their own for a whole batch or for one order."""
    return [(key, name) for key in ("headWords", "entryWords") for name in lines.get(key, {})]


def _nulls(lines: Lines) -> Iterator[Path]:
    return (path for path, value in _leaves(lines) if value is None)


def _removable(lines: Lines, present: Lines) -> Iterator[Path]:
    """What may be taken out of a document: whole lines first, then names, then values of lists that were added."""
    yield from ((key,) for key in lines)
    for key, value in lines.items():
        if isinstance(value, dict):
            yield from ((key, name) for name in value)
    for path, values in _lists(lines):
        yield from ((*path, repr(value)) for value in values if value not in (_at(present, path) or []))


def _has(lines: Lines, path: Path) -> bool:
    outer = _at(lines, path[:-1])
    if isinstance(outer, list):
        return any(repr(value) == path[-1] for value in outer)
    return isinstance(outer, dict) and path[-1] in outer


def _removed(lines: Lines, path: Path) -> Lines:
    outer = _at(lines, path[:-1])
    if isinstance(outer, list):
        return _with(lines, path[:-1], [value for value in outer if repr(value) != path[-1]])
    return _without(lines, path)


def _value(lines: Lines, path: Path) -> object:
    outer = _at(lines, path[:-1])
    if isinstance(outer, list):
        return next(value for value in outer if repr(value) == path[-1])
    return _at(lines, path)


def _at(lines: object, path: Path) -> Any:  # noqa: ANN401 (any JSON value)
    for key in path:
        lines = lines.get(key) if isinstance(lines, dict) else None
    return lines


def _with(lines: Lines, path: Path, value: object) -> Lines:
    key, *rest = path
    return lines | {key: _with(lines.get(key) or {}, tuple(rest), value) if rest else value}


def _without(lines: Lines, path: Path) -> Lines:
    key, *rest = path
    if rest:
        inner = _without(lines[key], tuple(rest))
        return lines | {key: inner} if inner else _without(lines, (key,))
    return {name: value for name, value in lines.items() if name != key}


def _pointer(path: Path) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)
