"""What a deployed function finds around it in a test: its settings, ARM's simulator, AWS by moto, and a log to read."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.arm.transport import SimulatedTransport
from tests.support.arm_builders import Simulator, a_simulator
from tests.support.settings import SETTINGS
from tests.support.store_contract import create_tables


@contextmanager
def around(
    monkeypatch: pytest.MonkeyPatch, secret: dict[str, Any], *apps: ModuleType
) -> Iterator[tuple[Simulator, io.StringIO]]:
    """ARM and the log of these functions, with the table and the secret by moto, until the `with` block ends."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    arm = a_simulator()
    transport = SimulatedTransport(arm.api, arm.clock.sleep)
    monkeypatch.setattr("arm_relay.bootstrap.ledger.httpx.HTTPTransport", lambda **_: transport)
    logged = io.StringIO()
    for app in apps:
        monkeypatch.setattr(app.logger.registered_handler, "stream", logged)
        monkeypatch.setattr(app.metrics, "namespace", "ArmRelay")  # Read from the environment when it is imported.
    with mock_aws():
        create_tables(boto3.client("dynamodb"))
        boto3.client("secretsmanager").create_secret(Name="secret", SecretString=json.dumps(secret))
        yield arm, logged
