"""Use case: bulk redrives go on, a bounded piece in each run.

A piece is short, so that polls go on as if there were none. What a run has in hand is recorded before it acts, and each
batch remembers the bulk redrive that acted on it: a run may die anywhere, or two may overlap, and no batch is acted on
twice. A batch is acted on only if it is still meant at that moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from arm_relay.batches import bulk_redrive
from arm_relay.batches.batch import Batch
from arm_relay.batches.bulk_redrive import ENOUGH, Action, BulkRedrive, Progress, Refusal
from arm_relay.batches.steps import IllegalStep
from arm_relay.observability import Journal
from arm_relay.redriving import Redriving, Wish
from arm_relay.store.days import Days
from arm_relay.store.lists import Lists, Place, Portion
from arm_relay.store.records import UnreadableRecord
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store, StoreUnavailable

#: How many batches are taken in hand at a time.
IN_HAND: Final = 10

#: How many seconds a run spends on bulk redrives.
SPELL: Final = 5.0

#: Why a batch was left alone.
CHANGED: Final = "The batch was not in the list any more."
FAILED: Final = "It failed unexpectedly; the log says how."
ENDED_RUNS: Final = "Runs of the poller ended, or lost the table, while they acted on this batch and others."


class BulkRedrives:
    """Works off bulk redrives."""

    def __init__(
        self,
        *,
        store: Store,
        days: Days,
        redrives: Redrives,
        redriving: Redriving,
        journal: Journal,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._lists = Lists(store, days)
        self._redrives = redrives
        self._redriving = redriving
        self._journal = journal
        self._now = now

    def under_way(self) -> list[str]:
        """The ids of the bulk redrives that a run should go on with, the oldest first."""
        try:
            return self._redrives.under_way()
        except StoreUnavailable as error:
            # The next run goes on.
            self._journal.transient_error(str(error))
            return []

    def work(self, ids: Sequence[str], left: Callable[[], float]) -> None:
        """A piece of each of these. `left` gives the seconds that the run has left for it."""
        until = max(left() - SPELL, 0)
        for redrive_id in ids:
            try:
                self._piece_of(redrive_id, lambda: left() > until)
            except StoreUnavailable as error:
                self._journal.transient_error(str(error))
                return
            except Exception:  # noqa: BLE001 (it is logged, and the others and the rest of the run go on)
                self._journal.failed("a bulk redrive failed unexpectedly", redriveId=redrive_id)

    def _piece_of(self, redrive_id: str, has_time: Callable[[], bool]) -> None:
        redrive = self._redrives.redrive(redrive_id)
        if redrive and redrive.is_under_way and has_time():
            self._go_on(redrive, has_time)

    def _go_on(self, redrive: BulkRedrive, has_time: Callable[[], bool]) -> None:
        current = self._after_in_hand(redrive) if redrive.in_hand else redrive
        while current and current.status is Progress.RUNNING and has_time():
            current = self._after_portion(current, has_time)

    def _after_in_hand(self, redrive: BulkRedrive) -> BulkRedrive | None:
        """A run before has left batches in hand."""
        if redrive.tries > ENOUGH:
            # Not even counting them ends well.
            refusals = [Refusal(batch_id, ENDED_RUNS) for batch_id in redrive.in_hand]
            return self._redrives.save(bulk_redrive.worked_off(redrive, 0, refusals))
        tried = self._redrives.save(bulk_redrive.tried_again(redrive))
        return self._worked_off(tried) if tried else None

    def _after_portion(self, redrive: BulkRedrive, has_time: Callable[[], bool]) -> BulkRedrive | None:
        """The next batches that are meant, acted on; None where another run or an operator was first."""
        for portion in self._portions(redrive):
            self._report(portion)
            ids = [batch.id for _, batch in portion.batches][: redrive.left]
            end = (portion.end.shard, portion.end.due, portion.end.batch_id)
            if ids:
                taken = self._redrives.save(bulk_redrive.taken_in_hand(redrive, ids, end))
                return self._worked_off(taken) if taken else None
            redrive = replace(redrive, after=end)
            if not has_time():
                return self._redrives.save(redrive)
        return self._redrives.save(bulk_redrive.came_to_an_end(redrive, self._now()))

    def _portions(self, redrive: BulkRedrive) -> Iterable[Portion]:
        if redrive.left <= 0:
            return ()
        return self._lists.portions(redrive.wanted, Place(*redrive.after) if redrive.after else None, IN_HAND)

    def _report(self, portion: Portion) -> None:
        for batch_id in portion.unreadable:
            self._journal.transient_error("a bulk redrive leaves out a batch that cannot be read", batchId=batch_id)

    def _worked_off(self, redrive: BulkRedrive) -> BulkRedrive | None:
        found, unreadable = self._store.read(redrive.in_hand)
        done, refusals = 0, [Refusal(batch_id, why) for batch_id, why in unreadable.items()]
        for batch in found.values():
            refusal = self._acted_on(batch, redrive)
            done += refusal is None
            refusals += [Refusal(batch.id, refusal)] if refusal else []
        gone = [name for name in redrive.in_hand if name not in found and name not in unreadable]
        refusals += [Refusal(batch_id, CHANGED) for batch_id in gone]
        return self._redrives.save(bulk_redrive.worked_off(redrive, done, refusals))

    def _acted_on(self, batch: Batch, redrive: BulkRedrive) -> str | None:
        """Act on a batch, unless that has been done: None, or why not."""
        if redrive.has_done(batch):
            return None
        if redrive.tries > ENOUGH:
            return ENDED_RUNS
        if redrive.status is not Progress.RUNNING or not redrive.is_met_by(batch):
            return CHANGED
        wish = Wish(redrive.reason, redrive.by, redrive.id)
        try:
            self._do(redrive.action, batch, wish)
        except (IllegalStep, UnreadableRecord) as error:
            return self._unless_done(batch, redrive, str(error))
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 (it is logged, and the others go on)
            self._journal.failed("a bulk redrive of a batch failed", batchId=batch.id)
            return FAILED
        return None

    def _do(self, action: Action, batch: Batch, wish: Wish) -> None:
        match action:
            case Action.ASK:
                self._redriving.ask(batch, wish)
            case Action.RETRY:
                self._redriving.retry(batch, wish)
            case Action.ANNOUNCE:
                self._redriving.announce(batch, wish)

    def _unless_done(self, batch: Batch, redrive: BulkRedrive, why: str) -> str | None:
        """Another run may have done it at the same moment, or the SDK repeated our own write."""
        now = self._store.batch(batch.id)
        return None if now and redrive.has_done(now) else why
