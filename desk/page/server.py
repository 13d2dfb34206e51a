"""Serves the page on this machine alone."""

import os
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Address, ip_address
from secrets import token_urlsafe
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from threading import Event
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from desk.page.guards import Guards
from desk.page.opening import Opening
from desk.problems import Problem

#: This machine's own addresses. Python counts more as loopback, such as IPv4 in the notation of IPv6.
_OWN: Final = (IPv4Network("127.0.0.0/8"), IPv6Address("::1"))


def listening(host: str, port: int) -> socket:
    """A socket that this machine alone can reach; port 0 takes any free one.

    Raises:
        Problem: the host is not this machine's loopback, or the port cannot be used.
    """
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    network, alone = _OWN
    if address is None or not (address in network if address.version == 4 else address == alone):  # noqa: PLR2004 (IPv4)
        raise Problem(f"the desk listens on this machine alone: {host} is no loopback address such as 127.0.0.1")
    found = socket(AF_INET if address.version == 4 else AF_INET6)  # noqa: PLR2004 (IPv4)
    found.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen()
    except OSError as error:
        found.close()
        raise Problem(f"port {port} cannot be used: {error.strerror}") from None
    return found


class LocalPage:
    """The page behind its guards, at an address of its own."""

    def __init__(self, page: ASGIApp, at: socket, *, ending: Event | None = None) -> None:
        """`ending` is set when somebody ends the program."""
        host, port = at.getsockname()[:2]
        self._socket = at
        self._ending = ending or Event()
        self._origin = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._token = token_urlsafe(32)
        self._opening = Opening(self.address)
        self._guarded = Guards(page, origin=self._origin, token=self._token, arrived=self._opening.end)

    @property
    def address(self) -> str:
        """Where the person finds the page. Whoever has it may do what the person may."""
        return f"{self._origin}/{self._token}/"

    def open_browser(self) -> None:
        """Show the page in the person's browser, without waiting for it."""
        self._opening.start()

    def serve(self) -> None:
        """Answer until Ctrl-C. No request is logged: its path has the token, and its query an order's number."""
        config = uvicorn.Config(
            self._guarded,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            # Open connections of the browser do not keep the program.
            timeout_graceful_shutdown=1,
        )
        try:
            EndingServer(config, self._ending, self._opening).run(sockets=[self._socket])
        finally:
            self._ending.set()
            self._opening.end()


class EndingServer(uvicorn.Server):
    """A server that says at once when it is told to end."""

    def __init__(self, config: uvicorn.Config, ending: Event, opening: Opening) -> None:
        super().__init__(config)
        self._ending = ending
        self._opening = opening

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C, or the signal of whoever has started the program."""
        self._ending.set()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Remove what starts the browser, too: a signal may end the program right after this."""
        self._opening.end()
        await super().shutdown(sockets)


def has_browser(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser with windows can be started; one in the terminal would take it over."""
    return platform in {"win32", "darwin"} or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
