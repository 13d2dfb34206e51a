"""Why a batch is in its state: the words in its history, in answers and in announcements. Pure.

`docs/batch-states.md` lists each cause with what it means; a test compares the two.
"""

from typing import Final

from arm_relay.batches.batch import State

#: CLAIMED: the relay accepted the orders and submits them for the first time.
ACCEPTED: Final = "accepted"
#: QUEUED: the relay accepted a credit note whose invoice is under way or held. It submits the credit note once ARM has
#: the invoice.
AWAITS_INVOICE: Final = "waits for the invoice that it credits"
#: REFUSED: the relay did not submit the credit note, because ARM did not create the invoice. ARM has nothing of it.
INVOICE_NOT_CREATED: Final = "the invoice that it credits was not created"
#: HELD: the credited invoice had not ended after the template's HoldAfterSeconds. ARM has nothing of the credit note.
INVOICE_UNDER_WAY: Final = "the invoice that it credits had not ended after HoldAfterSeconds"
#: HELD: somebody restored the credit note from a backup, as it was while it waited for its invoice. ARM may have it.
RESTORED_WHILE_WAITING: Final = "restored from a backup while it waited for the invoice that it credits"
#: CLAIMED: the poller submits a batch that ARM certainly does not have.
NEXT_ATTEMPT: Final = "next attempt"
#: CLAIMED: the poller submits a batch again, because ARM's ledger shows that ARM does not have it.
NOT_IN_LEDGER: Final = "ARM's ledger has none of it"
#: PENDING: ARM accepted the batch and will process it.
BATCH_UUID: Final = "ARM returned a batchUuid"
#: UNCONFIRMED: the outcome of the submission was not recorded before its lease was over.
OUTCOME_LOST: Final = "the submission's outcome was not recorded in time"
#: SUCCEEDED, PARTIALLY_FAILED or FAILED: ARM's result of the batch says how each order ended.
RESULT: Final = "ARM's result"
#: SUCCEEDED: no answer to the submission arrived, but ARM's ledger has the document of every order.
IN_LEDGER: Final = "ARM's ledger has every document"
#: HELD: ARM reports a failure that an earlier attempt in doubt may have caused, and its ledger does not show every
#: document.
PERHAPS_REPEATED: Final = "the failure may come from a repeated submission"
#: HELD: ARM reports that a document failed, or may do so, and yet its ledger has the document.
FAILED_BUT_IN_LEDGER: Final = "ARM reports a document as failed, but its ledger has it"
#: HELD: ARM reports that documents failed, but its ledger did not answer for UndecidedSeconds.
FAILURE_NOT_CONFIRMED: Final = "ARM's ledger did not confirm the failure"
#: HELD: ARM has a document with the invoice number of an order, and it is not this order's document.
NUMBER_TAKEN: Final = "ARM has a different document under the invoice number of an order"
#: HELD: after the settling time ARM's ledger shows the documents of some orders; others are absent or cannot be looked
#: up.
PARTLY_IN_LEDGER: Final = "ARM's ledger does not show the documents of all orders"
#: HELD: ARM may have the batch, and it has an order whose number is missing or cannot be looked up.
NOT_ALL_NUMBERED: Final = "ARM may have the batch, and not every order has an invoice number to look up"


#: HELD: no document of the client was ever found in ARM, so an empty answer of ARM's ledger proves nothing.
NO_CONTROL: Final = "no document of this client is known to exist in ARM, so its ledger cannot show what is missing"
#: HELD: ARM's ledger does not find a document that exists, so its answers prove nothing.
CONTROL_MISSING: Final = "ARM's ledger does not find a document of this client that exists"
#: HELD: every poll of the batch failed unexpectedly until HoldAfterSeconds; the log has each failure.
POLLS_FAIL: Final = "its polls failed unexpectedly"
#: HELD: the poller ended abnormally whenever it handled this batch.
ENDS_RUNS: Final = "the poller ended abnormally while it handled this batch"
#: HELD: what was to be sent to ARM has expired: it is kept for PayloadRetentionDays.
PAYLOAD_GONE: Final = "its documents are no longer kept"
#: HELD: the record of the batch cannot be read.
UNREADABLE: Final = "its record cannot be read"


def arm_answered(status: int) -> str:
    """ARM's HTTP status was the reason. The state depends on the status: QUEUED, UNCONFIRMED or REFUSED."""
    return f"ARM answered {status}"


def repeated_submission_refused(status: int) -> str:
    """HELD: ARM refused a repeated submission, perhaps because it has the earlier one."""
    return f"ARM answered {status} to a repeated submission"


def in_ledger_because(reason: str) -> str:
    """SUCCEEDED, PARTIALLY_FAILED or FAILED: the result was not understood for this reason, and the ledger decided."""
    return f"ARM's ledger, because {reason}"


def announced_again(reason: str) -> str:
    """Any end, or HELD: an operator had it announced once more, in the same words, for a reason."""
    return f"announced again: {reason}"


def sent_again(batch_id: str, reason: str) -> str:
    """A failed batch: an operator had its failed orders sent again in another batch, for this reason."""
    return f"sent again in batch {batch_id}: {reason}"


def forgotten(order_id: str, reason: str) -> str:
    """Any final state: an operator had the lines, names and addresses of one order removed. The state stays."""
    return f"order {order_id} forgotten: {reason}"


def too_old(state: State) -> str:
    """HELD: the batch was still in this state after the template's HoldAfterSeconds."""
    return f"still {state.value} after HoldAfterSeconds"
