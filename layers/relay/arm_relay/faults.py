"""What is wrong with a request, each fault told by its JSON Pointer. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request."""

    #: JSON Pointer (RFC 6901) into the request's body.
    pointer: str
    #: What is wrong there, for a person.
    detail: str


class InvalidOrders(Exception):
    """The request is JSON, but not orders the relay can take."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(self.__doc__)
        #: All of them.
        self.faults: Final = tuple(faults)


def to_pointer(parts: Iterable[int | str]) -> str:
    """The JSON Pointer of a place in a body."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
