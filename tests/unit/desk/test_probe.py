"""The probe against the simulator, which words its results as each of the contracts says."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import httpx
import pytest
from arm_relay.arm import contract_files

from desk.__main__ import main
from desk.probe.arm import Arm, Target
from desk.probe.examples import Example, examples_of
from desk.probe.proposal import propose
from desk.probe.questions import Answered, questions
from desk.probe.record import Record
from desk.probe.redaction import only_ours, redacted
from desk.probe.report import report
from desk.probe.session import Session, World
from desk.probe.steps import NO_SUCH_CUSTOMER
from desk.probe_command import _allowed_host
from desk.problems import Problem
from sandbox.arm import contracts
from sandbox.arm.server import ArmServer
from sandbox.arm.transport import SimulatedTransport
from tests.support.arm_builders import Simulator, a_document, a_simulator

TARGET: Final = Target(
    base_url="https://arm.example/arm/v1",
    token_url="https://arm.example/token",
    client_no="2218",
    client_id="my-integration",
    client_secret="s3cr3t",
    customer_no="543210",
)

PERSONALITIES: Final = [name for name in contract_files.names() if name != "default"]


def a_ledger(contract: str | None = None) -> Simulator:
    simulator = a_simulator()
    simulator.settings.contract = contracts.named(contract) if contract else None
    simulator.settings.failing_customers = {NO_SUCH_CUSTOMER}
    simulator.settings.all_or_nothing = contract == "like-eve"
    simulator.settings.processing_seconds = 3
    return simulator


def probed(simulator: Simulator, folder: Path, ask: Callable[[str], bool] = lambda _: True) -> Record:
    record = Record(folder, "P1", "arm.example")
    clock: Callable[[], float] = lambda: simulator.clock.now().timestamp()  # noqa: E731
    arm = Arm(httpx.Client(transport=SimulatedTransport(simulator.api, simulator.clock.sleep)), TARGET, clock)
    said: list[str] = []
    world = World(
        ask=ask, say=said.append, clock=clock, sleep=simulator.clock.sleep, today=date(2026, 1, 2), patience=600
    )
    Session(arm, TARGET, record, world).run()
    return record


def is_read_right(example: Example, document: object) -> bool:
    return example.is_right(example.reading(contract_files.of_document(document, "proposed")))


def later(simulator: Simulator, *, failing: set[str]) -> list[Example]:
    """What the same ledger says of another batch, while it waits and when it is done."""
    simulator.settings.failing_documents = failing
    numbers = ("N1", "N2", "N3")
    uuid = simulator.submit(*(a_document(documentNo=number, salesOrderId=f"O-{number}") for number in numbers))
    created = tuple(not failing if simulator.settings.all_or_nothing else number not in failing for number in numbers)
    examples = []
    for ended, pause in ((None, 0), (created, 5)):
        simulator.clock.sleep(pause)
        said = simulator.result(uuid)
        examples.append(Example("later", said.status, said.body.decode(), uuid, numbers, ended))
    return examples


@pytest.mark.parametrize("name", [None, *PERSONALITIES])
def test_a_contract_is_found_with_which_later_batches_are_read_right(name: str | None, tmp_path: Path) -> None:
    simulator = a_ledger(name)

    proposal = propose(examples_of(probed(simulator, tmp_path).findings))

    batches = [set(), {"N1", "N2", "N3"}] + ([{"N2"}] if name != "like-salesforce" else [])
    for failing in batches:
        for number, example in enumerate(later(simulator, failing=failing)):
            simulator.ledger.clear()
            assert is_read_right(example, proposal.document), (failing, number, example, proposal.document)
    if name != "like-salesforce":
        assert proposal.wrong == ()


def test_what_the_default_reads_right_needs_no_change(tmp_path: Path) -> None:
    assert propose(examples_of(probed(a_ledger(), tmp_path).findings)).document == {"extends": "default"}


# What it creates, and when.


def test_nothing_is_created_without_a_yes(tmp_path: Path) -> None:
    simulator = a_ledger()

    record = probed(simulator, tmp_path, ask=lambda _: False)

    assert simulator.ledger.batches == []
    assert {found.state for found in record.findings.by_step.values()} == {"done", "declined"}


def test_each_creation_is_asked_for_by_itself(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return "one invoice of 1.25 for the test customer. " in question

    simulator = a_ledger()
    probed(simulator, tmp_path, ask=ask)

    assert len(asked) == 5
    assert len(simulator.ledger.batches) == 1


def test_a_second_run_sends_nothing_that_the_first_has_sent(tmp_path: Path) -> None:
    simulator = a_ledger()
    probed(simulator, tmp_path)
    sent = len(simulator.ledger.batches)

    probed(simulator, tmp_path)

    assert len(simulator.ledger.batches) == sent == 5


def test_what_was_declined_can_be_done_later(tmp_path: Path) -> None:
    simulator = a_ledger()
    probed(simulator, tmp_path, ask=lambda _: False)

    record = probed(simulator, tmp_path)

    assert {found.state for found in record.findings.by_step.values()} == {"done"}


def test_what_was_interrupted_while_it_was_sent_is_not_sent_again(tmp_path: Path) -> None:
    simulator = a_ledger()
    simulator.fail("submit", "drop-after", 1)
    with pytest.raises(Problem):
        probed(simulator, tmp_path)
    assert len(simulator.ledger.batches) == 1

    record = probed(simulator, tmp_path)

    assert len(simulator.ledger.batches) == 5
    assert record.findings.by_step["good"].state == "done"


def test_a_batch_is_watched_further_after_an_interruption(tmp_path: Path) -> None:
    simulator = a_ledger()
    simulator.fail("result", "drop-before", 1)
    with pytest.raises(Problem):
        probed(simulator, tmp_path)
    simulator.fail("result", "drop-before", 1)
    with pytest.raises(Problem):
        probed(simulator, tmp_path)

    record = probed(simulator, tmp_path)

    assert len(simulator.ledger.batches) == 5
    assert record.findings.by_step["good"].state == "done"


def test_a_folder_of_another_host_is_not_gone_on_with(tmp_path: Path) -> None:
    probed(a_ledger(), tmp_path)

    with pytest.raises(Problem, match=r"holds what was seen of arm\.example"):
        Record(tmp_path, "P2", "elsewhere.example")


def test_no_secret_is_kept(tmp_path: Path) -> None:
    simulator = a_ledger()
    probed(simulator, tmp_path)

    kept = (tmp_path / "seen.json").read_text()
    assert "s3cr3t" not in kept
    assert [token for token in simulator.api._tokens if token in kept] == []  # noqa: SLF001 (what it has given out)


@pytest.mark.parametrize(
    "text", ["kari@example.no", "call +47 912 34 567 8", "01017012345", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"]
)
def test_what_may_be_about_a_person_is_not_kept(text: str) -> None:
    assert text not in redacted(json.dumps({"message": text}), frozenset())
    assert text in redacted(json.dumps({"message": text}), {text})


def test_of_a_document_only_what_was_sent_is_kept() -> None:
    kept = json.loads(only_ours('{"documentNo": "P11", "name": "Kari", "lines": [{"price": 7}]}', {"P11"}))

    assert kept == {"documentNo": "P11", "name": "(redacted)", "lines": [{"price": "(redacted)"}]}


# What it says.


def test_the_report_says_what_is_proposed_and_what_is_open(tmp_path: Path) -> None:
    findings = probed(a_ledger("like-xero"), tmp_path).findings

    text = report(findings, propose(examples_of(findings)))

    assert '"extends": "default"' in text
    assert "| How many documents may a batch have? | open |  |  |" in text
    assert "[answers/one-bad-2.json](answers/one-bad-2.json)" in text


def test_the_report_says_what_to_do_next(tmp_path: Path) -> None:
    enough = probed(a_ledger(), tmp_path / "default").findings
    lacking = probed(a_ledger("like-xero"), tmp_path / "xero").findings

    text = report(enough, propose(examples_of(enough)))
    assert "Nothing has to be added: the contract `default` is enough" in text
    assert "- Read as SUCCEEDED (each order's own entry), with the present contract and the proposed one." in text
    text = report(lacking, propose(examples_of(lacking)))
    assert "Next: fill in `about`" in text
    assert "- With default: undecided" in text
    assert "- With proposed: PARTIALLY_FAILED" in text
    assert "\n\n\n" not in text


def test_a_report_of_nothing_leaves_everything_open(tmp_path: Path) -> None:
    findings = Record(tmp_path, "P1", "arm.example").findings
    proposal = propose(examples_of(findings))

    assert "Nothing was seen" in report(findings, proposal)
    assert {question.found.state for question in questions(findings, proposal)} == {Answered.NO}


# Where it may be used.


def allowed(base_url: str, *, production: bool = False) -> str:
    return _allowed_host(replace(TARGET, base_url=base_url, token_url=base_url), production=production)


@pytest.mark.parametrize("host", ["api.staging.amili.no", "localhost", "127.0.0.1"])
def test_staging_and_this_machine_may_be_probed(host: str) -> None:
    assert allowed(f"https://{host}/arm/v1") == host


@pytest.mark.parametrize("host", ["api.amili.no", "staging-api.amili.no", "api.amili.no.example"])
def test_anything_else_may_be_production(host: str) -> None:
    with pytest.raises(Problem, match="may be production"):
        allowed(f"https://{host}/arm/v1")


@pytest.mark.parametrize(("typed", "is_allowed"), [("api.amili.no", True), ("yes", False)])
def test_production_is_probed_only_where_its_name_is_typed_too(
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    is_allowed: bool,  # noqa: FBT001 (pytest's)
) -> None:
    monkeypatch.setattr("typer.prompt", lambda _: typed)

    if is_allowed:
        assert allowed("https://api.amili.no/arm/v1", production=True) == "api.amili.no"
    else:
        with pytest.raises(Problem, match="nothing was sent"):
            allowed("https://api.amili.no/arm/v1", production=True)


@pytest.mark.parametrize("url", ["", "nonsense", "https:///x"])
def test_a_url_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(Problem):
        allowed(url)


def test_a_probe_of_the_sandbox_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with ArmServer("me", "mine", contract="like-collection") as server:
        ready = {
            "armBaseUrl": server.base_url,
            "armTokenUrl": server.token_url,
            "armControlUrl": server.control_url,
            "armClientId": "me",
            "armClientSecret": "mine",
            "clientNo": "2218",
        }
        (tmp_path / ".aws-sam").mkdir()
        (tmp_path / ".aws-sam" / "ready.json").write_text(json.dumps(ready))
        monkeypatch.setattr(sys, "argv", ["relay", "probe", "--sandbox", "--yes"])
        with pytest.raises(SystemExit) as ended:
            main()

    assert ended.value.code == 0
    assert "answers are read right with the proposed contract" in capsys.readouterr().out
    contract_files.of_document(json.loads((tmp_path / "arm-probe" / "contract.json").read_text()), "proposed")
    linked = re.findall(r"\]\((answers/[^)]+)\)", (tmp_path / "arm-probe" / "report.md").read_text())
    assert {name for name in linked if not (tmp_path / "arm-probe" / name).exists()} == set()
    assert len(set(linked)) > 8


def test_without_a_sandbox_the_probe_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["relay", "probe", "--sandbox"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "no sandbox is running" in capsys.readouterr().err


def test_a_present_contract_that_does_not_exist_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["relay", "probe", "--sandbox", "--contract", "mine"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "the contract mine cannot be used: there is none of this name" in capsys.readouterr().err
