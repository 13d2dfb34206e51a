"""ARM's answer about a batch -> how each of its orders ended, that we must wait, or undecided. Pure.

The documentation lists the HTTP codes of GET batches/{batchuuid} and says nothing about its body. Of the words below it
knows NOT-PROCESSED and PENDING (in the answer to POST), and FAILED and BATCH-REJECTED (of another endpoint). All other
words, the names of the lists and the meaning of the codes are guesses; the template's ArmResultWords and ArmResultCodes
correct them. An answer that is not recognised, or contradicts itself, is undecided and never a success.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from arm_relay.arm.json_objects import json_object
from arm_relay.batches.batch import PRINTABLE, Answer, BatchOrder, OrderStatus, State
from arm_relay.comparison import same_value


class Meaning(StrEnum):
    """What a word or a code of ARM's means."""

    #: Not done yet.
    WAITING = "waiting"
    #: Done; it does not say how it ended.
    FINISHED = "finished"
    #: Every document was created.
    SUCCEEDED = "succeeded"
    #: Some documents were created.
    PARTIAL = "partial"
    #: No document was created.
    FAILED = "failed"


WORDS: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(
        ("NOT-PROCESSED", "PENDING", "ACCEPTED", "QUEUED", "RECEIVED", "PROCESSING", "IN-PROGRESS"), Meaning.WAITING
    ),
    **dict.fromkeys(("PROCESSED", "COMPLETED", "COMPLETE", "DONE", "FINISHED"), Meaning.FINISHED),
    **dict.fromkeys(("OK", "SUCCESS", "SUCCEEDED", "SUCCESSFUL"), Meaning.SUCCEEDED),
    **dict.fromkeys(("PARTIAL", "PARTIALLY-FAILED", "PARTIAL-SUCCESS", "PARTLY-FAILED"), Meaning.PARTIAL),
    **dict.fromkeys(("FAILED", "FAILURE", "REJECTED", "BATCH-REJECTED", "INVALID", "NOT-CREATED"), Meaning.FAILED),
}

#: The ends that fit an HTTP code, as its name suggests. Other codes leave the answer undecided: a 400 or 404 may be
#: about our request rather than about the batch, whatever its words say.
ENDS_BY_CODE: Final[Mapping[int, frozenset[State]]] = {
    200: frozenset({State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED}),
    206: frozenset({State.PARTIALLY_FAILED}),
    406: frozenset({State.FAILED}),
}

WORD_KEYS: Final = ("status", "result", "resultType")
ENTRY_KEYS: Final = ("documents", "entries", "items", "results")
#: The keys that say what went wrong.
ERROR_KEYS: Final = ("errors", "error", "message", "description", "reason")
#: A name or a text with one of these may mean an error.
FAULT: Final = re.compile(r"error|fail|fault|reject|invalid|warn|missing|skip|denied|feil|avvis|ugyldig", re.IGNORECASE)

END_OF: Final[Mapping[Meaning | None, State]] = {
    Meaning.SUCCEEDED: State.SUCCEEDED,
    Meaning.PARTIAL: State.PARTIALLY_FAILED,
    Meaning.FAILED: State.FAILED,
}

MAX_ERRORS: Final = 3
MAX_ERROR_LENGTH: Final = 150


@dataclass(frozen=True, slots=True)
class Waiting:
    """ARM is not done."""


@dataclass(frozen=True, slots=True)
class Ended:
    """ARM is done, and this is how the orders ended."""

    state: State
    orders: tuple[BatchOrder, ...]
    #: The ids of the failed orders of which it names the document and gives a reason.
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Undecided:
    """The answer is not understood; the orders carry what it did say about them."""

    #: Why, in the same words for the same kind of answer.
    reason: str
    orders: tuple[BatchOrder, ...]


type Reading = Waiting | Ended | Undecided


