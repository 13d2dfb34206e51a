"""What a contract would have to say so that an answer which is not understood would be. Pure.

Each round looks for one thing that the contract does not know, such as a word or the key of a list, and tries the lines
that would make it known. A line is named only where it changes how the answer is read. What a word means only a person
can say: so each meaning is named with the reading that follows from it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from typing import Any, Final

from arm_relay.arm.contract import Contract, Meaning, WrongContract, loose, merged
from arm_relay.arm.not_understood import CONTRADICTION, SAYS_NOT_HOW, WHICH_ORDER, WORDS_DIFFER
from arm_relay.arm.objections import below
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Waiting, read
from arm_relay.batches.batch import Answer, BatchOrder

from desk.explanation import UNDECIDED
from desk.places import Part, doubled, entries_of, heads_of, parsed

#: The most things that may be missing at once.
MOST_ROUNDS: Final = 8

#: The most words for which all meanings are tried together.
MOST_GUESSED: Final = 3

#: The longest text that may be said to be harmless.
LONGEST_TEXT: Final = 120

WAITING: Final = "waiting"

#: The key of a contract that says what words mean.
WORDS: Final = "words"

type Lines = dict[str, Any]

#: What a word means, in words.
FOR_ALL: Final[Mapping[Meaning, str]] = {
    Meaning.SUCCEEDED: "all documents were created",
    Meaning.PARTIAL: "some documents were created",
    Meaning.FAILED: "no document was created",
    Meaning.WAITING: "ARM is not done",
    Meaning.FINISHED: "ARM is done, and it does not say how it ended",
}
FOR_ONE: Final[Mapping[Meaning, str]] = {
    Meaning.SUCCEEDED: "the document was created",
    Meaning.FAILED: "the document was not created",
    Meaning.WAITING: "ARM is not done with the document",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that could be added to the contract."""

    #: The key of the contract.
    key: str
    #: The line, as a document that is laid over the contract.
    lines: Lines
    #: What has to be true, as the end of a sentence that begins with "if".
    condition: str
    #: How the answer is read with it.
    then: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something in an answer that the contract does not know."""

    what: str
    #: JSON Pointers into the body; none for the HTTP code.
    places: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Gaps:
    """All that is missing."""

    gaps: tuple[Gap, ...] = ()
    #: All of them together, each with the meaning that its name suggests, and how the answer is read then.
    together: Lines | None = None
    then: str = ""
    #: Why no line of a contract helps; empty where one does.
    why_none: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        gaps = [
            {
                "what": gap.what,
                "places": list(gap.places),
                "lines": [
                    {"key": line.key, "line": line.lines, "if": line.condition, "then": line.then} for line in gap.lines
                ],
            }
            for gap in self.gaps
        ]
        together = {"lines": self.together, "then": self.then} if self.gaps else None
        return {"gaps": gaps, "together": together, "whyNone": self.why_none or None}


def in_words(gaps: Gaps) -> Iterator[str]:
    """The same for people."""
    if gaps.why_none:
        yield f"No line of a contract makes it understood. {gaps.why_none}"
        return
    for number, gap in enumerate(gaps.gaps, start=1):
        yield f"Missing in the contract, {number}: {gap.what}{_where(gap.places)}."
        telling = _telling(gap, gaps.together or {})
        for line in telling:
            yield f"  If {line.condition}, write:  {_without_braces(line.lines)}"
            yield f"    The answer then reads: {line.then}"
        if any(line.then.startswith(UNDECIDED) for line in gap.lines if line not in telling):
            yield "  Anything else leaves it undecided."
    if gaps.then.startswith(UNDECIDED):
        yield f"They are not enough: the answer then reads {gaps.then}"
    elif len(gaps.gaps) > 1:
        yield f"With a line for each, the answer reads: {gaps.then}"
        yield f"  {_without_braces(gaps.together or {})}"
    yield "A line stands in a contract of your own: docs/arm-contract.md says how to write, check and deploy it."


def _telling(gap: Gap, together: Lines) -> Sequence[Line]:
    """The lines that a person has to choose from."""
    chosen = [line for line in gap.lines if merged(together, line.lines) == together]
    decided = [line for line in gap.lines if not line.then.startswith(UNDECIDED)]
    is_word = all(line.key == WORDS for line in gap.lines)
    if is_word and chosen and len({line.then for line in decided}) == 1:
        # The rest of the answer decides, whatever the word means.
        return chosen
    return [line for line in gap.lines if line in decided or line in chosen] or gap.lines


def _where(places: Sequence[str]) -> str:
    if not places:
        return ""
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f", at {places[0]}{more}"


def _without_braces(lines: Lines) -> str:
    """The line as it stands inside the braces of a contract's file."""
    return json.dumps(lines, ensure_ascii=False)[1:-1]


