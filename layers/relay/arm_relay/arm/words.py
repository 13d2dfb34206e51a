"""What the words, flags and keys of an object of ARM's mean, by the contract. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from arm_relay.arm.contract import Contract, Meaning, loose
from arm_relay.arm.not_understood import WORDS_DIFFER, UnknownWord
from arm_relay.arm.objections import is_nothing, truth_of

#: What a flag says that is false, by what it means where it is true.
OPPOSITES: Final[Mapping[Meaning, Meaning]] = {
    Meaning.SUCCEEDED: Meaning.FAILED,
    Meaning.FINISHED: Meaning.WAITING,
    Meaning.WAITING: Meaning.FINISHED,
}


def meaning_of_head(
    head: Mapping[str, object], contract: Contract, held: AbstractSet[str] = frozenset()
) -> Meaning | None:
    """What the words for a whole batch mean together; None where there are none. `held` are keys of other things.

    Raises:
        UnknownWord: a word is not known, or two contradict each other.
    """
    return _meaning(head, contract, contract.head_words, held)


def meaning_of_entry(fields: Mapping[str, object], contract: Contract, listed_as: Meaning | None) -> Meaning | None:
    """How the order of an entry ended; FINISHED where it says only that it did, None where it says nothing.

    `listed_as` is what the list says that the entry stands in.

    Raises:
        UnknownWord: a word is not known, or two contradict each other.
    """
    meaning = _meaning(fields, contract, contract.entry_words)
    if listed_as:
        if meaning not in (None, Meaning.FINISHED, Meaning.WAITING, listed_as):
            raise UnknownWord(WORDS_DIFFER)
        return Meaning.WAITING if meaning is Meaning.WAITING else listed_as
    if meaning not in (None, Meaning.FINISHED):
        return meaning
    return _by_presence(fields, contract) or meaning


def reports(fields: Mapping[str, object], contract: Contract) -> bool:
    """Whether an entry says anything of how its order ended."""
    keys = (*contract.word_keys, *contract.flags, *contract.succeeded_by, *contract.failed_by)
    return any(fields.get(key) is not None for key in keys)


def _meaning(
    part: Mapping[str, object], contract: Contract, own: Mapping[str, Meaning], held: AbstractSet[str] = frozenset()
) -> Meaning | None:
    meanings: set[Meaning] = set()
    of_the_call: set[Meaning] = set()
    for key in contract.word_keys:
        value = part.get(key)
        is_flag = key in contract.flags and truth_of(value) is not None
        if value is not None and key not in held and not is_flag:
            meaning = _word(value, contract, own)
            # A word that says nothing here, because it is the call's, gives way to any other.
            (of_the_call if own.get(_spelt(value)) is Meaning.FINISHED else meanings).add(meaning)
    for key, meaning in contract.flags.items():
        truth = truth_of(part.get(key))
        said = meaning if truth else OPPOSITES.get(meaning)
        if truth is not None and said:
            meanings.add(said)
    return _together(meanings or of_the_call)


def _word(value: object, contract: Contract, own: Mapping[str, Meaning]) -> Meaning:
    word = _spelt(value)
    meaning = own.get(word) or contract.words.get(word)
    if meaning is None:
        raise UnknownWord("ARM's result contains an unknown word")
    return meaning


def _spelt(value: object) -> str:
    """A value as words are compared; a number and a boolean are words, too."""
    return loose(str(value)) if isinstance(value, str | int | float) else ""


def _together(meanings: AbstractSet[Meaning]) -> Meaning | None:
    """What several words mean together."""
    left = set(meanings)
    if left == {Meaning.WAITING, Meaning.SUCCEEDED}:
        # The success is the call's.
        return Meaning.WAITING
    if len(left) > 1 and Meaning.WAITING not in left:
        left.discard(Meaning.FINISHED)
    if len(left) > 1:
        raise UnknownWord(WORDS_DIFFER)
    return left.pop() if left else None


def _by_presence(fields: Mapping[str, object], contract: Contract) -> Meaning | None:
    """What it says that an entry has a key at all."""
    has_failed = any(not is_nothing(fields.get(key), contract) for key in contract.failed_by)
    has_succeeded = any(not is_nothing(fields.get(key), contract) for key in contract.succeeded_by)
    if has_failed and has_succeeded:
        raise UnknownWord(WORDS_DIFFER)
    if has_failed:
        return Meaning.FAILED
    return Meaning.SUCCEEDED if has_succeeded else None
