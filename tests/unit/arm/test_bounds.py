"""What one request may cost: the largest bodies of each kind take little of a processor and of the memory.

A function of 512 MB has 0.29 of a processor (AWS: 1,769 MB are a whole one), so three seconds of a processor are ten
seconds of its time: less than its timeout, and less than API Gateway waits.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import process_time
from typing import Final

import pytest
from arm_relay.arm.drafts import Drafts
from arm_relay.arm.mapping import ArmCodes
from arm_relay.orders.faults import InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.orders.parsing import MAX_ORDERS

DRAFTS: Final = Drafts(ArmCodes(user_id="arm-relay", credit_note_type="CN"), lambda: date(2025, 3, 1))

#: A body as large as API Gateway and the relay take, but for a little.
LARGE: Final = 900_000
#: Of a processor that has other work, too; alone, the worst body takes about one.
SECONDS: Final = 6.0
MEGABYTES: Final = 250
STATUS: Final = Path("/proc/self/status")


def an_order(number: int, **fields: object) -> dict[str, object]:
    return {"type": "order.invoiced", "id": f"evt-{number}", "customerNo": "1", "invoiceNo": str(number), **fields}


def orders(fields: Callable[[int], dict[str, object]], number: int = MAX_ORDERS) -> bytes:
    """Orders with as many of these fields, or entries of them, as fit."""
    # Later fields have longer names.
    one = len(json.dumps(fields(10_000), separators=(",", ":"))) / 10_000
    many = int(LARGE / number / max(one, 1))
    text = json.dumps([an_order(index, **fields(many)) for index in range(number)], separators=(",", ":"))
    return text.encode()


def item() -> dict[str, object]:
    return {"description": "a", "quantity": 1, "unitPrice": 1, "vatRate": 0.25}


def bad() -> dict[str, object]:
    return {"description": 1, "quantity": "x", "unitPrice": [], "vatRate": {}, "unknown": 1}


BODIES: Final[dict[str, Callable[[], bytes]]] = {
    "empty lines": lambda: orders(lambda many: {"lines": [{}] * many}),
    "empty lines of one order": lambda: orders(lambda many: {"lines": [{}] * many}, 1),
    "lines of text": lambda: orders(lambda _: {"lines": [{"text": ""}] * 1000}),
    "lines to bill": lambda: orders(lambda many: {"lines": [item()] * min(many, 300)}, 40),
    "bad lines": lambda: orders(lambda many: {"lines": [bad()] * many}),
    "unknown fields": lambda: orders(lambda many: {f"f{index}": 1 for index in range(many)}),
    "unknown fields of one order": lambda: orders(lambda many: {f"f{index}": 1 for index in range(many)}, 1),
    "fields that are nearly known": lambda: orders(lambda many: {f"orderIds{index}": 1 for index in range(many)}),
    "unknown fields of lines": lambda: orders(lambda many: {"lines": [{f"f{n}": 1 for n in range(40)}] * (many // 40)}),
    "metadata": lambda: orders(lambda many: {"metadata": {f"m{index}": "x" for index in range(many)}}),
    "fields for ARM": lambda: orders(lambda many: {"armFields": {f"a{index}": [[{}]] for index in range(many)}}),
    "groups": lambda: orders(lambda many: {"lines": [item() | {"groups": ["x"] * many}]}),
    "values in objects": lambda: orders(lambda many: {"delivery": {f"d{index}": {} for index in range(many)}}),
    "a repeated key": lambda: b"{" + b",".join([b'"a":1'] * (LARGE // 6)) + b"}",
    "many repeated keys": lambda: b"{" + b",".join(b'"a%d":1,"a%d":1' % (n, n) for n in range(LARGE // 20)) + b"}",
    "brackets": lambda: b"[" * (LARGE // 2) + b"]" * (LARGE // 2),
    "brackets side by side": lambda: b"[" + b",".join([b"[" * 14 + b"]" * 14] * (LARGE // 29)) + b"]",
    "a long number": lambda: b'{"type":' + b"9" * LARGE + b"}",
    "a long exponent": lambda: b'{"type":1e' + b"9" * LARGE + b"}",
    "a long text": lambda: orders(lambda _: {"message": "x" * LARGE}, 1),
    "many orders": lambda: b"[" + b",".join([b"{}"] * (LARGE // 3)) + b"]",
}


#: Those that become the most objects.
HEAVY: Final = ("empty lines", "bad lines", "unknown fields of one order", "brackets side by side", "many orders")


def read(body: bytes) -> None:
    """As the relay reads it: nothing else may come of it than orders or their faults."""
    try:
        DRAFTS.read(body)
    except (NotJson, InvalidOrders):
        return


@pytest.mark.parametrize("kind", BODIES)
def test_a_large_body_takes_little_of_a_processor(kind: str) -> None:
    body = BODIES[kind]()
    assert len(body) < 1024 * 1024

    started = process_time()
    read(body)

    assert process_time() - started < SECONDS


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the memory's peak in this way")
def test_large_bodies_one_after_the_other_take_little_of_the_memory() -> None:
    # A process of its own, because the memory's peak is the process's.
    command = [sys.executable, "-c", "from tests.unit.arm.test_bounds import grown; print(grown())"]
    grew = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 (this file)

    assert 0 < float(grew) < MEGABYTES


def grown() -> float:
    """By how many megabytes this process has grown at most, while it read each kind of body."""
    bodies = [BODIES[kind]() for kind in HEAVY]
    before = peak()
    for body in bodies:
        read(body)
    return peak() - before


def peak() -> float:
    """The most memory that this process has had, in megabytes."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
