"""The lines of a contract that the answers themselves show. Pure.

What became of each document is known from ARM's ledger, so an answer can be held against it: the words that come with
documents that exist mean success, and so on. `proposal` lays the lines over a contract and keeps those that help;
people decide whether they are also true.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from arm_relay.comparison import same_value

from desk.probe.examples import Example

#: What looks like a word that a programmer chose, and not like a text for people.
WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")

#: The most different words under one key; what has more is an id.
MOST_WORDS: Final = 5

type Lines = dict[str, Any]


def switches(examples: Sequence[Example]) -> Iterator[Lines]:
    """What no answer shows by itself, so that each is tried."""
    bad = sorted({example.code for example in examples if example.end == "failed"})
    for in_order, counts, codes in product((False, True), (False, True), ((), bad)):
        switches = {"entriesInOrder": in_order, "countsDecide": counts, "decidingCodes": list(codes)}
        yield {key: value for key, value in switches.items() if value}


# What the bodies show


@dataclass(frozen=True, slots=True)
class _Item:
    """One entry of a list, and its order."""

    example: Example
    #: The keys from the top to the list.
    path: tuple[str, ...]
    value: Mapping[str, Any]
    place: int
    #: The keys that hold its number: one, or one inside another.
    number_path: tuple[str, ...]

    @property
    def created(self) -> bool:
        """Whether its document was created."""
        return bool((self.example.created or ())[self.place])


def lines_of(examples: Sequence[Example]) -> Lines:
    """What the answers show: lines that replace those of a contract."""
    items = [item for example in examples if example.created for item in _items(example)]
    envelopes = list(dict.fromkeys(key for item in items for key in item.path[:-1]))
    heads = [(example, _head(_body(example), envelopes)) for example in examples]
    ids = _keys(heads, lambda example, value: value == example.uuid)
    of_heads = _of_heads(heads, {*ids})
    of_items = _of_items(items, of_heads["wordKeys"])
    both = {
        "wordKeys": [*dict.fromkeys([*of_heads.pop("wordKeys"), *of_items.pop("wordKeys", [])])],
        "flags": of_heads.pop("flags") | of_items.pop("flags"),
        "errorKeys": [*dict.fromkeys([*of_items.pop("errorKeys"), *of_heads.pop("errorKeys")])],
    }
    # A key whose true and false are words is no flag any more.
    both["flags"] |= dict.fromkeys(both["wordKeys"])
    lines = _codes(examples) | of_heads | of_items | both | {"envelopes": envelopes, "batchIdKeys": ids}
    return {key: value for key, value in lines.items() if value or (key == "entryLists" and "listPairs" in lines)}


def _codes(examples: Sequence[Example]) -> Lines:
    ends: defaultdict[int, set[str]] = defaultdict(set)
    for example in examples:
        ends[example.code].add(example.end)
    return {"codes": {str(code): _code_meaning(said) for code, said in ends.items()}}


def _code_meaning(ends: set[str]) -> str:
    return next(iter(ends)) if len(ends) == 1 and ends != {"succeeded"} else "finished"


def _of_heads(heads: Sequence[tuple[Example, Mapping[str, Any]]], ids: set[str]) -> Lines:
    """The words, flags and counts for whole batches."""
    words, flags = _reported([(head, example.end) for example, head in heads], ids)
    ended = [(example, head) for example, head in heads if example.created]
    counts = {
        "all": _keys(ended, lambda example, value: _is_count(value, len(example.numbers))),
        "succeeded": _keys(ended, lambda example, value: _is_count(value, sum(example.created or ()))),
        "failed": _keys(
            ended, lambda example, value: _is_count(value, len(example.numbers) - sum(example.created or ()))
        ),
    }
    errors = _reasons([head for example, head in ended if example.end == "failed"], {*words, *flags, *ids})
    return {
        "wordKeys": list(words),
        "headWords": {word: meaning for said in words.values() for word, meaning in said.items()},
        "flags": flags,
        "counts": counts if any(counts.values()) else {},
        "errorKeys": errors,
    }


def _of_items(items: Sequence[_Item], head_keys: Sequence[str]) -> Lines:
    """The lists, and the words and keys of their entries."""
    by_list: defaultdict[str, set[bool]] = defaultdict(set)
    for item in items:
        by_list[item.path[-1]].add(item.created)
    good = [key for key, ends in by_list.items() if ends == {True}]
    bad = [key for key, ends in by_list.items() if ends == {False}]
    is_pair = len(good) == len(bad) == 1 and len(by_list) == len("ab")
    lines: Lines = {"entryLists": [] if is_pair else list(by_list)}
    if is_pair:
        lines = {"listPairs": [{"succeeded": good[0], "failed": bad[0]}], "entryLists": []}
    numbers = list(dict.fromkeys(item.number_path[-1] for item in items if item.number_path))
    inner = list(dict.fromkeys(key for item in items for key in item.number_path[:-1]))
    places = _places(items)
    known = {*numbers, *places, *inner}
    reported = [(item.value, "succeeded" if item.created else "failed") for item in items]
    words, flags = _reported(reported, known, head_keys)
    lines |= {"numberKeys": numbers, "entryEnvelopes": inner, "placeKeys": places}
    if not is_pair:
        lines |= {
            "entryWords": {word: end for said in words.values() for word, end in said.items()},
            "wordKeys": list(words),
        }
        lines |= {} if words or flags else _present(items, known)
    failed = [item.value for item in items if not item.created]
    return {key: value for key, value in lines.items() if value or key == "entryLists"} | {
        "flags": flags,
        "errorKeys": _reasons(failed, {*known, *words, *flags}),
    }


def _reported(
    parts: Sequence[tuple[Mapping[str, Any], str]], known: set[str], as_words: Sequence[str] = ()
) -> tuple[dict[str, dict[str, str]], Lines]:
    """The keys that hold words, with what each word means, and the flags; `as_words` are no flags."""
    ends: defaultdict[str, defaultdict[Any, set[str]]] = defaultdict(lambda: defaultdict(set))
    times: defaultdict[str, int] = defaultdict(int)
    for part, end in parts:
        for key, value in part.items():
            if key not in known and (isinstance(value, bool) or _is_word(value)):
                ends[key][value].add(end)
                times[key] += 1
    reported = {key: said for key, said in ends.items() if not _are_ids(said, times[key])}
    flags = {key: _flag(said) for key, said in reported.items() if key not in as_words and _are_flags(said)}
    words = {
        key: {_spelt(value): _meaning(ends_of) for value, ends_of in said.items()}
        for key, said in reported.items()
        if not flags.get(key) and (len(said) > 1 or any("waiting" not in ends_of for ends_of in said.values()))
    }
    return words, {key: meaning for key, meaning in flags.items() if meaning}


def _spelt(value: object) -> str:
    """A word as it stands in JSON, without quotation marks."""
    return value if isinstance(value, str) else json.dumps(value)


def _are_flags(said: Mapping[Any, set[str]]) -> bool:
    return all(isinstance(value, bool) for value in said)


def _are_ids(said: Mapping[Any, set[str]], times: int) -> bool:
    """Whether there are too many different values under a key for words."""
    return len(said) > MOST_WORDS or (len(said) == times and len(said) > len("ab"))


def _meaning(ends: set[str]) -> str:
    if len(ends) == 1:
        return next(iter(ends))
    return "waiting" if "waiting" in ends else "finished"


def _flag(said: Mapping[Any, set[str]]) -> str | None:
    true, false = said.get(True, set()), said.get(False, set())
    if true == {"succeeded"} and false <= {"failed"}:
        return "succeeded"
    if true and "waiting" not in true and false == {"waiting"}:
        return "finished"
    return "failed" if true == {"failed"} and "failed" not in false else None


def _present(items: Sequence[_Item], known: set[str]) -> Lines:
    """The keys that only entries of created documents have, and those that only the others have."""
    with_good = [{key for key, value in item.value.items() if value} for item in items if item.created]
    with_bad = [{key for key, value in item.value.items() if value} for item in items if not item.created]
    good, bad = set.intersection(*with_good or [set()]), set.intersection(*with_bad or [set()])
    only_good = sorted(good.difference(*with_bad))
    only_bad = sorted(bad.difference(*with_good) - known)
    return {"succeededBy": only_good[:1], "failedBy": only_bad[:1]}


def _places(items: Sequence[_Item]) -> dict[str, int]:
    firsts: defaultdict[str, set[int]] = defaultdict(set)
    for item in items:
        for key, value in item.value.items():
            if isinstance(value, int | str) and not isinstance(value, bool) and str(value).isdecimal():
                firsts[key].add(int(value) - item.place)
    several = {item.place for item in items} > {0}
    return {key: one for key, first in firsts.items() if several and len(first) == 1 and (one := min(first)) in (0, 1)}


def _reasons(parts: Sequence[Mapping[str, Any]], known: set[str]) -> list[str]:
    """The keys that hold texts, or lists or objects of them."""
    kept = [key for part in parts for key, value in part.items() if key not in known and _is_reason(value)]
    return list(dict.fromkeys(kept))


def _is_reason(value: object) -> bool:
    return isinstance(value, dict | list | str) and bool(value) and not _is_word(value)


def _is_word(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return True
    return isinstance(value, str) and bool(WORD.fullmatch(value)) and not value.isdecimal()


def _is_count(value: object, number: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == number


def _keys(parts: Sequence[tuple[Example, Mapping[str, Any]]], fits: Callable[[Example, object], bool]) -> list[str]:
    """The keys whose value fits in every part that has it."""
    values: defaultdict[str, list[bool]] = defaultdict(list)
    for example, part in parts:
        for key, value in part.items():
            values[key].append(fits(example, value))
    return [key for key, fitting in values.items() if all(fitting)]


def _items(example: Example) -> Iterator[_Item]:
    for path, values in _lists(_body(example), ()):
        if not values or not all(isinstance(value, dict) for value in values):
            continue
        numbered = [_numbered(value, example.numbers) for value in values]
        by_place = len(values) == len(example.numbers)
        if not any(numbered) and not by_place:
            continue
        for position, (value, found) in enumerate(zip(values, numbered, strict=True)):
            if found:
                yield _Item(example, path, value, *found)
            elif by_place:
                yield _Item(example, path, value, position, ())


def _numbered(value: Mapping[str, Any], numbers: Sequence[str | None]) -> tuple[int, tuple[str, ...]] | None:
    """The place of the order whose number an entry holds, and where."""
    for key, held in value.items():
        inner = held if isinstance(held, dict) else {}
        for path, text in [((key,), held), *(((key, name), part) for name, part in inner.items())]:
            for place, number in enumerate(numbers):
                if number and isinstance(text, str) and same_value(text, number):
                    return place, path
    return None


def _lists(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    for key, part in value.items() if isinstance(value, dict) else ():
        if isinstance(part, list):
            yield (*path, key), part
        else:
            yield from _lists(part, (*path, key))


def _body(example: Example) -> Mapping[str, Any]:
    try:
        value = json.loads(example.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _head(body: Mapping[str, Any], envelopes: Sequence[str]) -> Mapping[str, Any]:
    for key in envelopes:
        inner = body.get(key)
        body = inner if isinstance(inner, dict) else body
    return body