class _NotUnderstood(Exception):
    """A part of the answer is not understood."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known words and codes: ours and the deployer's."""

    words: Mapping[str, Meaning]
    codes: Mapping[int, Meaning]

    @classmethod
    def extended(cls, words: str, codes: str) -> Self:
        """Ours with `WORD=meaning` and `CODE=meaning` pairs, separated by commas.

        Raises:
            ValueError: naming the pair that is not one.
        """
        more_codes = {_code(code): meaning for code, meaning in _pairs(codes)}
        return cls(
            words={**WORDS, **{_normal(word): meaning for word, meaning in _pairs(words)}},
            codes={202: Meaning.WAITING, **more_codes},
        )

    def ends(self, code: int) -> AbstractSet[State]:
        """The ends that fit an HTTP code."""
        meaning = self.codes.get(code)
        if meaning is Meaning.FINISHED:
            return frozenset(END_OF.values())
        return {END_OF[meaning]} if meaning in END_OF else ENDS_BY_CODE.get(code, frozenset())

    def meaning(self, entry: Mapping[str, object]) -> Meaning | None:
        """What the words of a body, or of one of its entries, mean together; None where there are none.

        Raises:
            _NotUnderstood: a word is unknown, or two contradict each other.
        """
        said = {_normal(entry[key]) for key in WORD_KEYS if entry.get(key) is not None}
        if not said <= self.words.keys():
            raise _NotUnderstood("ARM's result contains an unknown word")
        meanings = {self.words[word] for word in said}
        if Meaning.WAITING not in meanings and len(meanings) > 1:
            meanings.discard(Meaning.FINISHED)
        if len(meanings) > 1:
            raise _NotUnderstood("the words of ARM's result contradict each other")
        return meanings.pop() if meanings else None


def read(answer: Answer, orders: Sequence[BatchOrder], vocabulary: Vocabulary) -> Reading:
    """What ARM's answer says about the batch with these orders: the HTTP code first, then the words."""
    if vocabulary.codes.get(answer.status) is Meaning.WAITING:
        return Waiting()
    if not vocabulary.ends(answer.status):
        return Undecided(f"ARM answered {answer.status} about the batch", tuple(orders))
    try:
        return _read_body(_body(answer.body), answer.status, orders, vocabulary)
    except _NotUnderstood as error:
        return Undecided(str(error), tuple(orders))
    except RecursionError:  # A body may be shallow enough to be read, but too deep to be written into an error.
        return Undecided("ARM's result is nested too deeply", tuple(orders))


def end_of(orders: Iterable[BatchOrder]) -> State:
    """The end of a batch whose orders have all succeeded or failed."""
    statuses = {order.status for order in orders}
    if len(statuses) > 1:
        return State.PARTIALLY_FAILED
    return State.SUCCEEDED if OrderStatus.SUCCEEDED in statuses else State.FAILED


def _read_body(body: Mapping[str, object], code: int, orders: Sequence[BatchOrder], vocabulary: Vocabulary) -> Reading:
    whole = vocabulary.meaning(body)
    if whole is Meaning.WAITING:
        return Waiting()
    entries = _entries(body)
    conclusion = whole if whole in END_OF else vocabulary.codes.get(code)
    reading = _by_entry(entries, orders, vocabulary) if entries else _as_one(conclusion, body, orders)
    ends = vocabulary.ends(code) & ({END_OF[whole]} if whole in END_OF else vocabulary.ends(code))
    if isinstance(reading, Ended) and reading.state not in ends:
        raise _NotUnderstood("ARM's result contradicts itself")
    if isinstance(reading, Ended) and reading.state is State.SUCCEEDED:
        _check_no_faults({key: value for key, value in body.items() if value is not entries})
    return reading


def _as_one(conclusion: Meaning | None, body: Mapping[str, object], orders: Sequence[BatchOrder]) -> Reading:
    """Every order by what the answer says about the whole batch."""
    if conclusion not in (Meaning.SUCCEEDED, Meaning.FAILED):
        return Undecided("ARM's result does not say how each order ended", tuple(orders))
    _check_all_read(body, conclusion)
    after = tuple(_after(order, conclusion, body) for order in orders)
    return Ended(end_of(after), after)


def _by_entry(entries: Sequence[Mapping[str, object]], orders: Sequence[BatchOrder], vocabulary: Vocabulary) -> Reading:
    """Every order by its own entry. A waiting entry makes the batch wait, a missing one leaves it undecided."""
    known = list(orders)
    meanings = [vocabulary.meaning(entry) for entry in entries]
    # It is not documented which order an entry without a number or an order id means. Its place is a guess, which does
    # not matter where all entries say the same.
    matched = _matched(entries, orders, by_place=len(set(meanings)) == 1)
    if Meaning.WAITING in meanings:
        return Waiting()
    for index, entry, meaning in zip(matched, entries, meanings, strict=True):
        known[index] = _after(orders[index], meaning, entry)
    if any(order.status is OrderStatus.IN_PROGRESS for order in known):
        return Undecided("ARM's result does not say how each order ended", tuple(known))
    return Ended(end_of(known), tuple(known), _named(matched, entries, known))


def _named(
    matched: Sequence[int], entries: Sequence[Mapping[str, object]], orders: Sequence[BatchOrder]
) -> frozenset[str]:
    """The failed orders whose entry names their document's number and gives a reason."""
    pairs = ((orders[index], entry) for index, entry in zip(matched, entries, strict=True))
    return frozenset(
        order.id
        for order, entry in pairs
        if order.status is OrderStatus.FAILED and order.errors and order.document_no and entry.get("documentNo")
    )


