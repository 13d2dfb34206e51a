"""A claimed batch is sent to ARM, and the outcome is recorded whatever it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from arm_relay import batches
from arm_relay.arm.errors import InDoubt, NotSent, Refused
from arm_relay.batches import Answer, Batch, State, Times
from arm_relay.observability import Journal
from arm_relay.store import StoreUnavailable

#: An outcome may still be recorded in these states: the second where the lease was over first.
UNDER_WAY: Final = frozenset({State.CLAIMED, State.UNCONFIRMED})


class Submitter(Protocol):
    """The one call a submission makes to ARM."""

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """POST documents/batches; raises `NotSent`, `Refused` or `InDoubt`."""


class BatchStore(Protocol):
    """What a submission asks of the table."""

    def batch(self, batch_id: str) -> Batch | None:
        """The batch as it is now; raises `StoreUnavailable`."""

    def save(self, batch: Batch) -> Batch | None:
        """The batch as recorded, or None where somebody else was first; raises `StoreUnavailable`."""


class Submission:
    """Sends batches whose claim is recorded: before, nothing may be sent."""

    def __init__(
        self,
        *,
        store: BatchStore,
        arm: Submitter,
        journal: Journal,
        times: Times,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._store = store
        self._arm = arm
        self._journal = journal
        self._times = times
        self._now = now
        self._jitter = jitter

    def run(self, batch: Batch) -> Batch:
        """Submit a batch in state CLAIMED; the batch as it stands afterwards."""
        step = self._submit(batch)
        try:
            return self._record(batch, step)
        except StoreUnavailable:
            # The claim stands, so its lease runs out and the poller reconciles: nothing is lost but time.
            intended = step(batch)
            self._journal.trouble(
                "the outcome of a submission could not be recorded",
                batchId=batch.id,
                state=intended.state.value,
                batchUuid=intended.batch_uuid,
            )
            return batch

    def _submit(self, batch: Batch) -> Callable[[Batch], Batch]:
        """Call ARM; the step its outcome means."""
        try:
            batch_uuid, answer = self._arm.submit(batch.client_no, batch.payload)
        except Refused as error:
            refusal = error.answer
            return lambda current: batches.refused(current, refusal, self._now())
        except NotSent as error:
            cause, due = error.cause, self._retry_at(batch, error)
            return lambda current: batches.not_taken(current, cause, self._now(), due)
        except InDoubt as error:
            cause, last = error.cause, error.answer
            return lambda current: batches.in_doubt(current, cause, last, self._now())
        return lambda current: batches.accepted(current, batch_uuid, answer, self._now())

    def _retry_at(self, batch: Batch, error: NotSent) -> datetime | None:
        """When to try again; None, the time set at the claim, after a first attempt."""
        if not batch.looks and not error.retry_after:
            return None
        asked = min(error.retry_after or timedelta(0), self._times.longest_look)
        now = self._now()
        return max(batches.backed_off(batch.looks, now, self._times, self._jitter), now + asked)

    def _record(self, batch: Batch, step: Callable[[Batch], Batch]) -> Batch:
        """Record the outcome of this attempt on the batch as it is now; too late, it changes nothing."""
        current: Batch | None = batch
        while current and current.attempt == batch.attempt and current.state in UNDER_WAY:
            if current.state is State.UNCONFIRMED and step(batch).state is State.UNCONFIRMED:
                return current
            saved = self._store.save(step(current))
            if saved:
                self._journal.moved(saved)
                return saved
            current = self._store.batch(batch.id)
        intended = step(batch)
        if current is None or current.batch_uuid != intended.batch_uuid:
            self._journal.trouble(
                "the outcome of a submission came too late",
                batchId=batch.id,
                state=intended.state.value,
                batchUuid=intended.batch_uuid,
            )
        return current or batch
