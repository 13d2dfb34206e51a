"""What deploy/policies lets each person do, and above all what it does not."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.cloudformation import resolved
from tests.support.doc_examples import DOCS, example
from tests.support.iam import POLICIES, Statement, allows, filled, listed, reaches
from tests.support.template import template, transformed
from tools.environment_file import STACK_NAME

ACCOUNT: Final = "123456789012"
STACK: Final = "arm-relay-staging"
#: A stack of others, whose name begins alike.
NEIGHBOUR: Final = f"{STACK}-two"
REGION: Final = "eu-north-1"
BOUNDARY: Final = f"arn:aws:iam::{ACCOUNT}:policy/{STACK}-boundary"
CODEDEPLOY: Final = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
WORDS: Final = {
    "STACK": STACK,
    "REGION": REGION,
    "BOUNDARY_ARN": BOUNDARY,
    "OPERATORS_API_ID": "abc123",
    "SECRET_ARN": f"arn:aws:secretsmanager:eu-north-1:{ACCOUNT}:secret:Secret-abc-XYZ",
    "DOMAIN_NAME": "orders.example.com",
    "CERTIFICATE_ARN": f"arn:aws:acm:eu-north-1:{ACCOUNT}:certificate/1",
    "TRUSTSTORE_OBJECT": "truststore/senders.pem",
    "LOG_DESTINATION_ARN": f"arn:aws:logs:eu-north-1:{ACCOUNT}:destination:central",
    "LOG_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/logs-to-firehose",
    "ALARM_TOPIC_ARN": f"arn:aws:sns:eu-north-1:{ACCOUNT}:alarms",
    "KEY_ARN": f"arn:aws:kms:eu-north-1:{ACCOUNT}:key/existing",
    "OWNERSHIP_ARN": f"arn:aws:acm:eu-north-1:{ACCOUNT}:certificate/2",
    "CODE_OBJECTS": "code-of-ours/arm-relay/*",
    "SERVICE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/cloudformation",
}
ALL: Final = sorted(path.stem for path in POLICIES.glob("*.json"))
DEPLOYER: Final = filled(["deployer", "deployer-resources"], **WORDS)
EVERY_WISH: Final = filled([name for name in ALL if name.startswith("deployer")], **WORDS)

TAG: Final = "aws:ResourceTag/aws:cloudformation:stack-name"
VIA: Final = {"aws:CalledVia": "cloudformation.amazonaws.com"}
OWN: Final = VIA | {TAG: STACK}
OTHERS: Final = VIA | {TAG: "shop"}
BOUND: Final = {"iam:PermissionsBoundary": BOUNDARY}


def arn(service: str, resource: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def role(name: str) -> str:
    return arn("iam", f"role/{name}", region="")


def api(path: str) -> str:
    return f"arn:aws:apigateway:eu-north-1::{path}"


WEBHOOK_ROLE: Final = role(f"{STACK}-WebhookRole-1")
CODEDEPLOY_ROLE: Final = role(f"{STACK}-CodeDeployRole-1")
SECRET: Final = arn("secretsmanager", "secret:Secret-abc-XYZ")
FUNCTION: Final = arn("lambda", f"function:{STACK}-WebhookFunction-1")

#: What CloudFormation calls to make, change and remove a resource of each type: actions, the resource, the request.
#: By AWS's documentation of each type's handlers.
NEEDED: Final[dict[str, list[tuple[str, str, dict[str, str]]]]] = {
    "AWS::ApiGatewayV2::Api": [
        ("apigateway:POST apigateway:PUT", api("/apis"), VIA),
        ("apigateway:GET apigateway:PATCH apigateway:PUT apigateway:DELETE", api("/apis/abc123"), OWN),
    ],
    "AWS::ApiGatewayV2::Stage": [
        ("apigateway:POST apigateway:PATCH apigateway:DELETE", api("/apis/abc123/stages"), VIA),
        ("apigateway:PATCH apigateway:DELETE", api("/apis/abc123/stages/$default"), VIA),
        ("logs:CreateLogDelivery logs:PutResourcePolicy logs:DescribeResourcePolicies", "*", VIA),
    ],
    "AWS::CloudWatch::Alarm": [
        ("cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms", arn("cloudwatch", f"alarm:{STACK}-Failures"), {}),
        ("cloudwatch:DescribeAlarms", "*", {}),
    ],
    "AWS::CloudWatch::Dashboard": [
        (
            "cloudwatch:PutDashboard cloudwatch:GetDashboard cloudwatch:DeleteDashboards",
            arn("cloudwatch", f"dashboard/{STACK}-eu-north-1", region=""),
            {},
        ),
    ],
    "AWS::CodeDeploy::Application": [
        (
            (
                "codedeploy:CreateApplication codedeploy:GetApplication codedeploy:DeleteApplication "
                "codedeploy:TagResource codedeploy:UntagResource codedeploy:ListTagsForResource"
            ),
            arn("codedeploy", f"application:{STACK}-ServerlessDeploymentApplication-1"),
            {},
        ),
    ],
    "AWS::CodeDeploy::DeploymentGroup": [
        (
            (
                "codedeploy:CreateDeploymentGroup codedeploy:UpdateDeploymentGroup codedeploy:DeleteDeploymentGroup "
                "codedeploy:CreateDeployment codedeploy:GetDeployment codedeploy:StopDeployment "
                "codedeploy:TagResource codedeploy:UntagResource codedeploy:ListTagsForResource"
            ),
            arn("codedeploy", f"deploymentgroup:{STACK}-ServerlessDeploymentApplication-1/group"),
            {},
        ),
        ("iam:PassRole", CODEDEPLOY_ROLE, {"iam:PassedToService": "codedeploy.amazonaws.com"}),
    ],
    "AWS::DynamoDB::Table": [
        (
            (
                "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTable dynamodb:UpdateTimeToLive "
                "dynamodb:UpdateContinuousBackups dynamodb:DescribeContinuousBackups dynamodb:DescribeTimeToLive "
                "dynamodb:GetResourcePolicy"
            ),
            arn("dynamodb", f"table/{STACK}-Table-1"),
            {},
        ),
        ("dynamodb:CreateTable", arn("dynamodb", f"table/{STACK}-AnnouncedTable-1"), {}),
    ],
    "AWS::IAM::Role": [
        ("iam:CreateRole iam:PutRolePolicy iam:DeleteRolePolicy", WEBHOOK_ROLE, BOUND),
        ("iam:GetRole iam:GetRolePolicy iam:DeleteRole iam:TagRole", WEBHOOK_ROLE, {}),
        ("iam:AttachRolePolicy iam:DetachRolePolicy", CODEDEPLOY_ROLE, BOUND | {"iam:PolicyARN": CODEDEPLOY}),
    ],
    "AWS::Lambda::Alias": [("lambda:CreateAlias lambda:UpdateAlias lambda:DeleteAlias", FUNCTION, {})],
    "AWS::Lambda::EventInvokeConfig": [
        (
            "lambda:PutFunctionEventInvokeConfig lambda:DeleteFunctionEventInvokeConfig",
            arn("lambda", f"function:{STACK}-PollerFunction-1:live"),
            {},
        ),
    ],
    "AWS::Lambda::Function": [
        (
            (
                "lambda:CreateFunction lambda:GetFunction lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration "
                "lambda:DeleteFunction lambda:PutFunctionConcurrency"
            ),
            FUNCTION,
            {},
        ),
        ("iam:PassRole", WEBHOOK_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("s3:GetObject", "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1/arm-relay/1", {}),
    ],
    "AWS::Lambda::LayerVersion": [
        ("lambda:PublishLayerVersion", arn("lambda", f"layer:{STACK}-RelayLayer"), {}),
        (
            "lambda:GetLayerVersion lambda:DeleteLayerVersion",
            arn("lambda", f"layer:{STACK}-DependenciesLayer:3"),
            {},
        ),
    ],
    "AWS::Lambda::Permission": [("lambda:AddPermission lambda:RemovePermission", FUNCTION, {})],
    "AWS::Lambda::Version": [("lambda:PublishVersion lambda:ListVersionsByFunction", FUNCTION, {})],
    "AWS::Logs::LogGroup": [
        (
            "logs:CreateLogGroup logs:PutRetentionPolicy logs:DeleteLogGroup logs:GetDataProtectionPolicy",
            arn("logs", f"log-group:{STACK}-AccessLogGroup-1"),
            {},
        ),
        ("logs:DescribeLogGroups", "*", {}),
    ],
    "AWS::Logs::QueryDefinition": [("logs:PutQueryDefinition logs:DeleteQueryDefinition", "*", VIA)],
    "AWS::SNS::Subscription": [
        ("sns:Subscribe sns:Unsubscribe", arn("sns", f"{STACK}-Topic-1"), {}),
        ("sns:Subscribe", arn("sns", f"{STACK}-AlarmTopic-1"), {}),
    ],
    "AWS::SNS::Topic": [
        ("sns:CreateTopic sns:SetTopicAttributes sns:DeleteTopic", arn("sns", f"{STACK}-Topic-1"), {}),
    ],
    "AWS::SNS::TopicPolicy": [("sns:SetTopicAttributes", arn("sns", f"{STACK}-Topic-1"), {})],
    "AWS::SQS::Queue": [
        (
            "sqs:CreateQueue sqs:SetQueueAttributes sqs:GetQueueAttributes sqs:DeleteQueue",
            arn("sqs", f"{STACK}-PollerDeadLetterQueue-1"),
            {},
        ),
    ],
    "AWS::Scheduler::Schedule": [
        (
            "scheduler:CreateSchedule scheduler:UpdateSchedule scheduler:GetSchedule scheduler:DeleteSchedule",
            arn("scheduler", f"schedule/default/{STACK}-PollerFunctionEveryMinute-1"),
            {},
        ),
        ("iam:PassRole", role(f"{STACK}-SchedulerRole-1"), {"iam:PassedToService": "scheduler.amazonaws.com"}),
    ],
    "AWS::SecretsManager::Secret": [
        ("secretsmanager:CreateSecret secretsmanager:TagResource", SECRET, VIA),
        ("secretsmanager:DescribeSecret secretsmanager:UpdateSecret secretsmanager:DeleteSecret", SECRET, OWN),
        ("secretsmanager:GetRandomPassword", "*", VIA),
    ],
}

#: What the default stack does not have; each has a policy of its own.
WISHED: Final[dict[str, list[tuple[str, str, dict[str, str]]]]] = {
    "AWS::ApiGatewayV2::ApiMapping": [
        ("apigateway:POST apigateway:GET", api("/domainnames/orders.example.com/apimappings"), VIA),
    ],
    "AWS::ApiGatewayV2::DomainName": [
        ("apigateway:POST", api("/domainnames"), VIA),
        ("apigateway:GET apigateway:PATCH apigateway:DELETE", api("/domainnames/orders.example.com"), VIA),
        ("acm:DescribeCertificate", WORDS["CERTIFICATE_ARN"], {}),
        ("acm:DescribeCertificate", WORDS["OWNERSHIP_ARN"], {}),
        (
            "iam:CreateServiceLinkedRole",
            role("aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"),
            {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"},
        ),
        ("s3:GetObject s3:GetObjectVersion", "arn:aws:s3:::truststore/senders.pem", {}),
    ],
    "AWS::KMS::Key": [
        ("kms:CreateKey kms:TagResource", "*", VIA),
        (
            "kms:DescribeKey kms:PutKeyPolicy kms:EnableKeyRotation kms:ScheduleKeyDeletion kms:GenerateDataKey",
            arn("kms", "key/own"),
            OWN,
        ),
        ("kms:DescribeKey kms:CreateGrant kms:GenerateDataKey", WORDS["KEY_ARN"], VIA),
    ],
    "AWS::Logs::SubscriptionFilter": [
        (
            "logs:PutSubscriptionFilter logs:DeleteSubscriptionFilter",
            arn("logs", f"log-group:{STACK}-WebhookLogGroup-1"),
            {},
        ),
        ("logs:PutSubscriptionFilter", WORDS["LOG_DESTINATION_ARN"], {}),
        ("iam:PassRole", WORDS["LOG_ROLE_ARN"], {"iam:PassedToService": "logs.amazonaws.com"}),
    ],
    "the alarm topic of AlarmTopicArn": [("sns:Subscribe sns:Unsubscribe", WORDS["ALARM_TOPIC_ARN"], {})],
    "a bucket of one's own": [("s3:PutObject s3:GetObject", "arn:aws:s3:::code-of-ours/arm-relay/1.template", {})],
    "a service role": [
        ("iam:PassRole", WORDS["SERVICE_ROLE_ARN"], {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ],
    "a pipeline that asks for health": [
        ("execute-api:Invoke", arn("execute-api", "abc123/$default/GET/v1/health"), {}),
    ],
    "SubnetIds": [("ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeVpcs", "*", VIA)],
}


def refused(statements: list[Statement], cases: list[tuple[str, str, dict[str, str]]]) -> list[str]:
    return [
        f"{action} {resource}"
        for actions, resource, context in cases
        for action in actions.split()
        if not allows(statements, action, resource, **context)
    ]


def types(**parameters: str) -> set[str]:
    return {each["Type"] for each in resolved(transformed(**parameters), **parameters)["Resources"].values()}


@pytest.mark.parametrize("kind", NEEDED)
def test_a_deployer_may_make_change_and_remove_what_the_stack_has(kind: str) -> None:
    assert refused(DEPLOYER, NEEDED[kind]) == []


@pytest.mark.parametrize("kind", WISHED)
def test_a_deployer_with_the_policy_of_a_wish_may_do_that_too(kind: str) -> None:
    assert refused(EVERY_WISH, WISHED[kind]) == []


def test_every_type_of_resource_that_the_stack_may_have_is_thought_of() -> None:
    assert types() | types(AlarmEmail="a@example.com") == NEEDED.keys()
    assert {each["Type"] for each in transformed()["Resources"].values()} <= NEEDED.keys() | WISHED.keys()


def test_a_deployer_may_take_a_tag_off_the_stack() -> None:
    stack = arn("cloudformation", f"stack/{STACK}/1")

    assert refused(DEPLOYER, [("cloudformation:TagResource cloudformation:UntagResource", stack, {})]) == []


def test_a_deployer_can_rescue_a_stack_that_is_stuck() -> None:
    stack = arn("cloudformation", f"stack/{STACK}/1")

    assert (
        refused(DEPLOYER, [("cloudformation:ContinueUpdateRollback cloudformation:CancelUpdateStack", stack, {})]) == []
    )


ADMINISTRATOR: Final = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
ESCALATIONS: Final[list[tuple[str, str, dict[str, str]]]] = [
    # Roles with more rights than the boundary has.
    ("iam:CreateRole iam:PutRolePolicy iam:DeleteRolePolicy", WEBHOOK_ROLE, {}),
    (
        "iam:CreateRole iam:PutRolePermissionsBoundary",
        WEBHOOK_ROLE,
        {"iam:PermissionsBoundary": ADMINISTRATOR["iam:PolicyARN"]},
    ),
    ("iam:DeleteRolePermissionsBoundary iam:UpdateAssumeRolePolicy iam:UpdateRole", WEBHOOK_ROLE, BOUND),
    ("iam:AttachRolePolicy", WEBHOOK_ROLE, BOUND | ADMINISTRATOR),
    ("iam:AttachRolePolicy", CODEDEPLOY_ROLE, BOUND | ADMINISTRATOR),
    ("iam:AttachRolePolicy", CODEDEPLOY_ROLE, {"iam:PolicyARN": CODEDEPLOY}),
    ("iam:CreatePolicyVersion iam:SetDefaultPolicyVersion iam:DeletePolicy", BOUNDARY, {}),
    ("iam:CreateUser iam:CreateAccessKey iam:PutUserPolicy", arn("iam", "user/me", region=""), {}),
    # Roles of others, and other services.
    ("iam:CreateRole iam:PutRolePolicy", role("arm-relay-evil"), BOUND),
    ("iam:PutRolePolicy", role("arm-relay-production-WebhookRole-1"), BOUND),
    ("iam:PutRolePolicy", role(f"finance/{STACK}-WebhookRole-1"), BOUND),
    ("iam:PassRole", role("administrator"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PassRole", WEBHOOK_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", WEBHOOK_ROLE, {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("iam:PassRole", WORDS["SERVICE_ROLE_ARN"], {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PutRolePolicy iam:DeleteRole iam:TagRole", WORDS["SERVICE_ROLE_ARN"], BOUND),
    ("sts:AssumeRole", WEBHOOK_ROLE, {}),
    # What belongs to other stacks.
    (
        "cloudformation:CreateChangeSet cloudformation:DeleteStack",
        arn("cloudformation", "stack/arm-relay-production/1"),
        {},
    ),
    ("lambda:UpdateFunctionCode", arn("lambda", "function:arm-relay-production-WebhookFunction-1"), {}),
    ("lambda:DeleteLayerVersion", arn("lambda", "layer:DependenciesLayer:3"), {}),
    ("lambda:DeleteLayerVersion", arn("lambda", "layer:arm-relay-production-RelayLayer:3"), {}),
    ("apigateway:DELETE apigateway:PATCH", api("/apis/shop"), OTHERS),
    ("apigateway:DELETE", api("/apis/shop"), {}),
    ("apigateway:DELETE", api("/domainnames/shop.example.com"), VIA),
    ("secretsmanager:UpdateSecret secretsmanager:DeleteSecret", SECRET, OTHERS),
    ("secretsmanager:UpdateSecret", SECRET, {}),
    ("kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:Decrypt", arn("kms", "key/shop"), OTHERS),
    ("kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:Decrypt", arn("kms", "key/shop"), VIA),
    ("logs:PutResourcePolicy logs:DeleteQueryDefinition", "*", {}),
    ("s3:PutBucketPolicy s3:GetObject", "arn:aws:s3:::truststore/other", {}),
    ("s3:PutObject s3:GetObject", "arn:aws:s3:::code-of-ours/shop/1.template", {}),
    ("execute-api:Invoke", arn("execute-api", "abc123/$default/GET/v1/batches"), {}),
    # What is stored.
    ("secretsmanager:GetSecretValue secretsmanager:PutSecretValue", SECRET, OWN),
    (
        "dynamodb:GetItem dynamodb:Scan dynamodb:Query dynamodb:DeleteTable",
        arn("dynamodb", f"table/{STACK}-Table-1"),
        {},
    ),
    ("logs:GetLogEvents logs:FilterLogEvents", arn("logs", f"log-group:{STACK}-WebhookLogGroup-1"), {}),
]


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [(action, resource, context) for actions, resource, context in ESCALATIONS for action in actions.split()],
)
def test_a_deployer_is_no_administrator(action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(EVERY_WISH, action, resource, **context)


def granted(name: str) -> set[str]:
    (policy,) = template()["Resources"][name]["Properties"].get("Policies", [{"PolicyDocument": {"Statement": []}}])
    statements: list[Any] = [
        each["Fn::If"][1] if "Fn::If" in each else each for each in policy["PolicyDocument"]["Statement"]
    ]
    return {action for each in statements if each["Effect"] == "Allow" for action in listed(each["Action"])}


def test_the_boundary_lets_the_roles_do_what_they_need_and_no_more() -> None:
    allowed = {action for each in filled(["boundary"], **WORDS) for action in listed(each["Action"])}
    roles = ("WebhookRole", "OperatorsRole", "PollerRole", "SchedulerRole")

    # CodeDeploy moves aliases and looks at alarms.
    assert allowed - {
        "cloudwatch:DescribeAlarms",
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:UpdateAlias",
    } == set().union(*map(granted, roles))


NETWORK: Final = [action for each in filled(["boundary"], **WORDS) if each["Sid"] == "Vpc" for action in each["Action"]]


@pytest.mark.parametrize("action", NETWORK)
def test_within_the_boundary_lambda_puts_a_function_into_a_vpc_and_its_code_may_not(action: str) -> None:
    boundary = filled(["boundary"], **WORDS)

    assert allows(boundary, action, "*")
    assert not allows(boundary, action, "*", **{"lambda:SourceFunctionArn": FUNCTION})
    assert allows(
        boundary,
        "dynamodb:GetItem",
        arn("dynamodb", f"table/{STACK}-Table-1"),
        **{"lambda:SourceFunctionArn": FUNCTION},
    )


#: What follows a service's name in an ARN, for what CloudFormation names: the stack's name, the logical id and letters.
NAMED: Final = {
    "AWS::CodeDeploy::Application": ("codedeploy", "application:"),
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::IAM::Role": ("iam", "role/"),
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::Scheduler::Schedule": ("scheduler", "schedule/default/"),
}
#: What the template names itself, with the property that does.
NAMED_BY_US: Final = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:", "AlarmName"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "dashboard/", "DashboardName"),
    "AWS::Lambda::LayerVersion": ("lambda", "layer:", "LayerName"),
}


def resources_of(stack: str) -> Iterator[str]:
    """The ARN of everything of a stack that has a name of its own."""
    yield arn("cloudformation", f"stack/{stack}/1")
    for logical_id, each in transformed()["Resources"].items():
        if each["Type"] in NAMED:
            service, before = NAMED[each["Type"]]
            yield arn(service, f"{before}{stack}-{logical_id}-1", region="" if service == "iam" else REGION)
        elif each["Type"] in NAMED_BY_US:
            service, before, property_ = NAMED_BY_US[each["Type"]]
            name = each["Properties"][property_]["Fn::Sub"]
            name = name.replace("${AWS::StackName}", stack).replace("${AWS::Region}", REGION)
            yield arn(service, before + name, region="" if before == "dashboard/" else REGION)


def test_the_policies_of_a_deployer_are_about_everything_that_has_a_name() -> None:
    assert [each for each in resources_of(STACK) if not any(reaches(about, each) for about in DEPLOYER)] == []


@pytest.mark.parametrize("name", ALL)
def test_no_policy_reaches_a_stack_whose_name_begins_alike(name: str) -> None:
    # A statement about everything has conditions, which other tests hold, or only looks.
    narrow = [each for each in filled([name], **WORDS) if each["Resource"] != "*"]

    assert [(about["Sid"], each) for about in narrow for each in resources_of(NEIGHBOUR) if reaches(about, each)] == []


def test_a_deployer_can_make_a_role_again_for_whomever_it_trusts_as_the_page_says() -> None:
    # IAM knows no condition on a trust policy, so the boundary is all that holds such a role.
    assert refused(DEPLOYER, [("iam:DeleteRole iam:CreateRole", WEBHOOK_ROLE, BOUND)]) == []
    assert "IAM has no condition on whom a new role trusts" in (DOCS / "deploying.md").read_text()


def test_within_the_boundary_a_function_reaches_nothing_of_others() -> None:
    reached: list[tuple[str, str, dict[str, str]]] = [
        ("secretsmanager:GetSecretValue", SECRET, {TAG: "shop"}),
        ("dynamodb:GetItem", arn("dynamodb", "table/arm-relay-production-Table-1"), {}),
        ("kms:Decrypt", arn("kms", "key/shop"), {"kms:ViaService": "s3.eu-north-1.amazonaws.com"}),
        ("iam:CreateUser", "*", {}),
    ]
    boundary = filled(["boundary"], **WORDS)

    assert [each for each in reached if allows(boundary, each[0], each[1], **each[2])] == []


FIRST_STEPS: Final[list[tuple[str, str, dict[str, str]]]] = [
    ("cloudformation:DescribeStacks", arn("cloudformation", f"stack/{STACK}/1"), {}),
    ("secretsmanager:PutSecretValue", SECRET, {}),
    (
        "sqs:CreateQueue sqs:GetQueueAttributes sqs:SetQueueAttributes sqs:ReceiveMessage",
        arn("sqs", "first-results"),
        {},
    ),
    ("sns:Subscribe", arn("sns", f"{STACK}-Topic-1"), {}),
]
KEEPER: Final[list[tuple[str, str, dict[str, str]]]] = [
    ("cloudformation:DescribeStacks", arn("cloudformation", f"stack/{STACK}/1"), {}),
    ("secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:DescribeSecret", SECRET, {}),
]


@pytest.mark.parametrize(("name", "cases"), [("first-steps", FIRST_STEPS), ("keeper", KEEPER)])
def test_the_steps_of_the_page_have_a_policy(name: str, cases: list[tuple[str, str, dict[str, str]]]) -> None:
    statements = filled([name], **WORDS)

    assert refused(statements, cases) == []
    assert not allows(statements, "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:Secret-shop-1"))


def longest_stack_name() -> int:
    """How long a stack's name may be before CloudFormation has to shorten it in a name of at most 64 characters.

    Policies could not tell such a name from that of another stack.
    """
    short = {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Scheduler::Schedule"}
    logical_id = max((name for name, each in transformed()["Resources"].items() if each["Type"] in short), key=len)
    return 64 - len(f"-{logical_id}-") - 13


def test_the_longest_name_of_a_stack_leaves_room_for_the_names_of_its_resources() -> None:
    longest = longest_stack_name()

    assert STACK_NAME.fullmatch("s" * longest)
    assert not STACK_NAME.fullmatch("s" * (longest + 1))


@pytest.mark.parametrize("name", ALL)
def test_a_policy_is_one_that_iam_can_keep(name: str) -> None:
    longest = "s" * longest_stack_name()
    words = WORDS | {"STACK": longest, "BOUNDARY_ARN": BOUNDARY + "b" * 40, "REGION": "ap-southeast-1"}
    statements = filled([name], **words)
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))

    # A managed policy has at most 6,144 characters without white space.
    assert len(text) <= 6144
    sids = [statement["Sid"] for statement in statements]
    assert len(sids) == len(set(sids))
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"boundary", "keeper"}])
def test_only_a_keeper_may_read_the_secret_and_nobody_what_the_tables_hold(name: str) -> None:
    forbidden = ("secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query")
    everything = [{**each, "Resource": "*"} for each in filled([name], **WORDS)]

    assert [each for each in forbidden if allows(everything, each, "*", **OWN, **BOUND)] == []


#: Stands for the AWS CLI: it answers as a stack would, and keeps each policy under the name that it gets.
AWS_CLI: Final = """#!/bin/sh
case "$*" in
  *get-caller-identity*) echo 123456789012 ;;
  *create-policy*) cp "${6#file://}" "made/$4.json" ;;
  *) echo "nobody expected $*" >&2; exit 1 ;;
