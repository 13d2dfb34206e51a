import json
from dataclasses import replace

from sandbox.ready import Ready

READY = Ready(
    webhook_url="http://127.0.0.1:8080/v1/clients/2218/orders",
    operators_url="http://127.0.0.1:8081",
    client_no="2218",
    signing_secret="whsec_AAAA",
    aws_endpoint_url="http://127.0.0.1:4566",
    table_name="table",
    topic_arn="arn:aws:sns:eu-north-1:000000000000:topic",
    secret_arn="arn:aws:secretsmanager:eu-north-1:000000000000:secret:s",
    webhook_log_group_name="/aws/lambda/webhook",
    results_queue_url="http://127.0.0.1:4566/000000000000/results",
    arm_base_url="http://127.0.0.1:9000/arm/v1",
)


def test_the_ready_line_is_one_line_of_json_with_the_documented_names() -> None:
    line = READY.to_json()

    assert "\n" not in line
    assert set(json.loads(line)) == {
        "webhookUrl",
        "operatorsUrl",
        "clientNo",
        "signingSecret",
        "awsEndpointUrl",
        "tableName",
        "topicArn",
        "secretArn",
        "webhookLogGroupName",
        "resultsQueueUrl",
        "armBaseUrl",
    }


def test_the_simulators_control_is_named_when_there_is_one() -> None:
    line = replace(READY, arm_control_url="http://127.0.0.1:9001").to_json()

    assert json.loads(line)["armControlUrl"] == "http://127.0.0.1:9001"


def test_the_ready_line_can_be_read_back() -> None:
    assert Ready.from_json(READY.to_json()) == READY
