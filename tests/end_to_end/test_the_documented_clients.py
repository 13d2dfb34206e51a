"""Every example of the documentation for senders and subscribers, run unchanged against the deployed stack."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sandbox import results
from sandbox.arm.client import ArmControl
from sandbox.client import start_sandbox
from sandbox.cloud.aws import Aws
from sandbox.paths import ROOT
from sandbox.ready import Ready
from sandbox.results import received
from sandbox.send import send
from tests.support.builders import an_order
from tests.support.doc_examples import example, examples

pytestmark = pytest.mark.xdist_group("sandbox")

AWS_CLI = ROOT / ".tools" / "awscli" / "bin"


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    # The code of credit notes is made up, as the documentation does not have it.
    parameters = ("--parameter", "FirstPollSeconds=1", "--parameter", "ArmContract=like-collection")
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running.ready


def a_fresh_order(**changes: object) -> dict[str, Any]:
    number = uuid4().hex[:12]
    # Letters beyond ASCII: what is signed is bytes.
    return an_order(id=f"evt-{number}", orderId=f"B-{number}", invoiceNo=f"N{number}", message="Blåbær") | changes


def run(arguments: Sequence[str], folder: Path, *, progress: str = "", **variables: str) -> str:
    """What the program prints; it ends well, and on standard error reports nothing but its progress."""
    if shutil.which(arguments[0]) is None:
        pytest.skip(f"{arguments[0]} is not on the PATH")
    ended = subprocess.run(  # noqa: S603 (our own programs)
        arguments, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert [line for line in ended.stderr.splitlines() if not (progress and line.startswith(progress))] == []
    return ended.stdout


def to_sender(ready: Ready) -> dict[str, str]:
    return {"ARM_RELAY_WEBHOOK_URL": ready.webhook_url, "ARM_RELAY_SIGNING_SECRET": ready.signing_secret}


def test_the_first_order_goes_as_its_page_says(ready: Ready, tmp_path: Path) -> None:
    settings = example("sending-orders.md", "sh", "ready()")
    sending = example("sending-orders.md", "sh", "curl")
    results = example("sending-orders.md", "sh", "make results")
    (tmp_path / ".aws-sam").mkdir()
    (tmp_path / ".aws-sam" / "ready.json").write_text(ready.to_json())

    shown = run(["bash", "-c", f"{settings}\n{sending}"], tmp_path)

    assert shown.endswith(" 202\n")
    assert results == "make results\n"
    batch_id = json.loads(shown.rpartition(" ")[0])["batchId"]
    command = [sys.executable, "-m", "sandbox", "results", "--ready", str(tmp_path / ".aws-sam" / "ready.json")]
    assert json.loads(run(command, ROOT, progress="results: "))["subject"] == batch_id


def test_results_that_do_not_come_are_reported(ready: Ready, tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text(ready.to_json())

    assert results.main(["--ready", str(tmp_path / "ready.json"), "--timeout", "1"]) == 1
    assert results.main(["--ready", str(tmp_path / "none.json")]) == 1


@pytest.mark.parametrize(
    ("program", "language", "holding"),
    [
        (sys.executable, "python", "import httpx"),
        (sys.executable, "python", "import hmac"),
        ("node", "js", "createHmac"),
        ("sh", "sh", "curl"),
    ],
    ids=["python", "python-alone", "node", "shell"],
)
def test_an_order_is_taken_from_each_documented_sender(
    program: str, language: str, holding: str, ready: Ready, tmp_path: Path
) -> None:
    if program == "sh" and not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl or openssl is not on the PATH")
    (tmp_path / "order.json").write_text(json.dumps(a_fresh_order(), ensure_ascii=False))
    script = tmp_path / ("send.mjs" if language == "js" else "send")
    script.write_text(example("sending-orders.md", language, holding))

    shown = run([program, str(script)], tmp_path, **to_sender(ready))

    assert "202" in shown.split()
    assert '"batchId"' in shown


# The recipes.


def test_every_recipe_is_billed_and_comes_to_the_total_it_states(ready: Ready) -> None:
    for text in examples("sending-orders.md", "json"):
        recipe = json.loads(text)
        answer = send(ready.webhook_url, ready.signing_secret, text)

        assert answer.status_code == 202, answer.text
        orders = recipe if isinstance(recipe, list) else [recipe]
        for order, entry in zip(orders, answer.json()["orders"], strict=True):
            stated = {name: float(amount) for name, amount in order["expectedTotal"].items()}
            assert (entry["outcome"], entry["total"]) == ("accepted", stated)
        assert end_of(ready, answer.json()["batchId"])["data"]["status"] == "SUCCEEDED"


# The topic.


@pytest.fixture(scope="module")
def filtered(ready: Ready) -> str:
    """The URL of the documented queue: the stack as the documentation shows it, deployed beside the relay's."""
    aws = Aws(ready.aws_endpoint_url)
    aws.cloudformation.create_stack(
        StackName="reader",
        TemplateBody=example("receiving-results.md", "yaml", "FilterPolicy"),
        Parameters=[{"ParameterKey": "TopicArn", "ParameterValue": ready.topic_arn}],
    )
    aws.cloudformation.get_waiter("stack_create_complete").wait(StackName="reader", WaiterConfig={"Delay": 1})
    (stack,) = aws.cloudformation.describe_stacks(StackName="reader")["Stacks"]
    (output,) = stack["Outputs"]
    return output["OutputValue"]


