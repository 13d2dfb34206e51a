"""Which order an entry of ARM's result is about. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arm_relay.arm.contract import Contract
from arm_relay.arm.not_understood import NotUnderstood
from arm_relay.arm.objections import number_of
from arm_relay.batches.batch import BatchOrder
from arm_relay.comparison import same_value


@dataclass(frozen=True, slots=True)
class Matched:
    """The order of each entry."""

    #: The place of each entry's order in its batch.
    places: tuple[int, ...]
    #: Whether each entry names its document by its number, or by a place that the contract knows.
    by_number: bool
    #: Of each entry, whether it says itself which order it is about: the only one there is, or one that it names.
    certain: tuple[bool, ...]


def match(
    entries: Sequence[Mapping[str, object]], orders: Sequence[BatchOrder], contract: Contract, *, by_place: bool = False
) -> Matched:
    """The order of each entry; `by_place` where an entry that names none may be the one at its own place.

    Raises:
        NotUnderstood: an entry fits no order, or an order has two.
    """
    places: list[int] = []
    by_place = (by_place or contract.entries_in_order) and len(entries) == len(orders)
    by_number = True
    certain: list[bool] = []
    for position, fields in enumerate(entries):
        compared = [_comparisons(fields, order, place, contract) for place, order in enumerate(orders)]
        candidates = {place for place, same in enumerate(compared) if same and all(same)}
        if by_place and not candidates and not compared[position]:
            candidates = {position}
        if len(candidates) != 1 or candidates & set(places):
            raise NotUnderstood("ARM's result does not say which order an entry is about")
        places.append(candidates.pop())
        certain.append(len(orders) == 1 or bool(compared[places[-1]]))
        by_number = by_number and (contract.entries_in_order or _names(fields, orders[places[-1]], contract))
    return Matched(tuple(places), by_number, tuple(certain))


def _names(fields: Mapping[str, object], order: BatchOrder, contract: Contract) -> bool:
    keys = contract.number_keys if order.document_no else ()
    return any(fields.get(key) for key in keys) or any(key in fields for key in contract.place_keys)


def _comparisons(fields: Mapping[str, object], order: BatchOrder, place: int, contract: Contract) -> list[bool]:
    """For each identifier that both have, whether it is the same. ARM numbers a document that has no number."""
    pairs = [(fields.get(key), order.document_no) for key in contract.number_keys]
    pairs += [(fields.get(key), order.order_id) for key in contract.order_keys]
    same = [same_value(theirs, ours) for theirs, ours in pairs if theirs and ours]
    named = [(number_of(fields.get(key)), first) for key, first in contract.place_keys.items()]
    return same + [number - first == place for number, first in named if number is not None]
