"""The calls to the operators' routes, where the answer is not as the desk expects it."""

import json
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials

from desk.api import Api
from desk.connection import Connection
from desk.problems import Problem
from desk.relay import Relay

CONNECTION = Connection(
    name="arm-relay",
    region="eu-north-1",
    credentials=Credentials("key", "secret"),
    operators_url="https://operators.example",
    webhook_url="https://senders.example/v1/clients/{clientNo}/orders",
    table_name="table",
    topic_arn="topic",
    secret_arn=None,
    webhook_log_group=None,
)


def a_relay(answer: Any) -> Relay:  # noqa: ANN401 (JSON)
    return Relay(Api(CONNECTION, send=lambda _: httpx.Response(200, content=json.dumps(answer))))


def test_an_answer_of_another_form_is_a_problem_with_its_place() -> None:
    checks = [{"check": "table", "status": "ok"}]

    with pytest.raises(Problem, match="another form than this desk expects, at checks/0/detail"):
        a_relay({"status": "ok", "checkedAt": None, "checks": checks}).health()


def test_what_a_newer_relay_says_more_is_kept() -> None:
    health: dict[str, Any] = {"status": "ok", "checkedAt": None, "checks": [], "since": "2025"}

    assert a_relay(health).health() == health


def test_a_search_without_a_list_is_a_problem() -> None:
    with pytest.raises(Problem, match="another form"):
        a_relay([]).find_orders("2218", "B-1")
