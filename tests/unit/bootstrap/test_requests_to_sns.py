from typing import Any, Final

import pytest
from arm_relay.bootstrap import clients
from botocore.awsrequest import AWSPreparedRequest

TOPIC: Final = "arn:aws:sns:eu-north-1:123456789012:topic"
ENTRIES: Final = [{"Id": "0", "Message": '{"a": "Ærlig & trofast=100 %"}'}, {"Id": "1", "Message": "two"}]


class Sent(Exception):
    """The request would go to AWS now."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        self.body = request.body


def body_of(client: Any) -> Any:  # noqa: ANN401 (botocore makes them at run time)
    def stop(request: AWSPreparedRequest, **_: object) -> None:
        raise Sent(request)

    client.meta.events.register("before-send.sns", stop)
    with pytest.raises(Sent) as caught:
        client.publish_batch(TopicArn=TOPIC, PublishBatchRequestEntries=ENTRIES)
    return caught.value.body


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")


def test_a_request_to_sns_is_the_one_that_botocore_makes() -> None:
    assert body_of(clients.sns()) == body_of(clients.aws("sns")).encode()


def test_a_request_to_sns_is_encoded_before_it_is_signed() -> None:
    kinds: list[type] = []
    client = clients.sns()
    client.meta.events.register("request-created.sns", lambda request, **_: kinds.append(type(request.data)))
    body_of(client)

    assert kinds == [bytes]
