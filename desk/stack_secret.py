"""The stack's secret in Secrets Manager, written so that two people at once never undo each other's change.

A change becomes a version with a label of its own, which nobody reads. Then Secrets Manager moves AWSCURRENT to it, but
only from the version that was read: where somebody else has written meanwhile, it refuses, and nothing has changed.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from desk.aws_problems import in_words
from desk.client_secrets import Content, parsed
from desk.problems import Problem

#: The label of the version that counts.
CURRENT: Final = "AWSCURRENT"


class SecretsManager(Protocol):
    """AWS Secrets Manager."""

    def get_secret_value(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        """One version of a secret."""

    def put_secret_value(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        """Add a version."""

    def update_secret_version_stage(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        """Move a label from one version to another."""


class MaybeWritten(Problem):
    """AWS did not say whether the change was made."""


class StackSecret:
    """The secret, as it was read."""

    def __init__(self, service: SecretsManager, arn: str, new_label: str) -> None:
        """Read it. `new_label` is a label that nobody else uses.

        Raises:
            Problem: it cannot be read, has no value yet, or is not a secret of the relay's.
        """
        self._service = service
        self._arn = arn
        self._label = new_label
        with in_words("read the relay's secret", "secretsmanager:GetSecretValue"):
            answer = service.get_secret_value(SecretId=arn, VersionStage=CURRENT)
        self._version: Final[str] = answer["VersionId"]
        self.content: Final[Content] = parsed(answer.get("SecretString", ""))

    def put(self, content: Content) -> str | None:
        """Write it, unless somebody has written it since it was read.

        What remains to be said: that an unused label could not be removed; None where there is nothing.

        Raises:
            MaybeWritten: AWS did not say whether it was written.
            Problem: it was not written, and nothing has changed.
        """
        with in_words("write the relay's secret (nothing has changed)", "secretsmanager:PutSecretValue"):
            new = self._service.put_secret_value(
                SecretId=self._arn, SecretString=json.dumps(content), VersionStages=[self._label]
            )["VersionId"]
        try:
            with in_words("write the relay's secret", "secretsmanager:UpdateSecretVersionStage"):
                self._service.update_secret_version_stage(
                    SecretId=self._arn,
                    VersionStage=CURRENT,
                    MoveToVersionId=new,
                    RemoveFromVersionId=self._version,
                )
        except Problem as problem:
            self._see_whether_it_was_written(new, problem)
        return self._without_label(new)

    def _see_whether_it_was_written(self, new: str, problem: Problem) -> None:
        """A refusal may be of a second try, where the answer to the first was lost; so look which version counts."""
        try:
            with in_words("see whether it was written", "secretsmanager:GetSecretValue"):
                current = self._service.get_secret_value(SecretId=self._arn, VersionStage=CURRENT)["VersionId"]
        except Problem as unseen:
            raise MaybeWritten(f"{problem}; and {unseen}. Look with `relay clients list` before you go on") from None
        if current == new:
            return
        left = self._without_label(new)
        if current != self._version:
            problem = Problem("somebody else changed the secret at the same moment. Make your change again")
        raise Problem(". ".join(filter(None, (f"{problem}", "Nothing of yours has changed", left)))) from None

    def _without_label(self, version: str) -> str | None:
        """Remove the label: versions that have one are never cleared away. It harms nothing where it stays."""
        try:
            self._service.update_secret_version_stage(
                SecretId=self._arn, VersionStage=self._label, RemoveFromVersionId=version
            )
        except (ClientError, BotoCoreError) as error:
            return f"The label {self._label} stays on a version of the secret, as it could not be removed: {error}"
        return None
