"""DynamoDB Local with the template's table: filled with batches, and measured for how fast it writes."""

import http.client
import json
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched, chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
from arm_relay import health
from arm_relay.batches.batch import Batch, State
from arm_relay.poller import snapshots, trimming
from arm_relay.store import bulk, records
from arm_relay.store.days import Days
from arm_relay.store.walk import Walk
from botocore.config import Config

from benchmarks import finishing
from benchmarks.finishing import Request
from tests.support.builders import a_batch, a_batch_order
from tests.support.dynamodb_local import free_port
from tests.support.dynamodb_local import running as running_dynamodb
from tests.support.store_contract import TABLE, create_tables, delete_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
else:
    type DynamoDBClient = Any

#: What BatchWriteItem takes.
AT_ONCE: Final = 25
#: As large as that of the sample order.
PAYLOAD: Final = json.dumps([str(uuid.uuid4()) for _ in range(18)]).encode()


class Table:
    """The table."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: DynamoDBClient = boto3.client(
            "dynamodb",
            endpoint_url=url,
            region_name="eu-north-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(max_pool_connections=AT_ONCE),
        )

    def renew(self) -> None:
        """Empty it."""
        if TABLE in self._client.list_tables()["TableNames"]:
            delete_tables(self._client)
        create_tables(self._client)

    def has_done_its_duties(self) -> None:
        """As it is in most runs of the poller: none of its duties is to be done."""
        now = datetime.now(UTC)
        days = Days(self._client, TABLE)
        days.keep(trimming.NAME, Walk(now, now, {}).to_json(), 0)
        days.keep(health.NAME, {"checkedAt": records.to_text(now), "lines": []}, 0)
        days.keep(snapshots.NAME, {"last": now.date().isoformat()}, 0)

    def fill(self, number: int) -> None:
        """Put so many batches into it whose results are due."""
        self._put_all(a_due_batch_each(number))

    def _put_all(self, batches: Iterable[Batch]) -> None:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._put, batched(batches, AT_ONCE, strict=False)))

    def _put(self, batches: Sequence[Batch]) -> None:
        requests = [{"PutRequest": {"Item": records.to_item(batch)}} for batch in batches]
        self._client.batch_write_item(RequestItems={TABLE: requests})  # type: ignore[dict-item]  # an Item is a Mapping

    def finishes_per_second(self, number: int, connections: int) -> float:
        """How fast it takes the poller's requests for so many batches, from a client that only sends them."""
        batches = list(a_due_batch_each(number))
        self._put_all(batches)
        lives = [finishing.requests(portion) for portion in bulk.in_portions(batches)]
        with ThreadPoolExecutor(connections) as threads:
            begun = time.monotonic()
            list(threads.map(self._send_all, (lives[first::connections] for first in range(connections))))
            return number / (time.monotonic() - begun)

    def _send_all(self, lives: Sequence[Sequence[Request]]) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        for request in chain.from_iterable(lives):
            headers = _HEADERS | {"X-Amz-Target": f"DynamoDB_20120810.{request.operation}"}
            connection.request("POST", "/", request.body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200 or b'"Error"' in text:
                raise RuntimeError(text.decode())
        connection.close()


_HEADERS: Final = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20250227T120000Z",
    "Authorization": (
        "AWS4-HMAC-SHA256 Credential=testing/20250227/eu-north-1/dynamodb/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0"
    ),
}


def a_due_batch_each(number: int) -> Iterator[Batch]:
    """So many batches of one order, PENDING at ARM, due since a minute."""
    now = datetime.now(UTC)
    for _ in range(number):
        batch_id = str(uuid.uuid4())
        order = a_batch_order(id=f"evt-{batch_id}", document_no=batch_id)
        times = dict.fromkeys(("claimed_at", "opened_at", "attempt_at"), now - timedelta(minutes=2))
        fields = {"cause": "ARM returned a batchUuid", "orders": (order,), "payload": PAYLOAD}
        batch = a_batch(id=batch_id, state=State.PENDING, **fields, **times)
        yield replace(batch, due=now - timedelta(minutes=1), batch_uuid="8NlwdOIM1YLVFApvQFONTw")


@contextmanager
def running() -> Iterator[Table]:
    """The table, empty, for the length of the `with` block.

    Raises:
        RuntimeError: there is no Java on the PATH.
    """
    java = shutil.which("java")
    if java is None:
        raise RuntimeError("DynamoDB Local needs Java, and there is no `java` on the PATH")
    with running_dynamodb(java, free_port()) as url:
        table = Table(url)
        table.renew()
        yield table
