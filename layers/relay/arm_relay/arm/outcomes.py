"""ARM's answer about a batch -> how each of its orders ended, that we must wait, or undecided. Pure.

Every word, code and key of ARM's stands in the contract, and none stands here. The reading is strict:

- A success needs a word of success and nothing beside it that speaks against it (`objections`).
- A failure needs a word of failure and nothing that says that ARM is still at work. When it counts is the poller's.
- The entries decide where the words for the whole batch do not, if each names its document.
- A key that stands twice, or the id of another batch, leaves the answer undecided, and so does everything else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from arm_relay.arm.bodies import Body, Entries, Entry, Repeated, taken_apart
from arm_relay.arm.contract import Contract, Meaning
from arm_relay.arm.json_objects import json_object, json_object_and_doubt
from arm_relay.arm.matching import Matched, match
from arm_relay.arm.not_understood import (
    CONTRADICTION,
    COUNTS_DIFFER,
    SAYS_NOT_HOW,
    NotDone,
    NotUnderstood,
    UnknownWord,
)
from arm_relay.arm.objections import (
    NOT_DONE,
    Objection,
    against_success,
    is_nothing,
    may_be_temporary,
    number_of,
    of_a_trial,
    still_at_work,
    truth_of,
)
from arm_relay.batches.batch import PRINTABLE, Answer, BatchOrder, OrderStatus, State

END_OF: Final[Mapping[Meaning | None, State]] = {
    Meaning.SUCCEEDED: State.SUCCEEDED,
    Meaning.PARTIAL: State.PARTIALLY_FAILED,
    Meaning.FAILED: State.FAILED,
}
STATUS_OF: Final[Mapping[Meaning | None, OrderStatus]] = {
    Meaning.SUCCEEDED: OrderStatus.SUCCEEDED,
    Meaning.FAILED: OrderStatus.FAILED,
}

#: The codes that say that ARM does not know the batch (any more). What their body says is about the question.
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})

MAX_ERRORS: Final = 3
MAX_ERROR_LENGTH: Final = 150
#: The most characters of a number that ARM gave.
MAX_NUMBER: Final = 100


class Rule(StrEnum):
    """By which rule an answer was read."""

    #: The HTTP code says that ARM is not done.
    CODE_WAITS = "the HTTP code means waiting"
    #: A word for the whole batch says so.
    WORD_WAITS = "a word for the whole batch means waiting"
    #: The entry of an order says so.
    ENTRY_WAITS = "the entry of an order means waiting"
    #: The words say success, and something beside them that ARM is not done.
    NOT_DONE = "the words mean success, but something says that ARM is not done"
    #: One word for all orders.
    WHOLE = "the words for the whole batch"
    #: The HTTP code alone, where the contract lets it decide.
    CODE = "the HTTP code, which decides by the contract"
    #: The counts, where the contract lets them decide.
    COUNTS = "the counts, which decide by the contract"
    #: Each order by its own entry.
    ENTRIES = "each order's own entry"
    #: Each order by its own entry, which the words for the whole batch do not fit.
    ENTRIES_ALONE = "each order's own entry, which names its document, although the words for the whole do not fit"


@dataclass(frozen=True, slots=True)
class Waiting:
    """ARM is not done."""

    rule: Rule = Rule.CODE_WAITS
    #: What says so, where the words mean success.
    against: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """ARM is done, and this is how the orders ended."""

    state: State
    orders: tuple[BatchOrder, ...]
    #: The ids of the failed orders of which it names the document and gives a reason that does not pass.
    named: frozenset[str] = frozenset()
    rule: Rule = Rule.WHOLE


@dataclass(frozen=True, slots=True)
class Undecided:
    """The answer is not understood; the orders carry what it did say about them."""

    #: Why, in the same words for the same kind of answer.
    reason: str
    orders: tuple[BatchOrder, ...]
    #: What speaks against what the words say.
    against: tuple[Objection, ...] = ()
    #: Whether anything in it may tell of a fault: then a document under an order's number may be an earlier one.
    may_have_failed: bool = False


type Reading = Waiting | Ended | Undecided


@dataclass(frozen=True, slots=True)
class _Reported:
    """What the entries say."""

    #: The orders, each with what its entry says.
    orders: tuple[BatchOrder, ...]
    meanings: tuple[Meaning | None, ...]
    matched: Matched
    entries: Entries

    @property
    def by_number(self) -> bool:
        """Whether each order has an entry that names its document."""
        return self.matched.by_number and len(self.entries) == len(self.orders)

    def placed(self, body: Body | None = None) -> Repeated:
        """The entries, each with the place of its order; with those of the other lists of this body."""
        return (*zip(self.matched.places, self.entries, strict=True), *(body.repeated if body else ()))

    def about(self, status: OrderStatus, body: Body) -> list[Entry]:
        """All entries of the orders with this status, those of the other lists, too."""
        return [entry for place, entry in self.placed(body) if self.orders[place].status is status]


def read(answer: Answer, orders: Sequence[BatchOrder], contract: Contract, batch_uuid: str | None = None) -> Reading:
    """What ARM's answer says about the batch of this id with these orders: the HTTP code first, then the words."""
    if contract.codes.get(answer.status) is Meaning.WAITING:
        return Waiting()
    try:
        return _Reader(contract, answer.status, tuple(orders), batch_uuid).read(answer.body)
    except NotDone as error:
        return Waiting(Rule.NOT_DONE, error.against)
    except NotUnderstood as error:
        faults = () if answer.status in GONE else _faults(answer.body, contract, len(orders))
        return Undecided(str(error), tuple(orders), error.against or faults, may_have_failed=bool(faults))
    except RecursionError:  # A body may be shallow enough to be read, but too deep to be written into an error.
        return Undecided("ARM's result is nested too deeply", tuple(orders), may_have_failed=True)


