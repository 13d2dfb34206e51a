"""The simulator's knobs: how ARM treats batches, and which of the guesses it answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, get_args

type Duplicates = Literal["accept", "reject"]

type ResultShape = Literal[
    "per-document",
    "by-order",
    "by-position",
    "whole-batch",
    "unknown-words",
    "contradictory",
    "not-json",
    "empty",
]

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "duplicates": get_args(Duplicates.__value__),
    "result_shape": get_args(ResultShape.__value__),
}

#: Seconds that no setting may reach.
_FOR_EVER: Final = 1e9


@dataclass(slots=True, kw_only=True)
class Settings:
    """May be changed at any time; what was decided about a batch when it was taken stays."""

    #: How long a batch stays queued: its result is pending, its documents are not found.
    processing_seconds: float = 0.2
    #: A documentNo seen before: `accept` bills a second document, `reject` fails it.
    duplicates: Duplicates = "accept"
    #: One bad document rejects its whole batch.
    all_or_nothing: bool = False
    #: Customer and document numbers whose documents fail.
    failing_customers: set[str] = field(default_factory=set)
    failing_documents: set[str] = field(default_factory=set)
    #: Customers that ARM does not have: they are not found, and their documents fail. It has all others.
    unknown_customers: set[str] = field(default_factory=set)
    #: How a token may be used, as `expires_in` says.
    token_seconds: float = 3600.0
    #: Which guess of the batch result's body is answered (see `results`).
    result_shape: ResultShape = "per-document"
    #: A complete contract, by which results are worded instead (see `speech`); None: by `result_shape`.
    contract: dict[str, Any] | None = None
    #: Whether the entries of a result come in the reverse of the request's order.
    reverse_entries: bool = False
    #: The HTTP status of the batch result: all created, still queued, some failed, none created, not known.
    status_done: int = 200
    status_pending: int = 202
    status_partial: int = 206
    status_rejected: int = 406
    status_unknown: int = 404
    #: How long after processing ARM still knows a batch's result; None: for ever. The documents stay.
    forget_after_seconds: float | None = None

    def is_unknown(self, customer_no: str) -> bool:
        """Whether ARM has no such customer; numbers are compared without case."""
        return customer_no.casefold() in map(str.casefold, self.unknown_customers)

    def change(self, changes: Mapping[str, object]) -> None:
        """Set what `changes` names, from JSON values.

        Raises:
            ValueError: an unknown name or a value it cannot have; nothing is changed then.
        """
        values = {name: _value(name, value) for name, value in changes.items()}
        for name, value in values.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, object]:
        """Every setting by name, as `change` reads them."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {name: sorted(value) if isinstance(value, set) else value for name, value in values.items()}


def _value(name: str, value: object) -> object:
    default = getattr(Settings(), name, _value)
    if name in _WORDS and value in _WORDS[name]:
        return value
    if isinstance(default, set) and isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return set(value)
    if _is_number(value, default) or (name == "forget_after_seconds" and value is None):
        return value
    if isinstance(value, bool) and isinstance(default, bool):
        return value
    if name == "contract" and (value is None or isinstance(value, dict)):
        return value
    raise ValueError(f"no setting {name} or not a value of it: {value!r}")


def _is_number(value: object, default: object) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return False
    if isinstance(default, int):
        return isinstance(value, int)
    return isinstance(value, int | float) and 0 <= value < _FOR_EVER and (default is None or isinstance(default, float))
