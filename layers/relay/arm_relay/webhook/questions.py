"""What senders ask: the bodies of the routes that take no orders. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from arm_relay.json_notation import to_pointer
from arm_relay.orders.faults import Fault, Faulty, repeated_keys
from arm_relay.orders.json_bodies import parse_json
from arm_relay.orders.order import MAX_ID

#: How many orders one question about their status may name.
MOST_IDS: Final = 100

#: How many results one answer has: at most, and where the question does not say.
MOST_RESULTS: Final = 500
RESULTS: Final = 100

#: The longest cursor, in characters.
LONGEST_CURSOR: Final = 1000

#: How many faults are listed.
MOST_FAULTS: Final = 100


class InvalidQuestion(Faulty):
    """The body is valid JSON, but not what this route takes."""


@dataclass(frozen=True, slots=True)
class ResultsQuestion:
    """Which results are asked for."""

    #: A cursor or a time, as it was written; None from the first one on.
    after: str | None
    limit: int


def ids_of(body: bytes) -> tuple[str, ...]:
    """The order ids whose status is asked for.

    Raises:
        NotJson: the body is not JSON.
        InvalidQuestion: it is not `{"ids": [...]}` with 1 to `MOST_IDS` ids.
    """
    ids = _object(body, {"ids"}).get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IDS:
        raise InvalidQuestion([Fault("/ids", f"should be an array of 1 to {MOST_IDS} order ids")])
    faults = [
        Fault(f"/ids/{place}", f"should be a string of 1 to {MAX_ID} characters")
        for place, order_id in enumerate(ids)
        if not isinstance(order_id, str) or not 1 <= len(order_id) <= MAX_ID
    ]
    if faults:
        raise InvalidQuestion(faults)
    return tuple(ids)


def results_of(body: bytes) -> ResultsQuestion:
    """Which results are asked for.

    Raises:
        NotJson: the body is not JSON.
        InvalidQuestion: it is not an object of `after` and `limit`, of which either may be absent.
    """
    question = _object(body, {"after", "limit"})
    after, limit = question.get("after"), question.get("limit", RESULTS)
    faults = []
    if after is not None and not (isinstance(after, str) and len(after) <= LONGEST_CURSOR):
        faults.append(Fault("/after", "should be a string"))
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_RESULTS:
        faults.append(Fault("/limit", f"should be a whole number from 1 to {MOST_RESULTS}"))
    if faults:
        raise InvalidQuestion(faults)
    return ResultsQuestion(after, limit)


def _object(body: bytes, fields: Collection[str]) -> Mapping[str, Any]:
    value = parse_json(body)
    if not isinstance(value, dict):
        raise InvalidQuestion([Fault("", "should be an object")])
    faults = list(islice(repeated_keys(value), MOST_FAULTS))
    faults += [Fault(to_pointer((name,)), "no such field") for name in value if name not in fields]
    if faults:
        raise InvalidQuestion(faults[:MOST_FAULTS])
    return value
