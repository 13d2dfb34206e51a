"""What becomes of a request's orders, with moto behind the real store and the simulated ARM behind the real client."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Literal, cast

import boto3
import httpx
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Amounts, Batch, OrderStatus, State
from arm_relay.batches.pace import Pace
from arm_relay.bootstrap import webhook
from arm_relay.bootstrap.drafts import drafts
from arm_relay.bootstrap.webhook import Webhook
from arm_relay.observability import Metric
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.orders.parsing import MAX_ORDERS
from arm_relay.secrets import Secrets
from arm_relay.settings import Settings
from arm_relay.store.announced import Announced
from arm_relay.store.table import Busy, RecordTooLarge, Store, StoreUnavailable
from arm_relay.webhook.intake import CLAIM_ATTEMPTS, Intake, OnInvalid
from arm_relay.webhook.receipts import Conflict, NotRetriable, Receipt, Rejected, Taken
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from sandbox.arm.transport import SimulatedTransport
from tests.simulation.announced import AnnouncedInMemory
from tests.support.arm_builders import a_simulator
from tests.support.builders import TIMES, an_order
from tests.support.contracts import DEFAULT
from tests.support.diary import Diary
from tests.support.outages import NoOutage
from tests.support.settings import SETTINGS
from tests.support.simulated_arm import arm_client
from tests.support.store_contract import MARKER_LIFE, TABLE, OneAtATime, create_tables

#: What happens to a request to DynamoDB or ARM instead of the usual.
type Mishap = Literal["before", "after"]


class Killed(BaseException):
    """The function is ended from outside: nothing catches this."""


class Outside:
    """All that the function calls: DynamoDB and ARM, each call numbered, with something that happens to one of them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._mishaps: dict[int, tuple[Mishap, BaseException]] = {}

    def plan(self, number: int, mishap: Mishap, error: BaseException) -> None:
        """The call of that number from now on meets an error before or after its effect."""
        self._mishaps[len(self.calls) + number] = (mishap, error)

    def call[T](self, name: str, call: Callable[[], T]) -> T:
        mishap, error = self._mishaps.get(len(self.calls), (None, None))
        self.calls.append(name)
        if mishap == "before" and error:
            raise error
        answer = call()
        if error:
            raise error
        return answer


