"""What stands beside a word of ARM's and speaks against it. Pure.

A success counts only where nothing speaks against it; a failure of a whole batch, only where nothing says that ARM is
still at work. Which words, texts and names speak against what is the contract's; this module knows only where to look.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from arm_relay.arm.contract import Contract, Meaning, loose
from arm_relay.arm.documents import Document, DocumentLine

#: The fields of the documents that the relay sends. Their values are the senders' own, wherever they are repeated.
ECHOED: Final = frozenset({*Document.__annotations__, *DocumentLine.__annotations__})

#: The first HTTP code that is no success.
FIRST_ERROR: Final = 400

_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
#: An id of nothing but zeros, such as the nil UUID.
_NIL: Final = re.compile(r"[0-]*0[0-]*")
#: A number by itself: not part of a date, a time, an amount or an id.
_ALONE: Final = re.compile(r"(?<![\w.,:/#-])[0-9]{1,9}(?![\w:/-]|[.,][0-9])")
#: "1 of 2", "1/2".
_OF: Final = re.compile(r"(?<![\w/.-])([0-9]{1,9})\s*(?:of|av|/)\s*([0-9]{1,9})(?![\w/-])")

#: What ends that which a text denies: a line break, a semicolon, and a comma that is not inside a number.
_BREAK: Final = re.compile(r"[;\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|(?<![0-9]),|,(?![0-9])")
#: A word with nothing in it that may be something else: "errors", "errors.", "error(s)".
_PLAIN: Final = re.compile(r"[^\W\d_]+(?:\([^\W\d_]{1,3}\))?[.:=!?)]*")


class Kind(StrEnum):
    """What an objection says."""

    #: Something may have gone wrong.
    FAULT = "fault"
    #: A count differs from the number of orders.
    COUNT = "another number"
    #: A known word or a count says that ARM is still at work.
    WAITING = "waiting"
    #: A text or a time says so.
    UNFINISHED = "unfinished"


#: The objections that only say that ARM is not done.
NOT_DONE: Final = frozenset({Kind.WAITING, Kind.UNFINISHED})


@dataclass(frozen=True, slots=True)
class Objection:
    """Something in an answer that speaks against what its words say."""

    kind: Kind
    #: Where it stands in the body: a JSON Pointer.
    place: str


def below(place: str, key: str) -> str:
    """The JSON Pointer of a value in the object at this place (RFC 6901)."""
    return f"{place}/{key.replace('~', '~0').replace('/', '~1')}"


def against_success(
    part: Mapping[str, object], contract: Contract, of: int, place: str = "", skipped: frozenset[str] = frozenset()
) -> list[Objection]:
    """All that speaks against a success of `of` documents, but for the keys `skipped` at its top; 0 for any number."""
    leaves = _leaves({key: value for key, value in part.items() if key not in skipped}, place, contract)
    return [found for key, value, where in leaves if (found := _objection(key, value, contract, of, where))]


def still_at_work(
    part: Mapping[str, object], contract: Contract, place: str = "", skipped: frozenset[str] = frozenset()
) -> list[Objection]:
    """What says, in words and counts, that ARM is not done."""
    found = against_success(part, contract, of=0, place=place, skipped=skipped)
    return [objection for objection in found if objection.kind is Kind.WAITING]


def may_be_temporary(part: Mapping[str, object], contract: Contract) -> list[Objection]:
    """The texts and names that say that a failure may be one of the call, or that ARM will try again."""
    return [
        Objection(Kind.UNFINISHED, where)
        for key, value, where in _leaves(part, "", contract)
        if _tells_of_another_try(key, value, contract)
    ]


def _tells_of_another_try(key: str, value: object, contract: Contract) -> bool:
    stems = contract.texts.temporary
    text = " ".join(value.casefold().split()) if isinstance(value, str) else ""
    return any(stem in text for stem in stems) or (_names(loose(key), stems) and not is_nothing(value, contract))


def _names(name: str, stems: tuple[str, ...]) -> bool:
    """Whether the name of a key, as `loose` spells it, has one of these parts of texts in it."""
    return any(stem in name for stem in _spelt_as_names(stems))


@lru_cache(16)
def _spelt_as_names(stems: tuple[str, ...]) -> tuple[str, ...]:
    # Only a contract's own parts of texts come here: what ARM says is never kept.
    return tuple(map(loose, stems))


def of_a_trial(part: Mapping[str, object], contract: Contract) -> list[Objection]:
    """The keys that say that ARM only tried, and created nothing."""
    return [
        Objection(Kind.FAULT, where)
        for key, value, where in _leaves(part, "", contract)
        if _is_a_trial(key, value, contract)
    ]


def _is_a_trial(key: str, value: object, contract: Contract) -> bool:
    stems = contract.texts.trial
    if isinstance(value, str) and " " not in value and any(stem in loose(value) for stem in stems):
        # A word, such as a mode, and no text for people.
        return True
    return any(stem in loose(key) for stem in stems) and not is_nothing(value, contract)


def is_nothing(value: object, contract: Contract) -> bool:
    """Whether a value says that there is nothing: null, false, zero, an empty list, or a text that means it."""
    if isinstance(value, str):
        text = value.strip().casefold()
        return not text or text in contract.texts.nothing or number_of(text) == 0 or bool(_NIL.fullmatch(text))
    return not value


def number_of(value: object) -> float | None:
    """The number that a value is, be it as a number or as text; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else None


