"""What is due, streaming through a run: read, polled, saved and announced, many at a time.

The workers do what waits for others: each poll, and beside the polls at most one read, one save and one announcement,
each of many. Each task returns what is to be done with its result, and the run does that by itself, one after the
other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from arm_relay.arm.breaker import Breaker
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Batch, OrderStatus
from arm_relay.batches.pace import Pace
from arm_relay.observability import Journal, Metric
from arm_relay.poller.age import Age
from arm_relay.poller.announcing import Announcing
from arm_relay.poller.concurrency import Workers
from arm_relay.poller.feed import Places, Turns
from arm_relay.poller.next_step import NextStep, Stepped, TimeLeft
from arm_relay.poller.shards import Shards
from arm_relay.poller.tempo import Tempo, room
from arm_relay.store.records import DueBatch
from arm_relay.store.table import Store, StoreUnavailable

#: How many batches are read, saved and announced at a time.
READ: Final = 50
SAVED: Final = 25
ANNOUNCED: Final = 30

#: Further pages are read while fewer clients than these have something due, so that none waits behind another.
SEVERAL: Final = 2

#: Where no result comes for so long, those that are there are saved and announced, however few; in seconds.
PAUSE: Final = 0.05

#: How many due batches of a client that ARM does not serve make way for the others in one run.
POSTPONED: Final = 1000

#: How many due batches are read in a run while ARM is down: they may have ended, or their lease may be over.
READ_WHILE_DOWN: Final = 2000

#: After so many failures in a row to announce anything, the run announces nothing more.
MUTE: Final = 2

#: What the run does with the result of a task.
type After = Callable[[], None]


class Stream:
    """The stream of one run."""

    def __init__(
        self,
        *,
        store: Store,
        shards: Shards,
        next_step: NextStep,
        ledger: Breaker,
        announcing: Announcing,
        journal: Journal,
        pace: Pace,
        age: Age,
        workers: Workers[After],
        time_left: TimeLeft,
    ) -> None:
        self._store = store
        self._shards = shards
        self._next_step = next_step
        self._ledger = ledger
        self._announcing = announcing
        self._journal = journal
        self._pace = pace
        self._age = age
        self._workers = workers
        self._time_left = time_left
        self._due = Turns[DueBatch](lambda batch: batch.client_no)
        self._ready = Turns[Batch](lambda batch: batch.client_no)
        self._places = Places(workers.size)
        self._to_save: list[Stepped] = []
        self._to_announce: list[Batch] = []
        self._postponed: dict[str, int] = {}
        self._polling = 0
        self._reading = self._saving = self._announcing_now = 0
        self._saves, self._announcements = Tempo(), Tempo()
        self._silences = 0
        self._reads = 0
        #: How many batches were polled, and how many of these polls failed unexpectedly.
        self.polls = 0
        self.failures = 0
        #: A document number of each client that ARM was seen to have.
        self.known: dict[str, str] = {}

    def flow(self, pages: Iterator[list[DueBatch]]) -> None:
        """Take everything on these pages a step further, as far as the time reaches."""
        while self._feed(pages) or self._workers.busy:
            self._go_on()

    def drain(self) -> None:
        """Wait for what the workers have begun: a run that fails must leave nothing that acts after it."""
        while self._workers.busy:
            try:
                self._workers.done(PAUSE)
            except Exception:  # noqa: BLE001 (the run fails already, or the error of this worker is one more)
                self._journal.failed("a poll of a batch failed after its run")

    def try_alone(self, suspect: DueBatch, *, has_ended_enough: bool) -> None:
        """Poll a batch by itself that may have ended runs; or hold it, where it certainly has."""
        self._read([suspect])()
        while batch := self._ready.take():
            self._places.enter(batch.client_no)
            if has_ended_enough:
                self._collect(Stepped(batch, steps.held(batch, causes.ENDS_RUNS, self._pace.now())))
            else:
                self._collect(self._next_step.advance(batch))
        while self._has_news() or self._workers.busy:
            self._go_on()

    def _feed(self, pages: Iterator[list[DueBatch]]) -> bool:
        """Give the workers what they can take; whether there is more to do now."""
        while self._polling < self._workers.size and self._may_go_on():
            batch = self._ready.take(self._is_full)
            if batch is None:
                break
            self._places.enter(batch.client_no)
            self._polling += 1
            self._workers.submit(partial(self._poll, batch))
        if not self._reading and len(self._ready) < READ and self._may_go_on():
            self._read_ahead(pages)
        return self._has_news()

    def _may_go_on(self) -> bool:
        """Whether there is time for more, and the run can still finish in time what waits."""
        unfinished = self._polling + len(self._to_save) + self._saving + len(self._to_announce) + self._announcing_now
        return unfinished < room(self._saves, self._announcements) and self._time_left.to_ask() > 0

    def _has_news(self) -> bool:
        return bool(self._to_save or self._to_announce)

    def _go_on(self) -> None:
        """Take what the workers have done, and let them save and announce what there is enough of."""
        done = self._workers.done(PAUSE if self._workers.busy else 0)
        for after in done:
            after()
        is_enough = not done or not self._polling
        if self._to_save and not self._saving and (is_enough or len(self._to_save) >= SAVED):
            waiting, self._to_save = self._to_save, []
            self._saving = len(waiting)
            self._workers.submit(partial(self._save, waiting))
        if self._to_announce and not self._announcing_now and (is_enough or len(self._to_announce) >= ANNOUNCED):
            ends, self._to_announce = self._to_announce, []
            self._announcing_now = len(ends)
            self._workers.submit(partial(self._announce, ends, is_mute=self._silences >= MUTE))

    def _is_full(self, client_no: str) -> bool:
        return self._places.is_full(client_no, self._ready.clients | self._due.clients)

    def _read_ahead(self, pages: Iterator[list[DueBatch]]) -> None:
        """Let a worker read the next batches, where anything more is due."""
        is_more = True
        while is_more and not self._reading:
            is_more = self._find_more(pages)
            self._make_way()
            portion = [due for due in (self._due.take() for _ in range(READ)) if due]
            if portion:
                self._reading = len(portion)
                self._reads += len(portion)
                self._workers.submit(partial(self._read, portion))

    def _find_more(self, pages: Iterator[list[DueBatch]]) -> bool:
        """Take a further page, where another client may have something due; whether there was one."""
        if len(self._due.clients) >= SEVERAL or self._is_pointless():
            return False
        page = next(pages, None)
        self._due.add(page or [])
        return page is not None

    def _is_pointless(self) -> bool:
        """Whether enough was read, as ARM is down and nothing can be polled."""
        return self._ledger.is_down() and self._reads >= READ_WHILE_DOWN

    def _make_way(self) -> None:
        """Put off what is due of a client that ARM does not serve, unless it is old."""
        if self._ledger.is_down():
            return
        for client_no in self._due.clients:
            if self._ledger.is_open(client_no):
                waiting = self._due.drop(client_no)
                self._due.add([due for due in waiting if self._is_old(due)])
                self._postpone(client_no, [due for due in waiting if not self._is_old(due)])

    def _is_old(self, due: DueBatch) -> bool:
        return self._age.is_too_old(due.claimed_at)

    def _postpone(self, client_no: str, waiting: Sequence[DueBatch]) -> None:
        room = POSTPONED - self._postponed.get(client_no, 0)
        self._postponed[client_no] = self._postponed.get(client_no, 0) + len(waiting[:room])
        self._safely(lambda: self._store.postpone(waiting[:room], self._pace.backed_off(20)))
        for due in waiting:
            self._shards.give_back(due.id)

    def _read(self, portion: Sequence[DueBatch]) -> After:
        try:
            found, unreadable = self._store.read([due.id for due in portion])
        except StoreUnavailable as error:
            # They stay in hand, for the next run.
            self._journal.transient_error(str(error))
            portion, found, unreadable = [], {}, {}
        return partial(self._after_reading, portion, found, unreadable)

    def _after_reading(
        self, portion: Sequence[DueBatch], found: Mapping[str, Batch], unreadable: Mapping[str, str]
    ) -> None:
        self._reading = 0
        for due in portion:
            if due.id in unreadable:
                self._put_aside(due, unreadable[due.id])
            elif due.id not in found:
                self._shards.give_back(due.id)
        self._ready.add(batch for batch in found.values() if self._is_to_be_polled(batch))

    def _is_to_be_polled(self, batch: Batch) -> bool:
        now = self._pace.now()
        if batch.due is None or batch.due > now:
            # The index was behind the table.
            self._shards.give_back(batch.id)
            return False
        if not batch.is_to_be_repeated:
            self._journal.measured(Metric.BATCH_AGE, batch.waited(now).total_seconds())
        if batch.rests:
            self._to_announce.append(batch)
        return not batch.rests

    def _put_aside(self, due: DueBatch, why: str) -> None:
        """A record that cannot be read is read again later, by a newer release perhaps; in the end it is held."""
        self._journal.transient_error(why, batchId=due.id)
        now = self._pace.now()
        if self._is_old(due):
            self._safely(lambda: self._store.hold_unreadable(due.id, causes.UNREADABLE, now))
        else:
            self._safely(lambda: self._store.postpone([due], now + self._pace.times.longest_poll))
        self._shards.give_back(due.id)

    def _poll(self, batch: Batch) -> After:
        stepped = self._next_step.advance(batch)

        def after() -> None:
            self._polling -= 1
            self._collect(stepped)

        return after

    def _collect(self, stepped: Stepped) -> None:
        self._places.leave(stepped.before.client_no)
        self.polls += 1
        self.failures += stepped.has_failed
        if stepped.after is None:
            self._shards.give_back(stepped.before.id)
        elif stepped.is_saved:
            self._rest_or_give_back(stepped.after)
        else:
            self._to_save.append(stepped)

    def _save(self, waiting: Sequence[Stepped]) -> After:
        before, number, failures = self._time_left.to_ask(), len(waiting), 0
        recorded: list[Batch | None] = []
        try:
            recorded = self._store.save_all([stepped.after for stepped in waiting if stepped.after])
        except StoreUnavailable as error:
            # They stay in hand: it is not known which of them were recorded.
            self._journal.transient_error(str(error))
            waiting = []
        except Exception:  # noqa: BLE001 (a step that cannot be written must not stop the others)
            alone = [self._saved_alone(each.before, each.after) for each in waiting if each.after]
            recorded = [saved for saved, _ in alone]
            failures = sum(has_failed for _, has_failed in alone)
        self._saves.took(number, before - self._time_left.to_ask())
        return partial(self._after_saving, waiting, recorded, failures)

    def _saved_alone(self, before: Batch, after: Batch) -> tuple[Batch | None, bool]:
        """One of several steps that could not be saved together, and whether it is to blame.

        A step that is to blame is put off and logged.
        """
        try:
            return self._store.save(after), False
        except StoreUnavailable as error:
            self._journal.transient_error(str(error))
            return None, False
        except Exception:  # noqa: BLE001 (it is logged, and the batch backs off)
            self._journal.failed("a step of a batch cannot be saved", batchId=after.id)
            due = DueBatch(before.id, before.client_no, before.claimed_at, before.due or self._pace.now())
            self._safely(lambda: self._store.postpone([due], self._pace.backed_off(before.polls + 1)))
            return None, True

    def _after_saving(self, waiting: Sequence[Stepped], recorded: Sequence[Batch | None], failures: int) -> None:
        self._saving = 0
        self.failures += failures
        pairs = list(zip(waiting, recorded, strict=True))
        self._journal.moved(*(saved for step, saved in pairs if saved and saved.history != step.before.history))
        for stepped, saved in pairs:
            if saved:
                self._rest_or_give_back(saved)
            else:
                self._shards.give_back(stepped.before.id)

    def _rest_or_give_back(self, saved: Batch) -> None:
        if saved.rests and saved.due:
            self._to_announce.append(saved)
        else:
            self._shards.give_back(saved.id)
        for order in saved.orders:
            if order.status is OrderStatus.SUCCEEDED and order.document_no:
                self.known[saved.client_no] = order.document_no

    def _announce(self, ends: Sequence[Batch], *, is_mute: bool) -> After:
        before = self._time_left.to_ask()
        announced = [] if is_mute else self._announcing.announce(ends)
        self._safely(lambda: self._store.save_announced(announced))
        self._announcements.took(len(ends), before - self._time_left.to_ask())

        def after() -> None:
            self._announcing_now = 0
            self._silences = 0 if announced else self._silences + 1
            self._journal.count(Metric.ANNOUNCEMENTS, len(announced))
            for batch in ends:
                self._shards.give_back(batch.id)

        return after

    def _safely(self, call: Callable[[], object]) -> None:
        """What the table does not take now is done again by the next run."""
        try:
            call()
        except StoreUnavailable as error:
            self._journal.transient_error(str(error))
