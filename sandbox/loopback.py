"""Who may ask a port of the sandbox: programs on this machine, and pages of that port itself.

A page of another site can send requests to a port of this machine, and by a name of its own that leads here (DNS
rebinding) it could even read the answers.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

#: The names by which this machine reaches itself.
NAMES: Final = ("127.0.0.1", "localhost", "[::1]")


def refusal(headers: Mapping[str, str], port: int) -> tuple[HTTPStatus, str] | None:
    """Why a request to this port is refused, if it is: the status, and a sentence.

    Names of headers are in small letters. A program sends neither an Origin nor a Sec-Fetch-Site.
    """
    hosts = {f"{name}:{port}" for name in NAMES}
    if headers.get("host", "").lower() not in hosts:
        return HTTPStatus.MISDIRECTED_REQUEST, f"the sandbox answers at 127.0.0.1:{port} alone"
    origin = headers.get("origin")
    is_foreign = origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}
    if is_foreign or headers.get("sec-fetch-site") == "cross-site":
        return HTTPStatus.FORBIDDEN, "the sandbox answers no other site"
    return None
