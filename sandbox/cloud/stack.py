"""The deployed stack: `sam deploy` into MiniStack, its outputs, and what a deployer fills in afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloud.aws import REGION, Aws
from sandbox.cloud.build import SANDBOX_TEMPLATE
from sandbox.cloud.credentials import Credentials
from sandbox.cloud.sam import sam
from sandbox.errors import SandboxError

STACK_NAME = "arm-relay"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The outputs of the template that the sandbox needs."""

    #: Of the senders' API.
    api_id: str
    operators_api_id: str
    table_name: str
    topic_arn: str
    secret_arn: str
    webhook_log_group: str
    #: The live alias.
    poller_function: str


def deploy(aws: Aws, build: Path, parameters: Mapping[str, str], scratch: Path) -> Stack:
    """Deploy the built template as into any account.

    Raises:
        SandboxError: CloudFormation, or SAM before it, refused; with what was printed.
    """
    # In a file, values need no quoting; JSON is YAML.
    overrides = scratch / "parameters.yaml"
    overrides.write_text(json.dumps(dict(parameters)))
    sam(
        "deploy",
        *("--template-file", build / SANDBOX_TEMPLATE),
        *("--stack-name", STACK_NAME),
        *("--region", REGION),
        *("--capabilities", "CAPABILITY_IAM"),
        *("--parameter-overrides", f"file://{overrides}"),
        "--resolve-s3",
        "--no-confirm-changeset",
        "--no-progressbar",
        # The seconds between two checks whether the stack is complete.
        environment=aws.environment | {"SAM_CLI_POLL_DELAY": "0.2"},
    )
    return _outputs(aws)


def _outputs(aws: Aws) -> Stack:
    (stack,) = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    try:
        return Stack(
            api_id=outputs["ApiId"],
            operators_api_id=outputs["OperatorsApiId"],
            table_name=outputs["TableName"],
            topic_arn=outputs["TopicArn"],
            secret_arn=outputs["SecretArn"],
            webhook_log_group=outputs["WebhookLogGroupName"],
            poller_function=outputs["PollerFunctionArn"],
        )
    except KeyError as missing:
        raise SandboxError(f"template.yaml has no output {missing}") from None


def fill_in_secret(aws: Aws, stack: Stack, credentials: Credentials) -> None:
    """Give the stack ARM's credentials and the sample client's signing secret."""
    aws.secrets.put_secret_value(SecretId=stack.secret_arn, SecretString=credentials.to_json())


def subscribe_queue(aws: Aws, topic_arn: str) -> str:
    """A queue that gets every notification as it is published; its URL."""
    queue_url = aws.sqs.create_queue(QueueName="arm-relay-results")["QueueUrl"]
    attributes = aws.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    queue_arn = attributes["QueueArn"]
    aws.sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": _may_send(topic_arn, queue_arn)})
    aws.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    return queue_url


def _may_send(topic_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
