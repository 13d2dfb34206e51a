"""The credentials with which the relay requests a token. They are apart from `auth`, which loads an HTTP client."""

from dataclasses import dataclass, field


class NoCredentials(Exception):
    """There are no client credentials with which to request a token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The client credentials Amili issued."""

    client_id: str
    #: Never shown, so that no log can hold it.
    client_secret: str = field(repr=False)
