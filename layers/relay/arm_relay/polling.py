"""Use case: every due batch takes its next step, and every end is announced.

A poller leases one shard at a time, so that several share the work. Whatever it does to a batch is saved on condition
that nobody else has, so even two in one shard cannot submit it twice. An end is saved before it is announced, so that
it is announced again in the same words if this function dies in between, and the batch leaves the index only after.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Protocol

from arm_relay import batches, reconciliation
from arm_relay.arm.breaker import Breaker
from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Vocabulary, end_of, read
from arm_relay.batches import LEASE, Batch, OrderStatus, State, Times
from arm_relay.notifications import NotPublished
from arm_relay.observability import Journal, Metric
from arm_relay.reconciliation import Hold, Proven, Resend
from arm_relay.records import SHARDS
from arm_relay.store import Store, StoreUnavailable
from arm_relay.submission import Submission

#: A look begun with less time left than this might not end in time, in seconds: one call to ARM and its token.
RESERVE: Final = 25.0


class PollingFailed(Exception):
    """Some batches met a failure that nobody foresaw; the log has each."""


class Announcements(Protocol):
    """Where ends and holds are announced."""

    def publish(self, batch: Batch) -> None:
        """Announce the batch's present end or hold; raises `NotPublished`."""


class Polling:
    """One poller."""

    def __init__(
        self,
        *,
        store: Store,
        arm: Breaker,
        submission: Submission,
        announcements: Announcements,
        journal: Journal,
        vocabulary: Vocabulary,
        times: Times,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        shuffled: Callable[[list[str]], list[str]],
        for_each: Callable[[Callable[[str], None], Iterable[str]], None],
    ) -> None:
        """`for_each` calls a function with every item, at once if it can, and returns when all are done."""
        self._store = store
        self._arm = arm
        self._submission = submission
        self._announcements = announcements
        self._journal = journal
        self._vocabulary = vocabulary
        self._times = times
        self._now = now
        self._jitter = jitter
        self._shuffled = shuffled
        self._for_each = for_each

    def run(self, owner: str, remaining: Callable[[], float]) -> None:
        """Work on every shard that nobody else works on; `remaining` tells the seconds this function has left.

        Raises:
            StoreUnavailable: the table is out of reach.
            PollingFailed: after everything else was done.
        """
        self._journal.count(Metric.POLLS)
        self._arm.reset()
        run = _Run(owner, remaining)
        for shard in self._shuffled([str(number) for number in range(SHARDS)]):
            if run.in_time():
                self._work(shard, run)
        if run.failures:
            raise PollingFailed(f"{run.failures} batches met a failure")

    def _work(self, shard: str, run: "_Run") -> None:
        now = self._now()
        pages = self._store.due(shard, now)
        first = next(pages, [])
        # Most shards have nothing due at most times: then not even a lease is written.
        if not first or not self._store.lease(shard, run.owner, now, now + timedelta(seconds=run.remaining())):
            return
        try:
            for page in chain([first], pages):
                if run.in_time():
                    self._for_each(lambda batch_id: self._look_safely(batch_id, run), page)
        finally:
            self._store.release(shard, run.owner, self._now())

    def _look_safely(self, batch_id: str, run: "_Run") -> None:
        """One batch's trouble stays its own: it is still due, so the next run meets it again."""
        try:
            if run.in_time():
                self._look(batch_id, run)
        except (StoreUnavailable, NotPublished) as error:
            self._journal.trouble(str(error), batchId=batch_id)
        except Exception:  # noqa: BLE001 (told in the log, and raised in sum by `run`)
            run.failures += 1
            self._journal.failed("a look at a batch failed", batchId=batch_id)

    def _look(self, batch_id: str, run: "_Run") -> None:
        # Read again: the index may tell what has been done already.
        batch = self._store.batch(batch_id)
        if batch is None or batch.due is None or batch.due > self._now():
            return
        after = batch if batch.rests else self._advanced(batch, run)
        if after and after.rests and after.due:
            self._announce(after)

    def _announce(self, batch: Batch) -> None:
        self._announcements.publish(batch)
        self._journal.count(Metric.ANNOUNCEMENTS)
        self._store.save(batches.announced(batch))

    def _advanced(self, batch: Batch, run: "_Run") -> Batch | None:
        """The batch after its next step; None where it took none, or somebody else was first."""
        if batch.state is State.CLAIMED:
            return self._save(batch, self._after_claim(batch))
        if self._arm.is_open:
            return None
        if batch.state is State.QUEUED:
            return self._submitted(batch, "the next attempt")
        if batch.state is State.UNCONFIRMED:
            return self._reconciled(batch, run)
        return self._save(batch, self._after_result(batch, run))

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

    def _reconciled(self, batch: Batch, run: "_Run") -> Batch | None:
        now = self._now()
        try:
            evidence = reconciliation.look_up(batch, self._arm, run.in_time)
        except NoAnswer as error:
            return self._save(batch, self._without_news(batch, error.retry_after))
        match reconciliation.unconfirmed(batch, evidence, now, self._times):
            case Resend():
                # The look-ups took their time: what is not begun now is begun by the next run.
                return self._submitted(batch, "ARM's ledger has none of it") if run.in_time() else None
            case Proven():
                cause = "ARM's ledger has every document"
                return self._save(
                    batch, batches.ended(batch, State.SUCCEEDED, OrderStatus.SUCCEEDED, cause, self._now())
                )
            case Hold(cause, orders):
                return self._save(batch, batches.held(replace(batch, orders=orders), cause, self._now()))
            case _:
                return self._save(batch, self._without_news(batch))

    def _after_result(self, batch: Batch, run: "_Run") -> Batch:
        """A PENDING batch after a look at ARM's result."""
        try:
            answer = self._arm.result(batch.client_no, batch.batch_uuid or "")
        except NoAnswer as error:
            return self._without_news(batch, error.retry_after)
        return self._after_reading(
            replace(batch, answer=answer.kept()), read(answer, batch.orders, self._vocabulary), run
        )

    def _after_reading(self, batch: Batch, reading: Reading, run: "_Run") -> Batch:
        match reading:
            case Ended(State.PARTIALLY_FAILED | State.FAILED, _) if batch.doubt:
                # The failed ones may have failed because an earlier attempt did arrive.
                return self._after_undecided(batch, batch, "the failure may be the repetition's", run)
            case Ended(state, orders):
                return batches.ended_each(batch, state, orders, "ARM's result", self._now())
            case Undecided(reason, orders):
                return self._after_undecided(batch, replace(batch, orders=orders), reason, run)
            case _:
                return self._without_news(replace(batch, undecided_since=None))

    def _after_undecided(self, batch: Batch, known: Batch, reason: str, run: "_Run") -> Batch:
        """What ARM's result does not tell, its ledger may; `known` has what the result did tell."""
        now = self._now()
        since = batch.undecided_since or now
        orders = known.orders
        if reconciliation.settled(batch, now, self._times):
            try:
                orders = reconciliation.known(known, reconciliation.look_up(known, self._arm, run.in_time))
            except NoAnswer as error:
                return self._without_news(replace(batch, undecided_since=since), error.retry_after)
            if all(order.status is not OrderStatus.IN_PROGRESS for order in orders):
                return batches.ended_each(batch, end_of(orders), orders, f"ARM's ledger, as {reason}", self._now())
        if now >= since + self._times.undecided:
            return batches.held(replace(batch, orders=orders), reason, self._now())
        return self._without_news(replace(batch, undecided_since=since))

    def _without_news(self, batch: Batch, retry_after: timedelta | None = None) -> Batch:
        """Looked at in vain: to be looked at later, or held where that has gone on for too long."""
        now = self._now()
        if self._is_too_old(batch, now):
            return batches.held(batch, f"no end in time: {batch.state.value} for too long", now)
        asked = min(retry_after or timedelta(0), self._times.longest_look)
        due = max(batches.backed_off(batch.looks + 1, now, self._times, self._jitter), now + asked)
        return batches.looked(batch, due)

    def _is_too_old(self, batch: Batch, now: datetime) -> bool:
        return now >= batch.opened_at + self._times.hold_after

    def _save(self, batch: Batch, after: Batch) -> Batch | None:
        saved = self._store.save(after)
        if saved and saved.history != batch.history:
            self._journal.moved(saved)
        return saved


class _Run:
    """What one run of the poller knows."""

    def __init__(self, owner: str, remaining: Callable[[], float]) -> None:
        self.owner = owner
        self.remaining = remaining
        self.failures = 0

    def in_time(self) -> bool:
        """Whether another look may begin."""
        return self.remaining() > RESERVE
