"""Which relay is meant: a stack (CloudFormation is moto), or the sandbox."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore import exceptions as aws
from moto import mock_aws

from desk.aws_problems import in_words
from desk.connection import Connection
from desk.console import Chosen
from desk.problems import Problem

OUTPUTS = {
    "OperatorsUrl": "https://operators.example/",
    "WebhookUrl": "https://senders.example/v1/clients/{clientNo}/orders",
    "TableName": "table",
    "TopicArn": "topic",
    "SecretArn": "secret",
    "WebhookLogGroupName": "log",
}
READY = {
    "webhookUrl": "http://127.0.0.1:1/v1/clients/2218/orders",
    "operatorsUrl": "http://127.0.0.1:2",
    "clientNo": "2218",
    "signingSecret": "whsec_c2VjcmV0",
    "awsEndpointUrl": "http://127.0.0.1:3",
    "armControlUrl": "http://127.0.0.1:4",
    "tableName": "table",
    "topicArn": "topic",
    "secretArn": "secret",
    "webhookLogGroupName": "log",
}


@pytest.fixture
def account() -> Iterator[None]:
    with mock_aws():
        yield


def a_stack(name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


@pytest.mark.usefixtures("account")
def test_a_stack_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    a_stack("arm-relay", OUTPUTS)
    a_stack("staging", OUTPUTS | {"TableName": "of-staging"})
    monkeypatch.setenv("ARM_RELAY_STACK", "staging")

    assert Connection.of_stack().table_name == "of-staging"
    found = Connection.of_stack("arm-relay")

    assert (found.table_name, found.region, found.is_sandbox) == ("table", "eu-north-1", False)
    assert found.operators_url == "https://operators.example"
    assert found.orders_url("2218") == "https://senders.example/v1/clients/2218/orders"


@pytest.mark.usefixtures("account")
def test_a_stack_that_there_is_not_is_told() -> None:
    with pytest.raises(Problem, match="there is no stack arm-relay in eu-north-1"):
        Connection.of_stack()


@pytest.mark.usefixtures("account")
def test_another_kind_of_stack_is_told() -> None:
    a_stack("shop", {"TableName": "table"})

    with pytest.raises(Problem, match="no stack of ARM Relay: it has no output OperatorsUrl"):
        Connection.of_stack("shop")


def test_without_credentials_the_way_to_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)

    with pytest.raises(Problem, match="there are no AWS credentials; sign in again"):
        Connection.of_stack()


def test_without_a_region_its_option_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION")

    with pytest.raises(Problem, match="no AWS region is set: name it with --region"):
        Connection.of_stack()


def test_an_unknown_profile_is_told() -> None:
    with pytest.raises(Problem, match="nobody"):
        Connection.of_stack(profile="nobody")


def answered(code: str, message: str = "as AWS says it") -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answered("AccessDenied"), "these credentials lack the right cloudformation:DescribeStacks"),
        (
            answered("AccessDeniedException", "User x is not authorized to perform: kms:Decrypt on resource y"),
            "these credentials lack the right kms:Decrypt$",
        ),
        (answered("ExpiredToken"), "have expired; sign in again"),
        (answered("InvalidClientTokenId"), "does not accept these credentials"),
        (answered("Throttling"), "AWS answered Throttling: as AWS says it"),
        (aws.SSOTokenLoadError(error_msg="x"), "the AWS sign-in has expired"),
        (aws.UnauthorizedSSOTokenError(), "the AWS sign-in has expired"),
        (aws.TokenRetrievalError(provider="sso", error_msg="x"), "the AWS sign-in has expired"),
        (aws.EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached"),
        (aws.ConnectTimeoutError(endpoint_url="https://x"), "AWS cannot be reached"),
        (aws.ConfigParseError(path="/x", error="y"), "/x"),
    ],
)
def test_each_failure_of_aws_is_a_sentence(error: Exception, told: str) -> None:
    with (
        pytest.raises(Problem, match=f"^cannot look up the stack: .*{told}"),
        in_words("look up the stack", "cloudformation:DescribeStacks"),
    ):
        raise error


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".aws-sam").mkdir()
    return tmp_path / ".aws-sam" / "ready.json"


def test_the_sandbox_is_found_by_what_it_has_written(folder: Path) -> None:
    folder.write_text(json.dumps(READY))

    found = Chosen(sandbox=True).connection()

    assert (found.name, found.is_sandbox, found.client_no) == ("sandbox", True, "2218")
    assert found.orders_url("2219") == "http://127.0.0.1:1/v1/clients/2219/orders"
    assert found.has_simulator


def test_a_sandbox_with_an_arm_outside_has_no_simulator(folder: Path) -> None:
    folder.write_text(json.dumps({name: value for name, value in READY.items() if name != "armControlUrl"}))

    assert not Chosen(sandbox=True).connection().has_simulator


@pytest.mark.parametrize("name", ["operatorsUrl", "webhookUrl", "awsEndpointUrl", "armControlUrl"])
@pytest.mark.parametrize(
    "url",
    [
        "https://relay.example",
        "http://127.0.0.1.example",
        "http://127.0.0.1@relay.example",
        "http://me@127.0.0.1:1",
        "http://10.0.0.1",
        "http://[::1",
        "http:///v1",
        "",
    ],
)
def test_a_sandbox_that_is_not_on_this_machine_is_none(folder: Path, name: str, url: str) -> None:
    folder.write_text(json.dumps(READY | {name: url}))

    with pytest.raises(Problem, match=f"{name} in .* is not on this machine"):
        Connection.of_sandbox()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]"])
def test_every_name_of_this_machine_is_one(folder: Path, host: str) -> None:
    folder.write_text(json.dumps(READY | {"operatorsUrl": f"http://{host}:2"}))

    assert Connection.of_sandbox().operators_url == f"http://{host}:2"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "run `make sandbox`"),
        ("{", "does not hold the ready line of a sandbox"),
        ("[]", "does not hold the ready line of a sandbox"),
        (json.dumps(READY | {"awsEndpointUrl": None}), "is not on this machine"),
        (json.dumps(READY | {"awsEndpointUrl": 1}), "does not hold the ready line of a sandbox of this version"),
        (json.dumps({"clientNo": "2218"}), "does not hold the ready line of a sandbox of this version"),
    ],
)
def test_a_sandbox_that_does_not_run_is_told(folder: Path, content: str | None, told: str) -> None:
    if content is not None:
        folder.write_text(content)

    with pytest.raises(Problem, match=told):
        Connection.of_sandbox()


def test_the_sandbox_goes_with_no_stack() -> None:
    with pytest.raises(Problem, match="--sandbox goes with neither"):
        Chosen(stack="arm-relay", sandbox=True).connection()


def test_what_stands_after_the_command_counts_before_what_stands_before_it() -> None:
    assert Chosen("a", "b", "c").but(Chosen("d")) == Chosen("d", "b", "c")
    assert os.environ["AWS_CONFIG_FILE"] == os.devnull
