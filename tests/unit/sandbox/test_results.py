import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox import results
from sandbox.ready import Ready

READY = Ready(
    webhook_url="",
    operators_url="",
    client_no="2218",
    signing_secret="whsec_AAAA",
    aws_endpoint_url="http://127.0.0.1:1",
    table_name="",
    topic_arn="",
    secret_arn="arn:aws:secretsmanager:eu-north-1:000000000000:secret:s",
    webhook_log_group_name="/aws/lambda/webhook",
    results_queue_url="http://127.0.0.1:1/queue",
    arm_base_url="",
)


@dataclass
class Queue:
    """Stands for SQS: each call of `receive_message` gets the next of these lists."""

    answers: list[list[str]]
    waits: list[int] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def receive_message(self, **call: Any) -> dict[str, Any]:  # noqa: ANN401 # as boto3
        self.waits.append(call["WaitTimeSeconds"])
        bodies = self.answers.pop(0) if self.answers else []
        return {"Messages": [{"Body": json.dumps({"id": name}), "ReceiptHandle": name} for name in bodies]}

    def delete_message(self, **call: Any) -> None:  # noqa: ANN401 # as boto3
        self.deleted.append(call["ReceiptHandle"])


@pytest.fixture
def ready(tmp_path: Path) -> str:
    (tmp_path / "ready.json").write_text(READY.to_json())
    return str(tmp_path / "ready.json")


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue([])
    monkeypatch.setattr(results, "_sqs", lambda _endpoint_url: queue)
    # Each wait for messages takes the time it may, at once.
    monkeypatch.setattr(time, "monotonic", lambda: float(sum(queue.waits)))
    return queue


def test_each_notification_is_a_line_and_is_taken_out_of_the_queue(
    queue: Queue, ready: str, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.answers = [["a"], ["b"]]

    assert results.main(["--ready", ready, "--count", "2"]) == 0

    assert capsys.readouterr().out.splitlines() == ['{"id": "a"}', '{"id": "b"}']
    assert queue.deleted == ["a", "b"]


def test_what_is_waited_for_and_for_how_long_is_said_before(
    queue: Queue, ready: str, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.answers = [["a", "b"]]

    results.main(["--ready", ready, "--count", "2", "--timeout", "30"])

    assert capsys.readouterr().err.splitlines() == [
        "results: waiting up to 30 s for 2 notifications; what is shown is taken out of http://127.0.0.1:1/queue"
    ]


@pytest.mark.usefixtures("queue")
def test_while_it_waits_it_says_so_and_at_the_end_that_nothing_came(
    ready: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert results.main(["--ready", ready, "--timeout", "25"]) == 1

    assert capsys.readouterr().err.splitlines()[1:] == [
        "results: 0 of 1 notification after 10 s",
        "results: 0 of 1 notification after 20 s",
        "results: 0 of 1 notification came within 25 s",
    ]


def test_a_call_waits_long_so_that_waiting_costs_no_processor(queue: Queue, ready: str) -> None:
    results.main(["--ready", ready, "--timeout", "120"])

    assert queue.waits == [10] * 12


def test_one_client_serves_every_call() -> None:
    assert results._sqs(READY.aws_endpoint_url) is results._sqs(READY.aws_endpoint_url)  # noqa: SLF001 (what makes it cheap)


def test_without_a_sandbox_it_says_so_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert results.main(["--ready", str(tmp_path / "none.json")]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("results: no sandbox is running: ")
