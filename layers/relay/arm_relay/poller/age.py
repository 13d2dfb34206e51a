"""How old a batch is: time in which no poller ran does not count."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from arm_relay.batches.pace import Pace


@dataclass(frozen=True, slots=True)
class Age:
    """The age of batches, in one run of the poller."""

    pace: Pace
    #: For how long no poller ran since a time.
    stopped_since: Callable[[datetime], timedelta]

    def is_too_old(self, since: datetime) -> bool:
        """Whether what began then is older than HoldAfterSeconds."""
        return self.pace.now() - since - self.stopped_since(since) >= self.pace.times.hold_after
