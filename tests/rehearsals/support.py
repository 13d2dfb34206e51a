"""What the rehearsals share: a running sandbox, the page's commands, and a summary line for docs/rehearsals.md."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from arm_relay.batches.batch import Batch

from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud.aws import Aws
from sandbox.cloud.stack import STACK_NAME
from sandbox.paths import ROOT
from tests.support.flow import Sender

WAITS: Final = ("SettlingSeconds=5", "LongestPollSeconds=3", "FirstPollSeconds=1")

AWS_CLI: Final = ROOT / ".tools" / "awscli" / "bin"
#: What the page defines in its fourth step; this CLI asks the sandbox, whatever the environment says.
BEGIN: Final = f"""set -euo pipefail
aws() {{ command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }}
output() {{ aws cloudformation describe-stacks --stack-name {STACK_NAME} --output text \\
  --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"; }}
"""


@contextmanager
def sandbox(*parameters: str) -> Iterator[Sandbox]:
    """A sandbox of its own, whose waits are short, with these parameters."""
    waits = [argument for wait in (*WAITS, *parameters) for argument in ("--parameter", wait)]
    with start_sandbox("--port", "0", "--poll-every", "1", *waits) as running:
        yield running


def commands(aws: Aws, script: str) -> str:
    """What the page's commands print in the sandbox."""
    path = f"{AWS_CLI}{os.pathsep}{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(  # noqa: S603 (the documentation's commands)
        ["bash", "-c", BEGIN + script],  # noqa: S607 (bash)
        cwd=ROOT,
        env={**os.environ, **aws.environment, "PATH": path, "AWS_SESSION_TOKEN": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def summary(what: str, senders: Sequence[Sender], batches: Sequence[Batch], **more: int) -> None:
    """Print what docs/rehearsals.md shows."""
    states = Counter(batch.state.value for batch in batches)
    counts = {
        "orders accepted": sum(len(sender.accepted) for sender in senders),
        "requests repeated": sum(sender.interrupted for sender in senders),
        "batches": len(batches),
        **states,
        **{name.replace("_", " "): number for name, number in more.items()},
    }
    print(f"{what}: " + ", ".join(f"{number} {name}" for name, number in counts.items()))  # noqa: T201 (docs/rehearsals.md shows it)
