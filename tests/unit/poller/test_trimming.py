"""What batches hold of people is taken out when it was kept for long enough."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, OrderStatus, State
from arm_relay.poller import trimming
from arm_relay.poller.trimming import Trimming
from arm_relay.store import days
from arm_relay.store.days import Days
from arm_relay.store.table import Store

from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.store_contract import MARKER_LIFE, PAYLOAD_LIFE, TABLE, random_bytes

HOUR = timedelta(hours=1)
AN_HOUR_LATER = NOW + PAYLOAD_LIFE + HOUR


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.dynamodb = InMemoryDynamoDB()
        self.client = cast("Any", self.dynamodb)
        self.store = Store(
            self.client, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE, payload_life=PAYLOAD_LIFE
        )

    def trimming(self, client: object = None) -> Trimming:
        """That of a new environment."""
        days_of = Days(cast("Any", client or self.client), TABLE)
        return Trimming(store=self.store, days=days_of, now=lambda: self.now, life=PAYLOAD_LIFE)

    def trim(self, *, pages: int = 1000) -> None:
        left = iter([55.0] * pages + [0.0])
        self.trimming().run(lambda: next(left))

    def begun(self) -> None:
        """The poller has run at least once before."""
        self.trim()

    def ended(self, name: str = "batch-1", **changes: object) -> Batch:
        order = a_batch_order(id=f"evt-{name}", document_no=name, metadata=(("contact", "Kari Nordmann"),))
        claimed = self.store.claim(a_batch(id=name, orders=(order,), **changes), {})
        assert claimed
        pending = self.saved(steps.pending(claimed, "uuid-1", Answer(202, '{"name": "Kari Nordmann"}'), NOW))
        failed = replace(order, status=OrderStatus.FAILED, errors=("no such customer",))
        end = self.saved(steps.ended_each(pending, State.FAILED, [failed], "ARM's result", NOW))
        return self.saved(steps.announced(end))

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def stored(self, name: str = "batch-1") -> Batch:
        batch = self.store.batch(name)
        assert batch
        return batch


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_young_stays(world: World) -> None:
    world.begun()
    batch = world.ended()

    world.now = NOW + PAYLOAD_LIFE
    world.trim()

    assert world.stored() == batch
    assert batch.payload


def test_documents_and_answers_go_and_what_was_announced_of_orders_stays(world: World) -> None:
    world.begun()
    batch = world.ended()

    world.now = AN_HOUR_LATER
    world.trim()

    stored = world.stored()
    assert (stored.payload, stored.answer, stored.trimmed_at) == (None, None, AN_HOUR_LATER)
    assert world.store.payload(stored) is None
    assert stored.orders == tuple(replace(order, metadata=()) for order in batch.orders)
    assert stored.history == batch.history
    assert (stored.state, stored.due, stored.ended_at) == (State.FAILED, None, NOW)
    assert "Nordmann" not in repr(world.dynamodb.items)


def test_an_answer_goes_though_the_payload_stands_in_an_item_of_its_own(world: World) -> None:
    world.begun()
    assert world.ended(payload=random_bytes(3000)).payload is None

    world.now = AN_HOUR_LATER
    world.trim()

    assert world.stored().answer is None


def test_a_senders_own_words_go_though_nothing_else_is_left_to_go(world: World) -> None:
    world.begun()
    world.saved(replace(world.ended(), payload=None, answer=None))

    world.now = AN_HOUR_LATER
    world.trim()

    assert [order.metadata for order in world.stored().orders] == [()]


def test_a_batch_that_was_trimmed_keeps_its_item_as_long_as_before(world: World) -> None:
    world.begun()
    world.ended()
    before = world.dynamodb.items["BATCH#batch-1"]["expiresAt"]

    world.now = AN_HOUR_LATER
    world.trim()

    assert world.dynamodb.items["BATCH#batch-1"]["expiresAt"] == before


def test_an_operator_cannot_send_again_what_was_trimmed(world: World) -> None:
    world.begun()
    claimed = world.store.claim(a_batch(), {})
    assert claimed
    world.saved(steps.announced(world.saved(steps.held(claimed, "too old", NOW))))

    world.now = AN_HOUR_LATER
    world.trim()

    assert world.store.payload(world.stored()) is None
    assert [held.id for held in world.store.held("2218", 10)] == ["batch-1"]


def test_a_run_goes_on_where_the_one_before_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "PAGE", 1)
    world.now = NOW + PAYLOAD_LIFE - HOUR
    world.begun()
    names = [f"b{number}" for number in range(20)]
    for name in names:
        world.ended(name)
    world.now = AN_HOUR_LATER

    trimmed = []
    for _ in range(50):
        world.trim(pages=1)
        trimmed.append(sum(world.stored(name).trimmed_at is not None for name in names))

    assert trimmed[-1] == len(names)
    assert all(later - earlier <= 1 for earlier, later in pairwise(trimmed))


def test_within_the_hour_after_a_walk_nothing_is_asked(world: World) -> None:
    class Unreachable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    duty = world.trimming()
    duty.run(lambda: 55.0)
    world.now += HOUR - timedelta(seconds=1)
    duty._days = Days(cast("Any", Unreachable()), TABLE)  # noqa: SLF001 (to see that nothing is asked)

    duty.run(lambda: 55.0)


def test_days_without_a_poller_are_made_up_for(world: World) -> None:
    world.begun()
    for number in range(4):
        world.ended(f"b{number}", claimed_at=NOW + number * timedelta(days=1))

    world.now = AN_HOUR_LATER + timedelta(days=3)
    world.trim()

    assert [world.stored(f"b{number}").trimmed_at for number in range(4)] == [world.now] * 4


def test_another_writer_in_between_hides_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begun()
    world.ended()
    read = world.store.read
    world.now = AN_HOUR_LATER

    def overtaken(names: Any) -> Any:  # noqa: ANN401 (as the store's)
        found = read(names)
        if not overtaken_once:
            overtaken_once.append(world.saved(replace(world.stored(), polls=9)))
        return found

    overtaken_once: list[Batch] = []
    monkeypatch.setattr(world.store, "read", overtaken)
    world.trim()

    assert (world.stored().polls, world.stored().payload) == (9, None)


def test_what_another_run_has_done_is_left_to_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begun()
    world.ended()
    world.now = AN_HOUR_LATER
    put = world.dynamodb.put_item

    def overtaken(**request: Any) -> Any:  # noqa: ANN401 (as boto3 has it)
        if request["Item"]["pk"] == {"S": f"DUTY#{trimming.NAME}"}:
            kept = world.dynamodb.items[f"DUTY#{trimming.NAME}"]
            version = {"N": str(int(kept["version"]["N"]) + 1)}
            world.dynamodb.items[f"DUTY#{trimming.NAME}"] = {**kept, "version": version}
        return put(**request)

    monkeypatch.setattr(world.dynamodb, "put_item", overtaken)
    world.trim()

    assert json.loads(world.dynamodb.items[f"DUTY#{trimming.NAME}"]["state"]["S"])["after"] == {}
