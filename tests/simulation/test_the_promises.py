"""Hundreds of seeded runs break no promise, and with any safeguard taken out some run does.

A failing seed is printed and runs again alone with `pytest tests/simulation -k "promises and 123"`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from arm_relay import batches, store
from arm_relay.batches import Batch
from arm_relay.polling import Polling

from tests.simulation.functions_under_test import replaced_parts
from tests.simulation.story import Story

#: The simulated journal counts nothing.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

SEEDS = 500
#: How many seeds may pass before a missing safeguard must have been noticed.
SEEDS_TO_NOTICE = 200


@pytest.fixture(autouse=True)
def _simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    with replaced_parts():
        yield


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_promises_hold(seed: int) -> None:
    assert Story(seed).run() == []


def test_a_seed_runs_the_same_way_every_time() -> None:
    first, second = Story(7), Story(7)

    assert (first.run(), first.counts, first.topic.messages) == (second.run(), second.counts, second.topic.messages)


class AnnouncedBeforePublished(Polling):
    """Forgets that the function may die between the two."""

    def _announce(self, batch: Batch) -> None:
        self._store.save(batches.announced(batch))
        self._announcements.publish(batch)


def _without(*conditions: str) -> Callable[[Story], None]:
    def take_out(story: Story) -> None:
        story.table.conditions = {**story.table.conditions, **dict.fromkeys(conditions, lambda *_: True)}

    return take_out


def _without_settling(story: Story) -> None:
    story.cloud = replace(story.cloud, times=replace(story.cloud.times, settling=timedelta(0)))


def _recorded_first(story: Story) -> None:
    story.cloud = replace(story.cloud, polling=AnnouncedBeforePublished)


@pytest.mark.parametrize(
    "take_out",
    [
        pytest.param(_without(store.IS_NEW), id="the claim"),
        pytest.param(_without(store.IS_FREE, store.IS_AT_VERSION), id="the lease with its conditional writes"),
        pytest.param(_without_settling, id="the settling time"),
        pytest.param(_recorded_first, id="publish before record"),
        pytest.param(_without(store.IS_OF_BATCH), id="the marker condition"),
    ],
)
def test_a_missing_safeguard_is_noticed(take_out: Callable[[Story], None]) -> None:
    for seed in range(SEEDS_TO_NOTICE):
        story = Story(seed)
        take_out(story)
        if story.run():
            return
    pytest.fail(f"{SEEDS_TO_NOTICE} seeds broke no promise without it")
