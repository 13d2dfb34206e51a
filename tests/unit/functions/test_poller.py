"""The poller function as Lambda calls it: the schedule's event in, announcements out; AWS by moto, ARM simulated."""

import json
from collections.abc import Iterator

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import State
from arm_relay.poller.polling import TO_FINISH
from arm_relay.store.table import StoreUnavailable

from tests.support.arm_builders import a_document, a_payload
from tests.support.builders import NOW, a_batch, a_batch_order
from tests.support.poller_world import World, deployed
from tests.support.store_contract import TABLE


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with deployed(monkeypatch) as world:
        yield world


def test_a_run_finishes_what_is_due_and_announces_it(world: World) -> None:
    batch = world.pending()
    world.arm.clock.sleep(60)

    world.poll()

    (event,) = world.announced()
    assert (event["type"], event["subject"]) == ("arm-relay.batch.succeeded", batch.id)
    assert [order["status"] for order in event["data"]["orders"]] == ["SUCCEEDED"]
    after = world.store.batch(batch.id)
    assert after
    assert (after.state, after.due) == (State.SUCCEEDED, None)


def test_a_run_leaves_what_is_not_due(world: World) -> None:
    batch = world.pending()

    world.poll()

    assert world.store.batch(batch.id) == batch
    assert world.announced() == []


def test_a_run_with_nothing_to_do_says_no_more_than_that_it_ran(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.poll()

    (metrics,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert metrics["PollerRuns"] == [1.0]
    assert metrics["BatchesWaiting"] == [0.0]
    names = [metric["Name"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert names == ["PollerRuns", "BatchesWaiting", "BatchesHeld"]
    assert world.lines() == []


def test_a_run_works_on_many_batches_and_counts_each(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(120):
        order = a_batch_order(id=f"evt-{number}")
        world.pending(id=f"batch-{number}", orders=(order,))
    world.arm.clock.sleep(60)

    world.poll()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(sum(line.get("Announcements", [])) for line in lines) == 120
    assert sum(sum(line.get("BatchesEnded", [])) for line in lines) == 120


def test_a_run_without_time_begins_nothing(world: World) -> None:
    batch = world.pending()
    world.arm.clock.sleep(60)

    world.poll(seconds_left=TO_FINISH)

    assert world.store.batch(batch.id) == batch


def test_a_record_that_cannot_be_read_is_logged_and_stops_no_other(world: World) -> None:
    healthy = world.pending()
    poisoned = world.pending(id="batch-2", orders=(a_batch_order(id="evt-2"),))
    item = world.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "BATCH#batch-2"}})["Item"]
    world.dynamodb.put_item(TableName=TABLE, Item=item | {"body": {"B": b"{"}})
    world.arm.clock.sleep(60)

    world.poll()

    assert [event["subject"] for event in world.announced()] == [healthy.id]
    (warning,) = [line for line in world.lines() if line["level"] == "WARNING"]
    assert warning["batchId"] == poisoned.id


def test_a_run_without_its_table_fails(world: World) -> None:
    world.dynamodb.delete_table(TableName=TABLE)

    with pytest.raises(StoreUnavailable):
        world.poll()


def test_a_run_without_its_secret_leaves_everything_due(world: World) -> None:
    batch = world.pending()
    boto3.client("secretsmanager").delete_secret(SecretId="secret", ForceDeleteWithoutRecovery=True)
    world.arm.clock.sleep(60)

    world.poll()

    after = world.store.batch(batch.id)
    assert after
    assert after.state is State.PENDING
    assert after.due


def test_nothing_secret_or_personal_is_logged(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    document = a_document(
        salesOrderId="B-1", emailAddress=["kari@example.no"], customerMessage="Kari Nordmann, 73219.5"
    )
    payload = json.dumps(a_payload(document)).encode()
    for number, fault in enumerate((400, 500, 401, 429, None)):
        order = a_batch_order(id=f"evt-{number}")
        queued = steps.requeued(a_batch(id=f"b{number}", orders=(order,), payload=payload), "ARM was down", NOW)
        world.store.claim(queued, {})
        world.arm.clock.sleep(60)
        if fault:
            world.arm.fail("submit", "status", 2, status=fault)
        world.poll()
    world.arm.clock.sleep(3600)
    world.poll()

    logged = world.logged.getvalue() + capsys.readouterr().out
    tokens = list(world.arm.api._tokens)  # noqa: SLF001 (the tokens that were given)
    assert len(world.lines()) > 5
    assert tokens
    assert [word for word in [*tokens, "s3cr3t", "kari", "Nordmann", "73219"] if word in logged] == []
