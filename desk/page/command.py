"""`relay desk`: the page, served on this machine until Ctrl-C."""

from typing import Annotated

import typer

from desk.connection import ready_line
from desk.console import Desk, connected


@connected
def desk(
    chosen: Desk,
    *,
    host: Annotated[str, typer.Option(help="The address of this machine to listen on; others are refused.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
) -> None:
    """Open the desk as a page in your browser, until Ctrl-C. Only this machine can reach it.

    Whoever has the address can do what your AWS credentials may do, so keep it to yourself. It is new in every run.
    """
    # The other commands start half a second sooner without the page's parts.
    from desk.page import running, server  # noqa: PLC0415

    with server.listening(host, port) as listening:
        ready = ready_line() if chosen.is_sandbox else None
        running.run(chosen.connection, ready, listening, may_open=not no_open)
