"""The body of ARM's result, taken apart by the contract: its heads, its entries, its counts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from arm_relay.arm.contract import Contract, Meaning, loose
from arm_relay.arm.matching import match
from arm_relay.arm.not_understood import ENTRIES, NotUnderstood, UnknownWord
from arm_relay.arm.objections import below, number_of
from arm_relay.arm.words import meaning_of_entry, meaning_of_head, reports
from arm_relay.batches.batch import BatchOrder

#: How deep envelopes may be nested.
DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list."""

    #: As it stands in the body.
    whole: Mapping[str, object]
    #: With what its own envelopes hold.
    fields: Mapping[str, object]
    #: What the list says that it stands in.
    listed_as: Meaning | None
    #: Where it stands in the body: a JSON Pointer.
    place: str

    def meaning(self, contract: Contract) -> Meaning | None:
        """See `words.meaning_of_entry`."""
        return meaning_of_entry(self.fields, contract, self.listed_as)


type Entries = tuple[Entry, ...]
#: The keys of a list, or of a pair of lists, with its entries.
type Listed = tuple[frozenset[str], Entries]
#: Entries, each with the place of its order in the batch.
type Repeated = tuple[tuple[int, Entry], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A body, taken apart."""

    #: The object that has the words for the whole batch, and those around it, the innermost first.
    heads: tuple[Mapping[str, object], ...]
    entries: Entries
    #: The keys that hold entries.
    list_keys: frozenset[str]
    #: The entries of the other lists, which say no word of how their orders ended, each with its order's place.
    repeated: Repeated = ()
    #: Where each head stands.
    places: tuple[str, ...] = ("",)

    def meaning(self, contract: Contract) -> Meaning | None:
        """What the words for the whole batch mean: those of the innermost head that has any.

        A success that stands around an envelope is the call's, and says nothing of the batch.

        Raises:
            UnknownWord: one is not known, or two contradict each other.
        """
        holders = {*contract.envelopes, *self.list_keys}
        for head in self.heads:
            held = {key for key in holders if isinstance(head.get(key), dict | list)}
            if meaning := meaning_of_head(head, contract, held):
                is_the_calls = head is not self.heads[0] and meaning is Meaning.SUCCEEDED
                return None if is_the_calls else meaning
        return None

    def meaning_if_known(self, contract: Contract) -> tuple[Meaning | None, UnknownWord | None]:
        """The same, or why it is not known."""
        try:
            return self.meaning(contract), None
        except UnknownWord as error:
            return None, error

    def counts(self, contract: Contract) -> list[tuple[str, float]]:
        """The numbers beside the words and in the summaries, with the names of their keys as `loose` spells them."""
        summaries = [
            held for head in self.heads for key in contract.summaries if isinstance(held := head.get(key), dict)
        ]
        pairs = ((loose(key), number_of(value)) for part in (*self.heads, *summaries) for key, value in part.items())
        return [(name, number) for name, number in pairs if number is not None]


def taken_apart(body: Mapping[str, object], orders: Sequence[BatchOrder], contract: Contract) -> Body:
    """The parts of a body.

    Raises:
        NotUnderstood: there are several lists of entries, or something else than entries in one.
    """
    heads, places = _heads(body, contract)
    found = [*_lists(heads, places, contract), *_pairs(heads, places, contract)]
    reporting = [listed for listed in found if any(_reports(entry, contract) for entry in listed[1])]
    chosen = reporting if len(found) > 1 else found
    if len(chosen) > 1 or (found and not chosen):
        raise NotUnderstood(ENTRIES)
    keys, entries = chosen[0] if chosen else (frozenset[str](), ())
    # What was sent may be repeated beside what became of it.
    others = [other for _, other in found if other is not entries]
    repeated = tuple(pair for other in others for pair in _repeated(other, orders, contract))
    return Body(tuple(heads), entries, keys.union(*(other for other, _ in found)), repeated, tuple(places))


def _heads(body: Mapping[str, object], contract: Contract) -> tuple[list[Mapping[str, object]], list[str]]:
    """The objects with words for the whole batch, the innermost first, and where each stands."""
    heads, places = [body], [""]
    for _ in range(DEEPEST):
        inner = [key for key in contract.envelopes if isinstance(heads[0].get(key), dict)]
        if len(inner) > 1:
            raise NotUnderstood(ENTRIES)
        if not inner:
            break
        heads.insert(0, cast("Mapping[str, object]", heads[0][inner[0]]))
        places.insert(0, below(places[0], inner[0]))
    else:
        # What lies deeper is not read, and may say anything.
        if any(isinstance(heads[0].get(key), dict) for key in contract.envelopes):
            raise NotUnderstood(ENTRIES)
    return heads, places


def _lists(heads: Sequence[Mapping[str, object]], places: Sequence[str], contract: Contract) -> list[Listed]:
    values = [
        (key, head.get(key), below(place, key))
        for key in contract.entry_lists
        for head, place in zip(heads, places, strict=True)
    ]
    return [
        (frozenset({key}), _entries(where, value, None, contract)) for key, value, where in values if _is_filled(value)
    ]


def _pairs(heads: Sequence[Mapping[str, object]], places: Sequence[str], contract: Contract) -> list[Listed]:
    pairs = [
        (
            (good, head.get(good), Meaning.SUCCEEDED, below(place, good)),
            (bad, head.get(bad), Meaning.FAILED, below(place, bad)),
        )
        for good, bad in contract.list_pairs
        for head, place in zip(heads, places, strict=True)
        if _is_filled(head.get(good)) or _is_filled(head.get(bad))
    ]
    return [
        (
            frozenset(key for key, _, _, _ in pair),
            tuple(entry for _, value, end, where in pair for entry in _entries(where, value or [], end, contract)),
        )
        for pair in pairs
    ]


def _is_filled(value: object) -> bool:
    return isinstance(value, list) and bool(value)


def _entries(where: str, values: object, listed_as: Meaning | None, contract: Contract) -> Entries:
    if not isinstance(values, list):
        raise NotUnderstood(ENTRIES)
    return tuple(_entry(value, listed_as, f"{where}/{place}", contract) for place, value in enumerate(values))


def _entry(value: object, listed_as: Meaning | None, place: str, contract: Contract) -> Entry:
    if isinstance(value, str) and listed_as and contract.number_keys:
        # A list of nothing but numbers.
        value = {contract.number_keys[0]: value}
    if not isinstance(value, dict):
        raise NotUnderstood(ENTRIES)
    inner = [part for key in contract.entry_envelopes if isinstance(part := value.get(key), dict)]
    return Entry(value, {key: part for held in inner for key, part in held.items()} | value, listed_as, place)


def _reports(entry: Entry, contract: Contract) -> bool:
    return entry.listed_as is not None or reports(entry.fields, contract)


def _repeated(entries: Entries, orders: Sequence[BatchOrder], contract: Contract) -> Repeated:
    """The entries of a list without a word of how the orders ended, where each names a document that was sent."""
    try:
        matched = match([entry.fields for entry in entries], orders, contract)
    except NotUnderstood:
        raise NotUnderstood(ENTRIES) from None
    if not matched.by_number:
        raise NotUnderstood(ENTRIES)
    return tuple(zip(matched.places, entries, strict=True))
