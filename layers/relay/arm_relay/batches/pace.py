"""When a batch is due next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from arm_relay.batches.batch import Times


@dataclass(frozen=True, slots=True)
class Pace:
    """The waiting times, the clock and the chance that spreads them."""

    times: Times
    #: The present time, in UTC.
    now: Callable[[], datetime]
    #: A number from 0 to 1.
    jitter: Callable[[], float]

    def backed_off(self, polls: int) -> datetime:
        """When to poll next after so many polls without news: the pause doubles each time, up to the longest one.

        It is spread by a fifth either way, so that batches of the same moment part.
        """
        # Beyond 2^20 times the first pause every allowed longest pause is reached.
        pause: timedelta = min(self.times.first_poll * (1 << min(polls, 20)), self.times.longest_poll)
        return self.now() + pause * (0.8 + 0.4 * self.jitter())

    def not_before(self, retry_after: timedelta | None) -> datetime:
        """The time that ARM asked us to wait for, but no later than the longest pause from now."""
        return self.now() + min(retry_after or timedelta(0), self.times.longest_poll)
