"""Use case: one due batch takes its next step.

The step is a new batch that the run saves, on condition that nobody else has changed it meanwhile. Only a submission
saves for itself: before ARM is called, and after.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from arm_relay.arm.breaker import Breaker
from arm_relay.arm.contract import Contract
from arm_relay.arm.errors import NoAnswer
from arm_relay.arm.outcomes import Ended, Reading, Undecided, Waiting, end_of, read
from arm_relay.arm.shapes import shape_of
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import LEASE, Batch, BatchOrder, CreditedInvoice, Evidence, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal
from arm_relay.poller import reconciliation
from arm_relay.poller.age import Age
from arm_relay.poller.concurrency import AtOnce
from arm_relay.poller.control import Control, Permission
from arm_relay.poller.crediting import Next, next_of
from arm_relay.poller.reconciliation import Asked, Hold, Proven, Resend, Wait
from arm_relay.store.liveness import STOPPED
from arm_relay.store.table import Store, StoreUnavailable
from arm_relay.submission import Submission

#: How often ARM is asked at least while what was sent, or a failure, settles, so that an outage of ARM is noticed.
POLLS_WHILE_SETTLING: Final = 5

#: How long one batch may look up its documents in one run, in seconds; then it goes on in the next run.
SLICE: Final = 15.0


@dataclass(frozen=True, slots=True)
class Stepped:
    """What became of a batch in one poll."""

    before: Batch
    #: The batch after its step; None where it took none, or another writer saved first.
    after: Batch | None
    #: Whether the step is recorded already.
    is_saved: bool = False
    #: Whether the poll failed unexpectedly.
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How much longer calls may begin, in one run."""

    #: Seconds that are left for calls that only ask.
    to_ask: Callable[[], float]
    #: Whether a submission that begins now can end in time.
    can_submit: Callable[[], bool]


