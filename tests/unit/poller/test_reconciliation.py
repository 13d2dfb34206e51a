from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from arm_relay.arm.errors import NoAnswer
from arm_relay.batches.batch import Answer, Batch, BatchOrder, Evidence, OrderStatus
from arm_relay.batches.causes import NOT_ALL_NUMBERED, NUMBER_TAKEN, PARTLY_IN_LEDGER
from arm_relay.poller import reconciliation
from arm_relay.poller.reconciliation import Asked, Hold, Unknown, Verdict

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order, one_by_one

FOUND, ABSENT, ANOTHER, UNASKABLE = Evidence.FOUND, Evidence.ABSENT, Evidence.ANOTHER, Unknown.UNASKABLE
SETTLED = NOW + TIMES.settling
EARLIER = SETTLED - timedelta(microseconds=1)


class OnlyAsked:
    """A ledger of which reconciliation asks for documents and nothing else."""

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        raise AssertionError(client_no, payload)

    def result(self, client_no: str, batch_uuid: str, within: float) -> Answer:
        raise AssertionError(client_no, batch_uuid, within)


@dataclass
class Ledger(OnlyAsked):
    """ARM's ledger; what it was asked for is remembered."""

    documents: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    #: The number for which it does not answer.
    silent_about: str | None = None

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        raise AssertionError(client_no, customer_no, within)

    def document(self, client_no: str, document_no: str, within: float) -> Mapping[str, object] | None:
        assert within > 0
        self.asked.append((client_no, document_no))
        if document_no == self.silent_about:
            raise NoAnswer("ARM answered 503", Answer(503, ""))
        return self.documents.get(document_no)


def batch_of(number: int, **changes: object) -> Batch:
    return a_batch(orders=tuple(a_batch_order(id=f"evt-{n}", document_no=f"A{n}") for n in range(number)), **changes)


def told(said: Sequence[Evidence | Unknown], at: datetime = SETTLED, **changes: object) -> Batch:
    """A batch of which the ledger has said this."""
    orders = [
        a_batch_order(
            id=f"evt-{place}",
            document_no=None if each is UNASKABLE else f"A{place}",
            evidence=each if isinstance(each, Evidence) else None,
            asked_at=at if isinstance(each, Evidence) else None,
        )
        for place, each in enumerate(said)
    ]
    return a_batch(orders=tuple(orders), **{"settling_since": NOW} | changes)


def summary(verdict: Verdict) -> str:
    return verdict.cause if isinstance(verdict, Hold) else type(verdict).__name__


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        pytest.param([FOUND], "Proven", "Proven", id="found: no need to wait"),
        pytest.param([FOUND, FOUND], "Proven", "Proven", id="all found"),
        pytest.param([ABSENT], "Wait", "Resend", id="absent: it may still come"),
        pytest.param([ABSENT, ABSENT], "Wait", "Resend", id="all absent"),
        pytest.param([FOUND, ABSENT], "Wait", PARTLY_IN_LEDGER, id="some found: the others may still come"),
        pytest.param([UNASKABLE], NOT_ALL_NUMBERED, NOT_ALL_NUMBERED, id="no number: waiting does not help"),
        pytest.param([UNASKABLE, UNASKABLE], NOT_ALL_NUMBERED, NOT_ALL_NUMBERED, id="no numbers"),
        pytest.param([ABSENT, UNASKABLE], "Wait", NOT_ALL_NUMBERED, id="absent and no number: never a blind resend"),
        pytest.param([FOUND, UNASKABLE], "Wait", PARTLY_IN_LEDGER, id="found and no number"),
        pytest.param([ANOTHER], "Wait", NUMBER_TAKEN, id="another's"),
        pytest.param([ANOTHER, ABSENT], "Wait", NUMBER_TAKEN, id="another's and absent: never a resend"),
        pytest.param([ANOTHER, FOUND], "Wait", NUMBER_TAKEN, id="another's and found: never a success"),
        pytest.param([ANOTHER, UNASKABLE], "Wait", NUMBER_TAKEN, id="another's and no number"),
        pytest.param([FOUND, ABSENT, UNASKABLE], "Wait", PARTLY_IN_LEDGER, id="everything but another's"),
        pytest.param([FOUND, ABSENT, UNASKABLE, ANOTHER], "Wait", NUMBER_TAKEN, id="everything"),
        pytest.param([ABSENT, Unknown.UNASKED], "Wait", "Wait", id="more is to be asked: nothing is decided"),
    ],
)
def test_the_evidence_decides(said: list[Evidence | Unknown], before: str, after: str) -> None:
    assert summary(reconciliation.verdict(told(said), EARLIER, TIMES)) == before
    assert summary(reconciliation.verdict(told(said), SETTLED, TIMES)) == after


