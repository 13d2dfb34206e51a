"""What is copied back from a restored table, and as what. Pure.

A restored batch is older than what has happened since. ARM may have it by now, whatever it says: so what would be
submitted without a question is put into a state in which the relay asks ARM first, or a person decides.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from arm_relay.batches import causes, steps
from arm_relay.batches.batch import ENDS, Batch, State
from arm_relay.store import records
from arm_relay.store.records import Item

BATCH: Final = "BATCH"
PAYLOAD: Final = "PAYLOAD"

#: What the relay makes anew by itself, and what was true only then.
NOT_COPIED: Final = frozenset({"SHARD", "BREAKER", "POLLER", "DUTY"})


def kind(item: Item) -> str:
    """The kind of an item."""
    return str(item["pk"]["S"]).partition("#")[0]


def is_wanted(item: Item, live: Batch | None) -> bool:
    """Whether an item that the live table does not have is copied; `live` is the batch there that it belongs to.

    The payload of a batch that has ended may have been removed on purpose: what was forgotten stays forgotten.
    """
    if kind(item) == PAYLOAD and live:
        return live.state not in ENDS and live.trimmed_at is None
    return kind(item) not in NOT_COPIED


def copied(item: Item, now: datetime) -> Item:
    """The item as it is written into the live table.

    Raises:
        UnreadableRecord: it is a batch that this release cannot read.
    """
    if kind(item) != BATCH:
        return item
    batch = records.from_item(item)
    after = restored(batch, now)
    if after == batch:
        return item
    expires_at = datetime.fromtimestamp(int(item["expiresAt"]["N"]), UTC) if "expiresAt" in item else None
    return records.to_item(after, expires_at)


def restored(batch: Batch, now: datetime) -> Batch:
    """A batch as it goes on after its return."""
    if batch.awaited_invoice:
        # It may have been submitted since; and if it was not, its invoice may still be under way.
        return replace(steps.held(batch, causes.RESTORED_WHILE_WAITING, now), doubt=1)
    if batch.state is State.QUEUED:
        # Its lease is long over, so the poller asks ARM's ledger before it does anything else.
        return replace(batch, state=State.CLAIMED)
    if batch.state is State.HELD and not batch.doubt:
        # An operator may have submitted it again since.
        return replace(batch, doubt=1)
    return batch
