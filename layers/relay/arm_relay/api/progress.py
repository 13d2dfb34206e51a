"""How far a batch is, in the words that senders and operators share."""

from typing import Any

from arm_relay.batches.batch import Batch, Times
from arm_relay.store.records import to_text


def progress_of(batch: Batch, times: Times) -> dict[str, Any]:
    """The times of a batch."""
    settles_at = batch.settles_at(times)
    return {
        "claimedAt": to_text(batch.claimed_at),
        "endedAt": to_text(batch.ended_at) if batch.ended_at else None,
        "nextPollAt": to_text(batch.due) if batch.due else None,
        "settlesAt": to_text(settles_at) if settles_at else None,
    }
