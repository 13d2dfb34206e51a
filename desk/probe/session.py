"""Carries the steps of the probe out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Final

from arm_relay.arm.json_objects import json_object

from desk.probe.arm import Arm, Called, Target
from desk.probe.record import Record
from desk.probe.redaction import only_ours, redacted
from desk.probe.seen import DOCUMENT, RESULT, SUBMIT, TOKEN, Finding, Seen
from desk.probe.steps import NO_SUCH_CUSTOMER, STEPS, Step, payload_of

#: How long an answer must stay the same to be ARM's last word, as a multiple of the time that the good batch took.
STEADY: Final = 3.0

#: Seconds between two polls: a little more after each.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
GROWTH: Final = 1.5

#: An id in the form of ARM's that no batch has.
NO_BATCH: Final = "AAAAAAAAAAAAAAAAAAAAAA"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a session finds around it."""

    #: Whether the person agrees to what is described.
    ask: Callable[[str], bool]
    say: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    today: date
    #: How long the result of one batch is waited for, in seconds.
    patience: float


class Session:
    """One run of the probe, or the rest of one."""

    def __init__(self, arm: Arm, target: Target, record: Record, world: World) -> None:
        self._arm = arm
        self._target = target
        self._record = record
        self._world = world
        self._run = record.findings.run
        self._ours = {target.customer_no, NO_SUCH_CUSTOMER, self._run}

    def run(self) -> None:
        """Carry out each step that has not been carried out.

        Raises:
            Problem: ARM cannot be reached, or does not serve us.
        """
        for number, step in enumerate(STEPS, start=1):
            self._ours |= {sent for sent in step.numbers(self._run) if sent}
            known = self._record.findings.by_step.get(step.name)
            title = f"[{number}/{len(STEPS)}] {step.name}:"
            if known and known.state != "declined":
                self._world.say(f"{title} {_of_earlier(known)}")
                if known.state == "done":
                    continue
                self._go_on(step, known)
                continue
            if step.sent and not self._world.ask(f"{title} {step.what}. Do it?"):
                self._record.keep(Finding(step=step.name, state="declined"))
                continue
            if not step.sent:
                self._world.say(f"{title} {step.what}")
            self._record.keep(self._taken(step))

    def _taken(self, step: Step) -> Finding:
        if step.sent:
            return self._sent(step)
        match step.name:
            case "token":
                called, asked = self._arm.token(), TOKEN
            case "unknown-number":
                called, asked = self._arm.document(f"{self._run}0"), DOCUMENT
            case _:
                called, asked = self._arm.result(NO_BATCH), RESULT
        return Finding(step=step.name, state="done", answers=(self._seen(asked, called),))

    def _sent(self, step: Step) -> Finding:
        payload = payload_of(step, self._run, self._target.customer_no, self._world.today, self._target.user_id)
        finding = Finding(step=step.name, state="sending", numbers=step.numbers(self._run))
        # Recorded before it is sent, so that an interruption never sends it a second time.
        self._record.keep(finding)
        called = self._arm.submit(payload)
        body = json_object(called.body) or {}
        uuid = body.get("batchUuid")
        finding = replace(finding, answers=(self._seen(SUBMIT, called),))
        if not isinstance(uuid, str):
            self._world.say(f"      ARM answered {called.code} and took no batch")
            return replace(finding, state="done", created=tuple(map(self._is_there, finding.numbers)))
        self._ours.add(uuid)
        finding = replace(finding, batch_uuid=uuid)
        self._record.keep(finding)
        return self._watched(finding)

    def _go_on(self, step: Step, known: Finding) -> None:
        if known.batch_uuid:
            self._ours.add(known.batch_uuid)
            self._record.keep(self._watched(known))
        else:
            self._world.say("      it was interrupted while it was sent, so it is not sent again; look it up in ARM")
            self._record.keep(replace(known, state="done", created=tuple(map(self._is_there, step.numbers(self._run)))))

    def _watched(self, finding: Finding) -> Finding:
        """The batch until ARM says its last word: the same answer for a while, and all that is to come has come."""
        begun = self._world.clock()
        pause, changed, visible = FIRST_PAUSE, begun, finding.visible_after
        while True:
            seen = self._seen(RESULT, self._arm.result(finding.batch_uuid or ""), begun)
            last = finding.results[-1] if finding.results else None
            if last is None or (last.code, last.body) != (seen.code, seen.body):
                finding = replace(finding, answers=(*finding.answers, seen))
                changed = self._world.clock()
                self._world.say(f"      after {seen.after:.0f} s ARM answers {seen.code}")
            if visible is None and finding.numbers and self._is_there(finding.numbers[0]):
                visible = round(self._world.clock() - begun, 3)
            if self._is_last(finding, visible, begun, changed):
                break
            self._world.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)
        created = tuple(map(self._is_there, finding.numbers))
        return replace(finding, state="done", created=created, visible_after=visible)

    def _is_last(self, finding: Finding, visible: float | None, begun: float, changed: float) -> bool:
        now = self._world.clock()
        if now - begun > self._world.patience:
            self._world.say("      ARM did not say more in the time that it was given")
            return True
        good = self._record.findings.by_step.get("good")
        usual = (good.visible_after if good else None) or visible
        if usual is None and finding.step == "good":
            return False
        steady = max(STEADY * (usual or 0), 2 * FIRST_PAUSE)
        return now - changed >= steady and now - begun >= steady

    def _is_there(self, number: str | None) -> bool | None:
        if number is None:
            return None
        called = self._arm.document(number)
        return {HTTPStatus.OK: True, HTTPStatus.NOT_FOUND: False}.get(HTTPStatus(called.code))

    def _seen(self, asked: str, called: Called, begun: float | None = None) -> Seen:
        keep = only_ours if asked == DOCUMENT and called.code == HTTPStatus.OK else redacted
        after = 0.0 if begun is None else round(self._world.clock() - begun, 3)
        return Seen(asked, called.code, keep(called.body, self._ours), called.took, after)


def _of_earlier(known: Finding) -> str:
    return "done before" if known.state == "done" else "goes on where it was interrupted"
