"""Items of every kind as the store writes them, as few as show everything: one JSON object a line.

They come from seeded runs of the simulation: every item that was written in them, of which as few are kept as show
everything that was seen.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from arm_relay.batches import steps
from arm_relay.batches.batch import Batch, OrderStatus, State
from arm_relay.store import records
from arm_relay.store.compression import decompress
from arm_relay.store.table import Store

from tests.simulation import soak
from tests.simulation.dynamodb import InMemoryDynamoDB
from tests.simulation.story import Story
from tests.support.builders import TIMES

#: Enough for every state, every kind of item and every attribute that the simulation reaches.
SEEDS: Final = (*range(24), 64)
#: Of these, the ones that together show as much but for causes.
FEW_SEEDS: Final = (1, 3, 4, 11, 64)

LIFE: Final = timedelta(days=400)

type Item = Mapping[str, Mapping[str, Any]]


class Written(dict[str, Item]):
    """A table's items, and all that ever were among them."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: list[Item] = []

    def __setitem__(self, key: str, item: Item) -> None:
        self.ever.append(item)
        super().__setitem__(key, item)


def written(seeds: Sequence[int] = SEEDS) -> list[Item]:
    """Every item that was written in these seeds' runs, the announced ones last."""
    found: list[Item] = []
    for seed in seeds:
        found += _written(seed)
    return found


def _written(seed: int) -> list[Item]:
    story = Story(seed)
    items = Written()
    story.table.items = items
    soak.play(story)
    return [*items.ever, *story.announced.items.values()]


def beyond_the_simulation(items: Sequence[Item]) -> list[Item]:
    """What no story reaches: a payload in an item of its own, what is trimmed or forgotten, an end of long after."""
    is_end = [item for item in items if kind(item) == "BATCH" and item["state"]["S"] == State.SUCCEEDED]
    ended = next(batch for batch in map(records.from_item, is_end) if batch.due is None and batch.payload)
    now = ended.claimed_at + timedelta(days=9)
    (first, *others) = ended.orders
    named = replace(ended, orders=(replace(first, metadata=(("shop", "Bergen"),)), *others))
    forgotten = steps.forgotten(named, first.id, None, "asked for", "arn:aws:iam::000000000000:user/operator", now)
    batches = (named, forgotten, steps.trimmed(ended, now))
    late = records.to_late_end(replace(ended, ended_at=now), now + LIFE)
    return [*(records.to_item(batch, now + LIFE) for batch in batches), late, *_of_a_large_claim(ended)]


def _of_a_large_claim(batch: Batch) -> list[Item]:
    table = InMemoryDynamoDB()
    store = Store(cast("Any", table), "relay", retention=LIFE, marker_life=LIFE)
    # Text that cannot be compressed, so that batch and payload do not fit into one write unit.
    payload = b"".join(sha256(bytes([number])).hexdigest().encode() for number in range(64))
    orders = [replace(order, status=OrderStatus.IN_PROGRESS) for order in batch.orders]
    store.claim(steps.claimed("large", batch.client_no, orders, payload, batch.claimed_at, TIMES), {})
    return list(table.items.values())


def fewest(items: Sequence[Item]) -> list[Item]:
    """Some of the items, which together show all features that all of them show."""
    chosen: list[Item] = []
    left = {json.dumps(to_json(item), sort_keys=True): features(item) for item in items}
    missing = set[str]().union(*left.values())
    while missing:
        # The item with the most of what is missing; of several the smallest, so that the choice is always the same.
        best = max(left, key=lambda text: (len(left[text] & missing), -len(text), text))
        missing -= left.pop(best)
        chosen.append(from_json(json.loads(best)))
    return sorted(chosen, key=lambda item: json.dumps(to_json(item), sort_keys=True))


def kind(item: Item) -> str:
    """What an item is, by its key; what was announced has a table of its own."""
    return item["pk"]["S"].partition("#")[0] if "pk" in item else "ANNOUNCED"


def features(item: Item) -> set[str]:
    """What can be seen in an item that another item may not have."""
    name = kind(item)
    found = {f"{name} {attribute.partition('#')[0]}" for attribute in item}
    if name == "BATCH":
        found |= {f"{name} {item['state']['S']}", f"{name} {item['state']['S']}: {item['cause']['S'][:20]}"}
        found |= set(_of_body(item))
    return found


def _of_body(item: Item) -> Iterator[str]:
    first_line, line_break, _ = decompress(item["body"]["B"]).partition(b"\n")
    orders, history, answer, *earlier = json.loads(first_line)
    yield f"payload {bool(line_break)}, answer {bool(answer)}, earlier answer {bool(earlier)}"
    for order in orders:
        yield from (f"order {name}" for name in order)
        yield from (f"order {name} {order[name]}" for name in ("status", "evidence", "event") if name in order)
        yield f"order credits {order['credits'][0]}" if "credits" in order else "order credits nothing"
    yield from (f"history {name}" for entry in history for name in entry)


def to_json(item: Item) -> dict[str, Any]:
    """An item as JSON has it: bytes in Base64, as DynamoDB's own wire format."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else dict(value)
        for name, value in item.items()
    }


def from_json(item: Mapping[str, Any]) -> Item:
    """The reverse."""
    return {name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item.items()}


def write(file: Path) -> int:
    """Make the samples and write them down; how many there are."""
    items = written()
    items = fewest([*items, *beyond_the_simulation(items)])
    file.write_text("".join(json.dumps(to_json(item), sort_keys=True) + "\n" for item in items), encoding="utf-8")
    return len(items)
