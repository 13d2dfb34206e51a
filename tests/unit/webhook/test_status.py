import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Answer, Batch, State
from arm_relay.operators.responses import to_order_status
from arm_relay.store.table import Store
from arm_relay.webhook.status import Status
from moto import mock_aws

from tests.support.builders import NOW, TIMES, a_batch, a_batch_order
from tests.support.store_contract import MARKER_LIFE, TABLE, create_tables


class World:
    def __init__(self) -> None:
        client = boto3.client("dynamodb")
        create_tables(client)
        self.store = Store(client, TABLE, retention=TIMES.retention, marker_life=MARKER_LIFE)

    def claimed(self, **changes: object) -> Batch:
        batch = self.store.claim(a_batch(**changes), {})
        assert batch
        return batch

    def saved(self, batch: Batch) -> Batch:
        saved = self.store.save(batch)
        assert saved
        return saved

    def ask(self, *ids: str, client_no: str = "2218") -> list[dict[str, Any]]:
        answer = Status(self.store, TIMES).of(client_no, json.dumps({"ids": ids}).encode())
        entries: list[dict[str, Any]] = answer["orders"]
        return entries


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def test_an_order_is_answered_with_its_state_and_its_batch(world: World) -> None:
    order = a_batch_order(arm_no="70000001", document_no=None, currency="NOK", metadata=(("shop", "oslo-2"),))
    world.saved(steps.refused(world.claimed(orders=(order,)), Answer(400, "no"), NOW))

    assert world.ask("evt-1") == [
        {
            "id": "evt-1",
            "known": True,
            "batchId": "batch-1",
            "status": "REFUSED",
            "cause": "ARM answered 400",
            "by": None,
            "batchUuid": None,
            "claimedAt": "2025-02-27T12:00:00.000000Z",
            "endedAt": "2025-02-27T12:00:00.000000Z",
            "nextPollAt": "2025-02-27T12:00:00.000000Z",
            "settlesAt": None,
            "order": {
                "id": "evt-1",
                "orderId": "B-1",
                "documentNo": "70000001",
                "status": "REFUSED",
                "errors": [],
                "type": "order.invoiced",
                "customerNo": "543210",
                "invoiceDate": None,
                "dueDate": None,
                "currency": "NOK",
                "total": None,
                "metadata": {"shop": "oslo-2"},
            },
        }
    ]


def test_there_is_an_entry_for_each_id_in_the_order_of_the_question(world: World) -> None:
    world.claimed(orders=(a_batch_order(), a_batch_order(id="evt-2")))

    entries = world.ask("evt-2", "none", "evt-1", "evt-2")

    assert [entry["id"] for entry in entries] == ["evt-2", "none", "evt-1", "evt-2"]
    assert [entry["known"] for entry in entries] == [True, False, True, True]
    assert entries[1] == {"id": "none", "known": False}


def test_what_settles_says_until_when(world: World) -> None:
    pending = steps.pending(world.claimed(), "uuid-1", Answer(202, "{}"), NOW)
    world.saved(replace(pending, failing_since=NOW, failure="FAILED:evt-1"))

    (entry,) = world.ask("evt-1")

    assert (entry["status"], entry["settlesAt"]) == ("PENDING", "2025-02-27T12:15:00.000000Z")


def test_the_latest_batch_of_an_order_counts(world: World) -> None:
    world.saved(steps.refused(world.claimed(), Answer(400, "no"), NOW))
    again = a_batch(id="batch-2", claimed_at=NOW + timedelta(days=1))
    assert world.store.claim(again, {"evt-1": "batch-1"}, {"88776655": "batch-1"})

    (entry,) = world.ask("evt-1")

    assert (entry["batchId"], entry["status"]) == ("batch-2", State.CLAIMED)


def test_the_orders_of_other_clients_are_unknown(world: World) -> None:
    world.claimed()

    assert world.ask("evt-1", client_no="2219") == [{"id": "evt-1", "known": False}]


def test_a_key_that_looks_the_same_does_not_show_another_clients_order(world: World) -> None:
    world.claimed(client_no="2218#a", orders=(a_batch_order(id="b"),))

    assert world.ask("a#b") == [{"id": "a#b", "known": False}]


def test_senders_and_operators_are_answered_in_the_same_words(world: World) -> None:
    batch = world.saved(steps.refused(world.claimed(), Answer(400, "no"), NOW))
    told = to_order_status(batch.orders[0], batch, TIMES, None)

    (entry,) = world.ask("evt-1")

    shared = entry.keys() & told.keys() - {"order"}
    assert {name: entry[name] for name in shared} == {name: told[name] for name in shared}
    assert {"status", "cause", "settlesAt", "batchId", "endedAt"} <= shared
    evidence = {"document", "lookUp", "retryOf", "replaces"}
    assert {name: entry["order"][name] for name in told["order"].keys() - evidence}.items() <= told["order"].items()
