"""What a platform team does with an account: its policies, a second stack, an update, tables that are taken over.

It deploys several times, so `make nightly` runs it. MiniStack asks IAM about what a person calls. It does not ask about
what CloudFormation calls in the person's name, nor about HTTP APIs, of which its policy simulator is asked instead.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.client import Sandbox, start_sandbox
from sandbox.cloud.aws import ACCESS_KEY, REGION, SECRET_KEY, Aws
from sandbox.cloud.build import SANDBOX_TEMPLATE, built, for_architecture, host_architecture
from sandbox.cloud.sam import sam
from sandbox.cloud.stack import STACK_NAME
from sandbox.errors import SandboxError
from sandbox.paths import ROOT, SAM_TOOLS
from tests.support.iam import filled
from tests.support.template import template

pytestmark = [pytest.mark.xdist_group("sandbox"), pytest.mark.nightly]

BOUNDARY: Final = "arn:aws:iam::000000000000:policy/arm-relay-boundary"
SECOND: Final = "arm-relay-second"
DEPLOYER: Final = ("deployer", "deployer-resources")
POLLER: Final = "PollerFunctionArn"
DENIED: Final = r"AccessDenied|not authorized"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox("--port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def aws(sandbox: Sandbox) -> Aws:
    aws = Aws(sandbox.ready.aws_endpoint_url)
    # SAM's own bucket takes nothing that comes without TLS, which the sandbox has not.
    s3 = client(aws, "s3", {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY})
    for bucket in s3.list_buckets()["Buckets"]:
        s3.delete_bucket_policy(Bucket=bucket["Name"])
    return aws


class Refused(Exception):
    """A deployment failed; with all that SAM printed, because the reason may be in there."""


def outputs(aws: Aws, stack: str = STACK_NAME) -> dict[str, str]:
    (found,) = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def document(*policies: str, aws: Aws, stack: str = STACK_NAME) -> dict[str, Any]:
    words = {"OPERATORS_API_ID": outputs(aws)["OperatorsApiId"], "BOUNDARY_ARN": BOUNDARY}
    # MiniStack names log groups in its own way.
    words |= {"log-group:STACK-": "log-group:/aws/cloudformation/STACK/", "LogGroup-*": "LogGroup*"}
    words |= {"STACK": stack, "REGION": REGION}
    return {"Version": "2012-10-17", "Statement": filled(policies, **words)}


def person(aws: Aws, name: str, policy: dict[str, Any]) -> dict[str, str]:
    """The credentials of a user with this policy alone."""
    aws.iam.create_user(UserName=name)
    aws.iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    key = aws.iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def client(aws: Aws, service: str, credentials: dict[str, str]) -> Any:  # noqa: ANN401 (a client of boto3)
    return boto3.client(service, endpoint_url=aws.endpoint_url, region_name=REGION, **credentials)  # type: ignore[call-overload]


def deploy(
    aws: Aws, stack: str, credentials: dict[str, str] | None = None, *, text: str | None = None, **parameters: str
) -> None:
    """`sam deploy` of the build, by the root user or a person."""
    environment = aws.environment
    if credentials:
        environment |= {name.upper(): value for name, value in credentials.items()}
    with built() as build:
        source = build / SANDBOX_TEMPLATE
        if text is not None:
            source = build / f"{stack}.yaml"
            source.write_text(text)
        overrides = {"ArmBaseUrl": "http://127.0.0.1:1/arm/v1", "ArmTokenUrl": "http://127.0.0.1:1/token"}
        given = [f"{name}={value}" for name, value in (overrides | {"SavedQueries": "false"} | parameters).items()]
        try:
            sam(
                "deploy",
                *("--template-file", source, "--stack-name", stack, "--region", REGION),
                *("--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-confirm-changeset", "--no-progressbar"),
                *("--parameter-overrides", *given),
                environment=environment | {"SAM_CLI_POLL_DELAY": "0.2"},
            )
        except SandboxError as error:
            raise Refused(f"{error}\n{error.output}") from None
        finally:
            if text is not None:
                source.unlink()


# The policies.


def test_a_deployer_can_deploy_a_stack_beside_another_with_its_policy_and_no_other(aws: Aws) -> None:
    deployer = person(aws, "deployer", document(*DEPLOYER, aws=aws, stack=SECOND))

    deploy(aws, SECOND, deployer, PermissionsBoundary=BOUNDARY)

    first, second = outputs(aws), outputs(aws, SECOND)
    own = {name for name in first if name.endswith(("Arn", "Name", "Id", "Url"))} - {"AccessLogGroupName"}
    assert {name for name in own if first[name] == second[name]} == set()
    for other in ("another-stack", STACK_NAME):
        with pytest.raises(Refused, match=DENIED):
            deploy(aws, other, deployer)
    with pytest.raises(ClientError, match=DENIED):
        client(aws, "secretsmanager", deployer).get_secret_value(SecretId=first["SecretArn"])
    with pytest.raises(ClientError, match=DENIED):
        client(aws, "dynamodb", deployer).scan(TableName=first["TableName"])


def test_without_a_statement_a_deployer_cannot_deploy(aws: Aws) -> None:
    policy = document(*DEPLOYER, aws=aws, stack="arm-relay-third")
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "Stacks"]
    hindered = person(aws, "hindered", policy)

    with pytest.raises(Refused, match=DENIED):
        deploy(aws, "arm-relay-third", hindered)


#: What each may ask of the operators' API.
MAY: Final = {
    "GET/v1/health": {"operator", "reader"},
    "GET/v1/clients/2218/orders/evt-1": {"operator", "reader"},
    "GET/v1/batches": {"operator", "reader"},
    "POST/v1/clients/2218/batches/b-1/redrive": {"operator"},
    "POST/v1/redrives": {"operator"},
    "POST/v1/redrives/r-1/stop": {"operator"},
    "POST/v1/clients/2218/orders/forget": set(),
}


@pytest.mark.parametrize("policy", ["operator", "reader", "deployer"])
def test_a_policy_lets_each_ask_what_is_theirs(policy: str, aws: Aws) -> None:
    arn = f"arn:aws:execute-api:{REGION}:000000000000:{outputs(aws)['OperatorsApiId']}/$default/"

    # MiniStack answers about the first resource alone.
    decided = {
        route: aws.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(document(policy, aws=aws))],
            ActionNames=["execute-api:Invoke"],
            ResourceArns=[arn + route],
        )["EvaluationResults"][0]["EvalDecision"]
        for route in MAY
    }

    assert {route: decision == "allowed" for route, decision in decided.items()} == {
        route: policy in readers for route, readers in MAY.items()
    }


def test_an_operator_can_run_the_poller_and_a_reader_cannot(aws: Aws) -> None:
    function = outputs(aws)[POLLER]
    operator = client(aws, "lambda", person(aws, "operator", document("operator", aws=aws)))
    reader = person(aws, "reader", document("reader", aws=aws))

    assert operator.invoke(FunctionName=function, Payload=b"{}")["StatusCode"] == 200
    with pytest.raises(ClientError, match=DENIED):
        client(aws, "lambda", reader).invoke(FunctionName=function, Payload=b"{}")
    logs = client(aws, "logs", reader)
    assert logs.filter_log_events(logGroupName=outputs(aws)["PollerLogGroupName"])["events"] is not None
    with pytest.raises(ClientError, match=DENIED):
        client(aws, "dynamodb", reader).scan(TableName=outputs(aws)["TableName"])


# The file of an environment.


def test_the_example_of_an_environment_is_deployed_as_it_says(aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "samconfig.staging.toml"
    # MiniStack does not know saved queries.
    text = (ROOT / "deploy" / "example.toml").read_text()
    file.write_text(text.replace("parameter_overrides = [", 'parameter_overrides = ["SavedQueries=false",'))

    with built() as build:
        command = [str(SAM_TOOLS / "sam"), "deploy", "--config-file", str(file), "--no-confirm-changeset"]
        subprocess.run(  # noqa: S603 (the project's own tool)
            [*command, "--template-file", str(build / SANDBOX_TEMPLATE)],
            env=os.environ | aws.environment | {"SAM_CLI_TELEMETRY": "0"},
            check=True,
        )

    (stack,) = aws.cloudformation.describe_stacks(StackName="arm-relay-staging")["Stacks"]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert (given["AlarmEmail"], given["ArmTokenUrl"]) == (
        "alarms@example.com",
        "https://auth.staging.amili.no/token",
    )


# An update.


def test_a_build_for_another_architecture_changes_nothing(aws: Aws) -> None:
    other = {"x86_64": "arm64", "arm64": "x86_64"}[host_architecture()]
    with built() as build:
        text = (build / SANDBOX_TEMPLATE).read_text()
    wrong = text.replace(f"AllowedValues: [{host_architecture()}]", "AllowedValues: [x86_64, arm64]")
    before = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0].get("LastUpdatedTime")

    with pytest.raises(Refused, match=r"(?s)Architecture"):
        deploy(aws, STACK_NAME, text=for_architecture(wrong, other))

    after = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    assert (after.get("LastUpdatedTime"), after["StackStatus"]) == (before, "CREATE_COMPLETE")


# Tables that are there already.


def test_a_new_stack_takes_over_the_tables_of_another(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, "arm-relay-old")
    old = outputs(aws, "arm-relay-old")
    aws.dynamodb.put_item(TableName=old["TableName"], Item={"pk": {"S": "ORDER#2218#evt-1"}})
    aws.cloudformation.delete_stack(StackName="arm-relay-old")
    aws.cloudformation.get_waiter("stack_delete_complete").wait(StackName="arm-relay-old", WaiterConfig={"Delay": 1})

    # MiniStack cannot import a secret, so the new stack makes one of its own.
    command = [".venv/bin/python", "-m", "tools.adoption", "--folder", str(tmp_path)]
    command += ["--table", old["TableName"], "--announced", old["AnnouncedTableName"]]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 (the project's own)
    stack, change = "arm-relay-new", "adopt"
    aws.cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=change,
        ChangeSetType="IMPORT",
        TemplateBody=(tmp_path / "adopted.json").read_text(),
        ResourcesToImport=json.loads((tmp_path / "resources.json").read_text()),
    )
    aws.cloudformation.get_waiter("change_set_create_complete").wait(
        StackName=stack, ChangeSetName=change, WaiterConfig={"Delay": 1}
    )
    aws.cloudformation.execute_change_set(StackName=stack, ChangeSetName=change)
    aws.cloudformation.get_waiter("stack_import_complete").wait(StackName="arm-relay-new", WaiterConfig={"Delay": 1})
    deploy(aws, "arm-relay-new")

    new = outputs(aws, "arm-relay-new")
    assert (new["TableName"], new["AnnouncedTableName"]) == (old["TableName"], old["AnnouncedTableName"])
    assert "Item" in aws.dynamodb.get_item(TableName=new["TableName"], Key={"pk": {"S": "ORDER#2218#evt-1"}})
    assert new.keys() <= template()["Outputs"].keys()
