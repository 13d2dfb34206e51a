"""What a platform team can ask of the stack without an edit: each parameter changes what it names and nothing else."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.cloudformation import resolved
from tests.support.doc_examples import example as example_of
from tests.support.template import template, transformed

ROOT: Final = Path(__file__).parents[2]
PARAMETERS: Final[dict[str, dict[str, Any]]] = template()["Parameters"]
FUNCTIONS: Final = ("WebhookFunction", "OperatorsFunction", "PollerFunction")
ACCOUNT: Final = "123456789012"
DOMAIN: Final = {
    "DomainName": "orders.example.com",
    "CertificateArn": f"arn:aws:acm:eu-north-1:{ACCOUNT}:certificate/1",
}
TRUSTSTORE: Final = {"TruststoreUri": "s3://truststore/senders.pem", "TruststoreVersion": "3"}


def stack(**parameters: str) -> dict[str, Any]:
    for name, value in parameters.items():
        assert re.fullmatch(PARAMETERS[name].get("AllowedPattern", ".*"), value)
    return resolved(transformed(**parameters), **parameters)


DEFAULT: Final = stack()


def added(**parameters: str) -> dict[str, dict[str, Any]]:
    """The resources that the default stack does not have."""
    found: dict[str, dict[str, Any]] = stack(**parameters)["Resources"]
    # SAM names a function's version and an API's deployment after their content.
    return {name: each for name, each in found.items() if name not in DEFAULT["Resources"] and "Version" not in name}


def properties(name: str, **parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = stack(**parameters)["Resources"][name]["Properties"]
    return found


# The console and the file.


def test_the_console_shows_each_parameter_in_one_group() -> None:
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)


def example() -> dict[str, Any]:
    return tomllib.loads((ROOT / "deploy" / "example.toml").read_text())


def test_a_first_deployment_has_to_say_four_things() -> None:
    overrides = dict(each.split("=", 1) for each in example()["default"]["deploy"]["parameters"]["parameter_overrides"])

    assert {"region", *overrides} == {"region", "ArmBaseUrl", "ArmTokenUrl", "AlarmEmail"}
    assert example()["default"]["global"]["parameters"].keys() == {"stack_name", "region"}


def test_every_line_of_the_example_is_a_parameter_with_a_value_that_it_may_have() -> None:
    text = (ROOT / "deploy" / "example.toml").read_text()

    for name, value in re.findall(r'^ +(?:# )?"(\w+)=(.*)",$', text, re.MULTILINE):
        shown = value.replace("...", "0a1b2c3d")
        assert re.fullmatch(PARAMETERS[name].get("AllowedPattern", ".*"), shown), name


def test_the_example_names_the_boundary_that_a_deployer_needs() -> None:
    lines = (ROOT / "deploy" / "example.toml").read_text().splitlines()
    (place,) = [place for place, line in enumerate(lines) if "PermissionsBoundary=" in line]

    assert "deployer.json" in lines[place - 1]


def test_the_secret_is_for_its_owner_alone_and_the_shell_stays_as_it_was(tmp_path: Path) -> None:
    step = example_of("deploying.md", "sh", holding="secret.json")
    fakes = "output() { echo arn; }\naws() { stat -c %a secret.json; }\nopenssl() { echo key; }"
    ended = subprocess.run(  # noqa: S603 (the documentation's commands)
        ["bash", "-c", f"set -euo pipefail\numask 022\n{fakes}\n{step}\numask"],  # noqa: S607 (bash)
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout.split() == ["600", "0022"], ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_page_says_how_to_return_to_the_default_way_of_deployment() -> None:
    default = PARAMETERS["Deployment"]["Default"]

    assert f'afterwards `"Deployment={default}"`' in (ROOT / "docs" / "deploying.md").read_text()


#: Prints what the CLI would be asked, as the stack's answer.
FAKE_AWS: Final = 'aws() { echo "$AWS_REGION $*"; }'


def asked(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Step 4 of docs/deploying.md beside this file, and then an output."""
    for name in (".venv", "sandbox", "template.yaml", "tools"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "samconfig.staging.toml").write_text(text)
    step = example_of("deploying.md", "sh", holding="output() {")
    script = f"set -euo pipefail\n{FAKE_AWS}\n{step}\noutput ApiId\nbash -c 'echo \"for relay: $ARM_RELAY_STACK\"'"
    return subprocess.run(  # noqa: S603 (the documentation's commands)
        ["bash", "-c", script],  # noqa: S607 (bash)
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_asks_the_stack_that_the_file_names(tmp_path: Path) -> None:
    ended = asked(tmp_path, (ROOT / "deploy" / "example.toml").read_text().replace("region = ", "region   =  "))

    assert ended.returncode == 0, ended.stderr
    assert "eu-north-1 cloudformation describe-stacks --stack-name arm-relay-staging " in ended.stdout
    assert "for relay: arm-relay-staging" in ended.stdout


@pytest.mark.parametrize("line", ['stack_name = "arm-relay-staging"', 'region = "eu-north-1"'])
def test_the_page_asks_no_stack_where_the_file_names_none(line: str, tmp_path: Path) -> None:
    ended = asked(tmp_path, (ROOT / "deploy" / "example.toml").read_text().replace(line, ""))

    assert ended.returncode != 0
    assert "describe-stacks" not in ended.stdout
    assert f"samconfig.staging.toml has no {line.split(maxsplit=1)[0]}." in ended.stderr


# The default stack, and two of them.


def test_by_default_the_stack_is_as_small_as_it_can_be() -> None:
    optional = {
        *("AlarmSubscription", "AttentionSubscription", "Domain", "DomainMapping", "Key"),
        *(f"{name}LogSubscription" for name in ("Access", "Webhook", "Operators", "Poller")),
    }

    assert optional <= template()["Resources"].keys()
    assert optional & DEFAULT["Resources"].keys() == set()
    assert ["VpcConfig" in properties(function) for function in FUNCTIONS] == [False] * 3


#: The properties that name a resource of an account, by which two stacks could meet.
NAMES: Final = re.compile(
    r"(AlarmName|ApiName|ApplicationName|BucketName|DashboardName|DomainName|FunctionName|LogGroupName|Name|PolicyName"
    r"|QueueName|RoleName|TableName|TopicName)"
)
#: What is named within its own resource, or refers to another one.
INNER: Final = {"AWS::IAM::Role", "AWS::CodeDeploy::DeploymentGroup"}


def test_no_name_is_fixed_so_that_two_stacks_live_side_by_side() -> None:
    fixed = [
        (name, key, value)
        for name, resource in transformed()["Resources"].items()
        if resource["Type"] not in INNER
        for key, value in resource.get("Properties", {}).items()
        if NAMES.fullmatch(key) and isinstance(value, str)
    ]

    # A function's alias and an API's stage are named within their own stack; a layer's name has versions.
    assert {(key, value) for _, key, value in fixed} <= {("Name", "live"), ("Name", "sam-app")}
    for name, resource in transformed()["Resources"].items():
        for key in ("AlarmName", "DashboardName"):
            if key in resource.get("Properties", {}):
                assert "${AWS::StackName}" in resource["Properties"][key]["Fn::Sub"], name


# Each wish.


def test_a_domain_of_ones_own_leads_to_the_senders_api() -> None:
    made = added(**DOMAIN)

    assert made.keys() == {"Domain", "DomainMapping"}
    assert made["Domain"]["Properties"] == {
        "DomainName": {"Ref": "DomainName"},
        "DomainNameConfigurations": [
            {"CertificateArn": {"Ref": "CertificateArn"}, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
        ],
    }
    assert made["DomainMapping"]["Properties"]["ApiId"] == {"Ref": "Api"}
    assert made["DomainMapping"]["Properties"]["Stage"]["Ref"] in DEFAULT["Resources"]
    assert stack(**DOMAIN)["Outputs"]["WebhookUrl"]["Value"]["Fn::Sub"].startswith("https://${DomainName}/v1/")
    assert {"DomainTarget", "DomainTargetZone"} <= stack(**DOMAIN)["Outputs"].keys()
    assert "DomainTarget" not in DEFAULT["Outputs"]


def test_a_certificate_of_a_private_authority_can_be_proved_to_be_ones_own_for_mutual_tls() -> None:
    proof = DOMAIN["CertificateArn"].replace("/1", "/2")
    (made,) = added(**DOMAIN, **TRUSTSTORE, OwnershipCertificateArn=proof)["Domain"]["Properties"][
        "DomainNameConfigurations"
    ]

    assert made["OwnershipVerificationCertificateArn"] == {"Ref": "OwnershipCertificateArn"}


def endpoint_is_off(**parameters: str) -> bool:
    body = properties("Api", **parameters)["Body"]
    (server,) = body["servers"]
    return bool(server["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"])


def test_mutual_tls_cannot_be_passed_by() -> None:
    made = added(**DOMAIN, **TRUSTSTORE)["Domain"]["Properties"]["MutualTlsAuthentication"]

    assert made == {"TruststoreUri": {"Ref": "TruststoreUri"}, "TruststoreVersion": {"Ref": "TruststoreVersion"}}
    assert [endpoint_is_off(**DOMAIN, **TRUSTSTORE), endpoint_is_off(**DOMAIN), endpoint_is_off()] == [
        True,
        False,
        False,
    ]


def test_alarms_can_go_to_a_topic_that_is_there() -> None:
    arn = f"arn:aws:sns:eu-north-1:{ACCOUNT}:alarms"
    found = stack(AlarmTopicArn=arn, AlarmEmail="a@example.com")

    assert "AlarmTopic" not in found["Resources"]
    alarms = [each["Properties"] for each in found["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert {json.dumps(alarm[key]) for alarm in alarms for key in ("AlarmActions", "OKActions")} == {
        '[{"Ref": "AlarmTopicArn"}]'
    }
    assert found["Resources"]["AlarmSubscription"]["Properties"]["TopicArn"] == {"Ref": "AlarmTopicArn"}
    assert found["Outputs"]["AlarmTopicArn"]["Value"] == {"Ref": "AlarmTopicArn"}


@pytest.mark.parametrize("role", ["", f"arn:aws:iam::{ACCOUNT}:role/logs"])
def test_every_log_can_go_elsewhere_as_well(role: str) -> None:
    destination = f"arn:aws:firehose:eu-north-1:{ACCOUNT}:deliverystream/logs"
    made = added(LogDestinationArn=destination, LogDestinationRoleArn=role)

    assert {each["Properties"]["LogGroupName"]["Ref"] for each in made.values()} == {
        name for name, each in DEFAULT["Resources"].items() if each["Type"] == "AWS::Logs::LogGroup"
    }
    assert {"RoleArn" in each["Properties"] for each in made.values()} == {bool(role)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_functions_can_run_in_a_vpc(function: str) -> None:
    placed = properties(function, SubnetIds="subnet-0a,subnet-1b", SecurityGroupIds="sg-0a")

    assert placed["VpcConfig"] == {
        "SubnetIds": {"Fn::Split": [",", {"Ref": "SubnetIds"}]},
        "SecurityGroupIds": {"Fn::Split": [",", {"Ref": "SecurityGroupIds"}]},
    }


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ("DomainName", "CertificateArn"),
        ("TruststoreUri", "DomainName"),
        ("SubnetIds", "SecurityGroupIds"),
        ("CertificateArn", "DomainName"),
        ("SecurityGroupIds", "SubnetIds"),
        ("TruststoreVersion", "TruststoreUri"),
        ("OwnershipCertificateArn", "TruststoreUri"),
        ("LogDestinationRoleArn", "LogDestinationArn"),
    ],
)
def test_half_of_a_wish_is_refused_before_anything_changes(given: str, needed: str) -> None:
    def is_given(name: str) -> dict[str, Any]:
        return {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]}

    assert {"RuleCondition": is_given(given), "Assertions": [is_given(needed)]} in [
        {"RuleCondition": rule["RuleCondition"], "Assertions": [each["Assert"] for each in rule["Assertions"]]}
        for rule in template()["Rules"].values()
    ]


def test_the_description_has_a_throttle_of_its_own() -> None:
    settings = DEFAULT["Resources"]["ApiApiGatewayDefaultStage"]["Properties"]["RouteSettings"]

    assert settings == {"GET /v1/openapi.json": {"ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 10}}
