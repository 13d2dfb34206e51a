"""Two releases and back again by `sam deploy`, while orders flow. The first one is a release's zip, as it is."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox
from sandbox.cloud.aws import Aws
from sandbox.cloud.build import SANDBOX_TEMPLATE, for_sandbox, host_architecture, name_release
from sandbox.cloud.stack import STACK_NAME, deploy
from tests.rehearsals import support
from tests.support.flow import accepted_by, assert_promises, drained, flowing, told
from tools.release.__main__ import pack

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("sandbox")]

#: How long orders flow before and after each deployment, in seconds.
BETWEEN = 6.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with support.sandbox() as running:
        yield running


def earlier_release(folder: Path) -> Path:
    """The build folder of a release's zip: the one that EARLIER names, or one of the present code."""
    named = os.environ.get("EARLIER")
    archive = Path(named) if named else pack(folder / "release.zip", host_architecture())
    with ZipFile(archive) as packed:
        packed.extractall(folder / "earlier")
    return with_sandbox_template(folder / "earlier")


def later_release(folder: Path, earlier: Path) -> Path:
    """The same with another file in the relay's layer, so that every function is replaced."""
    later = folder / "later"
    shutil.copytree(earlier, later)
    (later / "RelayLayer" / "python" / "arm_relay" / "later.txt").write_text("A later release.\n")
    template = later / "template.yaml"
    template.write_text(name_release(template.read_text(), "1" * 64))
    return with_sandbox_template(later)


def with_sandbox_template(folder: Path) -> Path:
    (folder / SANDBOX_TEMPLATE).write_text(for_sandbox((folder / "template.yaml").read_text()))
    return folder


def parameters(aws: Aws) -> dict[str, str]:
    (stack,) = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def layers(aws: Aws) -> dict[str, list[str]]:
    """What the live alias of each function is made of."""
    (stack,) = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    names = ("WebhookFunctionArn", "OperatorsFunctionArn", "PollerFunctionArn")
    found = {}
    for name in names:
        configuration = aws.functions.get_function_configuration(FunctionName=outputs[name])
        found[name] = [layer["Arn"] for layer in configuration["Layers"]]
    return found


def test_a_later_release_and_the_way_back_lose_and_double_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    aws, arm = Aws(sandbox.ready.aws_endpoint_url), ArmControl(sandbox.ready.arm_control_url or "")
    # So that deployments meet functions in the middle of their calls.
    arm.add_fault("submit", "slow", seconds=0.4)
    earlier = earlier_release(tmp_path)
    later = later_release(tmp_path, earlier)
    given = parameters(aws)
    live: list[dict[str, list[str]]] = []
    deploy(aws, earlier, given, tmp_path)
    with flowing(sandbox.ready) as senders:
        for build in (earlier, later, earlier):
            if live:
                deploy(aws, build, given, tmp_path)
            live.append(layers(aws))
            time.sleep(BETWEEN)
    arm.clear_faults()
    batches = drained(sandbox.ready)

    assert [name for name in live[0] if live[0][name] == live[1][name]] == []
    assert [name for name in live[1] if live[1][name] == live[2][name]] == []
    assert_promises(accepted_by(senders), batches, arm, told(sandbox.ready))
    support.summary("roll back", senders, batches, deployments=len(live) - 1)
