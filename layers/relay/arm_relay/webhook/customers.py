"""Whether ARM knows customers. A preview asks; nothing depends on the answer, so nothing is asked twice."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Protocol

from arm_relay.arm.errors import NoAnswer, Scope
from arm_relay.arm.ledger import PLAIN
from arm_relay.comparison import compared

#: How long one preview may ask, in seconds: its answer must come before API Gateway gives up after 29.
LONGEST: Final = 10.0


class Known(StrEnum):
    """What ARM says about a customer."""

    #: ARM has the customer.
    EXISTS = "exists"
    #: ARM says that it has no such customer.
    MISSING = "missing"
    #: ARM did not answer, or its answer was not understood.
    NO_ANSWER = "no-answer"
    #: ARM was not asked: it is out of reach, the time was over, or the number cannot stand in a path.
    NOT_ASKED = "not-asked"


class CustomerLedger(Protocol):
    """As much of a `Ledger` as is asked here."""

    def customer(self, client_no: str, customer_no: str, within: float) -> bool:
        """See `Ledger`."""


class Customers:
    """Asks ARM for customers."""

    def __init__(self, ledger: CustomerLedger, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._ledger = ledger
        self._clock = clock

    def ask(self, client_no: str, customer_nos: Sequence[str]) -> dict[str, Known]:
        """What ARM says about each of these customers; it is asked for each once, one after the other."""
        until = self._clock() + LONGEST
        found: dict[str, Known] = {}
        goes_on = True
        for number in customer_nos:
            name = compared(number)
            if name in found:
                continue
            left = until - self._clock()
            if not goes_on or left <= 0 or not PLAIN.fullmatch(number):
                found[name] = Known.NOT_ASKED
                continue
            found[name], goes_on = self._ask(client_no, number, left)
        return {number: found[compared(number)] for number in customer_nos}

    def _ask(self, client_no: str, number: str, left: float) -> tuple[Known, bool]:
        """What ARM says about one customer, and whether it makes sense to ask for others."""
        try:
            is_known = self._ledger.customer(client_no, number, left)
        except NoAnswer as error:
            return Known.NO_ANSWER, error.scope is Scope.BATCH
        return Known.EXISTS if is_known else Known.MISSING, True
