"""What operators start in bulk, with the simulation's DynamoDB behind the real store."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.batches.bulk_redrive import Action, BulkRedrive, Progress
from arm_relay.batches.pace import Pace
from arm_relay.operators.bulk import Bulk, MoreBatches, Plan, UnknownRedrive
from arm_relay.operators.lists import BatchLists
from arm_relay.operators.redrive import InvalidRedrive
from arm_relay.orders.json_bodies import NotJson
from arm_relay.store.days import Days
from arm_relay.store.lists import Lists
from arm_relay.store.redrives import Redrives
from arm_relay.store.table import Store, StoreUnavailable

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW, TIMES, a_batch, a_batch_order

KARI = "arn:aws:iam::123456789012:user/kari"
LATER = NOW + timedelta(days=1)
PACE = Pace(TIMES, lambda: LATER, lambda: 0.5)


class World:
    def __init__(self) -> None:
        self.dynamodb = InMemoryDynamoDB()
        client = cast("Any", self.dynamodb)
        self.store = Store(client, "relay", retention=TIMES.retention, marker_life=TIMES.retention)
        self.redrives = Redrives(client, "relay", life=TIMES.retention)
        self.bulk = self.bulk_of(self.redrives)

    def bulk_of(self, redrives: Redrives) -> Bulk:
        ids = map("r{}".format, count(1))
        return Bulk(
            lists=BatchLists(Lists(self.store, Days(cast("Any", self.dynamodb), "relay"))),
            redrives=redrives,
            pace=PACE,
            new_id=lambda: next(ids),
        )

    def hold(self, number: int, client_no: str = "2218", minutes: int = 0) -> Batch:
        order = a_batch_order(id=f"evt-{number}", document_no=str(number))
        claimed = a_batch(id=f"b{number}", client_no=client_no, orders=(order,))
        assert self.store.claim(claimed, {})
        held = self.saved(steps.held(claimed, "too old", NOW + timedelta(minutes=minutes)))
        return self.saved(steps.announced(held))

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def plan(self, **body: object) -> Plan:
        plan = self.bulk.begin(as_body(dryRun=True, **body), KARI)
        assert isinstance(plan, Plan)
        return plan

    def begin(self, **body: object) -> BulkRedrive:
        redrive = self.bulk.begin(as_body(**body), KARI)
        assert isinstance(redrive, BulkRedrive)
        return redrive


def as_body(**body: object) -> bytes:
    stated = {"action": "ask", "reason": "the outage is over", "asOf": LATER.isoformat()}
    return json.dumps(stated | body).encode()


@pytest.fixture
def world() -> World:
    return World()


def test_a_dry_run_says_what_would_be_touched_and_records_nothing(world: World) -> None:
    for number, client_no in enumerate(["2218", "2219", "2218"]):
        world.hold(number, client_no)
    before = dict(world.dynamodb.items)

    plan = world.plan(filter={"clientNo": "2218"})

    assert (plan.totals.tally.batches, plan.totals.is_complete, plan.refused) == (2, True, 0)
    assert sorted(plan.ids) == ["b0", "b2"]
    assert world.dynamodb.items == before


def test_a_dry_run_lists_some_and_counts_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arm_relay.operators.bulk.SHOWN", 2)
    for number in range(5):
        world.hold(number)

    plan = world.plan()

    assert (plan.totals.tally.batches, len(plan.ids)) == (5, 2)


def test_a_dry_run_counts_what_cannot_be_redriven(world: World) -> None:
    batch = world.hold(1)
    for number in range(steps.MAX_REDRIVES):
        asked = world.saved(steps.asked(batch, f"again {number}", KARI, NOW))
        batch = world.saved(steps.announced(world.saved(steps.held(asked, "too old", NOW))))
    world.hold(2)

    assert (world.plan().totals.tally.batches, world.plan().refused) == (2, 1)


def test_what_becomes_held_from_now_on_is_not_meant(world: World) -> None:
    world.hold(1)
    world.hold(2, minutes=2 * 24 * 60)

    assert world.plan().ids == ("b1",)


def test_what_became_held_after_the_dry_run_is_left_alone(world: World) -> None:
    world.hold(1)
    world.hold(2)
    as_of = world.plan().as_of
    world.hold(7, minutes=24 * 60 - 1)

    assert world.plan(asOf=(NOW + timedelta(hours=1)).isoformat()).totals.tally.batches == 2
    assert world.begin(batches=3, asOf=(NOW + timedelta(hours=1)).isoformat()).wanted.since_before == NOW + timedelta(
        hours=1
    )
    assert as_of == LATER


def test_no_dry_run_was_made_in_the_future(world: World) -> None:
    world.hold(1)

    assert world.begin(batches=1, asOf=(LATER + timedelta(days=9)).isoformat()).wanted.since_before == LATER


def test_the_real_call_states_what_the_dry_run_counted(world: World) -> None:
    world.hold(1)

    redrive = world.begin(batches=1, filter={"clientNo": "2218", "claimedAfter": "2025-02-27T13:00:00+01:00"})

    assert (redrive.id, redrive.action, redrive.most, redrive.by) == ("r1", Action.ASK, 1, KARI)
    assert (redrive.wanted.claimed_after, redrive.wanted.since_before) == (NOW, LATER)
    assert world.bulk.show("r1") == redrive == world.redrives.redrive("r1")


@pytest.mark.parametrize("year", ["0001", "0999", "9999"])
def test_a_time_of_another_era_is_kept_as_it_was_stated(world: World, year: str) -> None:
    redrive = world.begin(batches=1, filter={"claimedAfter": f"{year}-06-01T00:00:00Z"})

    assert redrive.wanted.claimed_after == datetime(int(year), 6, 1, tzinfo=UTC)
    assert world.redrives.redrive("r1") == redrive


def test_more_than_was_seen_is_not_touched(world: World) -> None:
    for number in range(3):
        world.hold(number)

    with pytest.raises(MoreBatches, match="states 2 batches, and 3 match"):
        world.begin(batches=2)
    assert world.redrives.under_way() == []


def test_fewer_than_were_seen_are_no_reason_not_to_begin(world: World) -> None:
    world.hold(1)

    assert world.begin(batches=5).most == 5


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/batches"]),
        ({"batches": 0}, ["/batches"]),
        ({"batches": 5_001}, ["/batches"]),
        ({"batches": "5"}, ["/batches"]),
        ({"batches": True}, ["/batches"]),
        ({"dryRun": "yes"}, ["/dryRun"]),
        ({"action": "resubmit", "batches": 1}, ["/action"]),
        ({"reason": " ", "batches": 1}, ["/reason"]),
        ({"batches": 1, "filter": {"state": "HELD"}}, ["/filter/state"]),
        ({"batches": 1, "filter": {"status": "LOST"}}, ["/filter/status"]),
        ({"batches": 1, "filter": {"status": "FAILED"}}, ["/filter/status"]),
        ({"batches": 1, "action": "retry", "filter": {"status": "HELD"}}, ["/filter/status"]),
        ({"batches": 1, "filter": {"claimedAfter": "yesterday"}}, ["/filter/claimedAfter"]),
        ({"batches": 1, "filter": {"claimedAfter": "2025-02-27T12:00:00"}}, ["/filter/claimedAfter"]),
        ({"batches": 1, "filter": {"claimedBefore": "0001-01-01T00:00:00+14:00"}}, ["/filter/claimedBefore"]),
        ({"batches": 1, "filter": {"cause": 5, "clientNo": 2218}}, ["/filter/clientNo", "/filter/cause"]),
    ],
)
def test_every_fault_is_told_with_its_pointer(world: World, body: dict[str, object], pointers: list[str]) -> None:
    with pytest.raises(InvalidRedrive) as raised:
        world.bulk.begin(as_body(**body), KARI)

    assert [fault.pointer for fault in raised.value.faults] == pointers
    assert all(fault.detail for fault in raised.value.faults)


def test_a_key_twice_and_a_body_that_is_not_json_are_told(world: World) -> None:
    with pytest.raises(InvalidRedrive):
        world.bulk.begin(b'{"action":"ask","reason":"x","batches":1,"batches":2}', KARI)
    with pytest.raises(NotJson):
        world.bulk.begin(b"{", KARI)


# Watched and stopped.


@pytest.mark.parametrize("redrive_id", ["r9", "", "r" * 5000])
def test_a_bulk_redrive_that_does_not_exist_is_unknown(world: World, redrive_id: str) -> None:
    with pytest.raises(UnknownRedrive):
        world.bulk.show(redrive_id)
    with pytest.raises(UnknownRedrive):
        world.bulk.stop(redrive_id, KARI)


def test_a_stopped_bulk_redrive_says_by_whom_and_when(world: World) -> None:
    world.hold(1)
    world.begin(batches=1)

    stopped = world.bulk.stop("r1", KARI)

    assert (stopped.status, stopped.stopped_by, stopped.ended_at) == (Progress.STOPPED, KARI, LATER)
    assert world.bulk.stop("r1", "somebody else") == stopped
    assert world.redrives.under_way() == []


def test_a_stop_wins_although_the_poller_saves_at_the_same_moment(world: World) -> None:
    world.begin(batches=1)

    class Busy(Redrives):
        first = True

        def save(self, redrive: BulkRedrive) -> BulkRedrive | None:
            if self.first:
                self.first = False
                current = world.redrives.redrive("r1")
                assert current
                assert world.redrives.save(current)
            return super().save(redrive)

    busy = Busy(cast("Any", world.dynamodb), "relay", life=TIMES.retention)

    assert world.bulk_of(busy).stop("r1", KARI).status is Progress.STOPPED


def test_a_stop_that_never_gets_through_is_told(world: World) -> None:
    world.begin(batches=1)

    class Lost(Redrives):
        def save(self, redrive: BulkRedrive) -> BulkRedrive | None:  # noqa: ARG002 (never saved)
            return None

    lost = Lost(cast("Any", world.dynamodb), "relay", life=TIMES.retention)

    with pytest.raises(StoreUnavailable):
        world.bulk_of(lost).stop("r1", KARI)


# What was announced.


def lost_day(**changes: object) -> dict[str, object]:
    return {"action": "announce", "reason": "the queue was lost", "filter": {"claimedAfter": NOW.isoformat()} | changes}


def test_all_that_was_announced_in_a_period_is_meant_whatever_its_end(world: World) -> None:
    for number in range(3):
        world.hold(number, minutes=number)
    world.store.claim(a_batch(id="b9", orders=(a_batch_order(id="evt-9", document_no="9"),)), {})

    assert sorted(world.plan(**lost_day()).ids) == ["b0", "b1", "b2"]
    after = (NOW + timedelta(minutes=1)).isoformat()
    assert sorted(world.plan(**lost_day(endedAfter=after)).ids) == ["b1", "b2"]
    assert sorted(world.plan(**lost_day(endedBefore=after)).ids) == ["b0"]
    assert world.plan(**lost_day(claimedAfter=(NOW + timedelta(hours=1)).isoformat())).ids == ()


def test_what_is_announced_once_more_needs_the_time_from_which_on_it_was_accepted(world: World) -> None:
    with pytest.raises(InvalidRedrive) as raised:
        world.bulk.begin(as_body(action="announce", dryRun=True), KARI)

    assert [fault.pointer for fault in raised.value.faults] == ["/filter/claimedAfter"]


@pytest.mark.parametrize(
    "until", [{}, {"claimedBefore": NOW.isoformat()}, {"endedBefore": (NOW + timedelta(days=9)).isoformat()}]
)
def test_what_is_announced_once_more_was_accepted_within_a_quarter_of_a_year(
    world: World, until: dict[str, str]
) -> None:
    long, short = (NOW - timedelta(days=days) for days in (93, 91))

    with pytest.raises(InvalidRedrive) as raised:
        world.bulk.begin(as_body(**lost_day(claimedAfter=long.isoformat(), **until), dryRun=True), KARI)
    assert [fault.pointer for fault in raised.value.faults] == ["/filter/claimedAfter"]
    assert world.plan(**lost_day(claimedAfter=short.isoformat(), claimedBefore=NOW.isoformat())).ids == ()


def test_a_short_time_long_ago_can_be_announced_once_more(world: World) -> None:
    ago = [(NOW - timedelta(days=days)).isoformat() for days in (300, 290)]

    assert world.plan(**lost_day(claimedAfter=ago[0], endedBefore=ago[1])).ids == ()


def test_a_dry_run_counts_what_is_just_being_announced_as_refused(world: World) -> None:
    world.saved(steps.to_be_repeated(world.hold(1), "once more", KARI, NOW))

    assert (world.plan(**lost_day()).totals.tally.batches, world.plan(**lost_day()).refused) == (1, 1)
