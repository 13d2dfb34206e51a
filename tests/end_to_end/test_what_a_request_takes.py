"""What `make bench` measures in time, counted: what the built functions import, what they call, what that is paid by.

Counts are the same on every machine. Who makes one larger should know it, and say what it buys.
"""

import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from arm_relay.orders.parsing import MAX_ORDERS

from benchmarks import capacity
from benchmarks.cloud import Cloud
from benchmarks.contestants import LAYERS, OPERATORS, POLLER, RELAY, Contestant, lay_out_runtime
from benchmarks.events import a_preview, a_question, an_event
from benchmarks.processes import running
from benchmarks.server import Server
from benchmarks.tables import Table
from sandbox.cloud.build import built
from tests.support.dynamodb_local import dynamodb_local

__all__ = ["dynamodb_local"]

pytestmark = pytest.mark.xdist_group("sandbox")

#: Modules of others in memory after the first request or run, the standard library's included.
MODULES_OF_OTHERS = {"relay": 510, "operators": 440, "poller": 505}
#: Modules of the relay. The poller's `arm.money` knows how many decimals a sum has in its currency, for words by mail.
MODULES = {"relay": 80, "operators": 73, "poller": 81}

#: What was found to cost much at a start and to be of no use to the relay.
UNWANTED = (
    *("asyncio", "boto3", "multiprocessing", "s3transfer", "yaml"),
    *("aws_lambda_powertools.event_handler", "aws_lambda_powertools.utilities.parameters"),
)
#: What serves other functions alone.
APART = {
    "relay": ("arm_relay.operators", "arm_relay.poller"),
    # It does not call ARM.
    "operators": (
        *("arm_relay.webhook", "arm_relay.poller", "arm_relay.submission"),
        *("arm_relay.arm.auth", "arm_relay.arm.client", "arm_relay.arm.wire", "httpcore", "httpx"),
    ),
    "poller": ("arm_relay.api", "arm_relay.operators", "arm_relay.orders", "arm_relay.webhook"),
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Contestant]]:
    """The functions as they are built, with the boto3 of the tests in the place of Lambda's."""
    runtime = tmp_path_factory.mktemp("lambda") / "runtime"
    lay_out_runtime(runtime, Path(sysconfig.get_path("purelib")))
    with built():
        yield {
            function.name: replace(function, path=(*LAYERS, runtime), python=Path(sys.executable))
            for function in (RELAY, OPERATORS, POLLER)
        }


def test_a_request_is_three_calls_and_the_first_fetches_the_secret_and_a_token(deployed: dict[str, Contestant]) -> None:
    cloud = Cloud()
    with Server(cloud) as server, running(deployed["relay"], server.url) as function:
        function.run([an_event()])
        first = dict(cloud.calls)
        cloud.calls.clear()
        answers = function.run([an_event(), an_event(MAX_ORDERS)]).statuses

    claim_submit_record = {"TransactWriteItems": 1, "submit": 1, "PutItem": 1}
    # The breaker is read at most every five seconds.
    assert first == claim_submit_record | {"GetSecretValue": 1, "token": 1, "GetItem": 1}
    assert (answers, dict(cloud.calls)) == ([202, 202], dict.fromkeys(claim_submit_record, 2))


def test_a_preview_asks_for_each_customer_once_and_touches_no_table(deployed: dict[str, Contestant]) -> None:
    cloud = Cloud()
    with Server(cloud) as server, running(deployed["relay"], server.url) as function:
        answers = function.run([a_preview(), a_preview(MAX_ORDERS)]).statuses

    # The breaker is read at most every five seconds.
    once = {"GetSecretValue": 1, "token": 1, "GetItem": 1}
    assert (answers, dict(cloud.calls)) == ([200, 200], once | {"customer": 2})


@pytest.mark.parametrize(
    ("name", "events", "statuses"),
    [("relay", lambda: [an_event()], [202]), ("operators", lambda: [a_question()], [404]), ("poller", list, [])],
    ids=["relay", "operators", "poller"],
)
def test_a_function_imports_no_more_than_it_has_to(
    deployed: dict[str, Contestant], name: str, events: Callable[[], list[dict[str, Any]]], statuses: list[int]
) -> None:
    with Server(Cloud()) as server, running(deployed[name], server.url) as function:
        # Signed now: a signature made when the tests were collected may be too old by now.
        usage = function.run(events())

    modules = usage.modules
    assert usage.statuses == statuses
    assert [module for module in modules if module.startswith((*UNWANTED, *APART[name]))] == []
    ours = [module for module in modules if module.startswith("arm_relay")]
    assert len(ours) <= MODULES[name]
    assert len(modules) - len(ours) <= MODULES_OF_OTHERS[name]


@pytest.mark.parametrize("name", ["relay", "operators", "poller"])
def test_garbage_is_collected_again_after_the_start(deployed: dict[str, Contestant], name: str) -> None:
    with Server(Cloud()) as server, running(deployed[name], server.url) as function:
        assert function.run([]).collects


#: Leased, released, and noted that it ran. It is the same for thousands of orders.
OF_RUN = 3


@pytest.mark.parametrize(("orders", "writes", "reads"), [(1, 14, 4.5), (MAX_ORDERS, 221, 4.5)])
def test_a_life_takes_the_write_units_of_the_design_and_no_needless_read(
    deployed: dict[str, Contestant], dynamodb_local: str, orders: int, writes: float, reads: float
) -> None:
    life = capacity.life(Table(dynamodb_local), orders, deployed["relay"], deployed["poller"])

    assert (life.writes, life.writes_of_run, life.reads) == (writes, OF_RUN, reads)
    # Claimed; recorded, leased, ended, kept as announced, announced, released; eight shards counted and asked, what is
    # held counted, bulk redrives looked for; one batch and twice the breaker read. In each new environment the poller
    # reads how far its three duties have come, half a read unit each.
    calls = {
        "TransactWriteItems": 1,
        "PutItem": 5,
        "BatchWriteItem": 1,
        "Query": 18,
        "BatchGetItem": 1,
        "GetItem": 5,
        "UpdateItem": 1,
    }
    assert life.calls == calls


def test_the_first_order_of_a_client_in_a_day_takes_one_unit_more(
    deployed: dict[str, Contestant], dynamodb_local: str
) -> None:
    table = Table(dynamodb_local)

    life = capacity.life(table, 1, deployed["relay"], deployed["poller"], is_first_of_the_day=True)

    # A number that ARM has is learned once a day.
    assert (life.writes + life.writes_of_run, life.calls["UpdateItem"]) == (14 + OF_RUN + 1, 2)
