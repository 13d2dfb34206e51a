"""`relay probe`: learns ARM's contract from ARM's staging system."""

import json
import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from arm_relay.arm import contract_files
from arm_relay.arm.contract import WrongContract
from rich.console import Console

from desk.console import harmless, plain_console, shown
from desk.probe.arm import Arm, Target
from desk.probe.examples import examples_of, unjudged_of
from desk.probe.proposal import propose
from desk.probe.questions import Answered, questions
from desk.probe.record import Record
from desk.probe.report import report
from desk.probe.session import Session, World
from desk.probe.steps import NO_SUCH_CUSTOMER
from desk.problems import Problem

#: Hosts on which nobody's money is: Amili's staging system, and this machine.
HARMLESS: Final = ("staging", "localhost", "127.0.0.1", "::1")

#: What the sandbox's sample orders are for.
SANDBOX_CUSTOMER: Final = "543210"

READY: Final = Path(".aws-sam") / "ready.json"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the ARM to probe."""

    base_url: str | None
    token_url: str | None
    client_no: str | None
    customer_no: str | None


def probe(
    *,
    base_url: Annotated[str | None, typer.Option(help="ARM's base URL, as in ArmBaseUrl.")] = None,
    token_url: Annotated[str | None, typer.Option(help="The token URL, as in ArmTokenUrl.")] = None,
    client_no: Annotated[str | None, typer.Option(help="The client's number in ARM.")] = None,
    customer_no: Annotated[str | None, typer.Option(help="A customer for tests that exists there.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Probe the sandbox that `make sandbox` runs.")] = False,
    folder: Annotated[Path, typer.Option(help="Where to keep what was seen; an earlier one is gone on with.")] = Path(
        "arm-probe"
    ),
    contract: Annotated[
        str, typer.Option(metavar="NAME", help="The contract that is used now; the proposal extends it.")
    ] = "default",
    wait: Annotated[float, typer.Option(min=1, help="How long to wait for one result, in seconds.")] = 900,
    yes: Annotated[bool, typer.Option("--yes", help="Create everything without being asked.")] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Probe a host that is not staging. You are asked for its name, too.")
    ] = False,
) -> None:
    """Learn how ARM words its results, from a few invoices of 1.25 for one test customer.

    Asks before it creates anything. Never use it where a real customer is billed. The client id and secret come from
    ARM_CLIENT_ID and ARM_CLIENT_SECRET, or are asked for.
    """
    console = plain_console()
    try:
        contract_files.load(contract)
    except WrongContract as error:
        raise Problem(f"the contract {contract} cannot be used: {'; '.join(error.faults)}") from None
    given = Given(base_url, token_url, client_no, customer_no)
    target, control_url = _sandbox() if sandbox else (_target(given), None)
    host = _allowed_host(target, production=production)
    record = Record(folder, f"P{secrets.token_hex(3).upper()}", host)
    with httpx.Client(trust_env=False, follow_redirects=False, headers={"User-Agent": "arm-relay-probe"}) as http:
        if control_url:
            # The simulator bills any customer but those that it is told of.
            http.patch(f"{control_url}/settings", json={"failing_customers": [NO_SUCH_CUSTOMER]})
        world = World(
            ask=lambda question: _agreed(question, console, yes=yes),
            say=lambda text: console.print(shown(text)),
            clock=time.monotonic,
            sleep=time.sleep,
            today=datetime.now(UTC).date(),
            patience=wait,
        )
        Session(Arm(http, target, time.monotonic), target, record, world).run()
    _conclude(record, folder, contract, console)


def _agreed(question: str, console: Console, *, yes: bool) -> bool:
    if not yes:
        return typer.confirm(harmless(question))
    console.print(shown(f"{question} Yes."))
    return True


def _conclude(record: Record, folder: Path, contract: str, console: Console) -> None:
    proposal = propose(examples_of(record.findings), unjudged_of(record.findings), contract)
    record.write_answers()
    record.write("report.md", report(record.findings, proposal))
    record.write("contract.json", json.dumps(proposal.document, indent=2, ensure_ascii=False) + "\n")
    asked = questions(record.findings, proposal)
    total = len(proposal.right) + len(proposal.wrong)
    console.print()
    told = f"{len(proposal.right)} of {total} answers are read right with the proposed contract."
    console.print(shown(told, "bold"))
    counted = {state: [question for question in asked if question.found.state is state] for state in Answered}
    said = ", ".join(f"{len(those)} {state.value}" for state, those in counted.items())
    console.print(f"Of {len(asked)} open questions about ARM: {said}.")
    for state in (Answered.YES, Answered.PARTLY):
        for question in counted[state]:
            console.print(shown(f"  {state.value:8}  {question.text}"))
    console.print(shown(f"Read {folder / 'report.md'}; the proposal is {folder / 'contract.json'}."))


def _target(given: Given) -> Target:
    missing = [
        option
        for option, value in (
            ("--base-url", given.base_url),
            ("--token-url", given.token_url),
            ("--client-no", given.client_no),
            ("--customer-no", given.customer_no),
        )
        if not value
    ]
    if missing:
        raise Problem(f"{', '.join(missing)} missing; or probe the sandbox with --sandbox")
    return Target(
        base_url=given.base_url or "",
        token_url=given.token_url or "",
        client_no=given.client_no or "",
        customer_no=given.customer_no or "",
        client_id=os.environ.get("ARM_CLIENT_ID") or typer.prompt("ARM's client id"),
        client_secret=os.environ.get("ARM_CLIENT_SECRET") or typer.prompt("ARM's client secret", hide_input=True),
    )


def _sandbox() -> tuple[Target, str | None]:
    try:
        ready = json.loads(READY.read_text("utf-8"))
        target = Target(
            base_url=ready["armBaseUrl"],
            token_url=ready["armTokenUrl"],
            client_no=ready["clientNo"],
            client_id=ready["armClientId"],
            client_secret=ready["armClientSecret"],
            customer_no=SANDBOX_CUSTOMER,
        )
    except OSError:
        raise Problem(f"no sandbox is running: there is no {READY}; run `make sandbox`") from None
    except (ValueError, KeyError, TypeError):
        raise Problem(f"{READY} does not hold the ready line of a sandbox with a simulator") from None
    return target, ready.get("armControlUrl")


def _allowed_host(target: Target, *, production: bool) -> str:
    """The host, where it is one on which documents may be created.

    Raises:
        Problem: it may be production, and nobody has said so twice.
    """
    try:
        hosts = {httpx.URL(url).host for url in (target.base_url, target.token_url)}
    except httpx.InvalidURL:
        raise Problem("a URL is not one") from None
    if "" in hosts:
        raise Problem("a URL has no host")
    url = httpx.URL(target.base_url)
    host = url.host
    if all(_is_harmless(name) for name in hosts):
        return url.netloc.decode()
    if not production:
        raise Problem(f"{host} may be production, where a probe creates invoices; say --production if you mean it")
    if typer.prompt(f"Invoices will be created on {host}. Type its name to go on") != host:
        raise Problem("that is not its name, so nothing was sent")
    return url.netloc.decode()


def _is_harmless(host: str) -> bool:
    return host in HARMLESS or "staging" in host.split(".")
