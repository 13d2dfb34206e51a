import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from arm_relay.arm.errors import NoAnswer
from arm_relay.batches import causes
from arm_relay.batches.batch import Answer, Batch, BatchOrder, OrderStatus
from arm_relay.poller import reconciliation
from arm_relay.poller.reconciliation import Evidence, Hold, OutOfTime, Proven, Verdict

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order, one_by_one

FOUND, ABSENT, ANOTHER, UNASKED = Evidence.FOUND, Evidence.ABSENT, Evidence.ANOTHER, Evidence.UNASKED
SETTLED = NOW + TIMES.settling
EARLIER = SETTLED - timedelta(microseconds=1)

HAS_ANOTHER = causes.NUMBER_TAKEN
HAS_SOME = causes.PARTLY_IN_LEDGER
CANNOT_TELL = causes.NOT_ALL_NUMBERED


class OnlyAsked:
    """A ledger of which reconciliation asks for documents and nothing else."""

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        raise AssertionError(client_no, payload)

    def result(self, client_no: str, batch_uuid: str) -> Answer:
        raise AssertionError(client_no, batch_uuid)


@dataclass
class Ledger(OnlyAsked):
    """ARM's ledger; what it was asked for is remembered."""

    documents: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        self.asked.append((client_no, document_no))
        return self.documents.get(document_no)


def batch_of(number: int) -> Batch:
    return a_batch(orders=tuple(a_batch_order(id=f"evt-{n}", document_no=f"A{n}") for n in range(number)))


def summary(verdict: Verdict) -> str:
    return verdict.cause if isinstance(verdict, Hold) else type(verdict).__name__


@pytest.mark.parametrize(
    ("evidence", "before", "after"),
    [
        pytest.param([FOUND], "Proven", "Proven", id="found: no need to wait"),
        pytest.param([FOUND, FOUND], "Proven", "Proven", id="all found"),
        pytest.param([ABSENT], "Wait", "Resend", id="absent: it may still come"),
        pytest.param([ABSENT, ABSENT], "Wait", "Resend", id="all absent"),
        pytest.param([FOUND, ABSENT], "Wait", HAS_SOME, id="some found: the others may still come"),
        pytest.param([UNASKED], CANNOT_TELL, CANNOT_TELL, id="no number: waiting does not help"),
        pytest.param([UNASKED, UNASKED], CANNOT_TELL, CANNOT_TELL, id="no numbers"),
        pytest.param([ABSENT, UNASKED], "Wait", CANNOT_TELL, id="absent and no number: never a blind resend"),
        pytest.param([FOUND, UNASKED], "Wait", HAS_SOME, id="found and no number"),
        pytest.param([ANOTHER], "Wait", HAS_ANOTHER, id="another's"),
        pytest.param([ANOTHER, ABSENT], "Wait", HAS_ANOTHER, id="another's and absent: never a resend"),
        pytest.param([ANOTHER, FOUND], "Wait", HAS_ANOTHER, id="another's and found: never a success"),
        pytest.param([ANOTHER, UNASKED], "Wait", HAS_ANOTHER, id="another's and no number"),
        pytest.param([FOUND, ABSENT, UNASKED], "Wait", HAS_SOME, id="everything but another's"),
        pytest.param([FOUND, ABSENT, UNASKED, ANOTHER], "Wait", HAS_ANOTHER, id="everything"),
    ],
)
def test_the_evidence_decides(evidence: list[Evidence], before: str, after: str) -> None:
    batch = replace(batch_of(len(evidence)), unbroken_since=NOW)

    assert summary(reconciliation.verdict(batch, evidence, EARLIER, TIMES)) == before
    assert summary(reconciliation.verdict(batch, evidence, SETTLED, TIMES)) == after


@pytest.mark.parametrize(
    ("since", "due", "unbroken_since"),
    [
        pytest.param(None, NOW, NOW, id="the first answer"),
        pytest.param(NOW - TIMES.settling, NOW, NOW - TIMES.settling, id="one of many"),
        pytest.param(NOW - TIMES.settling, NOW - timedelta(minutes=2), NOW - TIMES.settling, id="a little late"),
        pytest.param(NOW - TIMES.settling, NOW - timedelta(minutes=3), NOW, id="looks were left out: nobody knows"),
    ],
)
def test_settling_counts_from_when_the_ledger_answers_without_a_break(
    since: datetime | None, due: datetime, unbroken_since: datetime
) -> None:
    assert reconciliation.unbroken_since(a_batch(unbroken_since=since, due=due), NOW) == unbroken_since


