"""What holds for every test: no way to a real AWS account, and the same examples on every run.

Sockets beyond this machine are shut by pytest's options in pyproject.toml.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

#: Nothing here opens anything: it only keeps boto3 and Powertools from looking further.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_SECURITY_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "AWS_REGION": "eu-north-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "POWERTOOLS_SERVICE_NAME": "arm-relay",
    "POWERTOOLS_METRICS_NAMESPACE": "ArmRelay",
}

# The functions' loggers read their service when they are imported, whichever test does it first.
os.environ["POWERTOOLS_SERVICE_NAME"] = ENVIRONMENT["POWERTOOLS_SERVICE_NAME"]

#: What a developer's shell may hold and no test should follow.
UNWANTED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL")

# On a busy machine making up examples is slow, which says nothing of the code.
settings.register_profile(
    "repeatable",
    max_examples=int(os.environ.get("EXAMPLES", "40")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def no_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
