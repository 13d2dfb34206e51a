import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from desk.__main__ import main

OK = '{"result":"OK","batchUuid":"u1"}'
PARTIAL = '{"documents":[{"documentNo":"A1","result":"OK"},{"documentNo":"A2","result":"FAILED","message":"no"}]}'


def relay(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> int:
    """The exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["relay", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_contract_that_ships_is_right(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert relay(monkeypatch, "contract", "check", "default") == 0
    assert "default is right" in capsys.readouterr().out


def test_a_file_is_checked_with_what_it_extends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"extends": "default", "words": {"BOOKED": "succeeded"}}')

    assert relay(monkeypatch, "contract", "check", str(file), "--json") == 0
    assert json.loads(capsys.readouterr().out)["isRight"] is True


@pytest.mark.parametrize("as_json", [True, False])
def test_every_fault_of_a_wrong_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    as_json: bool,  # noqa: FBT001 (pytest's)
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"extends": "default", "words": {"BOOKED": "fine"}, "word": []}')

    assert relay(monkeypatch, "contract", "check", str(file), *(["--json"] if as_json else [])) == 1
    said = capsys.readouterr()
    assert "/words/BOOKED should be one of" in said.out + said.err
    assert "/word is not a key of a contract" in said.out + said.err


def explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str, *options: str
) -> dict[str, Any]:
    assert relay(monkeypatch, "contract", "explain", "-", "--json", *options, typed=body) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_an_answer_is_explained_order_by_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = explained(monkeypatch, capsys, PARTIAL, "--status", "206", "--orders", "A1,A2")

    assert told["reading"] == "PARTIALLY_FAILED"
    assert told["why"] == "each order's own entry"
    assert told["orders"] == [
        {"documentNo": "A1", "status": "SUCCEEDED", "errors": []},
        {"documentNo": "A2", "status": "FAILED", "errors": ["no"]},
    ]


def test_the_numbers_of_the_orders_can_be_taken_from_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = explained(monkeypatch, capsys, PARTIAL, "--orders", "2")

    assert [order["documentNo"] for order in told["orders"]] == ["A1", "A2"]


@pytest.mark.parametrize(
    ("body", "options", "reading", "against"),
    [
        (OK, [], "SUCCEEDED", []),
        (OK, ["--batch-uuid", "u2"], "undecided", []),
        ("no JSON", [], "undecided", []),
        ('{"result":"OK","created":1}', ["--orders", "2"], "undecided", ["/created"]),
        ('{"result":"OK","batchStatus":"QUEUED"}', [], "waiting", ["/batchStatus"]),
        ('{"data":{"result":"OK","created":1}}', ["--orders", "2"], "undecided", ["/data/created"]),
        ('{"data":{"documents":[{"result":"OK","error":"x"}]}}', [], "undecided", ["/data/documents/0/error"]),
        ("", ["--status", "202"], "waiting", []),
        ('{"result":"FAILED"}', ["--status", "406"], "FAILED", []),
    ],
)
def test_an_answer_is_explained_with_what_speaks_against_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    body: str,
    options: list[str],
    reading: str,
    against: list[str],
) -> None:
    told = explained(monkeypatch, capsys, body, *options)

    assert (told["reading"], [objection["place"] for objection in told["against"]]) == (reading, against)
    assert told["consequence"].endswith(".")


def test_an_explanation_can_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    file.write_text(PARTIAL)

    assert relay(monkeypatch, "contract", "explain", str(file), "--orders", "2") == 0
    said = capsys.readouterr().out
    assert "200 with the contract default: PARTIALLY_FAILED" in said
    assert "A2" in said


def test_an_answer_that_is_not_understood_is_told_with_the_word_and_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    file.write_text('{"status": "PROCESSED", "result": "BOOKED"}')

    assert relay(monkeypatch, "contract", "explain", str(file)) == 0
    said = capsys.readouterr().out
    assert 'the word "BOOKED" is not known, at /result.' in said
    assert '"words": {"BOOKED": "succeeded"}' in said
    told = explained(monkeypatch, capsys, file.read_text())
    assert told["missing"]["gaps"][0]["places"] == ["/result"]
    assert explained(monkeypatch, capsys, OK)["missing"] == {"gaps": [], "together": None, "whyNone": None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["contract", "explain", "/no/such/file"], "/no/such/file cannot be read"),
        (["contract", "explain", "-", "--status", "7"], "7 is not an HTTP status"),
        (["contract", "explain", "-", "--orders", "0"], "a batch has 1 to"),
        (["contract", "explain", "-", "--orders", "A1,,A2"], "is neither a number of orders"),
        (["contract", "check", "/no/such/file.json"], "cannot be read"),
    ],
)
def test_what_a_person_can_cause_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert relay(monkeypatch, *arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["contract", "check"], ["contract", "no-such-command"], ["contract", "check", "--odd"]]
)
def test_a_command_that_is_none_ends_with_2(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert relay(monkeypatch, *arguments) == 2


@pytest.mark.parametrize("command", [[], ["contract"], ["contract", "check"], ["contract", "explain"]])
def test_every_command_has_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert relay(monkeypatch, *command, "--help") == 0
    said = capsys.readouterr().out
    assert "Usage: relay" in said
    assert len(command) < 2 or "Example: relay" in said