def end_of(ready: Ready, batch_id: str) -> dict[str, Any]:
    """The batch's notification, from the sandbox's own queue."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for event in received(ready):
            if event["subject"] == batch_id:
                return event
    raise AssertionError(f"nothing was announced about {batch_id}")


def ended(ready: Ready, *, refused: bool) -> dict[str, Any]:
    """The notification of a fresh order."""
    control = ArmControl(ready.arm_control_url or "")
    if refused:
        control.add_fault("submit", "status", times=1, status=422)
    answer = send(ready.webhook_url, ready.signing_secret, json.dumps(a_fresh_order()))
    return end_of(ready, answer.json()["batchId"])


def read(ready: Ready, queue_url: str, folder: Path) -> None:
    """Run the documented reader."""
    (folder / "read.py").write_text(example("receiving-results.md", "python", "boto3"))
    environment = Aws(ready.aws_endpoint_url).environment | {"ARM_RELAY_RESULTS_QUEUE_URL": queue_url}
    run([sys.executable, "read.py"], folder, **environment)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "results.sqlite")) as database:
        return database.execute(query).fetchall()


def test_the_documented_subscription_gets_what_its_filter_lets_through(
    ready: Ready, filtered: str, tmp_path: Path
) -> None:
    good, bad = ended(ready, refused=False), ended(ready, refused=True)

    read(ready, filtered, tmp_path)

    assert (good["data"]["status"], bad["data"]["status"]) == ("SUCCEEDED", "REFUSED")
    assert rows(tmp_path, "SELECT id FROM seen") == [(bad["id"],)]
    (order,) = bad["data"]["orders"]
    assert rows(tmp_path, "SELECT client_no, order_id, status FROM results") == [("2218", order["id"], "REFUSED")]


def test_results_are_read_without_aws_as_the_page_says(ready: Ready, tmp_path: Path) -> None:
    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("curl or openssl is not on the PATH")
    script = example("receiving-results.md", "sh", "curl")
    (tmp_path / "read").write_text(script)
    first, second = ended(ready, refused=False), ended(ready, refused=True)

    run(["sh", "read"], tmp_path, **to_sender(ready))
    run(["sh", "read"], tmp_path, **to_sender(ready))

    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    ids = [event["id"] for event in lines]
    assert len(set(ids)) == len(ids)
    assert [event for event in lines if event["id"] in {first["id"], second["id"]}] == [first, second]


def test_the_documented_reader_handles_each_message_once_and_keeps_the_latest(ready: Ready, tmp_path: Path) -> None:
    event = ended(ready, refused=False)
    (order,) = event["data"]["orders"]
    earlier = event | {
        "id": f"{event['subject']}.0",
        "time": "2025-01-01T00:00:00.000000Z",
        "data": event["data"] | {"status": "HELD", "orders": [order | {"status": "HELD"}]},
    }
    other = event | {"id": "other.1", "data": event["data"] | {"orders": [order | {"id": "evt-2", "status": "FAILED"}]}}
    sqs = Aws(ready.aws_endpoint_url).sqs
    queue_url = sqs.create_queue(QueueName="reader-of-duplicates")["QueueUrl"]

    for message in (event, event, earlier, other):
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(message))
    read(ready, queue_url, tmp_path)
    for message in (other, earlier):
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(message))
    read(ready, queue_url, tmp_path)

    results = {(order["id"], "SUCCEEDED"), ("evt-2", "FAILED")}
    assert set(rows(tmp_path, "SELECT order_id, status FROM results")) == results
    assert rows(tmp_path, "SELECT text FROM tasks") == [(f"evt-2: FAILED, {event['data']['cause']}",)]
    count = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert (count["ApproximateNumberOfMessages"], count["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_the_documented_command_subscribes_with_the_same_filter(ready: Ready, tmp_path: Path) -> None:
    aws = Aws(ready.aws_endpoint_url)
    queue_url = aws.sqs.create_queue(QueueName="by-hand")["QueueUrl"]
    queue_arn = aws.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    script = example("receiving-results.md", "sh", "aws sns subscribe")

    path = {"PATH": f"{AWS_CLI}{os.pathsep}{os.environ['PATH']}"}
    arns = {"TOPIC_ARN": ready.topic_arn, "QUEUE_ARN": queue_arn}
    shown = run(["sh", "-c", script], tmp_path, **path, **arns, **aws.environment)

    arn = json.loads(shown)["SubscriptionArn"]
    attributes = aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["RawMessageDelivery"] == "true"
    policy = example("receiving-results.md", "json", 'clientNo": [')
    assert json.loads(attributes["FilterPolicy"]) == json.loads(policy)
