"""The open questions about ARM, and what the probe found out of each. Pure.

They are the questions to put to Amili, in the order of the harm that a wrong guess does. Each says `answered`, `partly`
with what remains, or `open`, and in which files the answers are that show it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract
from arm_relay.arm.json_objects import json_object
from arm_relay.arm.outcomes import Ended, Reading, Rule, Waiting
from arm_relay.batches.batch import State

from desk.probe.examples import Unjudged
from desk.probe.proposal import Proposal
from desk.probe.seen import DOCUMENT, RESULT, SUBMIT, Finding, Findings, Seen
from desk.probe.steps import STEPS

#: The codes that ARM's documentation lists for a batch's result.
LISTED: Final = (200, 202, 206, 400, 404, 406)

#: The codes with which ARM would refuse a submission because of what is in it.
ABOUT_THE_BATCH: Final = frozenset({400, 406, 409, 422})

#: The first code that is an error.
FIRST_ERROR: Final = 400


class Answered(StrEnum):
    """How far a question is answered."""

    YES = "answered"
    PARTLY = "partly"
    NO = "open"


@dataclass(frozen=True, slots=True)
class Found:
    """What the probe found about a question."""

    state: Answered
    #: What was seen; empty where nothing was.
    seen: str = ""
    #: What is still to be asked.
    remains: str = ""
    #: The files of the recorded answers that show it.
    evidence: tuple[str, ...] = ()


OPEN: Final = Found(Answered.NO)


@dataclass(frozen=True, slots=True)
class Question:
    """A question about ARM that its documentation leaves open."""

    #: Its group, as in the list of questions to Amili.
    group: int
    text: str
    found: Found


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the probe knows."""

    findings: Findings
    contract: Contract

    def step(self, name: str) -> Finding | None:
        """What a step found, if it was carried out."""
        found = self.findings.by_step.get(name)
        return found if found and found.state == "done" else None

    def answers(self) -> Iterator[tuple[str, Seen]]:
        """Every recorded answer with its file."""
        for finding in self.findings.by_step.values():
            yield from finding.files

    def reading(self, found: Finding) -> Reading | None:
        """How the last result of a step is read with the proposed contract."""
        if not found.results or not found.batch_uuid:
            return None
        last = found.results[-1]
        return Unjudged(found.step, last.code, last.body, found.batch_uuid, found.numbers).reading(self.contract)

    @property
    def created_one(self) -> bool:
        """Whether the good document was created."""
        good = self.step("good")
        return bool(good and good.created == (True,))


def questions(findings: Findings, proposal: Proposal) -> list[Question]:
    """Every question, with what was found."""
    facts = Facts(findings, contract_files.of_document(proposal.document, "proposed"))
    return [Question(group, text, find(facts)) for group, text, find in _QUESTIONS]


def _not_probed(_: Facts) -> Found:
    return OPEN


# 1. The result of a batch


def _bodies(facts: Facts) -> Found:
    by_code: dict[int, str] = {}
    for file, seen in facts.answers():
        if seen.asked == RESULT:
            by_code.setdefault(seen.code, file)
    if not by_code:
        return OPEN
    missing = [code for code in LISTED if code not in by_code]
    seen_codes = _listed(map(str, sorted(by_code)))
    evidence = tuple(by_code[code] for code in sorted(by_code))
    if not missing:
        return Found(Answered.YES, f"Seen with {seen_codes}.", evidence=evidence)
    remains = f"The body with {_listed(map(str, missing))}, if ARM uses these codes."
    return Found(Answered.PARTLY, f"Seen with {seen_codes}.", remains, evidence)


def _words(facts: Facts) -> Found:
    words: defaultdict[str, dict[str, None]] = defaultdict(dict)
    files: dict[str, None] = {}
    for file, seen in facts.answers():
        if seen.asked == RESULT and seen.code < FIRST_ERROR:
            for key, word in _words_in(json_object(seen.body), facts.contract):
                # The first answer that shows a word is enough.
                if word not in words[key]:
                    files[file] = None
                words[key][word] = None
    if not words:
        return OPEN
    said = "; ".join(f"`{key}`: {_listed(f'`{word}`' for word in known)}" for key, known in words.items())
    return Found(Answered.PARTLY, f"Seen: {said}.", "All others that ARM may use.", tuple(files))


def _words_in(value: object, contract: Contract) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for part in value:
            yield from _words_in(part, contract)
    for key, part in value.items() if isinstance(value, dict) else ():
        if isinstance(part, dict | list):
            yield from _words_in(part, contract)
        elif part is not None and (key in contract.word_keys or key in contract.flags):
            yield key, part if isinstance(part, str) else json.dumps(part)


