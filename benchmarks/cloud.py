"""What the contestants call: AWS, ARM and its identity service, answering at once and always the same.

DynamoDB may be a real one behind it: then every call is passed on, asking for the capacity it takes.
"""

import asyncio
import http.client
import json
import math
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.server import Request, Response
from sandbox.cloud.credentials import Credentials

CREDENTIALS: Final = Credentials.new()

TOKEN: Final = json.dumps({"access_token": "t" * 800, "token_type": "Bearer", "expires_in": 3600}).encode()
TAKEN: Final = json.dumps(
    {
        "status": "NOT-PROCESSED",
        "result": "PENDING",
        "message": "Document batch not processed yet",
        "batchUuid": "8NlwdOIM1YLVFApvQFONTw",
    }
).encode()
DONE: Final = json.dumps({"status": "PROCESSED", "result": "OK", "message": "Document batch processed"}).encode()
#: The ids that a request of PublishBatch gives to its messages.
ENTRY_ID: Final = re.compile(rb"PublishBatchRequestEntries\.member\.\d+\.Id=(\w+)")

#: How the keys of the items begin that a run of the poller writes, whatever it finds.
OF_RUN: Final = ("SHARD#", "POLLER")
#: The attributes that put an item into an index.
INDEXED: Final = ("due", "day", "orderOf")


@dataclass(slots=True)
class Capacity:
    """What DynamoDB said it took.

    DynamoDB Local counts one item of a transaction, and that twice over; so transactions are counted by AWS's rule: two
    units per begun kilobyte of each item, and one for each entry in an index.
    """

    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0.0
    writes: float = 0.0
    #: Those of them that a run of the poller takes however many orders it handles: leases, and that it ran.
    writes_of_run: float = 0.0
    #: With transactions as DynamoDB Local counts them.
    writes_reported: float = 0.0


class Cloud:
    """Answers a request, whomever it is for."""

    def __init__(self, dynamodb_url: str | None = None, arm_latency: float = 0.0) -> None:
        """`arm_latency` is how long ARM takes, in seconds."""
        self._dynamodb_url = dynamodb_url
        self._arm_latency = arm_latency
        #: Every call by its name.
        self.calls: Counter[str] = Counter()
        self.capacity = Capacity()
        #: How many messages were published.
        self.messages = 0

    async def __call__(self, request: Request) -> Response:
        """The answer."""
        target = request.headers.get("x-amz-target", "")
        service, _, operation = target.rpartition(".")
        if service.startswith("DynamoDB"):
            self.calls[operation] += 1
            return await self._dynamodb(operation, request)
        if operation == "GetSecretValue":
            self.calls[operation] += 1
            secret = {"ARN": "arn", "Name": "secret", "VersionId": "v" * 36, "SecretString": CREDENTIALS.to_json()}
            return Response(json.dumps(secret).encode(), content_type="application/x-amz-json-1.1")
        if b"Action=PublishBatch" in request.body:
            entries = ENTRY_ID.findall(request.body)
            self.calls["PublishBatch"] += 1
            self.messages += len(entries)
            return Response(_published(entries), content_type="text/xml")
        return await self._arm(request)

    async def _arm(self, request: Request) -> Response:
        if request.path == "/token":
            self.calls["token"] += 1
            return Response(TOKEN)
        await asyncio.sleep(self._arm_latency)
        if request.method == "POST":
            self.calls["submit"] += 1
            return Response(TAKEN, status=202)
        if "/customers/" in request.path:
            self.calls["customer"] += 1
            return Response(json.dumps({"customerNo": request.path.rpartition("/")[2]}).encode())
        self.calls["result"] += 1
        return Response(DONE)

    async def _dynamodb(self, operation: str, request: Request) -> Response:
        if self._dynamodb_url is None:
            return Response(b"{}", content_type="application/x-amz-json-1.0")
        body = json.loads(request.body) | {"ReturnConsumedCapacity": "TOTAL"}
        status, answer = await asyncio.to_thread(_passed_on, self._dynamodb_url, request, json.dumps(body).encode())
        self._count(operation, body, json.loads(answer).get("ConsumedCapacity", []))
        return Response(answer, status=status, content_type="application/x-amz-json-1.0")

    def _count(self, operation: str, request: Any, consumed: Any) -> None:  # noqa: ANN401 (JSON)
        units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
        self.capacity.calls[operation] += 1
        if operation in {"BatchGetItem", "GetItem", "Query"}:
            self.capacity.reads += units
            return
        self.capacity.writes_reported += units
        if operation == "TransactWriteItems":
            units = sum(_units_in_transaction(entry["Put"]["Item"]) for entry in request["TransactItems"])
        self.capacity.writes += units
        if _key(request).startswith(OF_RUN):
            self.capacity.writes_of_run += units


def _key(request: Any) -> str:  # noqa: ANN401 (JSON)
    """The key of the one item that a request writes; empty where it may write several."""
    return str(request.get("Item", request.get("Key", {})).get("pk", {}).get("S", ""))


def _published(entries: Sequence[bytes]) -> bytes:
    """SNS's answer: every message is taken."""
    taken = b"".join(b"<member><Id>%b</Id><MessageId>1</MessageId></member>" % entry for entry in entries)
    return (
        b'<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult>'
        b"<Successful>%b</Successful><Failed/></PublishBatchResult>"
        b"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishBatchResponse>" % taken
    )


def _units_in_transaction(item: dict[str, dict[str, str]]) -> int:
    size = sum(len(name) + _size(*value.items()) for name, value in item.items())
    return 2 * math.ceil(size / 1024) + sum(name in item for name in INDEXED)


def _size(typed: tuple[str, str]) -> int:
    """Of a value as it is sent; a number is at most as large as its digits."""
    kind, value = typed
    return len(b64decode(value)) if kind == "B" else len(value.encode())


def _passed_on(url: str, request: Request, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    kept = {"x-amz-target", "content-type", "authorization", "x-amz-date"}
    headers = {name: value for name, value in request.headers.items() if name in kept}
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
