"""`relay desk`: the page, served on this machine until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer

from desk.connection import READY, Connection, ready_line
from desk.console import Profile, Region, Sandbox, Stack


def desk(
    *,
    stack: Stack = None,
    profile: Profile = None,
    region: Region = None,
    sandbox: Sandbox = False,
    ready: Annotated[Path, typer.Option(metavar="FILE", help="Where that sandbox has written its ready line.")] = READY,
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

    listening = server.listening(host, port)
    connection = Connection.of_sandbox(ready) if sandbox else Connection.of_stack(stack, profile, region)
    running.run(connection, ready_line(ready) if sandbox else None, listening, may_open=not no_open)
