"""Order events as they are read, or what is wrong with them: for the tests of each module that has to do with it."""

import json
from typing import Any

import pytest
from arm_relay.orders.faults import Fault, InvalidOrders
from arm_relay.orders.order import Order
from arm_relay.orders.parsing import ParsedRequest, parse_orders

from tests.support.builders import an_order


def a_line(**changes: object) -> dict[str, object]:
    return {"sku": "1300", "name": "Comb", "quantity": 1, "unitPrice": 200, "vatRate": 25} | changes


def with_line(**changes: object) -> dict[str, Any]:
    return an_order(lines=[a_line(**changes)])


def without(*fields: str) -> dict[str, Any]:
    return an_order(**dict.fromkeys(fields))


def with_literal(literal: str) -> bytes:
    """An order whose quantity is written just so."""
    return json.dumps(with_line(quantity="?")).replace('"?"', literal).encode()


def read(body: bytes) -> ParsedRequest:
    """The orders of a body that has no faults."""
    orders = parse_orders(body)
    orders.reject_faults()
    return orders


def parsed(content: object) -> ParsedRequest:
    return read(json.dumps(content).encode())


def order(content: object) -> Order:
    (only,) = parsed(content).valid
    return only


def faults(content: object) -> list[Fault]:
    return faults_in(json.dumps(content).encode())


def faults_in(body: bytes) -> list[Fault]:
    with pytest.raises(InvalidOrders) as caught:
        read(body)
    return list(caught.value.faults)


def faults_or_none(content: object) -> list[Fault]:
    try:
        parsed(content)
    except InvalidOrders as error:
        return list(error.faults)
    return []


def pointers(content: object) -> list[str]:
    return [fault.pointer for fault in faults(content)]
