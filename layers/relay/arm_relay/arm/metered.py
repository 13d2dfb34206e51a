"""ARM's calls, measured: how long each takes, and what kind of failure it met."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, override

from arm_relay.arm.errors import ArmError, Refused, Scope
from arm_relay.arm.ledger import ForwardingLedger, Ledger
from arm_relay.observability import Journal, Metric

#: The metric of each call's duration.
DURATIONS: Final[Mapping[str, Metric]] = {
    "submit": Metric.ARM_SUBMIT_DURATION,
    "result": Metric.ARM_RESULT_DURATION,
    "document": Metric.ARM_DOCUMENT_DURATION,
}

#: The metric of each kind of failure that affects more than one batch.
FAILURES: Final[Mapping[Scope, Metric]] = {
    Scope.TOKEN: Metric.TOKEN_FAILURES,
    Scope.ARM: Metric.ARM_UNREACHABLE,
    Scope.CLIENT: Metric.ARM_FORBIDDEN,
}


class Metered(ForwardingLedger):
    """A ledger whose calls are reported to the journal."""

    def __init__(self, ledger: Ledger, journal: Journal, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        super().__init__(ledger)
        self._journal = journal
        self._clock = clock

    @override
    def _forward[T](self, name: str, client_no: str, call: Callable[[], T]) -> T:
        begun = self._clock()
        try:
            return call()
        except Refused:
            # An answer about the batch: its next state reports it.
            raise
        except ArmError as error:
            self._report(error, client_no)
            raise
        finally:
            self._journal.measured(DURATIONS[name], 1000 * (self._clock() - begun))

    def _report(self, error: ArmError, client_no: str) -> None:
        self._journal.transient_error(error.cause, clientNo=client_no)
        if error.answer and error.answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._journal.count(Metric.ARM_THROTTLED)
        elif error.scope in FAILURES:
            self._journal.count(FAILURES[error.scope])
