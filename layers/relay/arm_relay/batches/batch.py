"""What a batch is: its states, its orders and their statuses, its history. Pure; `steps` changes it.

Times are UTC. A batch with a `due` time has something left to do; without one it rests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self


class State(StrEnum):
    """The state of a batch."""

    #: Recorded, and being submitted under a lease. It leaves by the submission's outcome, or to UNCONFIRMED when the
    #: lease is over.
    CLAIMED = "CLAIMED"
    #: ARM certainly does not have it. The poller submits it, at growing intervals; a credit note whose invoice is under
    #: way once that has ended. It leaves by a submission, by a hold when it is too old, or to REFUSED where the
    #: credited invoice was not created.
    QUEUED = "QUEUED"
    #: ARM may have it. It is never sent again without proof. It leaves by reconciliation, by a late answer or by a
    #: hold.
    UNCONFIRMED = "UNCONFIRMED"
    #: ARM returned a batchUuid. It leaves by ARM's result, by ARM's ledger or by a hold.
    PENDING = "PENDING"
    #: Every document was created. Final.
    SUCCEEDED = "SUCCEEDED"
    #: Some documents were created and some were not. Final. Send the failed orders again, corrected; they become a new
    #: batch.
    PARTIALLY_FAILED = "PARTIALLY_FAILED"
    #: No document was created. Final. Send the orders again, corrected; they become a new batch.
    FAILED = "FAILED"
    #: ARM refused the submission: it answered with a 4xx that is about the batch. Or the relay did not submit a credit
    #: note, because its invoice was not created. Final. Send the orders again, corrected; they become a new batch.
    REFUSED = "REFUSED"
    #: A person must decide: the relay cannot find out how the batch ended, or the batch is too old. It leaves by a
    #: redrive.
    HELD = "HELD"


class OrderStatus(StrEnum):
    """The status of one order of a batch."""

    #: Not known yet.
    IN_PROGRESS = "IN_PROGRESS"
    #: ARM created its document.
    SUCCEEDED = "SUCCEEDED"
    #: ARM did not create its document; it may be sent again with different content once its batch has ended.
    FAILED = "FAILED"
    #: ARM refused the submission, or the relay did not make it; it may be sent again with different content.
    REFUSED = "REFUSED"
    #: A person must find out how it ended.
    HELD = "HELD"


class Evidence(StrEnum):
    """What ARM's ledger said about the document of one order."""

    #: The ledger has the order's document. Final.
    FOUND = "FOUND"
    #: The ledger had no document with the order's number when it was asked.
    ABSENT = "ABSENT"
    #: The ledger has a different document with the order's number.
    ANOTHER = "ANOTHER"


class Standing(StrEnum):
    """What the relay knew of a credited invoice when it accepted the credit note."""

    #: ARM had it.
    CREATED = "CREATED"
    #: It was under way or held, so the credit note waits for its end.
    AWAITED = "AWAITED"
    #: The relay does not know it.
    UNKNOWN = "UNKNOWN"


#: The final states.
ENDS: Final = frozenset({State.SUCCEEDED, State.PARTIALLY_FAILED, State.FAILED, State.REFUSED})

#: The final states in which orders are left that ARM did not create a document for.
FAILURES: Final = ENDS - {State.SUCCEEDED}

#: The statuses of orders that may be sent again with different content.
CORRECTABLE: Final = frozenset({OrderStatus.FAILED, OrderStatus.REFUSED})

#: The type of order event that most orders are.
INVOICED: Final = "order.invoiced"

#: How much of ARM's answer is stored, in bytes.
KEPT_ANSWER: Final = 32_768

#: A table for `str.translate` that replaces control characters: the first 32 would take six bytes each in a record's
#: JSON, and a terminal obeys those behind ASCII, too.
PRINTABLE: Final[Mapping[int, str]] = dict.fromkeys(
    {*range(ord(" ")), *range(0x7F, 0xA0)} - {ord("\t"), ord("\n"), ord("\r")}, "\N{REPLACEMENT CHARACTER}"
)

#: How long a submission may be in flight before its outcome counts as lost. Longer than the webhook function's timeout.
LEASE: Final = timedelta(seconds=30)

#: How far apart the clocks of two functions may be.
CLOCK_SKEW: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long a batch waits in each case. The template's parameters of the same names explain each."""

    first_poll: timedelta
    longest_poll: timedelta
    settling: timedelta
    failure_settling: timedelta
    undecided: timedelta
    hold_after: timedelta
    retention: timedelta