def _check_all_read(body: Mapping[str, object], conclusion: Meaning) -> None:
    """A word for all orders counts only where nothing else may be about single ones, not even an empty list."""
    read_keys = ERROR_KEYS if conclusion is Meaning.FAILED else ()
    others = {key: value for key, value in body.items() if isinstance(value, dict | list) and key not in read_keys}
    if any(value or key in ENTRY_KEYS for key, value in others.items()):
        raise _NotUnderstood("a part of ARM's result is not understood")


def _check_no_faults(said: Mapping[str, object]) -> None:
    """A success counts only where nothing else in the answer may contradict it."""
    if any(_may_mean_an_error(key, value) for key, value in said.items()):
        raise _NotUnderstood("ARM's result reports success but may also report an error")


def _may_mean_an_error(key: str, value: object) -> bool:
    if isinstance(value, dict):
        return any(_may_mean_an_error(f"{key} {inner}", part) for inner, part in value.items())
    if isinstance(value, list):
        return any(_may_mean_an_error(key, part) for part in value)
    named_so = bool(FAULT.search(key)) and bool(value)
    return named_so or value is False or (isinstance(value, str) and bool(FAULT.search(value)))


def _after(order: BatchOrder, meaning: Meaning | None, entry: Mapping[str, object]) -> BatchOrder:
    if meaning is Meaning.SUCCEEDED:
        _check_no_faults(entry)
        return replace(order, status=OrderStatus.SUCCEEDED)
    if meaning is Meaning.FAILED:
        return replace(order, status=OrderStatus.FAILED, errors=_errors(entry))
    return order


def _matched(entries: Sequence[Mapping[str, object]], orders: Sequence[BatchOrder], *, by_place: bool) -> list[int]:
    """The index of each entry's order.

    Raises:
        _NotUnderstood: an entry fits no order, or an order has two.
    """
    matched: list[int] = []
    for position, entry in enumerate(entries):
        compared = [_comparisons(entry, order) for order in orders]
        candidates = {index for index, same in enumerate(compared) if same and all(same)}
        if by_place and len(entries) == len(orders) and not candidates and not compared[position]:
            candidates = {position}
        if len(candidates) != 1 or candidates & set(matched):
            raise _NotUnderstood("ARM's result does not say which order an entry is about")
        matched.append(candidates.pop())
    return matched


def _comparisons(entry: Mapping[str, object], order: BatchOrder) -> list[bool]:
    """For each identifier that both have, whether it is the same. ARM numbers a document that has no number."""
    pairs = ((entry.get("documentNo"), order.document_no), (entry.get("salesOrderId"), order.order_id))
    return [same_value(theirs, ours) for theirs, ours in pairs if theirs and ours]


def _entries(body: Mapping[str, object]) -> list[Mapping[str, object]]:
    lists = [value for key in ENTRY_KEYS if isinstance(value := body.get(key), list) and value]
    if len(lists) > 1 or any(not isinstance(entry, dict) for entry in (lists[0] if lists else [])):
        raise _NotUnderstood("the entries of ARM's result are not understood")
    return lists[0] if lists else []


def _errors(entry: Mapping[str, object]) -> tuple[str, ...]:
    found: list[str] = []
    for key in ERROR_KEYS:
        value = entry.get(key)
        found += [text for part in (value if isinstance(value, list) else [value]) if (text := _error_text(part))]
    return tuple(found[:MAX_ERRORS])


def _error_text(part: object) -> str:
    text = json.dumps(part, ensure_ascii=False) if isinstance(part, dict) else part
    if not isinstance(text, str):
        return ""
    # JSON can contain half a surrogate pair, which UTF-8 cannot.
    return text[:MAX_ERROR_LENGTH].translate(PRINTABLE).encode(errors="replace").decode()


def _body(text: str) -> Mapping[str, object]:
    body = json_object(text)
    if body is None:
        raise _NotUnderstood("ARM's result is not a JSON object")
    return body


def _normal(word: object) -> str:
    return str(word).strip().upper().replace("_", "-").replace(" ", "-")


def _pairs(text: str) -> list[tuple[str, Meaning]]:
    pairs = []
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, meaning = pair.partition("=")
        if not name.strip() or meaning.strip() not in set(Meaning):
            raise ValueError(f"{pair!r} should be NAME=meaning, the meaning one of {', '.join(Meaning)}")
        pairs.append((name.strip(), Meaning(meaning.strip())))
    return pairs


def _code(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == len("200")):
        raise ValueError(f"{text!r} should be an HTTP status code")
    return int(text)