def test_a_ledger_that_has_not_answered_settles_nothing() -> None:
    batch = a_batch(attempt_at=NOW - timedelta(days=1), unbroken_since=None)

    assert summary(reconciliation.verdict(batch, [ABSENT], NOW, TIMES)) == "Wait"


def test_what_is_proven_has_succeeded() -> None:
    orders = reconciliation.with_found(batch_of(2), [FOUND, FOUND])

    assert reconciliation.verdict(batch_of(2), [FOUND, FOUND], NOW, TIMES) == Proven()
    assert [order.status for order in orders] == [OrderStatus.SUCCEEDED] * 2


def test_what_is_held_tells_which_documents_were_found() -> None:
    batch = replace(batch_of(3), unbroken_since=NOW)

    verdict = reconciliation.verdict(batch, [FOUND, ABSENT, UNASKED], SETTLED, TIMES)

    assert isinstance(verdict, Hold)
    assert [order.status for order in verdict.orders] == [
        OrderStatus.SUCCEEDED,
        OrderStatus.IN_PROGRESS,
        OrderStatus.IN_PROGRESS,
    ]


# Looking up


def evidence_of(order: BatchOrder, document: Mapping[str, object] | None) -> Evidence:
    ledger = Ledger({order.document_no or "": document} if document is not None else {})
    [evidence] = reconciliation.look_up(a_batch(orders=(order,)), ledger, one_by_one, lambda: True)
    return evidence


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
    sent = {"documentNo": "88776655", "documentType": "CN", "salesOrderId": "B-1", "customerNo": "543210"}
    batch = a_batch(payload=json.dumps({"documents": [sent]}).encode())
    ledger = Ledger({"88776655": sent | {"documentType": "IN"}})

    assert reconciliation.look_up(batch, ledger, one_by_one, lambda: True) == [ANOTHER]


def test_an_order_without_an_order_id_is_not_compared_by_it() -> None:
    assert evidence_of(a_batch_order(order_id=None), {"documentNo": "88776655", "salesOrderId": "B-2"}) is FOUND


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(a_batch_order(document_no=None), id="no number"),
        pytest.param(a_batch_order(document_no="."), id="a path's way of saying here"),
        pytest.param(a_batch_order(document_no=".."), id="a path's way up"),
        pytest.param(a_batch_order(document_no="2025/17"), id="servers differ about an escaped slash"),
        pytest.param(a_batch_order(document_no="2025\\17"), id="and about a backslash"),
        pytest.param(a_batch_order(document_no="INV."), id="and about a dot at the end"),
        pytest.param(a_batch_order(document_no="a+b"), id="and about a plus"),
        pytest.param(a_batch_order(document_no="100%"), id="and about what looks escaped"),
        pytest.param(a_batch_order(document_no="Æ17"), id="and about letters beyond ASCII"),
        pytest.param(a_batch_order(status=OrderStatus.FAILED), id="known to have failed"),
        pytest.param(a_batch_order(status=OrderStatus.SUCCEEDED), id="known to have succeeded"),
    ],
)
def test_what_cannot_or_need_not_be_asked_is_not(order: BatchOrder) -> None:
    ledger = Ledger()

    assert reconciliation.look_up(a_batch(orders=(order,)), ledger, one_by_one, lambda: True) == [UNASKED]
    assert ledger.asked == []


def test_every_order_is_looked_up_under_its_client() -> None:
    ledger = Ledger({"A1": {"documentNo": "A1"}})

    assert reconciliation.look_up(batch_of(3), ledger, one_by_one, lambda: True) == [ABSENT, FOUND, ABSENT]
    assert ledger.asked == [("2218", "A0"), ("2218", "A1"), ("2218", "A2")]


def test_looking_up_stops_when_time_is_over() -> None:
    ledger = Ledger()

    with pytest.raises(OutOfTime):
        reconciliation.look_up(batch_of(3), ledger, one_by_one, lambda: len(ledger.asked) < 2)

    assert len(ledger.asked) == 2


def test_a_ledger_that_does_not_answer_is_no_evidence() -> None:
    class Silent(OnlyAsked):
        def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
            raise NoAnswer("ARM answered 503", Answer(503, f"{client_no}/{document_no}"))

    with pytest.raises(NoAnswer, match="503"):
        reconciliation.look_up(batch_of(1), Silent(), one_by_one, lambda: True)


def test_evidence_of_too_few_orders_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        reconciliation.with_found(batch_of(2), [FOUND])
