"""How a new version takes over, as SAM hands it on to CloudFormation."""

import json
import re
import subprocess
from copy import deepcopy
from typing import Any, Final

import pytest
from samtranslator.yaml_helper import yaml_parse

from sandbox.cloud.build import for_architecture, name_release, with_local_arm
from sandbox.cloud.template import with_default
from sandbox.paths import SAM_TOOLS
from tests.support.template import TEMPLATE, template, transformed

FUNCTIONS: Final = ("WebhookFunction", "OperatorsFunction", "PollerFunction")
GRADUAL: Final = [name for name in template()["Parameters"]["Deployment"]["AllowedValues"] if name != "at-once"]

#: What an alarm may watch within the ten minutes that a deployment takes.
SOON: Final = 300


def versions(document: dict[str, Any]) -> dict[str, str]:
    """Each function's published version."""
    names = {name for name, resource in document["Resources"].items() if resource["Type"] == "AWS::Lambda::Version"}
    return {function: next(name for name in names if name.startswith(function)) for function in FUNCTIONS}


def deployment_groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [each for each in document["Resources"].values() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup"]
    return [group["Properties"] for group in groups]


@pytest.mark.parametrize("layer", ["RelayLayer", "DependenciesLayer"])
def test_a_changed_layer_makes_a_new_version_of_each_function(layer: str) -> None:
    changed = deepcopy(template())
    changed["Resources"][layer]["Properties"]["ContentUri"] = "elsewhere"

    before, after = versions(transformed()), versions(transformed(changed))

    assert [before[function] != after[function] for function in FUNCTIONS] == [True, True, True]


def test_a_new_release_makes_a_new_version_of_each_function_though_only_parameters_have_changed() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    first = name_release(text, "0" * 64)
    second = name_release(first, "1" * 64)

    before, after = versions(transformed(yaml_parse(first))), versions(transformed(yaml_parse(second)))

    assert [before[function] != after[function] for function in FUNCTIONS] == [True, True, True]
    # Lambda publishes nothing where it sees no change.
    assert "1" * 64 in transformed(yaml_parse(second))["Resources"]["PollerFunction"]["Properties"]["Description"]


def test_whoever_calls_a_function_calls_its_live_alias() -> None:
    resources = transformed()["Resources"]
    uris = {
        api: {
            operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"].rpartition("functions/")[2]
            for operations in resources[api]["Properties"]["Body"]["paths"].values()
            for operation in operations.values()
        }
        for api in ("Api", "OperatorsApi")
    }

    assert uris == {
        "Api": {"${WebhookFunctionAliaslive}/invocations"},
        "OperatorsApi": {"${OperatorsFunctionAliaslive}/invocations"},
    }
    assert resources["PollerFunctionEveryMinute"]["Properties"]["Target"]["Arn"] == {"Ref": "PollerFunctionAliaslive"}


@pytest.mark.parametrize("deployment", GRADUAL)
def test_a_gradual_deployment_goes_back_when_an_alarm_is_raised(deployment: str) -> None:
    groups = deployment_groups(transformed(Deployment=deployment))

    assert len(groups) == len(FUNCTIONS)
    for group in groups:
        assert deployment in str(group["DeploymentConfigName"])
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        watched = [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
        assert watched == [
            "ApiErrorsAlarm",
            "WebhookErrorsAlarm",
            "OperatorsErrorsAlarm",
            "PollerErrorsAlarm",
            "FailuresAlarm",
        ]
        assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["CodeDeployRole", "Arn"]}
        for alarm in watched:
            properties = template()["Resources"][alarm]["Properties"]
            assert properties["Period"] * properties["EvaluationPeriods"] <= SOON


def test_a_deployment_at_once_needs_no_codedeploy() -> None:
    assert deployment_groups(transformed(Deployment="at-once")) == []


def test_every_way_of_deployment_is_known_to_be_gradual_or_not() -> None:
    assert template()["Mappings"]["Deployments"].keys() == set(template()["Parameters"]["Deployment"]["AllowedValues"])


def test_the_default_of_a_parameter_can_be_changed_in_a_built_template() -> None:
    changed = yaml_parse(with_default(TEMPLATE.read_text(encoding="utf-8"), "Architecture", "arm64"))

    assert changed["Parameters"]["Architecture"]["Default"] == "arm64"
    assert {**changed["Parameters"], "Architecture": None} == {**template()["Parameters"], "Architecture": None}


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_what_is_built_for_one_architecture_can_be_deployed_for_it_alone(architecture: str) -> None:
    built = yaml_parse(for_architecture(TEMPLATE.read_text(encoding="utf-8"), architecture))["Parameters"]

    assert (built["Architecture"]["Default"], built["Architecture"]["AllowedValues"]) == (architecture, [architecture])
    assert {**built, "Architecture": None} == {**template()["Parameters"], "Architecture": None}


def test_the_values_that_are_allowed_can_be_narrowed_as_sam_build_writes_them_too() -> None:
    listed = "AllowedValues: [x86_64, arm64]\n"
    written_by_sam = TEMPLATE.read_text(encoding="utf-8").replace(listed, "AllowedValues:\n    - x86_64\n    - arm64\n")

    narrowed = yaml_parse(for_architecture(written_by_sam, "arm64"))["Parameters"]
    assert narrowed["Architecture"]["AllowedValues"] == ["arm64"]
    assert {**narrowed, "Architecture": None} == {**template()["Parameters"], "Architecture": None}


#: SAM CLI's own rule for the parameters of an update, in its own interpreter.
SENT_BY_SAM: Final = """
import json, sys
from samcli.commands.deploy.deploy_context import DeployContext
from samcli.yamlhelper import yaml_parse
given = json.load(sys.stdin)
print(json.dumps(DeployContext.merge_parameters(yaml_parse(given["template"]), given["overrides"])))
"""


def sent_by_sam(text: str, **overrides: str) -> dict[str, Any]:
    """What SAM CLI asks CloudFormation for at an update: each parameter's value, or None for the previous one."""
    ended = subprocess.run(  # noqa: S603 (the project's own tool)
        [str(SAM_TOOLS / "python"), "-c", SENT_BY_SAM],
        input=json.dumps({"template": text, "overrides": overrides}),
        capture_output=True,
        text=True,
        check=True,
    )
    return {each["ParameterKey"]: each.get("ParameterValue") for each in json.loads(ended.stdout)}


@pytest.mark.parametrize(
    ("overrides", "is_taken"), [({}, False), ({"Architecture": "x86_64"}, False), ({"Architecture": "arm64"}, True)]
)
def test_an_update_with_a_build_for_another_architecture_is_refused_before_it_begins(
    overrides: dict[str, str], *, is_taken: bool
) -> None:
    deployed = {"Architecture": "x86_64"}
    built = for_architecture(TEMPLATE.read_text(encoding="utf-8"), "arm64")

    asked = sent_by_sam(built, **overrides)["Architecture"] or deployed["Architecture"]

    # CloudFormation holds each value against the new template first of all.
    assert (asked in yaml_parse(built)["Parameters"]["Architecture"]["AllowedValues"]) == is_taken


def test_a_changed_default_never_reaches_a_stack_that_exists() -> None:
    sent = sent_by_sam(TEMPLATE.read_text(encoding="utf-8"))

    assert set(sent.values()) == {None}


@pytest.mark.parametrize("layer", ["RelayLayer", "DependenciesLayer"])
def test_a_layer_says_that_it_is_for_the_architecture_it_was_built_for(layer: str) -> None:
    found = template()["Resources"][layer]

    assert found["Properties"]["CompatibleArchitectures"] == [found["Metadata"]["BuildArchitecture"]]


@pytest.mark.parametrize("name", ["ArmBaseUrl", "ArmTokenUrl"])
def test_arm_is_called_by_https_alone_but_in_the_sandbox(name: str) -> None:
    deployed = template()["Parameters"][name]["AllowedPattern"]
    sandboxed = yaml_parse(with_local_arm(TEMPLATE.read_text(encoding="utf-8")))["Parameters"][name]["AllowedPattern"]

    given = ("https://arm.example.com/arm/v1", "http://arm.example.com/arm/v1")
    assert [bool(re.fullmatch(deployed, url)) for url in given] == [True, False]
    assert [bool(re.fullmatch(sandboxed, url)) for url in given] == [True, True]


def test_a_parameter_that_is_not_there_has_no_default_to_change() -> None:
    with pytest.raises(ValueError, match="no parameter Unknown"):
        with_default(TEMPLATE.read_text(encoding="utf-8"), "Unknown", "x")


@pytest.mark.parametrize(
    ("resource", "policy"),
    [
        ("Table", "Retain"),
        ("AnnouncedTable", "Retain"),
        ("Secret", "RetainExceptOnCreate"),
        ("Key", "RetainExceptOnCreate"),
    ],
)
def test_what_holds_data_outlives_the_stack(resource: str, policy: str) -> None:
    found = template()["Resources"][resource]

    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == (policy, "Retain")


@pytest.mark.parametrize("name", ["Table", "AnnouncedTable"])
def test_a_table_is_not_deleted_by_mistake(name: str) -> None:
    table = template()["Resources"][name]

    assert table["Properties"]["DeletionProtectionEnabled"] is True
    # CloudFormation could not delete it when it takes a failed first deployment back, and would stop there.
    assert table["DeletionPolicy"] == "Retain"
