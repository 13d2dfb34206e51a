"""`python -m tools.restoring --from arm-relay-restored --to TABLE`: what a table has lost; `--write` copies it back."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from arm_relay.batches.batch import Batch
from arm_relay.store import records
from arm_relay.store.records import Item
from botocore.exceptions import BotoCoreError, ClientError

from tools.restoring import rules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def missing(dynamodb: "DynamoDBClient", restored: str, table: str) -> Iterator[Item]:
    """The items of the restored table that the live one has lost and should have again."""
    live = {item["pk"]["S"]: item for item in _items(dynamodb, table)}
    for item in _items(dynamodb, restored):
        if item["pk"]["S"] not in live and rules.is_wanted(item, _batch_of(item, live)):
            yield item


def copy(dynamodb: "DynamoDBClient", item: Item, table: str, now: datetime) -> bool:
    """Copy an item; whether it was still missing."""
    put: Any = {"TableName": table, "Item": rules.copied(item, now), "ConditionExpression": "attribute_not_exists(pk)"}
    try:
        dynamodb.put_item(**put)
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _items(dynamodb: "DynamoDBClient", table: str) -> Iterator[Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _batch_of(item: Item, live: Mapping[str, Item]) -> Batch | None:
    """The batch in the live table that a payload belongs to."""
    key = records.batch_key(item["pk"]["S"].removeprefix(records.payload_key("")))
    return records.from_item(live[key]) if key in live else None


def main(arguments: Sequence[str]) -> int:
    """Show or copy; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.restoring", description="Copy back what a table has lost.")
    parser.add_argument("--from", dest="restored", required=True, metavar="TABLE", help="the restored table")
    parser.add_argument("--to", dest="table", required=True, metavar="TABLE", help="the relay's table")
    parser.add_argument("--write", action="store_true", help="copy; without it, only show what is missing")
    given = parser.parse_args(arguments)
    dynamodb = boto3.client("dynamodb")
    counts: Counter[str] = Counter()
    try:
        for item in missing(dynamodb, given.restored, given.table):
            if not given.write or copy(dynamodb, item, given.table, datetime.now(UTC)):
                counts[rules.kind(item)] += 1
    except (BotoCoreError, ClientError, records.UnreadableRecord) as error:
        print(f"restoring: {error}", file=sys.stderr)
        return 1
    verb = "copied back" if given.write else "missing"
    print(*(f"{number:>6} {kind} {verb}" for kind, number in sorted(counts.items())), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