esac
"""
OUTPUT: Final = """output() { case "$1" in
  OperatorsApiId) echo abc123 ;;
  SecretArn) echo "$SECRET" ;;
  *) echo "nobody expected $1" >&2; exit 1 ;;
esac; }
"""


def made_by_the_page(folder: Path, *scripts: str) -> dict[str, str]:
    """The policies that commands of the page make, by their names."""
    (folder / "made").mkdir()
    (folder / "deploy").mkdir()
    (folder / "deploy" / "policies").symlink_to(POLICIES)
    (folder / "aws").write_text(AWS_CLI)
    (folder / "aws").chmod(0o700)
    subprocess.run(  # noqa: S603 (the page's own commands)
        ["bash", "-c", "\n".join(["set -euo pipefail", OUTPUT, *scripts])],  # noqa: S607 (bash)
        cwd=folder,
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "SECRET": SECRET},
        check=True,
    )
    return {path.stem: path.read_text() for path in (folder / "made").iterdir()}


def commands(holding: str) -> str:
    return example("deploying.md", "sh", holding)


def test_the_commands_of_the_page_make_every_policy_and_leave_no_word(tmp_path: Path) -> None:
    made = made_by_the_page(
        tmp_path,
        commands("policy() {"),
        commands("policy deployer-vpc"),
        commands("policy keeper"),
    )

    assert made.keys() == {f"{STACK}-{name}" for name in ALL}
    left = {name: re.findall(r"\b[A-Z]+_[A-Z_]+\b|STACK|\bREGION\b", text) for name, text in made.items()}
    assert [name for name, words in left.items() if words] == []
    assert made[f"{STACK}-deployer"].count(f'"iam:PermissionsBoundary": "{BOUNDARY}"') == 2
    for name, text in made.items():
        kept = json.loads((POLICIES / f"{name.removeprefix(f'{STACK}-')}.json").read_text())
        assert [each["Sid"] for each in json.loads(text)["Statement"]] == [each["Sid"] for each in kept["Statement"]]


def test_the_command_of_the_page_for_a_path_of_roles_moves_every_role_of_the_stack(tmp_path: Path) -> None:
    helper, _, _ = commands("policy() {").partition("policy boundary")
    made = made_by_the_page(tmp_path, helper, commands("=:role/"))

    (deployer,) = made.values()
    roles = [
        about for each in json.loads(deployer)["Statement"] for about in listed(each["Resource"]) if ":role/" in about
    ]
    assert roles
    assert [about for about in roles if f":role/arm-relay/{STACK}-" not in about] == []
