from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

#: Where everything of the sandbox is.
REGION = "eu-north-1"

#: The sandbox's root key: MiniStack accepts this one without any set-up.
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 # opens nothing but a sandbox

#: One try, with time for a whole poll: a repeated Invoke would be a second run.
_LAMBDA = Config(read_timeout=120, retries={"total_max_attempts": 1})


class Aws:
    """Clients for a sandbox's AWS, each made when it is first asked for."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self._session = boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a command line tool needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """The deployed stack."""
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url)

    @cached_property
    def apigateway(self) -> "ApiGatewayV2Client":
        """The HTTP APIs in front of the functions."""
        return self._session.client("apigatewayv2", endpoint_url=self.endpoint_url)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Lambda."""
        return self._session.client("lambda", endpoint_url=self.endpoint_url, config=_LAMBDA)

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        """The deployed secret."""
        return self._session.client("secretsmanager", endpoint_url=self.endpoint_url)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The batches."""
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url)

    @cached_property
    def sns(self) -> "SNSClient":
        """The notifications' topic."""
        return self._session.client("sns", endpoint_url=self.endpoint_url)

    @cached_property
    def sqs(self) -> "SQSClient":
        """The queues: the results and the dead letters."""
        return self._session.client("sqs", endpoint_url=self.endpoint_url)

    @cached_property
    def iam(self) -> Any:  # noqa: ANN401 # as for the next ones
        """What the functions may do."""
        return self._session.client("iam", endpoint_url=self.endpoint_url)

    @cached_property
    def cloudwatch(self) -> Any:  # noqa: ANN401 # as for the next one
        """The dashboard, and what AWS measures itself."""
        return self._session.client("cloudwatch", endpoint_url=self.endpoint_url)

    @cached_property
    def logs(self) -> Any:  # noqa: ANN401 # the project carries no types for this service
        """What the functions wrote."""
        return self._session.client("logs", endpoint_url=self.endpoint_url)
