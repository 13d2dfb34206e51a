"""A claimed batch is sent to ARM, and the outcome is recorded whatever it is. Both functions do it."""

from typing import Final

from arm_relay.arm.errors import InDoubt, NotSent, Refused
from arm_relay.arm.ledger import Ledger
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import LEASE, Batch, State
from arm_relay.batches.pace import Pace
from arm_relay.batches.steps import Outcome
from arm_relay.observability import Journal
from arm_relay.store.table import Store, StoreUnavailable

#: The states in which an outcome may still be recorded. UNCONFIRMED: the lease was over first.
UNDER_WAY: Final = frozenset({State.CLAIMED, State.UNCONFIRMED})


class Submission:
    """Sends batches whose claim is recorded: before that, nothing may be sent."""

    def __init__(self, *, store: Store, ledger: Ledger, journal: Journal, pace: Pace) -> None:
        self._store = store
        self._ledger = ledger
        self._journal = journal
        self._pace = pace

    def run(self, batch: Batch, payload: bytes) -> Batch:
        """Submit a batch in state CLAIMED with its payload; the batch as it is afterwards.

        Once its lease is over, another function may have acted on it, so nothing is sent any more.
        """
        if self._pace.now() >= batch.attempt_at + LEASE:
            self._journal.transient_error("a submission came too late and was not made", batchId=batch.id)
            return batch
        outcome = self._submit(batch, payload)
        try:
            return self._record(batch, outcome)
        except StoreUnavailable:
            # The claim is recorded, so its lease runs out and the poller reconciles: only time is lost.
            self._report("the outcome of a submission could not be recorded", batch, outcome)
            return batch

    def _submit(self, batch: Batch, payload: bytes) -> Outcome:
        try:
            batch_uuid, answer = self._ledger.submit(batch.client_no, payload)
        except Refused as error:
            return Outcome(state=State.REFUSED, cause=error.cause, answer=error.answer)
        except NotSent as error:
            return self._not_sent(batch, error)
        except InDoubt as error:
            return Outcome(state=State.UNCONFIRMED, cause=error.cause, answer=error.answer)
        return Outcome(state=State.PENDING, cause=causes.BATCH_UUID, answer=answer, batch_uuid=batch_uuid)

    def _not_sent(self, batch: Batch, error: NotSent) -> Outcome:
        # After a first attempt the time set at the claim stays, unless ARM asks for another one.
        is_first = not batch.polls and not error.retry_after
        due = None if is_first else max(self._pace.backed_off(batch.polls), self._pace.not_before(error.retry_after))
        return Outcome(state=State.QUEUED, cause=error.cause, due=due)

    def _record(self, batch: Batch, outcome: Outcome) -> Batch:
        """Record the outcome of this attempt on the batch as it is now; too late, it changes nothing."""
        current: Batch | None = batch
        while current and current.attempt == batch.attempt and current.state in UNDER_WAY:
            if current.state is State.UNCONFIRMED and self._after(batch, outcome).state is State.UNCONFIRMED:
                return current
            saved = self._store.save(self._after(current, outcome))
            if saved:
                self._journal.moved(saved)
                return saved
            current = self._store.batch(batch.id)
        if current is None or current.batch_uuid != outcome.batch_uuid:
            self._report("the outcome of a submission came too late", batch, outcome)
        return current or batch

    def _after(self, batch: Batch, outcome: Outcome) -> Batch:
        return steps.after(batch, outcome, self._pace.now())

    def _report(self, what: str, batch: Batch, outcome: Outcome) -> None:
        state = self._after(batch, outcome).state
        self._journal.transient_error(what, batchId=batch.id, state=state.value, batchUuid=outcome.batch_uuid)