def _matching(facts: Facts) -> Found:
    found = facts.step("one-bad")
    reading = facts.reading(found) if found else None
    if not found or not isinstance(reading, Ended) or reading.rule not in (Rule.ENTRIES, Rule.ENTRIES_ALONE):
        return OPEN
    file, last = found.files[-1]
    keys = [key for key in (*facts.contract.number_keys, *facts.contract.place_keys) if f'"{key}"' in last.body]
    if keys:
        return Found(Answered.YES, f"The one that {_listed(f'`{key}`' for key in keys)} names.", evidence=(file,))
    if facts.contract.entries_in_order:
        return Found(Answered.PARTLY, "The one at the same place.", "Whether ARM promises this order.", (file,))
    return OPEN


def _all_or_nothing(facts: Facts) -> Found:
    found = facts.step("one-bad")
    if not found or not found.answers:
        return OPEN
    if not facts.created_one:
        return Found(Answered.NO, "ARM created no good document, so it cannot be told.")
    if not found.batch_uuid:
        return _refused(found, "Yes: ARM refuses the submission")
    return OPEN if None in found.created else _by_what_was_created(found)


def _by_what_was_created(found: Finding) -> Found:
    """What it says of a batch with one bad document, which of them ARM has."""
    sent = [sent for step in STEPS if step.name == found.step for sent in step.sent]
    good = {created for each, created in zip(sent, found.created, strict=True) if each.is_good}
    bad = {created for each, created in zip(sent, found.created, strict=True) if not each.is_good}
    evidence = (found.files[-1][0],)
    if True in bad:
        return Found(Answered.NO, "ARM created the document that was meant to be bad.", "", evidence)
    if good == {True}:
        return Found(Answered.YES, "No: the other documents of the batch were created.", evidence=evidence)
    if good == {False}:
        return Found(Answered.YES, "Yes: no document of the batch was created.", evidence=evidence)
    return Found(Answered.PARTLY, "Some of the good documents were created.", "Why the others were not.", evidence)


def _processing_time(facts: Facts) -> Found:
    good = facts.step("good")
    if not good or not good.results:
        return OPEN
    said = f"The last result of a batch of one came first after {good.results[-1].after:.1f} s."
    if good.visible_after is not None:
        said += f" Its document could be found after {good.visible_after:.1f} s."
    remains = "Large batches, other hours, and how often Amili wants to be asked."
    return Found(Answered.PARTLY, said, remains, (good.files[-1][0],))


# 2. Duplicates


def _repeated(facts: Facts) -> Found:
    found = facts.step("repeated")
    if not found or not found.answers or not facts.created_one:
        return OPEN
    if not found.batch_uuid:
        return _refused(found, "An error: ARM refuses the submission")
    evidence = (found.files[-1][0],)
    match facts.reading(found):
        case Ended(State.FAILED):
            return Found(Answered.YES, "An error: ARM takes the batch, and its result is a failure.", evidence=evidence)
        case Ended(State.SUCCEEDED):
            remains = "Whether ARM ignored it or has two documents of this number now: look it up in ARM."
            return Found(Answered.PARTLY, "No error: the result is a success.", remains, evidence)
        case Waiting():
            return Found(Answered.NO, "ARM did not say in time how it ended.", "", evidence)
        case _:
            return Found(Answered.NO, "The result is not understood.", "", evidence)


def _refused(found: Finding, said: str) -> Found:
    """A submission of which ARM took no batch."""
    submissions = [(file, seen) for file, seen in found.files if seen.asked == SUBMIT]
    if not submissions:
        return OPEN
    file, seen = submissions[0]
    if seen.code in ABOUT_THE_BATCH:
        return Found(Answered.YES, f"{said} with {seen.code}.", evidence=(file,))
    return Found(Answered.NO, f"The submission was answered with {seen.code}.", "", (file,))


# 4. Documents


def _required(facts: Facts) -> Found:
    if not facts.created_one:
        return OPEN
    said = "The fields that the relay sends for a plain invoice are enough."
    return Found(Answered.PARTLY, said, "Which of them may be left out.", _of_good(facts))


def _codes(facts: Facts) -> Found:
    if not facts.created_one:
        return OPEN
    invoice = facts.contract.documents.invoice
    return Found(Answered.PARTLY, f"`{invoice}` is a type that ARM takes.", "All others.", _of_good(facts))


def _of_good(facts: Facts) -> tuple[str, ...]:
    good = facts.step("good")
    return (good.files[-1][0],) if good else ()


# 5. Access