def test_what_was_absent_before_it_settled_decides_nothing() -> None:
    assert summary(reconciliation.verdict(told([ABSENT], EARLIER), SETTLED, TIMES)) == "Wait"


def test_what_was_absent_long_ago_decides_nothing() -> None:
    much_later = SETTLED + TIMES.longest_poll + timedelta(seconds=1)

    assert summary(reconciliation.verdict(told([ABSENT]), much_later, TIMES)) == "Wait"


def test_a_ledger_that_has_not_answered_settles_nothing() -> None:
    batch = told([ABSENT], attempt_at=NOW - timedelta(days=1), settling_since=None)

    assert summary(reconciliation.verdict(batch, SETTLED, TIMES)) == "Wait"


def test_what_is_found_has_succeeded() -> None:
    assert [order.status for order in reconciliation.with_found(told([FOUND, FOUND]))] == [OrderStatus.SUCCEEDED] * 2


def test_what_is_held_says_which_documents_were_found() -> None:
    verdict = reconciliation.verdict(told([FOUND, ABSENT, UNASKABLE]), SETTLED, TIMES)

    assert isinstance(verdict, Hold)
    assert [order.status for order in verdict.orders] == [
        OrderStatus.SUCCEEDED,
        OrderStatus.IN_PROGRESS,
        OrderStatus.IN_PROGRESS,
    ]


@pytest.mark.parametrize(
    ("failure", "restarts"),
    [
        pytest.param(NoAnswer("no answer from ARM (ReadTimeout)"), True, id="silence"),
        pytest.param(NoAnswer("ARM answered 503", Answer(503, "")), True, id="ARM fails"),
        pytest.param(NoAnswer("ARM answered 429", Answer(429, "")), False, id="too many questions"),
        pytest.param(NoAnswer("ARM answered 403", Answer(403, "")), False, id="the client is not served"),
    ],
)
def test_only_a_failure_of_arm_itself_restarts_settling(failure: NoAnswer, *, restarts: bool) -> None:
    assert reconciliation.restarts_settling(failure) is restarts


# Which orders are asked for


@pytest.mark.parametrize(
    ("batch", "deciding", "places"),
    [
        pytest.param(batch_of(3), False, [0], id="while it settles one stands for all"),
        pytest.param(batch_of(3, polls=4), False, [1], id="in turns"),
        pytest.param(batch_of(3), True, [0, 1, 2], id="all for the decision"),
        pytest.param(told([ABSENT, ABSENT, Unknown.UNASKED]), True, [2], id="but those asked lately"),
        pytest.param(told([FOUND, Unknown.UNASKED, UNASKABLE]), False, [1], id="all once one has appeared"),
        pytest.param(told([UNASKABLE]), True, [], id="none without a number"),
    ],
)
def test_no_more_is_asked_than_is_needed(batch: Batch, places: list[int], *, deciding: bool) -> None:
    assert reconciliation.questions(batch, SETTLED, TIMES, deciding=deciding) == places


# Looking up


def asked(batch: Batch, ledger: Ledger, left: float = 60.0) -> Asked:
    """What the ledger says about every order of a batch that can be asked for."""
    places = [place for place, order in enumerate(batch.orders) if reconciliation.is_askable(order)]
    return reconciliation.ask(
        batch,
        places,
        ledger=ledger,
        at_once=one_by_one,
        may_begin=lambda: left > 0,
        within=lambda: left,
        now=lambda: NOW,
    )


def evidence_of(order: BatchOrder, document: Mapping[str, object] | None) -> Evidence | None:
    ledger = Ledger({order.document_no or "": document} if document is not None else {})
    after = asked(a_batch(orders=(order,)), ledger)
    if after.failure:
        raise after.failure
    return after.batch.orders[0].evidence


