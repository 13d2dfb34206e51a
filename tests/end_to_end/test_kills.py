"""The functions' processes are killed while orders flow, and the promises of docs/reliability.md hold all the same."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import pytest
from arm_relay.batches.batch import State

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud import processes
from tests.support.flow import SEED, accepted_by, assert_promises, drained, flowing, told

pytestmark = pytest.mark.xdist_group("sandbox")

#: How long orders flow and functions are killed, in seconds: the least and, on a busy machine, the most.
FLOW: Final = 30.0
LONGEST_FLOW: Final = 300.0
#: How often each function has to be killed at least.
KILLS: Final = 3
#: A younger process may still be starting, and its death would be MiniStack's trouble rather than the function's.
WARM: Final = 2.0
#: A killed poller's lease lasts two minutes, for which the test waits.
killed_functions = pytest.mark.parametrize(
    "functions",
    [
        pytest.param(("Webhook",), id="the webhook"),
        pytest.param(("Webhook", "Poller"), id="both", marks=pytest.mark.nightly),
    ],
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    waits = ["SettlingSeconds=5", "LongestPollSeconds=3", "FirstPollSeconds=1"]
    parameters = [argument for wait in waits for argument in ("--parameter", wait)]
    with start_sandbox("--port", "0", "--poll-every", "1", *parameters) as running:
        yield running


def kill(sandbox: Sandbox, functions: Sequence[str]) -> None:
    """Kill now a worker of one function, now one of another, until each has been killed often enough."""
    random = Random(SEED)  # noqa: S311 (repeatable on purpose)
    killed: Counter[str] = Counter()
    first_seen: dict[int, float] = {}
    begin = time.monotonic()
    while time.monotonic() < begin + FLOW or min(killed[function] for function in functions) < KILLS:
        assert time.monotonic() < begin + LONGEST_FLOW, killed
        time.sleep(random.uniform(0.2, 1))
        function = random.choice(functions)
        pids = processes.worker_pids(sandbox.pid, function)
        first_seen = {pid: first_seen.get(pid, time.monotonic()) for pid in {*first_seen, *pids}}
        warm = [pid for pid in pids if time.monotonic() - first_seen[pid] > WARM]
        if warm:
            os.kill(random.choice(warm), signal.SIGKILL)
            killed[function] += 1


@killed_functions
def test_functions_are_killed_while_orders_flow_and_no_promise_is_broken(
    sandbox: Sandbox, functions: Sequence[str]
) -> None:
    ready = sandbox.ready
    arm = ArmControl(ready.arm_control_url or "")
    # So that kills meet functions in the middle of their calls.
    arm.add_fault("submit", "slow", seconds=0.6)
    arm.add_fault("result", "slow", seconds=0.3)
    with flowing(ready) as senders:
        kill(sandbox, functions)
    arm.clear_faults()
    batches = drained(ready)

    in_flight = sum(sender.interrupted for sender in senders)
    lost = [batch for batch in batches if any(entry.state is State.UNCONFIRMED for entry in batch.history)]
    assert in_flight or lost, "no kill met anything"
    assert_promises(accepted_by(senders), batches, arm, told(ready))
