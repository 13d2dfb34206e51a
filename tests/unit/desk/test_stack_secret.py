"""Changes of the stack's secret by two people at once, and with failures of AWS in between. AWS is moto."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from desk.problems import Problem
from desk.stack_secret import MaybeWritten, SecretsManager, StackSecret

LOST: Final = EndpointConnectionError(endpoint_url="https://x")
DENIED: Final = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateSecretVersionStage")


class Troubled:
    """Secrets Manager, where something else happens before a call, or its answer is lost."""

    def __init__(self, service: Any) -> None:  # noqa: ANN401 (boto3's)
        self.service = service
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}

    def get_secret_value(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        return self._call("get_secret_value", request)

    def put_secret_value(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        return self._call("put_secret_value", request)

    def update_secret_version_stage(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 (boto3's)
        name = "move" if "MoveToVersionId" in request else "remove"
        return self._call("update_secret_version_stage", request, name)

    def _call(self, call: str, request: dict[str, Any], name: str = "") -> Mapping[str, Any]:
        self.before.pop(name or call, lambda: None)()
        answer: Mapping[str, Any] = getattr(self.service, call)(**request)
        self.after.pop(name or call, lambda: None)()
        return answer


def fail(error: Exception) -> Callable[[], object]:
    def raising() -> object:
        raise error

    return raising


@pytest.fixture
def service() -> Iterator[Troubled]:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="secret", SecretString=json.dumps({"clients": {}}))
        yield Troubled(client)


def current(service: Troubled) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(service.service.get_secret_value(SecretId="secret", VersionStage="AWSCURRENT")["SecretString"])


def labels(service: Troubled) -> set[str]:
    stages = service.service.describe_secret(SecretId="secret")["VersionIdsToStages"]
    return {stage for each in stages.values() for stage in each}


def read(service: SecretsManager, label: str = "desk-1") -> StackSecret:
    return StackSecret(service, "secret", label)


def test_a_change_is_written_and_leaves_no_label(service: Troubled) -> None:
    assert read(service).put({"clients": {"1": {}}}) is None

    assert current(service) == {"clients": {"1": {}}}
    assert labels(service) == {"AWSCURRENT", "AWSPREVIOUS"}


@pytest.mark.parametrize("when", ["put_secret_value", "move"])
def test_what_somebody_else_has_written_meanwhile_stays(service: Troubled, when: str) -> None:
    mine, others = read(service), read(service, "desk-2")
    service.before[when] = lambda: others.put({"clients": {"theirs": {}}})

    with pytest.raises(Problem, match=r"somebody else changed the secret.*Nothing of yours has changed"):
        mine.put({"clients": {"mine": {}}})

    assert current(service) == {"clients": {"theirs": {}}}
    assert labels(service) == {"AWSCURRENT", "AWSPREVIOUS"}


@pytest.mark.parametrize("error", [LOST, DENIED], ids=["no connection", "no right"])
@pytest.mark.parametrize("when", ["put_secret_value", "move"])
def test_what_could_not_be_written_has_changed_nothing(service: Troubled, when: str, error: Exception) -> None:
    mine = read(service)
    service.before[when] = fail(error)

    with pytest.raises(Problem, match=r"othing (of yours )?has changed") as caught:
        mine.put({"clients": {"mine": {}}})

    assert not isinstance(caught.value, MaybeWritten)
    assert current(service) == {"clients": {}}
    assert "desk-1" not in labels(service)


def test_a_write_whose_answer_was_lost_counts(service: Troubled) -> None:
    service.after["move"] = fail(LOST)

    assert read(service).put({"clients": {"mine": {}}}) is None

    assert current(service) == {"clients": {"mine": {}}}


def test_where_nobody_can_say_whether_it_was_written_that_is_said(service: Troubled) -> None:
    mine = read(service)
    service.after["move"] = fail(LOST)
    service.before["get_secret_value"] = fail(LOST)

    with pytest.raises(MaybeWritten, match="see whether it was written"):
        mine.put({"clients": {"mine": {}}})


def test_a_label_that_stays_is_told_and_undoes_nothing(service: Troubled) -> None:
    service.before["remove"] = fail(DENIED)

    told = read(service).put({"clients": {"mine": {}}})

    assert told is not None
    assert "desk-1" in told
    assert current(service) == {"clients": {"mine": {}}}


def test_a_binary_secret_is_none_of_the_relays(service: Troubled) -> None:
    service.service.put_secret_value(SecretId="secret", SecretBinary=b"{}")

    with pytest.raises(Problem, match="does not have the form"):
        read(service)
