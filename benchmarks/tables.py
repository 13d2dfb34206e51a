"""DynamoDB Local with the template's table: filled with batches, and measured for how fast it writes."""

import http.client
import json
import shutil
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
from arm_relay import health
from arm_relay.batches.batch import Batch, State
from arm_relay.poller import snapshots, trimming
from arm_relay.store import records
from arm_relay.store.days import Days
from arm_relay.store.walk import Walk
from botocore.config import Config

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
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._put, batched(a_due_batch_each(number), AT_ONCE, strict=False)))

    def _put(self, batches: Sequence[Batch]) -> None:
        requests = [{"PutRequest": {"Item": records.to_item(batch)}} for batch in batches]
        self._client.batch_write_item(RequestItems={TABLE: requests})  # type: ignore[dict-item]  # an Item is a Mapping

    def writes_per_second(self, seconds: float, connections: int) -> float:
        """How fast it takes conditional writes like the poller's, from a client that does nothing else."""
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(connections) as threads:
            begun = time.monotonic()
            written = sum(threads.map(lambda _: self._writes_until(ends), range(connections)))
            return written / (time.monotonic() - begun)

    def _writes_until(self, ends: float) -> int:
        request = _write_request()
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        written = 0
        while time.monotonic() < ends:
            connection.request("POST", "/", request, _HEADERS)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(text.decode())
            written += 1
        connection.close()
        return written


_HEADERS: Final = {
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
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


def _write_request() -> bytes:
    """A save of a batch: the same one, on the version it was written at."""
    batch = next(a_due_batch_each(1))
    item: dict[str, Any] = {**records.to_item(batch)}
    item["body"] = {"B": b64encode(item["body"]["B"]).decode()}
    return json.dumps(
        {
            "TableName": TABLE,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR version = :version",
            "ExpressionAttributeValues": {":version": {"N": "1"}},
        }
    ).encode()


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
