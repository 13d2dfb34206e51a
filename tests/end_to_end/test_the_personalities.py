"""The deployed functions read each ledger's habits with the contract that the probe found: nothing is left to look-ups.

The contracts are built into a second version of the relay's layer. For each personality the functions are published
again with its name in ArmContract, as a deployment of other parameters does. Each takes about twelve seconds, so most
are played by `make nightly` alone; tests/unit/desk/test_probe.py and tests/integration/test_personalities_of_ledgers.py
play all of them in one process.
"""

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from arm_relay.arm import contract_files

from desk.probe.examples import examples_of, unjudged_of
from desk.probe.proposal import propose
from sandbox.arm import contracts
from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud.aws import Aws
from sandbox.cloud.build import built
from sandbox.cloud.stack import STACK_NAME
from sandbox.gateway import sigv4
from sandbox.results import received
from sandbox.send import send
from tests.support.builders import an_order
from tests.unit.desk.test_probe import a_ledger, probed

pytestmark = pytest.mark.xdist_group("sandbox")

ALL: Final = [name for name in contract_files.names() if name != "default"]
#: Amili's sister product, and one that names no document.
OFTEN: Final = {"like-collection", "like-zuora"}
#: They tell only of the batch as a whole.
SAY_NOT_WHICH: Final = {"like-salesforce"}
ALL_OR_NOTHING: Final = {"like-eve"}

WAITS: Final = {"FirstPollSeconds": 1, "LongestPollSeconds": 1, "FailureSettlingSeconds": 1, "UndecidedSeconds": 1}
#: How long the results of a personality may take, in seconds.
PATIENCE: Final = 60.0
PAUSE: Final = 0.5
#: How often a batch is asked for that ARM is not done with. An answer that is not understood would hold it by then.
POLLS: Final = 3


class World:
    """The deployed stack, and the contracts that the probe found."""

    def __init__(self, sandbox: Sandbox, layer: bytes) -> None:
        self._ready = sandbox.ready
        self._aws = Aws(sandbox.ready.aws_endpoint_url)
        self.arm = ArmControl(sandbox.ready.arm_control_url or "")
        self._layer = self._aws.functions.publish_layer_version(LayerName="RelayLayer", Content={"ZipFile": layer})
        self._told: dict[str, dict[str, Any]] = {}

    def read_with(self, contract: str) -> None:
        """Publish the functions that read ARM's answers with this contract."""
        for name in ("WebhookFunction", "PollerFunction"):
            self._publish(self._physical(name), contract)

    def _publish(self, function: str, contract: str) -> None:
        functions = self._aws.functions
        now = functions.get_function_configuration(FunctionName=function)
        version = self._layer["LayerVersionArn"]
        functions.update_function_configuration(
            FunctionName=function,
            Environment={"Variables": now["Environment"]["Variables"] | {"ARM_CONTRACT": contract}},
            Layers=[version if "RelayLayer:" in layer["Arn"] else layer["Arn"] for layer in now["Layers"]],
        )
        published = functions.publish_version(FunctionName=function)["Version"]
        functions.update_alias(FunctionName=function, Name="live", FunctionVersion=published)

    def _physical(self, name: str) -> str:
        found = self._aws.cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=name)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def order(self, *numbers: str) -> dict[str, Any]:
        """The relay's answer to one request with an order for each number."""
        orders = [an_order(id=number, orderId=f"B-{number}", invoiceNo=number) for number in numbers]
        answer = send(self._ready.webhook_url, self._ready.signing_secret, json.dumps(orders))
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return dict(answer.json())

    def poll(self) -> None:
        self._aws.functions.invoke(FunctionName=f"{self._physical('PollerFunction')}:live", Payload=b"{}")

    def ends(self, *batch_ids: str) -> list[dict[str, Any]]:
        """What was announced about the batches, as soon as something was about each."""
        deadline = time.monotonic() + PATIENCE
        while not self._told.keys() >= {*batch_ids}:
            assert time.monotonic() < deadline, "nothing was announced about a batch"
            self.poll()
            self._told |= {event["subject"]: event for event in received(self._ready)}
        return [self._told[batch_id]["data"] for batch_id in batch_ids]

    def polled(self, batch_uuid: str) -> int:
        """How often the result of a batch was asked for."""
        asked = [request for request in self.arm.requests() if request["endpoint"] == "result"]
        return sum(request["path"].endswith(batch_uuid) for request in asked)

    def status(self, batch_id: str) -> str:
        url = f"{self._ready.operators_url}/v1/clients/{self._ready.client_no}/batches/{batch_id}"
        answer = httpx.get(url, headers=sigv4.signature("GET", url, b""), timeout=30)
        return str(answer.json()["status"])


