"""What each key of a contract means: the words that the JSON Schema and docs/arm-contract.md share.

A test holds them against the keys that `arm_relay.arm.contract` reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from arm_relay.arm.contract import Meaning, Sign, Turned


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What a key of a contract means."""

    means: str
    #: A value that is allowed.
    example: Any
    #: The JSON Schema of its values.
    schema: Mapping[str, Any]


def _texts() -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "minLength": 1}}


def _named(values: Mapping[str, Any], names: str | None = None) -> dict[str, Any]:
    pattern = {"propertyNames": {"pattern": names}} if names else {}
    return {"type": "object", **pattern, "additionalProperties": values}


CODE: Final = "^[1-5][0-9][0-9]$"
MEANING: Final = {"enum": [meaning.value for meaning in Meaning]}
#: A word has a letter or a digit: the relay compares nothing else of it.
WORD: Final = r"[^\W_]"

KEYS: Final[Mapping[str, KeyNote]] = {
    "about": KeyNote(
        "What is known, and from where. Only for people.", "Read by `relay probe` on 2026-12-01.", {"type": "string"}
    ),
    "extends": KeyNote(
        "The contract that this one is laid over, as a JSON merge patch (RFC 7396): an object is laid over the object, "
        "null takes a key out, anything else replaces what was there. Without it every other key must be there.",
        "default",
        {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
    ),
    "codes": KeyNote(
        "What the HTTP code of a batch's result means. `waiting` decides alone; each other meaning only says which end "
        "fits, and `finished` fits every end. Any other code leaves the answer undecided.",
        {"200": "finished", "206": "partial"},
        _named(MEANING, CODE),
    ),
    "decidingCodes": KeyNote(
        "The codes of `codes` that decide without a word.",
        [406],
        {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}},
    ),
    "words": KeyNote(
        "Words and what they mean, for a whole batch and for one order. Case, blanks and separators do not count; "
        "a number is a word, too.",
        {"OK": "succeeded", "NOT-PROCESSED": "waiting"},
        _named(MEANING, WORD),
    ),
    "headWords": KeyNote(
        "Words that mean something else where they are about the whole batch. A word for the call, and not for the "
        "batch, is `finished` here.",
        {"SUCCESS": "finished"},
        _named(MEANING, WORD),
    ),
    "entryWords": KeyNote(
        "Words that mean something else where they are about one order.", {"ERROR": "failed"}, _named(MEANING, WORD)
    ),
    "wordKeys": KeyNote("The keys that hold a word.", ["status", "result"], _texts()),
    "flags": KeyNote(
        "Keys that hold true or false, and what true means. False means the opposite: of `succeeded` failed, of "
        "`finished` waiting, and nothing of `failed`.",
        {"success": "succeeded", "completed": "finished"},
        _named(MEANING),
    ),
    "envelopes": KeyNote(
        "Keys of an object that has the batch's words and lists inside. A success around it is the call's and does not "
        "count.",
        ["data"],
        _texts(),
    ),
    "entryEnvelopes": KeyNote(
        "Keys of an object inside an entry that holds fields of the document.", ["body"], _texts()
    ),
    "entryLists": KeyNote("The keys of a list with one entry for each document.", ["documents"], _texts()),
    "listPairs": KeyNote(
        "Pairs of lists: the documents in one were created, those in the other were not.",
        [{"succeeded": "succeeded", "failed": "failed"}],
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {end: {"type": "string", "minLength": 1} for end in ("succeeded", "failed")},
                "required": ["succeeded", "failed"],
                "additionalProperties": False,
            },
        },
    ),
    "summaries": KeyNote("Keys of an object with nothing but counts.", ["summary"], _texts()),
    "batchIdKeys": KeyNote(
        "Keys that hold the batch's own id. An answer with another id is undecided.", ["batchUuid"], _texts()
    ),
    "numberKeys": KeyNote("Keys of an entry that hold the number of its document.", ["documentNo"], _texts()),
    "orderKeys": KeyNote("Keys of an entry that hold the sender's order id.", ["salesOrderId"], _texts()),
    "placeKeys": KeyNote(
        "Keys of an entry that hold the place of its document in the batch, each with the number of the first place.",
        {"index": 0},
        _named({"type": "integer"}),
    ),
    "entriesInOrder": KeyNote(
        "Whether the entries stand in the order of the batch, so that an entry without a number is known by its place.",
        example=False,
        schema={"type": "boolean"},
    ),
    "documentIdKeys": KeyNote(
        "Keys of the id that a created document gets. Where one is null or empty, nothing was created.",
        ["documentUuid"],
        _texts(),
    ),
    "succeededBy": KeyNote(
        "Keys of an entry whose presence says that its document was created, where no word says more.",
        ["documentUuid"],
        _texts(),
    ),
    "failedBy": KeyNote("The same for a document that was not created.", ["fault"], _texts()),
    "counts": KeyNote(
        "Keys that count documents: all, or all that were processed (`all`), the created ones (`succeeded`), the "
        "others (`failed`). A success counts only where they agree with the number of orders.",
        {"all": ["documentCount"], "succeeded": ["created"], "failed": ["failed"]},
        {
            "type": "object",
            "properties": {name: _texts() for name in ("all", "succeeded", "failed")},
            "required": ["all", "succeeded", "failed"],
            "additionalProperties": False,
        },
    ),
    "countsDecide": KeyNote(
        "Whether counts alone decide, where all documents were created or all were not.",
        example=False,
        schema={"type": "boolean"},
    ),
    "percentKeys": KeyNote("Keys that say how much is done, in percent.", ["percentComplete"], _texts()),
    "endTimeKeys": KeyNote(
        "Keys of the time at which the batch was done; null says that it is not.", ["processedAt"], _texts()
    ),
    "codeKeys": KeyNote("Keys of a code inside the body. From 400 on it speaks against a success.", ["code"], _texts()),
    "errorKeys": KeyNote(
        "Keys that say why documents were not created. Senders get these texts.", ["errors", "message"], _texts()
    ),
    "echoKeys": KeyNote(
        "Keys that repeat what was sent, besides the fields of the documents. They are not read for faults.",
        ["comment"],
        _texts(),
    ),
    "texts": KeyNote(
        "Parts of texts and of names of keys, in any case: `fault` (may tell of a fault), `waiting` (may say that ARM "
        "is not done), `trial` (in a name: ARM only tried), `temporary` (the failure may be the call's), `done` "
        "(beside them stands how many were created), `none` (deny what follows), `things` (may stand between), "
        "`nothing` (values that mean nothing), `harmless` (taken out first).",
        {"fault": ["error"], "harmless": ["default"]},
        {
            "type": "object",
            "properties": {
                name: _texts()
                for name in (
                    "fault",
                    "waiting",
                    "trial",
                    "temporary",
                    "done",
                    "none",
                    "things",
                    "nothing",
                    "harmless",
                )
            },
            "additionalProperties": False,
        },
    ),
    "documents": KeyNote(
        "What documents are sent with: the type of an `invoice` and of a credit note (`creditNote`; empty where it is "
        "not known, and then the relay takes no credit notes), the field that gets the number of the invoice that a "
        "credit note credits (`creditedInvoiceKey`; empty where it is not known), and the sign of a credit note's "
        "amounts (`creditSign`): with `negative` its quantities and all its amounts get the opposite sign, its prices "
        "do not.",
        {"invoice": "IN", "creditNote": "", "creditedInvoiceKey": "", "creditSign": "positive"},
        {
            "type": "object",
            "properties": {
                "invoice": {"type": "string", "minLength": 1},
                "creditNote": {"type": "string"},
                "creditedInvoiceKey": {"type": "string"},
                "creditSign": {"enum": [sign.value for sign in Sign]},
            },
            "additionalProperties": False,
        },
    ),
    "submissions": KeyNote(
        "What a 4xx to a submission means: `refused` (the orders may be corrected), `in-doubt` (ARM may have the "
        "batch: its ledger is asked), `waits` (it says nothing about the batch, which is sent again). Every "
        "other 4xx waits. 401, 403 and 429 always wait, and 408 is always in doubt.",
        {"400": "refused", "409": "in-doubt"},
        _named({"enum": [turned.value for turned in Turned]}, CODE),
    ),
}

#: The keys that a contract may leave out.
OPTIONAL: Final = frozenset({"about", "extends"})
