"""What is known of an outage of ARM, for tests."""

from datetime import datetime


class NoOutage:
    """ARM is in reach, whatever happens."""

    def failures(self, now: datetime) -> int:  # noqa: ARG002 (it never changes)
        return 0

    def failed(self, now: datetime) -> None:
        """Nothing is remembered."""

    def answered(self) -> None:
        """Nothing is remembered."""
