"""How far a batch is, in the words that senders and operators share."""

from typing import Any

from arm_relay.batches.batch import Batch, Times
from arm_relay.store.records import optional_text, to_text


def progress_of(batch: Batch, times: Times) -> dict[str, Any]:
    """The times of a batch."""
    settles_at = batch.settles_at(times)
    return {
        "claimedAt": to_text(batch.claimed_at),
        "endedAt": optional_text(batch.ended_at),
        "nextPollAt": optional_text(batch.due),
        "settlesAt": optional_text(settles_at),
    }
