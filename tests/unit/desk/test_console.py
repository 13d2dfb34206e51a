"""What is shown may be anybody's text."""

import io
import json
from collections.abc import Callable
from typing import Final

import pytest
from rich.console import Console

from desk.__main__ import main
from desk.console import Chosen, Desk, harmless, harmless_json
from desk.problems import Problem

EVIL: Final = "x\x1b]0;OWNED\x07\x1b[2J\x9b2J\x7f\u202eabc\u2066 \r [bold]m[/] evt:key:17 C:\\[x]\\"
TAMED: Final = "x\ufffd]0;OWNED\ufffd\ufffd[2J\ufffd2J\ufffd\ufffdabc\ufffd \ufffd [bold]m[/] evt:key:17 C:\\[x]\\"

WAYS: Final[dict[str, Callable[[Desk], None]]] = {
    "print": lambda desk: desk.print(EVIL),
    "note": lambda desk: desk.note(EVIL),
    "table": lambda desk: desk.table(("a",), [(EVIL,)]),
    "heading": lambda desk: desk.table((EVIL,), []),
    "pairs": lambda desk: desk.pairs([("name", EVIL)]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", ["terminal", "file"])
def test_a_text_is_shown_as_it_is_but_obeyed_by_no_terminal(
    way: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()

    def on_file(console: Console) -> Console:
        console.file = file
        console._force_terminal = where == "terminal"  # noqa: SLF001 (rich takes it only when it is made)
        console.width = 200
        return console

    desk = Desk(Chosen())
    desk.console, desk.beside = on_file(desk.console), on_file(desk.beside)

    WAYS[way](desk)

    assert TAMED in file.getvalue()
    assert not {"\x1b]", "\x07", "\x9b", "\x7f", "\u202e", "\r"} & set(file.getvalue())


def test_newlines_tabs_and_letters_stay() -> None:
    assert harmless("a\n\tæøå 漢 😀") == "a\n\tæøå 漢 😀"


def test_json_keeps_its_meaning_without_what_a_terminal_obeys() -> None:
    text = json.dumps({"a": EVIL + "\U000e0001"}, ensure_ascii=False, indent=1)

    tame = harmless_json(text)

    assert json.loads(tame) == json.loads(text)
    assert harmless(tame) == tame


def test_a_problem_in_the_relays_words_is_harmless(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise Problem(EVIL)

    monkeypatch.setattr("desk.__main__.app", fail)

    with pytest.raises(SystemExit):
        main()

    assert capsys.readouterr().err == f"relay: {TAMED}\n"


def test_a_fault_of_the_desk_itself_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise OverflowError("date value\nout of range")

    monkeypatch.setattr("desk.__main__.app", fail)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "OverflowError: date value out of range" in said
    monkeypatch.setenv("ARM_RELAY_TRACEBACK", "1")
    with pytest.raises(OverflowError):
        main()