def said(reading: Reading) -> str:
    """A reading in a few words."""
    match reading:
        case Waiting():
            return WAITING
        case Ended(state):
            return state.value
        case Undecided(reason):
            return f"{UNDECIDED}: {reason}"


def gaps_in(
    answer: Answer, orders: Sequence[BatchOrder], document: Mapping[str, Any], batch_uuid: str | None = None
) -> Gaps:
    """What the complete contract does not know about an answer that is undecided with it."""
    if why := _why_none(answer, document, batch_uuid):
        return Gaps(why_none=why)
    reader = _Reader(answer, tuple(orders), document, batch_uuid)
    found: list[Gap] = []
    lines: Lines = {}
    for _ in range(MOST_ROUNDS):
        if not isinstance(reader.reading(lines), Undecided):
            break
        step = next(filter(None, (find(reader, lines) for find in _FINDERS)), None)
        if step is None:
            break
        more, gaps = step
        found += gaps
        reader.seen.add(said(reader.reading(lines)))
        lines = _laid(lines, more)
    reading = reader.reading(lines)
    if not found:
        return Gaps(why_none=_nothing_helps(reading))
    return Gaps(tuple(found), lines, said(reading))


def _nothing_helps(reading: Reading) -> str:
    if isinstance(reading, Undecided) and reading.against:
        return "What speaks against it is named above, and is no matter of words."
    return "Its parts contradict each other, or leave out some of the orders."


def _why_none(answer: Answer, document: Mapping[str, Any], batch_uuid: str | None) -> str:
    body = parsed(answer.body)
    if not isinstance(body, dict):
        return "The body is no JSON object, and a contract is about JSON objects."
    if places := doubled(answer.body):
        return f"A key stands twice, so the answer does not say which value counts: {', '.join(places)}."
    parts = [*heads_of(body, document), *entries_of(body, document)]
    ids = [(part, key) for part in parts for key in document["batchIdKeys"] if part.fields.get(key)]
    others = [part.pointer(key) for part, key in ids if batch_uuid and str(part.fields[key]) != batch_uuid]
    return f"The answer is about another batch: {', '.join(others)}." if others else ""


class _Reader:
    """Reads the answer with more and more lines."""

    def __init__(
        self, answer: Answer, orders: tuple[BatchOrder, ...], document: Mapping[str, Any], batch_uuid: str | None
    ) -> None:
        self.answer = answer
        self.orders = orders
        self.body: dict[str, Any] = parsed(answer.body)
        self._document = document
        self._batch_uuid = batch_uuid
        #: How the answer was read in earlier rounds: to come back to one of them is no progress.
        self.seen: set[str] = set()

    def document(self, lines: Lines) -> dict[str, Any]:
        """The complete contract with these lines."""
        laid = merged(self._document, lines)
        return laid if isinstance(laid, dict) else {}

    def reading(self, lines: Lines) -> Reading:
        """How the answer is read with these lines."""
        try:
            contract = Contract.of(self.document(lines), "tried")
        except WrongContract:
            return Undecided("the contract would be wrong", self.orders)
        return read(self.answer, self.orders, contract, self._batch_uuid)

    def line(self, lines: Lines, key: str, value: object, condition: str) -> Line:
        """A line, with how the answer is read with it beside the others."""
        own = {key: value}
        return Line(key, own, condition, said(self.reading(_laid(lines, own))))

    def helps(self, lines: Lines, line: Line) -> bool:
        """Whether the answer is read further with the line."""
        return line.then not in {said(self.reading(lines)), *self.seen}

    def reason(self, lines: Lines) -> str:
        """Why the answer is undecided with these lines."""
        reading = self.reading(lines)
        return reading.reason if isinstance(reading, Undecided) else ""

    def added(self, lines: Lines, key: str, value: object) -> list[Any]:
        """The contract's list with one more value: a list replaces the one that it is laid over."""
        return [value, *self.document(lines)[key]]


#: What a finder gives: the lines to go on with, and the gaps that they close.
type Step = tuple[Lines, list[Gap]]
type Finder = Callable[[_Reader, Lines], Step | None]


def _laid(lines: Lines, more: Lines) -> Lines:
    laid = {key: _both(lines[key], value) if key in lines else value for key, value in more.items()}
    return lines | laid


