"""What the probe proposes: the present contract and more. It takes away only what was seen to be wrong."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from arm_relay.arm import contract_files

from desk.probe.examples import Example, Unjudged, examples_of, unjudged_of
from desk.probe.proposal import Proposal, losses, propose
from desk.probe.report import report
from desk.probe.seen import Findings
from sandbox.arm import contracts
from tests.unit.desk.test_probe import PERSONALITIES, a_ledger, probed

DEFAULT: Final = contract_files.read("default")


def an_example(step: str, created: tuple[bool, ...] | None, body: object, code: int = 200) -> Example:
    numbers = tuple(f"{step}{place}" for place in range(len(created or (True,))))
    return Example(step, code, json.dumps(body), "u1", numbers, created)


def entries(step: str, *words: str) -> dict[str, Any]:
    return {"documents": [{"documentNo": f"{step}{place}", "result": word} for place, word in enumerate(words)]}


def values(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """Every value of the lists in a document, and every other value, each with its place."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from values(value, f"{path}/{key}")
        elif isinstance(value, list):
            yield from ((f"{path}/{key}", one) for one in value)
        elif key != "about":
            yield f"{path}/{key}", value


def complete(proposal: Proposal) -> dict[str, Any]:
    document = contract_files.complete(proposal.document, "proposed")
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("name", PERSONALITIES)
def test_all_that_the_present_contract_has_is_kept_or_was_seen_to_be_wrong(name: str, tmp_path: Path) -> None:
    findings = probed(a_ledger(name), tmp_path).findings

    proposal = propose(examples_of(findings), unjudged_of(findings))

    kept = list(values(complete(proposal)))
    dropped = [(change.pointer, change.value) for change in proposal.dropped]
    lost = [value for value in values(DEFAULT) if value not in kept]
    assert [value for value in lost if value not in dropped] == []
    assert [change for change in proposal.dropped if not change.because] == []


@pytest.mark.parametrize("name", PERSONALITIES)
def test_no_recorded_answer_is_read_worse_than_with_the_present_contract(name: str, tmp_path: Path) -> None:
    findings = probed(a_ledger(name), tmp_path).findings
    examples, unjudged = examples_of(findings), unjudged_of(findings)

    proposal = propose(examples, unjudged)

    before, after = contract_files.load("default"), contract_files.of_document(proposal.document, "proposed")
    assert losses(examples, unjudged, before, after) == ()


def test_what_was_seen_stands_before_what_was_guessed(tmp_path: Path) -> None:
    proposal = propose(examples_of(probed(a_ledger("like-xero"), tmp_path).findings))

    assert proposal.document["numberKeys"] == ["InvoiceNumber", "documentNo"]
    assert proposal.document["entryLists"][0] == "Invoices"


def test_a_value_that_changes_nothing_is_not_added() -> None:
    proposal = propose([an_example("good", (True,), {"result": "OK", "itemNumber": "good0", "color": "GREEN"})])

    assert proposal.document == {"extends": "default"}


# A reading that the present contract has is not given up.

DENIED: Final = [
    an_example("good", (True,), {"result": "OK"} | entries("good", "CREATED")),
    an_example("one-bad", (True, False, True), {"result": "OK"} | entries("one-bad", "CREATED", "DENIED", "CREATED")),
]


def test_a_line_that_costs_a_reading_is_left_out_and_named() -> None:
    repeated = Unjudged("repeated", 200, '{"result": "OK"}', "u2", ("good0",))
    assert propose(DENIED).document["headWords"] == {"OK": "finished"}

    proposal = propose(DENIED, [repeated])

    assert "headWords" not in proposal.document
    assert [(change.pointer, change.because) for change in proposal.left_out] == [
        ("/headWords/OK", (("repeated", 200),)),
    ]
    assert [example.step for example in proposal.wrong] == ["one-bad"]
    assert "Left out" in report(Findings("P1", "arm.example"), proposal)


def test_a_batch_that_does_not_exist_is_never_read_as_one_that_ended() -> None:
    all_bad = an_example("all-bad", (False, False), {"result": "FAILED"}, code=404)
    assert propose([all_bad]).document["codes"] == {"404": "failed"}

    proposal = propose([all_bad], [Unjudged("unknown-batch", 404, '{"result": "FAILED"}', None, ())])

    assert "codes" not in proposal.document
    assert [change.because for change in proposal.left_out] == [(("unknown-batch", 404),)]


def test_what_was_seen_to_be_wrong_is_named_with_the_answers_that_show_it() -> None:
    proposal = propose(DENIED)

    assert [(change.pointer, change.value) for change in proposal.dropped] == [("/headWords/OK", "succeeded")]
    assert proposal.dropped[0].because == (("one-bad", 200),)
    assert '`/headWords/OK`: `"succeeded"` no longer counts, because of the answer 200 of the step one-bad.' in report(
        Findings("P1", "arm.example"), proposal
    )


def test_a_false_reading_is_a_loss_even_where_the_present_contract_reads_nothing() -> None:
    bad = an_example("one-bad", (True, False), {"result": "BOOKED"})
    before = contract_files.load("default")
    after = contract_files.of_document({"extends": "default", "words": {"BOOKED": "succeeded"}}, "tried")

    (loss,) = losses([bad], [], before, after)

    assert (loss.before, loss.after) == (None, ("SUCCEEDED", "SUCCEEDED"))


def test_the_present_contract_may_be_another_one(tmp_path: Path) -> None:
    ledger = a_ledger("like-xero")
    assert ledger.settings.contract == contracts.named("like-xero")

    proposal = propose(examples_of(probed(ledger, tmp_path).findings), base="like-xero")

    assert proposal.document == {"extends": "like-xero"}
