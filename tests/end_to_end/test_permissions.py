"""Each permission of the functions is needed: without it, its path fails, and with it, it works again.

MiniStack asks IAM about the functions' own calls. It does not about what AWS does in their name: writing logs, starting
the poller, keeping a dead letter, using a key. Those permissions are compared with what they should be in
tests/contract/test_permissions.py alone.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud import processes
from sandbox.cloud.aws import Aws
from sandbox.cloud.build import ASKED_BY_MINISTACK
from sandbox.cloud.stack import STACK_NAME
from sandbox.gateway import sigv4
from sandbox.results import received
from sandbox.send import send
from tests.support.builders import an_order

pytestmark = pytest.mark.xdist_group("sandbox")

WAITS: Final = ("--parameter", "FirstPollSeconds=1", "--parameter", "LongestPollSeconds=1")
#: How many runs of the poller may be needed from an order to its announcement, and the seconds between them.
RUNS: Final = 3
PAUSE: Final = 1.0
#: How often a path may fail that works.
TRIES: Final = 10

#: Of what MiniStack knows nothing.
NOT_ASKED: Final = ("logs", "kms", "xray")


class World:
    """The deployed stack, seen from outside."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.aws = Aws(sandbox.ready.aws_endpoint_url)
        self._sandbox = sandbox
        self._ready = sandbox.ready
        (stack,) = self.aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        self._poller = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}["PollerFunctionArn"]
        self._arm = ArmControl(sandbox.ready.arm_control_url or "")
        self._announced: set[str] = set()

    def begin_afresh(self) -> None:
        """Functions with nothing in memory: neither secrets nor tokens."""
        for pid in processes.worker_pids(self._sandbox.pid):
            os.kill(pid, signal.SIGKILL)

    def order(self, name: str) -> httpx.Response:
        return self._send(an_order(id=name, orderId=f"B-{name}", invoiceNo=f"N{name}"))

    def order_without_a_number(self, name: str) -> httpx.Response:
        order = an_order(id=name, orderId=f"B-{name}")
        del order["invoiceNo"]
        return self._send(order)

    def _send(self, body: dict[str, Any]) -> httpx.Response:
        # MiniStack may pass the next request to a worker that was just killed; a sender would send again too.
        for _ in range(TRIES):
            answer = send(self._ready.webhook_url, self._ready.signing_secret, json.dumps(body))
            if "Worker process died" not in answer.text:
                return answer
        raise AssertionError("MiniStack loses every worker")

    def batch_of(self, order: Callable[[str], httpx.Response]) -> str:
        """The batch of a new order, which is only the way to what is tried: it is sent again until it is accepted."""
        name = uuid4().hex
        answers = []
        for _ in range(TRIES):
            answers.append(order(name))
            if answers[-1].is_success:
                return str(answers[-1].json()["batchId"])
            time.sleep(PAUSE)
        raise AssertionError(f"the order is not accepted: {[answer.text for answer in answers]}")

    def results(self) -> httpx.Response:
        """What a sender reads of the last quarter of an hour."""
        url = self._ready.webhook_url.removesuffix("orders") + "results"
        after = (datetime.now(UTC) - timedelta(minutes=15)).isoformat()
        return send(url, self._ready.signing_secret, json.dumps({"after": after, "limit": 500}))

    def ask(self, path: str) -> httpx.Response:
        return self._as_operator("GET", path)

    def ask_of_all(self, path: str) -> httpx.Response:
        return self._as_operator_of_all("GET", path)

    def close(self, batch_id: str) -> httpx.Response:
        redrive = {"action": "close", "status": "FAILED", "reason": "not in ARM"}
        return self._as_operator("POST", f"batches/{batch_id}/redrive", redrive)

    def _as_operator(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self._as_operator_of_all(method, f"clients/{self._ready.client_no}/{path}", body)

    def _as_operator_of_all(self, method: str, path: str, body: object = None) -> httpx.Response:
        url = f"{self._ready.operators_url}/v1/{path}"
        content = b"" if body is None else json.dumps(body).encode()
        return httpx.request(method, url, content=content, headers=sigv4.signature(method, url, content), timeout=30)

    def drop_a_submission(self) -> None:
        """ARM does not answer about the next order, which is held if it has no number."""
        self._arm.add_fault("submit", "drop-before", times=1)

    def delay_a_submission(self) -> None:
        """ARM takes its time for the next order."""
        self._arm.add_fault("submit", "slow", times=1, seconds=3)

    def save_the_batch_of(self, name: str) -> None:
        """As another writer does, once the order is claimed."""
        marker = {"pk": {"S": f"ORDER#{self._ready.client_no}#{name}"}}
        deadline = time.monotonic() + 20
        while "Item" not in (found := self.aws.dynamodb.get_item(TableName=self._ready.table_name, Key=marker)):
            assert time.monotonic() < deadline, "the order was not claimed"
            time.sleep(0.05)
        self.aws.dynamodb.update_item(
            TableName=self._ready.table_name,
            Key={"pk": {"S": f"BATCH#{found['Item']['batchId']['S']}"}},
            UpdateExpression="SET version = version + :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def outage(self) -> int:
        """How many failures of ARM in a row are remembered."""
        item = self.aws.dynamodb.get_item(TableName=self._ready.table_name, Key={"pk": {"S": "BREAKER"}}).get("Item")
        return int(item["failures"]["N"]) if item else 0

    def forget_outages(self) -> None:
        self.aws.dynamodb.delete_item(TableName=self._ready.table_name, Key={"pk": {"S": "BREAKER"}})

    def remember_an_outage(self) -> None:
        until = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        item: Any = {"pk": {"S": "BREAKER"}, "failures": {"N": "3"}, "until": {"S": until}}
        self.aws.dynamodb.put_item(TableName=self._ready.table_name, Item=item)

    def forget_health(self) -> None:
        self.aws.dynamodb.delete_item(TableName=self._ready.table_name, Key={"pk": {"S": "DUTY#health"}})

    def health(self) -> list[dict[str, str]]:
        """What the poller stored of its check; nothing where it did not."""
        key: Any = {"pk": {"S": "DUTY#health"}}
        item = self.aws.dynamodb.get_item(TableName=self._ready.table_name, Key=key).get("Item")
        lines: list[dict[str, str]] = json.loads(item["state"]["S"])["lines"] if item else []
        return lines

    def poll(self) -> None:
        self.aws.functions.invoke(FunctionName=self._poller, Payload=b"{}")

    def is_announced(self, batch_id: str) -> bool:
        self._announced.update(event["subject"] for event in received(self._ready))
        return batch_id in self._announced


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with start_sandbox("--port", "0", *WAITS) as sandbox:
        yield World(sandbox)


# The paths: whether each works.


def takes_an_order(world: World) -> bool:
    return world.order(uuid4().hex).status_code == httpx.codes.ACCEPTED


def takes_an_order_again(world: World) -> bool:
    name = uuid4().hex
    return [world.order(name).status_code, world.order(name).status_code] == [202, 200]


def records_what_arm_answered_after_another_writer(world: World) -> bool:
    name = uuid4().hex
    world.delay_a_submission()
    with ThreadPoolExecutor(1) as sender:
        answer = sender.submit(world.order, name)
        world.save_the_batch_of(name)
    return bool(answer.result().json().get("status") == "PENDING")


def shows_an_order(world: World) -> bool:
    name = uuid4().hex
    world.order(name)
    return world.ask(f"orders/{name}").status_code == httpx.codes.OK


def shows_a_batch(world: World) -> bool:
    batch_id = world.batch_of(world.order)
    return world.ask(f"batches/{batch_id}").status_code == httpx.codes.OK


def lists_what_is_held(world: World) -> bool:
    """Of one client and of all: each list has an index of its own."""
    lists = [world.ask("batches?state=held"), world.ask_of_all("batches?state=held")]
    return [answer.status_code for answer in lists] == [httpx.codes.OK] * 2


def closes_what_is_held(world: World) -> bool:
    world.drop_a_submission()
    batch_id = world.batch_of(world.order_without_a_number)
    for _ in range(RUNS):
        time.sleep(PAUSE)
        world.poll()
        if world.close(batch_id).status_code == httpx.codes.OK:
            return True
    return False


def announces_an_end(world: World) -> bool:
    batch_id = world.batch_of(world.order)
    for _ in range(RUNS):
        time.sleep(PAUSE)
        world.poll()
        if world.is_announced(batch_id):
            return True
    return False


def reads_results(world: World) -> bool:
    return world.results().status_code == httpx.codes.OK


def keeps_what_it_announces(world: World) -> bool:
    batch_id = world.batch_of(world.order)
    for _ in range(RUNS):
        time.sleep(PAUSE)
        world.poll()
        if batch_id in {event["subject"] for event in world.results().json()["events"]}:
            return True
    return False


def announces_several_ends(world: World) -> bool:
    """Several at once are saved together, whichever of them are due in a run."""
    batch_ids = [world.batch_of(world.order) for _ in range(6)]
    for _ in range(RUNS):
        time.sleep(PAUSE)
        world.poll()
        if all(world.is_announced(batch_id) for batch_id in batch_ids):
            return True
    return False


def counts_a_failure_of_arm(world: World) -> bool:
    world.forget_outages()
    world.drop_a_submission()
    world.order(uuid4().hex)
    return world.outage() == 1


def forgets_the_failures_of_arm(world: World) -> bool:
    world.forget_outages()
    world.drop_a_submission()
    world.order(uuid4().hex)
    world.order(uuid4().hex)
    return world.outage() == 0


def sees_its_subscriptions(world: World) -> bool:
    world.begin_afresh()
    world.forget_health()
    world.poll()
    return [line["status"] for line in world.health() if line["check"] == "topic"] in (["ok"], ["warning"])


def sees_that_arm_is_back(world: World) -> bool:
    world.forget_outages()
    world.remember_an_outage()
    world.order(uuid4().hex)
    time.sleep(PAUSE)
    world.poll()
    return world.outage() == 0


#: One of each role; `make nightly` takes away all.
OFTEN: Final = {
    ("WebhookRole", "dynamodb:PutItem"),
    ("OperatorsRole", "dynamodb:GetItem"),
    ("PollerRole", "sns:Publish"),
}

NEEDED: Final[list[tuple[str, str, Callable[[World], bool]]]] = [
    ("WebhookRole", "dynamodb:PutItem", takes_an_order),
    ("WebhookRole", "secretsmanager:GetSecretValue", takes_an_order),
    ("WebhookRole", "dynamodb:BatchGetItem", takes_an_order_again),
    ("WebhookRole", "dynamodb:GetItem", records_what_arm_answered_after_another_writer),
    ("WebhookRole", "dynamodb:UpdateItem", counts_a_failure_of_arm),
    ("WebhookRole", "dynamodb:DeleteItem", forgets_the_failures_of_arm),
    ("WebhookRole", "dynamodb:Query", reads_results),
    ("OperatorsRole", "dynamodb:BatchGetItem", shows_an_order),
    ("OperatorsRole", "dynamodb:GetItem", shows_a_batch),
    ("OperatorsRole", "dynamodb:PutItem", closes_what_is_held),
    ("OperatorsRole", "dynamodb:Query", lists_what_is_held),
    ("PollerRole", "dynamodb:Query", announces_an_end),
    ("PollerRole", "dynamodb:GetItem", announces_an_end),
    ("PollerRole", "dynamodb:BatchGetItem", announces_an_end),
    ("PollerRole", "dynamodb:BatchWriteItem", keeps_what_it_announces),
    ("PollerRole", "dynamodb:UpdateItem", announces_an_end),
    ("PollerRole", "dynamodb:PartiQLUpdate", announces_several_ends),
    ("PollerRole", "dynamodb:DeleteItem", sees_that_arm_is_back),
    ("PollerRole", "dynamodb:PutItem", announces_an_end),
    ("PollerRole", "sns:Publish", announces_an_end),
    ("PollerRole", "sns:ListSubscriptionsByTopic", sees_its_subscriptions),
    ("PollerRole", "secretsmanager:GetSecretValue", announces_an_end),
]


@pytest.mark.parametrize(
    ("role", "action", "works"),
    [
        pytest.param(
            *needed,
            marks=() if needed[:2] in OFTEN else pytest.mark.nightly,
            id=f"{needed[0]} without {needed[1]}",
        )
        for needed in NEEDED
    ],
)
def test_without_a_permission_its_path_fails(
    world: World, role: str, action: str, works: Callable[[World], bool]
) -> None:
    with taken_away(world.aws, role, action):
        world.begin_afresh()
        failed = not works(world)
    world.begin_afresh()

    # A function killed in the middle leaves a lease behind.
    assert (failed, any(works(world) for _ in range(TRIES))) == (True, True)


@pytest.mark.parametrize("role", ["WebhookRole", "OperatorsRole", "PollerRole"])
def test_every_permission_that_is_asked_about_is_taken_away_in_its_turn(world: World, role: str) -> None:
    _, document = policy(world.aws, role)
    granted = {action for statement in document["Statement"] for action in _actions(statement)}

    asked = granted - set(ASKED_BY_MINISTACK.values())
    assert {action for action in asked if action.partition(":")[0] not in NOT_ASKED} == {
        action for each, action, _ in NEEDED if each == role
    }


def policy(aws: Aws, role: str) -> tuple[dict[str, str], dict[str, Any]]:
    """How the role's policy is named, and what it says."""
    name = aws.cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=role)
    names = {"RoleName": name["StackResourceDetail"]["PhysicalResourceId"], "PolicyName": role}
    document = aws.iam.get_role_policy(**names)["PolicyDocument"]
    return names, document


@contextmanager
def taken_away(aws: Aws, role: str, action: str) -> Iterator[None]:
    """The role may do all but this during the `with` block."""
    names, before = policy(aws, role)
    left = [
        statement | {"Action": remaining}
        for statement in before["Statement"]
        if (remaining := [each for each in _actions(statement) if each not in (action, ASKED_BY_MINISTACK.get(action))])
    ]
    aws.iam.put_role_policy(**names, PolicyDocument=json.dumps(before | {"Statement": left}))
    try:
        yield
    finally:
        aws.iam.put_role_policy(**names, PolicyDocument=json.dumps(before))


def _actions(statement: dict[str, Any]) -> list[str]:
    actions: str | list[str] = statement["Action"]
    return [actions] if isinstance(actions, str) else actions