def _both(value: object, other: object) -> object:
    return value | other if isinstance(value, dict) and isinstance(other, dict) else other


def _step(reader: _Reader, lines: Lines, what: str, places: Sequence[str], tried: Sequence[Line]) -> Step | None:
    """The gap with the lines that help, and the best of them to go on with."""
    helping = [line for line in tried if reader.helps(lines, line)]
    if not helping:
        return None
    best = min(helping, key=lambda line: (line.then == WAITING, line.then.startswith(UNDECIDED)))
    return best.lines, [Gap(what, tuple(places), tuple(helping))]


# The finders, in the order in which they are asked


def _code(reader: _Reader, lines: Lines) -> Step | None:
    code = str(reader.answer.status)
    if code in reader.document(lines)["codes"]:
        return None
    meanings = [Meaning.FINISHED, Meaning.PARTIAL, Meaning.FAILED, Meaning.WAITING]
    if reader.answer.status >= HTTPStatus.BAD_REQUEST:
        # The likeliest first.
        meanings = [Meaning.FAILED, Meaning.FINISHED, Meaning.WAITING]
    tried = [reader.line(lines, "codes", {code: meaning.value}, _of_code(meaning)) for meaning in meanings]
    return _step(reader, lines, f"the HTTP code {code} is not known", (), tried)


def _of_code(meaning: Meaning) -> str:
    return "it comes with every end of a batch" if meaning is Meaning.FINISHED else f"it says that {FOR_ALL[meaning]}"


def _words(reader: _Reader, lines: Lines) -> Step | None:
    """Every word that is not known: each with what it may mean, while the others mean what their names suggest."""
    document = reader.document(lines)
    unknown: dict[str, tuple[list[str], bool]] = {}
    for part in (*heads_of(reader.body, document), *entries_of(reader.body, document)):
        for key in document["wordKeys"]:
            value = part.fields.get(key)
            if _is_unknown(value, key, part, document):
                word = value if isinstance(value, str) else json.dumps(value)
                places, is_entry = unknown.setdefault(word, ([], part.is_entry))
                places.append(part.pointer(key))
                unknown[word] = (places, is_entry and part.is_entry)
    if not unknown:
        return None
    guess = _guesses(reader, lines, {word: is_entry for word, (_, is_entry) in unknown.items()})
    gaps = []
    for word, (places, is_entry) in unknown.items():
        others = _laid(lines, {WORDS: {other: meant.value for other, meant in guess.items() if other != word}})
        means = FOR_ONE if is_entry else FOR_ALL
        tried = [reader.line(others, WORDS, {word: meaning.value}, text) for meaning, text in means.items()]
        gaps.append(Gap(f'the word "{word}" is not known', tuple(places), tuple(tried)))
    return {WORDS: {word: meant.value for word, meant in guess.items()}}, gaps


def _guesses(reader: _Reader, lines: Lines, unknown: Mapping[str, bool]) -> dict[str, Meaning]:
    """What each word may mean: what its name suggests, or else the first meanings with which the answer is read."""
    document = reader.document(lines)
    named = {word: _guessed(word, document, reader.answer.status) for word in unknown}
    if len(unknown) > MOST_GUESSED:
        return named
    # Only where the entries say the same can a word mean that some documents were created: so that is tried first.
    for_all = [Meaning.PARTIAL, *FOR_ALL]
    choices = [[named[word], *(FOR_ONE if is_entry else for_all)] for word, is_entry in unknown.items()]
    for meanings in product(*choices):
        guess = dict(zip(unknown, meanings, strict=True))
        tried = _laid(lines, {WORDS: {word: meaning.value for word, meaning in guess.items()}})
        if isinstance(reader.reading(tried), Ended):
            return guess
    return named


def _is_unknown(value: object, key: str, part: Part, document: Mapping[str, Any]) -> bool:
    if not isinstance(value, str | int | float) or (isinstance(value, bool) and key in document["flags"]):
        return False
    own = document["entryWords" if part.is_entry else "headWords"]
    spelt = loose(str(value))
    return bool(spelt) and spelt not in {loose(word) for words in (own, document["words"]) for word in words}


def _guessed(word: str, document: Mapping[str, Any], code: int) -> Meaning:
    text = word.casefold()
    if code >= HTTPStatus.BAD_REQUEST or any(stem in loose(word) for stem in map(loose, document["texts"]["fault"])):
        return Meaning.FAILED
    return Meaning.WAITING if any(stem in text for stem in document["texts"]["waiting"]) else Meaning.SUCCEEDED


