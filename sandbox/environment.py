"""The environment variables of the sandbox's processes."""

from collections.abc import MutableMapping
from typing import Final

#: This machine: proxies have nothing to do with it.
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")

#: The sandbox has credentials of its own, and a profile that does not exist stops boto3.
UNWANTED: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")

_PROXY_EXCEPTIONS: Final = ("NO_PROXY", "no_proxy")


def prepare(environment: MutableMapping[str, str]) -> None:
    """Take out what would lead the sandbox away from this machine; child processes inherit the rest."""
    for name in UNWANTED:
        environment.pop(name, None)
    exceptions = _without_proxy(environment)
    # Some programs read the one, some the other.
    for name in _PROXY_EXCEPTIONS:
        environment[name] = exceptions


def _without_proxy(environment: MutableMapping[str, str]) -> str:
    given = ",".join(filter(None, (environment.get(name, "") for name in _PROXY_EXCEPTIONS)))
    hosts = [host.strip() for host in given.split(",") if host.strip()]
    return "*" if "*" in hosts else ",".join(dict.fromkeys((*hosts, *LOCAL_HOSTS)))