@dataclass(frozen=True, slots=True)
class CreditedInvoice:
    """The invoice that a credit note credits."""

    standing: Standing
    #: Its batch and its id there; None where the relay does not know it.
    batch_id: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net, VAT and gross of a line or a document, in major currency units; net + vat = gross always holds exactly."""

    net: Decimal
    vat: Decimal
    gross: Decimal

    @property
    def largest(self) -> Decimal:
        """The largest of the three, without its sign: amounts of both signs may leave a small gross of large parts."""
        return max(abs(self.net), abs(self.vat), abs(self.gross))

    @classmethod
    def of_net(cls, net: Decimal, vat: Decimal) -> Self:
        """The gross amount is the sum."""
        return cls(net=net, vat=vat, gross=net + vat)

    @classmethod
    def of_gross(cls, gross: Decimal, vat: Decimal) -> Self:
        """The net amount is the difference."""
        return cls(net=gross - vat, vat=vat, gross=gross)

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(net=self.net + other.net, vat=self.vat + other.vat, gross=self.gross + other.gross)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrder:
    """One order of a batch, with its status."""

    id: str
    order_id: str | None
    customer_no: str
    document_no: str | None
    #: The digest of its content (`Order.digest`).
    digest: str
    status: OrderStatus = OrderStatus.IN_PROGRESS
    #: The number that ARM gave to the document of an order without one of its own; None where ARM did not say.
    arm_no: str | None = None
    #: ARM's words on why it failed.
    errors: tuple[str, ...] = ()
    #: The type of the document that is sent for it, such as IN.
    document_type: str = ""
    #: What it asked for, by the order event's word.
    type: str = INVOICED
    #: The dates of its document.
    invoice_date: date | None = None
    due_date: date | None = None
    #: The order's currency; None where it leaves that to ARM.
    currency: str | None = None
    total: Amounts | None = None
    #: Of a credit note that names its invoice.
    credited: CreditedInvoice | None = None
    #: The sender's own words about it, by name.
    metadata: tuple[tuple[str, str], ...] = ()
    #: The batch in which it failed, and of which its sender retries it here.
    retry_of: str | None = None
    #: The batch from which it took over its id or its number, as a correction.
    replaces: str | None = None
    #: What ARM's ledger said last about its document, and when it was asked; None where it was not.
    evidence: Evidence | None = None
    asked_at: datetime | None = None
    #: When an operator had its lines, names and addresses removed; None where nobody did.
    forgotten_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """ARM's latest answer about a batch, as received."""

    status: int
    body: str

    def kept(self) -> "Answer":
        """The part of it that is stored and announced."""
        body = self.body.translate(PRINTABLE).encode()[:KEPT_ANSWER]
        return Answer(self.status, body.decode(errors="ignore"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """The times at which a batch entered one state for one cause."""

    state: State
    cause: str
    #: The operator who redrove it; None where the relay acted.
    by: str | None = None
    at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The orders of one request that go to ARM together."""

    id: str
    client_no: str
    state: State
    orders: tuple[BatchOrder, ...]
    #: The body of POST documents/batches, the same for every attempt. None: the table keeps it in an item of its own.
    payload: bytes | None
    claimed_at: datetime
    #: The time of the claim or the latest redrive. The age at which a batch is held counts from here.
    opened_at: datetime
    #: When the poller handles it next, be it to poll it or to announce its end. None: nothing is left to do.
    due: datetime | None
    #: The number of submissions begun, so that a late answer is matched with its own submission; 0 until the first one
    #: of a batch that waits for a credited invoice.
    attempt: int = 1
    attempt_at: datetime
    #: The first attempt that ARM may have received without the relay knowing.
    doubt: int | None = None
    #: Polls and attempts without news since the claim, the batchUuid or the redrive.
    polls: int = 0
    #: The first answered look-up about the attempt in doubt since ARM last failed: settling counts from here.
    settling_since: datetime | None = None
    #: Since when ARM's result has not been understood.
    undecided_since: datetime | None = None
    #: Since when ARM's result has reported the same failure, and which one (`steps.failing`).
    failing_since: datetime | None = None
    failure: str | None = None
    batch_uuid: str | None = None
    answer: Answer | None = None
    #: ARM's answer to the submission that it took, once a later one has taken its place in `answer`.
    submission_answer: Answer | None = None
    #: The number of ends and holds so far. It numbers the announcements.
    announcements: int = 0
    #: When it entered its present end or hold.
    ended_at: datetime | None = None
    #: The number of its latest announcement that was published and kept, and when that was.
    announced: int = 0
    announced_at: datetime | None = None
    #: When what it held of people was taken out of it: the documents that were sent, and ARM's answer.
    trimmed_at: datetime | None = None
    #: Why it is in its present state.
    cause: str
    #: Transitions grouped by state, cause and operator, in the order of each group's first time.
    history: tuple[Transitions, ...]
    #: The bulk redrive that acted on it last.
    redrive_id: str | None = None
    #: The failed batch whose orders it sends again, and the batch that sends its own failed orders again.
    retry_of: str | None = None
    retried_as: str | None = None
    #: The version of the record: every save is conditional on it.
    version: int = 1

    @property
    def rests(self) -> bool:
        """Whether it has ended or is held. If it is still due, its announcement is outstanding."""
        return self.state in ENDS or self.state is State.HELD

    @property
    def is_to_be_repeated(self) -> bool:
        """Whether its end or hold was announced, and is to be announced once more in the same words."""
        return self.rests and self.due is not None and self.is_announced

    @property
    def is_announced(self) -> bool:
        """Whether its present end or hold was announced."""
        return self.rests and self.announced == self.announcements

    @property
    def announcement_id(self) -> str:
        """The id of the announcement of its present end or hold."""
        return f"{self.id}.{self.announcements}"

    def waited(self, now: datetime) -> timedelta:
        """How long it has been waiting for its end, or since then for its announcement."""
        since = self.ended_at if self.rests and self.ended_at else self.opened_at
        # The clocks of two functions may differ.
        return max(now - since, timedelta(0))

    def settles_at(self, times: Times) -> datetime | None:
        """Until when ARM's silence or ARM's failure must settle before it counts; None where nothing settles.

        A failure that names its documents and gives reasons counts at once. The batch has ended by then.
        """
        if self.state is State.UNCONFIRMED and self.settling_since:
            return self.settling_since + times.settling
        if self.state is State.PENDING and self.failing_since:
            return self.failing_since + times.failure_settling
        return None

    @property
    def awaited_invoice(self) -> CreditedInvoice | None:
        """The invoice whose end it waits for; None where it waits for none any more."""
        credited = self.orders[0].credited if self.state is State.QUEUED and not self.attempt else None
        return credited if credited and credited.standing is Standing.AWAITED else None

    @property
    def since(self) -> datetime:
        """When it entered its present state."""
        if self.rests and self.ended_at:
            return self.ended_at
        return max(
            (at for entry in self.history if entry.state is self.state for at in entry.at), default=self.opened_at
        )

    @property
    def is_certainly_absent(self) -> bool:
        """Whether ARM certainly has none of it: no attempt ever was in doubt or taken, or ARM refused the only one.

        It is False where the relay cannot know. What a person said of it does not count.
        """
        if self.doubt or self.batch_uuid or self.state not in {State.QUEUED, State.HELD, State.REFUSED}:
            return False
        times = [at for entry in self.history if entry.state is self.state for at in entry.at]
        if self.rests and self.ended_at and self.ended_at not in times:
            # It was held while its record could not be read: what was done until then is not known.
            return False
        return not any(entry.state in {State.UNCONFIRMED, State.PENDING} for entry in self.history)

    @property
    def is_answer_removed(self) -> bool:
        """Whether ARM's answer was taken out of it, because it may name people."""
        return self.trimmed_at is not None or any(order.forgotten_at for order in self.orders)

    def gives_away(self, order: BatchOrder) -> bool:
        """Whether another order may take the place of this one of its orders: ARM has no document of it, and gets none.

        Not in a held batch, even where the order failed: an operator may still resubmit the whole batch.
        """
        return self.state in ENDS and order.status in CORRECTABLE

    def order(self, order_id: str) -> BatchOrder:
        """Its order with this id."""
        return next(order for order in self.orders if order.id == order_id)

    @property
    def by(self) -> str | None:
        """The operator who brought it into its present state; None for the relay itself."""
        # Times alone do not show which transition is the latest: the clocks of two functions may differ.
        present = [entry for entry in self.history if (entry.state, entry.cause) == (self.state, self.cause)]
        latest = max(present, key=lambda entry: entry.at[-1], default=None)
        return latest.by if latest else None
