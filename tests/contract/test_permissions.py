"""What each role may do, in the template that CloudFormation gets: the exact actions on the exact resources."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.cloudformation import resolved
from tests.support.template import transformed

EXISTING_KEY: Final = "arn:aws:kms:eu-north-1:123456789012:key/1"
EVERYTHING: Final = {
    "Tracing": "true",
    "Encryption": "own-key",
    "KeyArn": EXISTING_KEY,
    "SubnetIds": "subnet-1",
    "SecurityGroupIds": "sg-1",
}


def resources(**parameters: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = resolved(transformed(**parameters), **parameters)["Resources"]
    return found


RESOURCES: Final = resources(**EVERYTHING)
OWN_KEY: Final = resources(Encryption="own-key")
KEY: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
KEY_ARN: Final = json.dumps({"Ref": "KeyArn"})
#: X-Ray and the network interfaces of functions in a VPC know no resources that could be named here.
WITHOUT_RESOURCES: Final = (
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def roles(of: dict[str, dict[str, Any]] = RESOURCES) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in of.items() if each["Type"] == "AWS::IAM::Role"}


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def allowed(role: str) -> set[tuple[str, str]]:
    """Each action with what it may be done to."""
    return _about(role, "Allow")


def denied(role: str) -> set[tuple[str, str]]:
    return _about(role, "Deny")


def _about(role: str, effect: str) -> set[tuple[str, str]]:
    return {
        (action, json.dumps(statement["Resource"]))
        for statement in statements(roles()[role])
        if statement["Effect"] == effect
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
        *of(KEY_ARN, *KEY),
        *of('"*"', *WITHOUT_RESOURCES),
    }


def test_the_operators_function_may_do_what_it_does_and_no_more() -> None:
    assert allowed("OperatorsRole") == {
        *of(arn("Table"), "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/due"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/held"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/orderId"}), "dynamodb:Query"),
        *of(json.dumps({"Fn::Sub": "${Table.Arn}/index/day"}), "dynamodb:Query"),
        *of(arn("OperatorsLogGroup"), "logs:CreateLogStream", "logs:PutLogEvents"),
        *of(KEY_ARN, *KEY),
        *of('"*"', *WITHOUT_RESOURCES),
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
        *of(KEY_ARN, *KEY),
        *of('"*"', *WITHOUT_RESOURCES),
    }


@pytest.mark.parametrize("role", ["WebhookRole", "OperatorsRole", "PollerRole"])
def test_lambda_puts_a_function_into_a_vpc_and_its_code_may_not(role: str) -> None:
    interfaces = {entry for entry in allowed(role) if entry[0].startswith("ec2:")}
    conditions = [each["Condition"] for each in statements(roles()[role]) if each["Effect"] == "Deny"]

    assert interfaces
    assert denied(role) == interfaces
    assert conditions == [
        {
            "ArnLike": {
                "lambda:SourceFunctionArn": {"Fn::Sub": "arn:${AWS::Partition}:lambda:*:*:function:*"},
            },
        },
    ]


def test_the_schedule_may_start_the_poller_and_keep_what_it_could_not_start() -> None:
    assert allowed("SchedulerRole") == {
        *of(json.dumps({"Ref": "PollerFunctionAliaslive"}), "lambda:InvokeFunction"),
        *of(arn("PollerDeadLetterQueue"), "sqs:SendMessage"),
        *of(KEY_ARN, "kms:Decrypt", "kms:GenerateDataKey"),
    }


@pytest.mark.parametrize("role", roles())
def test_no_role_has_a_wildcard(role: str) -> None:
    wide = [entry for entry in allowed(role) if "*" in "".join(entry) and entry[0] not in WITHOUT_RESOURCES]

    assert wide == []


def test_what_aws_manages_is_codedeploys_role_alone() -> None:
    managed = {name: role["ManagedPolicyArns"] for name, role in roles().items() if role.get("ManagedPolicyArns")}

    assert managed.keys() == {"CodeDeployRole"}


def test_every_role_has_the_path_and_the_boundary_that_a_company_asks_for() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    bounded = roles(resources(PermissionsBoundary=boundary, RolePath="/relay/"))

    assert {name: (role["Path"], role["PermissionsBoundary"]) for name, role in bounded.items()} == {
        name: ({"Ref": "RolePath"}, {"Ref": "PermissionsBoundary"}) for name in roles()
    }
    assert [name for name, role in roles().items() if "PermissionsBoundary" in role] == []


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
        "CodeDeployRole": ["codedeploy.amazonaws.com"],
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

ENCRYPTED: Final = [
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
]


@pytest.mark.parametrize(("resource", "property_"), ENCRYPTED)
def test_everything_that_keeps_something_can_be_encrypted_with_one_key(resource: str, property_: str) -> None:
    assert OWN_KEY[resource]["Properties"][property_] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert RESOURCES[resource]["Properties"][property_] == {"Ref": "KeyArn"}


@pytest.mark.parametrize("table", ["Table", "AnnouncedTable"])
def test_a_table_can_be_encrypted_with_one_key(table: str) -> None:
    used = [made[table]["Properties"]["SSESpecification"] for made in (OWN_KEY, RESOURCES, resources())]

    assert [each.get("KMSMasterKeyId") for each in used] == [{"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "KeyArn"}, None]
    assert [each["SSEEnabled"] for each in used] == [True, True, True]


def test_a_key_is_made_only_where_none_is_given() -> None:
    assert "Key" in OWN_KEY
    assert "Key" not in RESOURCES
    assert "Key" not in resources()


def test_the_functions_may_use_the_stacks_key_as_long_as_it_lives() -> None:
    # The stack forgets the key when Encryption returns to aws-managed, and DynamoDB goes on needing it for a while. So
    # the right must be in what is retained.
    (right,) = [
        statement
        for statement in OWN_KEY["Key"]["Properties"]["KeyPolicy"]["Statement"]
        if statement["Sid"] == "LetTheFunctionsUseIt"
    ]

    assert OWN_KEY["Key"]["UpdateReplacePolicy"] == "Retain"
    assert set(KEY) == set(right["Action"])
    assert {
        arn["Fn::Sub"].rpartition("${AWS::StackName}-")[2] for arn in right["Condition"]["ArnLike"]["aws:PrincipalArn"]
    } == {
        "WebhookRole-*",
        "OperatorsRole-*",
        "PollerRole-*",
        "SchedulerRole-*",
    }
    assert right["Condition"]["StringEquals"] == {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}


@pytest.mark.parametrize("role", ["WebhookRole", "OperatorsRole", "PollerRole", "SchedulerRole"])
def test_the_right_to_an_existing_key_stays_while_its_arn_is_given(role: str) -> None:
    left = roles(resources(Encryption="aws-managed", KeyArn=EXISTING_KEY))[role]

    assert [each["Resource"] for each in statements(left) if each["Sid"] == "UseKey"] == [{"Ref": "KeyArn"}]


def test_the_secret_returns_to_awss_key_by_name() -> None:
    # A key that is no longer named would stay, and with it the need for the right to use it.
    assert resources()["Secret"]["Properties"]["KmsKeyId"] == "alias/aws/secretsmanager"
    assert resources()["Topic"]["Properties"]["KmsMasterKeyId"] == "alias/aws/sns"
