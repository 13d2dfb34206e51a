"""Use case: one due batch takes its next step.

Whatever is done to it is saved on condition that nobody else has changed it meanwhile.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from arm_relay.arm.breaker import Breaker
from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Vocabulary, Waiting, end_of, read
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import LEASE, Batch, BatchOrder, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal
from arm_relay.poller import reconciliation
from arm_relay.poller.concurrency import AtOnce
from arm_relay.poller.reconciliation import Evidence, Hold, OutOfTime, Proven, Resend, Wait
from arm_relay.store.table import Store
from arm_relay.submission import Submission

#: How often the ledger is asked while what was sent settles: often enough to notice that ARM stands still.
POLLS_WHILE_SETTLING: Final = 5

#: Whether there is time to begin another call.
type InTime = Callable[[], bool]


class NextStep:
    """Takes batches a step further, in one run of the poller."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Breaker,
        submission: Submission,
        journal: Journal,
        vocabulary: Vocabulary,
        pace: Pace,
        look_ups: AtOnce,
    ) -> None:
        """`look_ups` makes several look-ups of one batch's documents at a time."""
        self._store = store
        self._ledger = ledger
        self._submission = submission
        self._journal = journal
        self._vocabulary = vocabulary
        self._pace = pace
        self._look_ups = look_ups

    def advance(self, batch: Batch, in_time: InTime) -> Batch | None:
        """The batch after its next step; None where it took none, or another writer saved first."""
        if batch.state is State.CLAIMED:
            return self._save(batch, self._after_claim(batch))
        if self._ledger.is_open(batch.client_no):
            return None
        if batch.state is State.QUEUED:
            return self._submitted(batch, causes.NEXT_ATTEMPT)
        if batch.state is State.UNCONFIRMED:
            return self._reconciled(batch, in_time)
        try:
            return self._save(batch, self._after_result(batch, in_time))
        except OutOfTime:
            return None

    def _after_claim(self, batch: Batch) -> Batch:
        now = self._pace.now()
        if now < batch.attempt_at + LEASE:
            return steps.postponed(batch)
        return steps.lease_over(batch, now)

    def _submitted(self, batch: Batch, cause: str) -> Batch | None:
        now = self._pace.now()
        if self._is_too_old(batch, now):
            return self._save(batch, steps.held(batch, causes.too_old(batch.state), now))
        # Recorded before ARM is called, so that nobody else submits it and a crash leaves it in doubt.
        begun = self._save(batch, steps.begun(batch, cause, now, self._pace.times))
        return self._submission.run(begun) if begun else None

    def _reconciled(self, batch: Batch, in_time: InTime) -> Batch | None:
        # Taken before the look-ups: what they find absent must have been settled when they began.
        now = self._pace.now()
        try:
            evidence = self._looked_up(batch, in_time)
        except OutOfTime:
            return None
        except NoAnswer as error:
            return self._save(batch, self._without_news(replace(batch, unbroken_since=None), error.retry_after))
        batch = replace(batch, unbroken_since=reconciliation.unbroken_since(batch, now))
        verdict = reconciliation.verdict(batch, evidence, now, self._pace.times)
        if isinstance(verdict, Resend):
            # The look-ups took their time: what does not begin now is begun by the next run.
            return self._submitted(batch, causes.NOT_IN_LEDGER) if in_time() else None
        return self._save(batch, self._after_verdict(batch, verdict))

    def _after_verdict(self, batch: Batch, verdict: Proven | Hold | Wait) -> Batch:
        now = self._pace.now()
        match verdict:
            case Proven():
                return steps.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, causes.IN_LEDGER, now)
            case Hold(cause, orders):
                return steps.held(replace(batch, orders=orders), cause, now)
            case Wait():
                return self._without_news(batch, longest=self._pace.times.settling / POLLS_WHILE_SETTLING)

    def _looked_up(self, batch: Batch, in_time: InTime) -> list[Evidence]:
        return reconciliation.look_up(batch, self._ledger, self._look_ups, in_time)

    def _after_result(self, batch: Batch, in_time: InTime) -> Batch:
        """A PENDING batch after ARM was asked for its result."""
        try:
            answer = self._ledger.result(batch.client_no, batch.batch_uuid or "")
        except NoAnswer as error:
            return self._without_news(batch, error.retry_after)
        reading = read(answer, batch.orders, self._vocabulary)
        return self._after_reading(replace(batch, answer=answer.kept()), reading, in_time)

    def _after_reading(self, batch: Batch, reading: Reading, in_time: InTime) -> Batch:
        match reading:
            case Ended(State.PARTIALLY_FAILED | State.FAILED, _) if batch.doubt:
                # The failed orders may have failed because an earlier attempt did arrive.
                return self._after_undecided(batch, batch.orders, causes.PERHAPS_REPEATED, in_time)
            case Ended(State.PARTIALLY_FAILED | State.FAILED) as failure:
                return self._after_failure(batch, failure, in_time)
            case Ended(state, orders):
                return steps.ended_each(batch, state, orders, causes.RESULT, self._pace.now())
            case Undecided(reason, orders):
                return self._after_undecided(batch, orders, reason, in_time)
            case Waiting():
                return self._without_news(replace(batch, undecided_since=None))

    def _after_failure(self, batch: Batch, failure: Ended, in_time: InTime) -> Batch:
        """A failed order may be corrected and then billed: the ledger has to confirm that it does not have it."""
        unknown = [
            replace(after, status=OrderStatus.IN_PROGRESS if after.status is OrderStatus.FAILED else after.status)
            for after in failure.orders
        ]
        try:
            evidence = self._looked_up(replace(batch, orders=tuple(unknown)), in_time)
        except NoAnswer as error:
            return self._undecided(batch, batch.orders, causes.FAILURE_NOT_CONFIRMED, error.retry_after)
        if Evidence.FOUND in evidence:
            return steps.held(replace(batch, orders=tuple(unknown)), causes.FAILED_BUT_IN_LEDGER, self._pace.now())
        return steps.ended_each(batch, failure.state, failure.orders, causes.RESULT, self._pace.now())

    def _after_undecided(self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, in_time: InTime) -> Batch:
        """What ARM's result does not say, its ledger may; `orders` carry what the result did say."""
        try:
            known = replace(batch, orders=orders)
            orders = reconciliation.with_found(known, self._looked_up(known, in_time))
        except NoAnswer as error:
            return self._undecided(batch, orders, reason, error.retry_after)
        if any(order.status is OrderStatus.IN_PROGRESS for order in orders):
            return self._undecided(batch, orders, reason)
        return steps.ended_each(batch, end_of(orders), orders, causes.in_ledger_because(reason), self._pace.now())

    def _undecided(
        self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, retry_after: timedelta | None = None
    ) -> Batch:
        """Asked again later; held with what is known of its orders where that has gone on for too long."""
        now = self._pace.now()
        since = batch.undecided_since or now
        if now >= since + self._pace.times.undecided:
            return steps.held(replace(batch, orders=orders), reason, now)
        return self._without_news(replace(batch, undecided_since=since), retry_after)

    def _without_news(
        self, batch: Batch, retry_after: timedelta | None = None, *, longest: timedelta | None = None
    ) -> Batch:
        """Polled in vain: polled again later, or held where that has gone on for too long."""
        now = self._pace.now()
        if self._is_too_old(batch, now):
            return steps.held(batch, causes.too_old(batch.state), now)
        due = max(self._pace.backed_off(batch.polls + 1), self._pace.not_before(retry_after))
        return steps.polled(batch, min(due, now + longest) if longest else due)

    def _is_too_old(self, batch: Batch, now: datetime) -> bool:
        return now >= batch.opened_at + self._pace.times.hold_after

    def _save(self, batch: Batch, after: Batch) -> Batch | None:
        saved = self._store.save(after)
        if saved and saved.history != batch.history:
            self._journal.moved(saved)
        return saved
