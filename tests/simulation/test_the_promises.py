"""Hundreds of seeded runs break no promise, and with a safeguard taken out some run does.

A failing seed is printed and runs again alone with `pytest tests/simulation -k "promises and 123"`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch
from arm_relay.poller import next_step, reconciliation
from arm_relay.poller.crediting import Next
from arm_relay.poller.stream import After, Stream
from arm_relay.store import table
from arm_relay.webhook import results

from tests.simulation.functions_under_test import replaced_parts
from tests.simulation.story import Story

#: The simulated journal counts nothing.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

SEEDS = 200
#: Takes a safeguard out of a story that has not begun yet.
type TakeOut = Callable[[Story, pytest.MonkeyPatch], None]

#: How many seeds may pass before a missing safeguard must have been noticed.
SEEDS_TO_NOTICE = 300

ANNOUNCE = Stream._announce  # noqa: SLF001 (a safeguard is taken out of it)


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


def _recorded_before_publishing(stream: Any, ends: Sequence[Batch], *, is_mute: bool) -> After:
    """Forgets that the function may die between the two."""
    stream._store.save_all([steps.announced(batch) for batch in ends])  # noqa: SLF001 (as above)
    return ANNOUNCE(stream, ends, is_mute=is_mute)


def _without(*conditions: str) -> TakeOut:
    def take_out(story: Story, _: pytest.MonkeyPatch) -> None:
        story.table.conditions = {**story.table.conditions, **dict.fromkeys(conditions, lambda *_: True)}

    return take_out


def _recorded_first(_: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stream, "_announce", _recorded_before_publishing)


def _any_document_proves(_: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "_is_the_same", lambda *_: True)


def _credits_do_not_wait(_: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_step, "next_of", lambda *_: Next.SUBMIT)


def _cursor_at_the_newest(_: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "BEHIND", timedelta(0))


@pytest.mark.parametrize(
    "take_out",
    [
        pytest.param(_without(table.IS_NEW), id="the claim"),
        pytest.param(_without(table.IS_FREE, table.IS_AT_VERSION), id="the lease with its conditional writes"),
        pytest.param(_credits_do_not_wait, id="credit notes wait"),
        pytest.param(_any_document_proves, id="whose a document is"),
        pytest.param(_recorded_first, id="publish before record"),
        pytest.param(_without(table.IS_OF_BATCH), id="the marker condition"),
        pytest.param(_cursor_at_the_newest, id="the cursor that stays behind"),
    ],
)
def test_a_missing_safeguard_is_noticed(take_out: TakeOut, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(SEEDS_TO_NOTICE):
        story = Story(seed)
        take_out(story, monkeypatch)
        if story.run():
            return
    pytest.fail(f"{SEEDS_TO_NOTICE} seeds broke no promise without it")
