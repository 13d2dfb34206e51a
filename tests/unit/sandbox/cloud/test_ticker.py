import io
import json
import time
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox.cloud.aws import Aws
from sandbox.cloud.ticker import ticking


class Poller:
    """Stands for Lambda: counts the calls, and answers when it may."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.may_answer = Event()
        self.may_answer.set()
        self.error = b""

    def invoke(self, **call: Any) -> dict[str, Any]:  # noqa: ANN401 # as boto3
        self.calls.append(call)
        self.may_answer.wait(5)
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self.error)} if self.error else {}

    def wait_for_calls(self, count: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.calls) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def poller() -> Poller:
    return Poller()


@pytest.fixture
def aws(poller: Poller) -> Aws:
    return cast("Aws", SimpleNamespace(functions=poller))


def test_the_poller_is_invoked_as_the_schedule_invokes_it(aws: Aws, poller: Poller) -> None:
    with ticking(aws, "the-poller", 0.01):
        poller.wait_for_calls(4)
    first = poller.calls[0]

    assert first["FunctionName"] == "the-poller"
    assert json.loads(first["Payload"])["source"] == "aws.scheduler"


def test_no_more_than_three_polls_run_at_once(aws: Aws, poller: Poller) -> None:
    poller.may_answer.clear()
    with ticking(aws, "the-poller", 0.01):
        poller.wait_for_calls(3)
        time.sleep(0.1)
        calls_while_waiting = len(poller.calls)
    poller.may_answer.set()

    assert calls_while_waiting == 3


def test_nothing_is_invoked_after_the_end(aws: Aws, poller: Poller) -> None:
    with ticking(aws, "the-poller", 0.01):
        poller.wait_for_calls(1)
    time.sleep(0.05)
    calls = len(poller.calls)
    time.sleep(0.1)

    assert len(poller.calls) == calls


def test_a_poll_that_fails_is_reported_once_and_the_ticks_go_on(
    aws: Aws, poller: Poller, capsys: pytest.CaptureFixture[str]
) -> None:
    poller.error = b'{"errorMessage": "no table"}'
    with ticking(aws, "the-poller", 0.01):
        poller.wait_for_calls(4)

    assert len(capsys.readouterr().err.splitlines()) == 1