class Table(OneAtATime):
    def __init__(self, client: Any, outside: Outside) -> None:  # noqa: ANN401 (a client of boto3's)
        super().__init__(client)
        self._outside = outside

    def call(self, operation: str, **request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        sent = super().call
        return self._outside.call(operation, lambda: sent(operation, **request))


class Network(SimulatedTransport):
    outside: Outside

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = super().handle_request
        return self.outside.call(request.url.path, lambda: sent(request))


class World:
    def __init__(self) -> None:
        self.arm = a_simulator()
        self.diary = Diary()
        self.outside = Outside()
        self.pauses: list[int] = []
        self.secret: dict[str, Any] = {}
        client = boto3.client("dynamodb")
        create_tables(client)
        self.dynamodb = client
        self.store = self.a_store()
        self._ids = count(1)
        self._network = Network(self.arm.api, self.arm.clock.sleep)
        self._network.outside = self.outside
        self._table = Table(client, self.outside)

    def a_store(self, client: Any = None) -> Store:  # noqa: ANN401 (as above)
        return Store(client or self.dynamodb, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    def webhook(self) -> Webhook:
        """A webhook function, in an environment of its own."""
        return webhook.assemble(
            store=self.a_store(self._table),
            announced=Announced(cast("Any", AnnouncedInMemory()), "announced", TIMES.retention),
            ledger=arm_client(self._network),
            outages=NoOutage(),
            secrets=Secrets(lambda: json.dumps(self.secret), self.arm.clock.now),
            journal=self.diary,
            drafts=drafts(Settings.from_environment(SETTINGS), DEFAULT, self.arm.clock.now),
            pace=Pace(TIMES, self.arm.clock.now, lambda: 0.5),
            tolerance=timedelta(minutes=5),
            new_id=lambda: f"batch-{next(self._ids)}",
            pause=self.pauses.append,
        )

    def intake(self) -> Intake:
        return self.webhook().intake

    def accept(self, *orders: dict[str, Any], on_invalid: OnInvalid = OnInvalid.REJECT_ALL) -> Receipt:
        return self.intake().accept("2218", body_of(orders), on_invalid)

    def retry(self, *orders: dict[str, Any], on_invalid: OnInvalid = OnInvalid.REJECT_ALL) -> Receipt:
        return self.intake().retry("2218", body_of(orders), on_invalid)

    def try_to_accept(self, on_invalid: OnInvalid, *orders: dict[str, Any]) -> tuple[Receipt | None, tuple[Fault, ...]]:
        """The receipt, or the faults."""
        try:
            return self.accept(*orders, on_invalid=on_invalid), ()
        except InvalidOrders as error:
            return None, error.faults

    def stored(self, batch_id: str) -> Batch:
        batch = self.store.batch(batch_id)
        assert batch
        return batch

    def end(self, batch_id: str, *statuses: OrderStatus) -> None:
        """ARM's result of a pending batch."""
        batch = self.stored(batch_id)
        orders = [replace(order, status=status) for order, status in zip(batch.orders, statuses, strict=True)]
        state = State.PARTIALLY_FAILED if len(set(statuses)) > 1 else State(statuses[0])
        saved = self.store.save(steps.ended_each(batch, state, orders, "ARM's result", self.arm.clock.now()))
        assert saved
        self.store.save(steps.announced(saved))

    def hold(self, batch_id: str) -> Batch:
        batch = self.stored(batch_id)
        saved = self.store.save(steps.held(batch, "too old", self.arm.clock.now()))
        assert saved
        return saved

    def billed(self) -> list[str | None]:
        return [document.sales_order_id for document in self.arm.ledger.documents]


def body_of(orders: Iterable[dict[str, Any]]) -> bytes:
    orders = list(orders)
    return json.dumps(orders if len(orders) != 1 else orders[0]).encode()


def numbered(number: int, **changes: object) -> dict[str, Any]:
    return an_order(id=f"evt-{number}", orderId=f"B-{number}", invoiceNo=f"{number}") | changes


def batch_ids(receipt: Receipt) -> list[str]:
    return [line.batch.id for line in receipt.taken]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


# New orders.


def test_a_new_order_is_claimed_submitted_and_recorded(world: World) -> None:
    receipt = world.accept(numbered(1))

    assert not receipt.replayed
    assert receipt.batch == world.stored("batch-1")
    assert (receipt.batch.state, world.billed()) == (State.PENDING, ["B-1"])
    assert world.diary.states == [State.CLAIMED, State.PENDING]


def test_it_takes_one_transaction_one_write_and_no_read(world: World) -> None:
    world.accept(*[numbered(number) for number in range(MAX_ORDERS)])

    assert world.outside.calls == [
        "transact_write_items",
        "/token",
        "/arm/v1/clients/2218/documents/batches",
        "put_item",
    ]


def test_what_is_recorded_of_an_order(world: World) -> None:
    world.accept(numbered(1))

    (order,) = world.stored("batch-1").orders
    assert (order.id, order.order_id, order.customer_no, order.document_no, order.status) == (
        "evt-1",
        "B-1",
        "543210",
        "1",
        OrderStatus.IN_PROGRESS,
    )


def test_an_order_without_a_date_is_dated_today_in_oslo(world: World) -> None:
    world.arm.clock.time = datetime(2025, 2, 27, 23, 30, tzinfo=UTC)
    world.accept(numbered(1, invoiceDate=None, dueDate=None, paymentTermsDays=14) | {"invoiceDate": None})

    payload = world.arm.ledger.documents[0].payload
    assert (payload["documentDate"], payload["dueDate"]) == ("2025-02-28", "2025-03-14")


def test_an_order_without_a_number_is_recorded_without_one(world: World) -> None:
    order = numbered(1)
    del order["invoiceNo"]

    world.accept(order)

    assert world.stored("batch-1").orders[0].document_no is None


@pytest.mark.parametrize(("body", "fault"), [(b"{", NotJson), (b"{}", InvalidOrders), (b"[]", InvalidOrders)])
def test_what_is_not_valid_is_told_before_anything_is_called(world: World, body: bytes, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        world.intake().accept("2218", body)

    assert world.outside.calls == []


def test_what_does_not_fit_into_the_table_is_told_before_anything_is_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arm_relay.store.records.LARGEST_PAYLOAD", 100)

    with pytest.raises(RecordTooLarge):
        world.accept(numbered(1))
    assert world.outside.calls == []


def test_a_preview_finds_what_the_clients_limits_do_not_allow(world: World) -> None:
    world.secret = {"clients": {"2218": {"signingSecrets": [], "maxTotal": {"NOK": "0.01"}}}}

    with pytest.raises(InvalidOrders) as raised:
        world.webhook().preview.show("2218", body_of([numbered(1)]))

    (fault,) = raised.value.faults
    assert fault.pointer == "/lines"
    assert "one order of this client may come to 0.01 NOK at most" in fault.detail


def test_a_preview_is_what_arm_would_get(world: World) -> None:
    shown = world.webhook().preview.show("2218", body_of([numbered(1), numbered(2)]))
    assert not any("batches" in call or call.endswith("item") for call in world.outside.calls)

    world.accept(numbered(1), numbered(2))

    assert shown.startswith(f'{{"batch":{world.arm.ledger.batches[0].raw.decode()},"orders":')


# Orders that are known.


def test_the_same_order_again_is_a_replay(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.accept(numbered(1))

    assert receipt.replayed
    assert receipt.batch == world.stored("batch-1")
    assert world.billed() == ["B-1"]


def test_the_same_content_written_in_another_way_is_a_replay(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.accept(dict(reversed(numbered(1, pricesIncludeVat=False).items())))

    assert receipt.replayed


def test_an_order_that_has_become_due_since_is_still_a_replay(world: World) -> None:
    order = numbered(1, dueDate="2025-02-27")
    del order["invoiceDate"]
    world.accept(order)
    world.arm.clock.time += timedelta(days=2)

    assert world.accept(order).replayed
    assert [line.replayed for line in world.accept(order, numbered(2)).taken] == [True, False]
    assert world.billed() == ["B-1", "B-2"]


@pytest.mark.parametrize("on_invalid", OnInvalid)
def test_an_order_of_today_that_was_due_before_is_a_fault_where_it_is_not_known(
    world: World, on_invalid: OnInvalid
) -> None:
    order = numbered(1, dueDate="2025-02-27")
    del order["invoiceDate"]
    world.accept(order)
    world.arm.clock.time += timedelta(days=2)

    for unknown in (order | {"message": "other"}, order | {"id": "evt-2", "invoiceNo": "2"}):
        _, faults = world.try_to_accept(on_invalid, unknown)

        assert [fault.pointer for fault in faults] == ["/dueDate"]
    assert world.billed() == ["B-1"]


def test_an_order_that_is_known_does_not_excuse_another_of_its_id(world: World) -> None:
    known = numbered(1, dueDate="2025-02-27")
    del known["invoiceDate"]
    world.accept(known)
    world.arm.clock.time += timedelta(days=2)

    receipt = world.accept(known | {"message": "other"}, known, numbered(2), on_invalid=OnInvalid.ACCEPT_VALID)

    assert told(receipt)[0] == ("evt-1", ["/0/dueDate"])
    assert ("evt-1", ["/1/dueDate", "/1/id", "/1/invoiceNo"]) in told(receipt)
    assert world.billed() == ["B-1", "B-2"]


def test_a_receipt_says_what_the_documents_of_new_orders_come_to(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.accept(numbered(1), numbered(2, currency="EUR"))

    assert [(line.currency, line.total) for line in receipt.taken] == [
        (None, None),
        ("EUR", Amounts(net=Decimal("200.00"), vat=Decimal("50.00"), gross=Decimal("250.00"))),
    ]


@pytest.mark.parametrize("state", [OrderStatus.SUCCEEDED, OrderStatus.FAILED])
def test_a_replay_is_answered_with_the_present_state(world: World, state: OrderStatus) -> None:
    world.accept(numbered(1))
    world.end("batch-1", state)

    receipt = world.accept(numbered(1))

    assert receipt.replayed
    assert receipt.taken[0].order.status is state
    assert world.billed() == ["B-1"]


def test_other_content_while_the_first_is_under_way_is_a_conflict(world: World) -> None:
    world.accept(numbered(1), numbered(2))

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(1, message="other"), numbered(2, message="other"), numbered(3))

    assert raised.value.order_ids == ["evt-1", "evt-2"]
    assert world.billed() == ["B-1", "B-2"]
    assert world.store.markers("2218", ["evt-3"]) == {}


def test_a_conflict_names_the_recorded_fields_that_differ(world: World) -> None:
    world.accept(numbered(1))
    changes = {"orderId": "B-2", "customerNo": "7", "currency": "EUR", "invoiceNo": None, "message": "other"}

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(1, **changes))

    detail = "is different in the order that the relay has"
    places = ["/orderId", "/customerNo", "/invoiceNo", "/currency"]
    assert raised.value.faults == tuple(Fault(place, detail) for place in places)


def test_a_conflict_in_what_is_not_recorded_names_no_field(world: World) -> None:
    world.accept(numbered(1))

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(1, message="other"))

    assert raised.value.faults == ()


@pytest.mark.parametrize("fault", ["refuse", "drop-after"])
def test_other_content_while_the_first_waits_is_a_conflict(world: World, fault: str) -> None:
    world.arm.fail("submit", fault, 1)
    world.accept(numbered(1))

    with pytest.raises(Conflict):
        world.accept(numbered(1, message="other"))


def test_other_content_after_a_success_is_a_conflict(world: World) -> None:
    world.accept(numbered(1))
    world.end("batch-1", OrderStatus.SUCCEEDED)

    with pytest.raises(Conflict):
        world.accept(numbered(1, message="other"))


def test_other_content_while_a_person_has_to_look_is_a_conflict(world: World) -> None:
    world.accept(numbered(1))
    world.hold("batch-1")

    with pytest.raises(Conflict):
        world.accept(numbered(1, message="other"))


def test_a_failed_order_of_a_held_batch_is_not_corrected_as_the_batch_may_be_submitted_again(world: World) -> None:
    world.accept(numbered(1), numbered(2))
    batch = world.stored("batch-1")
    failed = replace(batch.orders[0], status=OrderStatus.FAILED)
    world.store.save(replace(batch, orders=(failed, batch.orders[1])))
    held = world.hold("batch-1")
    assert held.orders[0].status is OrderStatus.FAILED

    with pytest.raises(Conflict):
        world.accept(numbered(1, message="put right"))


def test_the_same_id_of_another_client_is_another_order(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.intake().accept("2219", body_of([numbered(1, message="other")]))

    assert not receipt.replayed


# An invoice number is one document.


def test_the_same_content_under_another_id_is_the_same_order(world: World) -> None:
    """What a sender experiences that makes up a new event id for each delivery."""
    world.accept(numbered(1))

    receipt = world.accept(numbered(1, id="evt-of-the-second-delivery"))

    (line,) = receipt.taken
    assert (line.replayed, line.order.id, line.sent_as) == (True, "evt-1", "evt-of-the-second-delivery")
    assert world.billed() == ["B-1"]


@pytest.mark.parametrize("number", ["ÆB-1", "æb-1", "\N{LATIN CAPITAL LETTER AE}b-1"])
def test_a_number_is_the_same_however_arm_would_take_it_for_the_same(world: World, number: str) -> None:
    world.accept(numbered(1, invoiceNo="Æb-1"))

    with pytest.raises(Conflict):
        world.accept(numbered(2, invoiceNo=number))
    assert world.billed() == ["B-1"]


def test_composed_and_decomposed_characters_make_the_same_number(world: World) -> None:
    world.accept(numbered(1, invoiceNo="\u00e5-1"))

    with pytest.raises(Conflict):
        world.accept(numbered(2, invoiceNo="a\u030a-1"))


def test_other_content_under_a_known_number_is_a_conflict_that_names_who_has_it(world: World) -> None:
    world.accept(numbered(1))

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(2, invoiceNo="1"), numbered(3))

    assert raised.value.order_ids == ["evt-2"]
    assert [(fault.pointer, fault.detail) for fault in raised.value.faults] == [
        ("/0/invoiceNo", "already is the number of order evt-1, which has different content"),
        ("/0/orderId", "is different in the order that the relay has"),
    ]
    assert world.billed() == ["B-1"]
    assert world.store.number_markers("2218", ["3"]) == {}


def test_the_same_number_of_another_client_is_another_document(world: World) -> None:
    world.accept(numbered(1))

    assert not world.intake().accept("2219", body_of([numbered(1, id="evt-9")])).replayed


@pytest.mark.parametrize("end", ["refused", "failed"])
def test_an_order_that_failed_gives_its_number_to_another_with_other_content(world: World, end: str) -> None:
    if end == "refused":
        world.arm.fail("submit", "status", 1, status=400)
    world.accept(numbered(1))
    if end == "failed":
        world.end("batch-1", OrderStatus.FAILED)

    receipt = world.accept(numbered(1, id="evt-2", message="put right"))

    assert not receipt.replayed
    assert world.store.number_markers("2218", ["1"])["1"].order_id == "evt-2"
    with pytest.raises(Conflict):
        world.accept(numbered(1, message="the first once more"))


def test_what_failed_and_comes_again_under_another_id_is_a_replay(world: World) -> None:
    """Otherwise both ids could be corrected and billed."""
    world.accept(numbered(1))
    world.end("batch-1", OrderStatus.FAILED)
    corrected = world.accept(numbered(1, invoiceNo="9"))

    late = world.accept(numbered(1, id="evt-of-a-late-delivery"))

    assert not corrected.replayed
    assert late.replayed


def test_a_correction_may_change_the_number(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(numbered(1))

    assert not world.accept(numbered(1, invoiceNo="2")).replayed
    # The number of what was refused is free for others.
    assert not world.accept(numbered(3, invoiceNo="1")).replayed


def test_two_orders_that_claim_one_number_at_once_make_one_document(world: World) -> None:
    bodies = [body_of([numbered(1, id=f"evt-{name}", message=name)]) for name in "abcdefgh"]

    answers = at_once(world, bodies)

    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert len(world.billed()) == 1


def test_one_number_twice_in_one_request_is_a_fault(world: World) -> None:
    _, faults = world.try_to_accept(OnInvalid.REJECT_ALL, numbered(1), numbered(2, invoiceNo="1"))

    assert [fault.pointer for fault in faults] == ["/1/invoiceNo"]


# Corrections.


@pytest.mark.parametrize("end", ["refused", "failed"])
def test_a_corrected_order_becomes_a_new_batch(world: World, end: str) -> None:
    if end == "refused":
        world.arm.fail("submit", "status", 1, status=400)
    world.accept(numbered(1))
    if end == "failed":
        world.end("batch-1", OrderStatus.FAILED)

    receipt = world.accept(numbered(1, message="put right"))

    assert not receipt.replayed
    assert receipt.batch.state is State.PENDING
    assert world.store.markers("2218", ["evt-1"])["evt-1"].batch_id == receipt.batch.id != "batch-1"
    assert [order.replaces for order in world.stored(receipt.batch.id).orders] == ["batch-1"]


def test_an_order_that_takes_over_a_number_names_the_batch_that_had_it(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(numbered(1))

    receipt = world.accept(numbered(1, id="evt-2", message="put right"))

    assert [order.replaces for order in world.stored(receipt.batch.id).orders] == ["batch-1"]


def test_of_a_partly_failed_batch_only_the_failed_orders_can_be_corrected(world: World) -> None:
    world.accept(numbered(1), numbered(2))
    world.end("batch-1", OrderStatus.SUCCEEDED, OrderStatus.FAILED)

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(1, message="other"), numbered(2, message="put right"))
    assert raised.value.order_ids == ["evt-1"]

    receipt = world.accept(numbered(1), numbered(2, message="put right"))
    assert [line.replayed for line in receipt.taken] == [True, False]
    assert world.billed() == ["B-1", "B-2", "B-2"]


def test_a_corrected_order_sent_again_is_a_replay_of_its_correction(world: World) -> None:
    world.accept(numbered(1))
    world.end("batch-1", OrderStatus.FAILED)
    corrected = world.accept(numbered(1, message="put right"))

    again = world.accept(numbered(1, message="put right"))

    assert again.replayed
    assert again.batch.id == corrected.batch.id


def test_the_faulty_content_sent_again_after_its_correction_is_a_conflict(world: World) -> None:
    world.accept(numbered(1))
    world.end("batch-1", OrderStatus.FAILED)
    world.accept(numbered(1, message="put right"))

    with pytest.raises(Conflict):
        world.accept(numbered(1))


# Retries.


def a_retry(failed_batch_id: str = "batch-1", **changes: object) -> dict[str, Any]:
    return an_order(failedBatchId=failed_batch_id, **changes)


def why_not(world: World, *orders: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the retry of these orders is a conflict, and why."""
    with pytest.raises(NotRetriable) as raised:
        world.retry(*orders)
    return [(fault.pointer, fault.detail) for fault in raised.value.faults]


@pytest.mark.parametrize("end", ["FAILED", "REFUSED"])
def test_what_failed_is_retried_with_the_same_content_in_a_batch_of_its_own(world: World, end: str) -> None:
    fail_first(world, end)
    assert world.accept(an_order()).replayed

    receipt = world.retry(a_retry())

    assert (receipt.batch.state, receipt.replayed) == (State.PENDING, False)
    assert receipt.batch.id != "batch-1"
    (order,) = world.stored(receipt.batch.id).orders
    assert order.retry_of == "batch-1"
    assert world.billed().count("B-1") == (1 if end == "REFUSED" else 2)


def test_the_same_retry_twice_is_one_retry(world: World) -> None:
    fail_first(world, "FAILED")
    first = world.retry(a_retry())
    world.end("batch-2", OrderStatus.FAILED)

    again = world.retry(a_retry())

    assert again.replayed
    assert again.batch.id == first.batch.id
    assert len(world.billed()) == 2


def test_a_retry_that_failed_is_retried_from_its_own_batch(world: World) -> None:
    fail_first(world, "FAILED")
    world.retry(a_retry())
    world.end("batch-2", OrderStatus.FAILED)

    receipt = world.retry(a_retry("batch-2"))

    assert receipt.batch.id == "batch-3"
    assert why_not(world, a_retry("batch-1")) == [
        ("/failedBatchId", "the order's last batch is batch-3, where it is IN_PROGRESS")
    ]


def test_a_retry_and_what_was_sent_first_are_the_same_order(world: World) -> None:
    fail_first(world, "FAILED")
    world.retry(a_retry())

    again = world.accept(an_order())

    assert (again.replayed, again.batch.id) == (True, "batch-2")


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(None, "the order is IN_PROGRESS, and the batch is PENDING", id="under way"),
        pytest.param(OrderStatus.SUCCEEDED, "the order is SUCCEEDED, and the batch is SUCCEEDED", id="succeeded"),
    ],
)
def test_what_did_not_fail_is_not_retried(world: World, end: OrderStatus | None, why: str) -> None:
    world.accept(an_order())
    if end:
        world.end("batch-1", end)

    assert why_not(world, a_retry()) == [("/failedBatchId", why)]
    assert len(world.billed()) == 1


def test_what_failed_in_a_held_batch_is_not_retried_as_the_batch_may_be_submitted_again(world: World) -> None:
    world.accept(an_order(), an_order(id="evt-2", invoiceNo="2"))
    batch = world.stored("batch-1")
    orders = (replace(batch.orders[0], status=OrderStatus.FAILED), batch.orders[1])
    assert world.store.save(steps.held(replace(batch, orders=orders), "too old", world.arm.clock.now()))

    assert why_not(world, a_retry()) == [("/failedBatchId", "the order is FAILED, and the batch is HELD")]


def test_a_retry_from_another_batch_than_the_last_is_told_which_is_the_last(world: World) -> None:
    fail_first(world, "FAILED")
    last = world.accept(an_order(customerNo="7")).batch.id

    assert why_not(world, a_retry("batch-1", customerNo="7")) == [
        ("/failedBatchId", f"the order's last batch is {last}, where it is IN_PROGRESS")
    ]


def test_a_retry_with_other_content_is_told_to_be_a_correction(world: World) -> None:
    fail_first(world, "FAILED")

    ((pointer, detail),) = why_not(world, a_retry(customerNo="7"))

    assert (pointer, detail) == (
        "/failedBatchId",
        "the order has different content: send it as a correction, without a failedBatchId",
    )


def test_a_retry_of_an_order_that_the_relay_does_not_have_is_told_so(world: World) -> None:
    assert why_not(world, a_retry()) == [
        ("/failedBatchId", "the relay does not have the order any more: send it as a new one")
    ]


def test_a_retry_under_another_id_is_told_under_which_the_relay_has_the_order(world: World) -> None:
    fail_first(world, "FAILED")

    assert why_not(world, a_retry(id="evt-2")) == [
        ("/failedBatchId", "the relay has the order under the id evt-1: retry it under that id")
    ]


def test_a_retry_whose_number_another_order_has_by_now_is_told_who_has_it(world: World) -> None:
    fail_first(world, "FAILED")
    world.accept(an_order(id="evt-2", customerNo="7"))

    assert why_not(world, a_retry()) == [
        ("/invoiceNo", "already is the number of order evt-2, which has different content")
    ]


def test_of_several_orders_those_that_failed_are_retried_and_the_others_are_told_why_not(world: World) -> None:
    world.accept(an_order(), an_order(id="evt-2", invoiceNo="2"))
    world.end("batch-1", OrderStatus.FAILED, OrderStatus.SUCCEEDED)

    receipt = world.retry(
        a_retry(), a_retry(id="evt-2", invoiceNo="2"), an_order(id="evt-3"), on_invalid=OnInvalid.ACCEPT_VALID
    )

    assert [type(line) for line in receipt.lines] == [Taken, Rejected, Rejected]
    assert [type(line.error) for line in receipt.lines if isinstance(line, Rejected)] == [NotRetriable, InvalidOrders]
    assert [order.id for order in world.stored("batch-2").orders] == ["evt-1"]


@pytest.mark.parametrize(
    ("order", "detail"),
    [
        pytest.param(an_order(), "is missing: name the batch in which the order failed", id="missing"),
        pytest.param(an_order(failedBatchId=7), "should be a string", id="no text"),
    ],
)
def test_a_retry_names_the_batch_in_which_its_order_failed(world: World, order: dict[str, Any], detail: str) -> None:
    with pytest.raises(InvalidOrders) as raised:
        world.retry(order)

    assert Fault("/failedBatchId", detail) in raised.value.faults


def test_an_order_that_is_sent_names_no_failed_batch(world: World) -> None:
    faults = world.try_to_accept(OnInvalid.REJECT_ALL, a_retry(customerNo=7))[1]

    assert {fault.pointer for fault in faults} == {"/failedBatchId", "/customerNo"}


def test_two_retries_at_once_make_one_batch(world: World) -> None:
    fail_first(world, "FAILED")

    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda _: world.retry(a_retry()), range(8)))

    assert {receipt.batch.id for receipt in receipts} == {receipts[0].batch.id}
    assert sum(not receipt.replayed for receipt in receipts) == 1
    assert len(world.billed()) == 2


def fail_first(world: World, end: str) -> None:
    """An order that ARM refused, or did not create a document for."""
    if end == "REFUSED":
        world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_order())
    if end == "FAILED":
        world.end("batch-1", OrderStatus.FAILED)


def test_a_request_may_hold_new_known_and_corrected_orders(world: World) -> None:
    world.accept(numbered(1))
    world.accept(numbered(2))
    known, failed = batch_ids(world.accept(numbered(1), numbered(2)))
    world.end(failed, OrderStatus.FAILED)

    receipt = world.accept(numbered(1), numbered(2, message="put right"), numbered(3))

    new = receipt.batch
    assert batch_ids(receipt) == [known, new.id, new.id]
    assert [line.replayed for line in receipt.taken] == [True, False, False]
    assert [line.order.id for line in receipt.taken] == ["evt-1", "evt-2", "evt-3"]
    assert [order.id for order in world.stored(new.id).orders] == ["evt-2", "evt-3"]
    assert world.billed() == ["B-1", "B-2", "B-2", "B-3"]


def test_an_order_whose_batch_has_expired_before_its_marker_is_new(world: World) -> None:
    world.accept(numbered(1))
    world.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "BATCH#batch-1"}})

    receipt = world.accept(numbered(1))

    assert not receipt.replayed
    assert world.store.markers("2218", ["evt-1"])["evt-1"].batch_id == receipt.batch.id


# Duplicates within a request.


def test_an_order_twice_in_a_request_is_taken_once(world: World) -> None:
    receipt = world.accept(numbered(1), numbered(2), numbered(1))

    assert [line.replayed for line in receipt.taken] == [False, False, True]
    assert batch_ids(receipt) == ["batch-1"] * 3
    assert not receipt.replayed
    assert world.billed() == ["B-1", "B-2"]


def test_an_order_twice_in_a_request_that_was_sent_before_is_a_replay_twice(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.accept(numbered(1), numbered(1))

    assert receipt.replayed
    assert batch_ids(receipt) == ["batch-1"] * 2


@pytest.mark.parametrize("on_invalid", OnInvalid)
def test_an_id_with_two_contents_in_a_request_is_a_fault_of_the_later_one(world: World, on_invalid: OnInvalid) -> None:
    receipts, faults = world.try_to_accept(on_invalid, numbered(1), numbered(2), numbered(1, message="other"))

    if on_invalid is OnInvalid.REJECT_ALL:
        assert ([fault.pointer for fault in faults], world.billed()) == (["/2/id", "/2/invoiceNo"], [])
    else:
        assert told(receipts) == ["batch-1", "batch-1", ("evt-1", ["/2/id", "/2/invoiceNo"])]


# Faulty and conflicting orders among others.


def told(receipt: Receipt | None) -> list[object]:
    """A line's batch, or the id and the pointers or the conflict of a rejected one."""
    assert receipt
    lines: list[object] = []
    for line in receipt.lines:
        if not isinstance(line, Rejected):
            lines.append(line.batch.id)
        elif isinstance(line.error, Conflict):
            lines.append((line.id, "conflict"))
        else:
            lines.append((line.id, [fault.pointer for fault in line.error.faults]))
    return lines


def test_one_faulty_order_keeps_all_from_being_sent(world: World) -> None:
    with pytest.raises(InvalidOrders):
        world.accept(numbered(1), numbered(2, currency="nok"))

    assert world.outside.calls == []


def test_the_valid_orders_go_through_beside_faulty_ones_in_the_order_of_the_request(world: World) -> None:
    world.accept(numbered(1))
    world.accept(numbered(2))
    spoiled = numbered(5, lines=[{"sku": "1", "name": "Comb", "quantity": 1, "unitPrice": 1, "vatRate": 101}])

    receipt = world.accept(
        numbered(3, currency="nok"),
        numbered(1),
        numbered(2, message="other"),
        numbered(4),
        spoiled,
        numbered(6, type="order.credited"),
        numbered(4),
        on_invalid=OnInvalid.ACCEPT_VALID,
    )

    assert told(receipt) == [
        ("evt-3", ["/0/currency"]),
        "batch-1",
        ("evt-2", "conflict"),
        receipt.batch.id,
        ("evt-5", ["/4/lines/0/vatRate"]),
        ("evt-6", ["/5/type"]),
        receipt.batch.id,
    ]
    assert [line.replayed for line in receipt.taken] == [True, False, True]
    assert not receipt.replayed
    assert world.billed() == ["B-1", "B-2", "B-4"]


def test_a_request_of_valid_orders_is_taken_alike(world: World) -> None:
    receipt = world.accept(numbered(1), numbered(2), on_invalid=OnInvalid.ACCEPT_VALID)

    assert batch_ids(receipt) == ["batch-1", "batch-1"]


@pytest.mark.parametrize("orders", [[numbered(1, currency="nok")], [numbered(1, currency="nok"), numbered(2, id=5)]])
def test_where_no_order_is_valid_all_faults_are_told_whatever_the_sender_says(
    world: World, orders: list[dict[str, Any]]
) -> None:
    _, strict = world.try_to_accept(OnInvalid.REJECT_ALL, *orders)
    _, lenient = world.try_to_accept(OnInvalid.ACCEPT_VALID, *orders)

    assert strict
    assert strict == lenient
    assert world.outside.calls == []


def test_where_nothing_can_be_taken_for_conflicts_they_are_told_with_the_other_faults(world: World) -> None:
    world.accept(numbered(1))

    with pytest.raises(Conflict) as raised:
        world.accept(numbered(1, message="other"), numbered(2, currency="nok"), on_invalid=OnInvalid.ACCEPT_VALID)

    assert raised.value.order_ids == ["evt-1"]
    assert [fault.pointer for fault in raised.value.faults] == ["/1/currency"]


def test_known_and_faulty_orders_make_no_new_batch_and_no_replay_of_the_request(world: World) -> None:
    world.accept(numbered(1))

    receipt = world.accept(numbered(1), numbered(2, currency="nok"), on_invalid=OnInvalid.ACCEPT_VALID)

    assert told(receipt) == ["batch-1", ("evt-2", ["/1/currency"])]
    assert (receipt.replayed, receipt.refused, receipt.batch.id) == (False, False, "batch-1")
    assert world.billed() == ["B-1"]


def test_a_known_refused_order_beside_a_faulty_one_is_no_refusal_of_this_request(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    assert world.accept(numbered(1)).refused

    receipt = world.accept(numbered(1), numbered(2, currency="nok"), on_invalid=OnInvalid.ACCEPT_VALID)

    assert not receipt.refused


def test_a_conflict_that_turns_up_in_a_race_is_told_and_the_rest_goes_through(world: World) -> None:
    world.accept(numbered(1))
    world.outside.plan(0, "before", conflicting())

    receipt = world.accept(numbered(1, message="other"), numbered(2), on_invalid=OnInvalid.ACCEPT_VALID)

    assert told(receipt) == [("evt-1", "conflict"), receipt.batch.id]
    assert world.billed() == ["B-1", "B-2"]


def test_rejected_orders_are_counted(world: World) -> None:
    world.accept(numbered(1), numbered(2, currency="nok"), on_invalid=OnInvalid.ACCEPT_VALID)

    assert world.diary.counts == {Metric.ORDERS_REPLAYED: 0, Metric.ORDERS_ACCEPTED: 1, Metric.ORDERS_REJECTED: 1}


# Many at once.


def at_once(world: World, bodies: list[bytes]) -> list[Receipt | Exception]:
    def accept(body: bytes) -> Receipt | Exception:
        try:
            return world.intake().accept("2218", body)
        except (Conflict, StoreUnavailable) as error:
            return error

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(accept, bodies))


def test_the_same_order_thirty_times_at_once_makes_one_batch(world: World) -> None:
    answers = at_once(world, [body_of([numbered(1)])] * 30)

    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    assert len(receipts) == 30
    assert [receipt.replayed for receipt in receipts].count(False) == 1
    assert len({receipt.batch.id for receipt in receipts}) == 1
    assert world.billed() == ["B-1"]


def test_two_contents_of_one_order_at_once_make_one_batch(world: World) -> None:
    answers = at_once(world, [body_of([numbered(1, message=str(number))]) for number in range(4)])

    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert world.billed() == ["B-1"]


def test_two_corrections_at_once_make_one_batch(world: World) -> None:
    world.accept(numbered(1))
    world.end("batch-1", OrderStatus.FAILED)

    answers = at_once(world, [body_of([numbered(1, message=str(number))]) for number in range(2)])

    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert world.billed() == ["B-1", "B-1"]


def test_overlapping_requests_at_once_bill_every_order_once(world: World) -> None:
    orders = [numbered(number) for number in range(6)]
    bodies = [body_of(orders[start : start + 4]) for start in range(3)]

    answers = at_once(world, bodies)

    assert all(isinstance(answer, Receipt) for answer in answers)
    assert sorted(filter(None, world.billed())) == [f"B-{number}" for number in range(6)]


# When the table does not answer.


def conflicting() -> ClientError:
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    }
    return ClientError(answer, "TransactWriteItems")


def test_a_claim_in_the_way_of_another_is_tried_again_after_a_growing_pause(world: World) -> None:
    world.outside.plan(0, "before", conflicting())
    world.outside.plan(2, "before", conflicting())

    receipt = world.accept(numbered(1))

    assert receipt.batch.state is State.PENDING
    assert world.pauses == [0, 1, 2]


def test_a_claim_always_in_the_way_of_others_is_given_up(world: World) -> None:
    for attempt in range(CLAIM_ATTEMPTS):
        world.outside.plan(2 * attempt, "before", conflicting())

    with pytest.raises(Busy):
        world.accept(numbered(1))
    assert world.arm.ledger.batches == []


def lost() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="dynamodb")


def test_a_claim_whose_answer_is_lost_goes_on_where_it_is_recorded(world: World) -> None:
    world.outside.plan(0, "after", lost())

    receipt = world.accept(numbered(1))

    assert (receipt.replayed, receipt.batch.state, world.billed()) == (False, State.PENDING, ["B-1"])


def test_a_claim_whose_answer_is_lost_is_given_up_where_it_is_not(world: World) -> None:
    world.outside.plan(0, "before", lost())

    with pytest.raises(StoreUnavailable):
        world.accept(numbered(1))
    assert world.arm.ledger.batches == []


def test_a_claim_that_cannot_even_be_looked_up_is_not_submitted(world: World) -> None:
    world.outside.plan(0, "after", lost())
    world.outside.plan(1, "before", lost())

    with pytest.raises(StoreUnavailable):
        world.accept(numbered(1))
    assert world.arm.ledger.batches == []


@pytest.mark.parametrize("call", [1, 2])
def test_a_known_order_that_cannot_be_looked_up_is_not_taken(world: World, call: int) -> None:
    world.accept(numbered(1))
    world.outside.plan(call, "before", lost())

    with pytest.raises(StoreUnavailable):
        world.accept(numbered(1))


def test_an_outcome_that_cannot_be_recorded_is_still_an_accepted_order(world: World) -> None:
    world.outside.plan(3, "before", lost())

    receipt = world.accept(numbered(1))

    assert receipt.batch.state is State.CLAIMED
    assert [what for what, _ in world.diary.transient_errors] == ["the outcome of a submission could not be recorded"]


# When the function dies.


@pytest.mark.parametrize("mishap", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_a_function_that_dies_leaves_an_order_that_is_whole_or_unknown(world: World, call: int, mishap: Mishap) -> None:
    world.outside.plan(call, mishap, Killed())

    with pytest.raises(Killed):
        world.accept(numbered(1), numbered(2))

    is_claimed = (call, mishap) != (0, "before")
    assert len(world.store.markers("2218", ["evt-1", "evt-2"])) == (2 if is_claimed else 0)
    assert len(world.store.batches(["batch-1"])) == is_claimed
    # Before ARM is called the claim is recorded with a due time, so that the poller goes on with it.
    if is_claimed:
        assert world.stored("batch-1").due


@pytest.mark.parametrize("mishap", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_an_order_sent_again_after_the_function_died_is_billed_at_most_once(
    world: World, call: int, mishap: Mishap
) -> None:
    world.outside.plan(call, mishap, Killed())
    with pytest.raises(Killed):
        world.accept(numbered(1))

    world.accept(numbered(1))

    assert len(world.billed()) <= 1


# What is counted.


def test_new_and_known_orders_are_counted(world: World) -> None:
    world.accept(numbered(1))
    world.diary.counts.clear()

    world.accept(numbered(1), numbered(2), numbered(3))

    assert world.diary.counts == {Metric.ORDERS_REPLAYED: 1, Metric.ORDERS_ACCEPTED: 2, Metric.ORDERS_REJECTED: 0}
