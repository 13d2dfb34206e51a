"""What the operators' API answers. The members are those of docs/api.md; an answer may have more.

Times are ISO 8601 texts in UTC. Amounts are in major currency units, with VAT where nothing else is said.
"""

from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, with_config

#: A newer relay may say more.
_OPEN = ConfigDict(extra="allow")

type Action = Literal["ask", "retry", "resubmit", "close", "announce"]
type BulkAction = Literal["ask", "retry", "announce"]
type State = Literal["unfinished", "held", "failed"]


@with_config(_OPEN)
class Credited(TypedDict):
    """The invoice that a credit note credits."""

    standing: str
    batchId: str | None
    id: str | None


@with_config(_OPEN)
class Order(TypedDict):
    """One order with its status."""

    id: str
    orderId: str | None
    documentNo: str | None
    status: str
    #: ARM's words on why it failed.
    errors: list[str]
    creditedInvoice: NotRequired[Credited]


@with_config(_OPEN)
class LookUp(TypedDict):
    """What ARM's ledger said about an order's document, and when it was asked."""

    found: str | None
    at: str


class OrderEvidence(Order):
    """One order, with what was sent of it and what ARM's ledger said."""

    #: What is sent to ARM; None where that is no longer kept.
    document: dict[str, Any] | None
    lookUp: LookUp | None
    #: The batch of which the sender retried it.
    retryOf: str | None
    #: The batch whose order it corrects.
    replaces: str | None


@with_config(_OPEN)
class Answer(TypedDict):
    """An answer of ARM's, as received."""

    status: int
    body: str


@with_config(_OPEN)
class Transition(TypedDict):
    """One entry of a batch's history."""

    at: str
    status: str
    cause: str | None
    #: Who did it; None where the relay did.
    by: str | None


@with_config(_OPEN)
class Progress(TypedDict):
    """How far a batch is."""

    batchId: str
    clientNo: str
    status: str
    cause: str | None
    by: str | None
    batchUuid: str | None
    claimedAt: str
    endedAt: str | None
    nextPollAt: str | None
    settlesAt: str | None


class FoundOrder(Progress):
    """An order that was found, and how far its batch is."""

    order: Order


class Evidence(Progress):
    """All that is known about a batch."""

    certainlyNotInArm: bool
    attempts: int
    submissionAnswer: Answer | None
    answer: Answer | None
    retryOf: str | None
    retriedAs: str | None
    redriveId: str | None
    #: The oldest first.
    history: list[Transition]
    #: KEPT, GONE, or TOO_LARGE for an answer.
    documents: str


class OrderStory(Evidence):
    """All that is known about one order and its batch."""

    order: OrderEvidence


class BatchStory(Evidence):
    """All that is known about a batch and its orders."""

    orders: list[OrderEvidence]


@with_config(_OPEN)
class Sum(TypedDict):
    """What several orders come to; orders in different currencies are never added."""

    currency: str | None
    documentType: str
    orders: int
    total: Decimal | None


@with_config(_OPEN)
class ListedBatch(TypedDict):
    """One batch of a list."""

    batchId: str
    clientNo: str
    status: str
    cause: str | None
    #: Since when it is in this state.
    since: str
    claimedAt: str
    settlesAt: str | None
    certainlyNotInArm: bool
    orders: int
    sums: list[Sum]


@with_config(_OPEN)
class Group(TypedDict):
    """How many batches are in one state for one cause."""

    status: str
    cause: str | None
    batches: int


@with_config(_OPEN)
class Totals(TypedDict):
    """What a whole list comes to."""

    isComplete: bool
    batches: int
    orders: int
    #: How many batches ARM certainly has nothing of.
    certainlyNotInArm: int
    unreadable: int
    sums: list[Sum]
    groups: list[Group]


@with_config(_OPEN)
class Page(TypedDict):
    """One page of a list of batches."""

    batches: list[ListedBatch]
    #: With the first page only.
    totals: Totals | None
    cursor: str | None


class Filter(TypedDict, total=False):
    """Which batches a bulk redrive means: all that is stated must apply."""

    clientNo: str
    cause: str
    status: str
    claimedAfter: str
    claimedBefore: str
    endedAfter: str
    endedBefore: str


class Plan(Totals):
    """What a bulk redrive would do."""

    action: str
    asOf: str
    filter: dict[str, str | None]
    #: How many of the batches could not be redriven as they are.
    refused: int
    #: The first hundred.
    batchIds: list[str]


@with_config(_OPEN)
class Refusal(TypedDict):
    """A batch that a bulk redrive could not redrive."""

    batchId: str
    reason: str


@with_config(_OPEN)
class BulkRedrive(TypedDict):
    """How far a bulk redrive is."""

    redriveId: str
    action: str
    filter: dict[str, str | None]
    reason: str
    by: str
    #: RUNNING, STOPPED or DONE.
    status: str
    createdAt: str
    endedAt: str | None
    stoppedBy: str | None
    #: How many it may touch.
    batches: int
    done: int
    refused: int
    inHand: int
    left: int
    refusals: list[Refusal]


@with_config(_OPEN)
class DayRow(TypedDict):
    """So many orders of one kind on a day, and what they come to."""

    clientNo: str
    #: None where the orders leave it to ARM.
    currency: str | None
    documentType: str
    status: str
    orders: int
    #: A text, so that no digit is lost.
    total: str
    ordersWithoutTotal: int


@with_config(_OPEN)
class Day(TypedDict):
    """What one day comes to; `from` and `to`, which Python cannot name here, say when it began and ends, in UTC."""

    date: str
    timeZone: str
    #: When the poller stored this count for good; None where it is counted for each request.
    snapshotAt: str | None
    complete: bool
    claimed: list[DayRow]
    ended: list[DayRow]
    unreadableBatches: int


@with_config(_OPEN)
class HealthCheck(TypedDict):
    """One thing that was checked."""

    check: str
    #: ok, warning or fault.
    status: str
    detail: str
    #: The section of the runbook.
    runbook: str


@with_config(_OPEN)
class Health(TypedDict):
    """Whether the relay can do its work."""

    #: The worst of its checks.
    status: str
    checkedAt: str | None
    checks: list[HealthCheck]
