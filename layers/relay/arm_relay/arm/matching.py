"""Which order an entry of ARM's result is about. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arm_relay.arm.contract import Contract
from arm_relay.arm.not_understood import WHICH_ORDER, NotUnderstood
from arm_relay.arm.objections import number_of
from arm_relay.batches.batch import BatchOrder
from arm_relay.comparison import compared


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
    ours = [(_spelt(order.document_no), _spelt(order.order_id)) for order in orders]
    for position, fields in enumerate(entries):
        named = _named_by(fields, contract)
        comparisons = [named.comparisons(place, *ids) for place, ids in enumerate(ours)]
        candidates = {place for place, same in enumerate(comparisons) if same and all(same)}
        if by_place and not candidates and not comparisons[position]:
            candidates = {position}
        if len(candidates) != 1 or candidates & set(places):
            raise NotUnderstood(WHICH_ORDER)
        places.append(candidates.pop())
        certain.append(len(orders) == 1 or bool(comparisons[places[-1]]))
        by_number = by_number and (contract.entries_in_order or _names(fields, orders[places[-1]], contract))
    return Matched(tuple(places), by_number, tuple(certain))


def _names(fields: Mapping[str, object], order: BatchOrder, contract: Contract) -> bool:
    keys = contract.number_keys if order.document_no else ()
    return any(fields.get(key) for key in keys) or any(key in fields for key in contract.place_keys)


@dataclass(frozen=True, slots=True)
class _Named:
    """What an entry names, spelt as ARM compares values: every entry is compared with every order."""

    numbers: tuple[str, ...]
    order_ids: tuple[str, ...]
    #: The places in the batch, counted from 0.
    places: tuple[float, ...]

    def comparisons(self, place: int, number: str | None, order_id: str | None) -> list[bool]:
        """For each identifier that both have, whether it is the same. ARM numbers a document that has no number."""
        same = [theirs == number for theirs in self.numbers if number]
        same += [theirs == order_id for theirs in self.order_ids if order_id]
        return same + [theirs == place for theirs in self.places]


def _named_by(fields: Mapping[str, object], contract: Contract) -> _Named:
    places = ((number_of(fields.get(key)), first) for key, first in contract.place_keys.items())
    return _Named(
        numbers=tuple(compared(fields[key]) for key in contract.number_keys if fields.get(key)),
        order_ids=tuple(compared(fields[key]) for key in contract.order_keys if fields.get(key)),
        places=tuple(number - first for number, first in places if number is not None),
    )


def _spelt(value: str | None) -> str | None:
    return compared(value) if value else None
