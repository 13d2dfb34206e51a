"""A credit note and the invoice it credits, from the request to ARM: the webhook function and the poller together."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from arm_relay.batches import causes, steps
from arm_relay.batches.batch import Batch, CreditedInvoice, OrderStatus, Standing, State
from arm_relay.batches.steps import IllegalStep
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.redriving import Redriving, Wish
from arm_relay.webhook.intake import OnInvalid
from arm_relay.webhook.receipts import Rejected, Taken

from tests.support import builders
from tests.support.builders import TIMES
from tests.support.contracts import with_lines
from tests.support.poller_in_memory import MINUTE, Killed, World

CREDITS: dict[str, Any] = {"documents": {"creditNote": "CN"}}
LONGEST = TIMES.longest_poll * 1.2


@pytest.fixture
def world() -> World:
    return World(with_lines(**CREDITS))


def an_invoice(**changes: object) -> dict[str, Any]:
    return builders.an_order(**{"id": None, "orderId": "B-1", "invoiceNo": "1001"} | changes)


def a_credit(**changes: object) -> dict[str, Any]:
    credit = {"id": None, "type": "order.credited", "orderId": "C-1", "invoiceNo": "K-1", "dueDate": None}
    return builders.an_order(**credit | {"credits": {"invoiceNo": "1001"}} | changes)


def at_price(price: float) -> list[dict[str, Any]]:
    return [{"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": price, "vatRate": 25}]


def faults_of(world: World, *orders: dict[str, Any]) -> list[Fault]:
    with pytest.raises(InvalidOrders) as raised:
        world.accept(*orders)
    return list(raised.value.faults)


# Acceptance.


def test_a_credit_of_an_invoice_under_way_waits_in_a_batch_of_its_own(world: World) -> None:
    world.accept(an_invoice())

    receipt = world.accept(a_credit(), builders.an_order(id="evt-9", invoiceNo="9", orderId="B-9"))

    credit, other = receipt.taken
    assert (credit.batch.state, credit.batch.cause) == (State.QUEUED, "waits for the invoice that it credits")
    assert (credit.batch.id, other.batch.id, receipt.batch.id) == ("batch-3", "batch-2", "batch-2")
    assert credit.order.credited == CreditedInvoice(Standing.AWAITED, "batch-1", "order.invoiced:1001")
    assert world.stored("batch-3") == credit.batch
    assert world.billed() == ["B-1", "B-9"]


@pytest.mark.parametrize("place", [0, 1], ids=["credit first", "invoice first"])
def test_a_credit_in_the_request_of_its_invoice_waits(world: World, place: int) -> None:
    orders = [an_invoice()]
    orders.insert(1 - place if place else 0, a_credit())

    receipt = world.accept(*orders)

    assert {line.order.id: line.batch.state for line in receipt.taken} == {
        "order.invoiced:1001": State.PENDING,
        "order.credited:K-1": State.QUEUED,
    }
    assert receipt.batch.id == "batch-1"
    assert world.stored("batch-2").orders[0].credited == CreditedInvoice(
        Standing.AWAITED, "batch-1", "order.invoiced:1001"
    )
    assert world.billed() == ["B-1"]


def test_the_invoice_may_be_named_by_its_order(world: World) -> None:
    world.accept(an_invoice(invoiceNo=None))

    receipt = world.accept(a_credit(credits={"orderId": "B-1"}))

    assert receipt.taken[0].batch.awaited_invoice == CreditedInvoice(Standing.AWAITED, "batch-1", "order.invoiced:B-1")


@pytest.mark.parametrize(
    "changes", [{}, {"id": "evt-1"}, {"id": "evt-1", "invoiceNo": None}], ids=["number", "own id and number", "own id"]
)
def test_an_invoice_of_an_earlier_request_is_found_by_its_order_whatever_its_id_is(
    world: World, changes: dict[str, Any]
) -> None:
    invoice = world.accept(an_invoice(**changes)).taken[0].order

    receipt = world.accept(a_credit(credits={"orderId": "b-1"}))

    assert receipt.taken[0].batch.awaited_invoice == CreditedInvoice(Standing.AWAITED, "batch-1", invoice.id)
    assert world.billed() == ["B-1"]


def test_an_invoice_that_failed_is_found_by_its_order(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())

    (fault,) = faults_of(world, a_credit(credits={"orderId": "B-1"}))

    assert fault.pointer == "/0/credits/orderId"
    assert fault.detail.startswith("names order order.invoiced:1001, which was not created in ARM")


def test_an_order_with_several_invoices_does_not_say_which_is_credited(world: World) -> None:
    world.accept(an_invoice())
    world.accept(an_invoice(invoiceNo="1002"))

    (fault,) = faults_of(world, a_credit(credits={"orderId": "B-1"}))

    assert fault.pointer == "/0/credits/orderId"
    assert fault.detail == (
        "names several invoices (order.invoiced:1001, order.invoiced:1002): name one by its invoiceNo instead"
    )


def test_an_invoice_that_failed_makes_way_for_one_of_the_same_order(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())
    world.accept(an_invoice(invoiceNo="1002"))

    receipt = world.accept(a_credit(credits={"orderId": "B-1"}))

    assert receipt.taken[0].batch.awaited_invoice == CreditedInvoice(Standing.AWAITED, "batch-2", "order.invoiced:1002")


def test_an_order_id_is_not_taken_for_the_number_of_another_orders_invoice(world: World) -> None:
    world.accept(an_invoice(orderId="1000", invoiceNo="1001"))

    receipt = world.accept(a_credit(credits={"orderId": "1001"}))

    assert receipt.taken[0].order.credited == CreditedInvoice(Standing.UNKNOWN)


def test_a_failed_credit_note_that_had_the_invoices_number_does_not_stand_in_its_own_way(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(a_credit(id="c1", invoiceNo="1001", credits={"orderId": "B-9"}))

    receipt = world.accept(a_credit(id="c1", invoiceNo="K-1", credits={"invoiceNo": "1001"}))

    assert receipt.taken[0].order.credited == CreditedInvoice(Standing.UNKNOWN)


@pytest.mark.parametrize(
    ("of_invoice", "of_credit", "words"),
    [
        ("JPY", None, "is missing, but the credited invoice is in JPY"),
        (None, "JPY", "is JPY, but the credited invoice states none"),
    ],
    ids=["credit without", "invoice without"],
)
def test_a_credit_states_the_currency_of_its_invoice(
    world: World, of_invoice: str | None, of_credit: str | None, words: str
) -> None:
    world.accept(an_invoice(currency=of_invoice))

    assert faults_of(world, a_credit(currency=of_credit)) == [Fault("/0/currency", words)]


def test_an_invoice_is_found_behind_many_credit_notes_of_its_order(world: World) -> None:
    world.accept(an_invoice())
    for number in range(120):
        world.accept(a_credit(orderId="B-1", invoiceNo=f"K-{number:03}", credits=None))

    receipt = world.accept(a_credit(credits={"orderId": "B-1"}))

    assert receipt.taken[0].batch.awaited_invoice


def test_another_clients_order_of_the_same_number_is_not_credited(world: World) -> None:
    world.accept(an_invoice(), client_no="2219")

    receipt = world.accept(a_credit(credits={"orderId": "B-1"}))

    assert receipt.taken[0].order.credited == CreditedInvoice(Standing.UNKNOWN)


@pytest.mark.parametrize("is_earlier", [True, False], ids=["earlier request", "same request"])
def test_a_credit_note_is_not_an_invoice(world: World, *, is_earlier: bool) -> None:
    first = a_credit(credits=None)
    second = a_credit(invoiceNo="K-2", orderId="C-2", credits={"invoiceNo": "K-1"})
    if is_earlier:
        world.accept(first)

    (fault,) = faults_of(world, *([second] if is_earlier else [an_invoice(), first, second]))

    assert fault.pointer == f"/{0 if is_earlier else 2}/credits/invoiceNo"
    assert fault.detail == ("names order order.credited:K-1, which is a credit note: name the invoice that is credited")
    assert world.billed() == (["C-1"] if is_earlier else [])


def test_the_order_of_a_credit_note_is_not_taken_for_that_of_an_invoice(world: World) -> None:
    world.accept(an_invoice())

    receipt = world.accept(
        a_credit(orderId="B-1", credits={"orderId": "B-1"}),
        a_credit(orderId="B-1", invoiceNo="K-2", credits={"orderId": "B-1"}),
    )

    assert {line.order.credited.id for line in receipt.taken if line.order.credited} == {"order.invoiced:1001"}


def test_a_credit_of_an_invoice_that_arm_has_goes_at_once(world: World) -> None:
    world.accept(an_invoice())
    world.keep_polling(20 * MINUTE)
    assert world.stored().state is State.SUCCEEDED

    receipt = world.accept(a_credit())

    assert receipt.batch.state is State.PENDING
    assert receipt.taken[0].order.credited == CreditedInvoice(Standing.CREATED, "batch-1", "order.invoiced:1001")


def test_a_credit_of_an_invoice_that_the_relay_does_not_know_goes_at_once_and_is_marked(world: World) -> None:
    receipt = world.accept(a_credit())

    assert receipt.batch.state is State.PENDING
    assert world.stored().orders[0].credited == CreditedInvoice(Standing.UNKNOWN)


def test_a_credit_of_an_invoice_that_failed_is_a_fault(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())

    (fault,) = faults_of(world, a_credit())

    assert fault.pointer == "/0/credits/invoiceNo"
    assert fault.detail.startswith("names order order.invoiced:1001, which was not created in ARM")


def test_a_credit_goes_with_the_invoice_that_replaces_a_failed_one(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())

    receipt = world.accept(an_invoice(customerNo="765432"), a_credit())

    assert [line.batch.state for line in receipt.taken] == [State.PENDING, State.QUEUED]


def test_an_invoice_that_arm_refuses_at_once_rules_out_its_credit_in_the_same_request(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)

    receipt = world.accept(an_invoice(), a_credit())

    invoice, credit = receipt.lines
    assert isinstance(invoice, Taken)
    assert isinstance(credit, Rejected)
    assert credit.error.faults[0].pointer == "/1/credits/invoiceNo"
    # Nothing has its id and its number: both may be sent again, corrected.
    assert world.accept(an_invoice(customerNo="765432"), a_credit()).taken[1].batch.awaited_invoice


def test_a_request_whose_invoice_arm_refused_says_so_when_it_is_sent_again(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    first = world.accept(a_credit(), an_invoice())

    (fault,) = faults_of(world, a_credit(), an_invoice())
    again = world.accept(a_credit(), an_invoice(), on_invalid=OnInvalid.ACCEPT_VALID)

    assert fault.pointer == "/0/credits/invoiceNo"
    assert "order.invoiced:1001, which was not created in ARM" in fault.detail
    credit, invoice = again.lines
    assert isinstance(credit, Rejected)
    assert isinstance(invoice, Taken)
    assert (invoice.replayed, invoice.order) == (True, first.taken[0].order)


def test_a_faulty_credit_beside_a_duplicate_is_an_error_and_no_success(world: World) -> None:
    world.accept(an_invoice())

    (fault,) = faults_of(world, an_invoice(), a_credit(lines=at_price(99999)))

    assert fault.pointer == "/1/lines"


def test_a_credit_that_cannot_be_taken_rejects_a_new_order_beside_an_invoice_sent_again(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())
    order = builders.an_order(id="evt-9", invoiceNo="9", orderId="B-9")

    (fault,) = faults_of(world, an_invoice(), a_credit(), order)

    assert fault.pointer == "/1/credits/invoiceNo"
    assert world.billed() == []


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"lines": at_price(200.02)}, "/1/lines", "add up to 250.03, which is more than the 250.00 of the invoice"),
        ({"currency": "EUR"}, "/1/currency", "is EUR, but the credited invoice is in NOK"),
    ],
    ids=["amount", "currency"],
)
def test_a_credit_is_no_larger_than_its_invoice(
    world: World, changes: dict[str, Any], pointer: str, words: str
) -> None:
    assert faults_of(world, an_invoice(), a_credit(**changes)) == [Fault(pointer, words)]
    assert world.billed() == []

    world.accept(an_invoice())
    assert faults_of(world, a_credit(**changes)) == [Fault(pointer.replace("/1", "/0"), words)]


def test_a_minor_unit_a_line_may_come_from_rounding(world: World) -> None:
    world.accept(an_invoice())

    assert world.accept(a_credit(lines=at_price(200.01))).taken[0].batch.awaited_invoice


def test_a_credit_of_a_faulty_order_of_its_request_is_a_fault(world: World) -> None:
    faulty = an_invoice(currency="kroner")
    order = builders.an_order(id="evt-9", invoiceNo="9", orderId="B-9")

    receipt = world.accept(faulty, a_credit(), order, on_invalid=OnInvalid.ACCEPT_VALID)

    _, credit, taken = receipt.lines
    assert isinstance(credit, Rejected)
    assert credit.error.faults[0].detail == "names the order at /0, which has errors of its own"
    assert isinstance(taken, Taken)


def test_where_only_faulty_credits_are_left_nothing_is_taken(world: World) -> None:
    world.arm.fail("submit", "status", 1, status=400)
    world.accept(an_invoice())

    with pytest.raises(InvalidOrders):
        world.accept(a_credit(), on_invalid=OnInvalid.ACCEPT_VALID)


def test_a_credit_sent_again_is_a_duplicate_whatever_became_of_its_invoice(world: World) -> None:
    first = world.accept(an_invoice(), a_credit())

    again = world.accept(an_invoice(), a_credit())

    assert again.replayed
    assert [line.batch.id for line in again.taken] == [line.batch.id for line in first.taken]


@pytest.mark.parametrize("call", range(6))
def test_a_crash_between_the_claims_loses_nothing(world: World, call: int) -> None:
    world.outside.plan(call, "after", Killed())
    try:
        world.accept(an_invoice(), a_credit())
    except Killed:
        world.accept(an_invoice(), a_credit())

    world.keep_polling(4 * timedelta(hours=1))

    assert sorted(filter(None, world.billed())) == ["B-1", "C-1"]


def test_a_conflict_of_the_credit_rejects_all_before_anything_is_claimed(world: World) -> None:
    world.accept(a_credit(credits=None))
    claimed = len(world.dynamodb.items)

    with pytest.raises(Exception, match="different content"):
        world.accept(an_invoice(), a_credit())

    assert len(world.dynamodb.items) == claimed


# What ARM gets.


@pytest.mark.parametrize(("sign", "amount"), [("positive", 250), ("negative", -250)])
def test_arm_gets_the_sign_and_the_field_of_its_contract(sign: str, amount: int) -> None:
    world = World(with_lines(documents={"creditNote": "CN", "creditSign": sign, "creditedInvoiceKey": "creditedNo"}))

    world.accept(a_credit())

    (document,) = world.arm.ledger.documents
    amounts: Any = document.payload["currencyAmounts"]
    assert (document.payload["creditedNo"], amounts["inclVat"]) == ("1001", amount)


def test_arm_gets_the_number_of_an_invoice_that_is_named_by_its_order() -> None:
    world = World(with_lines(documents={"creditNote": "CN", "creditedInvoiceKey": "creditedNo"}))
    world.accept(an_invoice())
    world.keep_polling(20 * MINUTE)

    world.accept(a_credit(credits={"orderId": "B-1"}))

    assert [document.payload.get("creditedNo") for document in world.arm.ledger.documents] == [None, "1001"]


# The poller.


def waiting(world: World) -> None:
    """An invoice in batch-1 under way, its credit note in batch-2."""
    world.accept(an_invoice(), a_credit())


def test_a_waiting_credit_is_submitted_once_its_invoice_is_in_arm(world: World) -> None:
    waiting(world)

    world.keep_polling(60 * MINUTE)

    assert [world.stored(name).state for name in ("batch-1", "batch-2")] == [State.SUCCEEDED, State.SUCCEEDED]
    assert world.billed() == ["B-1", "C-1"]
    assert world.stored("batch-2").attempt == 1


def test_a_waiting_credit_is_polled_ever_more_rarely_and_asks_arm_nothing(world: World) -> None:
    waiting(world)
    hold_invoice(world)
    pauses = []
    for _ in range(7):
        due = world.stored("batch-2").due
        assert due
        world.poll(after=due - world.now)
        after = world.stored("batch-2")
        assert (after.state, after.cause) == (State.QUEUED, causes.AWAITS_INVOICE)
        assert after.due
        pauses.append(after.due - world.now)

    assert pauses == [MINUTE * minutes for minutes in (1, 2, 4, 8, 15, 15, 15)]
    assert world.billed() == ["B-1"]


def hold_invoice(world: World) -> None:
    batch = world.store.save(steps.held(world.stored(), "a person must look", world.now))
    assert batch
    assert world.store.save(steps.announced(batch))


def close_invoice(world: World, state: State) -> None:
    hold_invoice(world)
    assert world.store.save(steps.closed(world.stored(), state, "looked", "anna", world.now))


def test_a_waiting_credit_ends_where_its_invoice_failed(world: World) -> None:
    waiting(world)
    close_invoice(world, State.FAILED)

    world.poll(after=LONGEST)

    ended = world.stored("batch-2")
    assert (ended.state, ended.due) == (State.REFUSED, None)
    assert ("batch-2.1", "REFUSED") in world.announced()
    assert (ended.cause, ended.attempt) == ("the invoice that it credits was not created", 0)
    assert ended.orders[0].status is OrderStatus.REFUSED
    assert world.billed() == ["B-1"]
    # It may be corrected, and then it goes with another invoice.
    world.accept(an_invoice(invoiceNo="1002"), a_credit(credits={"invoiceNo": "1002"}))
    assert world.stored("batch-4").awaited_invoice


def test_a_credit_ends_with_its_invoice_although_that_was_corrected_meanwhile(world: World) -> None:
    waiting(world)
    close_invoice(world, State.FAILED)
    corrected = world.accept(an_invoice(customerNo="765432")).batch

    world.poll(after=LONGEST)

    assert world.stored("batch-2").state is State.REFUSED
    # Sent again, it goes with the corrected invoice.
    again = world.accept(a_credit(message="Second try")).taken[0].order
    assert again.credited == CreditedInvoice(Standing.CREATED, corrected.id, "order.invoiced:1001")


def test_a_refused_credit_that_is_retried_waits_for_its_corrected_invoice(world: World) -> None:
    waiting(world)
    close_invoice(world, State.FAILED)
    world.poll(after=LONGEST)
    corrected = world.accept(an_invoice(customerNo="765432")).batch

    receipt = world.retry(a_credit(failedBatchId="batch-2"))

    assert receipt.batch.awaited_invoice == CreditedInvoice(Standing.AWAITED, corrected.id, "order.invoiced:1001")


def test_a_refused_credit_is_not_retried_while_its_invoice_is_not_corrected(world: World) -> None:
    waiting(world)
    close_invoice(world, State.FAILED)
    world.poll(after=LONGEST)

    with pytest.raises(InvalidOrders) as raised:
        world.retry(a_credit(failedBatchId="batch-2"))

    assert "was not created in ARM" in raised.value.faults[0].detail


def test_a_credit_of_a_held_invoice_waits_and_goes_when_a_person_has_found_the_invoice(world: World) -> None:
    waiting(world)
    close_invoice(world, State.SUCCEEDED)

    world.poll(after=LONGEST)

    assert world.stored("batch-2").state is State.PENDING


def test_a_credit_that_waits_for_too_long_is_held_and_says_for_what(world: World) -> None:
    waiting(world)
    hold_invoice(world)

    world.keep_polling(TIMES.hold_after + LONGEST)

    assert world.is_over(State.HELD, "batch-2")
    assert world.stored("batch-2").cause == "the invoice that it credits had not ended after HoldAfterSeconds"


@pytest.mark.parametrize("release", [steps.asked, steps.resubmitted])
def test_a_credit_that_is_released_still_waits(world: World, release: Callable[..., Batch]) -> None:
    waiting(world)
    hold_invoice(world)
    world.keep_polling(TIMES.hold_after + LONGEST)
    assert world.store.save(release(world.stored("batch-2"), "look again", "anna", world.now))

    world.poll(after=MINUTE)

    assert world.stored("batch-2").state is State.QUEUED
    assert world.billed() == ["B-1"]


def test_a_credit_whose_invoice_was_not_created_is_not_retried_by_an_operator(world: World) -> None:
    waiting(world)
    close_invoice(world, State.FAILED)
    world.poll(after=LONGEST)
    refused = world.stored("batch-2")

    with pytest.raises(IllegalStep, match=r"was not created\. Its sender can send the credit note again"):
        redriving(world).retry(refused, Wish("again", "anna"))
    assert world.stored("batch-2") == refused


def test_a_credit_that_is_retried_by_an_operator_does_not_overtake_its_invoice(world: World) -> None:
    waiting(world)
    hold_invoice(world)
    world.keep_polling(TIMES.hold_after + LONGEST)
    closed = steps.closed(world.stored("batch-2"), State.FAILED, "not needed", "anna", world.now)
    assert world.store.save(steps.announced(closed))

    retried = redriving(world).retry(world.stored("batch-2"), Wish("needed after all", "anna"))
    world.poll(after=MINUTE)

    assert (world.stored(retried.id).state, world.billed()) == (State.QUEUED, ["B-1"])


def redriving(world: World) -> Redriving:
    return Redriving(store=world.store, journal=world.diary, pace=world.pace, new_id=lambda: "batch-new")


def test_a_credit_waits_while_arm_is_down_and_its_attempts_begin_afresh(world: World) -> None:
    waiting(world)
    hold_invoice(world)
    world.keep_polling(60 * MINUTE)
    assert world.store.save(steps.closed(world.stored(), State.SUCCEEDED, "looked", "anna", world.now))
    world.arm.fail("submit", "refuse", 1)

    world.poll(after=LONGEST)

    after = world.stored("batch-2")
    assert (after.state, after.attempt) == (State.QUEUED, 1)
    assert after.due == world.now + MINUTE


def test_a_credit_that_was_submitted_once_asks_for_its_invoice_no_more(world: World) -> None:
    waiting(world)
    close_invoice(world, State.SUCCEEDED)
    world.arm.fail("submit", "refuse", 1)
    world.poll(after=LONGEST)
    assert world.stored("batch-2").state is State.QUEUED

    assert world.stored("batch-2").awaited_invoice is None
    world.poll(after=MINUTE)
    assert world.stored("batch-2").state is State.PENDING
