"""The topic on moto: what is published arrives, through the filter policies subscribers use."""

import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.poller.health_check import Subscriptions, TopicUnavailable
from arm_relay.poller.notifications import Topic, message_of, to_event
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws

from tests.support.builders import NOW, a_batch
from tests.support.diary import Diary


@pytest.fixture
def sns() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sns", config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def arn(sns: Any) -> str:  # noqa: ANN401 (a client of boto3's)
    return str(sns.create_topic(Name="results")["TopicArn"])


def subscribed(sns: Any, arn: str, name: str, **policy: list[str]) -> str:  # noqa: ANN401 (as above)
    """A queue that gets what fits the filter policy."""
    attributes = {"RawMessageDelivery": "true"} | ({"FilterPolicy": json.dumps(policy)} if policy else {})
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    endpoint = f"arn:aws:sqs:eu-north-1:123456789012:{name}"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes=attributes)
    return queue


def received(queue: str) -> list[dict[str, Any]]:
    answer = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def held(**changes: object) -> Batch:
    return steps.held(a_batch(**changes), "too old", NOW)


def succeeded(**changes: object) -> Batch:
    pending = a_batch(state=State.PENDING, **changes)
    return steps.ended(pending, State.SUCCEEDED, OrderStatus.SUCCEEDED, "ARM's result", NOW)


def test_the_subscriptions_of_a_topic_are_counted(sns: Any, arn: str) -> None:  # noqa: ANN401 (as above)
    assert Topic(sns, arn, Diary()).subscriptions() == Subscriptions(0, 0)

    for number in range(120):
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-north-1:123456789012:q{number}")

    assert Topic(sns, arn, Diary()).subscriptions() == Subscriptions(120, 0)


def test_a_subscription_without_its_confirmation_is_pending() -> None:
    class Client:
        def list_subscriptions_by_topic(self, **_: str) -> Any:  # noqa: ANN401 (as boto3 has it)
            return {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}, {"SubscriptionArn": "arn:aws:sns:1"}]}

    assert Topic(cast("Any", Client()), "arn", Diary()).subscriptions() == Subscriptions(1, 1)


def test_a_topic_that_cannot_be_asked_is_told_without_its_name(sns: Any) -> None:  # noqa: ANN401 (as above)
    with pytest.raises(TopicUnavailable, match=r"^ClientError$|^\w+Exception$"):
        Topic(sns, "arn:aws:sns:eu-north-1:123456789012:none", Diary()).subscriptions()


def test_what_is_published_arrives_as_it_is(sns: Any, arn: str) -> None:  # noqa: ANN401 (as above)
    queue = subscribed(sns, arn, "all")

    assert Topic(sns, arn, Diary()).publish_all([message_of(held())]) == {"batch-1"}

    assert received(queue) == [to_event(held())]


def test_subscribers_choose_by_client_status_and_type(sns: Any, arn: str) -> None:  # noqa: ANN401 (as above)
    of_client = subscribed(sns, arn, "of-client", clientNo=["2219"])
    to_look_at = subscribed(sns, arn, "to-look-at", status=["HELD", "FAILED"])
    good = subscribed(sns, arn, "good", type=["arm-relay.batch.succeeded"])
    Topic(sns, arn, Diary()).publish_all([message_of(held(id="b1")), message_of(succeeded(id="b2", client_no="2219"))])

    assert [[event["subject"] for event in received(queue)] for queue in (of_client, to_look_at, good)] == [
        ["b2"],
        ["b1"],
        ["b2"],
    ]


def test_a_topic_that_does_not_take_the_message_is_told(sns: Any, arn: str) -> None:  # noqa: ANN401 (as above)
    sns.delete_topic(TopicArn=arn)

    diary = Diary()

    assert Topic(sns, arn, diary).publish_all([message_of(held())]) == set()
    assert [where for _, where in diary.transient_errors] == [{"batchId": "batch-1"}]


def test_a_topic_whose_answer_is_lost_is_told(sns: Any, arn: str) -> None:  # noqa: ANN401 (as above)
    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url=arn)

    sns.meta.events.register("before-send.sns", lose)

    diary = Diary()

    assert Topic(sns, arn, diary).publish_all([message_of(held())]) == set()
    assert [where for _, where in diary.transient_errors] == [{"batchId": "batch-1"}]
