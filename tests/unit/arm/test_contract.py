import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arm_relay.arm import bodies, contract_files, matching, not_understood, objections, outcomes, words
from arm_relay.arm.contract import Contract, Meaning, Turned, WrongContract, loose, merged

from tests.support.contracts import DEFAULT, with_lines

DOCUMENT = contract_files.read("default")


def faults(change: dict[str, Any] | None = None, *, without: str = "") -> list[str]:
    document = copy.deepcopy(DOCUMENT) | (change or {})
    document.pop(without, None)
    with pytest.raises(WrongContract) as error:
        Contract.of(document, "changed")
    return error.value.faults


@pytest.mark.parametrize("name", contract_files.names())
def test_every_contract_that_ships_is_one(name: str) -> None:
    assert contract_files.load(name).name == name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"words": {"OK": "fine"}}, "/words/OK should be one of waiting, finished, succeeded, partial, failed"),
        ({"words": {"-": "failed"}}, "/words/- should be a word with a letter or a digit"),
        ({"words": {"A B": "failed", "a-b": "waiting"}}, "/words/a-b contradicts another spelling of the same word"),
        ({"words": ["OK"]}, "/words should be an object"),
        ({"codes": {"20": "failed"}}, "/codes/20 should be an HTTP status code"),
        ({"codes": {"2xx": "failed"}}, "/codes/2xx should be an HTTP status code"),
        ({"codes": {"\u0662\u0660\u0660": "failed"}}, "/codes/\u0662\u0660\u0660 should be an HTTP status code"),
        ({"decidingCodes": [True]}, "/decidingCodes/0 should be an HTTP status code"),
        ({"wordKeys": "status"}, "/wordKeys should be a list"),
        ({"wordKeys": ["status", ""]}, "/wordKeys/1 should be a text that is not empty"),
        ({"placeKeys": {"index": "0"}}, "/placeKeys/index should be a whole number"),
        ({"placeKeys": {"index": True}}, "/placeKeys/index should be a whole number"),
        ({"entriesInOrder": 1}, "/entriesInOrder should be true or false"),
        ({"listPairs": [{"good": "a"}]}, "/listPairs/0 should be an object with the keys succeeded and failed"),
        ({"counts": {"all": [], "succeeded": []}}, "/counts/failed is missing"),
        ({"texts": DOCUMENT["texts"] | {"odd": []}}, "/texts/odd is not a key of a contract"),
        ({"documents": DOCUMENT["documents"] | {"creditSign": "minus"}}, "/documents/creditSign should be one of"),
        *(
            (
                {"documents": DOCUMENT["documents"] | {"creditedInvoiceKey": key}},
                "/documents/creditedInvoiceKey is a field",
            )
            for key in ("documentNo", "DOCUMENTNO", "additionalreference")
        ),
        ({"submissions": {"400": "maybe"}}, "/submissions/400 should be one of refused, in-doubt, waits"),
        ({"about": 7}, "/about should be a text"),
        ({"wordkeys": []}, "/wordkeys is not a key of a contract"),
    ],
)
def test_a_fault_is_named_with_its_place(change: dict[str, Any], fault: str) -> None:
    (found,) = faults(change)

    assert found.startswith(fault)


@pytest.mark.parametrize("key", sorted(DOCUMENT.keys() - {"about"}))
def test_a_key_that_is_missing_is_named(key: str) -> None:
    assert f"/{key} is missing" in faults(without=key)


def test_all_faults_are_named_at_once() -> None:
    assert len(faults({"codes": [], "words": [], "more": 1})) == 3


@pytest.mark.parametrize("document", [None, [], "default", 7])
def test_a_contract_is_an_object(document: object) -> None:
    with pytest.raises(WrongContract, match="should be an object"):
        Contract.of(document, "odd")


@pytest.mark.parametrize("name", ["", "..", "../default", "Default", "a/b", "no-such-contract", "x" * 65])
def test_a_contract_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(WrongContract) as error:
        contract_files.load(name)

    assert repr(name) in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_file_that_holds_something_else_is_no_contract(text: str) -> None:
    with pytest.raises(WrongContract):
        contract_files.parsed(text, "odd")


@pytest.mark.parametrize("extended", [7, None, "no-such-contract"])
def test_what_is_extended_must_be_there(extended: object) -> None:
    with pytest.raises(WrongContract):
        contract_files.of_document({"extends": extended}, "odd")


def test_a_contract_that_extends_itself_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract_files, "FOLDER", tmp_path)
    (tmp_path / "one.json").write_text('{"extends": "two"}')
    (tmp_path / "two.json").write_text('{"extends": "one"}')

    with pytest.raises(WrongContract, match="leads back to itself"):
        contract_files.load("one")


def test_what_is_laid_over_comes_first_and_null_takes_out() -> None:
    base = {"a": {"x": 1, "y": 2}, "b": [1], "c": 3}

    laid = merged(base, {"a": {"z": 9, "x": None}, "b": [2]})

    assert laid == {"a": {"y": 2, "z": 9}, "b": [2], "c": 3}
    assert json.dumps(laid) == '{"a": {"z": 9, "y": 2}, "b": [2], "c": 3}'


def test_words_are_known_in_any_spelling() -> None:
    assert {loose(text) for text in ("IN_PROGRESS", "in progress", "InProgress", " In-Progress ")} == {"inprogress"}
    assert with_lines(words={"Not Ready": "waiting"}).words["notready"] is Meaning.WAITING


def test_a_4xx_that_is_not_named_waits() -> None:
    meanings = {status: DEFAULT.turned(status) for status in (400, 404, 409, 418, 422)}

    assert meanings == {
        400: Turned.REFUSED,
        404: Turned.WAITS,
        409: Turned.IN_DOUBT,
        418: Turned.WAITS,
        422: Turned.REFUSED,
    }


# No word of ARM's in the code that reads its answers.


def literals(path: str) -> Iterator[str]:
    tree = ast.parse(Path(path).read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)
    elif isinstance(value, str):
        yield value


#: The names of a contract's own keys and values, which the code that reads them has to know, and signs.
OWN = {"", "0", *DOCUMENT, *DOCUMENT["texts"], *DOCUMENT["counts"], *DOCUMENT["documents"], *Meaning, *Turned}


@pytest.mark.parametrize("module", [outcomes, bodies, words, matching, objections, not_understood])
def test_no_word_of_the_contract_stands_in_the_code_that_reads_answers(module: Any) -> None:  # noqa: ANN401 (a module)
    known = {loose(text) for text in texts_of(DOCUMENT)} - {
        loose(text) for text in OWN - {"documents", "failed", "done"}
    }

    assert [
        text for text in literals(module.__file__) if loose(text) in known and text not in {"fault", "waiting"}
    ] == []