def _calls_word(reader: _Reader, lines: Lines) -> Step | None:
    """A success that the rest of the answer contradicts may be the call's."""
    if reader.reason(lines) not in (CONTRADICTION, WORDS_DIFFER):
        return None
    document = reader.document(lines)
    for word, place in _words_of(heads_of(reader.body, document), document, Meaning.SUCCEEDED).items():
        condition = "it is about the call, and not about the documents"
        line = reader.line(lines, "headWords", {word: Meaning.FINISHED.value}, condition)
        if not line.then.startswith(UNDECIDED):
            return _step(reader, lines, f'the word "{word}" for the whole batch does not fit the rest', [place], [line])
    return None


def _meaning(word: str, part: Part, document: Mapping[str, Any]) -> str | None:
    own = document["entryWords" if part.is_entry else "headWords"]
    known = {loose(name): meaning for words in (document[WORDS], own) for name, meaning in words.items()}
    return known.get(loose(word))


def _fallen_word(reader: _Reader, lines: Lines) -> Step | None:
    """A failure of the whole beside a success of one entry: either may mean less than it says."""
    if reader.reason(lines) not in (CONTRADICTION, WORDS_DIFFER):
        return None
    document = reader.document(lines)
    fine = _words_of(entries_of(reader.body, document), document, Meaning.SUCCEEDED)
    bad = _words_of(heads_of(reader.body, document), document, Meaning.FAILED)
    tried = [
        reader.line(
            lines, "entryWords", {word: Meaning.FINISHED.value}, f'"{word}" says that a document was fine, not created'
        )
        for word in fine
    ]
    tried += [
        reader.line(
            lines,
            "headWords",
            {word: Meaning.FINISHED.value},
            f'"{word}" says only that not all documents were created',
        )
        for word in bad
    ]
    what = "the word for the whole batch and one of an entry do not fit"
    if not fine or not bad:
        return None
    return _step(reader, lines, what, [*fine.values(), *bad.values()], tried)


def _words_of(parts: Sequence[Part], document: Mapping[str, Any], meaning: Meaning) -> dict[str, str]:
    """The words of parts that have this meaning, with where each stands first."""
    found: dict[str, str] = {}
    for part in parts:
        for key in document["wordKeys"]:
            word = part.fields.get(key)
            if isinstance(word, str) and _meaning(word, part, document) == meaning.value:
                found.setdefault(word, part.pointer(key))
    return found


def _lists(reader: _Reader, lines: Lines) -> Step | None:
    """A list or an object in the head that is not known."""
    document = reader.document(lines)
    pairs = (key for pair in document["listPairs"] for key in pair.values())
    lists = {*document["entryLists"], *pairs}
    objects = {*document["envelopes"], *document["summaries"]}
    for part in heads_of(reader.body, document):
        for key, value in part.fields.items():
            known = lists if isinstance(value, list) else objects
            if key in known or not isinstance(value, dict | list) or not value:
                continue
            tried = _of_list(reader, lines, part, key) if isinstance(value, list) else _of_object(reader, lines, key)
            if step := _step(reader, lines, f'the key "{key}" is not known', [part.pointer(key)], tried):
                return step
    return None


def _of_list(reader: _Reader, lines: Lines, part: Part, key: str) -> list[Line]:
    others = [other for other, value in part.fields.items() if isinstance(value, list) and other != key]
    pairs = [pair for other in others for pair in ((key, other), (other, key))]
    tried = [
        reader.line(
            lines,
            "listPairs",
            reader.added(lines, "listPairs", {"succeeded": good, "failed": bad}),
            f'"{good}" holds what was created, and "{bad}" what was not',
        )
        for good, bad in pairs
    ]
    condition = "the list has one entry for each document"
    tried.append(reader.line(lines, "entryLists", reader.added(lines, "entryLists", key), condition))
    return [*tried, reader.line(lines, "errorKeys", reader.added(lines, "errorKeys", key), "it says why not")]


def _of_object(reader: _Reader, lines: Lines, key: str) -> list[Line]:
    choices = [
        ("envelopes", "the words for the batch are inside it"),
        ("summaries", "there is nothing but counts in it"),
        ("errorKeys", "it says why documents were not created"),
    ]
    return [reader.line(lines, name, reader.added(lines, name, key), condition) for name, condition in choices]


