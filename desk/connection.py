"""Which relay the desk works with, and as whom: a stack in an AWS account, or the sandbox on this machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, NoRegionError

from desk.aws_problems import in_words
from desk.problems import Problem

#: The stack that is meant where nobody names one.
DEFAULT_STACK: Final = "arm-relay"

#: Where `make sandbox` writes what a program needs to reach it.
READY: Final = Path(".aws-sam") / "ready.json"

#: The sandbox's own, as sandbox/cloud/aws.py has them.
_SANDBOX_REGION: Final = "eu-north-1"
_SANDBOX_KEY: Final = "test"

#: Stands for the client number in a stack's WebhookUrl.
_CLIENT: Final = "{clientNo}"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where one relay is, and the credentials to ask it with."""

    #: What people call it: the stack's name, or "sandbox".
    name: str
    region: str
    #: The caller's own, who may be a role or a person signed in by SSO: they renew themselves.
    credentials: Credentials = field(repr=False)
    #: The base URL of the operators' routes.
    operators_url: str
    #: The URL to which senders post orders; `{clientNo}` stands for the client's number.
    webhook_url: str
    table_name: str
    topic_arn: str
    secret_arn: str | None
    #: Where the function for senders writes that a request was signed.
    webhook_log_group: str | None
    #: The address of AWS's services; None for AWS itself.
    endpoint_url: str | None = None
    #: Whether the ledger behind it is the sandbox's simulator, where nothing costs money.
    has_simulator: bool = False
    #: The sandbox's client, with its signing secret. In a stack nobody but its sender has that.
    client_no: str | None = None
    signing_secret: str | None = field(default=None, repr=False)

    @property
    def is_sandbox(self) -> bool:
        """Whether it is on this machine. Its ledger may be a real ARM all the same (`has_simulator`)."""
        return self.endpoint_url is not None

    def orders_url(self, client_no: str) -> str:
        """The URL to which this client's orders are posted."""
        return self.webhook_url.replace(_CLIENT, client_no)

    def session(self) -> boto3.Session:
        """A session of the caller in the relay's account and region.

        Raises:
            Problem: there are no usable credentials.
        """
        with in_words("sign in to AWS", "sts:GetCallerIdentity"):
            found = self.credentials.get_frozen_credentials()
        return boto3.Session(found.access_key, found.secret_key, found.token, self.region)

    @classmethod
    def of_stack(cls, name: str | None = None, profile: str | None = None, region: str | None = None) -> Self:
        """The relay of a CloudFormation stack, asked for with the caller's own credentials.

        Without a name it is the one in ARM_RELAY_STACK, or else `arm-relay`.

        Raises:
            Problem: there are no usable credentials, no region, or no such stack; or its outputs may not be read.
        """
        name = name or os.environ.get("ARM_RELAY_STACK") or DEFAULT_STACK
        doing = f"look up the stack {name}"
        with in_words(doing, "cloudformation:DescribeStacks"):
            session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION"))
            if session.region_name is None:
                raise NoRegionError
            outputs = _outputs(session, name)
            credentials = session.get_credentials()
        if credentials is None:
            raise Problem(f"cannot {doing}: there are no AWS credentials")
        return cls(
            name=name,
            region=session.region_name,
            credentials=credentials,
            **_places(outputs, name),
            has_simulator=False,
            secret_arn=outputs.get("SecretArn"),
            webhook_log_group=outputs.get("WebhookLogGroupName"),
        )

    @classmethod
    def of_sandbox(cls, ready_file: Path = READY) -> Self:
        """The relay of the sandbox that has written this ready line.

        Raises:
            Problem: there is no such file, it holds something else, or names a place outside this machine.
        """
        ready = ready_line(ready_file)
        control_url = ready.get("armControlUrl")
        try:
            for name in ("operatorsUrl", "webhookUrl", "awsEndpointUrl"):
                _see_that_it_is_here(ready[name], name, ready_file)
            if control_url is not None:
                _see_that_it_is_here(control_url, "armControlUrl", ready_file)
            return cls(
                name="sandbox",
                region=_SANDBOX_REGION,
                credentials=Credentials(_SANDBOX_KEY, _SANDBOX_KEY),
                operators_url=ready["operatorsUrl"],
                webhook_url=ready["webhookUrl"].replace(f"/clients/{ready['clientNo']}/", f"/clients/{_CLIENT}/"),
                table_name=ready["tableName"],
                topic_arn=ready["topicArn"],
                secret_arn=ready["secretArn"],
                webhook_log_group=ready["webhookLogGroupName"],
                endpoint_url=ready["awsEndpointUrl"],
                has_simulator=control_url is not None,
                client_no=ready["clientNo"],
                signing_secret=ready["signingSecret"],
            )
        except (KeyError, AttributeError, TypeError):
            raise Problem(f"{ready_file} does not hold the ready line of a sandbox of this version") from None


def ready_line(file: Path = READY) -> dict[str, Any]:
    """What a running sandbox has written of itself.

    Raises:
        Problem: there is no such file, or it holds something else.
    """
    try:
        ready = json.loads(file.read_text("utf-8"))
    except OSError:
        raise Problem(f"no sandbox is running: there is no {file}; run `make sandbox`") from None
    except ValueError:
        ready = None
    if not isinstance(ready, dict):
        raise Problem(f"{file} does not hold the ready line of a sandbox")
    return ready


def _see_that_it_is_here(url: str, name: str, file: Path) -> None:
    """What claims to be the sandbox is trusted without a question, so it must be on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_here = False
    else:
        is_here &= parts.scheme == "http" and "@" not in parts.netloc
    if not is_here:
        raise Problem(f"{name} in {file} is not on this machine, so it is no sandbox; name a stack with --stack")


def _outputs(session: boto3.Session, name: str) -> dict[str, str]:
    try:
        stacks = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        raise Problem(
            f"there is no stack {name} in {session.region_name} of this account; name it with --stack, its region"
            " with --region, and the account by --profile"
        ) from None
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", ())}


def _places(outputs: Mapping[str, str], name: str) -> dict[str, str]:
    try:
        return {
            "operators_url": outputs["OperatorsUrl"].rstrip("/"),
            "webhook_url": outputs["WebhookUrl"],
            "table_name": outputs["TableName"],
            "topic_arn": outputs["TopicArn"],
        }
    except KeyError as missing:
        raise Problem(f"the stack {name} is no stack of ARM Relay: it has no output {missing.args[0]}") from None
