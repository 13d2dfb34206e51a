"""What the operators' API answers. The members are those of docs/api.md; an answer may have more.

Times are ISO 8601 texts in UTC. Amounts are in major currency units, with VAT where nothing else is said.
"""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config

from desk.problems import Problem

#: A newer relay may say more.
_OPEN = ConfigDict(extra="allow")

#: The years that a time may be in, so that it has its place in every time zone.
_YEARS: Final = range(1900, 9000)

#: The most digits of an amount, before its decimal sign and behind it.
DIGITS: Final = 30


def is_amount(value: Decimal) -> bool:
    """Whether it is a number of a length that people can read."""
    return value.is_finite() and value.adjusted() < DIGITS and int(value.as_tuple().exponent) >= -DIGITS


def _moment(text: str) -> str:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or found.year not in _YEARS:
        raise ValueError("is no time with a zone")
    return text


def _day(text: str) -> str:
    if date.fromisoformat(text).year not in _YEARS:
        raise ValueError("is no date")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, OSError) as error:
        raise ValueError("is no time zone that this machine knows") from error
    return text


def _amount(value: Decimal) -> Decimal:
    if not is_amount(value):
        raise ValueError("is no amount")
    return value


def _amount_text(text: str) -> str:
    try:
        _amount(Decimal(text))
    except InvalidOperation as error:
        raise ValueError("is no amount") from error
    return text


type Moment = Annotated[str, AfterValidator(_moment)]
type DateText = Annotated[str, AfterValidator(_day)]
type ZoneName = Annotated[str, AfterValidator(_zone)]
type Amount = Annotated[Decimal, Field(allow_inf_nan=False), AfterValidator(_amount)]
type AmountText = Annotated[str, AfterValidator(_amount_text)]
type Count = Annotated[int, Field(ge=0, le=10**15)]

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
    at: Moment


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

    at: Moment
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
    claimedAt: Moment
    endedAt: Moment | None
    nextPollAt: Moment | None
    settlesAt: Moment | None


class FoundOrder(Progress):
    """An order that was found, and how far its batch is."""

    order: Order


class Evidence(Progress):
    """All that is known about a batch."""

    certainlyNotInArm: bool
    attempts: Count
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
    orders: Count
    total: Amount | None


@with_config(_OPEN)
class ListedBatch(TypedDict):
    """One batch of a list."""

    batchId: str
    clientNo: str
    status: str
    cause: str | None
    #: Since when it is in this state.
    since: Moment
    claimedAt: Moment
    settlesAt: Moment | None
    certainlyNotInArm: bool
    orders: Count
    sums: list[Sum]


@with_config(_OPEN)
class Group(TypedDict):
    """How many batches are in one state for one cause."""

    status: str
    cause: str | None
    batches: Count


@with_config(_OPEN)
class Totals(TypedDict):
    """What a whole list comes to."""

    isComplete: bool
    batches: Count
    orders: Count
    #: How many batches ARM certainly has nothing of.
    certainlyNotInArm: Count
    unreadable: Count
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
    asOf: Moment
    filter: dict[str, str | None]
    #: How many of the batches could not be redriven as they are.
    refused: Count
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
    createdAt: Moment
    endedAt: Moment | None
    stoppedBy: str | None
    #: How many it may touch.
    batches: Count
    done: Count
    refused: Count
    inHand: Count
    left: Count
    refusals: list[Refusal]


@with_config(_OPEN)
class DayRow(TypedDict):
    """So many orders of one kind on a day, and what they come to."""

    clientNo: str
    #: None where the orders leave it to ARM.
    currency: str | None
    documentType: str
    status: str
    orders: Count
    #: A text, so that no digit is lost.
    total: AmountText
    ordersWithoutTotal: Count


@with_config(_OPEN)
class Day(TypedDict):
    """What one day comes to; `from` and `to`, which Python cannot name here, say when it began and ends, in UTC."""

    date: DateText
    timeZone: ZoneName
    #: When the poller stored this count for good; None where it is counted for each request.
    snapshotAt: Moment | None
    complete: bool
    claimed: list[DayRow]
    ended: list[DayRow]
    unreadableBatches: Count


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
    checkedAt: Moment | None
    checks: list[HealthCheck]


@with_config(_OPEN)
class Forgotten(TypedDict):
    """What is gone of an order's people, and what stays and why."""

    removed: NotRequired[list[str]]
    stays: NotRequired[list[str]]


@with_config(_OPEN)
class Total(TypedDict):
    """What an order comes to."""

    #: With VAT.
    gross: Amount | None


@with_config(_OPEN)
class Place(TypedDict):
    """What is wrong at one place of an order."""

    pointer: str
    detail: str


@with_config(_OPEN)
class SentProblem(TypedDict):
    """Why an order was not accepted."""

    detail: NotRequired[str]
    errors: NotRequired[list[Place]]


@with_config(_OPEN)
class SentOrder(TypedDict):
    """What became of an order that was sent."""

    outcome: NotRequired[str]
    errors: NotRequired[list[str] | None]
    currency: NotRequired[str | None]
    total: NotRequired[Total | None]
    problem: NotRequired[SentProblem | None]


@with_config(_OPEN)
class Sent(TypedDict):
    """The answer to orders that were sent."""

    orders: NotRequired[list[SentOrder]]


@with_config(_OPEN)
class ResultOrder(TypedDict):
    """How one order of a notification ended."""

    id: str
    orderId: str | None
    documentNo: str | None
    status: str
    errors: list[str]
    currency: str | None
    total: NotRequired[Total | None]


@with_config(_OPEN)
class ResultData(TypedDict):
    """What a notification is about."""

    cause: str | None
    orders: list[ResultOrder]


@with_config(_OPEN)
class Result(TypedDict):
    """A notification."""

    id: str
    time: Moment
    data: ResultData


@with_config(_OPEN)
class Results(TypedDict):
    """Some notifications of a client."""

    events: list[Result]
    next: str
    more: bool


def read_as[T](form: type[T], answer: object) -> T:
    """An answer of the relay's, of a form of this module.

    Raises:
        Problem: it has another form.
    """
    try:
        return TypeAdapter(form).validate_python(answer)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        place = "/".join(map(str, first["loc"]))
        raise Problem(
            f"the relay's answer has another form than this desk expects, at {place}: {first['msg']};"
            " use the desk of the version that is deployed"
        ) from None
