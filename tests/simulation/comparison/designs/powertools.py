"""Powertools' idempotency around the whole call: the real library, over the simulated table.

Its users write it as its documentation shows it (https://docs.aws.amazon.com/powertools/python/latest/utilities/
idempotency/): the function that calls the other system is decorated, the key is the order's id, and Lambda's context
is registered, so that a record whose function died is given up when that function's time is over. A failure removes
the record, and the next try calls the other system again.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    base,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.persistence import base as persistence
from aws_lambda_powertools.utilities.idempotency.persistence import datarecord, dynamodb

from tests.simulation.comparison.designs import parts
from tests.simulation.comparison.designs.parts import StandIn, Tools
from tests.simulation.timed.environment import at

NAME: Final = "Powertools' idempotency around the call"
#: How long a result is remembered, in seconds. The library's default is an hour.
REMEMBERED: Final = 7 * 24 * 3600


class Design(StandIn):
    """See `StandIn`."""

    def work(self, tools: Tools, order: Mapping[str, Any], receives: int) -> None:  # noqa: ARG002 (the queue counts)
        """See `StandIn`."""
        config = IdempotencyConfig(event_key_jmespath="id", expires_after_seconds=REMEMBERED)
        config.register_lambda_context(cast("Any", tools))
        store = DynamoDBPersistenceLayer(table_name="orders", key_attr="pk", boto3_client=tools.dynamodb)

        @idempotent_function(data_keyword_argument="order", config=config, persistence_store=store)  # type: ignore[untyped-decorator]
        def submit(*, order: Mapping[str, Any]) -> dict[str, str]:
            response = tools.arm.post(order)
            response.raise_for_status()
            batch_uuid = response.json()["batchUuid"]
            tools.dynamodb.put_item(TableName="orders", Item=parts.to_poll(order, batch_uuid, tools.now()))
            return {"batchUuid": batch_uuid}

        submit(order=order)

    def play(self) -> None:
        """See `ComparedWorld`. The library goes by the simulation's clock."""
        with _clock(lambda: at(self.hub.time)):
            super().play()


class _Datetime:
    """The module `datetime` with another clock."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        class Clocked(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return now().astimezone(tz) if tz else now()

        self.datetime = Clocked

    def __getattr__(self, name: str) -> object:
        return getattr(dt, name)


@contextmanager
def _clock(now: Callable[[], dt.datetime]) -> Iterator[None]:
    modules: tuple[Any, ...] = (base, persistence, datarecord, dynamodb)
    for module in modules:
        module.dt = _Datetime(now)
    try:
        yield
    finally:
        for module in modules:
            module.dt = dt
