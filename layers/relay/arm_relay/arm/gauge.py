"""ARM's calls, measured: how long each takes, and what kind of trouble it met."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from arm_relay.arm.breaker import Arm
from arm_relay.arm.errors import ArmError, Refused, Scope
from arm_relay.batches import Answer
from arm_relay.observability import Journal, Metric

#: The metric of each trouble that is not one batch's.
TROUBLES: Final[Mapping[Scope, Metric]] = {
    Scope.TOKEN: Metric.TOKEN_FAILURES,
    Scope.ARM: Metric.ARM_UNREACHABLE,
    Scope.CLIENT: Metric.ARM_FORBIDDEN,
}


class Gauge:
    """ARM's three calls, told of in the journal."""

    def __init__(self, arm: Arm, journal: Journal, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._arm = arm
        self._journal = journal
        self._clock = clock

    def submit(self, client_no: str, payload: bytes) -> tuple[str, Answer]:
        """See `Arm`."""
        return self._told(Metric.ARM_SUBMIT_DURATION, client_no, lambda: self._arm.submit(client_no, payload))

    def result(self, client_no: str, batch_uuid: str) -> Answer:
        """See `Arm`."""
        return self._told(Metric.ARM_RESULT_DURATION, client_no, lambda: self._arm.result(client_no, batch_uuid))

    def document(self, client_no: str, document_no: str) -> Mapping[str, object] | None:
        """See `Arm`."""
        return self._told(Metric.ARM_DOCUMENT_DURATION, client_no, lambda: self._arm.document(client_no, document_no))

    def _told[T](self, duration: Metric, client_no: str, call: Callable[[], T]) -> T:
        begun = self._clock()
        try:
            return call()
        except Refused:
            # An answer about the batch, and its next state.
            raise
        except ArmError as error:
            self._tell(error, client_no)
            raise
        finally:
            self._journal.measured(duration, 1000 * (self._clock() - begun))

    def _tell(self, error: ArmError, client_no: str) -> None:
        self._journal.trouble(error.cause, clientNo=client_no)
        if error.answer and error.answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._journal.count(Metric.ARM_THROTTLED)
        elif error.scope in TROUBLES:
            self._journal.count(TROUBLES[error.scope])
