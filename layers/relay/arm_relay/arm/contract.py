"""ARM's contract: all that is guessed about its answers and codes, read from a JSON document. Pure.

The document is one of `contracts/*.json`; `contract_files` finds it. A document is complete, or `extends` another one:
then it is a JSON merge patch (RFC 7396) on it, where an object is laid over an object, null takes a key out, and
anything else replaces what was there. docs/arm-contract.md explains each key; `tools.contract_keys` has its words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, cast

from arm_relay.arm.documents import Document


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


class Turned(StrEnum):
    """What a 4xx to a submission means."""

    #: ARM has read the batch and does not take it.
    REFUSED = "refused"
    #: ARM may have the batch: its ledger is asked.
    IN_DOUBT = "in-doubt"
    #: It says nothing about the batch, which waits and is sent again.
    WAITS = "waits"


class Sign(StrEnum):
    """With which sign the amounts of a credit note reach ARM."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class WrongContract(ValueError):
    """A contract's document is not one."""

    def __init__(self, name: str, faults: list[str]) -> None:
        super().__init__(f"ARM's contract {name!r} is wrong: {'; '.join(faults)}")
        #: What is wrong, each with its place: a JSON pointer and a sentence.
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Counts:
    """Keys that count documents, as `loose` spells them."""

    #: All documents of the batch, or all that were processed.
    all: frozenset[str]
    succeeded: frozenset[str]
    failed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Texts:
    """Parts of texts and of names of keys, in lower case."""

    #: A text or a name with one of these may tell of a fault.
    fault: tuple[str, ...]
    #: A text or a name with one of these may say that ARM is not done.
    waiting: tuple[str, ...]
    #: A key with one of these says that ARM only tried, where its value says that there is something.
    trial: tuple[str, ...]
    #: A failure whose text has one of these may be one of the call, not of the batch.
    temporary: tuple[str, ...]
    #: A number beside one of these in a text says how many documents were created.
    done: tuple[str, ...]
    #: Words that deny what stands after them.
    none: frozenset[str]
    #: Words that may stand between such a word and a fault: "no documents failed".
    things: frozenset[str]
    #: Values that say that there is nothing.
    nothing: frozenset[str]
    #: Parts of texts that look like a fault and are none. They are taken out first.
    harmless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Documents:
    """Codes and fields of the documents that are sent."""

    invoice: str
    #: Empty where it is not known: then no credit note can be sent.
    credit_note: str
    #: The field in which a credit note names its invoice; empty where it is not known.
    credited_invoice_key: str
    credit_sign: Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A checked contract. docs/arm-contract.md says what each part means."""

    name: str
    codes: Mapping[int, Meaning]
    deciding_codes: frozenset[int]
    words: Mapping[str, Meaning]
    head_words: Mapping[str, Meaning]
    entry_words: Mapping[str, Meaning]
    word_keys: tuple[str, ...]
    flags: Mapping[str, Meaning]
    envelopes: tuple[str, ...]
    entry_envelopes: tuple[str, ...]
    entry_lists: tuple[str, ...]
    list_pairs: tuple[tuple[str, str], ...]
    summaries: tuple[str, ...]
    batch_id_keys: tuple[str, ...]
    number_keys: tuple[str, ...]
    order_keys: tuple[str, ...]
    place_keys: Mapping[str, int]
    entries_in_order: bool
    document_id_keys: tuple[str, ...]
    succeeded_by: tuple[str, ...]
    failed_by: tuple[str, ...]
    counts: Counts
    counts_decide: bool
    percent_keys: frozenset[str]
    end_time_keys: frozenset[str]
    code_keys: frozenset[str]
    error_keys: tuple[str, ...]
    echo_keys: frozenset[str]
    texts: Texts
    documents: Documents
    submissions: Mapping[int, Turned]

    def turned(self, status: int) -> Turned:
        """What a 4xx to a submission means."""
        return self.submissions.get(status, Turned.WAITS)

    @classmethod
    def of(cls, document: object, name: str) -> Self:
        """The contract in a complete document.

        Raises:
            WrongContract: naming every fault with its place.
        """
        parts = _Parts(document)
        contract = cls(
            name=name,
            codes=parts.coded("codes", _member(Meaning)),
            deciding_codes=frozenset(parts.listed("decidingCodes", _code)),
            words=parts.worded("words"),
            head_words=parts.worded("headWords"),
            entry_words=parts.worded("entryWords"),
            word_keys=parts.names("wordKeys"),
            flags=parts.mapped("flags", _key, _member(Meaning)),
            envelopes=parts.names("envelopes"),
            entry_envelopes=parts.names("entryEnvelopes"),
            entry_lists=parts.names("entryLists"),
            list_pairs=tuple(parts.listed("listPairs", _pair)),
            summaries=parts.names("summaries"),
            batch_id_keys=parts.names("batchIdKeys"),
            number_keys=parts.names("numberKeys"),
            order_keys=parts.names("orderKeys"),
            place_keys=parts.mapped("placeKeys", _key, _number),
            entries_in_order=parts.value("entriesInOrder", _truth, default=False),
            document_id_keys=parts.names("documentIdKeys"),
            succeeded_by=parts.names("succeededBy"),
            failed_by=parts.names("failedBy"),
            counts=_counts(parts.inner("counts", ("all", "succeeded", "failed"))),
            counts_decide=parts.value("countsDecide", _truth, default=False),
            percent_keys=frozenset(map(loose, parts.names("percentKeys"))),
            end_time_keys=frozenset(map(loose, parts.names("endTimeKeys"))),
            code_keys=frozenset(map(loose, parts.names("codeKeys"))),
            error_keys=parts.names("errorKeys"),
            echo_keys=frozenset(parts.names("echoKeys")),
            texts=_texts(parts.inner("texts", TEXT_KEYS)),
            documents=_documents(parts.inner("documents", DOCUMENT_KEYS)),
            submissions=parts.coded("submissions", _member(Turned)),
        )
        parts.value("about", _text, default="")
        parts.end()
        if parts.faults:
            raise WrongContract(name, parts.faults)
        return contract


TEXT_KEYS: Final = ("fault", "waiting", "trial", "temporary", "done", "none", "things", "nothing", "harmless")
DOCUMENT_KEYS: Final = ("invoice", "creditNote", "creditedInvoiceKey", "creditSign")
#: Fields of a document in which an order may state something of its own, and a credit note may name its invoice.
SHARED: Final = ("purchaseOrderId", "sellerReference", "buyerReference", "additionalReference", "ledgerNote")
#: Every field of a document that the relay writes, without case.
WRITTEN: Final = frozenset(map(str.casefold, Document.__annotations__))
#: What is neither a letter nor a digit.
NO_LETTER: Final = re.compile(r"[\W_]+")
#: The codes that a contract may give a meaning to.
LOWEST_CODE: Final = 100
HIGHEST_CODE: Final = 599


def merged(base: object, patch: object) -> object:
    """A document with a patch laid over it (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    under = base if isinstance(base, dict) else {}
    laid = {key: merged(under.get(key), value) for key, value in patch.items() if value is not None}
    return laid | {key: value for key, value in under.items() if key not in patch}


def loose(text: str) -> str:
    """A word or a key without case, blanks and separators, so that IN_PROGRESS, "in progress" and inProgress agree."""
    return NO_LETTER.sub("", text.casefold())


class _Fault(Exception):
    """A value that cannot stand where it does."""


class _Parts:
    """A document, read key by key; what is wrong is collected with its place."""

    def __init__(self, document: object, place: str = "", faults: list[str] | None = None) -> None:
        self.faults: list[str] = [] if faults is None else faults
        self._place = place
        self._known: set[str] = {"extends"} if not place else set()
        self._values: Mapping[str, object] = {}
        if isinstance(document, dict):
            self._values = document
        else:
            self.faults.append(f"{place or '/'} should be an object")

    def value[T](self, key: str, read: Callable[[object], T], *, default: T) -> T:
        """The value under the key."""
        if not self._is_there(key):
            return default
        try:
            return read(self._values[key])
        except _Fault as fault:
            self._found(f"/{key}", fault)
            return default

    def listed[T](self, key: str, read: Callable[[object], T]) -> list[T]:
        """The list under the key."""
        values: list[object] = self.value(key, _list, default=[])
        found = [self._part(f"/{key}/{place}", read, value) for place, value in enumerate(values)]
        return [part for part in found if part is not None]

    def mapped[K, V](self, key: str, read_key: Callable[[str], K], read: Callable[[object], V]) -> dict[K, V]:
        """The object under the key."""
        found: dict[K, V] = {}
        values: dict[str, object] = self.value(key, _object, default={})
        for name, value in values.items():
            place = f"/{key}/{name}"
            read_name, read_value = self._part(place, read_key, name), self._part(place, read, value)
            if read_name is not None and read_value is not None:
                if read_name in found and found[read_name] != read_value:
                    self.faults.append(f"{self._place}{place} contradicts another spelling of the same word")
                found[read_name] = read_value
        return found

    def names(self, key: str) -> tuple[str, ...]:
        """The list of keys, or of texts, under the key."""
        return tuple(self.listed(key, _name))

    def coded[V](self, key: str, read: Callable[[object], V]) -> dict[int, V]:
        """The object under the key, its keys HTTP codes."""
        return self.mapped(key, _code, read)

    def worded(self, key: str) -> dict[str, Meaning]:
        """The object under the key, its keys words of ARM's."""
        return self.mapped(key, _word, _member(Meaning))

    def inner(self, key: str, keys: tuple[str, ...]) -> "_Parts":
        """The object under the key, which has these keys."""
        values: dict[str, object] = self.value(key, _object, default={})
        parts = _Parts(values, f"{self._place}/{key}", self.faults)
        parts.expect(keys)
        return parts

    def expect(self, keys: tuple[str, ...]) -> None:
        """Report every other key."""
        self._known.update(keys)
        self.end()

    def end(self) -> None:
        """Report every key that nobody asked for."""
        self.faults += [f"{self._place}/{key} is not a key of a contract" for key in self._values.keys() - self._known]

    def _is_there(self, key: str) -> bool:
        self._known.add(key)
        if key in self._values or key == "about":
            return key in self._values
        self.faults.append(f"{self._place}/{key} is missing")
        return False

    def _part[A, T](self, place: str, read: Callable[[A], T], value: A) -> T | None:
        try:
            return read(value)
        except _Fault as fault:
            self._found(place, fault)
            return None

    def _found(self, place: str, fault: _Fault) -> None:
        self.faults.append(f"{self._place}{place} {fault}")


def _counts(parts: _Parts) -> Counts:
    read = {key: frozenset(map(loose, parts.names(key))) for key in ("all", "succeeded", "failed")}
    return Counts(**read)


def _texts(parts: _Parts) -> Texts:
    read = {key: tuple(text.casefold() for text in parts.names(key)) for key in TEXT_KEYS}
    return Texts(
        fault=read["fault"],
        waiting=read["waiting"],
        trial=read["trial"],
        temporary=read["temporary"],
        done=read["done"],
        none=frozenset(read["none"]),
        things=frozenset(read["things"]),
        nothing=frozenset(read["nothing"]),
        harmless=read["harmless"],
    )


def _documents(parts: _Parts) -> Documents:
    return Documents(
        invoice=parts.value("invoice", _name, default=""),
        credit_note=parts.value("creditNote", _text, default=""),
        credited_invoice_key=parts.value("creditedInvoiceKey", _free_field, default=""),
        credit_sign=parts.value("creditSign", _member(Sign), default=Sign.POSITIVE),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Fault("should be a text")
    return value


def _free_field(value: object) -> str:
    """The name of a field that has no other purpose in a document."""
    name = _text(value)
    if name.casefold() in WRITTEN and name not in SHARED:
        raise _Fault("is a field of the document that the relay needs for something else")
    return name


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Fault("should be a text that is not empty")
    return value


def _key(name: str) -> str:
    return _name(name)


def _word(text: str) -> str:
    if not loose(text):
        raise _Fault("should be a word with a letter or a digit")
    return loose(text)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Fault("should be true or false")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Fault("should be a whole number")
    return value


def _code(value: object) -> int:
    text = str(value)
    is_code = not isinstance(value, bool) and text.isascii() and text.isdigit()
    if not is_code or not LOWEST_CODE <= int(text[:9]) <= HIGHEST_CODE:
        raise _Fault("should be an HTTP status code")
    return int(text)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Fault("should be a list")
    return value


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Fault("should be an object")
    return value


def _pair(value: object) -> tuple[str, str]:
    if not isinstance(value, dict) or value.keys() != {"succeeded", "failed"}:
        raise _Fault("should be an object with the keys succeeded and failed")
    return _name(value["succeeded"]), _name(value["failed"])


def _member[E: StrEnum](kind: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        if value not in set(kind):
            raise _Fault(f"should be one of {', '.join(kind)}")
        return kind(cast("str", value))

    return read
