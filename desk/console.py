"""What all commands share: which relay is meant, how something is shown and asked."""

import inspect
import json
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, wraps
from typing import Annotated, Any, Concatenate, Final

import typer
from arm_relay.arm.documents import to_text
from rich.console import Console
from rich.table import Table
from rich.text import Text

from desk.api import Api, Send, network
from desk.connection import Connection
from desk.problems import Answered, Problem
from desk.relay import Relay

#: The heading under which help lists these options.
PANEL: Final = "Which relay"

#: Where there is no terminal, nothing is wrapped or cut.
WIDE: Final = 1000

Stack = Annotated[
    str | None,
    typer.Option("--stack", help="The name of its stack: ARM_RELAY_STACK, or arm-relay.", rich_help_panel=PANEL),
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="The AWS profile to sign in with.", rich_help_panel=PANEL)
]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region.", rich_help_panel=PANEL)]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="The sandbox that `make sandbox` runs in this folder.", rich_help_panel=PANEL)
]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Client = Annotated[
    str | None,
    typer.Option("--client", envvar="ARM_RELAY_CLIENT", metavar="NUMBER", help="The client's number in ARM."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask. Scripts need it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why. The history of each batch keeps it.")
]


def harmless(text: str) -> str:
    """A text that may be anybody's, without what a terminal obeys or what turns letters around.

    Control characters but newline and tab, and format characters such as marks of direction, are replaced.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_obeyed(each) else each for each in text)


def harmless_json(text: str) -> str:
    """A JSON text of the same meaning, in which these characters are escaped."""
    return "".join(json.dumps(each)[1:-1] if _is_obeyed(each) else each for each in text)


def _is_obeyed(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cf"}


def shown(text: str, style: str = "") -> Text:
    """A text to show as it is, but harmless: nothing in it is markup, and no `:key:` becomes a picture."""
    return Text(harmless(text), style=style)


def plain_console(*, beside: bool = False, width: int | None = None, soft_wrap: bool = False) -> Console:
    """The terminal; with `beside`, for what is not the answer."""
    return Console(stderr=beside, highlight=False, emoji=False, markup=False, width=width, soft_wrap=soft_wrap)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line says of the relay that is meant."""

    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    sandbox: bool = False

    def but(self, other: "Chosen") -> "Chosen":
        """What the other says, and for the rest what is said here."""
        return Chosen(
            other.stack or self.stack,
            other.profile or self.profile,
            other.region or self.region,
            other.sandbox or self.sandbox,
        )

    def connection(self) -> Connection:
        """The relay that is meant.

        Raises:
            Problem: there is none, or these credentials may not use it.
        """
        if not self.sandbox:
            return Connection.of_stack(self.stack, self.profile, self.region)
        if self.stack or self.profile:
            raise Problem("name a stack, or the sandbox: --sandbox goes with neither --stack nor --profile")
        return Connection.of_sandbox()


class Desk:
    """One command at work: the relay that is meant, and the terminal."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._open = ExitStack()
        width = None if sys.stdout.isatty() else WIDE
        self.console = plain_console(width=width)
        #: What is not the answer, such as progress; so that the answer can be piped.
        self.beside = plain_console(beside=True)

    @property
    def is_sandbox(self) -> bool:
        """Whether the sandbox is meant."""
        return self._chosen.sandbox

    @cached_property
    def connection(self) -> Connection:
        """The relay that is meant.

        Raises:
            Problem: there is none, or these credentials may not use it.
        """
        return self._chosen.connection()

    @cached_property
    def relay(self) -> Relay:
        """Its operators' routes."""
        return Relay(Api(self.connection, send=self.send))

    @cached_property
    def send(self) -> Send:
        """What carries requests, until the command ends."""
        return self._open.enter_context(network(to_this_machine=self.is_sandbox)).send

    def close(self) -> None:
        """End what the command has opened."""
        self._open.close()

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def clients(self, given: str | None) -> list[str]:
        """The clients among which something is looked for: the one that is named, or else those of these two days.

        Raises:
            Problem: no client is named, and none had an order yesterday or today.
        """
        if only := given or self.connection.client_no:
            return [only]
        today = self.now().date()
        seen: set[str] = set()
        for day in (today - timedelta(days=1), today):
            try:
                found = self.relay.day(day)
            except Answered as problem:
                # Where the relay is, it may be another day; and its records may begin today.
                if problem.kind not in {"invalid-date", "unknown-day"}:
                    raise
            else:
                seen |= {row["clientNo"] for row in (*found["claimed"], *found["ended"])}
        if not seen:
            raise Problem("name the client with --client, or in ARM_RELAY_CLIENT: none had an order these two days")
        return sorted(seen)

    def print(self, text: str = "", style: str = "") -> None:
        """Show a line of text as it is."""
        self.console.print(shown(text, style), soft_wrap=True)

    def note(self, text: str) -> None:
        """Show a line beside the answer."""
        self.beside.print(shown(text), soft_wrap=True)

    def print_json(self, value: object) -> None:
        """Show an answer for programs; every amount is as the relay said it."""
        print(harmless_json(to_text(value)), flush=True)

    def table(self, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table."""
        table = Table()
        for name in heading:
            table.add_column(shown(name), overflow="fold")
        for row in rows:
            table.add_row(*map(shown, row))
        self.console.print(table)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Show names with their values."""
        table = Table(show_header=False, box=None)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*map(shown, row))
        self.console.print(table)

    def zone(self) -> str:
        """What this machine calls the time zone in which times are shown."""
        return self.now().astimezone().tzname() or "local time"

    def reason(self, given: str | None) -> str:
        """Why something is done: as it is given, or else as a person types it.

        Raises:
            Problem: it is not given, and nobody can be asked.
        """
        if given and given.strip():
            return given.strip()
        if not sys.stdin.isatty():
            raise Problem("say why with --reason: the history of each batch keeps it")
        return str(typer.prompt("Why (the history keeps it)"))

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is done.

        Raises:
            Problem: the answer is no; or nobody can be asked, and `--yes` is not given.
        """
        if yes:
            return
        if not sys.stdin.isatty():
            raise Problem("this asks before it does anything, and here nobody can answer: add --yes")
        if not typer.confirm(harmless(question)):
            raise Problem("nothing was done")


def connected[**P](command: Callable[Concatenate[Desk, P], None]) -> Callable[..., None]:
    """A command that works with a relay: it gets a `Desk`, and the options that say which relay is meant.

    The options may stand before the command's name as well.
    """
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    ours = inspect.signature(chosen_by, eval_str=True).parameters.values()

    @wraps(command)
    def run(ctx: typer.Context, **given: Any) -> None:  # noqa: ANN401 (each command's own options)
        here = chosen_by(**{each.name: given.pop(each.name) for each in ours})
        before = ctx.find_root().obj
        desk = Desk(before.but(here) if isinstance(before, Chosen) else here)
        try:
            command(desk, **given)  # type: ignore[call-arg] # typer has read them by the command's signature
        finally:
            desk.close()

    # typer keeps the line breaks of all paragraphs but the first, and breaks the lines once more.
    run.__doc__ = "\n\n".join(" ".join(each.split()) for each in inspect.cleandoc(command.__doc__ or "").split("\n\n"))
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [context, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *ours))]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    # typer reads the signature: the command's own without the desk, with the options.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def chosen_by(
    *, stack: Stack = None, profile: Profile = None, region: Region = None, sandbox: Sandbox = False
) -> Chosen:
    """What the options of `connected` say."""
    return Chosen(stack, profile, region, sandbox)
