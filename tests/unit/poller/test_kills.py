"""The poller is killed at each of its calls, and the next runs go on."""

from collections.abc import Callable

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import State
from arm_relay.poller.shards import ALONE, Shards
from arm_relay.store.records import Lease, shard_of

from tests.support.poller_in_memory import MINUTE, Killed, Moment, World, an_order


@pytest.fixture
def world() -> World:
    return World()


# Killed at any call: whatever was half done, the next runs go on to the end.


def drained(world: World) -> None:
    """Runs of the poller until nothing is left to do."""
    world.shards = [shard_of("batch-1")]
    for _ in range(20):
        world.poll(after=5 * MINUTE)
        if world.stored().due is None:
            return
    raise AssertionError(world.stored())


def plain(world: World) -> None:
    """An order's whole way, where all goes well."""
    world.submitted(an_order(1), an_order(2))
    drained(world)


def queued(world: World) -> None:
    """ARM was down when the order came."""
    world.submitted(an_order(1), an_order(2), kind="refuse")
    drained(world)


def in_doubt(world: World) -> None:
    """ARM's answer was lost; it took the batch."""
    world.submitted(an_order(1), an_order(2), kind="drop-after")
    drained(world)


def sent_again(world: World) -> None:
    """ARM's answer was lost; it did not take the batch."""
    world.submitted(an_order(1), an_order(2), kind="drop-before")
    drained(world)


def forgotten(world: World) -> None:
    """ARM no longer knows the result when it is asked."""
    world.arm.settings.forget_after_seconds = 0
    plain(world)


def redriven(world: World) -> None:
    """A person had to look, and let it be submitted again."""
    held = steps.announced(steps.held(world.claimed(an_order(1), an_order(2)), "too old", world.now))
    saved = world.store.save(held)
    assert saved
    assert world.store.save(steps.resubmitted(saved, "ARM has none of it", "kari", world.now, may_be_billed_twice=True))
    drained(world)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("scenario", [plain, queued, in_doubt, sent_again, forgotten, redriven])
def test_killed_at_any_call_the_relay_bills_once_and_tells(scenario: Callable[[World], None], moment: Moment) -> None:
    for number in calls_with_an_effect(scenario):
        world = World()
        world.outside.plan(number, moment, Killed())
        with pytest.raises(Killed):
            scenario(world)

        drained(world)

        assert world.is_over(State.SUCCEEDED), number
        assert world.billed() == ["B-1", "B-2"], number
        told = {event["id"]: event for event in world.topic.events}
        assert all(event == told[event["id"]] for event in world.topic.events), number


def calls_with_an_effect(scenario: Callable[[World], None]) -> list[int]:
    """The numbers of a scenario's calls, but for those that only look for what is due."""
    world = World()
    scenario(world)
    return [number for number, name in enumerate(world.outside.calls) if name != "query"]


def test_a_suspect_that_is_done_is_not_blamed_when_the_run_ends_with_another(world: World) -> None:
    first, second = (world.claimed(an_order(number), batch_id=f"batch-{number}") for number in (1, 2))
    names = [shard_of(first.id), shard_of(second.id)]
    assert names[0] != names[1]
    for name, batch in zip(names, (first, second), strict=True):
        died_at = world.now
        assert world.store.lease(name, "dead", died_at, died_at)
        assert world.store.keep_lease(name, "dead", died_at, Lease((), {batch.id: ALONE}))
    world.arm.clock.time += 5 * MINUTE
    shards = Shards(store=world.store, now=lambda: world.now, owner="dying", remaining=lambda: 55.0)

    shards.lease(names)
    assert [batch for page in shards.pages() for batch in page] == []
    suspects = shards.suspects()
    assert next(suspects)[0].id == first.id
    shards.give_back(first.id)
    assert next(suspects)[0].id == second.id

    # The run dies with the second one.
    later = world.now + 5 * MINUTE
    left = [world.store.lease(name, "next", later, later) for name in names]
    assert left == [Lease((), {}), Lease((second.id,), {second.id: ALONE})]
