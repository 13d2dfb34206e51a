"""What the poller asks of DynamoDB to finish batches that have ended: read, save, keep the announcement, note it.

The relay's own store makes the requests; a client that sends nothing takes them down.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, State
from arm_relay.store import records
from arm_relay.store.announced import Announced, Announcement
from arm_relay.store.table import Store

from tests.support.store_contract import ANNOUNCED, TABLE

LIFE: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Request:
    """One request to DynamoDB, ready to be sent."""

    operation: str
    body: bytes


class _Taker:
    """A client that takes requests down, and answers as if each had succeeded."""

    def __init__(self, items: Mapping[str, Any]) -> None:
        self.requests: list[Request] = []
        self._items = items

    def batch_get_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 (as boto3 has it)
        self._take("BatchGetItem", request)
        return {"Responses": {TABLE: list(self._items.values())}, "UnprocessedKeys": {}}

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self._take("BatchExecuteStatement", request)
        return {"Responses": [{} for _ in request["Statements"]]}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self._take("BatchWriteItem", request)
        return {"UnprocessedItems": {}}

    def _take(self, operation: str, request: Mapping[str, Any]) -> None:
        self.requests.append(Request(operation, json.dumps(request, default=_as_json).encode()))


def requests(batches: Sequence[Batch]) -> list[Request]:
    """What finishes these batches, of which one request takes all: each ends, and its end is announced."""
    now = datetime.now(UTC)
    client = _Taker({batch.id: records.to_item(batch) for batch in batches})
    store = Store(cast("Any", client), TABLE, retention=LIFE, marker_life=LIFE)
    announced = Announced(cast("Any", client), ANNOUNCED, LIFE)
    read, _ = store.read([batch.id for batch in batches])
    ended = store.save_all([replace(batch, state=State.SUCCEEDED, ended_at=now) for batch in read.values()])
    saved = [batch for batch in ended if batch]
    announced.keep([Announcement(batch.id, batch.client_no, now, "x" * 900) for batch in saved])
    store.save_announced([steps.announced(batch, now) for batch in saved])
    return client.requests


def _as_json(value: object) -> object:
    return b64encode(value).decode() if isinstance(value, bytes) else dict(cast("Mapping[str, Any]", value))