@pytest.mark.parametrize(
    ("document", "evidence"),
    [
        pytest.param(None, ABSENT, id="unknown to ARM"),
        pytest.param({"documentNo": "88776655"}, FOUND, id="the number alone"),
        pytest.param({"documentNo": 88776655}, FOUND, id="the number as a number"),
        pytest.param({"customerNo": 543210, "salesOrderId": "b-1"}, FOUND, id="compared as ARM does, without case"),
        pytest.param({"documentNo": "88776655", "salesOrderId": "", "customerNo": None}, FOUND, id="blank: no proof"),
        pytest.param({"document": {"documentNo": "88776655"}}, FOUND, id="wrapped"),
        pytest.param({"documentNo": "88776656"}, ANOTHER, id="another number"),
        pytest.param({"documentNo": "88776655", "customerNo": "543211"}, ANOTHER, id="another customer"),
        pytest.param({"documentNo": "88776655", "salesOrderId": "B-2"}, ANOTHER, id="another order"),
        pytest.param({"documentNo": ["88776655"]}, ANOTHER, id="a number that is no number"),
        pytest.param({"documentNo": "88776655", "document": {"customerNo": "1"}}, ANOTHER, id="wrapped, of another"),
    ],
)
def test_a_document_is_the_orders_unless_it_says_otherwise(
    document: Mapping[str, object] | None, evidence: Evidence
) -> None:
    assert evidence_of(a_batch_order(), document) is evidence


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"status": "ERROR", "message": "Document not found"}, id="an error in disguise"),
        pytest.param({"documents": [{"documentNo": "88776655"}]}, id="a list"),
        pytest.param({"document": None}, id="wrapped nothing"),
    ],
)
def test_an_answer_without_any_identifier_proves_nothing(document: Mapping[str, object]) -> None:
    with pytest.raises(NoAnswer, match="not understood"):
        evidence_of(a_batch_order(), document)


def test_an_invoice_does_not_prove_its_credit_note() -> None:
    credit = a_batch_order(document_type="CN")

    assert evidence_of(credit, {"documentNo": "88776655", "documentType": "IN"}) is ANOTHER
    assert evidence_of(credit, {"documentNo": "88776655", "documentType": "CN"}) is FOUND


def test_an_order_without_an_order_id_is_not_compared_by_it() -> None:
    assert evidence_of(a_batch_order(order_id=None), {"documentNo": "88776655", "salesOrderId": "B-2"}) is FOUND


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(None, id="no number"),
        pytest.param(".", id="a path's way of saying here"),
        pytest.param("..", id="a path's way up"),
        pytest.param("2025/17", id="servers differ about an escaped slash"),
        pytest.param("2025\\17", id="and about a backslash"),
        pytest.param("INV.", id="and about a dot at the end"),
        pytest.param("a+b", id="and about a plus"),
        pytest.param("100%", id="and about what looks escaped"),
        pytest.param("Æ17", id="and about letters beyond ASCII"),
    ],
)
def test_what_cannot_be_asked_is_not(number: str | None) -> None:
    assert not reconciliation.is_askable(a_batch_order(document_no=number))


@pytest.mark.parametrize("status", [OrderStatus.FAILED, OrderStatus.SUCCEEDED])
def test_what_need_not_be_asked_is_not(status: OrderStatus) -> None:
    batch = a_batch(orders=(a_batch_order(status=status),))

    assert reconciliation.questions(batch, NOW, TIMES, deciding=True) == []


def test_every_order_is_looked_up_under_its_client_and_the_answers_are_kept() -> None:
    ledger = Ledger({"A1": {"documentNo": "A1"}})

    after = asked(batch_of(3), ledger)

    assert [order.evidence for order in after.batch.orders] == [ABSENT, FOUND, ABSENT]
    assert {order.asked_at for order in after.batch.orders} == {NOW}
    assert (after.is_complete, after.failure) == (True, None)
    assert ledger.asked == [("2218", "A0"), ("2218", "A1"), ("2218", "A2")]


def test_a_ledger_that_falls_silent_is_asked_no_further_and_what_it_said_is_kept() -> None:
    ledger = Ledger(silent_about="A1")

    after = asked(batch_of(3), ledger)

    assert [order.evidence for order in after.batch.orders] == [ABSENT, None, None]
    assert str(after.failure) == "ARM answered 503"
    assert not after.is_complete
    assert len(ledger.asked) == 2


def test_nothing_is_asked_once_the_time_is_over() -> None:
    ledger = Ledger()

    after = asked(batch_of(3), ledger, left=0.0)

    assert (after.is_complete, after.failure, ledger.asked) == (False, None, [])
