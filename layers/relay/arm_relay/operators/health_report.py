"""Use case: whether the relay can do its work. The poller has checked it; whether the poller does is seen here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from arm_relay.health import NAME, Check, Level, Line, worst
from arm_relay.store import records
from arm_relay.store.days import Days
from arm_relay.store.liveness import Liveness

#: The poller runs every minute, and checks every five minutes: after these times something is wrong.
SILENT: Final = timedelta(minutes=10)
STALE: Final = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What is known of the relay's health."""

    lines: tuple[Line, ...]
    #: When the poller checked it last; None where it never did.
    checked_at: datetime | None

    @property
    def level(self) -> Level:
        """The worst of its lines."""
        return worst(self.lines)


class Health:
    """Answers whether the relay can do its work."""

    def __init__(self, *, days: Days, liveness: Liveness, now: Callable[[], datetime]) -> None:
        self._days = days
        self._liveness = liveness
        self._now = now

    def report(self) -> HealthReport:
        """What the poller found, and whether the poller runs.

        Raises:
            StoreUnavailable: the table is out of reach, so nothing is known.
        """
        kept = self._days.kept(NAME)
        checked_at = records.from_text(kept.state["checkedAt"]) if kept else None
        found = [Line.from_json(line) for line in kept.state["lines"]] if kept else []
        lines = [Line(Check.TABLE, Level.OK, "The table answers."), *self._of_poller(checked_at), *found]
        return HealthReport(tuple(lines), checked_at)

    def _of_poller(self, checked_at: datetime | None) -> list[Line]:
        last = self._liveness.last_run()
        if last is None:
            return [Line(Check.POLLER, Level.FAULT, "The poller has never run.")]
        if self._now() - last > SILENT:
            return [Line(Check.POLLER, Level.FAULT, f"The poller ran last at {records.to_text(last)}.")]
        lines = [Line(Check.POLLER, Level.OK, f"The poller ran last at {records.to_text(last)}.")]
        if checked_at is None or self._now() - checked_at > STALE:
            detail = "The poller finds no time for its checks: what else is said here is old, or missing."
            lines.append(Line(Check.POLLER, Level.WARNING, detail))
        return lines
