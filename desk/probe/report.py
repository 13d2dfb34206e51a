"""What the probe saw, for people: how each answer is read, what is proposed, and what is still open. Pure."""

import json
from collections.abc import Iterator, Sequence

from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract
from arm_relay.batches.batch import Answer

from desk.explanation import explain
from desk.probe.examples import orders_numbered
from desk.probe.proposal import Change, Proposal
from desk.probe.questions import questions
from desk.probe.seen import RESULT, Finding, Findings, Seen


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
    yield ""
    if proposal.document == {"extends": proposal.base}:
        yield f"Nothing has to be added: the contract `{proposal.base}` is enough for what was seen."
    else:
        yield (
            "Next: fill in `about`, save it beside the contracts that ship, and check, build and deploy it as "
            "docs/arm-contract.md says."
        )
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
    yield "In the order of the harm that a wrong guess does. What is open or partly open is to be asked of Amili."
    yield ""
    yield "| group | question | state | what was seen, and what remains | evidence |"
    yield "|--:|---|---|---|---|"
    for question in questions(findings, proposal):
        found = question.found
        remains = f"Remains: {found.remains}" if found.remains else ""
        said = " ".join(part for part in (found.seen, remains) if part).replace("|", "\\|")
        evidence = ", ".join(f"[{file}]({file})" for file in found.evidence)
        yield f"| {question.group} | {question.text} | {found.state.value} | {said} | {evidence} |"


def _steps(findings: Findings, proposal: Proposal) -> Iterator[str]:
    yield ""
    yield "`relay contract explain FILE --status CODE --orders NUMBERS` says more about how an answer is read."
    contracts = [contract_files.load(proposal.base), contract_files.of_document(proposal.document, "proposed")]
    for finding in findings.by_step.values():
        yield ""
        yield f"### {finding.step}"
        outcome = list(_outcome(finding))
        yield from ["", *outcome] if outcome else []
        for file, seen in finding.files:
            is_result = seen.asked == RESULT and finding.batch_uuid
            when = f", {seen.after:.1f} s after the batch was sent" if is_result else ""
            yield ""
            yield f"{seen.asked}{when}: **{seen.code}** in {seen.took:.2f} s ([{file}]({file}))"
            yield ""
            yield "```"
            yield seen.body
            yield "```"
            if is_result:
                yield ""
                yield from _readings(finding, seen, contracts)


def _readings(finding: Finding, seen: Seen, contracts: Sequence[Contract]) -> Iterator[str]:
    """How each contract reads an answer; once where all read the same."""
    orders = orders_numbered(finding.numbers)
    read = [
        (contract.name, explain(Answer(seen.code, seen.body), orders, contract, finding.batch_uuid))
        for contract in contracts
    ]
    said = {name: f"{explained.reading} ({explained.why})" for name, explained in read}
    if len(set(said.values())) == 1:
        yield f"- Read as {next(iter(said.values()))}, with the present contract and the proposed one."
        return
    yield from (f"- With {name}: {reading}." for name, reading in said.items())


def _outcome(finding: Finding) -> Iterator[str]:
    if finding.state == "declined":
        yield "Not carried out: you declined it."
    for number, created in zip(finding.numbers, finding.created, strict=False):
        said = {True: "is in ARM's ledger", False: "is not in ARM's ledger", None: "cannot be looked up"}[created]
        yield f"- {number or 'the document without a number'} {said}."
    if finding.visible_after is not None:
        yield f"- The first document could be found after {finding.visible_after:.1f} s."