@pytest.fixture(scope="module")
def proposals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """What the probe proposes for each personality that is played, by the name that it is saved under."""
    tests = [test for test in request.session.items if isinstance(test, pytest.Function) and test.path == request.path]
    played = sorted({str(test.callspec.params["name"]) for test in tests})
    found = {name: probed(a_ledger(name), tmp_path_factory.mktemp(name)).findings for name in played}
    return {
        f"probed-{name}": propose(examples_of(findings), unjudged_of(findings)).document
        for name, findings in found.items()
    }


@pytest.fixture(scope="module")
def world(proposals: Mapping[str, dict[str, Any]]) -> Iterator[World]:
    with built() as build:
        layer = zipped(build / "RelayLayer", proposals)
    waits = [part for name, seconds in WAITS.items() for part in ("--parameter", f"{name}={seconds}")]
    with start_sandbox("--port", "0", *waits) as sandbox:
        yield World(sandbox, layer)


def zipped(layer: Path, proposals: Mapping[str, dict[str, Any]]) -> bytes:
    """The built layer with these contracts, too."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(path for path in layer.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(layer))
        for name, document in proposals.items():
            archive.writestr(f"python/arm_relay/arm/contracts/{name}.json", json.dumps(document))
    return packed.getvalue()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in OFTEN else pytest.mark.nightly) for name in ALL]
)
def test_a_ledgers_results_are_read_with_the_contract_that_the_probe_found(world: World, name: str) -> None:
    world.read_with(f"probed-{name}")
    run = uuid4().hex[:8]
    bad = [f"{run}{place}" for place in ("P2", "F1", "F2")]
    ledger = {"contract": contracts.named(name), "all_or_nothing": name in ALL_OR_NOTHING}
    world.arm.settings(**ledger, failing_documents=bad, processing_seconds=0.2)
    good = world.order(f"{run}S1", f"{run}S2")
    partial = world.order(f"{run}P1", f"{run}P2", f"{run}P3")
    failed = world.order(f"{run}F1", f"{run}F2")
    world.arm.settings(processing_seconds=600)
    waiting = world.order(f"{run}W1", f"{run}W2")

    ends = world.ends(*(batch["batchId"] for batch in (good, partial, failed)))

    told = [(end["status"], end["cause"], [order["status"] for order in end["orders"]]) for end in ends]
    all_good, all_bad = ["SUCCEEDED"] * 2, ["FAILED"] * 2
    assert told == [
        ("SUCCEEDED", "ARM's result", all_good),
        end_of_the_partial_one(name, told[1]),
        ("FAILED", "ARM's result", all_bad),
    ]
    while world.polled(waiting["batchUuid"]) < POLLS:
        time.sleep(PAUSE)
        world.poll()
    assert world.status(waiting["batchId"]) == "PENDING"


def end_of_the_partial_one(name: str, told: tuple[str, str, list[str]]) -> tuple[str, str, list[str]]:
    """How the batch with one bad document should end, by what the ledger tells at all."""
    if name in ALL_OR_NOTHING:
        return "FAILED", "ARM's result", ["FAILED"] * 3
    if name in SAY_NOT_WHICH:
        # Its cause says why.
        return "HELD", told[1], told[2]
    return "PARTIALLY_FAILED", "ARM's result", ["SUCCEEDED", "FAILED", "SUCCEEDED"]
