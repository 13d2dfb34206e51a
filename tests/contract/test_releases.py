"""Against every release that is kept in `releases/`: nothing breaks silently, and what it wrote is read."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from arm_relay.batches.batch import Evidence, OrderStatus, Standing, State
from arm_relay.store import days, liveness, outage, records, redrives
from arm_relay.store.announced import Announced
from arm_relay.store.records import Item

from tests.simulation import record_samples
from tests.simulation.announced import AnnouncedInMemory
from tests.simulation.dynamodb import InMemoryDynamoDB
from tools.release import changelog, contracts, gate
from tools.release.schemas import Break

RELEASES = contracts.versions()


def samples(version: str) -> list[Item]:
    lines = (contracts.RELEASES / version / contracts.RECORDS).read_text(encoding="utf-8").splitlines()
    return [record_samples.from_json(json.loads(line)) for line in lines]


def of_kind(version: str, kind: str) -> list[Item]:
    found = [item for item in samples(version) if record_samples.kind(item) == kind]
    assert found
    return found


def without_additions(item: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The item that this release writes, but for attributes that the old one did not have."""
    return {name: value for name, value in item.items() if name in old}


@pytest.mark.skipif(not RELEASES, reason="nothing has been released yet")
def test_changelog_says_all_that_breaks() -> None:
    _, silent = gate.check(RELEASES[-1])

    assert [str(each) for each in silent] == []


def test_a_break_without_a_word_is_found() -> None:
    broken = [Break("template.yaml", "parameter Colour", "Colour", "the parameter is gone")]

    assert gate.unsaid(broken, "- `Colour` is gone.") == broken
    assert gate.unsaid(broken, "- **Breaking:** `Colour` is gone.") == []


def test_every_release_has_a_section_with_its_day() -> None:
    text = gate.CHANGELOG.read_text(encoding="utf-8")

    for version in RELEASES:
        changelog.day(text, version)
    assert changelog.versions(text) == RELEASES[::-1]


@pytest.mark.parametrize("version", RELEASES)
def test_the_samples_of_a_release_show_every_state_and_kind_that_it_has(version: str) -> None:
    features = set[str]().union(*map(record_samples.features, samples(version)))
    words = contracts.kept(version)["words.json"]

    assert [state for state in words["states"] if f"BATCH {state}" not in features] == []
    assert [status for status in words["orderStatuses"] if f"order status {status}" not in features] == []


def test_new_samples_would_show_every_state_kind_and_attribute() -> None:
    items = record_samples.written(record_samples.FEW_SEEDS)
    items += record_samples.beyond_the_simulation(items)
    chosen = record_samples.fewest(items)
    features = set[str]().union(*map(record_samples.features, chosen))

    assert len(chosen) < len(items) / 10
    assert {f"BATCH {state}" for state in State} - features == set()
    assert {f"order status {status}" for status in OrderStatus} - features == set()
    assert {f"order evidence {evidence}" for evidence in Evidence} - features == set()
    assert {f"order credits {standing}" for standing in Standing} - features == set()
    assert {f"BATCH {attribute}" for attribute in records.ATTRIBUTES} - features == set()
    kinds = {record_samples.kind(item) for item in chosen}
    assert kinds >= {"ANNOUNCED", "BATCH", "DUTY", "ENDED", "INVOICE", "ORDER", "PAYLOAD", "POLLER", "REDRIVE", "SHARD"}


@pytest.mark.parametrize("version", RELEASES)
def test_every_batch_of_a_release_is_read_whole(version: str) -> None:
    for item in of_kind(version, "BATCH"):
        batch = records.from_item(item)

        written = records.to_item(batch)
        # Its format and its compression may be newer ones, its body is compared by what it means.
        newer = {"format", "body", "expiresAt"}
        assert {name: item[name] for name in item.keys() - newer} == without_additions(
            {name: value for name, value in written.items() if name not in newer}, item
        )
        assert records.from_item({**written, "version": item["version"]}) == batch
        assert record_samples.features(item) <= record_samples.features({**written, "expiresAt": {"N": "1"}})


@pytest.mark.parametrize("version", RELEASES)
@pytest.mark.parametrize("kind", ["ORDER", "INVOICE"])
def test_every_marker_of_a_release_is_read(version: str, kind: str) -> None:
    for item in of_kind(version, kind):
        marker = records.from_marker(item)

        assert marker.batch_id == item["batchId"]["S"]
        assert marker.order_id == item["id"]["S"]
        assert marker.digest == item["digest"]["S"]
        assert int(marker.expires_at.timestamp()) == int(item["expiresAt"]["N"])


@pytest.mark.parametrize("version", RELEASES)
def test_every_other_item_of_a_release_is_read(version: str) -> None:
    table = InMemoryDynamoDB()
    for item in samples(version):
        if "pk" in item:
            table.items[item["pk"]["S"]] = item
    client = cast("Any", table)

    assert all(records.from_payload(item) for item in of_kind(version, "PAYLOAD"))
    assert all(records.from_day_item(item).is_end for item in of_kind(version, "ENDED"))
    for item in of_kind(version, "REDRIVE"):
        assert redrives.from_item(item).id == item["pk"]["S"].removeprefix("REDRIVE#")
    for item in of_kind(version, "DUTY"):
        assert days.Days(client, "relay").kept(item["pk"]["S"].removeprefix("DUTY#"))
    (poller,) = of_kind(version, "POLLER")
    assert liveness.Liveness(client, "relay").last_run() == records.from_text(poller["lastRunAt"]["S"])
    (breaker,) = of_kind(version, "BREAKER")
    before = records.from_text(breaker["until"]["S"]) - outage.LIFE
    assert outage.Outage(client, "relay").failures(before) == int(breaker["failures"]["N"])


@pytest.mark.parametrize("version", RELEASES)
def test_every_announcement_of_a_release_is_read(version: str) -> None:
    table = AnnouncedInMemory()
    kept = of_kind(version, "ANNOUNCED")
    for item in kept:
        table.batch_write_item(RequestItems={"announced": [{"PutRequest": {"Item": item}}]})

    announced = Announced(cast("Any", table), "announced", record_samples.LIFE)

    for item in kept:
        text = announced.text(item["clientNo"]["S"], item["place"]["S"])
        assert json.loads(text or "")["specversion"] == "1.0"
