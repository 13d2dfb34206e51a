"""What a contract lacks, where an answer is not understood: the word and its place, and the line that would help."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract, merged
from arm_relay.arm.outcomes import Reading, Undecided, read
from arm_relay.batches.batch import Answer

from desk.gaps import Gaps, gaps_in, in_words, said
from desk.probe.examples import orders_numbered

DEFAULT: Final = contract_files.read("default")
ORDERS: Final = orders_numbered(["A1", "A2"])
HABITS: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "arm" / "data" / "ledger_habits.json").read_text()
)
#: How the table spells what an explanation says.
SPELT: Final = {"SS": "SUCCEEDED", "SF": "PARTIALLY_FAILED", "FF": "FAILED", "W": "waiting"}


def reading(answer: Answer, lines: dict[str, Any] | None = None) -> Reading:
    return read(answer, ORDERS, Contract.of(merged(DEFAULT, lines or {}), "tried"))


def gaps(body: object, code: int = 200, batch_uuid: str | None = None) -> Gaps:
    text = body if isinstance(body, str) else json.dumps(body)
    return gaps_in(Answer(code, text), ORDERS, DEFAULT, batch_uuid)


ENTRIES: Final = [{"documentNo": "A1", "result": "OK"}, {"documentNo": "A2", "result": "OK"}]


@pytest.mark.parametrize(
    ("code", "body", "what", "places", "lines", "then"),
    [
        (
            200,
            {"status": "PROCESSED", "result": "BOOKED"},
            'the word "BOOKED" is not known',
            ("/result",),
            {"words": {"BOOKED": "succeeded"}},
            "SUCCEEDED",
        ),
        (
            406,
            {"data": {"state": "KO"}},
            'the word "KO" is not known',
            ("/data/state",),
            {"words": {"KO": "failed"}},
            "FAILED",
        ),
        (
            200,
            {"documents": [{"documentNo": "A1", "result": "DONE-NOW"}, {"documentNo": "A2", "result": "DONE-NOW"}]},
            'the word "DONE-NOW" is not known',
            ("/documents/0/result", "/documents/1/result"),
            {"words": {"DONE-NOW": "succeeded"}},
            "SUCCEEDED",
        ),
        (201, {"result": "OK"}, "the HTTP code 201 is not known", (), {"codes": {"201": "finished"}}, "SUCCEEDED"),
        (
            200,
            {"result": "OK", "postings": ENTRIES},
            'the key "postings" is not known',
            ("/postings",),
            {"entryLists": ["postings", *DEFAULT["entryLists"]]},
            "SUCCEEDED",
        ),
        (
            200,
            {"payload": {"status": "DONE", "documents": ENTRIES}},
            'the key "payload" is not known',
            ("/payload",),
            {"envelopes": ["payload", "data"]},
            "SUCCEEDED",
        ),
        (
            206,
            {"results": [{"no": "A1", "status": "OK"}, {"no": "A2", "status": "FAILED"}]},
            "no key is known by which an entry names its document",
            ("/results/0", "/results/1"),
            {"numberKeys": ["no", "documentNo"]},
            "PARTIALLY_FAILED",
        ),
        (
            206,
            {"results": [{"nr": 1, "status": "OK"}, {"nr": 2, "status": "FAILED"}]},
            "no key is known by which an entry names its document",
            ("/results/0", "/results/1"),
            {"placeKeys": {"nr": 1}},
            "PARTIALLY_FAILED",
        ),
        (
            200,
            {"outcome": "ok"},
            "no key is known that says how it ended",
            ("/outcome",),
            {"wordKeys": ["outcome", *DEFAULT["wordKeys"]]},
            "SUCCEEDED",
        ),
        (
            200,
            {"allCreated": True},
            "no key is known that says how it ended",
            ("/allCreated",),
            {"flags": {"allCreated": "succeeded"}},
            "SUCCEEDED",
        ),
        (
            200,
            {"created": 2, "failed": 0},
            "no word says how it ended, but counts do",
            (),
            {"countsDecide": True},
            "SUCCEEDED",
        ),
        (
            200,
            {"data": {"result": "OK", "message": "Kunden kunne ikke varsles"}},
            'the value of "message" speaks against the words (fault)',
            ("/data/message",),
            {"texts": {"harmless": ["kunden kunne ikke varsles", "default"]}},
            "SUCCEEDED",
        ),
        (
            200,
            {"result": "OK", "your/ref": "Skip bleach"},
            'the value of "your~1ref" speaks against the words (fault)',
            ("/your~1ref",),
            {"texts": {"harmless": ["skip bleach", "default"]}},
            "SUCCEEDED",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_place_and_the_line_that_helps(
    code: int, body: object, what: str, places: tuple[str, ...], lines: dict[str, Any], then: str
) -> None:
    found = gaps(body, code)

    (gap,) = found.gaps
    assert (gap.what, gap.places) == (what, places)
    assert {json.dumps(each.lines): each.then for each in gap.lines}[json.dumps(lines)] == then
    assert said(reading(Answer(code, json.dumps(body)), lines)) == then


def test_each_meaning_of_a_word_is_named_with_the_reading_that_follows() -> None:
    (gap,) = gaps({"status": "PASSED"}).gaps

    assert [(each.lines["words"]["PASSED"], each.then.partition(":")[0]) for each in gap.lines] == [
        ("succeeded", "SUCCEEDED"),
        ("partial", "undecided"),
        ("failed", "FAILED"),
        ("waiting", "waiting"),
        ("finished", "undecided"),
    ]


def test_several_gaps_are_named_one_after_the_other_and_closed_together() -> None:
    found = gaps({"success": [{"no": "A1"}], "errors": [{"no": "A2"}]})

    assert [gap.places[0] for gap in found.gaps] == ["/success", "/success/0"]
    assert found.then == "PARTIALLY_FAILED"
    assert found.together
    assert found.together["listPairs"][0] == {"succeeded": "success", "failed": "errors"}
    assert found.together["numberKeys"] == ["no", "documentNo"]


def test_a_word_that_tells_of_a_fault_is_never_offered_as_harmless() -> None:
    found = gaps({"result": "OK", "documents": [{"documentNo": "A1", "result": "OK", "outcome": "ERROR"}]})

    assert {each.key for gap in found.gaps for each in gap.lines} & {"texts", "echoKeys"} == set()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("oops", "no JSON object"),
        ("[]", "no JSON object"),
        ('{"data": {"result": "OK", "result": "FAILED"}}', "A key stands twice"),
        ('{"data": {"result": "OK", "result": "FAILED"}}', ": /data/result."),
        ({"batchUuid": "u2", "result": "OK"}, "about another batch: /batchUuid"),
        ({"result": "FAILED", "message": "temporarily unavailable"}, "named above"),
        ({"result": "FAILED", "created": 1}, "named above"),
        ({"status": "PENDING", "result": "FAILED"}, "named above"),
        ({"documents": [{"documentNo": "A1", "result": "OK"}]}, "leave out some of the orders"),
    ],
)
def test_where_no_line_helps_it_says_why(body: object, why: str) -> None:
    found = gaps(body, batch_uuid="u1")

    assert found.gaps == ()
    assert why in found.why_none
    assert next(iter(in_words(found))).startswith("No line of a contract makes it understood.")


def test_without_the_numbers_of_the_documents_it_says_that_they_would_help() -> None:
    body = json.dumps({"results": [{"no": "A1", "status": "OK"}, {"no": "A2", "status": "FAILED"}]})

    (gap,) = gaps_in(Answer(206, body), orders_numbered([None, None]), DEFAULT).gaps

    assert "--orders with the documents' numbers finds the key" in gap.what
    assert {each.key for each in gap.lines} == {"entriesInOrder"}


# The table of vendors.

UNDECIDED: Final = [
    habit for habit in HABITS if isinstance(reading(Answer(habit["code"], json.dumps(habit["body"]))), Undecided)
]


@pytest.mark.parametrize("habit", UNDECIDED, ids=[f"{habit['ledger']}: {habit['case']}" for habit in UNDECIDED])
def test_with_all_lines_together_an_answer_is_read_as_it_says(habit: dict[str, Any]) -> None:
    found = gaps(habit["body"], habit["code"])

    if found.gaps:
        assert said(reading(Answer(habit["code"], json.dumps(habit["body"])), found.together)) == found.then
    else:
        assert found.why_none


def test_for_most_answers_that_a_person_would_know_the_right_line_is_named() -> None:
    known = [habit for habit in UNDECIDED if habit["means"] in SPELT]

    named = [habit for habit in known if _is_named(habit)]

    assert len(named) / len(known) > 0.85


def _is_named(habit: dict[str, Any]) -> bool:
    found = gaps(habit["body"], habit["code"])
    return SPELT[habit["means"]] in {found.then, *(each.then for gap in found.gaps for each in gap.lines)}


# What people and programs read.


def test_people_read_only_what_they_can_choose_from() -> None:
    text = "\n".join(in_words(gaps({"status": "PASSED"})))

    assert 'Missing in the contract, 1: the word "PASSED" is not known, at /status.' in text
    assert 'If all documents were created, write:  "words": {"PASSED": "succeeded"}' in text
    assert "undecided: " not in text
    assert "Anything else leaves it undecided." in text


def test_people_are_told_where_lines_are_not_enough() -> None:
    found = gaps({"time": "t", "BatchItemResponse": [{"Invoice": {"DocNumber": "A1"}}, {"Fault": {"type": "x"}}]})

    assert "They are not enough" in "\n".join(in_words(found))


def test_programs_get_the_same() -> None:
    told = gaps({"status": "PASSED"}).as_json()

    (gap,) = told["gaps"]
    assert (gap["what"], gap["places"]) == ('the word "PASSED" is not known', ["/status"])
    assert gap["lines"][0] == {
        "key": "words",
        "line": {"words": {"PASSED": "succeeded"}},
        "if": "all documents were created",
        "then": "SUCCEEDED",
    }
    assert told["together"] == {"lines": {"words": {"PASSED": "succeeded"}}, "then": "SUCCEEDED"}
