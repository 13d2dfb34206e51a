"""`relay batches`, `batch`, `held` and what is done about them, beside the functions, without a poller."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api_world import hold, refused
from tests.support.builders import an_order
from tests.support.desk_world import Office, Ran, an_office

CLAIMED_AFTER = ("--claimed-after", (datetime.now(UTC) - timedelta(hours=2)).isoformat())


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


def test_what_is_held_is_listed_with_what_it_comes_to(office: Office) -> None:
    ids = hold(office.apis, 1, 2, announced=True)

    said = office.relay("held")

    assert said.code == 0
    for shown in (*ids, "2 held batches with 2 orders.", "too old", "500.00 NOK", "certainly has nothing of 2"):
        assert shown in said.out
    assert "relay release --dry-run" in said.out


def test_a_list_is_read_over_all_its_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = hold(office.apis, 1, 2, 3, announced=True)
    monkeypatch.setattr("desk.relay.PAGE", 1)

    said = office.relay("batches", "--state", "held", "--json")

    assert [batch["batchId"] for batch in said.json["batches"]] == ids
    assert said.json["totals"]["batches"] == 3


def test_a_long_list_says_that_it_is_cut(office: Office) -> None:
    hold(office.apis, 1, 2, announced=True)

    said = office.relay("held", "--limit", "1")

    assert "2 held batches" in said.out
    assert "Only 1 are listed" in said.out


def test_a_batch_is_shown_whichever_clients_it_is(office: Office) -> None:
    batch_id = office.apis.post(an_order()).body["batchId"]

    said = office.relay("batch", batch_id)

    assert said.code == 0
    for shown in (f"{batch_id}: PENDING", "evt-1", "250.00 NOK", "was not asked", "CLAIMED"):
        assert shown in said.out


def test_an_unknown_batch_is_a_problem(office: Office) -> None:
    office.apis.post(an_order())

    said = office.relay("batch", "no-such")

    assert (said.code, said.out) == (1, "")
    assert "there is no batch no-such of client 2218" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("release", "no-such", "--reason", "x", "--yes"),
        ("close", "no-such", "--status", "FAILED", "--reason", "x", "--yes"),
        ("resubmit", "no-such", "--reason", "x", "--yes"),
        ("redrives", "show", "0f8f7a52-1f4e-4c55-b1cd-f7f3a0b9d1e2"),
        ("release", "--cause", "no such", "--dry-run"),
    ],
)
def test_what_is_not_there_ends_with_one(office: Office, words: tuple[str, ...]) -> None:
    office.apis.post(an_order())

    assert office.relay(*words).code == 1


@pytest.mark.parametrize(
    ("command", "options"),
    [("release", ()), ("retry", ()), ("announce", CLAIMED_AFTER)],
    ids=["release", "retry", "announce"],
)
def test_a_dry_run_touches_nothing(office: Office, command: str, options: tuple[str, ...]) -> None:
    held = hold(office.apis, 1, announced=True)
    office.apis.arm.faults.clear()
    failed = [refused(office.apis, an_order(id="evt-9", invoiceNo="9"))]
    expected = {"release": held, "retry": failed, "announce": sorted(held + failed)}[command]

    said = office.relay(command, *options, "--dry-run", "--json")

    assert (said.code, sorted(said.json["batchIds"])) == (0, expected)
    assert [state_of(office, each) for each in held + failed] == ["HELD", "REFUSED"]


def test_what_a_person_has_seen_counted_is_released_after_a_yes(office: Office) -> None:
    hold(office.apis, 1, 2, announced=True)

    said = office.relay("release", "--cause", "too old", "--no-wait", typed="the outage is over\ny\n")

    assert said.code == 0
    for shown in ("2 batches with 2 orders.", "RUNNING", "the outage is over", "relay redrives show"):
        assert shown in said.out


def test_a_program_releases_without_a_question(office: Office) -> None:
    hold(office.apis, 1, announced=True)

    begun = release(office, "--yes", "--no-wait", "--json")

    assert (begun.code, begun.json["status"], begun.json["batches"]) == (0, "RUNNING", 1)
    shown = office.relay("redrives", "show", begun.json["redriveId"])
    stopped = office.relay("redrives", "stop", begun.json["redriveId"], "--json")
    assert "RUNNING" in shown.out
    assert stopped.json["status"] == "STOPPED"


def test_nothing_is_released_where_nobody_can_be_asked(office: Office) -> None:
    (batch_id,) = hold(office.apis, 1, announced=True)

    said = release(office)

    assert said.code == 2
    assert "add --yes" in said.err
    assert state_of(office, batch_id) == "HELD"


def test_a_reason_is_needed(office: Office) -> None:
    hold(office.apis, 1, announced=True)

    said = office.relay("release", "--yes")

    assert (said.code, said.out) == (2, "")
    assert "say why with --reason" in said.err


def test_a_cause_that_no_batch_has_is_a_problem(office: Office) -> None:
    hold(office.apis, 1, announced=True)

    said = release(office, "--cause", "to old", "--yes")

    assert said.code == 1
    assert "no batch matches" in said.err


def test_waiting_shows_how_far_it_is_until_the_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(office.apis, 1, announced=True)
    begun = release(office, "--yes", "--no-wait", "--json").json["redriveId"]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        # Meanwhile somebody stops it.
        pauses.append(seconds)
        if len(pauses) == 2:
            office.post(f"/v1/redrives/{begun}/stop")

    monkeypatch.setattr("desk.console.time.sleep", pause)
    said = office.relay("redrives", "show", begun, "--wait")

    assert said.code == 0
    assert pauses == [2.0, 2.0]
    assert "STOPPED" in said.out


def test_one_batch_is_released_in_the_operators_name(office: Office) -> None:
    (batch_id,) = hold(office.apis, 1, announced=True)

    said = office.relay("release", batch_id, "--client", "2218", "--reason", "the outage is over", "--yes", "--json")

    assert (said.code, said.json["status"]) == (0, "QUEUED")
    assert said.json["history"][-1]["cause"] == "the outage is over"


def test_what_failed_in_one_batch_is_sent_again(office: Office) -> None:
    batch_id = refused(office.apis, an_order())

    said = office.relay("retry", batch_id, "--reason", "it exists now", "--yes", "--json")

    assert (said.code, said.json["retryOf"]) == (0, batch_id)


def test_what_arm_may_have_needs_a_second_word(office: Office) -> None:
    (batch_id,) = hold_in_doubt(office)
    words = ("resubmit", batch_id, "--client", "2218", "--reason", "ARM has none of it", "--yes")

    first = office.relay(*words)
    second = office.relay(*words, "--may-be-billed-twice", "--json")

    assert (first.code, second.code) == (2, 0)
    assert "ARM may have the batch already" in first.err
    assert f"relay release {batch_id}" in first.err
    assert "mayBeBilledTwice" not in first.err
    assert second.json["status"] == "QUEUED"


def test_a_batch_is_closed_as_a_person_found_it(office: Office) -> None:
    (batch_id,) = hold(office.apis, 1, announced=True)

    said = office.relay("close", batch_id, "--client", "2218", "--status", "FAILED", "--reason", "looked", typed="y\n")

    assert said.code == 0
    assert state_of(office, batch_id) == "FAILED"


def test_one_batch_and_a_filter_do_not_go_together(office: Office) -> None:
    (batch_id,) = hold(office.apis, 1, announced=True)

    said = office.relay("release", batch_id, "--cause", "too old", "--yes", "--reason", "x")

    assert said.code == 2
    assert "not both" in said.err


def test_announcing_many_needs_a_time(office: Office) -> None:
    said = office.relay("announce", "--reason", "lost")

    assert said.code == 2
    assert "--claimed-after" in said.err


@pytest.mark.parametrize("wrong", ["yesterday", "2025-11-26", "2025-11-26T00:00:00"])
@pytest.mark.parametrize("words", [("announce", "--claimed-after"), ("results", "--client", "2218", "--after")])
def test_a_wrong_time_is_told_with_its_option(office: Office, words: tuple[str, ...], wrong: str) -> None:
    said = office.relay(*words, wrong)

    assert said.code == 2
    assert f"{words[-1]} {wrong} is not a time with its zone" in said.err


def release(office: Office, *options: str) -> Ran:
    return office.relay("release", "--reason", "the outage is over", *options)


def state_of(office: Office, batch_id: str) -> Any:  # noqa: ANN401 (JSON)
    return office.relay("batch", batch_id, "--client", "2218", "--json").json["status"]


def hold_in_doubt(office: Office) -> list[str]:
    """A batch that ARM took, and that waits for a person."""
    return hold(office.apis, 1, announced=True, arm_answers=True)