def truth_of(value: object) -> bool | None:
    """The boolean that a value is, be it as one or as text; None where it is none."""
    if isinstance(value, bool):
        return value
    text = value.strip().casefold() if isinstance(value, str) else ""
    return {str(known).casefold(): known for known in (True, False)}.get(text)


def _leaves(part: Mapping[str, object], place: str, contract: Contract) -> Iterator[tuple[str, object, str]]:
    """Every value that is no object and no list, with its key and place. What the order itself holds is left out."""
    waiting: list[tuple[str, object, str]] = [(key, value, below(place, key)) for key, value in part.items()]
    while waiting:
        key, value, where = waiting.pop()
        if key in ECHOED or key in contract.echo_keys:
            continue
        if isinstance(value, dict):
            waiting += [(inner, held, below(where, inner)) for inner, held in value.items()]
            if value and _names_a_fault(loose(key), contract):
                yield key, True, where
        elif isinstance(value, list):
            waiting += [(key, held, f"{where}/{number}") for number, held in enumerate(value)]
        else:
            yield key, value, where


def _objection(key: str, value: object, contract: Contract, of: int, where: str) -> Objection | None:
    kind = _by_key(key, value, contract, of)
    if kind is None and isinstance(value, str):
        kind = _by_text(value, contract, of)
    return Objection(kind, where) if kind else None


def _by_key(key: str, value: object, contract: Contract, of: int) -> Kind | None:
    """What the value says under this key."""
    name, number = loose(key), number_of(value)
    if counted := _by_count(name, _percent_of(value) if name in contract.percent_keys else number, contract, of):
        return counted
    if (meaning := contract.flags.get(key)) and truth_of(value) is not None:
        return _by_flag(meaning, truth=bool(truth_of(value)))
    if truth_of(value) is False and (denied := _by_denied_word(name, contract)):
        return denied
    if is_nothing(value, contract):
        return _by_absence(key, name, contract)
    if name in contract.end_time_keys or not _names_a_fault(name, contract):
        return Kind.WAITING if number and _names(name, contract.texts.waiting) else None
    return Kind.FAULT


def _by_absence(key: str, name: str, contract: Contract) -> Kind | None:
    """What it says that there is nothing under this key."""
    if name in contract.end_time_keys:
        return Kind.UNFINISHED
    if name in contract.counts.succeeded:
        return Kind.COUNT
    return Kind.FAULT if key in contract.document_id_keys else None


def _by_denied_word(name: str, contract: Contract) -> Kind | None:
    """What false says under a key that is a word itself, such as `ok` or `isComplete`."""
    word = name.removeprefix("is")
    meanings = {words[word] for words in (contract.words, contract.entry_words) if word in words}
    if Meaning.SUCCEEDED in meanings:
        return Kind.FAULT
    return Kind.WAITING if Meaning.FINISHED in meanings else None


