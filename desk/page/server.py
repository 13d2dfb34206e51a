"""Serves the page on this machine alone, and starts the browser."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from ipaddress import ip_address
from secrets import token_urlsafe
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from desk.page.guards import Guards
from desk.problems import Problem


def listening(host: str, port: int) -> socket:
    """A socket that this machine alone can reach; port 0 takes any free one.

    Raises:
        Problem: the host is not this machine's loopback, or the port cannot be used.
    """
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
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

    def __init__(self, page: ASGIApp, at: socket) -> None:
        host, port = at.getsockname()[:2]
        self._socket = at
        self._origin = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._token = token_urlsafe(32)
        self._ticket = token_urlsafe(32)
        self._guarded = Guards(page, origin=self._origin, token=self._token, tickets=[self._ticket])

    @property
    def address(self) -> str:
        """Where the person finds the page. Whoever has it may do what the person may."""
        return f"{self._origin}/{self._token}/"

    def open_browser(self) -> None:
        """Show the page in the person's browser, without waiting for it."""
        ticket = f"{self._origin}/open/{self._ticket}"
        Thread(target=webbrowser.open, args=(ticket,), name="browser", daemon=True).start()

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
        uvicorn.Server(config).run(sockets=[self._socket])


def has_browser(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser with windows can be started; one in the terminal would take it over."""
    return platform in {"win32", "darwin"} or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