class NextStep:
    """Takes batches a step further, in one run of the poller."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Breaker,
        submission: Submission,
        control: Control,
        journal: Journal,
        contract: Contract,
        pace: Pace,
        look_ups: AtOnce,
        time_left: TimeLeft,
        age: Age,
    ) -> None:
        """`look_ups` makes several look-ups of one batch at a time."""
        self._store = store
        self._ledger = ledger
        self._submission = submission
        self._control = control
        self._journal = journal
        self._contract = contract
        self._pace = pace
        self._look_ups = look_ups
        self._time_left = time_left
        self._age = age

    def advance(self, batch: Batch) -> Stepped:
        """The batch after its next step. Never raises: a failure of one batch stays its own."""
        try:
            return self._advance(batch)
        except StoreUnavailable as error:
            self._journal.transient_error(str(error), batchId=batch.id)
            return Stepped(batch, None)
        except Exception:  # noqa: BLE001 (it is logged here, and the batch backs off)
            self._journal.failed("a poll of a batch failed", batchId=batch.id)
            return Stepped(batch, self._after_unexpected(batch), has_failed=True)

    def _advance(self, batch: Batch) -> Stepped:
        if batch.state is State.CLAIMED:
            return Stepped(batch, self._after_claim(batch))
        if batch.awaited_invoice:
            if waited := self._while_awaited(batch, batch.awaited_invoice):
                return Stepped(batch, waited)
            # Its attempts begin now, and their pauses with them.
            batch = replace(batch, polls=0)
        if self._ledger.is_open(batch.client_no):
            return Stepped(batch, self._out_of_reach(batch))
        if batch.state is State.QUEUED:
            return self._submitted(batch, causes.NEXT_ATTEMPT)
        if batch.state is State.UNCONFIRMED:
            return self._reconciled(batch)
        return Stepped(batch, self._after_result(batch))

    def _after_claim(self, batch: Batch) -> Batch:
        now = self._pace.now()
        if now < batch.attempt_at + LEASE:
            return steps.postponed(batch)
        return steps.lease_over(batch, now)

    def _while_awaited(self, batch: Batch, invoice: CreditedInvoice) -> Batch | None:
        """A credit note whose invoice is under way, after its next step; None where it can be submitted now."""
        now = self._pace.now()
        match next_of(invoice, self._store.batch(invoice.batch_id or "")):
            case Next.SUBMIT:
                return None
            case Next.END:
                return steps.not_created(batch, now)
            case Next.WAIT if self._is_too_old(batch):
                return steps.held(batch, causes.INVOICE_UNDER_WAY, now)
            case Next.WAIT:
                return steps.polled(batch, self._pace.backed_off(batch.polls + 1))

    def _out_of_reach(self, batch: Batch) -> Batch | None:
        """ARM does not answer, or does not serve the client: the run has just tried, so this is the last step, too."""
        if self._is_too_old(batch):
            return steps.held(batch, causes.too_old(batch.state), self._pace.now())
        # While ARM is down nothing is due before anything else; a client that is not served makes way for the others.
        return None if self._ledger.is_down() else replace(batch, due=self._pace.backed_off(batch.polls + 1))

    def _submitted(self, batch: Batch, cause: str) -> Stepped:
        if not self._time_left.can_submit():
            return Stepped(batch, replace(batch, due=self._pace.now()))
        if not self._ledger.takes_submissions(batch.client_no, self._time_left.to_ask()):
            return Stepped(batch, self._out_of_reach(batch))
        payload = self._store.payload(batch)
        if payload is None:
            return Stepped(batch, steps.held(batch, causes.PAYLOAD_GONE, self._pace.now()))
        # Recorded before ARM is called, so that nobody else submits it and a crash leaves it in doubt.
        begun = self._saved(batch, steps.begun(batch, cause, self._pace.now(), self._pace.times))
        if begun is None:
            return Stepped(batch, None)
        after = self._submission.run(begun, payload)
        if after.state is State.QUEUED and self._is_too_old(after):
            return Stepped(after, steps.held(after, causes.too_old(after.state), self._pace.now()))
        return Stepped(batch, after, is_saved=True)

    def _saved(self, batch: Batch, after: Batch) -> Batch | None:
        saved = self._store.save(after)
        if saved and saved.history != batch.history:
            self._journal.moved(saved)
        return saved

    def _reconciled(self, batch: Batch) -> Stepped:
        now = self._pace.now()
        is_settled = not reconciliation.unsettled(batch, now, self._pace.times)
        permission = self._control.check(batch) if is_settled else Permission.LATER
        deciding = permission is not Permission.LATER
        asked = self._ask_about_doubt(batch, now, deciding=deciding)
        if asked.failure:
            return Stepped(batch, self._after_silence(batch, asked, asked.failure, deciding=deciding))
        known = replace(asked.batch, settling_since=asked.batch.settling_since or now)
        if not deciding:
            # An absent document proves nothing while ARM may have the batch in its queue: only what is asked after the
            # control was passed counts for the decision.
            known = replace(known, orders=tuple(_unless_absent(order) for order in known.orders))
        if not asked.is_complete:
            return Stepped(batch, self._to_go_on(known))
        return self._after_verdict(batch, known, permission)

    def _ask_about_doubt(self, batch: Batch, now: datetime, *, deciding: bool) -> Asked:
        asked = self._ask(batch, reconciliation.questions(batch, now, self._pace.times, deciding=deciding))
        if not asked.is_complete:
            return asked
        # Where the first document has appeared, the others are asked for at once.
        return self._ask(asked.batch, reconciliation.appeared(asked.batch, now, self._pace.times))

    def _after_silence(self, batch: Batch, asked: Asked, failure: NoAnswer, *, deciding: bool) -> Batch:
        """The ledger did not answer every look-up."""
        if reconciliation.restarts_settling(failure):
            return self._without_news(replace(asked.batch, settling_since=None), failure.retry_after)
        if deciding and asked.batch.orders != batch.orders:
            # ARM is well and only delays us: the decision goes on before what was found absent is too old for it.
            return self._to_ask_at(asked.batch, self._pace.not_before(failure.retry_after))
        return self._without_news(asked.batch, failure.retry_after)

    def _after_verdict(self, batch: Batch, known: Batch, permission: Permission) -> Stepped:
        now = self._pace.now()
        match reconciliation.verdict(known, now, self._pace.times):
            case Proven():
                cause = causes.IN_LEDGER
                return Stepped(batch, steps.ended(known, State.SUCCEEDED, OrderStatus.SUCCEEDED, cause, now))
            case Hold(cause, orders):
                return Stepped(batch, steps.held(replace(known, orders=orders), cause, now))
            case Resend():
                return self._resent(batch, known, permission)
            case Wait():
                return Stepped(batch, self._while_settling(known))

    def _resent(self, batch: Batch, known: Batch, permission: Permission) -> Stepped:
        """ARM's ledger shows none of it: sent again where the positive control allows it."""
        match permission:
            case Permission.GIVEN if self._time_left.can_submit():
                return self._submitted(known, causes.NOT_IN_LEDGER)
            case Permission.GIVEN:
                return Stepped(batch, self._to_go_on(known))
            case Permission.LATER:
                return Stepped(batch, self._while_settling(known))
            case Permission.NO_CONTROL:
                return Stepped(batch, steps.held(known, causes.NO_CONTROL, self._pace.now()))
            case Permission.CONTROL_MISSING:
                return Stepped(batch, steps.held(known, causes.CONTROL_MISSING, self._pace.now()))

    def _ask(self, batch: Batch, places: list[int]) -> Asked:
        """Look up the documents of these orders, for at most `SLICE`."""
        until = max(self._time_left.to_ask() - SLICE, 0)
        return reconciliation.ask(
            batch,
            places,
            ledger=self._ledger,
            at_once=self._look_ups,
            may_begin=lambda: self._time_left.to_ask() > until,
            within=self._time_left.to_ask,
            now=self._pace.now,
        )

    def _after_result(self, batch: Batch) -> Batch:
        """A PENDING batch after ARM was asked for its result."""
        try:
            answer = self._ledger.result(batch.client_no, batch.batch_uuid or "", self._time_left.to_ask())
        except NoAnswer as error:
            return self._to_go_on(batch) if error.is_cut else self._after_no_result(batch, error)
        reading = read(answer, batch.orders, self._contract, batch.batch_uuid)
        if isinstance(reading, Undecided) and batch.undecided_since is None:
            self._journal.not_understood(batch, reading.reason, answer.status, shape_of(answer.body))
        return self._after_reading(steps.answered(batch, answer), reading)

    def _after_no_result(self, batch: Batch, error: NoAnswer) -> Batch:
        if reconciliation.restarts_settling(error):
            batch = steps.no_longer_failing(batch)
        return self._without_news(batch, error.retry_after)

    def _after_reading(self, batch: Batch, reading: Reading) -> Batch:
        match reading:
            case Ended(State.PARTIALLY_FAILED | State.FAILED) if batch.doubt:
                # The failed orders may have failed because an earlier attempt did arrive.
                return self._after_undecided(batch, batch.orders, causes.PERHAPS_REPEATED)
            case Ended(State.PARTIALLY_FAILED | State.FAILED) as failure:
                return self._after_failure(batch, failure)
            case Ended(state, orders):
                return steps.ended_each(batch, state, orders, causes.RESULT, self._pace.now())
            case Undecided(reason, orders, _, may_have_failed):
                return self._after_undecided(batch, orders, reason, may_have_failed=may_have_failed)
            case Waiting():
                return self._without_news(replace(steps.no_longer_failing(batch), undecided_since=None))

    def _after_failure(self, batch: Batch, failure: Ended) -> Batch:
        """A failed order may be corrected and then billed: its failure must be final, and confirmed by the ledger."""
        now, interval = self._pace.now(), self._pace.times.failure_settling / POLLS_WHILE_SETTLING
        if batch.due and now > batch.due + max(interval, STOPPED):
            # Nobody asked for so long that ARM may have stood still meanwhile.
            batch = steps.no_longer_failing(batch)
        batch = steps.failing(batch, failure.orders, now)
        settles_at = self._settles_at(batch, failure)
        if now < settles_at:
            return self._to_ask_at(batch, min(settles_at, now + interval))
        failed = {order.id for order in failure.orders if order.status is OrderStatus.FAILED}
        places = [
            place
            for place, order in enumerate(batch.orders)
            if order.id in failed and reconciliation.is_askable(order) and not _is_asked_since(order, settles_at)
        ]
        asked = self._ask(batch, places)
        if asked.failure:
            return self._undecided(asked.batch, batch.orders, causes.FAILURE_NOT_CONFIRMED, asked.failure.retry_after)
        if not asked.is_complete:
            return self._to_go_on(asked.batch)
        if any(order.id in failed and order.evidence is Evidence.FOUND for order in asked.batch.orders):
            return steps.held(_unless_failed(asked.batch, failure), causes.FAILED_BUT_IN_LEDGER, self._pace.now())
        return steps.ended_each(batch, failure.state, failure.orders, causes.RESULT, self._pace.now())

    def _settles_at(self, batch: Batch, failure: Ended) -> datetime:
        """When a failure is final: at once where it names the documents and gives reasons, else when it has settled."""
        since = batch.failing_since or self._pace.now()
        failed = {order.id for order in failure.orders if order.status is OrderStatus.FAILED}
        return since if failed <= failure.named else since + self._pace.times.failure_settling

    def _after_undecided(
        self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, *, may_have_failed: bool = False
    ) -> Batch:
        """What ARM's result does not say, its ledger may; `orders` carry what the result did say."""
        known = replace(batch, orders=_with_evidence(orders, batch))
        lately = self._pace.now() - self._pace.times.longest_poll
        places = [
            place
            for place, order in enumerate(known.orders)
            if order.status is OrderStatus.IN_PROGRESS
            and reconciliation.is_askable(order)
            and order.evidence is not Evidence.FOUND
            and not _is_asked_since(order, lately)
        ]
        asked = self._ask(known, places)
        evidence = replace(batch, orders=_with_evidence(batch.orders, asked.batch))
        if asked.failure:
            return self._undecided(evidence, asked.batch.orders, reason, asked.failure.retry_after)
        if not asked.is_complete:
            return self._to_go_on(replace(evidence, undecided_since=batch.undecided_since or self._pace.now()))
        if may_have_failed and any(order.evidence is Evidence.FOUND for order in asked.batch.orders):
            # The document may be an earlier one of the same number, because of which this one failed.
            return steps.held(asked.batch, causes.FAILED_BUT_IN_LEDGER, self._pace.now())
        after = reconciliation.with_found(asked.batch)
        if any(order.status is OrderStatus.IN_PROGRESS for order in after):
            return self._undecided(evidence, after, reason)
        cause = causes.in_ledger_because(reason)
        return steps.ended_each(batch, end_of(after), after, cause, self._pace.now())

    def _undecided(
        self, batch: Batch, orders: tuple[BatchOrder, ...], reason: str, retry_after: timedelta | None = None
    ) -> Batch:
        """Asked again later; held with what is known of its orders where that has gone on for too long."""
        now = self._pace.now()
        since = batch.undecided_since or now
        if now >= since + self._pace.times.undecided:
            return steps.held(replace(batch, orders=orders), reason, now)
        return self._without_news(replace(batch, undecided_since=since), retry_after)

    def _while_settling(self, batch: Batch) -> Batch:
        return self._without_news(batch, longest=self._pace.times.settling / POLLS_WHILE_SETTLING)

    def _without_news(
        self, batch: Batch, retry_after: timedelta | None = None, *, longest: timedelta | None = None
    ) -> Batch:
        """Polled in vain: polled again later, or held where that has gone on for too long."""
        if self._is_too_old(batch):
            return steps.held(batch, causes.too_old(batch.state), self._pace.now())
        due = max(self._pace.backed_off(batch.polls + 1), self._pace.not_before(retry_after))
        return steps.polled(batch, min(due, self._pace.now() + longest) if longest else due)

    def _to_go_on(self, batch: Batch) -> Batch:
        """Progress was made and more is to be asked: due again at once, or held where it is too old."""
        return self._to_ask_at(batch, self._pace.now())

    def _to_ask_at(self, batch: Batch, due: datetime) -> Batch:
        if self._is_too_old(batch):
            return steps.held(batch, causes.too_old(batch.state), self._pace.now())
        return replace(batch, due=due)

    def _after_unexpected(self, batch: Batch) -> Batch:
        if self._is_too_old(batch):
            return steps.held(batch, causes.POLLS_FAIL, self._pace.now())
        return steps.polled(batch, self._pace.backed_off(batch.polls + 1))

    def _is_too_old(self, batch: Batch) -> bool:
        return self._age.is_too_old(batch.opened_at)


def _unless_absent(order: BatchOrder) -> BatchOrder:
    return replace(order, evidence=None, asked_at=None) if order.evidence is Evidence.ABSENT else order


def _is_asked_since(order: BatchOrder, time: datetime) -> bool:
    return order.asked_at is not None and order.asked_at >= time


def _with_evidence(orders: tuple[BatchOrder, ...], batch: Batch) -> tuple[BatchOrder, ...]:
    """The orders with what the ledger said of them, as the batch has it."""
    return tuple(
        replace(order, evidence=known.evidence, asked_at=known.asked_at)
        for order, known in zip(orders, batch.orders, strict=True)
    )


def _unless_failed(batch: Batch, failure: Ended) -> Batch:
    """The batch with what its result said, but for the failures: a document of one of them exists."""
    orders = [
        replace(known, status=said.status) if said.status is not OrderStatus.FAILED else known
        for known, said in zip(batch.orders, failure.orders, strict=True)
    ]
    return replace(batch, orders=tuple(orders))
