"""Use case: one due batch takes its next step.

Whatever is done to it is saved on condition that nobody else has done anything meanwhile.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from arm_relay import batches, reconciliation
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Vocabulary, Waiting, end_of, read
from arm_relay.batches import LEASE, Batch, BatchOrder, OrderStatus, State, Times
from arm_relay.concurrency import AtOnce
from arm_relay.observability import Journal
from arm_relay.reconciliation import Evidence, Hold, OutOfTime, Proven, Resend, Wait
from arm_relay.store import Store
from arm_relay.submission import Submission

#: How often the ledger is asked while what was sent settles: often enough to notice that ARM stands still.
LOOKS_WHILE_SETTLING: Final = 5

#: Whether there is time to begin another call.
type InTime = Callable[[], bool]


class Look:
    """A look at a batch, and what follows from it."""

    def __init__(
        self,
        *,
        store: Store,
        arm: Breaker,
        submission: Submission,
        journal: Journal,
        vocabulary: Vocabulary,
        times: Times,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        look_ups: AtOnce,
    ) -> None:
        """`look_ups` are of the documents of one batch."""
        self._store = store
        self._arm = arm
        self._submission = submission
        self._journal = journal
        self._vocabulary = vocabulary
        self._times = times
        self._now = now
        self._jitter = jitter
        self._look_ups = look_ups

    def begin_run(self) -> None:
        """A new run begins: ARM is taken to be in reach."""
        self._arm.reset()

    def advance(self, batch: Batch, in_time: InTime) -> Batch | None:
        """The batch after its next step; None where it took none, or somebody else was first."""
        if batch.state is State.CLAIMED:
            return self._save(batch, self._after_claim(batch))
        if self._arm.is_open(batch.client_no):
            return None
        if batch.state is State.QUEUED:
            return self._submitted(batch, "the next attempt")
        if batch.state is State.UNCONFIRMED:
            return self._reconciled(batch, in_time)
        try:
            return self._save(batch, self._after_result(batch, in_time))
        except OutOfTime:
            return None

    def _after_claim(self, batch: Batch) -> Batch:
        now = self._now()
        if now < batch.attempt_at + LEASE:
            return batches.postponed(batch)
        return batches.lease_over(batch, now)

    def _submitted(self, batch: Batch, cause: str) -> Batch | None:
        now = self._now()
        if self._is_too_old(batch, now):
            return self._save(batch, batches.held(batch, "ARM did not take it in time", now))
        # Recorded before ARM is called, so that nobody else submits it and a crash leaves it in doubt.
        taken = self._save(batch, batches.taken(batch, cause, now, self._times))
        return self._submission.run(taken) if taken else None

    def _reconciled(self, batch: Batch, in_time: InTime) -> Batch | None:
        # Before the look-ups: what they find absent must have been settled when they began.
        now = self._now()
        try:
            evidence = self._looked_up(batch, in_time)
        except OutOfTime:
            return None
        except NoAnswer as error:
            return self._save(batch, self._without_news(replace(batch, answering_since=None), error.retry_after))
        batch = replace(batch, answering_since=reconciliation.answering_since(batch, now))
        verdict = reconciliation.unconfirmed(batch, evidence, now, self._times)
        if isinstance(verdict, Resend):
            # The look-ups took their time: what is not begun now is begun by the next run.
            return self._submitted(batch, "ARM's ledger has none of it") if in_time() else None
        return self._save(batch, self._after_verdict(batch, verdict))

    def _after_verdict(self, batch: Batch, verdict: Proven | Hold | Wait) -> Batch:
        match verdict:
            case Proven():
                cause = "ARM's ledger has every document"
                return batches.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, cause, self._now())
            case Hold(cause, orders):
                return batches.held(replace(batch, orders=orders), cause, self._now())
            case Wait():
                return self._without_news(batch, longest=self._times.settling / LOOKS_WHILE_SETTLING)

    def _looked_up(self, batch: Batch, in_time: InTime) -> list[Evidence]:
        return reconciliation.look_up(batch, self._arm, self._look_ups, in_time)

    def _after_result(self, batch: Batch, in_time: InTime) -> Batch:
        """A PENDING batch after a look at ARM's result."""
        try:
            answer = self._arm.result(batch.client_no, batch.batch_uuid or "")
        except NoAnswer as error:
            return self._without_news(batch, error.retry_after)
        return self._after_reading(
            replace(batch, answer=answer.kept()), read(answer, batch.orders, self._vocabulary), in_time
        )

    def _after_reading(self, batch: Batch, reading: Reading, in_time: InTime) -> Batch:
        match reading:
            case Ended(State.PARTIALLY_FAILED | State.FAILED, _) if batch.doubt:
                # The failed ones may have failed because an earlier attempt did arrive.
                return self._after_undecided(batch, batch.orders, "the failure may be the repetition's", in_time)
            case Ended(State.PARTIALLY_FAILED | State.FAILED) as failure:
                return self._after_failure(batch, failure, in_time)
            case Ended(state, orders):
                return batches.ended_each(batch, state, orders, "ARM's result", self._now())
            case Undecided(reason, orders):
                return self._after_undecided(batch, orders, reason, in_time)
            case Waiting():
                return self._without_news(replace(batch, undecided_since=None))

    def _after_failure(self, batch: Batch, failure: Ended, in_time: InTime) -> Batch:
        """A failed order may be corrected and so billed: the ledger has to confirm that it has not got it."""
        unknown = [
            replace(after, status=OrderStatus.IN_PROGRESS if after.status is OrderStatus.FAILED else after.status)
            for after in failure.orders
        ]
        try:
            evidence = self._looked_up(replace(batch, orders=tuple(unknown)), in_time)
        except NoAnswer as error:
            return self._undecided(batch, batch.orders, "its failure is not confirmed", error.retry_after)
        if Evidence.FOUND in evidence:
            known = tuple(unknown)
            return batches.held(replace(batch, orders=known), "ARM has a document that it says failed", self._now())
        return batches.ended_each(batch, failure.state, failure.orders, "ARM's result", self._now())

    def _after_undecided(self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, in_time: InTime) -> Batch:
        """What ARM's result does not tell, its ledger may; the orders carry what the result did tell."""
        try:
            known = replace(batch, orders=orders)
            orders = reconciliation.known(known, self._looked_up(known, in_time))
        except NoAnswer as error:
            return self._undecided(batch, orders, reason, error.retry_after)
        if any(order.status is OrderStatus.IN_PROGRESS for order in orders):
            return self._undecided(batch, orders, reason)
        return batches.ended_each(batch, end_of(orders), orders, f"ARM's ledger, as {reason}", self._now())

    def _undecided(
        self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, retry_after: timedelta | None = None
    ) -> Batch:
        """To be asked again, or held with what is known of its orders where that has gone on for too long."""
        now = self._now()
        since = batch.undecided_since or now
        if now >= since + self._times.undecided:
            return batches.held(replace(batch, orders=orders), reason, now)
        return self._without_news(replace(batch, undecided_since=since), retry_after)

    def _without_news(
        self, batch: Batch, retry_after: timedelta | None = None, *, longest: timedelta | None = None
    ) -> Batch:
        """Looked at in vain: to be looked at later, or held where that has gone on for too long."""
        now = self._now()
        if self._is_too_old(batch, now):
            return batches.held(batch, f"no end in time: {batch.state.value} for too long", now)
        asked = min(retry_after or timedelta(0), self._times.longest_look)
        due = max(batches.backed_off(batch.looks + 1, now, self._times, self._jitter), now + asked)
        return batches.looked(batch, min(due, now + longest) if longest else due)

    def _is_too_old(self, batch: Batch, now: datetime) -> bool:
        return now >= batch.opened_at + self._times.hold_after

    def _save(self, batch: Batch, after: Batch) -> Batch | None:
        saved = self._store.save(after)
        if saved and saved.history != batch.history:
            self._journal.moved(saved)
        return saved
