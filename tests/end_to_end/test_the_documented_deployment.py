"""docs/deploying.md from the deployed stack to the first result, command by command."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from sandbox.client import start_sandbox
from sandbox.cloud.aws import Aws
from sandbox.paths import ROOT
from sandbox.ready import Ready, left_in
from tests.support.doc_examples import DOCS, examples
from tests.support.template import template

pytestmark = pytest.mark.xdist_group("sandbox")

AWS_CLI: Final = ROOT / ".tools" / "awscli" / "bin"
#: What the steps use of the clone.
USED: Final = (".aws-sam", ".venv", "events", "sandbox", "template.yaml", "tools")
FILE: Final = "samconfig.staging.toml"
#: This CLI asks AWS for queues, whatever the environment says.
HERE: Final = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'
#: The addresses of a stack in AWS: here they are the sandbox's gateways.
ADDRESS: Final = "$(output WebhookUrl | sed 's/{clientNo}/2218/')"
#: How an operator asks: the stack's own address of the operators' API is in AWS.
DESK: Final = ".venv/bin/relay"


@pytest.fixture
def ready() -> Iterator[Ready]:
    with start_sandbox("--port", "0", "--poll-every", "1", "--parameter", "FirstPollSeconds=1") as running:
        yield running.ready


@pytest.fixture
def clone(tmp_path: Path, ready: Ready) -> Iterator[Path]:
    for name in USED[1:]:
        (tmp_path / name).symlink_to(ROOT / name)
    # As a person fills it in; the sandbox's stack has a name of its own.
    example = (ROOT / "deploy" / "example.toml").read_text()
    (tmp_path / FILE).write_text(example.replace('stack_name = "arm-relay-staging"', 'stack_name = "arm-relay"'))
    with left_in(tmp_path / ".aws-sam" / "ready.json", ready):
        yield tmp_path


def test_the_first_result_comes_as_the_page_says(ready: Ready, clone: Path) -> None:
    if not (shutil.which("openssl") and shutil.which("curl")):
        pytest.skip("openssl or curl is not on the PATH")
    # Those of steps 4 to 9.
    script = "\n".join(["set -euo pipefail", HERE, *examples("deploying.md", "sh")[3:9]])
    assert (script.count(ADDRESS), script.count(DESK)) == (1, 1)
    aws = Aws(ready.aws_endpoint_url)
    (secret,) = aws.secrets.list_secrets()["SecretList"]
    arm = json.loads(aws.secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"])["arm"]

    ended = subprocess.run(  # noqa: S603 (the documentation's commands)
        ["bash", "-c", script.replace(ADDRESS, ready.webhook_url).replace(DESK, f"{DESK} --sandbox")],  # noqa: S607 (bash)
        cwd=clone,
        env=os.environ
        | aws.environment
        | {
            "PATH": f"{AWS_CLI}{os.pathsep}{os.environ['PATH']}",
            "AWS_SESSION_TOKEN": "",
            "ARM_CLIENT_ID": arm["clientId"],
            "ARM_CLIENT_SECRET": arm["clientSecret"],
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "202" in ended.stdout
    notification, _, shown = ended.stdout.partition('{"specversion"')[2].partition("\n")
    assert json.loads('{"specversion"' + notification)["type"] == "arm-relay.batch.succeeded"
    assert shown.startswith("evt-20250305-0002 / 70000001: SUCCEEDED")
    # Neither the secret nor anything else is left lying about.
    assert {path.name for path in clone.iterdir()} == {*USED, FILE}


def test_every_output_that_the_page_asks_for_is_one_of_the_stacks() -> None:
    page = (DOCS / "deploying.md").read_text()
    asked = set(re.findall(r"\$\(output (\w+)", page))
    looped = {name for names in re.findall(r"for function in ([\w ]+); do", page) for name in names.split()}

    assert len(asked) > 1
    assert looped
    assert sorted((asked | looped) - template()["Outputs"].keys()) == []
