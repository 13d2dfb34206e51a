"""A client's signing secret is rotated as docs/deploying.md says, while its orders flow."""

import json
import os
import signal
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from arm_relay.batches.batch import Batch, State

from sandbox.arm.client import ArmControl
from sandbox.client import Sandbox
from sandbox.cloud import processes
from sandbox.cloud.aws import Aws
from sandbox.send import send
from tests.rehearsals import support
from tests.support.flow import accepted_by, assert_promises, drained, flowing, stored, told

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("sandbox")]

#: How long orders flow in each part, in seconds.
PART = 6.0
#: How long it may take until an order meets the wrong credentials, in seconds.
PATIENCE = 60.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with support.sandbox() as running:
        yield running


class Secret:
    """The deployed secret, as an operator changes it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._aws = Aws(sandbox.ready.aws_endpoint_url)
        (listed,) = self._aws.secrets.list_secrets()["SecretList"]
        self._arn = listed["ARN"]

    def content(self) -> dict[str, Any]:
        text = self._aws.secrets.get_secret_value(SecretId=self._arn)["SecretString"]
        content: dict[str, Any] = json.loads(text)
        return content

    def put(self, content: dict[str, Any]) -> None:
        """Write it, and replace the environments that know the old one, so that nobody waits for five minutes."""
        self._aws.secrets.put_secret_value(SecretId=self._arn, SecretString=json.dumps(content))
        for function in ("Webhook", "Poller"):
            for pid in processes.worker_pids(self._sandbox.pid, function):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PART)


def waited(batches: Sequence[Batch]) -> list[Batch]:
    """Those that were QUEUED for a while."""
    return [batch for batch in batches if any(entry.state is State.QUEUED for entry in batch.history)]


def test_a_new_signing_secret_takes_over_without_a_refused_order(sandbox: Sandbox) -> None:
    ready = sandbox.ready
    arm, secret = ArmControl(ready.arm_control_url or ""), Secret(sandbox)
    old, new = ready.signing_secret, f"whsec_{b64encode(b'a secret of this rehearsal alone').decode()}"
    added = {"secret": new, "addedAt": datetime.now(UTC).isoformat(timespec="seconds")}
    with flowing(ready) as senders:
        time.sleep(PART)
        content = secret.content()
        content["clients"][ready.client_no]["signingSecrets"] = [old, added]
        secret.put(content)
        for sender in senders:
            # One after the other: meanwhile both are in use. A sender that is refused ends the rehearsal.
            sender.signing_secret = new
            time.sleep(PART / len(senders))
        content["clients"][ready.client_no]["signingSecrets"] = [added]
        secret.put(content)
    refused = send(ready.webhook_url, old, "[]")
    batches = drained(ready)

    assert refused.status_code == 401
    assert_promises(accepted_by(senders), batches, arm, told(ready))
    support.summary("rotation of a signing secret", senders, batches)


def test_credentials_of_arm_that_are_wrong_for_a_while_make_orders_wait(sandbox: Sandbox) -> None:
    ready = sandbox.ready
    arm, secret = ArmControl(ready.arm_control_url or ""), Secret(sandbox)
    right = secret.content()
    wrong = {**right, "arm": {**right["arm"], "clientSecret": "expired"}}
    with flowing(ready) as senders:
        time.sleep(PART)
        secret.put(wrong)
        until = time.monotonic() + PATIENCE
        while not waited(stored(ready)):
            assert time.monotonic() < until, "no order met the wrong credentials"
            time.sleep(1)
        secret.put(right)
    batches = drained(ready)

    assert_promises(accepted_by(senders), batches, arm, told(ready))
    support.summary("rotation of ARM's credentials", senders, batches, waited=len(waited(batches)))
