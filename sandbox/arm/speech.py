"""The result of a batch, as a contract words it: of several words, keys or lists that mean the same, the first.

A contract says how ARM may be understood. Speaking by it shows whether the relay understands what it says.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from sandbox.arm.ledger import Batch, Outcome
from sandbox.arm.messages import Response, json_response

type Json = dict[str, Any]
type End = Literal["waiting", "succeeded", "partial", "failed"]

#: The words that are no texts.
BOOLEANS: Final = {"true": True, "false": False}

#: The status where a contract has none for an end.
ANY_END: Final = "finished"


def spoken(batch: Batch, contract: Mapping[str, Any], *, is_done: bool) -> Response:
    """GET batches/{batchuuid}, by a complete contract."""
    end = _end(batch) if is_done else "waiting"
    body = _head(contract, end) | dict.fromkeys(contract["batchIdKeys"][:1], batch.uuid)
    if is_done:
        body |= _entries(batch, contract)
        body |= _counts(batch, contract)
        body |= _errors(batch, contract, end)
    for envelope in contract["envelopes"][:1]:
        # The word around an envelope is the call's.
        body = _words(contract, "headWords", "succeeded") | {envelope: body}
    return json_response(_code(contract, end), body)


def _end(batch: Batch) -> End:
    created = sum(outcome.result == "created" for outcome in batch.outcomes)
    if created == len(batch.outcomes):
        return "succeeded"
    return "partial" if created else "failed"


def _code(contract: Mapping[str, Any], end: End) -> int:
    codes = {meaning: int(code) for code, meaning in reversed(contract["codes"].items())}
    return codes.get(end, codes.get(ANY_END, 200))


def _head(contract: Mapping[str, Any], end: End) -> Json:
    if end != "waiting" and (contract["countsDecide"] or ANY_END in contract["headWords"].values()):
        # The word for the whole batch does not say how it ended.
        return _words(contract, "headWords", ANY_END)
    return _words(contract, "headWords", end)


def _words(contract: Mapping[str, Any], own: str, meaning: str) -> Json:
    """The word, under the first key for the whole batch and under the last one for an entry."""
    keys = contract["wordKeys"]
    word = _word(contract, own, meaning)
    if keys and word:
        return {keys[0] if own == "headWords" else keys[-1]: BOOLEANS.get(word, word)}
    flags = [key for key, true in contract["flags"].items() if true == "succeeded"][:1]
    return dict.fromkeys(flags, meaning != "failed")


def _word(contract: Mapping[str, Any], own: str, meaning: str) -> str | None:
    words = {word: said for word, said in contract["words"].items() if word not in contract[own]}
    known = [*contract[own].items(), *words.items()]
    spoken = [word for word, said in known if said == meaning] or [word for word, said in known if said == ANY_END]
    return spoken[0] if spoken else None


def _entries(batch: Batch, contract: Mapping[str, Any]) -> Json:
    entries = [(outcome.result == "created", _entry(outcome, batch, contract)) for outcome in batch.outcomes]
    for key in contract["entryLists"][:1]:
        return {key: [entry for _, entry in entries]}
    for pair in contract["listPairs"][:1]:
        return {
            pair[end]: [entry for is_good, entry in entries if is_good is (end == "succeeded")]
            for end in ("succeeded", "failed")
        }
    return {}


def _entry(outcome: Outcome, batch: Batch, contract: Mapping[str, Any]) -> Json:
    is_good = outcome.result == "created"
    named: Json = {}
    if not contract["entriesInOrder"] and outcome.document_no:
        named = dict.fromkeys(contract["numberKeys"][:1], outcome.document_no)
    for envelope in contract["entryEnvelopes"][:1]:
        named = {envelope: named} if is_good else {}
    places = {key: first + outcome.position for key, first in contract["placeKeys"].items()}
    reasons = {} if is_good else dict.fromkeys(contract["errorKeys"][:1], outcome.message)
    return places | named | _how(outcome, batch, contract) | reasons


def _how(outcome: Outcome, batch: Batch, contract: Mapping[str, Any]) -> Json:
    """How the document ended: by a key that is there, by the list that it stands in, or by a word."""
    is_good = outcome.result == "created"
    by_key = contract["succeededBy" if is_good else "failedBy"][:1]
    if contract["succeededBy"] and by_key:
        document: Json = {"Id": batch.uuid} | dict.fromkeys(contract["numberKeys"][:1], outcome.document_no)
        return {key: document if is_good else {"Detail": outcome.message} for key in by_key}
    if contract["listPairs"] and not contract["entryLists"]:
        return {}
    # A document that was fine and fell with its batch has the word of one that was created.
    return _words(contract, "entryWords", "failed" if outcome.result == "failed" else "succeeded")


def _counts(batch: Batch, contract: Mapping[str, Any]) -> Json:
    if not contract["countsDecide"]:
        return {}
    good = sum(outcome.result == "created" for outcome in batch.outcomes)
    counts = {"all": len(batch.outcomes), "succeeded": good, "failed": len(batch.outcomes) - good}
    return {key: number for name, number in counts.items() for key in contract["counts"][name][:1]}


def _errors(batch: Batch, contract: Mapping[str, Any], end: End) -> Json:
    """What went wrong with the whole batch, where no entry says it."""
    if end != "failed" or contract["entryLists"] or contract["listPairs"]:
        return {}
    return dict.fromkeys(contract["errorKeys"][:1], batch.outcomes[0].message)