def _numbers(reader: _Reader, lines: Lines) -> Step | None:
    """A key of the entries that names their documents."""
    if reader.reason(lines) != WHICH_ORDER:
        return None
    document = reader.document(lines)
    entries = entries_of(reader.body, document)
    numbers = {order.document_no.casefold() for order in reader.orders if order.document_no}
    keys = dict.fromkeys(
        key for part in entries for key, value in part.fields.items() if str(value).casefold() in numbers
    )
    places = dict.fromkeys(
        key
        for part in entries
        for key, value in part.fields.items()
        if str(value).isdecimal() and key not in document["wordKeys"]
    )
    tried = [
        reader.line(
            lines, "numberKeys", reader.added(lines, "numberKeys", key), f'"{key}" holds the document\'s number'
        )
        for key in keys
    ]
    tried += [
        reader.line(lines, "placeKeys", {key: first}, f'"{key}" counts the documents of the batch from {first}')
        for key in places
        for first in (0, 1)
    ]
    tried.append(
        reader.line(lines, "entriesInOrder", value=True, condition="the entries stand in the order of the batch")
    )
    what = "no key is known by which an entry names its document"
    if not numbers:
        what += " (--orders with the documents' numbers finds the key)"
    return _step(reader, lines, what, [part.place for part in entries], tried) if entries else None


def _word_keys(reader: _Reader, lines: Lines) -> Step | None:
    """A key that may hold a word, where no word decides."""
    if reader.reason(lines) != SAYS_NOT_HOW:
        return None
    document = reader.document(lines)
    tried: dict[str, Line] = {}
    places: dict[str, str] = {}
    for part in (*entries_of(reader.body, document), *heads_of(reader.body, document)):
        for key, value in part.fields.items():
            if key in tried or key in (*document["wordKeys"], *document["numberKeys"], *document["batchIdKeys"]):
                continue
            if isinstance(value, bool) and key not in document["flags"]:
                condition = f'"{key}" is true where documents were created'
                tried[key] = reader.line(lines, "flags", {key: Meaning.SUCCEEDED.value}, condition)
            elif isinstance(value, str) and value.replace("-", "").replace("_", "").isalpha():
                condition = f'"{key}" says how it ended'
                tried[key] = reader.line(lines, "wordKeys", reader.added(lines, "wordKeys", key), condition)
            places.setdefault(key, part.pointer(key))
    helping = [key for key, line in tried.items() if reader.helps(lines, line)]
    what = "no key is known that says how it ended"
    return _step(reader, lines, what, [places[key] for key in helping], [tried[key] for key in helping])


def _counts(reader: _Reader, lines: Lines) -> Step | None:
    """Counts that could decide by themselves."""
    tried = [
        reader.line(lines, "countsDecide", value=True, condition="all counts of a result are final"),
    ]
    what = "no word says how it ended, but counts do"
    return None if tried[0].then.startswith(UNDECIDED) else _step(reader, lines, what, (), tried)


def _texts(reader: _Reader, lines: Lines) -> Step | None:
    """A text or a key that speaks against what the words say."""
    reading = reader.reading(lines)
    for objection in reading.against if isinstance(reading, Undecided) else ():
        key = objection.place.rpartition("/")[2]
        value = _value_at(reader.body, objection.place)
        tried = _of_text(reader, lines, key, value)
        what = f'the value of "{key}" speaks against the words ({objection.kind.value})'
        if step := _step(reader, lines, what, [objection.place], tried):
            return step
    return None


def _of_text(reader: _Reader, lines: Lines, key: str, value: object) -> list[Line]:
    document = reader.document(lines)
    if not isinstance(value, str) or key in document["wordKeys"]:
        return []
    if loose(value) in {loose(word) for words in (document[WORDS], document["entryWords"]) for word in words}:
        # A known word is no harmless text.
        condition = f'"{key}" says how it ended'
        return [reader.line(lines, "wordKeys", reader.added(lines, "wordKeys", key), condition)]
    tried = []
    if len(value) <= LONGEST_TEXT:
        harmless = [value.casefold(), *document["texts"]["harmless"]]
        tried.append(reader.line(lines, "texts", {"harmless": harmless}, "this text tells of no fault"))
    if key not in document["errorKeys"] and not key.isdecimal():
        condition = f'"{key}" repeats what was sent'
        tried.append(reader.line(lines, "echoKeys", reader.added(lines, "echoKeys", key), condition))
    return tried


def _value_at(body: object, pointer: str) -> object:
    for part in pointer.split("/")[1:]:
        if isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, dict):
            body = {below("", key)[1:]: value for key, value in body.items()}.get(part)
        else:
            return None
    return body


_FINDERS: Final[Sequence[Finder]] = (
    _code,
    _words,
    _lists,
    _numbers,
    _calls_word,
    _fallen_word,
    _word_keys,
    _counts,
    _texts,
)
