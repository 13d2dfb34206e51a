"""What each role may do, in the template that CloudFormation gets: the exact actions on the exact resources."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.template import transformed

EVERYTHING: Final = {"Tracing": "true", "Encryption": "own-key"}
RESOURCES: Final[dict[str, dict[str, Any]]] = transformed(**EVERYTHING)["Resources"]
KEY: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def roles() -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::IAM::Role"}


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of a role, the conditional ones as well."""
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def allowed(role: str) -> set[tuple[str, str]]:
    """Each action with what it may be done to."""
    return {
        (action, json.dumps(statement["Resource"]))
        for statement in statements(roles()[role])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def of(resource: str, *actions: str) -> set[tuple[str, str]]:
    return {(action, resource) for action in actions}


def arn(resource: str, attribute: str = "Arn") -> str:
    return json.dumps({"Fn::GetAtt": [resource, attribute]})


#: What the webhook's breaker needs, for one item of the table alone.
OUTAGES = {*of(arn("Table"), "dynamodb:DeleteItem", "dynamodb:UpdateItem")}


#: What senders read is theirs: their clients' announcements, which operators find on the batches.
RESULTS: Final = {*of(arn("AnnouncedTable"), "dynamodb:Query")}


def test_the_webhook_function_may_do_what_it_does_and_no_more() -> None:
    assert allowed("WebhookRole") == {
        *of(arn("Table"), "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        *OUTAGES,
        *RESULTS,
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/orderId"}), "dynamodb:Query"),
        *of(arn("Secret", "Id"), "secretsmanager:GetSecretValue"),
        *of(arn("WebhookLogGroup"), "logs:CreateLogStream", "logs:PutLogEvents"),
        *of(arn("Key"), *KEY),
        *of('"*"', "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }


def test_the_operators_function_may_do_what_it_does_and_no_more() -> None:
    assert allowed("OperatorsRole") == {
        *of(arn("Table"), "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/due"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/held"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/orderId"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/day"}), "dynamodb:Query"),
        *of(arn("OperatorsLogGroup"), "logs:CreateLogStream", "logs:PutLogEvents"),
        *of(arn("Key"), *KEY),
        *of('"*"', "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }


def test_the_function_that_strangers_reach_may_do_less_in_the_table_than_the_operators_function() -> None:
    senders, operators = (
        {entry for entry in allowed(role) - OUTAGES - RESULTS if entry[0].startswith("dynamodb:")}
        for role in ("WebhookRole", "OperatorsRole")
    )

    assert senders < operators


def test_the_poller_may_do_what_it_does_and_no_more() -> None:
    assert allowed("PollerRole") == {
        *of(
            arn("Table"),
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PartiQLUpdate",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/due"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/day"}), "dynamodb:Query"),
        *of(json.dumps({"Ref": "Topic"}), "sns:Publish", "sns:ListSubscriptionsByTopic"),
        *of(arn("AnnouncedTable"), "dynamodb:BatchWriteItem", "dynamodb:GetItem"),
        *of(arn("Secret", "Id"), "secretsmanager:GetSecretValue"),
        *of(arn("PollerLogGroup"), "logs:CreateLogStream", "logs:PutLogEvents"),
        *of(arn("Key"), *KEY),
        *of('"*"', "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }


def test_the_schedule_may_start_the_poller_and_keep_what_it_could_not_start() -> None:
    assert allowed("SchedulerRole") == {
        *of(json.dumps({"Ref": "PollerFunctionAliaslive"}), "lambda:InvokeFunction"),
        *of(arn("PollerDeadLetterQueue"), "sqs:SendMessage"),
        *of(arn("Key"), "kms:Decrypt", "kms:GenerateDataKey"),
    }


@pytest.mark.parametrize("role", roles())
def test_no_role_has_a_wildcard(role: str) -> None:
    # X-Ray knows no resources.
    wide = [entry for entry in allowed(role) if "*" in "".join(entry) and not entry[0].startswith("xray:Put")]

    assert wide == []


def test_what_aws_manages_is_codedeploys_role_alone() -> None:
    managed = {name: role["ManagedPolicyArns"] for name, role in roles().items() if role.get("ManagedPolicyArns")}

    assert managed.keys() == {"CodeDeployServiceRole"}


def test_each_role_is_for_one_service() -> None:
    trusted = {
        name: [statement["Principal"]["Service"] for statement in role["AssumeRolePolicyDocument"]["Statement"]]
        for name, role in roles().items()
    }

    assert trusted == {
        "WebhookRole": ["lambda.amazonaws.com"],
        "OperatorsRole": ["lambda.amazonaws.com"],
        "PollerRole": ["lambda.amazonaws.com"],
        "SchedulerRole": ["scheduler.amazonaws.com"],
        "CodeDeployServiceRole": [["codedeploy.amazonaws.com"]],
    }


def test_each_api_may_call_the_live_version_of_its_own_function_and_nothing_else() -> None:
    granted = [each["Properties"] for each in RESOURCES.values() if each["Type"] == "AWS::Lambda::Permission"]

    assert {(_api_of(permission), permission["FunctionName"]["Ref"]) for permission in granted} == {
        ("Api", "WebhookFunctionAliaslive"),
        ("OperatorsApi", "OperatorsFunctionAliaslive"),
    }
    assert {permission["Principal"] for permission in granted} == {"apigateway.amazonaws.com"}


def test_every_route_may_be_called_and_no_other() -> None:
    granted = [each["Properties"] for each in RESOURCES.values() if each["Type"] == "AWS::Lambda::Permission"]

    called = {
        (_api_of(permission), permission["SourceArn"]["Fn::Sub"][0].rpartition("}/")[2]) for permission in granted
    }
    assert called == {
        # SAM leaves a greedy parameter as it stands; API Gateway names the route so, too.
        (api, f"{method.upper()}{re.sub(r'{[A-Za-z]+}', '*', path)}")
        for api in ("Api", "OperatorsApi")
        for path, operations in RESOURCES[api]["Properties"]["Body"]["paths"].items()
        for method in operations
    }


def _api_of(permission: dict[str, Any]) -> str:
    """The API in whose name API Gateway may call."""
    arn, variables = permission["SourceArn"]["Fn::Sub"]
    assert "${__ApiId__}" in arn
    return str(variables["__ApiId__"]["Ref"])


# With a key of one's own.


@pytest.mark.parametrize(
    ("resource", "property_"),
    [
        ("Topic", "KmsMasterKeyId"),
        ("AlarmTopic", "KmsMasterKeyId"),
        ("PollerDeadLetterQueue", "KmsMasterKeyId"),
        ("Secret", "KmsKeyId"),
        ("WebhookLogGroup", "KmsKeyId"),
        ("OperatorsLogGroup", "KmsKeyId"),
        ("PollerLogGroup", "KmsKeyId"),
        ("AccessLogGroup", "KmsKeyId"),
        ("WebhookFunction", "KmsKeyArn"),
        ("OperatorsFunction", "KmsKeyArn"),
        ("PollerFunction", "KmsKeyArn"),
    ],
)
def test_everything_that_keeps_something_can_be_encrypted_with_the_stacks_own_key(
    resource: str, property_: str
) -> None:
    condition, own, _ = RESOURCES[resource]["Properties"][property_]["Fn::If"]

    assert (condition, own) == ("HasOwnKey", {"Fn::GetAtt": ["Key", "Arn"]})


def test_the_table_can_be_encrypted_with_the_stacks_own_key() -> None:
    condition, own, other = RESOURCES["Table"]["Properties"]["SSESpecification"]["Fn::If"]

    assert (condition, own["KMSMasterKeyId"]) == ("HasOwnKey", {"Fn::GetAtt": ["Key", "Arn"]})
    assert other == {"SSEEnabled": True}