def _token(facts: Facts) -> Found:
    found = facts.step("token")
    if not found or not found.answers or found.answers[0].code != HTTPStatus.OK:
        return OPEN
    body: Mapping[str, Any] = json_object(found.answers[0].body) or {}
    lasts = body.get("expires_in", "an unstated number of")
    said = f"The token URL that was given serves. A token lasts {lasts} s and comes with the keys {_listed(body)}."
    evidence = (found.files[0][0],)
    served = {int(HTTPStatus.OK), int(HTTPStatus.ACCEPTED), int(HTTPStatus.NOT_FOUND)}
    if any(seen.code in served for _, seen in facts.answers() if seen.asked in (DOCUMENT, RESULT, SUBMIT)):
        return Found(Answered.YES, said, evidence=evidence)
    return Found(Answered.PARTLY, said, "Whether ARM takes it.", evidence)


def _scopes(facts: Facts) -> Found:
    if not facts.created_one:
        return OPEN
    said = "A token for which no scope is asked may create documents."
    return Found(Answered.PARTLY, said, "Whether that is so for every client.", _of_good(facts))


# 6. Numbers


def _numbering(facts: Facts) -> Found:
    found = facts.step("unnumbered")
    if not found or not found.answers or not facts.created_one:
        return OPEN
    if not found.batch_uuid:
        return _refused(found, "The sender: ARM refuses the submission of a document without a number")
    evidence = (found.files[-1][0],)
    match facts.reading(found):
        case Ended(State.SUCCEEDED, (order,)) if order.arm_no:
            said = "Whoever sends it, or ARM: it gives a number to a document without one."
            return Found(Answered.YES, said, evidence=evidence)
        case Ended(State.SUCCEEDED):
            said = "ARM takes a document without a number, and its result names none."
            return Found(Answered.PARTLY, said, "Which number it has: look it up in ARM.", evidence)
        case Ended(State.FAILED):
            said = "The sender: the result of a document without a number is a failure."
            return Found(Answered.YES, said, evidence=evidence)
        case _:
            return Found(Answered.NO, "The result is not understood.", "", evidence)


# 8. Errors


def _errors(facts: Facts) -> Found:
    keys: dict[int, tuple[str, str]] = {}
    for file, seen in facts.answers():
        if seen.code >= FIRST_ERROR and seen.code not in keys:
            body = json_object(seen.body)
            keys[seen.code] = (file, f"the keys {_listed(body)}" if body else "no JSON object")
    if not keys:
        return OPEN
    said = "; ".join(f"{code}: {form}" for code, (_, form) in sorted(keys.items()))
    return Found(Answered.PARTLY, f"{said}.", "The other codes.", tuple(file for file, _ in keys.values()))


def _listed(values: Iterator[str] | Mapping[str, Any] | Sequence[str]) -> str:
    """Values in a row, with `and` before the last."""
    *first, last = [*values] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


type Find = Callable[[Facts], Found]

_QUESTIONS: Final[Sequence[tuple[int, str, Find]]] = (
    (1, "What does a batch's result look like with each HTTP code?", _bodies),
    (1, "Which words can the status and the result of a batch have?", _words),
    (1, "Which order does an entry of a result mean?", _matching),
    (1, "Does one bad document reject its whole batch?", _all_or_nothing),
    (1, "How long are results kept?", _not_probed),
    (1, "How long does processing take, and how often may a result be asked for?", _processing_time),
    (2, "What happens to a document number that ARM has from another batch?", _repeated),
    (2, "What happens to a number that stands twice in one batch?", _not_probed),
    (2, "What happens to a number that is in a batch which ARM has not processed?", _not_probed),
    (2, "Is there an idempotency key?", _not_probed),
    (3, "How many documents may a batch have?", _not_probed),
    (3, "How large may a body be?", _not_probed),
    (3, "How many calls a minute may there be?", _not_probed),
    (3, "How long may the text of each field be?", _not_probed),
    (3, "How many decimals may an amount have?", _not_probed),
    (4, "Which fields must a document have?", _required),
    (
        4,
        "Which codes are there: documentType (a credit note's, too), lineType, distribution, einvoiceCode?",
        _codes,
    ),
    (4, "Which sign have the amounts of a credit note?", _not_probed),
    (4, "Does ARM check sums, and with which tolerance?", _not_probed),
    (4, "How does a credit note name its invoice?", _not_probed),
    (5, "Where do tokens come from, and in which form?", _token),
    (5, "Which scopes does ARM ask for?", _scopes),
    (5, "What is the production base URL?", _not_probed),
    (5, "May the number of a client differ between staging and production?", _not_probed),
    (6, "Who makes the number of a document?", _numbering),
    (6, "Who makes the KID?", _not_probed),
    (6, "Which form has the client's KID?", _not_probed),
    (7, "What is the body of a file upload?", _not_probed),
    (7, "How does attachmentFiles name an uploaded file?", _not_probed),
    (8, "What does the body of an error look like?", _errors),
    (8, "Which path tells ARM's health?", _not_probed),
    (8, "Are webhooks planned?", _not_probed),
)
