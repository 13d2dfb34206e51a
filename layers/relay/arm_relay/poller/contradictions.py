"""Parameters that are allowed one by one, and together do not do what was meant. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from arm_relay.settings import Settings

STAGING = "staging"


def contradictions(settings: Settings) -> Iterator[str]:
    """Each contradiction, in a sentence."""
    hold_after = settings.hold_after_seconds
    waits = {
        "FirstPollSeconds": settings.first_poll_seconds,
        "LongestPollSeconds": settings.longest_poll_seconds,
        "SettlingSeconds": settings.settling_seconds,
        "FailureSettlingSeconds": settings.failure_settling_seconds,
        "UndecidedSeconds": settings.undecided_seconds,
    }
    for name, seconds in waits.items():
        if seconds >= hold_after:
            yield f"{name} is not shorter than HoldAfterSeconds: batches are held before it is over."
    if settings.first_poll_seconds > settings.longest_poll_seconds:
        yield "FirstPollSeconds is longer than LongestPollSeconds."
    if settings.payload_retention_days > settings.retention_days:
        yield "PayloadRetentionDays is larger than RetentionDays and counts as RetentionDays."
    if settings.payload_retention() < timedelta(seconds=hold_after):
        yield "PayloadRetentionDays is shorter than HoldAfterSeconds: documents may be gone while they wait to be sent."
    yield from _of_addresses(settings)


def _of_addresses(settings: Settings) -> Iterator[str]:
    base, token = urlsplit(settings.arm_base_url), urlsplit(settings.arm_token_url)
    for name, url in (("ArmBaseUrl", base), ("ArmTokenUrl", token)):
        if url.scheme != "https":
            yield f"{name} is not https: tokens and orders travel unprotected."
    if (STAGING in (base.hostname or "")) != (STAGING in (token.hostname or "")):
        yield "One of ArmBaseUrl and ArmTokenUrl is a staging system, and the other is not."
