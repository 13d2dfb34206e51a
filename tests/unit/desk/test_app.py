"""Every command's help and its example."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from desk.app import app
from tests.support.desk_world import Office, an_office
from tests.support.doc_examples import moved_to_today

EVERY = typer.main.get_command(app)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    with an_office(monkeypatch, capsys) as found:
        yield found


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 (typer's)
    """Every command with its name."""
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, *path, name)
    if not hasattr(command, "commands"):
        yield path, command


COMMANDS = dict(commands(EVERY))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_of_itself(path: tuple[str, ...]) -> None:
    name, *words = shlex.split(str(COMMANDS[path].epilog).removeprefix("Example: "))

    assert name == "relay"
    assert tuple(words[: len(path)]) == path


def test_every_example_is_one_that_the_command_understands(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    # What would wait for ever is interrupted.
    monkeypatch.setattr("desk.console.time.sleep", interrupted)
    monkeypatch.setattr("desk.page.server.LocalPage.serve", interrupted)
    monkeypatch.setattr("desk.page.server.has_browser", lambda: False)
    for path, command in COMMANDS.items():
        words = moved_to_today(shlex.split(command.epilog.removeprefix("Example: "))[1:])

        said = office.relay(*words)

        assert said.code in {0, 1, 2, 130}, path
        assert said.code != 2 or said.err.startswith("relay: "), (path, said.err)
        assert "Usage" not in said.err, path


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=lambda path: " ".join(path) or "relay")
def test_help_says_what_a_command_does(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["relay", *path, "--help"])
    with pytest.raises(SystemExit) as ended:
        app(prog_name="relay")

    shown = capsys.readouterr().out
    assert not ended.value.code
    assert "Usage: relay" in re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("relaese",), "No such command"),
        (("batches", "--state", "lost"), "--state"),
        (("batches", "--limit", "x"), "--limit"),
    ],
)
def test_what_is_mistyped_is_told_without_a_traceback(office: Office, words: tuple[str, ...], told: str) -> None:
    said = office.relay(*words)

    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err


def test_shells_can_complete_it() -> None:
    assert "--install-completion" in {option for param in EVERY.params for option in param.opts}
