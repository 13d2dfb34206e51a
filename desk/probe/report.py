"""What the probe saw, for people: how each answer is read, what is proposed, and what is still open. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from arm_relay.arm import contract_files
from arm_relay.batches.batch import Answer, BatchOrder

from desk.explanation import explain
from desk.probe.proposal import Change, Proposal
from desk.probe.seen import DOCUMENT, RESULT, SUBMIT, Finding, Findings


@dataclass(frozen=True, slots=True)
class Question:
    """A question about ARM that its documentation leaves open."""

    text: str
    #: What the probe found; None where it is still open.
    answer: str | None


def report(findings: Findings, proposal: Proposal) -> str:
    """The report, as Markdown."""
    return "\n".join(
        [
            "# What ARM answers",
            "",
            f"Probed: {findings.host}. The numbers of the documents that were sent begin with {findings.run}.",
            "Everything here was seen there and then; it may differ elsewhere, and another day.",
            "",
            "## Proposed contract",
            "",
            "```json",
            json.dumps(proposal.document, indent=2, ensure_ascii=False),
            "```",
            "",
            *_judgement(proposal),
            "",
            "## Open questions",
            "",
            *_questions(findings, proposal),
            "",
            "## What was seen",
            *_steps(findings, proposal),
            "",
        ]
    )


def questions(findings: Findings, proposal: Proposal) -> list[Question]:
    """The questions that matter most, each with what was found."""
    steps = findings.by_step
    return [
        Question("How is the result of a batch worded?", _wording(proposal)),
        Question("Does one bad document reject its whole batch?", _all_or_nothing(steps.get("one-bad"))),
        Question("What happens to a document number that ARM already has?", _repeated(steps.get("repeated"))),
        Question("Which order does an entry of a result mean?", _matching(proposal)),
        Question("How soon does a document appear in the ledger?", _soon(steps.get("good"))),
        Question("What does ARM answer about an unknown document?", _code(steps.get("unknown-number"), DOCUMENT)),
        Question("What does ARM answer about an unknown batch?", _code(steps.get("unknown-batch"), RESULT)),
        Question("What does ARM answer to a batch of bad documents?", _code(steps.get("all-bad"), SUBMIT)),
        Question("Does ARM number a document that has no number?", _unnumbered(steps.get("unnumbered"))),
        Question("How long does a token last, and in which form does it come?", _token(steps.get("token"))),
        Question("What are the limits: documents in a batch, size, calls in a minute?", None),
        Question("Which document types are there, and how is a credit note sent?", None),
        Question("How long are results kept?", None),
        Question("Who makes the KID, and in which form?", None),
    ]


def _judgement(proposal: Proposal) -> Iterator[str]:
    total = len(proposal.right) + len(proposal.wrong)
    if not total:
        yield "Nothing was seen from which a contract could be learnt."
        return
    yield (
        f"With it, {len(proposal.right)} of {total} answers are read as what ARM's ledger shows. It is the smallest "
        "addition that does so, and only a proposal: a person who knows ARM decides whether each line is true."
    )
    for example in proposal.wrong:
        yield f"- Not read: the answer {example.code} of the step {example.step}, while the batch was {example.end}."
    if proposal.dropped:
        yield ""
        yield f"It keeps all of the contract `{proposal.base}` but for what was seen to be wrong:"
        yield ""
        yield from (
            f"- `{change.pointer}`: `{json.dumps(change.value)}` no longer counts, {_because(change)}."
            for change in proposal.dropped
        )
    if proposal.left_out:
        yield ""
        yield "Left out, because an answer that is read now would be read no longer, or otherwise:"
        yield ""
        yield from (
            f"- `{change.pointer}`: `{json.dumps(change.value)}`, {_because(change)}." for change in proposal.left_out
        )


def _because(change: Change) -> str:
    answers = ", ".join(f"{code} of the step {step}" for step, code in change.because)
    return f"because of the answer {answers}" if answers else "which changes no answer that was seen"


def _questions(findings: Findings, proposal: Proposal) -> Iterator[str]:
    yield "| question | answer |"
    yield "|---|---|"
    for question in questions(findings, proposal):
        yield f"| {question.text} | {question.answer or '**still open**'} |"


def _steps(findings: Findings, proposal: Proposal) -> Iterator[str]:
    contracts = [contract_files.load(proposal.base), contract_files.of_document(proposal.document, "proposed")]
    for finding in findings.by_step.values():
        yield ""
        yield f"### {finding.step}"
        yield ""
        yield from _outcome(finding)
        for seen in finding.answers:
            yield ""
            when = (
                f", {seen.after:.1f} s after the batch was sent" if seen.asked == RESULT and finding.batch_uuid else ""
            )
            yield f"{seen.asked}{when}: **{seen.code}** in {seen.took:.2f} s"
            yield ""
            yield "```"
            yield seen.body
            yield "```"
            if seen.asked == RESULT and finding.batch_uuid:
                for contract in contracts:
                    orders = _orders(finding.numbers)
                    read = explain(Answer(seen.code, seen.body), orders, contract, finding.batch_uuid)
                    yield f"- With {contract.name}: {read.reading} ({read.why})."


def _outcome(finding: Finding) -> Iterator[str]:
    if finding.state == "declined":
        yield "Not carried out: you declined it."
    for number, created in zip(finding.numbers, finding.created, strict=False):
        said = {True: "is in ARM's ledger", False: "is not in ARM's ledger", None: "cannot be looked up"}[created]
        yield f"- {number or 'the document without a number'} {said}."
    if finding.visible_after is not None:
        yield f"- The first document could be found after {finding.visible_after:.1f} s."


def _orders(numbers: Sequence[str | None]) -> tuple[BatchOrder, ...]:
    return tuple(
        BatchOrder(id=str(place), order_id=None, customer_no="", document_no=number, digest="")
        for place, number in enumerate(numbers)
    )


def _wording(proposal: Proposal) -> str | None:
    ends = {example.end for example in proposal.right}
    missing = sorted({"succeeded", "failed"} - ends)
    if not ends or missing:
        return None
    return f"As the proposed contract says. Seen and read: {', '.join(sorted(ends))}."


def _all_or_nothing(found: Finding | None) -> str | None:
    if not found or not found.created or None in found.created:
        return None
    if any(found.created):
        return "No: the other documents of the batch were created."
    return "Yes: no document of the batch was created."


def _repeated(found: Finding | None) -> str | None:
    if not found or found.state != "done" or not found.answers:
        return None
    if not found.batch_uuid:
        return f"ARM refuses the submission with {found.answers[0].code}."
    last = found.results[-1] if found.results else found.answers[-1]
    return f"ARM takes the batch, and its result comes with {last.code}: see the step repeated below."


def _matching(proposal: Proposal) -> str | None:
    if not proposal.right:
        return None
    contract = contract_files.of_document(proposal.document, "proposed")
    bodies = " ".join(example.body for example in proposal.right)
    keys = [key for key in (*contract.number_keys, *contract.place_keys) if f'"{key}"' in bodies]
    if keys:
        return f"The one that {' or '.join(f'`{key}`' for key in keys)} names."
    return "The one at the same place." if contract.entries_in_order else None


def _soon(found: Finding | None) -> str | None:
    return None if not found or found.visible_after is None else f"After {found.visible_after:.1f} s, this one time."


def _code(found: Finding | None, asked: str) -> str | None:
    codes = [seen.code for seen in found.answers if seen.asked == asked] if found else []
    return str(codes[0]) if codes else None


def _unnumbered(found: Finding | None) -> str | None:
    results = found.results if found else []
    if not results:
        return None
    return f"See the step unnumbered below: its result came with {results[-1].code}."


def _token(found: Finding | None) -> str | None:
    if not found or not found.answers or found.answers[0].code != HTTPStatus.OK:
        return None
    body: Mapping[str, Any] = json.loads(found.answers[0].body)
    return f"{body.get('expires_in', 'an unstated number of')} s, with the keys {', '.join(body)}."