def end_of(orders: Iterable[BatchOrder]) -> State:
    """The end of a batch whose orders have all succeeded or failed."""
    statuses = {order.status for order in orders}
    if len(statuses) > 1:
        return State.PARTIALLY_FAILED
    return State.SUCCEEDED if OrderStatus.SUCCEEDED in statuses else State.FAILED


def _faults(body: str, contract: Contract, of: int) -> tuple[Objection, ...]:
    """Whatever in a body may tell of a fault."""
    against = against_success(json_object(body) or {}, contract, of)
    return tuple(objection for objection in against if objection.kind not in NOT_DONE)


class _Reader:
    """Reads one answer."""

    def __init__(self, contract: Contract, code: int, orders: tuple[BatchOrder, ...], batch_uuid: str | None) -> None:
        self._contract = contract
        self._code = code
        self._orders = orders
        self._batch_uuid = batch_uuid

    def read(self, text: str) -> Reading:
        """The reading of a body.

        Raises:
            NotUnderstood: it is not understood.
            NotDone: it claims success and says that ARM is not done.
        """
        if self._code not in self._contract.codes:
            raise NotUnderstood(f"ARM answered {self._code} about the batch")
        found, is_in_doubt = json_object_and_doubt(text)
        if found is None:
            raise NotUnderstood("ARM's result is not a JSON object")
        if is_in_doubt:
            raise NotUnderstood("ARM's result has a key twice")
        if trials := of_a_trial(found, self._contract):
            raise NotUnderstood("ARM's result is one of a trial", trials)
        body = taken_apart(found, self._orders, self._contract)
        self._check_batch(body)
        return self._by_entries(body) if body.entries else self._as_one(body)

    def _check_batch(self, body: Body) -> None:
        """An answer about another batch says nothing about this one. UUIDs are the one kind of value with case."""
        entries = (*body.entries, *(entry for _, entry in body.repeated))
        parts = (*body.heads, *(entry.fields for entry in entries))
        ids = (part.get(key) for part in parts for key in self._contract.batch_id_keys)
        named = {str(value) for value in ids if isinstance(value, str | int | float)}
        if self._batch_uuid is not None and named - {self._batch_uuid, ""}:
            raise NotUnderstood("ARM's result is about another batch")

    # One word for all orders

    def _as_one(self, body: Body) -> Reading:
        """Every order by what the answer says about the whole batch."""
        head = body.meaning(self._contract)
        if head is Meaning.WAITING:
            return Waiting(Rule.WORD_WAITS)
        conclusion, rule = self._conclusion(body, head)
        if conclusion not in STATUS_OF:
            raise NotUnderstood(SAYS_NOT_HOW)
        if END_OF[conclusion] not in self._ends():
            raise NotUnderstood(CONTRADICTION)
        self._check_all_read(body, is_bad=conclusion is Meaning.FAILED)
        if conclusion is Meaning.FAILED:
            self._check_failure(body)
        else:
            self._check_success(body)
        errors = self._errors(body.heads)
        after = tuple(self._after(order, conclusion, errors) for order in self._orders)
        if len(after) == 1:
            # What is said of the batch is said of its only order.
            said = {key: value for head in reversed(body.heads) for key, value in head.items()}
            after = tuple(self._numbered(order, said) for order in after)
        return Ended(end_of(after), after, rule=rule)

    def _conclusion(self, body: Body, head: Meaning | None) -> tuple[Meaning | None, Rule]:
        if head in END_OF:
            return head, Rule.WHOLE
        if self._contract.counts_decide and (counted := self._counted(body)):
            return counted, Rule.COUNTS
        if self._code in self._contract.deciding_codes:
            return self._contract.codes[self._code], Rule.CODE
        return head, Rule.WHOLE

    def _counted(self, body: Body) -> Meaning | None:
        """What the counts say: all succeeded and none failed, or the other way round."""
        known, counts = self._contract.counts, body.counts(self._contract)
        every, good, bad = (
            {number for name, number in counts if name in names} for names in (known.all, known.succeeded, known.failed)
        )
        whole = {float(len(self._orders))}
        if bad == {0} and (good or every) == whole:
            return Meaning.SUCCEEDED
        return Meaning.FAILED if bad == whole and good <= {0} else None

    def _check_all_read(self, body: Body, *, is_bad: bool) -> None:
        """A word for all orders counts only where nothing else may be about single ones, not even an empty list.

        Null under the name of a list is such an empty one.
        """
        contract = self._contract
        read_keys = {*contract.summaries, *(contract.error_keys if is_bad else ())}
        # An empty list under the name of what is said to be all of them contradicts it.
        not_empty = {*contract.entry_lists, *(pair[is_bad] for pair in contract.list_pairs)}
        for key, value in (item for head in body.heads for item in head.items()):
            is_envelope = key in contract.envelopes and isinstance(value, dict)
            if is_envelope or key in read_keys or not isinstance(value, dict | list | None):
                continue
            if value or key in not_empty:
                raise NotUnderstood("a part of ARM's result is not understood")

    # Each order by its entry

    def _by_entries(self, body: Body) -> Reading:
        """Every order by its own entry. A waiting entry makes the batch wait, a missing one leaves it undecided."""
        head, unknown = body.meaning_if_known(self._contract)
        if head is Meaning.WAITING:
            return Waiting(Rule.WORD_WAITS)
        reported = self._reported(body.entries, head)
        if Meaning.WAITING in reported.meanings:
            if head is Meaning.FAILED:
                raise NotUnderstood(CONTRADICTION)
            return Waiting(Rule.ENTRY_WAITS)
        if any(order.status is OrderStatus.IN_PROGRESS for order in reported.orders):
            if unknown:
                raise unknown
            return self._partly_reported(body, reported, head)
        return self._ended(body, reported, head, unknown)

    def _reported(self, entries: Entries, head: Meaning | None) -> _Reported:
        meanings = tuple(entry.meaning(self._contract) for entry in entries)
        # It is not documented which order an entry without a number or an order id means. Its place is a guess, which
        # does not matter where all entries say the same.
        fields = [entry.fields for entry in entries]
        matched = match(fields, self._orders, self._contract, by_place=len(set(meanings)) == 1)
        known = list(self._orders)
        for index, entry, meaning in zip(matched.places, entries, meanings, strict=True):
            known[index] = self._after(known[index], meaning, self._errors([entry.fields]))
        known = list(_completed(known, head, meanings))
        for index, is_certain, entry in zip(matched.places, matched.certain, entries, strict=True):
            known[index] = self._numbered(known[index], entry.fields) if is_certain else known[index]
        return _Reported(tuple(known), meanings, matched, entries)

    def _partly_reported(self, body: Body, reported: _Reported, head: Meaning | None) -> Reading:
        """Some orders are not reported: the ledger may say what became of them."""
        if head is Meaning.FAILED and any(order.status is OrderStatus.SUCCEEDED for order in reported.orders):
            raise NotUnderstood(CONTRADICTION)
        self._check_entries(body, reported)
        against = against_success(body.heads[-1], self._contract, of=0, skipped=body.list_keys)
        for entry in reported.about(OrderStatus.IN_PROGRESS, body):
            against += against_success(entry.whole, self._contract, of=0, place=entry.place)
        faults = tuple(objection for objection in against if objection.kind not in NOT_DONE)
        return Undecided(SAYS_NOT_HOW, reported.orders, faults, may_have_failed=bool(faults))

    def _ended(self, body: Body, reported: _Reported, head: Meaning | None, unknown: UnknownWord | None) -> Reading:
        state = end_of(reported.orders)
        if state not in self._ends():
            raise NotUnderstood(CONTRADICTION)
        rule = Rule.ENTRIES
        if unknown or (head in END_OF and END_OF[head] is not state):
            self._check_entries_decide(reported, state, head, unknown)
            rule = Rule.ENTRIES_ALONE
        self._check_entries(body, reported)
        if state is State.SUCCEEDED:
            self._check_success(body)
        elif state is State.FAILED:
            self._check_failure(body, is_named=reported.by_number)
        else:
            self._check_at_work(body)
            self._check_counts(body, reported.orders)
        return Ended(state, reported.orders, self._named(body, reported), rule)

    def _check_entries_decide(
        self, reported: _Reported, state: State, head: Meaning | None, unknown: UnknownWord | None
    ) -> None:
        """Where the words for the whole batch do not fit, the entries decide if each names its document.

        A success of the whole may be the call's: then the HTTP code has to say the same as the entries. A success of an
        entry never counts against a failure of the whole: it may be fine and fall with its batch.
        """
        code_says_so = self._contract.codes[self._code] is not Meaning.FINISHED
        is_the_calls = head is Meaning.SUCCEEDED and code_says_so
        if state is State.SUCCEEDED or not reported.by_number or not (unknown or is_the_calls):
            raise unknown or NotUnderstood(CONTRADICTION)

    def _named(self, body: Body, reported: _Reported) -> frozenset[str]:
        """The failed orders whose entry names their document's number and gives a reason that does not pass."""
        failed = {place for place, order in enumerate(reported.orders) if order.status is OrderStatus.FAILED}
        passing = {place for place, entry in reported.placed(body) if place in failed and self._may_pass(entry)}
        pairs = ((reported.orders[place], entry) for place, entry in reported.placed() if place in failed - passing)
        return frozenset(
            order.id
            for order, entry in pairs
            if order.errors and order.document_no and any(entry.fields.get(key) for key in self._contract.number_keys)
        )

    def _may_pass(self, entry: Entry) -> bool:
        """Whether an entry says that its failure may be temporary, or that ARM is still at work on its document."""
        words = frozenset(self._contract.word_keys)
        return bool(
            may_be_temporary(entry.whole, self._contract) or still_at_work(entry.whole, self._contract, skipped=words)
        )

    # What speaks against it

    def _check_entries(self, body: Body, reported: _Reported) -> None:
        """A document that succeeded counts only where nothing in its entries speaks against it."""
        words = frozenset(self._contract.word_keys)
        found: list[Objection] = []
        for entry in reported.about(OrderStatus.SUCCEEDED, body):
            found += against_success(entry.whole, self._contract, of=0, place=entry.place, skipped=words)
        _refuse(found)

    def _check_success(self, body: Body) -> None:
        found: list[Objection] = []
        for head, place in zip(body.heads, body.places, strict=True):
            skipped = self._read_keys(body, head)
            found += against_success(head, self._contract, len(self._orders), place=place, skipped=skipped)
        _refuse(found)

    def _read_keys(self, body: Body, head: Mapping[str, object]) -> frozenset[str]:
        """The keys of a head that are read elsewhere: its lists and envelopes, and the words of the innermost one."""
        words = self._contract.word_keys if head is body.heads[0] else ()
        lists = {key for key in body.list_keys if isinstance(head.get(key), list)}
        inner = {key for key in self._contract.envelopes if isinstance(head.get(key), dict)}
        return frozenset({*words, *lists, *inner})

    def _check_failure(self, body: Body, *, is_named: bool = False) -> None:
        """A failure counts only where ARM is not at work, and where its text does not tell of the call alone."""
        self._check_at_work(body)
        good = self._contract.counts.succeeded
        if any(number for name, number in body.counts(self._contract) if name in good):
            raise NotUnderstood(COUNTS_DIFFER)
        if not is_named and (against := may_be_temporary(body.heads[-1], self._contract)):
            raise NotUnderstood("ARM's result reports a failure that may be temporary", against)

    def _check_at_work(self, body: Body) -> None:
        for head, place in zip(body.heads, body.places, strict=True):
            if against := still_at_work(head, self._contract, place, self._read_keys(body, head)):
                raise NotUnderstood(CONTRADICTION, against)

    def _check_counts(self, body: Body, orders: Sequence[BatchOrder]) -> None:
        good = sum(order.status is OrderStatus.SUCCEEDED for order in orders)
        expected = dict.fromkeys(self._contract.counts.succeeded, good)
        expected |= dict.fromkeys(self._contract.counts.failed, len(orders) - good)
        if any(number != expected.get(name, number) for name, number in body.counts(self._contract)):
            raise NotUnderstood(COUNTS_DIFFER)

    def _ends(self) -> AbstractSet[State]:
        """The ends that fit the HTTP code."""
        meaning = self._contract.codes[self._code]
        return frozenset(END_OF.values()) if meaning is Meaning.FINISHED else {END_OF[meaning]}

    # The orders

    def _after(self, order: BatchOrder, meaning: Meaning | None, errors: tuple[str, ...]) -> BatchOrder:
        status = STATUS_OF.get(meaning, order.status)
        return replace(order, status=status, errors=errors if status is OrderStatus.FAILED else order.errors)

    def _numbered(self, order: BatchOrder, fields: Mapping[str, object]) -> BatchOrder:
        """An order that ARM has billed, with the number that ARM gave it if it had none."""
        if order.document_no or order.status is not OrderStatus.SUCCEEDED:
            return order
        values = (fields.get(key) for key in self._contract.number_keys)
        number = next((str(value) for value in values if self._is_document_no(value)), None)
        return replace(order, arm_no=_storable(number.strip()[:MAX_NUMBER]) if number else None)

    def _is_document_no(self, value: object) -> bool:
        """Whether a value may be the number of a document: no boolean, nothing that means none, none below zero."""
        if not isinstance(value, str | int) or truth_of(value) is not None or is_nothing(value, self._contract):
            return False
        number = number_of(value)
        return number is None or number > 0

    def _errors(self, parts: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
        values = [part.get(key) for part in parts for key in self._contract.error_keys]
        listed = [one for value in values for one in (value if isinstance(value, list) else [value])]
        return tuple(dict.fromkeys(text for one in listed if (text := _error_text(one))))[:MAX_ERRORS]


def _completed(
    known: Sequence[BatchOrder], head: Meaning | None, meanings: Sequence[Meaning | None]
) -> tuple[BatchOrder, ...]:
    """The orders of which no entry says how they ended, by the word for all, where no entry says otherwise."""
    silent = {None, Meaning.FINISHED}
    is_all_good = head is Meaning.SUCCEEDED and set(meanings) <= silent and len(meanings) == len(known)
    is_all_bad = head is Meaning.FAILED and set(meanings) <= silent | {Meaning.FAILED}
    if not is_all_good and not is_all_bad:
        return tuple(known)
    left = [order.status is OrderStatus.IN_PROGRESS for order in known]
    return tuple(
        replace(order, status=STATUS_OF[head]) if is_left else order for order, is_left in zip(known, left, strict=True)
    )


def _refuse(against: Sequence[Objection]) -> None:
    """Let a success count only where nothing speaks against it."""
    if not against:
        return
    if all(objection.kind in NOT_DONE for objection in against):
        raise NotDone(against)
    raise NotUnderstood("ARM's result reports success but may also report an error", against)


def _error_text(part: object) -> str:
    text = json.dumps(part, ensure_ascii=False) if isinstance(part, dict) else part
    if not isinstance(text, str):
        return ""
    return _storable(text[:MAX_ERROR_LENGTH])


def _storable(text: str) -> str:
    """A text of ARM's without what cannot be stored."""
    # JSON can contain half a surrogate pair, which UTF-8 cannot.
    return text.translate(PRINTABLE).encode(errors="replace").decode()
