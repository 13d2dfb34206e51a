"""Whether ARM has a batch or an order, and how that is known. Pure.

`certainlyNotInArm` is about submissions alone, so it is false of what ARM took and then did not create. The end says
more.
"""

from enum import StrEnum

from desk.answers import Evidence, ListedBatch, OrderEvidence


class Presence(StrEnum):
    """What is known; the page's catalogues and `IN_LIST` have a text for each."""

    #: Nothing was ever sent, or ARM refused it.
    CERTAINLY_NOT = "certainlyNot"
    #: It failed, and ARM itself says so.
    NOT_CREATED = "notCreated"
    #: It failed by ARM's own word, and ARM's ledger does not have it.
    NOT_CREATED_CONFIRMED = "notCreatedConfirmed"
    #: It failed: ARM's result was not understood, and its ledger does not have it.
    NOT_IN_LEDGER = "notInLedger"
    #: An operator closed it as failed.
    CLOSED = "closed"
    #: Some documents of the batch were created, and others were not.
    IN_PART = "inPart"
    #: ARM has it, or may have it.
    PERHAPS = "perhaps"


#: What a list says, in the command's words.
IN_LIST = {
    Presence.CERTAINLY_NOT: "certainly not",
    Presence.NOT_CREATED: "not created",
    Presence.IN_PART: "in part",
    Presence.PERHAPS: "maybe",
}


def presence_of(evidence: Evidence, order: OrderEvidence | None) -> Presence:
    """Whether ARM has the order, or without one the batch."""
    status = order["status"] if order else evidence["status"]
    if evidence["certainlyNotInArm"] or status == "REFUSED":
        return Presence.CERTAINLY_NOT
    if status == "PARTIALLY_FAILED":
        return Presence.IN_PART
    if status != "FAILED":
        return Presence.PERHAPS
    # The step that ended it; what an operator did later, such as a retry, leaves the status as it is.
    ended = next(each for each in evidence["history"] if each["status"] == evidence["status"])
    if ended["by"]:
        return Presence.CLOSED
    if (ended["cause"] or "").startswith("ARM's ledger"):
        return Presence.NOT_IN_LEDGER
    looked_up = order["lookUp"] if order else None
    is_confirmed = looked_up is not None and looked_up["found"] == "ABSENT"
    return Presence.NOT_CREATED_CONFIRMED if is_confirmed else Presence.NOT_CREATED


def listed_presence(batch: ListedBatch) -> Presence:
    """The same of a batch in a list, which says less."""
    if batch["certainlyNotInArm"] or batch["status"] == "REFUSED":
        return Presence.CERTAINLY_NOT
    return {"FAILED": Presence.NOT_CREATED, "PARTIALLY_FAILED": Presence.IN_PART}.get(batch["status"], Presence.PERHAPS)
