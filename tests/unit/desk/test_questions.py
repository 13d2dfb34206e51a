"""Which open questions about ARM the probe answers, and which it does not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from desk.probe.examples import examples_of, unjudged_of
from desk.probe.proposal import propose
from desk.probe.questions import Answered, Found, questions
from desk.probe.seen import DOCUMENT, RESULT, SUBMIT, TOKEN, Finding, Findings, Seen
from tests.unit.desk.test_probe import a_ledger, probed

YES: Final = Answered.YES
PARTLY: Final = Answered.PARTLY
OPEN: Final = Answered.NO


def an_answer(asked: str, code: int, body: object) -> Seen:
    return Seen(asked, code, json.dumps(body), 0.1, 2.0)


def a_finding(step: str, *answers: Seen, created: tuple[bool | None, ...] = (), uuid: str | None = "u1") -> Finding:
    numbers = tuple(f"{step}{place}" for place in range(len(created)))
    return Finding(step=step, state="done", answers=answers, numbers=numbers, batch_uuid=uuid, created=created)


def a_batch(step: str, *created: bool | None, code: int = 200, **body: Any) -> Finding:  # noqa: ANN401 (any JSON value)
    taken = an_answer(SUBMIT, 202, {"batchUuid": "u1"})
    return a_finding(step, taken, an_answer(RESULT, code, body), created=created)


GOOD: Final = a_batch("good", True, result="OK")


def found(text: str, *findings: Finding) -> Found:
    seen = Findings("P1", "arm.example", {finding.step: finding for finding in findings})
    proposal = propose(examples_of(seen), unjudged_of(seen))
    (question,) = (question for question in questions(seen, proposal) if text in question.text)
    return question.found


def entries(step: str, *words: str) -> list[dict[str, str]]:
    return [{"documentNo": f"{step}{place}", "result": word} for place, word in enumerate(words)]


def test_every_question_to_amili_is_asked_in_its_group(tmp_path: Path) -> None:
    findings = probed(a_ledger(), tmp_path).findings

    asked = questions(findings, propose(examples_of(findings)))

    groups = [question.group for question in asked]
    assert [groups.count(group) for group in range(1, 9)] == [6, 4, 5, 5, 4, 3, 2, 3]
    assert len({question.text for question in asked}) == len(asked)


def test_what_a_probe_of_the_simulator_answers(tmp_path: Path) -> None:
    findings = probed(a_ledger(), tmp_path).findings

    asked = questions(findings, propose(examples_of(findings), unjudged_of(findings)))

    states = {question.text: question.found.state for question in asked}
    assert [text for text, state in states.items() if state is YES] == [
        "Which order does an entry of a result mean?",
        "Does one bad document reject its whole batch?",
        "Where do tokens come from, and in which form?",
        "Who makes the number of a document?",
    ]
    assert [text for text, state in states.items() if state is PARTLY] == [
        "What does a batch's result look like with each HTTP code?",
        "Which words can the status and the result of a batch have?",
        "How long does processing take, and how often may a result be asked for?",
        "What happens to a document number that ARM has from another batch?",
        "Which fields must a document have?",
        "Which codes are there: documentType (a credit note's, too), lineType, distribution, einvoiceCode?",
        "Which scopes does ARM ask for?",
        "What does the body of an error look like?",
    ]


def test_an_answer_in_part_says_what_remains_and_both_name_their_files(tmp_path: Path) -> None:
    findings = probed(a_ledger(), tmp_path).findings
    files = {name for finding in findings.by_step.values() for name, _ in finding.files}

    for question in questions(findings, propose(examples_of(findings))):
        assert (question.found.state is PARTLY) is bool(question.found.remains)
        assert (question.found.state is OPEN) or set(question.found.evidence) <= files
        assert (question.found.state is OPEN) or question.found.evidence


@pytest.mark.parametrize(
    "text",
    [
        "How long are results kept?",
        "twice in one batch",
        "which ARM has not processed",
        "idempotency key",
        "How many documents",
        "How large",
        "How many calls",
        "How long may the text",
        "How many decimals",
        "sign have the amounts",
        "check sums",
        "name its invoice",
        "production base URL",
        "differ between staging",
        "Who makes the KID",
        "form has the client's KID",
        "file upload",
        "attachmentFiles",
        "ARM's health",
        "webhooks",
    ],
)
def test_what_the_probe_does_not_ask_stays_open(text: str, tmp_path: Path) -> None:
    assert found(text, *probed(a_ledger(), tmp_path).findings.by_step.values()) == Found(OPEN)


# Group 1: the result of a batch.


def test_the_codes_that_were_not_seen_remain() -> None:
    told = found("with each HTTP code", GOOD, a_batch("one-bad", True, False, True, code=206, result="PARTIAL"))

    assert told.state is PARTLY
    assert told.seen == "Seen with 200 and 206."
    assert told.remains == "The body with 202, 400, 404 and 406, if ARM uses these codes."
    assert told.evidence == ("answers/good-2.json", "answers/one-bad-2.json")


def test_all_listed_codes_seen_answer_it() -> None:
    answers = [an_answer(RESULT, code, {}) for code in (202, 206, 400, 404, 406, 200)]

    assert found("with each HTTP code", a_finding("good", *answers)).state is YES


def test_words_are_listed_and_never_said_to_be_all() -> None:
    told = found("Which words", a_batch("good", True, result="OK", status="PROCESSED"))

    assert (told.state, told.seen) == (PARTLY, "Seen: `result`: `OK`; `status`: `PROCESSED`.")


@pytest.mark.parametrize(
    ("batch", "state"),
    [
        (a_batch("one-bad", True, False, True, code=206, documents=entries("one-bad", "OK", "FAILED", "OK")), YES),
        (a_batch("one-bad", False, False, False, code=406, result="FAILED"), OPEN),
        (a_batch("one-bad", True, False, True, code=206, result="PARTIAL"), OPEN),
    ],
)
def test_only_entries_that_are_read_say_which_order_they_mean(batch: Finding, state: Answered) -> None:
    assert found("Which order does an entry", GOOD, batch).state is state


@pytest.mark.parametrize(
    ("created", "state", "said"),
    [
        ((True, False, True), YES, "No:"),
        ((False, False, False), YES, "Yes:"),
        ((True, True, True), OPEN, "meant to be bad"),
        ((True, False, False), PARTLY, "Some"),
        ((None, None, None), OPEN, ""),
    ],
)
def test_what_was_created_says_whether_one_bad_document_rejects_all(
    created: tuple[bool | None, ...], state: Answered, said: str
) -> None:
    told = found("Does one bad", GOOD, a_batch("one-bad", *created))

    assert told.state is state
    assert said in told.seen


@pytest.mark.parametrize(("code", "state"), [(400, YES), (422, YES), (403, OPEN), (503, OPEN)])
def test_a_refused_submission_answers_only_where_it_is_about_the_batch(code: int, state: Answered) -> None:
    refused = [an_answer(SUBMIT, code, {"message": "no"})]

    for step, text in (
        ("one-bad", "Does one bad"),
        ("repeated", "from another batch"),
        ("unnumbered", "number of a document?"),
    ):
        told = found(text, GOOD, a_finding(step, *refused, created=(False,), uuid=None))
        assert (told.state, str(code) in told.seen) == (state, True)


def test_without_a_good_document_nothing_is_told_of_bad_ones() -> None:
    bad = [a_batch("good", False, result="FAILED"), a_batch("one-bad", False, False, False, result="FAILED")]

    assert found("Does one bad", *bad).state is OPEN
    assert found("from another batch", *bad, a_batch("repeated", False, result="FAILED")).state is OPEN
    assert found("Which fields", *bad).state is OPEN


def test_the_time_that_it_took_is_told_and_what_remains() -> None:
    told = found("How long does processing", replace(GOOD, visible_after=3.0))

    assert told.state is PARTLY
    assert "2.0 s" in told.seen
    assert "3.0 s" in told.seen
    assert "how often Amili wants to be asked" in told.remains


# Group 2: duplicates.


@pytest.mark.parametrize(
    ("code", "body", "state", "said"),
    [
        (406, {"result": "FAILED"}, YES, "An error"),
        (200, {"result": "OK"}, PARTLY, "No error"),
        (202, {}, OPEN, "did not say in time"),
        (200, {"result": "NEW-WORD"}, OPEN, "not understood"),
    ],
)
def test_a_repeated_number_is_answered_only_where_its_result_says_so(
    code: int, body: dict[str, str], state: Answered, said: str
) -> None:
    told = found("from another batch", GOOD, a_batch("repeated", True, code=code, **body))

    assert (told.state, told.evidence) == (state, ("answers/repeated-2.json",))
    assert said in told.seen


# Groups 5, 6 and 8.


def test_a_token_is_an_answer_where_arm_took_it() -> None:
    token = a_finding("token", an_answer(TOKEN, 200, {"access_token": "(redacted)", "expires_in": 3600}), uuid=None)
    asked = a_finding("unknown-number", an_answer(DOCUMENT, 404, {"message": "none"}), uuid=None)
    refused = a_finding("unknown-number", an_answer(DOCUMENT, 403, {}), uuid=None)

    assert found("Where do tokens", token, asked).state is YES
    assert found("Where do tokens", token, refused).state is PARTLY
    assert found("Which scopes", token, asked).state is OPEN


@pytest.mark.parametrize(
    ("body", "state", "said"),
    [
        ({"documents": [{"documentNo": "10001", "result": "OK"}]}, YES, "gives a number"),
        ({"result": "OK"}, PARTLY, "names none"),
        ({"result": "FAILED"}, YES, "The sender"),
        ({"result": "NEW-WORD"}, OPEN, "not understood"),
    ],
)
def test_a_document_without_a_number_is_answered_only_where_its_result_says_so(
    body: dict[str, Any], state: Answered, said: str
) -> None:
    unnumbered = replace(a_batch("unnumbered", None, **body), numbers=(None,))

    told = found("the number of a document?", GOOD, unnumbered)

    assert told.state is state
    assert said in told.seen


def test_the_form_of_errors_is_told_for_each_code_that_was_seen() -> None:
    unknown = a_finding("unknown-number", an_answer(DOCUMENT, 404, {"message": "none", "id": 1}), uuid=None)

    told = found("body of an error", unknown)

    assert (told.state, told.seen) == (PARTLY, "404: the keys message and id.")
