"""Why a batch is in its state: the words in its history, in answers and in announcements. Pure.

`docs/batch-states.md` lists each cause with what it means; a test compares the two.
"""

from typing import Final

from arm_relay.batches.batch import State

#: CLAIMED: the relay accepted the orders and submits them for the first time.
ACCEPTED: Final = "accepted"
#: CLAIMED: the poller submits a batch that ARM certainly does not have.
NEXT_ATTEMPT: Final = "next attempt"
#: CLAIMED: the poller submits a batch again, because ARM's ledger shows that ARM does not have it.
NOT_IN_LEDGER: Final = "ARM's ledger has none of it"
#: PENDING: ARM accepted the batch and will process it.
BATCH_UUID: Final = "ARM returned a batchUuid"
#: UNCONFIRMED: the function that submitted the batch ended before it could record the outcome.
OUTCOME_LOST: Final = "the submission's outcome was never recorded"
#: An end: ARM's result of the batch says how each order ended.
RESULT: Final = "ARM's result"
#: SUCCEEDED: no answer to the submission arrived, but ARM's ledger has the document of every order.
IN_LEDGER: Final = "ARM's ledger has every document"
#: Undecided: ARM reports a failure, but an earlier attempt is in doubt and may have caused it.
PERHAPS_REPEATED: Final = "the failure may come from a repeated submission"
#: HELD: ARM reports that a document failed, and yet its ledger has the document.
FAILED_BUT_IN_LEDGER: Final = "ARM reports a document as failed, but its ledger has it"
#: HELD: ARM reports that documents failed, but its ledger did not answer for UndecidedSeconds.
FAILURE_NOT_CONFIRMED: Final = "ARM's ledger did not confirm the failure"
#: HELD: ARM has a document with the invoice number of an order, and it is not this order's document.
NUMBER_TAKEN: Final = "ARM has a different document under the invoice number of an order"
#: HELD: after the settling time ARM's ledger has the documents of some orders and not of others.
PARTLY_IN_LEDGER: Final = "ARM has the documents of some orders, but not of all"
#: HELD: ARM may have the batch, and an order without an invoice number cannot be looked up.
NOT_ALL_NUMBERED: Final = "ARM may have the batch, and not every order has an invoice number to look up"


def arm_answered(status: int) -> str:
    """ARM's HTTP status was the reason. The state depends on the status: QUEUED, UNCONFIRMED or REFUSED."""
    return f"ARM answered {status}"


def repeated_submission_refused(status: int) -> str:
    """HELD: ARM refused a repeated submission, perhaps because it has the earlier one."""
    return f"ARM answered {status} to a repeated submission"


def in_ledger_because(reason: str) -> str:
    """An end that ARM's ledger showed, because the result was not understood for this reason."""
    return f"ARM's ledger, because {reason}"


def too_old(state: State) -> str:
    """HELD: the batch was still in this state after the template's HoldAfterSeconds."""
    return f"still {state.value} after HoldAfterSeconds"