def _percent_of(value: object) -> float | None:
    """The number that a value is, which may have a percent sign behind it."""
    return number_of(value.strip().removesuffix("%") if isinstance(value, str) else value)


def _by_count(name: str, number: float | None, contract: Contract, of: int) -> Kind | None:
    if number is None:
        return None
    counts = contract.counts
    if name in counts.all | counts.succeeded:
        return Kind.COUNT if number != (of or number) else None
    if name in counts.failed:
        return Kind.COUNT if number else None
    if name in contract.percent_keys:
        return Kind.UNFINISHED if number < 100 else None  # noqa: PLR2004 (all of it, in percent)
    if name in contract.code_keys:
        return Kind.FAULT if number >= FIRST_ERROR or number < 0 else None
    # A count under a name that is not known: fewer documents than there are is a contradiction, more is none.
    counts_done = any(stem in name for stem in contract.texts.done)
    return Kind.COUNT if counts_done and 0 <= number < of else None


def _by_flag(meaning: Meaning, *, truth: bool) -> Kind | None:
    if meaning is Meaning.SUCCEEDED:
        return None if truth else Kind.FAULT
    if meaning is Meaning.FAILED:
        return Kind.FAULT if truth else None
    is_done = truth is (meaning is Meaning.FINISHED)
    return None if is_done else Kind.WAITING


def _names_a_fault(name: str, contract: Contract) -> bool:
    for harmless in contract.texts.harmless:
        name = name.replace(harmless, "")
    return any(stem in name for stem in contract.texts.fault)


def _by_text(text: str, contract: Contract, of: int) -> Kind | None:
    """What a text says."""
    word = loose(text)
    meanings = {words[word] for words in (contract.words, contract.entry_words) if word in words}
    if Meaning.WAITING in meanings:
        return Kind.WAITING
    if meanings & {Meaning.FAILED, Meaning.PARTIAL}:
        return Kind.FAULT
    left = _without_denials(text.casefold(), contract)
    if any(stem in left for stem in contract.texts.fault):
        return Kind.FAULT
    if any(stem in left for stem in contract.texts.waiting):
        return Kind.UNFINISHED
    if not contract.texts.none.isdisjoint(_WORD.findall(left)):
        return Kind.FAULT
    return Kind.COUNT if _counts_too_few(left, contract, of) else None


def _without_denials(text: str, contract: Contract) -> str:
    """The text without what denies a fault, like "0 failed" or "without errors", and with blanks for white space."""
    for harmless in contract.texts.harmless:
        text = text.replace(harmless, " ")
    # Some of the contract's texts end with a blank.
    whole = " ".join(text.split()) + " "
    if not any(stem in whole for stem in contract.texts.fault):
        return whole
    # "No customer, rejected" tells of a rejection, and so does "0 errors" with a line "Rejected" below it.
    kept = [" ".join(_denials_removed(part.split(), contract)) for part in _BREAK.split(text)]
    return " ".join(kept) + " "


def _denials_removed(words: list[str], contract: Contract) -> list[str]:
    kept: list[str] = []
    place = 0
    while place < len(words):
        end = place + 1
        if words[place] == "0" or words[place] in contract.texts.none:
            while end < len(words) - 1 and words[end] in contract.texts.things:
                end += 1
            if end < len(words) and _is_plain_fault(words[end], contract):
                place = end + 1
                continue
        elif (
            words[place].endswith((":", "="))
            and _is_plain_fault(words[place], contract)
            and words[end : end + 1]
            and words[end].strip(".") == "0"
        ):
            # As in "failed: 0", but not "created: 0".
            place = end + 1
            continue
        kept.append(words[place])
        place += 1
    return kept


def _is_plain_fault(word: str, contract: Contract) -> bool:
    return bool(_PLAIN.fullmatch(word)) and any(stem in word for stem in contract.texts.fault)


def _counts_too_few(text: str, contract: Contract, of: int) -> bool:
    if any(one != other for one, other in _OF.findall(text)):
        return True
    if not any(stem in text for stem in contract.texts.done):
        return False
    return any(int(number) < max(of, 1) for number in _ALONE.findall(text))
