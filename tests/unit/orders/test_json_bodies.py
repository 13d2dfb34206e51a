import json
import time

import pytest
from arm_relay.orders.faults import InvalidOrders
from arm_relay.orders.json_bodies import NotJson
from arm_relay.orders.parsing import parse_orders

from tests.support.builders import an_order
from tests.support.reading import (
    faults_in,
    read,
    with_literal,
)

# What is not JSON.


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"\xff{}", id="not UTF-8"),
        pytest.param(json.dumps(an_order()).encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"message": "\n"}', id="bare line break in a string"),
        pytest.param(b"{'id': 1}", id="single quotes"),
        pytest.param(b'{"id": 1,}', id="closing comma"),
        pytest.param(b"[" * 100_000, id="deep nesting"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="deep nesting that closes"),
        pytest.param(with_literal("NaN"), id="NaN"),
        pytest.param(with_literal("Infinity"), id="Infinity"),
        pytest.param(with_literal("-Infinity"), id="negative infinity"),
        pytest.param(with_literal("01"), id="leading zero"),
        pytest.param(with_literal("1."), id="nothing behind the point"),
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_orders(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"a":\n 1,}',
            "The body is not JSON: Illegal trailing comma before end of object: line 2 column 3 (char 8).",
        ),
        (b"", "The body is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (b'{"a": "\xff"}', "The body is not UTF-8 at byte 7."),
        (b"[NaN]", "The body is not JSON: NaN is not a number in JSON."),
        (b"[-Infinity]", "The body is not JSON: -Infinity is not a number in JSON."),
        (b" " + b"[" * 17, "The body nests deeper than 16 levels at character 17."),
        (b'{"a":' * 17, "The body nests deeper than 16 levels at character 80."),
        (b'{"' + b"a" * 201 + b'":1}', "The body contains a name of more than 200 characters."),
    ],
)
def test_what_is_not_json_is_told_by_its_place(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse_orders(body)

    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("[" * 16 + "]" * 16, id="as deep as may be"),
        pytest.param("[" + "[]," * 1000 + "[]]", id="side by side"),
        pytest.param(json.dumps("[" * 100), id="brackets in a string"),
        pytest.param(json.dumps('\\"' + "[" * 100), id="brackets behind an escaped quote"),
        pytest.param(json.dumps("\\" * 99 + "[" * 100), id="brackets behind backslashes"),
    ],
)
def test_depth_is_counted_in_brackets_outside_of_strings(value: str) -> None:
    with pytest.raises(InvalidOrders):
        read(value.encode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'"' + b'\\"' * 500_000, id="a string that does not end"),
        pytest.param(b'["' + b"\\" * 1_000_000, id="backslashes"),
        pytest.param(b"[" + b"[]," * 340_000 + b"[]]", id="brackets"),
        pytest.param(b"[" + b"9" * 1_000_000 + b"]", id="one number"),
        pytest.param(b"[0." + b"9" * 1_000_000 + b"]", id="one number with decimals"),
        pytest.param(b"{" + b",".join(b'"%d":0' % n for n in range(90_000)) + b',"1":1}', id="keys"),
    ],
)
def test_a_large_body_is_read_in_a_moment_whatever_it_holds(body: bytes) -> None:
    begun = time.thread_time()
    with pytest.raises((NotJson, InvalidOrders)):
        read(body)

    assert time.thread_time() - begun < 5


# Keys that are there twice.


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param(b'{"id": "a", "id": "b"}', "/id", id="of an order"),
        pytest.param(b'{"id": "a", "\\u0069d": "b"}', "/id", id="written differently"),
        pytest.param(b'[{}, {"lines": [{"quantity": 1, "quantity": 1}]}]', "/1/lines/0/quantity", id="of a line"),
        pytest.param(b'{"colour/~": 1, "colour/~": 2}', "/colour~1~0", id="of no field"),
        pytest.param(b'{"a": {"b": [[{"c": 1, "c": 2}]]}}', "/a/b/0/0/c", id="within no field"),
    ],
)
def test_a_repeated_key_is_told_by_its_pointer_and_by_nothing_else_there(body: bytes, pointer: str) -> None:
    assert [fault.detail for fault in faults_in(body) if fault.pointer == pointer] == ["appears more than once"]


def test_a_repeated_key_spoils_its_own_order_alone() -> None:
    good, spoiled = (
        json.dumps(an_order()),
        json.dumps(an_order(id="b", invoiceNo="2")).replace('"id"', '"id": "b", "id"'),
    )

    orders = parse_orders(f"[{good}, {spoiled}]".encode())

    assert [order.id for order in orders.valid] == ["evt-1"]
    assert [fault.pointer for fault in orders.faults] == ["/1/id"]
