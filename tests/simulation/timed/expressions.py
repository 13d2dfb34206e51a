"""DynamoDB's expressions, as far as the relay's store writes them: conditions, and UPDATE statements of PartiQL."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tests.simulation.dynamodb import Item

#: Whether an item, None where there is none, meets a condition with these names and values.
type Condition = Callable[[Item | None, Mapping[str, str], Mapping[str, Any]], bool]

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: bool(left == right),
    "<>": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}

EXISTENCE: Final = re.compile(r"attribute_(not_)?exists\s*\((.+)\)")
COMPARISON: Final = re.compile(r"(\S+?)\s*(<>|<=|>=|=|<|>)\s*(\S+)")
MISSING: Final = re.compile(r"(\S+) IS (NOT )?MISSING")
BETWEEN: Final = re.compile(r"(\S+) BETWEEN (\S+) AND (\S+)")
UPDATE: Final = re.compile(r'UPDATE\s+"?[\w-]+"?\s+(.*?)\s+WHERE\s+(.*)', re.DOTALL)


def plain(value: Mapping[str, Any]) -> object:
    """A value of DynamoDB's notation, so that it can be compared."""
    ((kind, content),) = value.items()
    return float(content) if kind == "N" else content


@lru_cache(maxsize=256)
def condition(text: str) -> Condition:
    """The condition that a text says: alternatives of terms that all hold."""
    between = BETWEEN.sub(r"\1 >= \2 AND \1 <= \3", text)
    alternatives = [[_term(term.strip(" ()")) for term in part.split(" AND ")] for part in between.split(" OR ")]
    return lambda item, names, values: any(all(term(item, names, values) for term in terms) for terms in alternatives)


def _term(text: str) -> Condition:
    text = text + ")" if text.count("(") > text.count(")") else text
    if found := EXISTENCE.fullmatch(text):
        return _existence(found[2].strip(), exists=not found[1])
    if found := MISSING.fullmatch(text):
        return _existence(found[1], exists=bool(found[2]))
    found = COMPARISON.fullmatch(text)
    if not found:
        raise NotImplementedError(text)
    left, compare, right = found[1], COMPARISONS[found[2]], found[3]

    def holds(item: Item | None, names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
        ours, theirs = _operand(left, item, names, values), _operand(right, item, names, values)
        return ours is not None and theirs is not None and compare(ours, theirs)

    return holds


def _existence(name: str, *, exists: bool) -> Condition:
    return lambda item, names, _: (item is not None and _name(name, names) in item) is exists


def _operand(text: str, item: Item | None, names: Mapping[str, str], values: Mapping[str, Any]) -> object:
    if text.startswith(":"):
        return plain(values[text])
    name = _name(text, names)
    return plain(item[name]) if item is not None and name in item else None


def _name(text: str, names: Mapping[str, str]) -> str:
    return names[text] if text.startswith("#") else text.strip('"')


def changed(item: Item, text: str, names: Mapping[str, str], values: Mapping[str, Any]) -> Item:
    """An item after an update expression."""
    after = dict(item)
    for verb, what in re.findall(r"(SET|ADD|REMOVE)\s+(.*?)(?=\s+(?:SET|ADD|REMOVE)\s|$)", text):
        for part in what.split(","):
            _change(after, verb, re.split(r"[\s=]+", part.strip()), names, values)
    return after


def _change(
    item: dict[str, Any], verb: str, operands: Sequence[str], names: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    name = _name(operands[0], names)
    if verb == "REMOVE":
        item.pop(name, None)
    elif verb == "ADD":
        number = int(item.get(name, {"N": "0"})["N"]) + int(values[operands[1]]["N"])
        item[name] = {"N": str(number)}
    else:
        item[name] = values[operands[1]] if operands[1].startswith(":") else item[_name(operands[1], names)]


@dataclass(frozen=True, slots=True)
class Update:
    """A conditional UPDATE: what it sets and removes, and where; its parameters are named :0, :1 and so on."""

    sets: Mapping[str, str]
    removes: Sequence[str]
    key: str
    condition: Condition


@lru_cache(maxsize=256)
def update(statement: str) -> Update:
    """The UPDATE that a statement says."""
    numbers = iter(range(1000))
    found = UPDATE.fullmatch(re.sub(r"\?", lambda _: f":{next(numbers)}", statement.strip()))
    if not found:
        raise NotImplementedError(statement)
    sets: dict[str, str] = {}
    removes: list[str] = []
    for verb, what in re.findall(r"(SET|REMOVE)\s+(.*?)(?=\s+SET\s|\s+REMOVE\s|$)", found[1], re.DOTALL):
        names = [part.strip() for part in what.split(",")]
        if verb == "SET":
            sets |= {name.split("=")[0].strip(' "'): name.split("=")[1].strip() for name in names}
        else:
            removes += [name.strip('"') for name in names]
    terms = [term.strip() for term in found[2].split(" AND ")]
    key = next(term for term in terms if re.match(r'"?pk"?\s*=', term))
    others = [term for term in terms if term is not key]
    holds = condition(" AND ".join(["attribute_exists(pk)", *others]))
    return Update(sets, removes, key.split("=")[1].strip(), holds)
