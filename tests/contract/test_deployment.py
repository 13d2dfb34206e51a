"""How a new version takes over, as SAM hands it on to CloudFormation."""

from copy import deepcopy
from typing import Any, Final

import pytest
from samtranslator.yaml_helper import yaml_parse

from sandbox.cloud.build import name_release
from sandbox.cloud.template import with_default
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
        assert watched == ["WebhookErrorsAlarm", "OperatorsErrorsAlarm", "PollerErrorsAlarm", "FailuresAlarm"]
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
