"""`relay orders ...` beside the functions, without a poller."""

from collections.abc import Iterator

import pytest

from tests.support.api_world import hold, refused
from tests.support.builders import an_order
from tests.support.desk_world import Office, an_office


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


@pytest.mark.parametrize("number", ["shop/2003?a", "B 1%", "88776655"])
def test_an_order_is_found_by_each_of_its_numbers(office: Office, number: str) -> None:
    office.apis.post(an_order(id="shop/2003?a", orderId="B 1%"))

    found = office.relay("orders", "find", number, "--json")

    assert (found.code, found.err) == (0, "")
    assert [each["order"]["id"] for each in found.json["orders"]] == ["shop/2003?a"]


def test_an_order_is_found_by_its_batch(office: Office) -> None:
    batch_id = office.apis.post([an_order(), an_order(id="evt-2", invoiceNo="2")]).body["batchId"]

    found = office.relay("orders", "find", batch_id)

    assert found.code == 0
    assert found.out.count(batch_id) == 2


def test_the_story_of_an_order_says_what_happened_and_what_to_do(office: Office) -> None:
    office.apis.post(an_order())

    told = office.relay("orders", "show", "B-1", "--document")

    assert told.code == 0
    for said in (
        "evt-1 / B-1 / 88776655: IN_PROGRESS",
        "It is not finished: PENDING, ARM returned a batchUuid.",
        "What to do: Wait. The relay looks again at 20",
        "250.00 NOK",
        "Comb",
        "CLAIMED",
    ):
        assert said in told.out


def test_the_story_of_what_arm_refused_names_its_words_and_the_way_on(office: Office) -> None:
    batch_id = refused(office.apis, an_order())

    told = office.relay("orders", "show", "evt-1")

    assert "evt-1 / B-1 / 88776655: REFUSED" in told.out
    assert "ARM does not have it: " in told.out
    assert f"relay retry {batch_id}" in told.out


def test_the_story_of_what_is_held_says_whether_arm_may_have_it(office: Office) -> None:
    (batch_id,) = hold(office.apis, 1, announced=True)

    told = office.relay("orders", "show", "evt-1")

    assert "A person must decide, because: too old. ARM certainly does not have it." in told.out
    assert f"relay release {batch_id}" in told.out


def test_several_orders_of_one_number_are_listed(office: Office) -> None:
    office.apis.post([an_order(), an_order(id="evt-2", invoiceNo="2")])

    told = office.relay("orders", "show", "B-1")

    assert told.code == 0
    assert "Several orders have the number B-1" in told.out
    assert "evt-1" in told.out
    assert "evt-2" in told.out


@pytest.mark.parametrize("command", ["find", "show"])
def test_an_order_that_is_not_there_ends_with_one(office: Office, command: str) -> None:
    said = office.relay("orders", command, "no-such", "--client", "2218")

    assert said.code == 1
    assert "no order with the number no-such of client 2218" in said.out


@pytest.mark.parametrize("command", ["find", "show"])
def test_an_empty_number_is_told(office: Office, command: str) -> None:
    said = office.relay("orders", command, "", "--client", "2218")

    assert (said.code, said.out) == (2, "")
    assert "say which order" in said.err


def test_programs_get_an_empty_list_and_one(office: Office) -> None:
    said = office.relay("orders", "find", "no-such", "--client", "2218", "--json")

    assert (said.code, said.json) == (1, {"orders": []})


def test_nobody_guesses_a_client_where_none_had_an_order(office: Office) -> None:
    said = office.relay("orders", "find", "B-1")

    assert said.code == 2
    assert "name the client with --client" in said.err


def test_an_order_is_forgotten_after_a_yes(office: Office) -> None:
    refused(office.apis, an_order())

    without = office.relay("orders", "forget", "evt-1", "--reason", "case 1")
    declined = office.relay("orders", "forget", "evt-1", "--reason", "case 1", typed="n\n")
    done = office.relay("orders", "forget", "evt-1", "--reason", "case 1", typed="y\n")

    assert (without.code, declined.code, done.code) == (2, 2, 0)
    assert "add --yes" in without.err
    assert "nothing was done" in declined.err
    assert "metadata" in done.out
    told = office.relay("orders", "show", "evt-1", "--client", "2218")
    assert "no longer kept" in told.out
