"""Puts the page together and serves it."""

import ssl
from datetime import UTC, datetime
from secrets import token_hex, token_urlsafe
from socket import socket
from threading import Event
from typing import Any

import httpx

from desk.api import Api
from desk.connection import Connection
from desk.page import server
from desk.page.application import Page, create
from desk.page.inquiries import Inquiries
from desk.page.playing import Playing
from desk.relay import Relay


def run(connection: Connection, ready: dict[str, Any] | None, listening: socket, *, may_open: bool) -> None:
    """Serve the page of one relay until Ctrl-C. `ready` is a sandbox's ready line."""
    ending = Event()
    inquiries = Inquiries(Relay(Api(connection)), _now, connection.client_no)
    page = Page(
        inquiries=inquiries,
        relay_name=connection.name,
        form_token=token_urlsafe(32),
        playing=_playing(connection, ready) if ready else None,
        has_real_arm=ready is not None and ready.get("armControlUrl") is None,
        ending=ending,
    )
    local = server.LocalPage(create(page), listening, ending=ending)
    print(local.address, flush=True)
    if may_open and server.has_browser():
        local.open_browser()
    try:
        local.serve()
    except KeyboardInterrupt:
        # Ctrl-C is how it ends.
        return


def _now() -> datetime:
    return datetime.now(UTC)


def _playing(connection: Connection, ready: dict[str, Any]) -> Playing | None:
    """None where the sandbox uses an ARM outside, which has no failures to play."""
    control_url = ready.get("armControlUrl")
    if control_url is None:
        return None
    # Loopback without proxies, and without the certificates that take long to load.
    http = httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False, timeout=35)
    return Playing(connection, control_url, now=_now, new_number=lambda: token_hex(5), http=http)
